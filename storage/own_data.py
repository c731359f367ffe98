"""Everything held about one person, for that person (care.md P7): what the page, the chat and the file show."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, or_, select

from storage import (
    accounts,
    communities,
    inbox,
    need_categories,
    need_entries,
    needs,
    organisations,
    outbox,
    people,
    points,
)
from storage.database import Transaction
from storage.schema.call_list import call_list
from storage.schema.credit_points import credit_points, point_cards
from storage.schema.events import attendances, sign_ups
from storage.schema.events import events as events_table
from storage.schema.exports import exports
from storage.schema.markets import queue_numbers, slots, stalls
from storage.schema.needs import need_assignments
from storage.schema.needs import needs as needs_table
from storage.schema.people import consents, grants, proxies
from storage.schema.people import people as people_table
from storage.schema.polls import polls, suggestions, votes
from storage.schema.report_ins import report_ins
from storage.schema.sessions import sessions
from storage.schema.talks import attachments, files
from storage.schema.talks import outbox as outbox_table
from storage.schema.wishes import wish_claims, wishes
from storage.times import local

Data = dict[str, Any]
"""Values are what JSON knows; moments are written as on the clock of 三亚."""

_PERSON = bindparam("person", type_=people_table.c.id.type)
_REGISTERED = select(people_table.c.created_at, people_table.c.last_contact_at).where(people_table.c.id == _PERSON)
_CONSENTS = (
    select(
        consents.c.purpose,
        consents.c.version,
        consents.c.given,
        consents.c.channel,
        consents.c.at,
        consents.c.withdrawn_at,
        consents.c.text_hash,
    )
    .where(consents.c.person_id == _PERSON)
    .order_by(consents.c.id)
)
_GRANTS = (
    select(grants.c.role, grants.c.starts_at, grants.c.ends_at, grants.c.revoked_at)
    .where(grants.c.person_id == _PERSON)
    .order_by(grants.c.id)
)
_PROXIES = (
    select(
        proxies.c.person_id,
        proxies.c.proxy_id,
        proxies.c.asked_at,
        proxies.c.agreed_at,
        proxies.c.ended_at,
        proxies.c.sees_party,
    )
    .where(or_(proxies.c.person_id == _PERSON, proxies.c.proxy_id == _PERSON))
    .order_by(proxies.c.id)
)
_SIGN_UPS = (
    select(
        events_table.c.number,
        events_table.c.title,
        events_table.c.starts_at,
        sign_ups.c.state,
        sign_ups.c.joined_at,
        sign_ups.c.comes,
    )
    .join(events_table, events_table.c.id == sign_ups.c.event_id)
    .where(sign_ups.c.person_id == _PERSON)
    .order_by(sign_ups.c.id)
)
_ATTENDANCES = (
    select(
        events_table.c.number,
        events_table.c.title,
        events_table.c.starts_at,
        attendances.c.state,
        attendances.c.method,
        attendances.c.came_at,
        attendances.c.party_member,
        attendances.c.residence,
        attendances.c.undone_at,
        attendances.c.minutes_planned,
        attendances.c.minutes_measured,
        attendances.c.minutes_corrected,
    )
    .join(events_table, events_table.c.id == attendances.c.event_id)
    .where(attendances.c.person_id == _PERSON)
    .order_by(attendances.c.id)
)
_QUEUE_NUMBERS = (
    select(
        events_table.c.title,
        stalls.c.name.label("stall"),
        queue_numbers.c.number,
        slots.c.starts_at,
        queue_numbers.c.state,
        queue_numbers.c.taken_at,
    )
    .join(stalls, stalls.c.id == queue_numbers.c.stall_id)
    .join(events_table, events_table.c.id == stalls.c.event_id)
    .outerjoin(slots, slots.c.id == queue_numbers.c.slot_id)
    .where(queue_numbers.c.person_id == _PERSON)
    .order_by(queue_numbers.c.id)
)
_WISHES = (
    select(wishes.c.number, wishes.c.text, wishes.c.state, wishes.c.submitted_at, wishes.c.ended_at)
    .where(wishes.c.person_id == _PERSON)
    .order_by(wishes.c.id)
)
_CLAIMS = (
    select(wishes.c.number, wish_claims.c.claimed_at, wish_claims.c.ended_at)
    .join(wishes, wishes.c.id == wish_claims.c.wish_id)
    .where(wish_claims.c.person_id == _PERSON)
    .order_by(wish_claims.c.id)
)
_SUGGESTIONS = (
    select(suggestions.c.number, suggestions.c.text, suggestions.c.at, suggestions.c.answer)
    .where(suggestions.c.person_id == _PERSON)
    .order_by(suggestions.c.id)
)
_VOTES = (
    select(polls.c.number, polls.c.question, polls.c.options, votes.c.option, votes.c.at)
    .join(polls, polls.c.id == votes.c.poll_id)
    .where(votes.c.person_id == _PERSON)
    .order_by(votes.c.id)
)
_REPORT_INS = (
    select(report_ins.c.unit, report_ins.c.reported_at, report_ins.c.ends_on)
    .where(report_ins.c.person_id == _PERSON)
    .order_by(report_ins.c.id)
)
_POINTS = (
    select(events_table.c.title, credit_points.c.at, credit_points.c.points, credit_points.c.expires_on)
    .join(point_cards, point_cards.c.id == credit_points.c.card_id)
    .join(events_table, events_table.c.id == credit_points.c.event_id)
    .where(point_cards.c.person_id == _PERSON)
    .order_by(credit_points.c.id)
)
_CALLS = (
    select(call_list.c.kind, call_list.c.why, call_list.c.subject, call_list.c.made_at, call_list.c.result)
    .where(call_list.c.person_id == _PERSON)
    .order_by(call_list.c.id)
)
_WORK = (
    select(needs_table.c.number, need_assignments.c.role, need_assignments.c.began_at, need_assignments.c.ended_at)
    .join(needs_table, needs_table.c.id == need_assignments.c.need_id)
    .where(need_assignments.c.person_id == _PERSON)
    .order_by(need_assignments.c.id)
)
_ORGANISED = (
    select(events_table.c.number, events_table.c.title, events_table.c.starts_at)
    .where(events_table.c.organiser_id == _PERSON)
    .order_by(events_table.c.id)
)
_FILES = (
    select(files.c.media_type, files.c.created_at, files.c.expires_at)
    .where(files.c.person_id == _PERSON)
    .order_by(files.c.id)
)
_EXPORTS = (
    select(exports.c.kind, exports.c.wanted, exports.c.asked_at)
    .where(exports.c.person_id == _PERSON)
    .order_by(exports.c.id)
)
_SESSIONS = (
    select(sessions.c.began_at, sessions.c.seen_at).where(sessions.c.person_id == _PERSON).order_by(sessions.c.id)
)
_SENT = (
    select(
        outbox_table.c.id,
        outbox_table.c.key,
        outbox_table.c.kind,
        outbox_table.c.reply,
        outbox_table.c.state,
        outbox_table.c.due_at,
    )
    # One index holds what is under way and one what has ended: a condition for each, or both are left out.
    .where(
        or_(
            and_(outbox_table.c.person_id == _PERSON, outbox_table.c.ended_at.is_(None)),
            and_(outbox_table.c.person_id == _PERSON, outbox_table.c.ended_at.is_not(None)),
        )
    )
    .order_by(outbox_table.c.id)
)
_PICTURES = (
    select(attachments.c.kind, attachments.c.created_at, attachments.c.subject, attachments.c.state)
    .where(attachments.c.account_id == bindparam("account"))
    .order_by(attachments.c.id)
)


def of(tx: Transaction, person_id: int) -> Data:
    """Every row that is about the person, opened. Raises `NotFound`."""
    return {
        "person": _stated(tx, person_id),
        "accounts": _accounts(tx, person_id),
        "consents": _rows(tx, _CONSENTS, person_id),
        "roles": _rows(tx, _GRANTS, person_id),
        "proxies": _proxies(tx, person_id),
        "sign_ups": _rows(tx, _SIGN_UPS, person_id),
        "attendances": _rows(tx, _ATTENDANCES, person_id),
        "queue_numbers": _rows(tx, _QUEUE_NUMBERS, person_id),
        "needs": _needs(tx, person_id),
        "wishes": _sealed_rows(tx, _WISHES, person_id, "wishes"),
        "claims": _rows(tx, _CLAIMS, person_id),
        "suggestions": _sealed_rows(tx, _SUGGESTIONS, person_id, "suggestions"),
        "votes": _votes(tx, person_id),
        "report_ins": _rows(tx, _REPORT_INS, person_id),
        "points": _rows(tx, _POINTS, person_id),
        "sent": _sent(tx, person_id),
        "calls": _rows(tx, _CALLS, person_id),
        "work": _rows(tx, _WORK, person_id),
        "organised": _rows(tx, _ORGANISED, person_id),
        "files": _rows(tx, _FILES, person_id),
        "exports": _rows(tx, _EXPORTS, person_id),
        "console_sessions": _rows(tx, _SESSIONS, person_id),
    }


def _stated(tx: Transaction, person_id: int) -> Data:
    person = people.get(tx, person_id)
    row = tx.execute(_REGISTERED, {"person": person.id}).one()
    community = communities.get(tx, person.community_code) if person.community_code else None
    host = organisations.get(tx, person.host_branch_id) if person.host_branch_id is not None else None
    return {
        "name": person.name,
        "phone": person.phone,
        "party_member": person.party.member,
        "home_branch": person.party.home_branch or None,
        "member_type": person.party.member_type,
        "host_branch": host.name if host else None,
        "party_group": person.party_group,
        "verification": person.verification,
        "shows_membership": person.shows_membership,
        "residence": person.residence,
        "origin": person.origin,
        "arrives_on": _plain(person.arrives_on),
        "leaves_on": _plain(person.leaves_on),
        "community": community.display_name if community else None,
        "estate": person.estate,
        "service_point": points.get(tx, person.point_id).name if person.point_id is not None else None,
        "salutation": person.salutation,
        "birth_year": person.birth_year,
        "interests": [need_categories.get(tx, each).label for each in person.interests or ()] or None,
        "messages": person.messages,
        "registered_at": _plain(row.created_at),
        "registered_by_others": person.added_by is not None,
        "last_contact_at": _plain(row.last_contact_at),
    }


def _accounts(tx: Transaction, person_id: int) -> list[Data]:
    """With what was said there, as long as it is kept (30 days)."""
    found = []
    for account in accounts.of_person(tx, person_id):
        turns = inbox.spoken(tx, account.id, at_most=100_000)
        pictures = [_data(row) for row in tx.execute(_PICTURES, {"account": account.id})]
        said = [{"at": _plain(at), "said": text, "answers": _texts(replies)} for at, text, replies in turns]
        found.append(
            {
                "channel": account.channel,
                "user": account.user,
                "reachable": account.reachable,
                "last_heard_at": _plain(account.last_heard_at),
                "said": said,
                "pictures_and_voices": pictures,
            }
        )
    return found


def _proxies(tx: Transaction, person_id: int) -> list[Data]:
    """Who acts for the person, and for whom the person acts: the other's name and nothing else of theirs."""
    found = []
    for row in tx.execute(_PROXIES, {"person": person_id}).all():
        acts = row.proxy_id == person_id
        other = people.find(tx, row.person_id if acts else row.proxy_id)
        data = _data(row)
        del data["person_id"], data["proxy_id"]
        found.append({"i_act_for_them": acts, "name": other.name if other else None, **data})
    return found


