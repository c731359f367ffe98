"""微心愿: small wishes, shown without who made them, taken on, and done when the elder says so (domain 7.5)."""

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, func, insert, select, update

from storage import audit, need_clock, numbering
from storage.audit import Actor
from storage.calendar import is_working_day
from storage.database import Transaction
from storage.refusals import NotAllowed, NotFound, NotNow, WishTaken
from storage.schema.people import people
from storage.schema.wishes import wish_claims
from storage.schema.wishes import wishes as table
from storage.times import local, local_date

CLAIM_HOLDS = timedelta(days=7)
STATES = {
    "submitted": "等着整理",
    "posted": "等人认领",
    "claimed": "有人认领",
    "contacted": "联系上了",
    "done": "办好了",
    "confirmed": "本人确认",
    "withdrawn": "撤回",
}
_OPEN = ("submitted", "posted", "claimed", "contacted", "done")
_STAFF = ("district_staff", "point_lead")


@dataclass(slots=True)
class Wish:
    """A wish without its words (`text_of`, `public_text_of`) and without saying whose it is to those who only read."""

    id: int
    number: str
    said_as: int
    person_id: int | None
    told_by: int | None
    community_code: str | None
    state: str
    sharers: int
    due_on: date | None
    submitted_at: datetime
    posted_at: datetime | None
    contacted_at: datetime | None
    done_at: datetime | None
    ended_at: datetime | None

    @property
    def name(self) -> str:
        return f"心愿第{self.said_as}号"

    @property
    def subject(self) -> str:
        return f"wish {self.id}"


@dataclass(frozen=True, slots=True)
class Claim:
    id: int
    wish_id: int
    person_id: int
    organisation_id: int | None
    team: str | None
    claimed_at: datetime
    lapses_at: datetime
    ended_at: datetime | None
    because: str | None


_COLUMNS = tuple(table.c[field.name] for field in fields(Wish))
_GET = select(*_COLUMNS).where(table.c.id == bindparam("id"))
_BY_NUMBER = select(*_COLUMNS).where(table.c.said_as == bindparam("number")).order_by(table.c.id.desc())
_IN_STATE = select(*_COLUMNS).where(table.c.state == bindparam("in_state")).order_by(table.c.id)
_POSTED = (
    select(*_COLUMNS)
    .where(table.c.state.in_(["posted", "claimed"]))
    .order_by(table.c.due_on.is_(None), table.c.due_on, table.c.id)
)
_OF_PERSON = select(*_COLUMNS).where(table.c.person_id == bindparam("person")).order_by(table.c.id.desc())
_ALL = select(*_COLUMNS).where(table.c.submitted_at >= bindparam("begins"), table.c.submitted_at < bindparam("ends"))
_TEXTS = select(table.c.text, table.c.public_text).where(table.c.id == bindparam("id"))
_LEAVES = select(people.c.leaves_on).where(people.c.id == bindparam("person"))
_ADD = insert(table).returning(table.c.id)
_CHANGE = update(table).where(table.c.id == bindparam("wish"))
_CLAIM = tuple(wish_claims.c[name] for name in Claim.__dataclass_fields__)
_CLAIMS = select(*_CLAIM).where(wish_claims.c.wish_id == bindparam("wish")).order_by(wish_claims.c.id)
_STANDING = _CLAIMS.where(wish_claims.c.ended_at.is_(None))
_CLAIMED_BY = (
    select(*_COLUMNS)
    .join(wish_claims, wish_claims.c.wish_id == table.c.id)
    .where(wish_claims.c.person_id == bindparam("person"), wish_claims.c.ended_at.is_(None))
    .where(table.c.state.in_(["claimed", "contacted", "done"]))
    .order_by(table.c.id)
)
_ADD_CLAIM = insert(wish_claims)
_END_CLAIM = (
    update(wish_claims)
    .where(wish_claims.c.wish_id == bindparam("wish"), wish_claims.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), because=bindparam("why"))
)
_END_ONE = _END_CLAIM.where(wish_claims.c.person_id == bindparam("person"))
_LAPSED = (
    select(wish_claims.c.id, wish_claims.c.wish_id, wish_claims.c.person_id)
    .join(table, table.c.id == wish_claims.c.wish_id)
    .where(wish_claims.c.ended_at.is_(None), wish_claims.c.lapses_at <= bindparam("now"), table.c.state == "claimed")
    .order_by(wish_claims.c.id)
)
_COUNT_STANDING = select(func.count()).where(
    wish_claims.c.wish_id == bindparam("wish"), wish_claims.c.ended_at.is_(None)
)


