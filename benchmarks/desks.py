"""What lies on the desks of staff, written in bulk: wishes, polls, broadcasts and who got them, series, a market,
menus, roles, calls to make, merges, files, and the audit log.

What is open is the same in every size; what was done before grows with the house.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from dialogue.message import Reply, encoded
from reports import snapshots
from reports.counts import counts
from reports.periods import Period
from storage import exports, files, merging
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import Transaction
from storage.times import local_date
from storage.vault import Vault

BRANCHES = 120  # in every size, so that only their members grow
MARKET = 8  # stalls
_OPEN = 60  # wishes in hand; half as many suggestions, calls and cases on the priority list
_ACTS = 10  # of each person, in the audit log, over two years
_DAYS = 730
_MEETINGS = 20  # of a series
_LOST = 100  # messages of the broadcast that goes out now
_AHEAD = 2_000  # of it that wait to be sent
_EARLIER = 10  # broadcasts, each to one of ten
_MERGES = 30


def write(
    file: sqlite3.Connection, vault: Vault, persons: int, now: datetime, channel: str, staff: int, market: int
) -> dict[str, int]:
    """Numbers of what pages are about, by noun. `market` is an event that gets stalls."""
    _write_acts(file, persons, now, staff)
    _write_series(file)
    _write_market(file, market, now)
    _write_menus(file, now)
    _write_roles(file, now, staff)
    _write_calls(file, now)
    wish = _write_wishes(file, vault, persons, now, staff)
    _write_polls(file, vault, persons, now, staff)
    _write_broadcasts(file, vault, persons, now, channel, staff)
    file.execute(
        "UPDATE needs SET listed_at = received_at, listed_because = 'staff' WHERE stage <> 'closed' AND id % 3 = 0"
    )
    return {
        "wish": wish,
        "broadcast": 1,
        "series": 1,
        "need": persons // 20 + 1,
        "market": market,
        "branch": 20,
        "point": 1,
    }


def by_hand(tx: Transaction, persons: int, now: datetime, staff: int) -> int:
    """What the program's own verbs write. Returns the number of a file that staff may take away."""
    actor = Actor(staff, "district_staff", "console")
    for number in range(_MERGES):
        merging.merge(tx, persons - 2 * number - 1, persons - 2 * number, actor, now, "本人来说的")
    season = Period.season_around(local_date(now))
    counted = counts(tx, season)
    for days in (80, 60, 40, 20, 5):
        snapshots.keep(tx, counted, staff, now - timedelta(days=days))
    wanted = {"report": "season", "from": season.first.isoformat(), "to": season.last.isoformat(), "name": ""}
    made = 0
    for _ in range(_MEETINGS):
        made = exports.ask(tx, "report", {**wanted, "format": "xlsx"}, staff, None, now)
        exports.ready(tx, made, files.add(tx, "report.xlsx", "text/plain", b"x" * 50_000, staff, now), now)
    return made


def kept(moment: datetime) -> str:
    """As SQLite keeps a moment in UTC."""
    return moment.replace(tzinfo=None).isoformat(" ", "microseconds")


def numbers(upto: str) -> str:
    """A table `n(n)` of 1 and so on."""
    return f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {upto})"


def _write_acts(file: sqlite3.Connection, persons: int, now: datetime, staff: int) -> None:
    """As many on each day. Their chain is not one: nobody looks at it here."""
    rows = persons * _ACTS
    begins, step = (now - timedelta(days=_DAYS)).timestamp(), _DAYS * 86400 / rows
    file.execute(
        "INSERT INTO audit_log (at, actor_id, role, channel, action, object, chain)"
        f" SELECT closed_at, {staff}, 'district_staff', 'console', 'event.close', 'event ' || id, zeroblob(32)"
        " FROM events WHERE state = 'held' ORDER BY closed_at"
    )
    actions = "CASE n % 4 WHEN 0 THEN 'person.register' WHEN 1 THEN 'consent.give' WHEN 2 THEN 'need.told'"
    actions += " ELSE 'attendance.undo' END"
    file.execute(
        "INSERT INTO audit_log (at, actor_id, role, channel, action, object, chain) "
        + numbers(str(rows))
        + f" SELECT strftime('%Y-%m-%d %H:%M:%S.000000', {begins} + n * {step}, 'unixepoch'), {staff},"
        f" 'district_staff', 'console', {actions}, 'person ' || (1 + n % {persons}), zeroblob(32) FROM n"
    )


