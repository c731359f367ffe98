"""Broadcasts at the console: what was written lately, and one with its words, its audience and how it goes out."""

from collections.abc import Callable

from starlette.responses import Response

from bot.console.access import DISTRICT, Staff
from bot.console.visit import Visit
from bot.web.files import as_file
from dialogue.message import decoded, encoded
from handlers import audiences as audiences_handler
from handlers import broadcasts as broadcasts_handler
from handlers.audiences import CHANNELS
from handlers.broadcasts import STANDS
from handlers.roles import TITLES
from storage import audiences, broadcasts, files, outbox, people, recipients
from storage.audit import Actor
from storage.broadcasts import STATES, Broadcast
from storage.database import Transaction
from storage.masks import mask_name, mask_phone
from storage.refusals import NotAllowed, NotFound

_ON_A_PAGE = 50
_UNDER_WAY = ("sending", "paused")
_BEGUN = (*_UNDER_WAY, "stopped", "finished")


def may_see(staff: Staff, found: Broadcast) -> bool:
    return staff.is_district or found.made_by == staff.person_id


def acting_on(staff: Staff, found: Broadcast) -> Actor:
    """Who wrote it, while they hold the role they wrote it in, or district staff. Raises `NotAllowed`."""
    if staff.is_district:
        return staff.actor("district_staff")
    if found.made_by == staff.person_id and staff.holds(found.role):
        return staff.actor(found.role)
    raise NotAllowed(TITLES["district_staff"])


async def listing(visit: Visit) -> Response:
    def look(tx: Transaction) -> list[tuple[Broadcast, str, str]]:
        mine = [found for found in broadcasts.recent(tx, 100) if may_see(visit.staff, found)]
        return [(found, decoded(found.reply).text, _called(tx, found.made_by)) for found in mine[:_ON_A_PAGE]]

    return visit.page("broadcasts.html", found=await visit.read(look), states=STATES)


async def detail(visit: Visit) -> Response:
    """?after=…: who was not reached, from the next on."""
    return visit.page("broadcast.html", **await visit.read(_look, visit))


async def progress(visit: Visit) -> Response:
    """The figures alone, asked for while it goes out."""

    def look(tx: Transaction) -> dict[str, object]:
        return _progress(tx, _seen(tx, visit))

    return visit.part("broadcast_progress.html", **await visit.read(look))


async def file(visit: Visit) -> Response:
    """The picture or file that goes along."""

    def look(tx: Transaction) -> tuple[str, str, bytes] | None:
        reply = decoded(_seen(tx, visit).reply)
        sent = reply.photo or reply.file
        return files.opened_by(tx, sent.token, visit.now) if sent is not None else None

    found = await visit.read(look)
    if found is None:
        raise NotFound("文件")
    name, media_type, content = found
    return as_file(content, media_type, name)


async def preview(visit: Visit) -> Response:
    """Onto one's own phone, exactly as everyone gets it."""

    def work(tx: Transaction) -> str:
        found = _seen(tx, visit)
        acting_on(visit.staff, found)
        if not broadcasts_handler.with_its_file(tx, found, visit.now):
            return "图片还没取到，过一小会儿再试。"
        found = broadcasts.get(tx, found.id)
        key = f"preview-broadcast:{found.id}:{visit.staff.person_id}:{int(visit.now.timestamp())}"
        reply = encoded(decoded(found.reply))
        outbox.plan(tx, outbox.Planned("notice", key, reply, visit.now, person_id=visit.staff.person_id), visit.now)
        return "发到您自己的聊天里了，看看再定。"

    return await _done(visit, work)


async def hand_in(visit: Visit) -> Response:
    """Send it, or ask a second person for their yes."""

    def work(tx: Transaction) -> str:
        found = _seen(tx, visit)
        actor = acting_on(visit.staff, found)
        if not broadcasts_handler.with_its_file(tx, found, visit.now):
            return "图片还没取到，过一小会儿再发。"
        found = broadcasts.hand_in(tx, found.id, actor, visit.now)
        if found.state == "sending":
            return "开始发了。"
        if not broadcasts_handler.ask_others(tx, found, visit.now):
            return broadcasts_handler.NO_SECOND
        return f"要发给 {found.counted} 人，{broadcasts_handler.SECOND_ASKED}"

    return await _done(visit, work)


