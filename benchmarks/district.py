"""Writes a district of any size into a real file, in bulk: persons sealed and found by keyed hashes as the program
keeps them, seasons of events with who signed up and who came, and the history of what was said and sent.

What is to be seen at one time (the events of this week, those who signed up for one, the needs under way) is the same
in every size: only what the house remembers grows.
"""

import random
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import desks
from benchmarks.desks import kept, numbers
from dialogue.message import Reply, encoded
from handlers.consent_texts import LOCATION, REGISTRATION
from storage import grants, person_keys, settings
from storage.audit import Actor
from storage.database import Transaction, open_database
from storage.demo import places
from storage.migrations import migrate
from storage.people import Party
from storage.times import local_date
from storage.vault import Vault

HEADS = 50  # who come to an event
STAFF = 1  # the person with every role
CHANNEL = "telegram"

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧"
_FIRST = "建国志强德华永福庆长玉守文宝凤景兆克喜树"
_SECOND = "国强华福林山义斌贵岐春丰俭顺人民余才远兰"
_TYPES = ("sunset_school", "service_market", "free_clinic", "arts_sports", "policy_talk", "theme_day")
_SEASONS = 5
_WEEK = 60  # events in a week from now on
_WEEKS_AHEAD = 4
_WEEKS_BACK = 9  # as far as the month before
_OPEN_NEEDS = 120
_NAMESAKES = 20  # at least, so that a search finds as many in every size
_STRIDE = 104_729  # a prime: spreads the people over the events, nobody twice in one


@dataclass(frozen=True)
class District:
    """What was written. `desk` is an event that is on just now, `coming` one to sign up for; `at` has the numbers of
    other things that pages are about, by noun.
    """

    folder: Path
    persons: int
    attendances: int
    desk: int
    coming: int
    name: str  # that some of them have
    at: Mapping[str, int] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"sqlite:///{self.folder}/hongyan.db"

    def vault(self) -> Vault:
        return Vault.load_or_create(self.folder / "hongyan.key")


async def build(folder: Path, persons: int, attendances: int, now: datetime) -> District:
    """A file of its own in `folder`, which is there. `now` is when it is looked at."""
    url = f"sqlite:///{folder}/hongyan.db"
    migrate(url)
    vault = Vault.load_or_create(folder / "hongyan.key")
    async with open_database(url, vault) as database:
        await database.write(_lay_out, now)
    file = sqlite3.connect(folder / "hongyan.db", isolation_level=None)
    for pragma in (
        "journal_mode=OFF",
        "synchronous=OFF",
        "cache_size=-1000000",
        "foreign_keys=OFF",
        "temp_store=MEMORY",
    ):
        file.execute(f"PRAGMA {pragma}")
    file.execute("BEGIN")
    indexes = _take_indexes(file)
    name = _write_people(file, vault, persons, now)
    desk, coming = _write_events(file, persons, attendances, now)
    _write_history(file, vault, persons, now)
    _write_needs(file, vault, persons, now)
    market = desk + next(number for number in range(1, 7) if _TYPES[(desk + number) % len(_TYPES)] == "service_market")
    at = desks.write(file, vault, persons, now, CHANNEL, STAFF, market)
    for statement in indexes:
        file.execute(statement)
    file.execute("COMMIT")
    file.execute("PRAGMA journal_mode=WAL")
    file.close()
    async with open_database(url, vault) as database:
        await database.write(_appoint, now)
        made = await database.write(desks.by_hand, persons, now, STAFF)
    return District(
        folder, persons, attendances, desk, coming, name, {**at, "desk": desk, "held": desk - 1, "file": made}
    )


def _lay_out(tx: Transaction, now: datetime) -> None:
    places.lay_out(tx, now)
    # The program refuses to serve people with sample points; here nobody is served.
    for table in ("service_points", "organisations", "place_names"):
        tx.connection.exec_driver_sql(f"UPDATE {table} SET is_sample = false")
    ground = tx.connection.exec_driver_sql("SELECT id FROM organisations WHERE kind = 'committee'").scalar()
    tx.connection.exec_driver_sql(
        "INSERT INTO organisations (name, kind, parent_id, active, is_sample) "
        + numbers(str(desks.BRANCHES))
        + f" SELECT '候鸟党支部' || n, 'branch', {ground}, true, false FROM n"
    )
    settings.put(tx, "support_phone", "0898-0000-0000", now)
    settings.put(tx, "purged_on", local_date(now).isoformat(), now)


