"""Settings around needs: what they are about, how long an answer may take, and who works on what where (直派表)."""

from dataclasses import dataclass, replace

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.visit import Visit
from handlers.routing import in_words
from storage import communities, grants, need_categories, need_limits, people, routing
from storage.audit import Actor
from storage.database import Transaction
from storage.masks import mask_phone
from storage.need_categories import Category
from storage.need_limits import Limits
from storage.need_stages import MODES
from storage.routing import Rule

_LABEL, _CALLED, _GRID = 20, 20, 40
_LIMITS = {"urgent": "急的", **MODES}
_OFFICES = ("district_staff", "point_lead", "branch_secretary", "organiser")


@dataclass(frozen=True, slots=True)
class Row:
    """A category as the form has it. `days` is empty where the house's number for all counts."""

    category: Category
    days: str
    is_kept: bool = True


async def page(visit: Visit) -> Response:
    """?q= finds somebody who shall work on needs."""
    return visit.page("need_settings.html", **await visit.read(_look, visit))


async def set_limits(visit: Visit) -> Response:
    """Categories and days in one form: what is offered, in which order, and within which time it is answered."""
    rows, added = await visit.read(_rows_of_form, visit)
    wrong = [
        f"“{label}”要填 1 到 {need_limits.MOST} 的整数。" for name, label in _LIMITS.items() if not _days(visit, name)
    ]
    wrong += [
        f"“{row.category.label}”的天数要填 1 到 {need_limits.MOST}，照一般的办就空着。"
        for row in rows
        if not _fits(row)
    ]
    labels = [row.category.label for row in rows if row.is_kept]
    if any(len(label) < 2 for label in labels) or len(set(labels)) < len(labels):
        wrong.append("每一类的名字至少两个字，不能有两类同名。")
    if not labels:
        wrong.append("至少要留一类。")
    if wrong:
        limits = {name: visit.text(name, 3) for name in _LIMITS}
        shown = await visit.read(_look, visit)
        fresh = rows.pop() if added else None
        said = {"rows": rows, "fresh": fresh, "limits": limits, "wrong": wrong}
        return visit.page("need_settings.html", 422, **{**shown, **said})

    def work(tx: Transaction) -> None:
        kept = [row for row in rows if row.is_kept]
        days = {row.category.code: int(row.days) for row in kept if row.days}
        limits = Limits(**{name: _days(visit, name) for name in _LIMITS}, categories=days)
        if limits != need_limits.get(tx):
            need_limits.put(tx, limits, _actor(visit), visit.now)
        if (wanted := [row.category for row in kept]) != need_categories.listed(tx):
            need_categories.replace(tx, wanted, _actor(visit), visit.now)

    await visit.write(work)
    also = "新加的一类马上能选。" if added else ""
    return visit.goes_to(f"/console/settings/needs?said=记下了，从现在起说的难处照这个算。{also}")


async def add_rule(visit: Visit) -> Response:
    """A rule, instead of the one for the same needs at the same place; a new version is in force at once."""

    def work(tx: Transaction) -> str | None:
        rule = _rule(tx, visit)
        if rule is None:
            return None
        words = in_words(tx, rule)
        return f"直派表第 {routing.add(tx, rule, _actor(visit), visit.now, words)} 版生效了。正在办的件不变。"

    said = await visit.write(work)
    if said is not None:
        return visit.goes_to(f"/console/settings/needs?said={said}")
    wrong = ["请选承办人，写清楚跟居民怎么称呼他，比如：春园社区的李干事。"]
    return visit.page("need_settings.html", 422, **{**await visit.read(_look, visit), "rule_wrong": wrong})


