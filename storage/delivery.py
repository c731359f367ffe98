"""Which rows of the outbox go out next: chosen, routed to an account and claimed before a byte leaves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import bindparam, func, select, union_all, update

from storage import outbox
from storage.accounts import Account
from storage.database import Transaction
from storage.outbox import AT_ANY_HOUR, COLUMNS, LANES, PAUSED, UNDER_WAY, Due, Ended
from storage.schema.people import accounts, people
from storage.schema.records import settings
from storage.schema.talks import outbox as table

_ROUNDS = 4  # queries in one hop: where many rows end unsent, others must not wait for all of them
_LAST_AT_ANY_HOUR = max(LANES[kind] for kind in AT_ANY_HOUR)
_ALL_LANES = sorted(set(LANES.values()))

_PAUSED = select(settings.c.key).where(settings.c.key == PAUSED, settings.c.value == "true").exists()


def _due_in(lane: int, of_channel: Any, *but: Any) -> Any:
    """The first due rows of one lane. One query over all lanes would read every row planned for later."""
    found = select(table.c.id, table.c.lane, table.c.due_at).where(
        UNDER_WAY,
        table.c.state == "planned",
        of_channel,
        table.c.lane == lane,
        table.c.due_at <= bindparam("now"),
        *but,
    )
    if lane > _LAST_AT_ANY_HOUR:
        found = found.where(bindparam("any_hour") == 1)
    if lane > 0:
        found = found.where(~_PAUSED)
    part = found.order_by(table.c.due_at, table.c.id).limit(bindparam("at_most")).subquery()
    return select(part.c.id, part.c.lane, part.c.due_at)


_unrouted = union_all(*(_due_in(lane, table.c.channel.is_(None)) for lane in _ALL_LANES)).subquery("unrouted")
_UNROUTED = (  # a row for each account of the person, as `accounts.of_person` has them; one without where there is none
    select(
        _unrouted.c.id,
        people.c.state,
        accounts.c.id.label("account_id"),
        accounts.c.channel,
        accounts.c.user,
        accounts.c.person_id,
        accounts.c.reachable,
        accounts.c.last_heard_at,
    )
    .select_from(
        _unrouted.join(table, table.c.id == _unrouted.c.id)
        .outerjoin(people, people.c.id == table.c.person_id)
        .outerjoin(accounts, accounts.c.person_id == table.c.person_id)
    )
    .order_by(_unrouted.c.lane, _unrouted.c.due_at, _unrouted.c.id, accounts.c.last_heard_at.desc())
)
_of_channel = (
    table.c.channel == bindparam("channel"),
    table.c.account_id.not_in(bindparam("busy", expanding=True)),
)
_first = union_all(*(_due_in(lane, *_of_channel) for lane in _ALL_LANES)).subquery("first")
_DUE = (
    select(*COLUMNS, table.c.account_id, table.c.tries, accounts.c.user, accounts.c.reachable)
    .select_from(
        outbox.with_reasons(
            _first.join(table, table.c.id == _first.c.id).join(accounts, accounts.c.id == table.c.account_id)
        )
    )
    .where(table.c.state == "planned")  # once more: of a row that another worker changed, only this is read again
    .order_by(_first.c.lane, _first.c.due_at, _first.c.id)
    .limit(bindparam("at_most"))
    .with_for_update(of=table, skip_locked=True)
)
_NEXT = union_all(
    *(
        select(func.min(table.c.due_at)).where(
            UNDER_WAY,
            table.c.state == "planned",
            of_channel,
            table.c.lane == lane,
            table.c.due_at > bindparam("now"),
        )
        for of_channel in (table.c.channel == bindparam("channel"), table.c.channel.is_(None))
        for lane in _ALL_LANES
    )
)
_ANY_DUE = (
    select(table.c.id)
    .where(UNDER_WAY, table.c.state == "planned", table.c.channel == bindparam("channel"))
    .where(table.c.lane.in_(_ALL_LANES), table.c.due_at <= bindparam("now"))  # the lanes, for the sake of the index
    .limit(1)
)
_ROW = table.c.id == bindparam("row")
_ROUTE = update(table).where(_ROW).values(account_id=bindparam("to_account"), channel=bindparam("to_channel"))
_CLAIM = update(table).where(_ROW).values(state="sending", sender=bindparam("by"), tries=table.c.tries + 1)
_SENDERS = select(table.c.sender).where(UNDER_WAY, table.c.state == "sending").distinct()
_STOPPED = (
    update(table)
    .where(UNDER_WAY, table.c.state == "sending", func.coalesce(table.c.sender, 0) == bindparam("dead"))
    .values(state="unknown", because="stopped while sending", ended_at=bindparam("at"))
)


@dataclass(slots=True)
class Turn:
    """Rows claimed for sending, and whether more may be due at once."""

    due: list[Due]
    more: bool


def turn(
    tx: Transaction,
    channel: str,
    ended: Sequence[Ended],
    at_most: int,
    now: datetime,
    busy: Collection[int] = (),
) -> Turn:
    """Note what became of earlier rows, then claim up to `at_most` due ones of `channel`: one hop for both.

    A claimed row is `sending` on disk before its first byte leaves; of one account only one is, and none of the
    accounts that are `busy`. What must not go out any more (expired, event changed, sign-up gone, messages stopped)
    ends here and is not returned.
    """
    outbox.settle_all(tx, ended, now)
    due: list[Due] = []
    taken = set(busy)
    wanted = {"channel": channel, "now": now, "any_hour": int(tx.hours.are_on(now))}
    for _ in range(_ROUNDS):
        if len(due) >= at_most:
            break
        found = tx.execute(_DUE, {**wanted, "at_most": at_most - len(due), "busy": sorted(taken)}).all()
        claimed = []
        for row in found:
            end = _instead(row, now)
            if end is not None:
                outbox.settle(tx, end, now)
            elif row.account_id not in taken:
                reply = outbox.opened(tx, row)
                if reply is None:
                    outbox.settle(tx, Ended(row.id, "refused", "unreadable"), now)
                    continue
                taken.add(row.account_id)
                due.append(Due(row.id, row.account_id, row.user, row.kind, reply, row.tries + 1))
                claimed.append({"row": row.id, "by": tx.worker})
        if claimed:
            tx.execute(_CLAIM, claimed)
        if not found:
            return Turn(due, more=False)
    return Turn(due, more=True)


def route(tx: Transaction, now: datetime, channels: Collection[str], at_most: int = 100) -> set[str]:
    """Choose for each due message, `at_most` of each lane, where among `channels` its person is reached.

    Returns the channels chosen.
    """
    wanted = {"now": now, "any_hour": int(tx.hours.are_on(now)), "at_most": at_most}
    routed, lost = [], []
    for row_id, ways in groupby(tx.execute(_UNROUTED, wanted).all(), attrgetter("id")):
        each = list(ways)
        account = outbox.preferred([Account(*way[2:]) for way in each if way.account_id is not None], channels)
        if each[0].state in ("merged", "anonymised"):
            lost.append(Ended(row_id, "superseded", f"person {each[0].state}"))
        elif account is None:
            lost.append(Ended(row_id, "unreachable", "no account"))
        else:
            routed.append({"row": row_id, "to_account": account.id, "to_channel": account.channel})
    for end in lost:
        outbox.settle(tx, end, now)
    if routed:
        tx.execute(_ROUTE, routed)
    return {str(one["to_channel"]) for one in routed}


def after_a_stop(tx: Transaction, now: datetime, but_own: bool = False) -> int:
    """What was being sent by a worker that lives no more may have arrived. It is listed, never sent again.

    `but_own`: this worker is sending itself already.
    """
    found = [sender or 0 for sender in tx.execute(_SENDERS).scalars()]
    dead = [one for one in found if (not but_own if one == tx.worker else not tx.lives(one))]
    return sum(tx.execute(_STOPPED, {"dead": one, "at": now}).rowcount for one in dead)


def any_due(tx: Transaction, channel: str, now: datetime) -> bool:
    """Whether anything of the channel has fallen due, for whomever it is."""
    return tx.execute(_ANY_DUE, {"channel": channel, "now": now}).first() is not None


def next_due(tx: Transaction, channel: str, now: datetime) -> datetime | None:
    """When the next row after `now` falls due, in `channel` or not yet routed; when the hours begin at the latest."""
    moments = [moment for (moment,) in tx.execute(_NEXT, {"channel": channel, "now": now}) if moment is not None]
    if not tx.hours.are_on(now):
        moments.append(tx.hours.next(now))
    return min(moments, default=None)


def _instead(row: Any, now: datetime) -> Ended | None:
    """How the row ends without being sent; None when it is to be sent."""
    end = outbox.no_longer(row, now)
    if end is None and not row.reachable and row.kind != "answer":
        return Ended(row.id, "unreachable", "account unreachable")
    return end
