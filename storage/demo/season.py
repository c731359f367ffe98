"""Keeps the sample season: its events, who signed up, who came, and everything that must not move the figures.

The rows are written as the verbs would have left them at the time; through the verbs themselves each past message and
reminder would be planned anew.
"""

import json
import random
from collections.abc import Mapping, Sequence
from datetime import time, timedelta
from typing import Any

from sqlalchemy import insert

from storage.database import Transaction
from storage.demo.crowd import WHO_CAME, Neighbour
from storage.demo.places import Ground
from storage.demo.programme import Programmed
from storage.schema.events import attendances, co_hosts, event_changes, events, head_counts, series, sign_ups
from storage.schema.records import numbers
from storage.times import at, local
from storage.upsert import upsert

OUTSIDE = {0: ((0, 1, 2, 3, 4), 4), -1: ((5, 6, 7, 8, 9), 3)}
"""Who came to the two events outside the season: some of its crowd, and how many who came to nothing else."""

_ADD_SERIES = insert(series).returning(series.c.id)
_ADD_EVENTS = insert(events).returning(events.c.id, sort_by_parameter_order=True)
_LAST_NUMBER = upsert(numbers, ["kind", "year"], ["last"])


def series_name(short: str) -> str:
    return f"夕阳红私塾·{short}（示例）"


def keep(
    tx: Transaction,
    programme: Sequence[Programmed],
    crowd: Sequence[Neighbour],
    ids: Sequence[int],
    ground: Ground,
    staff: Mapping[str, int],
) -> list[int]:
    """Returns the ids of the events in the order of `programme`. `ids` are the persons of `crowd`, in its order."""
    of_series = _series(tx, programme, ground)
    rows = [_event(event, of_series, ground, staff) for event in programme]
    years: dict[int, int] = {}
    for row in rows:
        year = local(row["starts_at"]).year
        years[year] = years.get(year, 0) + 1
        row["number"] = f"HD{year}-{years[year]:04d}"
    for year, last in years.items():
        tx.execute(_LAST_NUMBER(tx), {"kind": "HD", "year": year, "last": last})
    event_ids = list(tx.execute(_ADD_EVENTS, rows).scalars())
    _co_host(tx, programme, event_ids, ground)
    _move(tx, programme, event_ids, staff)
    _Lists(programme, crowd, ids, ground, staff, event_ids).keep(tx)
    return event_ids


def _series(tx: Transaction, programme: Sequence[Programmed], ground: Ground) -> dict[str, int]:
    found: dict[str, int] = {}
    for event in programme:
        if event.series and event.series not in found:
            row = {
                "name": series_name(event.series),
                "type": event.type,
                "organisation_id": ground.organisations[event.host],
                "point_id": ground.points[event.point],
                "active": True,
                "is_sample": True,
            }
            found[event.series] = tx.execute(_ADD_SERIES, row).scalar_one()
    return found


def _event(event: Programmed, of_series: dict[str, int], ground: Ground, staff: Mapping[str, int]) -> dict[str, Any]:
    published = event.starts_at - timedelta(days=9)
    return {
        "series_id": of_series.get(event.series),
        "type": event.type,
        "title": f"{event.title}（示例）",
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "point_id": ground.points.get(event.point),
        "venue": ground.point_names.get(event.point, "三亚湾沙滩集合点（示例）"),
        "organisation_id": ground.organisations[event.host],
        "organiser_id": staff["organiser"],
        "speaker": "示例主讲人" if event.type in ("sunset_school", "policy_talk") else None,
        "contact_phone": "0898-0000-0025",
        "description": "示例活动，内容均为虚构。",
        "capacity": event.capacity,
        "state": event.state,
        "revision": 2 if event.moved_from else 1,
        "largest_group": 4,
        "members_only": event.type == "members_meeting",
        "photo_taken": event.type == "service_market",
        "budget_planned": 60_000 if event.type in ("service_market", "arts_sports") else None,
        "reason": "台风预警，活动取消（示例）" if event.state == "cancelled" else None,
        "created_at": published - timedelta(days=1),
        "published_at": published,
        "closed_at": event.ends_at + timedelta(minutes=20) if event.state == "held" else None,
        "is_sample": True,
    }


def _co_host(tx: Transaction, programme: Sequence[Programmed], event_ids: Sequence[int], ground: Ground) -> None:
    rows = [
        {"event_id": event_id, "organisation_id": ground.organisations[host]}
        for event, event_id in zip(programme, event_ids, strict=True)
        for host in event.co_hosts
    ]
    tx.execute(insert(co_hosts), rows)