async def decide(visit: Visit) -> Response:
    """`answer`: yes or no, of a second person."""
    agrees = visit.text("answer", 3) == "yes"

    def work(tx: Transaction) -> str:
        found = _seen(tx, visit)
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        broadcasts_handler.decide(tx, found, agrees, actor, visit.now)
        return f"{broadcasts_handler.DECIDED[agrees]}。"

    return await _done(visit, work)


async def steer(visit: Visit) -> Response:
    """`what`: pause, resume or stop."""
    what = visit.text("what", 8)
    verb, said = {
        "pause": (broadcasts.pause, "暂停了。正在送的那几条拦不住。"),
        "resume": (broadcasts.resume, "接着发了。"),
    }.get(what, (broadcasts.stop, "停了，不再发。"))

    def work(tx: Transaction) -> str:
        found = _seen(tx, visit)
        verb(tx, found.id, acting_on(visit.staff, found), visit.now)
        return said

    return await _done(visit, work)


async def phone(visit: Visit) -> Response:
    """Everyone who did not get it goes on the call list."""

    def work(tx: Transaction) -> int:
        found = _seen(tx, visit)
        acting_on(visit.staff, found)
        if found.state not in _BEGUN:
            raise NotFound("没收到的人")
        return broadcasts_handler.list_for_calls(tx, found, visit.now)

    return visit.goes_to(f"/console/calls?said=列进电话名单 {await visit.write(work)} 人。")


async def _done(visit: Visit, work: Callable[[Transaction], str]) -> Response:
    said = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/broadcasts/{visit.path_number()}?said={said}")


def _seen(tx: Transaction, visit: Visit) -> Broadcast:
    """Raises `NotFound` for one that is none of theirs, as for one that is not there."""
    found = broadcasts.get(tx, visit.path_number())
    if not may_see(visit.staff, found):
        raise NotFound("群发")
    return found


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    found = _seen(tx, visit)
    reply = decoded(found.reply)
    is_ahead = found.state in ("draft", "asked")
    missed = recipients.missed(tx, found.id, _ON_A_PAGE + 1, visit.asked_number("after") or 0)
    rows = []
    for person_id, state in missed[:_ON_A_PAGE]:
        person = people.find(tx, person_id)
        name, number = (person.name, person.phone or "") if person else ("（已注销）", "")
        rows.append((mask_name(name) if person else name, mask_phone(number), STANDS[state]))
    return {
        "reply": reply,
        "looks": [(CHANNELS[channel], look(reply)) for channel, look in visit.settings.looks.items()],
        "audience": audiences_handler.described(tx, found.audience),
        "counted": audiences.count(tx, found.audience, visit.now) if is_ahead else None,
        "channels": CHANNELS,
        "approval_above": broadcasts.approval_above(tx),
        "maker": _called(tx, found.made_by),
        "approver": _called(tx, found.approved_by),
        "missed": rows,
        "following": missed[_ON_A_PAGE - 1][0] if len(missed) > _ON_A_PAGE else None,
        "is_own": found.made_by == visit.staff.person_id,
        "has_begun": found.state in _BEGUN,
        **_progress(tx, found),
    }


def _progress(tx: Transaction, found: Broadcast) -> dict[str, object]:
    stands = recipients.progress(tx, found)
    left = max(found.counted - stands.planned, 0)
    over = sum(number for name, number in stands.states.items() if name not in ("planned", "sending"))
    return {
        "broadcast": found,
        "states": STATES,
        "is_under_way": found.state in _UNDER_WAY,
        "figures": [(label, stands.states[name]) for name, label in STANDS.items() if name in stands.states],
        "left": left,
        "over": min(over, found.counted),
        "acknowledged": stands.acknowledged,
    }


def _called(tx: Transaction, person_id: int | None) -> str:
    person = people.find(tx, person_id)
    return person.name if person else ""
