"""Takes residents in from a list that an office kept: overwrites only what was looked at, takes nobody in twice."""

import re
import unicodedata
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

from storage import audit, communities, organisations, people, points
from storage.audit import Actor
from storage.database import Transaction
from storage.people import Facts, Member, Party, Person
from storage.points import ServicePoint
from storage.scrub import scrub

HEADERS: Mapping[str, tuple[str, ...]] = {
    "name": ("姓名", "名字", "居民姓名"),
    "phone": ("手机号", "电话", "联系方式", "手机", "手机号码", "联系电话"),
    "residence": ("候鸟常住", "候鸟/常住", "居住类型", "类别"),
    "origin": ("来源地", "来自", "户籍地", "籍贯"),
    "arrives_on": ("来琼日期", "到琼日期", "来琼时间"),
    "leaves_on": ("预计离琼日期", "离琼日期", "离琼时间"),
    "community": ("社区", "现居社区", "所属社区", "居住社区"),
    "estate": ("小区", "居住小区"),
    "point": ("服务点", "报到服务点"),
    "member": ("党员群众", "党员/群众", "是否党员", "政治面貌", "党员"),
    "home_branch": ("原党组织", "原支部", "正式组织关系所在党组织全称"),
    "host_branch": ("编入支部", "支部"),
    "party_group": ("党小组",),
}
Verdict = Literal["new", "same", "conflict", "bad"]
ReadDay = Callable[[str], date | None]
Lines = Sequence[tuple[int, Mapping[str, str]]]
"""The lines of a file by their numbers in it, each with what stands under every header."""

_NEVER_KEPT = "身份证号和银行卡号不收"
_RESIDENCES = {"候鸟": "seasonal", "seasonal": "seasonal", "常住": "local", "本地": "local", "local": "local"}
_UNDECLARED: Member = "undeclared"
_MEMBERS: Mapping[str, Member] = {
    "非党员": "no",  # before the word it contains
    "群众": "no",
    "否": "no",
    "no": "no",
    "党员": "yes",
    "是": "yes",
    "yes": "yes",
}
_MEMBERSHIP: Mapping[Member, str] = {"yes": "党员", "no": "群众", "undeclared": "没说"}
_LABELS = {
    "residence": "候鸟/常住",
    "origin": "来源地",
    "arrives_on": "来琼日期",
    "leaves_on": "离琼日期",
    "community_code": "社区",
    "estate": "小区",
    "point_id": "服务点",
    "host_branch_id": "编入支部",
    "party_group": "党小组",
}


@dataclass(slots=True)
class Judged:
    """A line of the list. `says` is, in Chinese, what is wrong or different."""

    number: int
    verdict: Verdict
    says: list[str] = field(default_factory=list)
    facts: Facts | None = None
    person_id: int | None = None  # who is registered under this name and phone


@dataclass(slots=True)
class _Known:
    """What lines are held against, read once."""

    points: list[ServicePoint]
    branches: dict[str, int]
    in_file: dict[str, int] = field(default_factory=dict)  # phones of new lines, with how many
    identities: set[tuple[str, str]] = field(default_factory=set)


def judge(tx: Transaction, lines: Lines, read_day: ReadDay) -> list[Judged]:
    """Each line, by its number in the file."""
    known = _Known(points.active(tx), {each.name: each.id for each in organisations.active(tx)})
    return [_judged(tx, number, given, known, read_day) for number, given in lines]


def take_in(
    tx: Transaction, judged: Sequence[Judged], actor: Actor, now: datetime, agreed: Container[int] = ()
) -> tuple[int, int]:
    """Keep the new ones, and of those in conflict the lines whose numbers are `agreed`: somebody looked at them.

    Returns how many were added and how many changed. Empty cells change nothing.
    """
    added = changed = 0
    for one in judged:
        is_agreed = one.verdict == "conflict" and one.number in agreed
        if one.facts is None or not (one.verdict == "new" or is_agreed):
            continue
        if one.person_id is not None:
            _overwrite(tx, one, actor, now)
            changed += 1
            continue
        one.facts.added_by = actor.person_id
        person_id = people.add(tx, one.facts, now, checked_by_staff=True)
        audit.note(tx, actor, "person.import", f"person {person_id}", now)
        added += 1
    return added, changed


@dataclass(frozen=True, slots=True)
class Difference:
    """What is kept, and what the list says instead; both as they are read aloud."""

    label: str
    kept: str
    listed: str


def differences(tx: Transaction, one: Judged) -> list[Difference]:
    """Field by field, of a line whose person is registered otherwise."""
    if one.facts is None or one.person_id is None:
        return []
    standing, facts = people.get(tx, one.person_id), one.facts
    found = [
        Difference(label, _spoken(tx, name, getattr(standing, name)), _spoken(tx, name, getattr(facts, name)))
        for name, label in _LABELS.items()
        if getattr(facts, name) is not None and getattr(facts, name) != getattr(standing, name)
    ]
    if facts.party.member not in (_UNDECLARED, standing.party.member):
        found.append(Difference("党员身份", _MEMBERSHIP[standing.party.member], _MEMBERSHIP[facts.party.member]))
    return found