async def drop_rule(visit: Visit) -> Response:
    """`place` counts the rules of `version` from 0."""

    def work(tx: Transaction) -> str:
        rules, place = routing.rules(tx), visit.number("place")
        if visit.number("version") != routing.version(tx) or place is None or place >= len(rules):
            return "直派表刚刚变过，没有删。请再看看。"
        said = f"删：{in_words(tx, rules[place])}"
        return f"删掉了，第 {routing.drop(tx, rules[place], _actor(visit), visit.now, said)} 版生效。"

    return visit.goes_to(f"/console/settings/needs?said={await visit.write(work)}")


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    limits, rules = need_limits.get(tx), routing.rules(tx)
    words = visit.asked("q", 40)
    found = people.search(tx, words) if words else []
    known = {rule.owner_id for rule in rules} | {rule.supervisor_id for rule in rules if rule.supervisor_id}
    known |= {person for grant, person, *_ in grants.in_force(tx, visit.now) if person and grant.role in _OFFICES}
    workers = {one.id: one.name for each in sorted(known) if (one := people.find(tx, each)) is not None}
    given = {
        name: visit.text(name, 40)
        for name in ("category", "community", "grid", "owner", "called", "supervisor", "mode")
    }
    return {
        "fresh": None,
        "categories": {each.code: each.label for each in need_categories.listed(tx)},
        "rows": [Row(each, str(limits.categories.get(each.code, ""))) for each in need_categories.listed(tx)],
        "limits": {name: getattr(limits, name) for name in _LIMITS},
        "labels": _LIMITS,
        "most": need_limits.MOST,
        "table": routing.version(tx),
        "rules": [in_words(tx, rule) for rule in rules],
        "words": words,
        "found": found,
        "workers": {one.id: f"{one.name} {mask_phone(one.phone or '')}" for one in found} | workers,
        "communities": communities.names(tx),
        "modes": MODES,
        "given": given,
        "wrong": [],
        "rule_wrong": [],
    }


def _rows_of_form(tx: Transaction, visit: Visit) -> tuple[list[Row], bool]:
    """What was filled in, in the order that was filled in; whether a category was added."""
    rows: list[Row] = []
    places: dict[str, tuple[int, int]] = {}
    for place, category in enumerate(need_categories.listed(tx), 1):
        code = category.code
        changed = replace(
            category, label=visit.text(f"label-{code}", _LABEL), asks_place=visit.text(f"place-{code}") == "yes"
        )
        rows.append(Row(changed, visit.text(f"days-{code}", 3), visit.text(f"drop-{code}") != "yes"))
        number = visit.number(f"order-{code}")
        wanted = place if number is None else number
        places[code] = (wanted, wanted - place)  # moved up it stands before the one that is there, moved down after it
    rows.sort(key=lambda row: places[row.category.code])
    label = visit.text("label-", _LABEL)
    if not label:
        return rows, False
    taken = need_categories.known(tx)
    code = next(code for number in range(1, len(taken) + 2) if (code := f"own_{number}") not in taken)
    is_health = visit.text("health-") == "yes"
    added = Category(code, label, asks_place=visit.text("place-") == "yes", is_health=is_health)
    return [*rows, Row(added, visit.text("days-", 3))], True


def _days(visit: Visit, name: str) -> int:
    """0 when it is no number of days."""
    days = visit.number(name) or 0
    return days if days <= need_limits.MOST else 0


def _fits(row: Row) -> bool:
    return not row.days or (row.days.isascii() and row.days.isdecimal() and 1 <= int(row.days) <= need_limits.MOST)


def _rule(tx: Transaction, visit: Visit) -> Rule | None:
    """None without somebody who works on it, or without what to call them."""
    owner, supervisor = people.find(tx, visit.number("owner")), people.find(tx, visit.number("supervisor"))
    called = visit.text("called", _CALLED)
    category, community = visit.text("category", 24) or None, visit.text("community", 12) or None
    if owner is None or len(called) < 2:
        return None
    if category is not None:
        need_categories.get(tx, category)  # raises NotFound
    return Rule(
        owner.id,
        called,
        category,
        community if community in communities.names(tx) else None,
        visit.text("grid", _GRID) or None,
        supervisor.id if supervisor else None,
        "joint" if visit.text("mode", 8) == "joint" else "direct",
    )


def _actor(visit: Visit) -> Actor:
    return visit.staff.actor(visit.staff.first_of(DISTRICT))