def _appoint(tx: Transaction, now: datetime) -> None:
    grants.grant(tx, "district_staff", Actor(), now, person_id=STAFF)


def _take_indexes(file: sqlite3.Connection) -> list[str]:
    """Indexes are quicker built at the end; returns the statements that do."""
    grown = "'people', 'person_keys', 'accounts', 'consents', 'events', 'sign_ups', 'attendances', 'outbox', 'inbox',"
    grown += " 'audit_log', 'votes', 'wishes', 'needs'"
    found = file.execute(
        f"SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN ({grown})"
    ).fetchall()
    for name, _ in found:
        file.execute(f"DROP INDEX {name}")
    return [statement for _, statement in found]


def _write_people(file: sqlite3.Connection, vault: Vault, persons: int, now: datetime) -> str:
    file.execute("CREATE TEMP TABLE unsorted (key BLOB, person_id INTEGER)")
    communities = [code for (code,) in file.execute("SELECT code FROM communities WHERE active ORDER BY code")]
    points = file.execute("SELECT id, community_code FROM service_points ORDER BY id").fetchall()
    branches = [row for (row,) in file.execute("SELECT id FROM organisations WHERE kind = 'branch' ORDER BY id")]
    draw = random.Random(1)
    names = [a + b + c for a in _SURNAMES for b in _FIRST for c in _SECOND]
    draw.shuffle(names)
    del names[max(1, persons // _NAMESAKES) :]
    tails = [vault.person_keys("tail", f"{tail:04d}")[0] for tail in range(10_000)]
    found_by = {name: [vault.person_keys(*key)[0] for key in set(person_keys.of(name, None))] for name in names}
    parties = [msgspec.json.encode(Party(member=member)).decode() for member in ("yes", "no")]  # type: ignore[arg-type]
    today = local_date(now)
    arrived = [(today - timedelta(days=days)).isoformat() for days in range(60)]
    leaves = [(today + timedelta(days=90 + days)).isoformat() for days in range(60)]
    registered = [kept(now - timedelta(days=2 + days)) for days in range(300)]
    keys: list[tuple[bytes, int]] = []

    def rows() -> Iterator[tuple[Any, ...]]:
        for person in range(1, persons + 1):
            name, phone, uid = names[person % len(names)], f"139{person:08d}", secrets.token_hex(12)
            keys.extend((key, person) for key in found_by[name])
            keys.append((vault.person_keys("phone", phone)[0], person))
            keys.append((tails[person % 10_000], person))
            point, community = points[person % len(points)]
            member, seasonal = person % 3 == 0, person % 7 != 0
            yield (
                person,
                uid,
                vault.seal(name, f"people.name|{uid}"),
                vault.seal(phone, f"people.phone|{uid}"),
                vault.seal(parties[0 if member else 1], f"people.party|{uid}"),
                vault.person_keys("person", f"{phone}|{name}")[0],
                "seasonal" if seasonal else "local",
                "黑龙江省哈尔滨市" if seasonal else None,
                arrived[person % 60] if seasonal else None,
                leaves[person % 60] if seasonal else None,
                community or communities[person % len(communities)],
                "示例小区",
                point,
                branches[person % len(branches)] if member else None,
                registered[person % 300],
                registered[person % 300],
            )

    columns = "id, uid, name, phone, party, person_key, residence, origin, arrives_on, leaves_on, community_code"
    columns += ", estate, point_id, host_branch_id, created_at, last_contact_at"
    into = f"INSERT INTO people ({columns}, verification, shows_membership, messages, state, is_sample)"
    made = rows()
    while some := list(islice(made, 20_000)):
        file.executemany(f"{into} VALUES ({', '.join('?' * 16)}, 'self_reported', 0, 'all', 'active', 0)", some)
        file.executemany("INSERT INTO unsorted VALUES (?, ?)", keys)
        keys.clear()
    file.execute("INSERT INTO person_keys (key, person_id) SELECT key, person_id FROM unsorted ORDER BY key, person_id")
    file.execute("DROP TABLE unsorted")
    file.execute(
        "INSERT INTO accounts (id, channel, user, person_id, reachable, last_heard_at, created_at)"
        f" SELECT id, '{CHANNEL}', CAST(id AS TEXT), id, 1, created_at, created_at FROM people"
    )
    for text in (REGISTRATION, LOCATION):
        file.execute(
            "INSERT INTO consents (person_id, account_id, purpose, version, text_hash, given, channel, at)"
            f" SELECT id, id, ?, ?, ?, 1, '{CHANNEL}', created_at FROM people",
            (text.purpose, text.version, text.hash),
        )
    return names[0]


def _write_events(file: sqlite3.Connection, persons: int, attendances: int, now: datetime) -> tuple[int, int]:
    """Returns the event that is on just now, and the last of the coming ones."""
    held = max(20, attendances // HEADS)
    points = file.execute("SELECT id, name FROM service_points ORDER BY id").fetchall()
    hosts = [row for (row,) in file.execute("SELECT id FROM organisations WHERE kind = 'branch' ORDER BY id")]
    starts = [*_past(held, now), now - timedelta(minutes=10)]
    ahead = [now + timedelta(hours=2) + number * timedelta(days=7) / _WEEK for number in range(_WEEK * _WEEKS_AHEAD)]
    coming = len(starts) + len(ahead)
    starts += ahead + _unvisited(starts, now)

    def rows() -> Iterator[tuple[Any, ...]]:
        for number, start in enumerate(starts, 1):
            point, venue = points[number % len(points)]
            is_held = number <= held or number > coming
            yield (
                number,
                f"HD{start.year}-{number:06d}",
                _TYPES[number % len(_TYPES)],
                f"夕阳红私塾{number}",
                kept(start),
                kept(start + timedelta(hours=2)),
                point,
                venue,
                hosts[number % len(hosts)],
                60,
                "held" if is_held else "published",
                kept(start + timedelta(hours=3)) if is_held else None,
                kept(start - timedelta(days=14)),
                kept(start - timedelta(days=14)),
            )

    columns = (
        "id, number, type, title, starts_at, ends_at, point_id, venue, organisation_id, capacity, state, closed_at"
    )
    columns += ", created_at, published_at"
    rest = "revision, description, asks_before_seating, allocation, first_timers_first, largest_group, members_only"
    file.executemany(
        f"INSERT INTO events ({columns}, {rest}, is_sample) VALUES ({', '.join('?' * 14)},"
        " 1, '', 0, 'first_come', 0, 4, 0, 0)",
        rows(),
    )
    file.execute(
        "CREATE TEMP TABLE places AS WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 50)"
        " SELECT n FROM n"
    )
    file.execute(
        "CREATE TEMP TABLE facts AS SELECT id, residence, host_branch_id, community_code FROM people ORDER BY id"
    )
    file.execute("CREATE UNIQUE INDEX temp.of_person ON facts (id)")
    person = f"1 + (e.id * 7919 + p.n * {_STRIDE}) % {persons}"
    everyone = "events e CROSS JOIN places p"
    file.execute(
        "INSERT INTO sign_ups (event_id, person_id, state, number, joined_at, changed_at, by_person)"
        f" SELECT e.id, {person}, 'confirmed', p.n, e.published_at, e.published_at, {person}"
        f" FROM {everyone} WHERE p.n <= 45"
    )
    file.execute(
        "INSERT INTO attendances (event_id, person_id, state, method, came_at, recorded_at, recorded_by, walk_in,"
        " list_number, party_member, residence, branch_id, community_code)"
        f" SELECT e.id, w.id, 'attended', 'by_staff', e.starts_at, e.starts_at, {STAFF}, p.n > 45,"
        " CASE WHEN p.n > 45 THEN p.n END, w.id % 3 = 0, w.residence, w.host_branch_id, w.community_code"
        f" FROM {everyone} JOIN facts w ON w.id = {person} WHERE e.id <= {held} OR (e.id = {held + 1} AND p.n <= 20)"
    )
    file.execute(
        "INSERT INTO head_counts (event_id, kind, people, at, recorded_by)"
        f" SELECT id, 'unnamed', 9, ends_at, {STAFF} FROM events WHERE id <= {held} AND id % 3 = 0"
    )
    return held + 1, coming


def _past(held: int, now: datetime) -> list[datetime]:
    """Spread over the seasons: October to March of each, the last one so far."""
    year = now.year if now.month >= 10 else now.year - 1
    spans = [
        (datetime(y, 10, 1, tzinfo=UTC), datetime(y + 1, 4, 1, tzinfo=UTC)) for y in range(year - _SEASONS, year + 1)
    ]
    spans = [(begins, min(ends, now - timedelta(days=1))) for begins, ends in spans]
    whole = sum((ends - begins for begins, ends in spans), timedelta())
    starts = []
    for begins, ends in spans:
        here = round(held * ((ends - begins) / whole))
        starts += [begins + (ends - begins) * number / max(here, 1) for number in range(here)]
    return (starts + [now - timedelta(days=2)] * held)[:held]


def _unvisited(starts: list[datetime], now: datetime) -> list[datetime]:
    """Events that make a small house's last weeks as full as those of a large one; nobody was noted there."""
    since = now - timedelta(weeks=_WEEKS_BACK)
    lacking = _WEEK * _WEEKS_BACK - sum(since <= start < now for start in starts)
    return [since + number * timedelta(days=7) / _WEEK for number in range(lacking)]


def _write_history(file: sqlite3.Connection, vault: Vault, persons: int, now: datetime) -> None:
    """What was said and sent: a message of each person, its answer, and a reminder."""
    begins = int((now - timedelta(days=6)).timestamp())
    at = "strftime('%Y-%m-%d %H:%M:%S.000000', {begins} + {row}.id * 500000 / {persons}, 'unixepoch')"
    moment = at.format(begins=begins, row="w", persons=persons)
    reply = f"[{encoded(Reply('您好'))}]"

    def turns() -> Iterator[tuple[Any, ...]]:
        for person in sorted(range(1, persons + 1), key=str):
            where = f"{CHANNEL}:before {person}"
            said, answered = vault.seal("你好", f"inbox.said|{where}"), vault.seal(reply, f"inbox.replies|{where}")
            received = datetime.fromtimestamp(begins + person * 500_000 // persons, UTC)
            yield f"before {person}", person, said, answered, kept(received)

    file.executemany(
        "INSERT INTO inbox (channel, message, account_id, said, replies, received_at)"
        f" VALUES ('{CHANNEL}', ?, ?, ?, ?, ?)",
        turns(),
    )
    columns = "key, person_id, account_id, channel, kind, lane, reply, event_id, revision, due_at, state, tries"
    file.execute(
        f"INSERT INTO outbox ({columns}, created_at, ended_at)"
        f" SELECT 'reminder:' || e.id || ':1:' || w.id || ':day_before', w.id, w.id, '{CHANNEL}', 'reminder', 1, x'',"
        f" e.id, 1, {moment}, CASE WHEN w.id % 997 = 0 AND w.id < 100000 THEN 'unreachable'"
        f" ELSE 'delivered' END, 1, {moment}, {moment}"
        " FROM people w JOIN events e ON e.id = 1 + w.id % (SELECT count(*) FROM events WHERE state = 'held')"
    )


def _write_needs(file: sqlite3.Connection, vault: Vault, persons: int, now: datetime) -> None:
    """One of twenty once had a need; as many are open in every size."""
    closed = persons // 20
    communities = [code for (code,) in file.execute("SELECT code FROM communities WHERE active ORDER BY code")]

    def rows() -> Iterator[tuple[Any, ...]]:
        for number in range(1, closed + _OPEN_NEEDS + 1):
            is_open = number > closed
            named = f"XQ{now.year}-{number:06d}"
            told = now - timedelta(hours=number % 60 + 1) if is_open else now - timedelta(days=30 + number % 700)
            yield (
                number,
                named,
                number,
                1 + number * 17 % persons,
                communities[number % len(communities)],
                vault.seal("楼下的路灯坏了，晚上看不见", f"needs.text|{named}"),
                "in_progress" if is_open else "closed",
                None if is_open else "solved",
                kept(told),
                kept(told + timedelta(days=5)),
                None if is_open else kept(told + timedelta(days=4)),
            )

    columns = "id, number, said_as, person_id, community_code, text, stage, outcome, received_at, due_at, closed_at"
    rest = "kind, channel, category, pressing, urgent, mode, round, ruled, is_sample"
    file.executemany(
        f"INSERT INTO needs ({columns}, {rest}) VALUES ({', '.join('?' * 11)},"
        f" 'need', '{CHANNEL}', 'transport', 0, 0, 'direct', 1, 0, 0)",
        rows(),
    )
    file.execute(
        "INSERT INTO need_assignments (need_id, person_id, role, called, began_at, accepted_at, ended_at)"
        f" SELECT id, {STAFF}, 'lead', '三亚湾社区的李干事', received_at, received_at, closed_at FROM needs"
    )
    file.execute(
        "INSERT INTO need_deadlines (need_id, round, began_at, allowed, due_at, ended_at, because)"
        " SELECT id, 1, received_at, 2400, due_at, closed_at, CASE WHEN closed_at IS NOT NULL THEN 'answered' END"
        " FROM needs"
    )
