"""The people and places that the transcripts speak of."""

from datetime import timedelta

from dialogue.message import Address
from storage import accounts, events, grants, people, settings
from storage.audit import Actor
from storage.geography import Place
from storage.schema.places import communities, service_points
from tests.conftest import ME, MORNING

CHUNYUAN = Place(18.2528, 109.5119)


def town(tx):
    """Two communities with a point each, and the phone of the house."""
    settings.put(tx, "support_phone", "0898-0000-0000", MORNING)
    for code, name in (("460204000001", "春园"), ("460204000002", "河西")):
        row = {"code": code, "official_name": f"{name}社区居委会", "display_name": f"{name}社区", "short_name": name}
        tx.execute(communities.insert(), {**row, "kind": "residents_committee", "active": True})
    for number, (name, code, north) in enumerate([("春园", "460204000001", 0), ("河西", "460204000002", 0.01)], 1):
        row = {
            "code": f"T-{number}",
            "name": f"天涯红雁之家·{name}社区",
            "kind": "community_window",
            "community_code": code,
            "address": f"{name}路1号",
            "latitude": CHUNYUAN.latitude + north,
            "longitude": CHUNYUAN.longitude,
            "datum": "wgs84",
            "phone": f"0898-0000-001{number}",
            "hours": "周一至周五 08:30-12:00;14:30-17:30",
            "services": "",
            "active": True,
            "is_sample": False,
            "note": "",
        }
        tx.execute(service_points.insert(), row)


async def registered(chat, name="王建国", phone="13800138000", who=ME, **facts):
    """A registered person, behind the account that `who` has in this chat's channel. Returns their number."""
    now, chat.who = chat.who, who
    address, chat.who = chat.who, now
    return await chat.does(person, name, phone, address, **facts)


def person(tx, name, phone, who=None, member="no", **facts):
    facts = {"residence": "local", "community_code": "460204000001", "point_id": 1, **facts}
    made = people.Facts(name=name, phone=phone, party=people.Party(member), **facts)
    person_id = people.add(tx, made, MORNING, checked_by_staff=True)
    if who is not None:
        accounts.belongs_to(tx, accounts.heard(tx, *who, MORNING).id, person_id)
    return person_id


def class_of(tx, title="书法班", capacity=2, starts_in=timedelta(days=15, hours=4, minutes=30), **more):
    """A published event: by default 8 December 2026, 14:30. Returns its number."""
    starts_at = MORNING + starts_in
    draft = events.Draft("sunset_school", title, starts_at, starts_at + timedelta(hours=2), "春园社区红雁之家", **more)
    draft.capacity, draft.point_id, draft.contact_phone = capacity, 1, "0898-0000-0011"
    event_id = events.create(tx, draft, MORNING)
    events.publish(tx, event_id, Actor(), MORNING)
    return event_id


def staff(tx, person_id, role, **scope):
    """Give a role."""
    grants.grant(tx, role, Actor(), MORNING, person_id=person_id, **scope)


def address(number):
    return Address("telegram", f"user {number}")