def _write_series(file: sqlite3.Connection) -> None:
    """A third of what was held belongs to one; a series goes on for a season."""
    file.execute("UPDATE events SET series_id = 1 + (id / 3) / ? WHERE state = 'held' AND id % 3 = 0", (_MEETINGS,))
    file.execute(
        "INSERT INTO series (id, name, type, active, is_sample)"
        " SELECT DISTINCT series_id, '夕阳红私塾第' || series_id || '期', 'sunset_school', 1, 0 FROM events"
        " WHERE series_id IS NOT NULL"
    )


def _write_market(file: sqlite3.Connection, market: int, now: datetime) -> None:
    file.execute(
        "INSERT INTO stalls (id, event_id, name, place, most) "
        + numbers(str(MARKET))
        + " SELECT n, ?, '义诊' || n, n || '号桌', 50 FROM n",
        (market,),
    )
    file.execute(
        "INSERT INTO queue_numbers (stall_id, person_id, number, state, taken_at, changed_at, by_person)"
        " SELECT t.id, s.person_id, s.number, CASE WHEN s.number <= 10 THEN 'served' WHEN s.number = 11 THEN 'called'"
        " ELSE 'waiting' END, ?, ?, s.person_id FROM stalls t JOIN sign_ups s ON s.event_id = t.event_id"
        " WHERE s.number <= 30",
        (kept(now), kept(now)),
    )


def _write_menus(file: sqlite3.Connection, now: datetime) -> None:
    month = local_date(now).replace(day=1)
    months = [
        (f"{month.year - ago // 12 - (month.month <= ago % 12):04d}-{(month.month - ago - 1) % 12 + 1:02d}-01",)
        for ago in range(24)
    ]
    file.executemany(
        "INSERT INTO service_menus (point_id, month, version, services, written_at)"
        f" SELECT id, ?, 1, '周二上午 义诊' || char(10) || '周四下午 书法班', '{kept(now)}' FROM service_points",
        months,
    )


def _write_roles(file: sqlite3.Connection, now: datetime, staff: int) -> None:
    """Ten of them lead every point."""
    file.execute(
        "INSERT INTO grants (person_id, role, point_id, starts_at, granted_by)"
        " SELECT 3 + id % 10, 'point_lead', id, ?, ? FROM service_points",
        (kept(now - timedelta(days=90)), staff),
    )


def _write_calls(file: sqlite3.Connection, now: datetime) -> None:
    file.execute(
        "INSERT INTO call_list (key, kind, person_id, event_id, point_id, why, made_at, calls)"
        " SELECT 'expected:' || s.id, 'expected', s.person_id, s.event_id, e.point_id, 'no_account', ?, 0"
        " FROM sign_ups s JOIN events e ON e.id = s.event_id WHERE e.state = 'published' AND s.number <= 10 LIMIT ?",
        (kept(now), _OPEN // 2),
    )


def _write_wishes(file: sqlite3.Connection, vault: Vault, persons: int, now: datetime, staff: int) -> int:
    """One of fifty once had one. Returns the last that is open."""
    done = persons // 50
    codes = [code for (code,) in file.execute("SELECT code FROM communities WHERE active ORDER BY code")]
    states = ("submitted", "posted", "claimed", "contacted", "done")

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, done + _OPEN + 1):
            is_open = number > done
            named = f"XY{now.year}-{number:06d}"
            told = now - timedelta(hours=number % 60 + 1) if is_open else now - timedelta(days=30 + number % 700)
            yield (
                number,
                named,
                number,
                1 + number * 31 % persons,
                codes[number % len(codes)],
                vault.seal("想要一本大字的菜谱", f"wishes.text|{named}"),
                vault.seal("想要一本大字的菜谱", f"wishes.public_text|{named}"),
                states[number % len(states)] if is_open else "confirmed",
                kept(told),
                kept(told),
                staff,
                None if is_open else kept(told + timedelta(days=9)),
            )

    columns = "id, number, said_as, person_id, community_code, text, public_text, state, submitted_at, posted_at"
    file.executemany(
        f"INSERT INTO wishes ({columns}, posted_by, ended_at, sharers) VALUES ({', '.join('?' * 12)}, 1)", rows()
    )
    file.execute(
        "INSERT INTO wish_claims (wish_id, person_id, claimed_at, lapses_at, ended_at)"
        f" SELECT id, 1 + id * 37 % {persons}, posted_at, ?, ended_at FROM wishes"
        " WHERE state NOT IN ('submitted', 'posted')",
        (kept(now + timedelta(days=7)),),
    )
    return done + _OPEN