def _needs(tx: Transaction, person_id: int) -> list[Data]:
    found = []
    for need in needs.of_person(tx, person_id, at_most=10_000):
        if need.person_id != person_id:
            continue  # told for somebody else: theirs
        text, place = needs.text_of(tx, need)
        entries = need_entries.of(tx, need.id, need.number)
        found.append(
            {
                "number": need.number,
                "category": need.category,
                "text": text,
                "place": place,
                "stage": need.stage,
                "outcome": need.outcome,
                "received_at": _plain(need.received_at),
                "due_at": _plain(need.due_at),
                "closed_at": _plain(need.closed_at),
                "entries": [
                    {"at": _plain(entry.at), "kind": entry.kind, "text": entry.text}
                    for entry in entries
                    if entry.for_resident
                ],
            }
        )
    return found


def _votes(tx: Transaction, person_id: int) -> list[Data]:
    found = []
    for row in tx.execute(_VOTES, {"person": person_id}):
        options = json.loads(row.options)
        found.append(
            {"number": row.number, "question": row.question, "option": options[row.option], "at": _plain(row.at)}
        )
    return found


def _sent(tx: Transaction, person_id: int) -> list[Data]:
    """What was or will be sent unasked, as long as it is kept."""
    found = []
    for row in tx.execute(_SENT, {"person": person_id}):
        reply = outbox.opened(tx, row)
        text = _texts(f"[{reply}]")[0] if reply else ""
        found.append({"kind": row.kind, "text": text, "state": row.state, "due_at": _plain(row.due_at)})
    return found


def _sealed_rows(tx: Transaction, statement: Select[Any], person_id: int, table: str) -> list[Data]:
    found = []
    for row in tx.execute(statement, {"person": person_id}):
        text = None if row.text is None else tx.vault.open(row.text, f"{table}.text|{row.number}")
        found.append(_data(row) | {"text": text})
    return found


def _rows(tx: Transaction, statement: Select[Any], person_id: int) -> list[Data]:
    return [_data(row) for row in tx.execute(statement, {"person": person_id})]


def _data(row: Any) -> Data:
    return {key: _plain(value) for key, value in row._mapping.items() if not isinstance(value, bytes)}


def _texts(replies: str) -> Sequence[str]:
    return [reply["text"] for reply in json.loads(replies)]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{local(value):%Y-%m-%d %H:%M}"
    return value.isoformat() if isinstance(value, date) else value
