"""The district in which every act is tried by everyone: who they are, and what there is to act on."""

from datetime import timedelta

from sqlalchemy import insert

from dialogue.message import Address, Choice, Reply, encoded
from storage import (
    attendance,
    audiences,
    broadcasts,
    budgets,
    call_list,
    events,
    exports,
    files,
    grants,
    markets,
    merging,
    need_work,
    needs,
    polls,
    proxies,
    queue_numbers,
    routing,
    series,
    settings,
    sign_ups,
    suggestions,
    wishes,
)
from storage.audit import Actor
from storage.markets import StallDraft
from storage.needs import Told
from storage.routing import Rule
from storage.schema.organisations import organisations
from storage.schema.people import people as people_table
from tests.conftest import MORNING
from tests.dialogues.town import class_of, person, town

YESTERDAY = MORNING - timedelta(days=1)
OFFICES = {
    "here_checker": [("checker", {"event_id": 1})],
    "there_checker": [("checker", {"event_id": 2})],
    "here_organiser": [("organiser", {"point_id": 1})],
    "there_organiser": [("organiser", {"point_id": 2})],
    "maker": [("organiser", {"point_id": 2})],  # once made events 5 and 6 at point 1
    "once_maker": [("checker", {"event_id": 2})],  # made event 7 at point 1, and is organiser no more
    "here_lead": [("point_lead", {"point_id": 1})],
    "there_lead": [("point_lead", {"point_id": 2})],
    "here_secretary": [("branch_secretary", {"organisation_id": 1})],
    "there_secretary": [("branch_secretary", {"organisation_id": 2})],
    "district": [("district_staff", {})],
    "auditor": [("auditor", {})],
}
WITHOUT = ("nobody", "resident", "neighbour", "owner", "supervisor", "expired", "revoked")
"""Without an office: who is not registered; whose needs and wishes all is about; who works on needs; who was staff."""
EVERYONE = (*WITHOUT, *OFFICES)


def address(name):
    return Address("web", name)


def arrange(tx):
    """Returns the number of each person by name."""
    town(tx)
    settings.put(tx, "console_address", "http://127.0.0.1", MORNING)
    tx.execute(insert(organisations), [{"name": f"示例{n}支部", "kind": "branch"} for n in (1, 2)])
    numbers = {}
    for place, name in enumerate(EVERYONE[1:]):
        at = 2 if name.startswith("there") or name == "neighbour" else 1
        facts = {"point_id": at, "community_code": f"46020400000{at}"}
        numbers[name] = person(tx, f"示例{name}"[:20], f"138001{place:05d}", address(name), **facts)
    office = Actor(numbers["district"], "district_staff")
    for name, held in OFFICES.items():
        for role, scope in held:
            if "event_id" not in scope:
                grants.grant(tx, role, Actor(), MORNING, person_id=numbers[name], **scope)
    person_of_office = numbers["expired"], numbers["revoked"]
    grants.grant(tx, "district_staff", Actor(), YESTERDAY, person_id=person_of_office[0], ends_at=MORNING)
    grants.revoke(
        tx, grants.grant(tx, "district_staff", Actor(), YESTERDAY, person_id=person_of_office[1]), office, MORNING
    )
    _people(tx, numbers)
    _events(tx, numbers, office)
    for name in ("here_checker", "there_checker", "once_maker"):
        ((role, scope),) = OFFICES[name]
        grants.grant(tx, role, Actor(), MORNING, person_id=numbers[name], **scope)
    _needs(tx, numbers)
    _told(tx, numbers, office)
    return numbers


def _people(tx, numbers):
    """王秀英 and her double belong to point 1 and branch 1; 张桂芳 to point 2 and branch 2; 李建国 to no branch."""
    numbers["王秀英"] = person(tx, "王秀英", "13900001001", None, "yes")
    numbers["她的另一份"] = person(tx, "王秀英", "13900001009", None)
    numbers["张桂芳"] = person(tx, "张桂芳", "13900002002", None, "yes", point_id=2, community_code="460204000002")
    numbers["李建国"] = person(tx, "李建国", "13900003003", None, "yes")
    for name, branch in (("王秀英", 1), ("张桂芳", 2)):
        tx.execute(people_table.update().where(people_table.c.id == numbers[name]).values(host_branch_id=branch))


