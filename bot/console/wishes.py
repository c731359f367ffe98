"""Wishes at the console: put into words that name nobody, brought together with who took them on, and followed."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import Staff
from bot.console.visit import Visit
from handlers import wish_notices
from handlers import wishes as wishes_handler
from storage import communities, organisations, wishes
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound
from storage.wishes import STATES, Claim, Wish

_MOST_SHARERS = 20


@dataclass(frozen=True, slots=True)
class Card:
    wish: Wish
    text: str  # in public words, or a note that there are none yet
    community: str
    claims: int


def to_work_on(tx: Transaction, staff: Staff) -> list[Wish]:
    """What waits for staff: to be put into public words, or to be brought together."""
    waiting = [*wishes.submitted(tx), *wishes.to_connect(tx)]
    return [wish for wish in waiting if wishes_handler.role_for(tx, wish, staff.grants) is not None]


async def board(visit: Visit) -> Response:
    def look(tx: Transaction) -> dict[str, object]:
        names = communities.names(tx)
        mine = [wish for wish in wishes.under_way(tx) if wishes_handler.role_for(tx, wish, visit.staff.grants)]
        columns = [
            (label, [_card(tx, wish, names) for wish in mine if wish.state == state])
            for state, label in STATES.items()
            if state not in ("confirmed", "withdrawn")
        ]
        return {"columns": columns, "count": len(mine)}

    return visit.page("wishes.html", **await visit.read(look))


async def detail(visit: Visit) -> Response:
    return visit.page("wish.html", **await visit.read(_look, visit))


async def post(visit: Visit) -> Response:
    """Show it to everyone in words that staff wrote, once nothing in them tells who wished."""
    text, sharers = visit.text("public", 100), visit.number("sharers") or 1

    def work(tx: Transaction) -> str | None:
        wish, actor = _mine(tx, visit)
        if len(text) < 4:
            return "请写给大家看的话，至少四个字。"
        if wishes_handler.gives_away(tx, wish, text):
            return "里面还有姓名、电话或者住址，请去掉再发。"
        wishes.post(tx, wish, text, min(max(sharers, 1), _MOST_SHARERS), actor, visit.now)
        return None

    wrong = await visit.write(work)
    if wrong is not None:
        parts = await visit.read(_look, visit)
        return visit.page("wish.html", 422, **{**parts, "wrong": wrong, "public": text})
    return _back(visit, "发布了，大家在“微心愿”里看得到。")


async def both(visit: Visit) -> Response:
    """The phones of both sides, to ask the elder first. Reading them stays in the audit log."""

    def work(tx: Transaction) -> dict[str, object]:
        wish, actor = _mine(tx, visit)
        return {**_look(tx, visit), "sides": wishes_handler.both_sides(tx, wish, actor, visit.now)}

    return visit.page("wish.html", **await visit.write(work))


async def step(visit: Visit) -> Response:
    """`what`: connected, done or withdrawn."""
    what = visit.text("what", 10)

    def work(tx: Transaction) -> str:
        wish, actor = _mine(tx, visit)
        if what == "connected":
            wish_notices.connected(tx, wishes.connect(tx, wish, actor, visit.now), visit.now)
            return "记下了，两边联系上了。"
        if what == "done":
            wish_notices.done(tx, wishes.done(tx, wish, actor, visit.now), visit.now)
            return "记下了，去问本人是不是实现了。"
        claimers = [one.person_id for one in wishes.claims(tx, wish.id, standing_only=True)]
        wish_notices.withdrawn(tx, wishes.withdraw(tx, wish, actor, visit.now), claimers, visit.now)
        return "撤回了，认领的人会知道。"

    said = await visit.write(work)
    visit.wake()
    return _back(visit, said)


def _back(visit: Visit, said: str) -> Response:
    return visit.goes_to(f"/console/wishes/{visit.path_number()}?said={said}")


def _mine(tx: Transaction, visit: Visit) -> tuple[Wish, Actor]:
    """Raises `NotFound` for a wish that is none of theirs."""
    wish = wishes.get(tx, visit.path_number())
    role = wishes_handler.role_for(tx, wish, visit.staff.grants)
    if role is None:
        raise NotFound("号的心愿")
    return wish, visit.staff.actor(role)


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    wish, _ = _mine(tx, visit)
    community = communities.get(tx, wish.community_code) if wish.community_code else None
    claims = wishes.claims(tx, wish.id)
    return {
        "wish": wish,
        "state": STATES[wish.state],
        "community": community.display_name if community else "",
        "text": wishes.text_of(tx, wish),
        "public": wishes.public_text_of(tx, wish),
        "claims": [(one, _unit(tx, one)) for one in claims],
        "sides": [],
        "wrong": None,
    }


def _unit(tx: Transaction, claim: Claim) -> str:
    if claim.organisation_id is not None:
        return organisations.get(tx, claim.organisation_id).name
    return claim.team or "一位居民"


def _card(tx: Transaction, wish: Wish, names: dict[str, str]) -> Card:
    claims = len(wishes.claims(tx, wish.id, standing_only=True))
    text = wishes.public_text_of(tx, wish) or "（还没写给大家看的话）"
    return Card(wish, text, names.get(wish.community_code or "", ""), claims)
