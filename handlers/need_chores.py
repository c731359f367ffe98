"""What falls due about needs, wishes and polls without anybody asking, in one call."""

from datetime import datetime

from dialogue.message import Choice, Reply, encoded
from handlers import need_follow_ups, need_notices, wish_notices
from storage import (
    accounts,
    assignments,
    call_list,
    follow_ups,
    grants,
    need_clock,
    need_warnings,
    need_work,
    needs,
    outbox,
    people,
    polls,
    priority_list,
    wishes,
)
from storage.calendar import is_open, working_time_between
from storage.database import Transaction
from storage.needs import Need
from storage.times import local_date


def tick(tx: Transaction, now: datetime) -> int:
    """Warn, ask, remind and list whatever is due at `now`. Repeating it is harmless; a restart loses nothing.

    Returns how many matters there was something to say about.
    """
    tx.lock("chores of needs")  # two workers would each tell the same news
    resumed = need_work.resume_due(tx, now)
    for need in resumed:
        need_notices.resumed(tx, need, now)
    warned = need_warnings.warn_due(tx, now, need_notices.warning)
    asked = follow_ups.ask_due(tx, now)
    for need in asked:
        need_notices.ask_whether_solved(tx, need, now)
    late = follow_ups.late_decisions(tx, now)
    for need in late:
        need_notices.decision_late(tx, need, now)
    closed = [need for need in follow_ups.well_due(tx, now) if _can_be_asked(tx, need, now)]
    for need in closed:
        need_notices.ask_whether_well(tx, need, now)
    lapsed = wishes.lapse_due(tx, now)
    for wish, claimer_id in lapsed:
        wish_notices.lapsed(tx, wish, claimer_id, now)
    _remind_to_accept(tx, now)
    _list_the_silent(tx, now)
    polls.close_due(tx, now)
    done = warned + len(resumed) + len(asked) + len(late) + len(closed) + len(lapsed)
    if priority_list.export_is_due(tx, now) and priority_list.listed(tx, now):
        _remind_of_the_list(tx, now)
        done += 1
    return done


def _can_be_asked(tx: Transaction, need: Need, now: datetime) -> bool:
    """Those who have left are asked by chat only (domain 7.3.4); a message that nobody gets would become a call."""
    person = people.find(tx, need.person_id)
    if person is None:
        return False
    reachable = any(account.reachable for account in accounts.of_person(tx, person.id))
    return reachable or people.is_in_town(person, local_date(now))


def _remind_to_accept(tx: Transaction, now: datetime) -> None:
    days = need_clock.overrides(tx)
    if not is_open(now, days):
        return
    for lead in assignments.unaccepted(tx):
        if working_time_between(lead.began_at, now, days) >= need_work.ACCEPTED_WITHIN:
            need_notices.not_accepted(tx, needs.get(tx, lead.need_id), lead, now)


def _list_the_silent(tx: Transaction, now: datetime) -> None:
    for one in follow_ups.silent(tx, now):
        need = one.need
        subject = f"{need.name}回访（记结果回“回访 {need.said_as}”）"
        key = need_follow_ups.call_key(need)
        call_list.add(tx, key, "need", one.person_id, one.why, now, subject=subject, point_id=one.point_id)


def _remind_of_the_list(tx: Transaction, now: datetime) -> None:
    """Once a week: the list goes to the district as a file, by one word."""
    listed = priority_list.listed(tx, now)
    text = f"本周重点督办清单有 {len(listed)} 件。回“督办清单”拿表。"
    for person_id in grants.on_duty(tx, None, now):
        key = f"priority-list:{local_date(now)}:{person_id}"
        reply = encoded(Reply(text, (Choice("督办清单", "督办清单"),)))
        outbox.plan(tx, outbox.Planned("notice", key, reply, now, person_id=person_id), now)