def _events(tx, numbers, office):
    """1 at point 1 and 2 at point 2 begin soon; 3 is a draft, 4 is over, 5 was published just now; 5, 6 of `maker`."""
    series.create(tx, "书法班", "sunset_school", None, 1)
    class_of(tx, series_id=1, capacity=9, starts_in=timedelta(minutes=30))
    class_of(tx, "河西课", starts_in=timedelta(minutes=40))
    _set(tx, 2, point_id=2)
    for event_id in (1, 2):
        markets.add(tx, event_id, StallDraft("理发", "一号桌"), office, MORNING)
    budgets.spend(tx, 1, 8650, office, MORNING, what="笔墨")
    draft = events.Draft("other", "存稿", MORNING + timedelta(days=3), MORNING + timedelta(days=3, hours=1), "春园")
    draft.point_id = 1
    events.create(tx, draft, MORNING)
    _set(tx, 1, organisation_id=1)
    class_of(tx, "护河", starts_in=timedelta(minutes=20))
    class_of(tx, "刚发的课", starts_in=timedelta(days=9))
    class_of(tx, "自己的课", starts_in=timedelta(minutes=50))
    class_of(tx, "从前的课", starts_in=timedelta(minutes=60))
    _set(tx, 4, type="volunteering", organiser_id=numbers["district"])
    for event_id, name in ((5, "maker"), (6, "maker"), (7, "once_maker")):
        _set(tx, event_id, organiser_id=numbers[name])
    for event_id in (1, 4, 6, 7):
        for name in ("resident", "王秀英"):
            sign_ups.sign_up(tx, event_id, [numbers[name]], Actor(numbers[name]), MORNING, override="示例")
        attendance.check_in(tx, event_id, numbers["王秀英"], "by_staff", office, MORNING)
    queue_numbers.take(tx, 1, numbers["resident"], Actor(numbers["resident"], "resident"), MORNING)
    events.close(tx, 4, office, MORNING)
    _set(tx, 4, starts_at=YESTERDAY, ends_at=YESTERDAY + timedelta(hours=1))


def _set(tx, event_id, **values):
    tx.execute(events.table.update().where(events.table.c.id == event_id).values(values))


def _needs(tx, numbers):
    """Of the resident: 1 waits for an owner, 2 is worked on, 3 is answered."""
    for text in ("楼道灯不亮了", "路灯不亮了", "井盖坏了"):
        if text != "楼道灯不亮了":
            rule = Rule(numbers["owner"], "春园社区的李干事", supervisor_id=numbers["supervisor"])
            routing.publish(tx, [rule], Actor(), MORNING)
        told = Told(numbers["resident"], text, "web", "housing", community_code="460204000001")
        needs.tell(tx, told, Actor(numbers["resident"], "resident"), YESTERDAY)
    owner = Actor(numbers["owner"], "owner")
    for number in (2, 3):
        need_work.accept(tx, needs.with_number(tx, number)[0], owner, YESTERDAY)
    need_work.answer(tx, needs.with_number(tx, 3)[0], "井盖换好了。", "done", owner, YESTERDAY)


def _told(tx, numbers, office):
    """Wishes, a poll, a suggestion, broadcasts, a call, a merge, a proxy asked for: all of the resident, at point 1."""
    resident = Actor(numbers["resident"], "resident")
    for text in ("想学手机视频", "想有人陪着下棋"):
        wishes.submit(tx, numbers["resident"], text, "460204000001", resident, MORNING)
    wishes.post(tx, wishes.with_number(tx, 2), "一位老人想下棋", 1, office, MORNING)
    polls.ask(tx, "长椅放哪儿？", ["东门", "西门"], MORNING + timedelta(days=9), office, YESTERDAY, "460204000001")
    over = YESTERDAY + timedelta(hours=1)
    polls.ask(tx, "几点开门？", ["早点", "晚点"], over, office, YESTERDAY, "460204000001")
    polls.close_due(tx, MORNING)
    suggestions.make(tx, numbers["resident"], "门口加个长椅", "460204000001", resident, MORNING)
    reply = encoded(Reply("示例通知", (Choice("收到 1", "收到"),)))
    here = audiences.Audience(points=(1,), in_town=False)
    for name, role in (("here_lead", "point_lead"), ("here_lead", "point_lead"), ("maker", "organiser")):
        broadcasts.draft(tx, reply, here, Actor(numbers[name], role), MORNING)
    tx.execute(broadcasts.table.update().where(broadcasts.table.c.id == 2).values(state="asked", counted=99))
    export_id = exports.ask(
        tx,
        "report",
        {"report": "call_list", "name": "", "from": "2026-11-01", "to": "2026-11-30", "unmasked": None},
        numbers["here_lead"],
        None,
        MORNING,
    )
    exports.ready(tx, export_id, files.add(tx, "a.csv", "text/csv", b"a", numbers["here_lead"], MORNING), MORNING)
    call_list.add(tx, "example", "need", numbers["王秀英"], "no_account", MORNING, subject="示例", point_id=1)
    merging.merge(tx, numbers["王秀英"], numbers["她的另一份"], office, MORNING, "示例")
    numbers["王秀兰"] = person(tx, "王秀兰", "13900007007", None)
    proxies.ask(tx, numbers["resident"], numbers["neighbour"], Actor(numbers["neighbour"]), MORNING)