def _spoken(tx: Transaction, name: str, value: Any) -> str:
    if value is None:
        return "没有"
    if name == "community_code":
        found = communities.get(tx, value)
        return found.display_name if found else str(value)
    if name == "point_id":
        return points.get(tx, value).name
    if name == "host_branch_id":
        return organisations.get(tx, value).name
    return {"seasonal": "候鸟", "local": "常住"}.get(value, str(value)) if isinstance(value, str) else str(value)


def _overwrite(tx: Transaction, one: Judged, actor: Actor, now: datetime) -> None:
    person, facts = people.get(tx, one.person_id or 0), one.facts
    if facts is None:
        return
    for name in _LABELS:
        if getattr(facts, name) is not None:
            setattr(person, name, getattr(facts, name))
    if facts.party.member != _UNDECLARED and facts.party.member != person.party.member:
        person.party = facts.party
        person.verification = "self_reported"  # staff saw the old one
    people.change(tx, person, now)
    audit.note(tx, actor, "person.import", f"person {person.id}", now, after={"overwritten": one.says})


def _judged(tx: Transaction, number: int, given: Mapping[str, str], known: _Known, read_day: ReadDay) -> Judged:
    wrong: list[str] = []
    if any(scrub(text)[1] for text in given.values()):
        return Judged(number, "bad", [_NEVER_KEPT])
    name = re.sub(r"\s+", "", given["name"]) if not given["name"].isascii() else given["name"]
    if not 2 <= len(name) <= 20:
        wrong.append("姓名要 2 到 20 个字")
    phone = read_phone(given["phone"])
    if given["phone"] and phone is None:
        wrong.append("手机号不对")
    if not given["phone"]:
        wrong.append("没有手机号")
    facts = _facts(tx, name, phone, given, known, wrong, read_day)
    if wrong or phone is None:
        return Judged(number, "bad", wrong)
    if (phone, name) in known.identities:
        return Judged(number, "same", ["文件里前面有过了"])
    known.identities.add((phone, name))
    standing = people.same(tx, phone, name)
    if standing is not None:
        differences = _differences(standing, facts)
        return Judged(number, "conflict" if differences else "same", differences, facts, standing.id)
    on_phone = len(people.with_phone(tx, phone)) + known.in_file.get(phone, 0)
    if on_phone >= 2:
        return Judged(number, "conflict", ["这个手机号已经有两个人，要先核对"], facts)
    known.in_file[phone] = known.in_file.get(phone, 0) + 1
    return Judged(number, "new", ["和另一个人同一个手机号"] if on_phone else [], facts)


def read_phone(text: str) -> str | None:
    """11 digits, or a landline with its area code. None for what is neither."""
    digits = re.sub(r"[^0-9+]", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(?:\+?86|0086)(?=1[0-9]{10}$)", "", digits)
    return digits if re.fullmatch(r"1[3-9][0-9]{9}|0[0-9]{9,11}", digits) else None


def _facts(
    tx: Transaction,
    name: str,
    phone: str | None,
    given: Mapping[str, str],
    known: _Known,
    wrong: list[str],
    read_day: ReadDay,
) -> Facts:
    facts = Facts(name=name, phone=phone, verification="self_reported")
    for words, meaning in _RESIDENCES.items():
        if words in given["residence"]:
            facts.residence = meaning
    if given["residence"] and facts.residence is None and given["residence"] not in _MEMBERS:
        wrong.append(f"候鸟还是常住没写清：“{given['residence']}”")
    said = given["member"] or given["residence"]
    party_member = next((meaning for words, meaning in _MEMBERS.items() if words in said.lower()), _UNDECLARED)
    facts.party = Party(party_member, given["home_branch"])
    facts.origin = given["origin"][:40] or None
    facts.estate = given["estate"][:60] or None
    facts.party_group = given["party_group"][:40] or None
    facts.arrives_on = _day(given["arrives_on"], "来琼日期", wrong, read_day)
    facts.leaves_on = _day(given["leaves_on"], "离琼日期", wrong, read_day)
    if facts.arrives_on and facts.leaves_on and facts.leaves_on < facts.arrives_on:
        wrong.append("离琼日期早于来琼日期")
    if given["community"]:
        found = communities.find(tx, given["community"])
        if len(found) == 1:
            facts.community_code = found[0].code
        else:
            wrong.append(f"不认得社区“{given['community']}”")
    if given["point"]:
        fits = [point for point in known.points if given["point"] in (point.code, point.name)]
        fits = fits or [point for point in known.points if given["point"] in point.name]
        if len(fits) == 1:
            facts.point_id = fits[0].id
        else:
            wrong.append(f"不认得服务点“{given['point']}”")
    if given["host_branch"]:
        facts.host_branch_id = known.branches.get(given["host_branch"])
        if facts.host_branch_id is None:
            wrong.append(f"不认得支部“{given['host_branch']}”")
    return facts


def _day(text: str, what: str, wrong: list[str], read_day: ReadDay) -> date | None:
    day = read_day(text) if text else None
    if text and day is None:
        wrong.append(f"{what}看不懂：“{text}”")
    return day


def _differences(standing: Person, facts: Facts) -> list[str]:
    """What the list says otherwise than is kept. Empty cells say nothing."""
    found = [
        f"{label}和登记的不一样"
        for name, label in _LABELS.items()
        if getattr(facts, name) is not None and getattr(facts, name) != getattr(standing, name)
    ]
    if facts.party.member != "undeclared" and facts.party.member != standing.party.member:
        found.append("党员身份和登记的不一样")
    return found
