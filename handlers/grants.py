"""职务: given by name or by an invitation, for a place and until a day, and taken back at once."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from dialogue import asking, texts
from dialogue.message import Choice, Reply, encoded
from dialogue.questions import OneOf
from dialogue.talk import Talk
from handlers import events as events_handler
from handlers import links, persons, registration, roles
from storage import events, grants, organisations, outbox, people, points, tokens
from storage.audit import Actor
from storage.grants import Grant
from storage.refusals import CodeNotValid, NotAllowed, NotFound, NotRegistered
from storage.times import day_ends

PURPOSE = "invitation"

_OF_DISTRICT = ("checker", "organiser", "point_lead", "branch_secretary", "district_staff", "auditor")
_OF_LEAD = ("checker", "organiser")
_HOW = {"name": "找登记过的人", "link": "发邀请，谁收到谁用"}


@dataclass(slots=True)
class _Offer:
    """What is to be given."""

    role: str
    point_id: int | None = None
    organisation_id: int | None = None
    event_id: int | None = None
    ends_at: datetime | None = None


async def give(talk: Talk) -> None:
    """“给职务”: what, where, until when, and to whom."""
    if talk.person_id is None:
        raise NotRegistered
    may = _may_give(talk)
    role = await talk.ask("role", "给什么职务？", OneOf({each: roles.TITLES[each] for each in may}))
    offer = await _scope(talk, _Offer(role))
    until = await asking.day_or_skip(talk, "until", "到哪天为止？比如：4月30号。不定期限就回“跳过”。")
    offer.ends_at = None if until is None else day_ends(until)
    what = _in_words(talk, offer)
    if await talk.ask("how", f"{what}，怎么给？", OneOf(_HOW)) == "link":
        return _invite(talk, offer, what)
    person = await persons.pick(talk, "person", "给谁？说姓名，或者手机号后四位。", among=persons.within_reach(talk))
    if not await talk.confirm(f"{person.name}，{what}"):
        return talk.say("好的，没有给。")
    _grant(talk, offer, person.id, Actor(talk.person_id, _own_role(talk, offer), talk.account.channel))
    text = f"您现在是{what}。回“我的事”看能办什么。"
    key = f"granted:{person.id}:{role}:{int(talk.now.timestamp())}"
    planned = outbox.Planned("notice", key, encoded(Reply(text, (Choice("我的事", "我的事"),))), talk.now)
    planned.person_id = person.id
    outbox.plan(talk.tx, planned, talk.now)
    return talk.say(f"给好了：{person.name}，{what}。马上能用。")


async def accept(talk: Talk) -> None:
    """An invitation opened by its link, or “接受邀请” with its letters. Each is good for one person."""
    token = talk.payload.partition("-")[2] or talk.opening.text.strip()
    subject = tokens.read(talk.tx, PURPOSE, token, talk.now)
    by = int(subject.pop("by"))
    ends_at = subject.pop("ends_at")
    offer = _Offer(**subject, ends_at=None if ends_at is None else datetime.fromisoformat(ends_at))
    giver = _role_of(talk, by, offer)
    if giver is None or (offer.ends_at is not None and offer.ends_at <= talk.now):
        raise CodeNotValid  # who invited may do so no longer
    what = _in_words(talk, offer)
    if talk.person_id is None:
        talk.say(f"有人请您当{what}。先登记，大约一分钟。")
        await registration.register(talk)
        if talk.person_id is None:
            return
    tokens.redeem(talk.tx, PURPOSE, token, talk.now)
    _grant(talk, offer, talk.person_id, Actor(by, giver, talk.account.channel))
    talk.say(f"好了，您现在是{what}。", Choice("我的事", "看看能办什么"))


async def take_back(talk: Talk) -> None:
    """“收回职务”: takes effect with the next word they say."""
    found: dict[str, str] = {}
    held: dict[str, Grant] = {}
    for grant, person_id, _account, _since in grants.in_force(talk.tx, talk.now):
        offer = _Offer(grant.role, grant.point_id, grant.organisation_id, grant.event_id, grant.ends_at)
        if _role_of(talk, talk.person_id or 0, offer) is None:
            continue
        person = people.find(talk.tx, person_id)
        found[str(grant.id)] = f"{person.name if person else '没登记的账号'}　{_in_words(talk, offer)}"
        held[str(grant.id)] = grant
    if not found:
        return talk.say("您这里没有可以收回的职务。")
    chosen = await talk.ask("which", "收回哪一个？", OneOf(found))
    if not await talk.confirm(f"收回{found[chosen]}"):
        return talk.say("好的，没有收回。")
    grant = held[chosen]
    offer = _Offer(grant.role, grant.point_id, grant.organisation_id, grant.event_id)
    actor = Actor(talk.person_id, _own_role(talk, offer), talk.account.channel)
    grants.revoke(talk.tx, grant.id, actor, talk.now)
    return talk.say(f"收回了：{found[chosen]}。")


def _invite(talk: Talk, offer: _Offer, what: str) -> None:
    subject = asdict(offer) | {"by": talk.person_id}
    subject["ends_at"] = None if offer.ends_at is None else offer.ends_at.isoformat()
    token = tokens.issue(talk.tx, PURPOSE, subject, talk.now)
    days = tokens.LINK_LASTS.days
    link = links.here(talk, "接受邀请", f"invite-{token}")
    way = "点链接，或者跟我说" if link else "请他跟我说"
    talk.say(
        f"邀请做好了：{what}。请转给本人，{days} 天内有效，只能用一次。{way}：接受邀请 {token}",
        link=link,
    )


def _grant(talk: Talk, offer: _Offer, person_id: int, actor: Actor) -> None:
    grants.grant(
        talk.tx,
        offer.role,
        actor,
        talk.now,
        person_id=person_id,
        point_id=offer.point_id,
        organisation_id=offer.organisation_id,
        event_id=offer.event_id,
        ends_at=offer.ends_at,
    )


async def _scope(talk: Talk, offer: _Offer) -> _Offer:
    """Where it holds. A lead gives at the own point alone."""
    own = _own_points(talk)
    if offer.role == "branch_secretary":
        names = {str(each.id): each.name for each in organisations.active(talk.tx)}
        if not names:
            raise NotFound("组织")
        offer.organisation_id = int(await talk.ask("organisation", "哪个支部？", OneOf(names)))
    elif offer.role in ("checker", "organiser", "point_lead"):
        known = {str(point.id): point.name for point in points.active(talk.tx) if own is None or point.id in own}
        options = known
        if offer.role == "checker":
            options = {"event": "只管一场活动"} | known
        chosen = next(iter(options)) if len(options) == 1 else await talk.ask("scope", "管哪儿？", OneOf(options))
        if chosen != "event":
            offer.point_id = int(chosen)
            return offer
        coming = [event for event in events.coming(talk.tx, talk.now) if own is None or event.point_id in own]
        if not coming:
            raise NotFound("活动")
        labels = {str(event.id): events_handler.label(event) for event in coming}
        offer.event_id = int(await talk.ask("event", "哪一场？", OneOf(labels)))
    return offer


def _in_words(talk: Talk, offer: _Offer) -> str:
    where = ""
    if offer.point_id is not None:
        where = points.get(talk.tx, offer.point_id).name
    elif offer.organisation_id is not None:
        where = organisations.get(talk.tx, offer.organisation_id).name
    elif offer.event_id is not None:
        where = f"《{events.get(talk.tx, offer.event_id).title}》"
    until = ""
    if offer.ends_at is not None:
        until = f"（到{texts.day(offer.ends_at - timedelta(minutes=1))}）"
    return f"{where}{'的' if where else ''}{roles.TITLES[offer.role]}{until}"


def _may_give(talk: Talk) -> tuple[str, ...]:
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    if any(grant.role == "district_staff" for grant in held):
        return _OF_DISTRICT
    if any(grant.role == "point_lead" and grant.point_id is not None for grant in held):
        return _OF_LEAD
    raise NotAllowed(roles.TITLES["point_lead"])


def _own_points(talk: Talk) -> set[int] | None:
    """None is every point."""
    held = grants.roles_of(talk.tx, talk.account, talk.now)
    if any(grant.role == "district_staff" for grant in held):
        return None
    return {grant.point_id for grant in held if grant.role == "point_lead" and grant.point_id is not None}


def _role_of(talk: Talk, person_id: int, offer: _Offer) -> str | None:
    """The role in which this person may give such a thing now, and take it back; None when they may not."""
    held = grants.of_person(talk.tx, person_id, talk.now)
    if any(grant.role == "district_staff" for grant in held):
        return "district_staff"
    point_id = offer.point_id
    if offer.event_id is not None:
        point_id = events.get(talk.tx, offer.event_id).point_id
    leads = {grant.point_id for grant in held if grant.role == "point_lead" and grant.point_id is not None}
    return "point_lead" if offer.role in _OF_LEAD and point_id in leads else None


def _own_role(talk: Talk, offer: _Offer) -> str:
    role = _role_of(talk, talk.person_id or 0, offer)
    if role is None:
        raise NotAllowed(roles.TITLES["district_staff"])
    return role