def submit(
    tx: Transaction,
    person_id: int,
    text: str,
    community_code: str | None,
    actor: Actor,
    now: datetime,
    told_by: int | None = None,
) -> Wish:
    """Keep a wish, due on the last working day before the person leaves. Staff alone see it until they post it."""
    year = local(now).year
    said_as = numbering.next_number(tx, "XY", year)
    number = f"XY{year}-{said_as:04d}"
    row = {
        "number": number,
        "said_as": said_as,
        "person_id": person_id,
        "told_by": told_by,
        "community_code": community_code,
        "text": tx.vault.seal(text, f"wishes.text|{number}"),
        "state": "submitted",
        "sharers": 1,
        "due_on": _due_on(tx, person_id, now),
        "submitted_at": now,
    }
    wish_id = int(tx.execute(_ADD, row).scalar_one())
    audit.note(tx, actor, "wish.submitted", f"wish {wish_id}", now)
    return get(tx, wish_id)


def post(tx: Transaction, wish: Wish, public_text: str, sharers: int, actor: Actor, now: datetime) -> Wish:
    """Show it, in words without names and addresses that staff wrote; up to `sharers` may take it on together."""
    wish = _held(tx, wish)
    _must_be_staff(actor)
    _must_be(wish, "submitted", "posted")
    sealed = tx.vault.seal(public_text, f"wishes.public_text|{wish.number}")
    values = {"public_text": sealed, "sharers": sharers, "state": "posted", "posted_at": now}
    tx.execute(_CHANGE.values(**values, posted_by=actor.person_id), {"wish": wish.id})
    audit.note(tx, actor, "wish.posted", wish.subject, now, after={"sharers": sharers})
    return get(tx, wish.id)


def claim(
    tx: Transaction,
    wish: Wish,
    person_id: int,
    actor: Actor,
    now: datetime,
    organisation_id: int | None = None,
    team: str | None = None,
) -> Wish:
    """认领: reserved for seven days. Repeating it is harmless. Raises `WishTaken` when enough people share it."""
    wish = _held(tx, wish)
    standing = claims(tx, wish.id, standing_only=True)
    if any(one.person_id == person_id for one in standing):
        return wish
    _must_be(wish, "posted", "claimed")
    if len(standing) >= wish.sharers:
        raise WishTaken(wish.number)
    row = {"wish_id": wish.id, "person_id": person_id, "organisation_id": organisation_id, "team": team}
    tx.execute(_ADD_CLAIM, {**row, "claimed_at": now, "lapses_at": now + CLAIM_HOLDS})
    tx.execute(_CHANGE.values(state="claimed"), {"wish": wish.id})
    audit.note(tx, actor, "wish.claimed", wish.subject, now)
    return get(tx, wish.id)


def give_up(tx: Transaction, wish: Wish, person_id: int, actor: Actor, now: datetime) -> Wish:
    """Whoever took it on cannot do it after all; with nobody left it returns to the pool."""
    wish = _held(tx, wish)
    _must_be(wish, "claimed", "contacted")
    ended = tx.execute(_END_ONE, {"wish": wish.id, "person": person_id, "now": now, "why": "given_up"}).rowcount
    if not ended:
        raise NotFound("认领")
    audit.note(tx, actor, "wish.given_up", wish.subject, now)
    return _back_to_the_pool(tx, wish)