def _write_polls(file: sqlite3.Connection, vault: Vault, persons: int, now: datetime, staff: int) -> None:
    """Sixty polls, one of them open to all, in which one of ten has spoken; half as many suggestions are unanswered."""
    options = json.dumps(["东门", "西门", "都不要"], ensure_ascii=False)
    file.execute(
        "INSERT INTO polls (id, number, said_as, question, options, opens_at, closes_at, made_by, result, answer) "
        + numbers(str(_OPEN))
        + f" SELECT n, 'YS{now.year}-' || n, n, '长椅放在哪儿？', ?, ?, ?, ?,"
        f" CASE WHEN n < {_OPEN} THEN '[9, 5, 1]' END, CASE WHEN n < {_OPEN} THEN '放在东门。' END FROM n",
        (options, kept(now - timedelta(days=3)), kept(now + timedelta(days=7)), staff),
    )
    file.execute(
        "INSERT INTO votes (poll_id, person_id, option, at)"
        f" SELECT {_OPEN}, id, id % 3, ? FROM people WHERE id % 10 = 0",
        (kept(now),),
    )
    answered = persons // 100

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, answered + _OPEN // 2 + 1):
            named, is_open = f"JY{now.year}-{number:06d}", number > answered
            sealed = vault.seal("楼下的长椅少了", f"suggestions.text|{named}")
            yield named, number, number, sealed, kept(now), None if is_open else kept(now), not is_open

    file.executemany(
        "INSERT INTO suggestions (number, said_as, person_id, text, at, answered_at, published)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows(),
    )


def _write_broadcasts(
    file: sqlite3.Connection, vault: Vault, persons: int, now: datetime, channel: str, staff: int
) -> None:
    """One to everyone that is going out now, and earlier ones."""
    everyone = msgspec.json.encode(Audience()).decode()
    reply = encoded(Reply("明天有义诊。"))
    columns = "id, kind, reply, audience, state, made_by, role, counted, after_person, all_planned, created_at"
    columns += ", begun_at, expires_at, ended_at"
    rows = []
    for number in range(1, _EARLIER + 2):
        begun = now - timedelta(hours=1) - timedelta(days=9 * (number - 1))
        rows.append(
            (
                number,
                "broadcast",
                vault.seal(reply, f"broadcasts.reply|{number}"),
                everyone,
                "sending" if number == 1 else "finished",
                staff,
                "district_staff",
                persons if number == 1 else persons // 10,
                persons,
                1,
                kept(begun),
                kept(begun),
                kept(begun + timedelta(hours=24)),
                None if number == 1 else kept(begun + timedelta(hours=2)),
            )
        )
    file.executemany(f"INSERT INTO broadcasts ({columns}) VALUES ({', '.join('?' * 14)})", rows)
    columns = "key, person_id, account_id, channel, kind, lane, reply, broadcast_id, due_at, state, tries, created_at"
    ahead = min(_AHEAD, persons // 2)
    state = f"CASE WHEN w.id > {persons - ahead} THEN 'planned' WHEN w.id % {persons // _LOST} = 0 THEN 'unreachable'"
    file.execute(
        f"INSERT INTO outbox ({columns}, expires_at, ended_at)"
        f" SELECT 'broadcast:1:' || w.id, w.id, w.id, '{channel}', 'broadcast', 4, x'', 1, b.begun_at,"
        f" {state} ELSE 'delivered' END, 1, b.begun_at, b.expires_at,"
        f" CASE WHEN w.id <= {persons - ahead} THEN b.begun_at END"
        " FROM people w JOIN broadcasts b ON b.id = 1"
    )
    file.execute(
        f"INSERT INTO outbox ({columns}, ended_at)"
        f" SELECT 'broadcast:' || b.id || ':' || w.id, w.id, w.id, '{channel}', 'broadcast', 4, x'', b.id, b.begun_at,"
        f" 'delivered', 1, b.begun_at, b.ended_at"
        " FROM broadcasts b JOIN people w ON w.id % 10 = b.id - 2 WHERE b.id > 1"
    )
