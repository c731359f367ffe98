"""Party members as their branch keeps them: the ledger of those who reported in, and the proof a member takes home."""

from datetime import date

from reports.attendance import Paper
from reports.labels import MEMBER_TYPES, RESIDENCES, VERIFICATIONS
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import ledgers, residents
from storage.database import Transaction
from storage.events import TYPES
from storage.residents import Resident
from storage.times import local_date

_LEDGER = (
    Column("序号", "text", 6),
    Column("姓名", width=12),
    Column("手机号", "phone"),
    Column("身份类别", width=14),
    Column("核实状态", width=10),
    Column("原党组织", width=26),
    Column("来源地", width=18),
    Column("来琼日期", "date"),
    Column("预计离琼日期", "date", 13),
    Column("现居社区", width=14),
    Column("小区", width=16),
    Column("报到服务点", width=24),
    Column("编入支部", width=22),
    Column("党小组", width=14),
    Column("状态（在琼/已离琼）", width=18),
)
_PROOF = (Column("日期", "date"), Column("活动", width=36), Column("类型", width=18), Column("主办", width=34))


def member_ledger(
    tx: Transaction, today: date, on: Paper, *, branch_ids: frozenset[int] | None = None, masked: bool = True
) -> Sheet:
    """候鸟党员报到台账. `branch_ids` keeps it to the members taken in by these branches (P28); None is the district."""
    members = [
        person
        for person in residents.everyone(tx, masked=masked)
        if person.member and (branch_ids is None or person.host_branch_id in branch_ids)
    ]
    here = sum(person.is_in_town(today) for person in members)
    return Sheet(
        "候鸟党员报到台账",
        _LEDGER,
        [_member_row(place, person, today) for place, person in enumerate(members, 1)],
        heads=on.heads(f"截至{today.year}年{today.month}月{today.day}日"),
        total=lambda: (
            "合计",
            f"{len(members)}人",
            *[None] * (len(_LEDGER) - 3),
            f"在琼{here}人，已离琼{len(members) - here}人",
        ),
    )


def _member_row(place: int, person: Resident, today: date) -> Row:
    return (
        str(place),
        person.name,
        person.phone,
        _kind(person),
        VERIFICATIONS.get(person.verification, person.verification),
        person.home_branch,
        person.origin,
        person.arrives_on,
        person.leaves_on,
        person.community,
        person.estate,
        person.point,
        person.host_branch,
        person.party_group,
        "在琼" if person.is_in_town(today) else "已离琼",
    )


def _kind(person: Resident) -> str:
    """What staff decided; until then no more than where the person lives (domain rule 4.2.4: never the bot)."""
    if person.member_type:
        return MEMBER_TYPES.get(person.member_type, person.member_type)
    return f"{RESIDENCES.get(person.residence or '', '')}党员（待认定）"


def participation_proof(tx: Transaction, person_id: int, period: Period, on: Paper, *, masked: bool = False) -> Sheet:
    """参加活动证明 of one person, unmasked where it is handed to them. Raises `NotFound`."""
    person = residents.masked(tx, person_id) if masked else residents.one(tx, person_id)
    took_part = ledgers.came_to(tx, person_id, period.begins, period.ends)
    return Sheet(
        "参加活动证明",
        _PROOF,
        [
            (local_date(event.starts_at), event.title, TYPES.get(event.type, event.type), event.hosts)
            for event in took_part
        ],
        heads=(
            ("姓名", person.name),
            ("原党组织", person.home_branch),
            ("编入支部", person.host_branch),
            *on.heads(period.title)[1:],
        ),
        total=lambda: (None, f"共参加{len(took_part)}次", None, None),
        notes=(f"特此证明。　　　　　　　　{on.unit}（盖章）　　　　　　　　{_written(local_date(on.made_at))}",),
    )


def _written(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