def connect(tx: Transaction, wish: Wish, actor: Actor, now: datetime) -> Wish:
    """Staff brought the two together, after asking the elder: from here the claim does not lapse."""
    wish = _held(tx, wish)
    _must_be_staff(actor)
    _must_be(wish, "claimed")
    tx.execute(_CHANGE.values(state="contacted", contacted_at=now), {"wish": wish.id})
    audit.note(tx, actor, "wish.contacted", wish.subject, now)
    return get(tx, wish.id)


def done(tx: Transaction, wish: Wish, actor: Actor, now: datetime) -> Wish:
    """Said by one of those who took it on, or by staff. The elder is asked whether it is so."""
    wish = _held(tx, wish)
    _must_be(wish, "contacted")
    is_claimer = any(one.person_id == actor.person_id for one in claims(tx, wish.id, standing_only=True))
    if not is_claimer:
        _must_be_staff(actor)
    tx.execute(_CHANGE.values(state="done", done_at=now), {"wish": wish.id})
    audit.note(tx, actor, "wish.done", wish.subject, now)
    return get(tx, wish.id)


def confirm(tx: Transaction, wish: Wish, actor: Actor, now: datetime, *, fulfilled: bool) -> Wish:
    """The elder's word. If it is not fulfilled, it is still with those who took it on."""
    wish = _held(tx, wish)
    _must_be_theirs(wish, actor)
    _must_be(wish, "done")
    if fulfilled:
        tx.execute(_CHANGE.values(state="confirmed", ended_at=now), {"wish": wish.id})
    else:
        tx.execute(_CHANGE.values(state="contacted", done_at=None), {"wish": wish.id})
    audit.note(tx, actor, "wish.confirmed", wish.subject, now, after={"fulfilled": fulfilled})
    return get(tx, wish.id)


def withdraw(tx: Transaction, wish: Wish, actor: Actor, now: datetime) -> Wish:
    """At any time, by the elder or by staff; whoever took it on is free again."""
    wish = _held(tx, wish)
    _must_be_theirs(wish, actor)
    if wish.state not in _OPEN:
        raise NotNow(wish.number, STATES[wish.state])
    tx.execute(_END_CLAIM, {"wish": wish.id, "now": now, "why": "withdrawn"})
    tx.execute(_CHANGE.values(state="withdrawn", ended_at=now), {"wish": wish.id})
    audit.note(tx, actor, "wish.withdrawn", wish.subject, now)
    return get(tx, wish.id)


def lapse_due(tx: Transaction, now: datetime) -> list[tuple[Wish, int]]:
    """Claims that ran out before staff could connect the two: the wish, and who had taken it on. Each once."""
    lapsed = []
    for row in tx.execute(_LAPSED, {"now": now}).all():
        wish = _held(tx, get(tx, row.wish_id))
        if wish.state != "claimed":
            continue  # brought together at the last moment
        if not tx.execute(_END_ONE, {"wish": wish.id, "person": row.person_id, "now": now, "why": "lapsed"}).rowcount:
            continue
        audit.note(tx, Actor(), "wish.lapsed", wish.subject, now)
        lapsed.append((_back_to_the_pool(tx, wish), int(row.person_id)))
    return lapsed


def _back_to_the_pool(tx: Transaction, wish: Wish) -> Wish:
    if not tx.execute(_COUNT_STANDING, {"wish": wish.id}).scalar_one():
        tx.execute(_CHANGE.values(state="posted", contacted_at=None), {"wish": wish.id})
    return get(tx, wish.id)


def _held(tx: Transaction, wish: Wish) -> Wish:
    """As it is now, and nobody else changes it until this ends."""
    tx.lock(wish.subject)
    return get(tx, wish.id)


def get(tx: Transaction, wish_id: int) -> Wish:
    """Raises `NotFound`."""
    row = tx.execute(_GET, {"id": wish_id}).first()
    if row is None:
        raise NotFound("心愿")
    return Wish(*row)


