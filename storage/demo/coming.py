"""Sample events of the coming days, counted from the clock of whoever asks: something to sign up for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import func, insert, select

from storage import numbering
from storage.database import Transaction
from storage.demo.places import Ground
from storage.demo.season import series_name
from storage.schema.events import events, sign_ups
from storage.times import at, local, local_date

_AHEAD = timedelta(days=2)  # fewer days left than this, and a new fortnight is added


@dataclass(frozen=True, slots=True)
class _Coming:
    in_days: int
    clock: time
    minutes: int
    type: str
    series: str
    title: str
    point: str
    host: str
    capacity: int | None
    signed_up: int
    waiting: int = 0
    members_only: bool = False


_FORTNIGHT = (
    _Coming(1, time(9), 120, "sunset_school", "书法班", "书法班：楷书入门", "TYHY-S025", "三亚湾", 18, 11),
    _Coming(2, time(15), 90, "sunset_school", "手机课堂", "手机课堂：视频通话", "TYHY-S046", "三亚湾", 8, 8, 3),
    _Coming(3, time(8, 30), 210, "service_market", "", "党群公益服务集市", "TYHY-S011", "光明", None, 14),
    _Coming(4, time(9), 90, "theme_day", "", "主题党日：我为群众办实事", "TYHY-S012", "春园", 30, 9, 0, True),
    _Coming(5, time(15), 120, "arts_sports", "", "候鸟合唱团排练", "TYHY-S026", "海坡", 40, 12),
    _Coming(7, time(9), 180, "free_clinic", "", "健康义诊进社区", "TYHY-S001", "党委", 50, 10),
    _Coming(8, time(15), 90, "policy_talk", "", "理论宣讲：走进社区", "TYHY-S003", "友谊路", 40, 6),
    _Coming(10, time(8, 30), 120, "volunteering", "", "三亚湾净滩志愿服务", "TYHY-S047", "海坡", 25, 5),
    _Coming(13, time(9), 120, "sunset_school", "书法班", "书法班：行书", "TYHY-S025", "三亚湾", 18, 4),
)

_LAST_COMING = select(func.max(events.c.starts_at)).where(events.c.is_sample, events.c.state == "published")
_ADD = insert(events).returning(events.c.id)


def are_running_out(tx: Transaction, now: datetime) -> bool:
    last = tx.execute(_LAST_COMING).scalar()
    return last is None or last < now + _AHEAD


def keep(
    tx: Transaction,
    now: datetime,
    ground: Ground,
    of_series: Mapping[str, int],
    staff: Mapping[str, int],
    residents: Sequence[tuple[int, bool]],
) -> list[int]:
    """Publish the coming fortnight. `residents` are persons in town, each with whether a Party member.

    `of_series` are the series by name.
    """
    kept = []
    for place, event in enumerate(_today(now) + _FORTNIGHT):
        event_id = _publish(tx, event, now, ground, of_series, staff)
        possible = [person for person, member in residents if member or not event.members_only]
        first = 7 * place % max(1, len(possible) - event.signed_up - event.waiting)
        wanting = possible[first : first + event.signed_up + event.waiting]
        rows = [
            {
                "event_id": event_id,
                "person_id": person,
                "state": "confirmed" if number <= event.signed_up else "waitlisted",
                "number": number,
                "joined_at": now - timedelta(hours=30 - number),
                "changed_at": now - timedelta(hours=30 - number),
                "by_person": person,
            }
            for number, person in enumerate(wanting, 1)
        ]
        if rows:
            tx.execute(insert(sign_ups), rows)
        kept.append(event_id)
    return kept


def _today(now: datetime) -> tuple[_Coming, ...]:
    """An event that begins within the hour, to try checking in; none in the evening or at night."""
    begins = local(now) + timedelta(minutes=45)
    begins = begins.replace(minute=begins.minute // 15 * 15, second=0, microsecond=0)
    if not time(8) <= begins.time() <= time(19) or begins.date() != local_date(now):
        return ()
    clock = begins.time()
    return (_Coming(0, clock, 90, "arts_sports", "", "棋牌交流", "TYHY-S025", "三亚湾", 30, 9),)


def _publish(
    tx: Transaction,
    event: _Coming,
    now: datetime,
    ground: Ground,
    of_series: Mapping[str, int],
    staff: Mapping[str, int],
) -> int:
    starts_at = at(local_date(now) + timedelta(days=event.in_days), event.clock)
    year = local(starts_at).year
    row = {
        "number": f"HD{year}-{numbering.next_number(tx, 'HD', year):04d}",
        "series_id": of_series.get(series_name(event.series)),
        "type": event.type,
        "title": f"{event.title}（示例）",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=event.minutes),
        "point_id": ground.points[event.point],
        "venue": ground.point_names[event.point],
        "organisation_id": ground.organisations[event.host],
        "organiser_id": staff["organiser"],
        "contact_phone": "0898-0000-0025",
        "description": "示例活动，内容均为虚构。",
        "capacity": event.capacity,
        "state": "published",
        "members_only": event.members_only,
        "created_at": now - timedelta(days=3),
        "published_at": now - timedelta(days=2),
        "is_sample": True,
    }
    return int(tx.execute(_ADD, row).scalar_one())