def _move(tx: Transaction, programme: Sequence[Programmed], event_ids: Sequence[int], staff: Mapping[str, int]) -> None:
    for event, event_id in zip(programme, event_ids, strict=True):
        if event.moved_from:
            before = at(event.moved_from, event.clock)
            change = {"starts_at": [before.isoformat(), event.starts_at.isoformat()]}
            row = {
                "event_id": event_id,
                "revision": 2,
                "what": json.dumps(change),
                "by_person": staff["organiser"],
                "at": before - timedelta(days=2),
            }
            tx.execute(insert(event_changes), row)


class _Lists:
    """The lists of every event: who wanted to come, who came, who was only counted."""

    def __init__(
        self,
        programme: Sequence[Programmed],
        crowd: Sequence[Neighbour],
        ids: Sequence[int],
        ground: Ground,
        staff: Mapping[str, int],
        event_ids: Sequence[int],
    ) -> None:
        self._draw = random.Random("报名与签到 2025-26")  # noqa: S311 - the sample must be the same each time  # nosec B311
        self._programme = programme
        self._crowd = crowd
        self._ids = ids
        self._ground = ground
        self._staff = staff
        self._event_ids = event_ids
        self._sign_ups: list[dict[str, Any]] = []
        self._attendances: list[dict[str, Any]] = []
        self._head_counts: list[dict[str, Any]] = []
        self._undone = 0
        self._repeated = 0

    def keep(self, tx: Transaction) -> None:
        came: dict[int, list[Neighbour]] = {number: [] for number in range(len(self._programme))}
        for neighbour in self._crowd:
            for number in neighbour.came_to:
                came[number].append(neighbour)
        last = len(self._programme) - 1
        for place, (regulars, strangers) in OUTSIDE.items():
            first = WHO_CAME if place == 0 else WHO_CAME + OUTSIDE[0][1]
            came[place % (last + 1)] = [self._crowd[n] for n in (*regulars, *range(first, first + strangers))]
        for number, event in enumerate(self._programme):
            if event.state == "cancelled":
                self._wanted_in_vain(number, event)
            else:
                self._held(number, event, came[number])
        tx.execute(insert(sign_ups), self._sign_ups)
        tx.execute(insert(attendances), self._attendances)
        tx.execute(insert(head_counts), self._head_counts)

    def _held(self, number: int, event: Programmed, came: list[Neighbour]) -> None:
        walk_ins = round(len(came) * 0.07)
        expected, surprising = came[walk_ins:], came[:walk_ins]
        missing = round(len(came) * 0.12)
        if event.capacity is not None:
            missing = min(missing, event.capacity - len(expected))
        others = self._others(event, came, missing + 6)
        absent, others = others[:missing], others[missing:]
        wanting = expected + absent
        self._draw.shuffle(wanting)
        for neighbour in wanting:
            self._sign_up(number, event, neighbour, "confirmed")
        if event.capacity is not None and len(wanting) >= event.capacity - 1:
            for neighbour in others[:3] + surprising[:1]:  # one of those who waited comes all the same
                self._sign_up(number, event, neighbour, "waitlisted")
        elif others:
            self._sign_up(number, event, others[0], "cancelled")
        listed = sum(1 for row in self._sign_ups[-80:] if row["event_id"] == self._event_ids[number])
        for place, neighbour in enumerate(came):
            row = self._came(number, event, neighbour, walk_in=place < walk_ins)
            if row["walk_in"] and not any(
                signed["event_id"] == row["event_id"] and signed["person_id"] == row["person_id"]
                for signed in self._sign_ups[-80:]
            ):
                listed += 1
                row["list_number"] = listed
        for place, neighbour in enumerate(absent):
            self._missed(number, event, neighbour, place)
        self._counted(number, event)

    def _others(self, event: Programmed, came: list[Neighbour], many: int) -> list[Neighbour]:
        """People in town that day who did not come; Party members only where nobody else is asked."""
        there = {neighbour.place for neighbour in came}
        possible = [
            each
            for each in self._crowd
            if each.place not in there
            and (each.member or event.type not in ("members_meeting", "theme_day"))
            and (each.arrives_on is None or each.leaves_on is None or each.arrives_on <= event.day <= each.leaves_on)
        ]
        return self._draw.sample(possible, min(many, len(possible)))

    def _wanted_in_vain(self, number: int, event: Programmed) -> None:
        for neighbour in self._others(event, [], 12):
            self._sign_up(number, event, neighbour, "confirmed")

    def _sign_up(self, number: int, event: Programmed, neighbour: Neighbour, state: str) -> None:
        event_id = self._event_ids[number]
        earlier = sum(1 for row in self._sign_ups[-80:] if row["event_id"] == event_id)
        joined = event.starts_at - timedelta(days=8) + timedelta(hours=2 * earlier)
        joined = min(joined, event.starts_at - timedelta(hours=25))
        self._sign_ups.append(
            {
                "event_id": event_id,
                "person_id": self._ids[neighbour.place],
                "state": state,
                "number": earlier + 1,
                "joined_at": joined,
                "changed_at": event.starts_at - timedelta(days=1) if state == "cancelled" else joined,
                "by_person": self._ids[neighbour.place],
            }
        )

    def _attendance(self, number: int, event: Programmed, neighbour: Neighbour, state: str) -> dict[str, Any]:
        method = self._draw.choices(("by_staff", "qr", "code_word", "from_sheet"), (80, 9, 3, 8))[0]
        came_at = event.starts_at + timedelta(minutes=self._draw.randrange(-25, 8))
        hours = event.minutes if event.type == "volunteering" and state == "attended" else None
        return {
            "event_id": self._event_ids[number],
            "person_id": self._ids[neighbour.place],
            "state": state,
            "method": method,
            "came_at": came_at,
            "recorded_at": at(event.day, time(21)) if method == "from_sheet" else came_at,
            "recorded_by": self._ids[neighbour.place] if method in ("qr", "code_word") else self._staff["checker"],
            "walk_in": False,
            "list_number": None,
            "reason": None,
            "party_member": neighbour.member,
            "residence": "seasonal" if neighbour.seasonal else "local",
            "branch_id": self._ground.branch_of[neighbour.community] if neighbour.member else None,
            "community_code": self._ground.communities[neighbour.community],
            "minutes_planned": hours,
            "minutes_measured": hours,
            "minutes_corrected": None,
            "corrected_by": None,
            "undone_at": None,
            "undone_by": None,
        }

    def _came(self, number: int, event: Programmed, neighbour: Neighbour, *, walk_in: bool) -> dict[str, Any]:
        row = self._attendance(number, event, neighbour, "attended")
        row["walk_in"] = walk_in
        if event.counts and not walk_in and self._repeated < 4 and number % 9 == 4:
            # Checked in, taken back by mistake, and checked in once more: two rows, one coming.
            self._attendances.append(self._taken_back(row))
            row = row | {"came_at": row["came_at"] + timedelta(minutes=4), "method": "by_staff"}
            row["recorded_at"] = max(row["recorded_at"], row["came_at"])
            self._repeated += 1
        if row["minutes_measured"] and neighbour.place % 11 == 0:
            row |= {"minutes_corrected": row["minutes_measured"] + 30, "corrected_by": self._staff["checker"]}
            row["reason"] = "收尾多留了半小时（示例）"
        self._attendances.append(row)
        return row

    def _missed(self, number: int, event: Programmed, neighbour: Neighbour, place: int) -> None:
        if event.counts and place == 0 and self._undone < 2:
            # Ticked by mistake and taken back: must not count.
            self._attendances.append(self._taken_back(self._attendance(number, event, neighbour, "attended")))
            self._undone += 1
        elif place % 3 == 1:
            self._attendances.append(self._attendance(number, event, neighbour, "absent") | {"method": "by_staff"})
        elif place % 3 == 2:
            row = self._attendance(number, event, neighbour, "excused")
            self._attendances.append(row | {"method": "by_staff", "reason": "本人请假（示例）"})

    def _taken_back(self, row: dict[str, Any]) -> dict[str, Any]:
        return row | {"undone_at": row["came_at"] + timedelta(minutes=2), "undone_by": self._staff["checker"]}

    def _counted(self, number: int, event: Programmed) -> None:
        if not event.unnamed:
            return
        counted_at = event.ends_at - timedelta(minutes=30)
        row = {
            "event_id": self._event_ids[number],
            "at": counted_at,
            "recorded_by": self._staff["checker"],
            "undone_at": None,
        }
        companions = event.unnamed // 3
        slip = {"kind": "unnamed", "people": 10 * event.unnamed, "undone_at": counted_at + timedelta(minutes=1)}
        self._head_counts += [
            row | slip,
            row | {"kind": "unnamed", "people": event.unnamed - companions},
            row | {"kind": "companion", "people": companions},
        ]