def with_number(tx: Transaction, said_as: int) -> Wish:
    """The newest of this number. Raises `NotFound`."""
    row = tx.execute(_BY_NUMBER, {"number": said_as}).first()
    if row is None:
        raise NotFound("号的心愿")
    return Wish(*row)


def to_take_on(tx: Transaction) -> list[Wish]:
    """What may still be taken on, the most urgent first."""
    posted = [Wish(*row) for row in tx.execute(_POSTED).all()]
    return [wish for wish in posted if len(claims(tx, wish.id, standing_only=True)) < wish.sharers]


def submitted(tx: Transaction) -> list[Wish]:
    """What staff have still to put into public words."""
    return [Wish(*row) for row in tx.execute(_IN_STATE, {"in_state": "submitted"})]


def to_connect(tx: Transaction) -> list[Wish]:
    """What was taken on and waits for staff to bring the two together."""
    return [Wish(*row) for row in tx.execute(_IN_STATE, {"in_state": "claimed"})]


def under_way(tx: Transaction) -> list[Wish]:
    """Every wish that is neither confirmed nor withdrawn, those least far first."""
    return [wish for state in _OPEN for wish in (Wish(*row) for row in tx.execute(_IN_STATE, {"in_state": state}))]


def of_person(tx: Transaction, person_id: int) -> list[Wish]:
    return [Wish(*row) for row in tx.execute(_OF_PERSON, {"person": person_id})]


def taken_on_by(tx: Transaction, person_id: int) -> list[Wish]:
    return [Wish(*row) for row in tx.execute(_CLAIMED_BY, {"person": person_id})]


def within(tx: Transaction, begins: datetime, ends: datetime) -> list[Wish]:
    """Those submitted in the half-open span."""
    return [Wish(*row) for row in tx.execute(_ALL.order_by(table.c.id), {"begins": begins, "ends": ends})]


def claims(tx: Transaction, wish_id: int, *, standing_only: bool = False) -> list[Claim]:
    return [Claim(*row) for row in tx.execute(_STANDING if standing_only else _CLAIMS, {"wish": wish_id})]


def text_of(tx: Transaction, wish: Wish) -> str:
    """As the person said it: for staff and the person. Empty once erased."""
    sealed = tx.execute(_TEXTS, {"id": wish.id}).one().text
    return "" if sealed is None else tx.vault.open(sealed, f"wishes.text|{wish.number}")


def public_text_of(tx: Transaction, wish: Wish) -> str:
    """As anyone may read it. Empty before it is posted, and once erased."""
    sealed = tx.execute(_TEXTS, {"id": wish.id}).one().public_text
    return "" if sealed is None else tx.vault.open(sealed, f"wishes.public_text|{wish.number}")


def _due_on(tx: Transaction, person_id: int, now: datetime) -> date | None:
    """The last working day before the day they leave, but not a day that has passed."""
    leaves_on: date | None = tx.execute(_LEAVES, {"person": person_id}).scalar()
    if leaves_on is None or leaves_on <= local_date(now):
        return None
    days = need_clock.overrides(tx)
    day = leaves_on - timedelta(days=1)
    while not is_working_day(day, days) and day > local_date(now):
        day -= timedelta(days=1)
    return max(day, local_date(now))


def _must_be(wish: Wish, *states: str) -> None:
    if wish.state not in states:
        raise NotNow(wish.number, STATES[wish.state])


def _must_be_theirs(wish: Wish, actor: Actor) -> None:
    """The elder, who acts for them, or staff; to anyone else it is as if there were none."""
    if actor.role not in ("proxy", *_STAFF) and (wish.person_id is None or actor.person_id != wish.person_id):
        raise NotFound("号的心愿")


def _must_be_staff(actor: Actor) -> None:
    if actor.role not in _STAFF:
        raise NotAllowed("点长")
