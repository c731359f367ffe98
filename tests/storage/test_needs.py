"""What is kept of needs, one promise each; all of them in any order are in `test_needs_season`."""

from datetime import date, datetime, timedelta

import pytest

from storage import (
    assignments,
    attachments,
    audit,
    follow_ups,
    need_categories,
    need_clock,
    need_counts,
    need_entries,
    need_ledger,
    need_retention,
    need_rulings,
    need_work,
    needs,
    people,
    priority_list,
    routing,
)
from storage.audit import Actor
from storage.need_categories import Category
from storage.need_warnings import warn_due
from storage.needs import Told
from storage.refusals import NotAllowed, NotFound, NotNow
from storage.routing import Rule
from storage.schema.places import communities
from storage.schema.records import holiday_overrides
from storage.times import SHANGHAI, local
from tests.conftest import MORNING


class Scene:
    """A resident, an owner, a supervisor and the district, with one need at hand."""

    def __init__(self, database):
        self.database = database
        self.now = MORNING
        self.warnings = []

    async def does(self, work, *args, **kwargs):
        return await self.database.write(work, *args, **kwargs)

    async def lay_out(self):
        def begin(tx):
            row = {"code": "1", "official_name": "春园社区居委会", "display_name": "春园社区", "short_name": "春园"}
            tx.execute(communities.insert(), {**row, "kind": "residents_committee", "active": True})
            names = ("王建国", "李明", "孙主任", "区干事", "点长甲")
            facts = [people.Facts(name=name, phone=f"1390000000{n}") for n, name in enumerate(names)]
            made = [people.add(tx, each, MORNING) for each in facts]
            routing.publish(tx, [Rule(made[1], "李干事", community_code="1", supervisor_id=made[2])], Actor(), MORNING)
            return made

        resident, owner, supervisor, district, lead = await self.does(begin)
        self.resident = Actor(resident, "resident", "web")
        self.owner = Actor(owner, "owner", "web")
        self.supervisor = Actor(supervisor, "supervisor", "web")
        self.district = Actor(district, "district_staff", "web")
        self.lead = Actor(lead, "point_lead", "phone")

    async def tells(self, text="路灯坏了", category="transport", **facts):
        told = Told(self.resident.person_id, text, "web", category, community_code="1", **facts)
        return await self.does(needs.tell, told, self.resident, self.now)

    async def ticks(self):
        def note(_tx, warned, _now):
            self.warnings.append(warned.level)

        return await self.does(warn_due, self.now, note)

    def at(self, text):
        self.now = datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.fixture
async def scene(database):
    scene = Scene(database)
    await scene.lay_out()
    return scene


async def test_numbers_begin_anew_each_year_and_the_newest_is_meant(scene):
    first = await scene.tells()
    scene.at("2026-12-31 23:59")
    assert (await scene.tells()).number == "XQ2026-0002"
    scene.at("2027-01-01 00:00")
    again = await scene.tells()
    assert again.number == "XQ2027-0001"
    assert [need.id for need in await scene.does(needs.with_number, 1)] == [again.id, first.id]


async def test_warnings_wait_for_the_offices_to_open(scene):
    await scene.tells()  # due on Wednesday 2 December at 10:00, four fifths on Monday 30 November at 16:00
    scene.at("2026-11-30 15:59")
    await scene.ticks()
    assert scene.warnings == []
    scene.at("2026-11-30 18:00")
    await scene.ticks()
    scene.at("2026-12-01 07:59")
    await scene.ticks()
    assert scene.warnings == []
    scene.at("2026-12-01 08:00")
    await scene.ticks()
    await scene.ticks()
    assert scene.warnings == ["soon"]


async def test_after_a_week_down_each_warning_comes_once(scene):
    need = await scene.tells()
    scene.at("2026-12-08 09:00")
    assert await scene.ticks() == 3
    assert scene.warnings == ["soon", "due", "overdue"]
    assert await scene.ticks() == 0
    [listed] = await scene.does(priority_list.listed, scene.now)
    assert (listed.need.id, listed.because, listed.lead) == (need.id, "overdue", "李干事")
    assert listed.days_overdue == pytest.approx(3.9)


async def test_no_warning_comes_in_a_pause_even_one_that_fell_due_just_before(scene):
    need = await scene.tells()
    scene.at("2026-11-30 16:30")  # past four fifths, and nobody has ticked yet
    await scene.does(need_work.pause, need, "等配件", date(2026, 12, 3), scene.owner, scene.now)
    scene.at("2026-12-01 10:00")
    await scene.ticks()
    assert scene.warnings == []
    scene.at("2026-12-03 08:00")
    await scene.ticks()
    assert scene.warnings == ["soon"]


async def test_a_reopened_need_is_warned_about_anew(scene):
    need = await scene.tells()
    scene.at("2026-12-08 09:00")
    await scene.ticks()
    need = await scene.does(need_work.answer, need, "修好了", "done", scene.owner, scene.now)
    await scene.does(follow_ups.record, need, "unsolved", "chat", scene.resident, scene.now)
    scene.at("2026-12-10 16:59")
    await scene.ticks()
    assert scene.warnings == ["soon", "due", "overdue"]
    scene.at("2026-12-10 17:00")
    await scene.ticks()
    assert scene.warnings == ["soon", "due", "overdue", "soon"]


async def test_a_day_off_entered_later_moves_the_deadline(scene):
    need = await scene.tells()

    def enter(tx):
        tx.execute(holiday_overrides.insert(), {"day": date(2026, 12, 1), "works": False, "note": "台风"})

    await scene.does(enter)
    scene.at("2026-11-24 09:00")
    await scene.ticks()
    assert f"{local((await scene.does(needs.get, need.id)).due_at):%m-%d %H:%M}" == "12-03 10:00"


async def test_who_did_what_is_in_the_log_with_their_role(scene):
    need = await scene.tells()
    need = await scene.does(need_work.answer, need, "修好了", "done", scene.owner, scene.now)
    await scene.does(follow_ups.record, need, "solved", "call", scene.lead, scene.now)

    def steps(tx):
        from storage.schema.records import audit_log

        rows = tx.execute(audit_log.select().where(audit_log.c.action == "need.stage").order_by(audit_log.c.id))
        return [(row.after.split('"')[3], row.role, row.actor_id) for row in rows]

    assert await scene.does(steps) == [
        ("received", "resident", scene.resident.person_id),
        ("assigned", None, None),
        ("accepted", "owner", scene.owner.person_id),
        ("in_progress", "owner", scene.owner.person_id),
        ("answered", "owner", scene.owner.person_id),
        ("follow_up", "point_lead", scene.lead.person_id),
        ("closed", None, None),
    ]
    assert await scene.does(audit.first_broken) is None


async def test_nobody_decides_for_the_supervisor(scene):
    need = await scene.tells()
    need = await scene.does(need_work.answer, need, "修好了", "done", scene.owner, scene.now)
    need = await scene.does(follow_ups.record, need, "partly_solved", "chat", scene.resident, scene.now)
    for actor in (scene.owner, scene.resident, scene.lead, Actor(scene.owner.person_id, "supervisor")):
        with pytest.raises(NotAllowed):
            await scene.does(follow_ups.decide, need, again=False, reason="够了", actor=actor, now=scene.now)


async def test_two_calls_on_one_day_are_one_day(scene):
    need = await scene.tells()
    need = await scene.does(need_work.answer, need, "修好了", "done", scene.owner, scene.now)
    for wanted in (1, 1):
        need, days = await scene.does(follow_ups.no_answer, need, scene.lead, scene.now)
        assert (need.stage, days) == ("follow_up", wanted)
    for day, stage in ((1, "follow_up"), (2, "closed")):
        scene.now = MORNING + timedelta(days=day)
        need, _ = await scene.does(follow_ups.no_answer, need, scene.lead, scene.now)
        assert need.stage == stage
    assert need.outcome == "unconfirmed"


async def test_merging_twice_answers_everyone_under_one_parent(scene):
    first, second, third = [await scene.tells() for _ in range(3)]
    second = await scene.does(need_rulings.merge, second, third, scene.district, scene.now)
    third = await scene.does(needs.get, third.id)
    await scene.does(need_rulings.merge, third, first, scene.district, scene.now)
    assert [need.id for need in await scene.does(needs.children, first.id)] == [second.id, third.id]
    with pytest.raises(NotNow):
        await scene.does(need_rulings.merge, first, first, scene.district, scene.now)


async def test_the_closest_rule_names_the_owner_and_earlier_versions_stay(scene):
    def publish(tx):
        rules = [
            Rule(1, "谁都行"),
            Rule(2, "管卫生的", category="sanitation"),
            Rule(3, "春园的", community_code="1"),
            Rule(4, "春园管卫生的", "sanitation", "1"),
            Rule(5, "三号网格的", grid="3"),
        ]
        return routing.publish(tx, rules, scene.district, MORNING, "换人")

    assert await scene.does(publish) == 2
    for wanted, place in (
        ("谁都行", ("housing", None)),
        ("管卫生的", ("sanitation", "2")),
        ("春园的", ("housing", "1")),
        ("春园管卫生的", ("sanitation", "1")),
        ("三号网格的", ("sanitation", "1", "3")),
    ):
        assert (await scene.does(routing.route, *place)).called == wanted
    assert [rule.called for rule in await scene.does(routing.rules, 1)] == ["李干事"]


async def test_a_need_keeps_the_version_that_routed_it(scene):
    need = await scene.tells()
    await scene.does(routing.publish, [], scene.district, MORNING)
    assert (await scene.does(assignments.lead, need.id)).called == "李干事"
    assert (await scene.does(needs.get, (await scene.tells()).id)).stage == "received"


async def test_categories_are_changed_without_losing_those_in_use(scene):
    wanted = [Category("pets", "宠物"), *need_categories.FIRST[:3]]
    await scene.does(need_categories.replace, wanted, scene.district, MORNING)
    assert [one.label for one in await scene.does(need_categories.listed)] == [
        "宠物",
        "就医医保",
        "住房物业",
        "交通出行",
    ]
    assert (await scene.does(need_categories.get, "papers")).label == "社保证件"
    with pytest.raises(NotFound):
        await scene.does(need_categories.get, "weather")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("电梯坏了三天了", "housing"),
        ("路口红绿灯不亮", "transport"),
        ("垃圾桶太脏没人管", "sanitation"),
        ("异地就医怎么报销", "medical"),
        ("社保卡丢了", "papers"),
        ("有人卖保健品骗老人", "safety"),
        ("组织关系怎么转", "affiliation"),
        ("今天天气真好", None),
    ],
)
async def test_what_it_is_about_is_guessed_from_the_words(scene, words, code):
    guessed = await scene.does(need_categories.guess, words)
    assert (guessed.code if guessed else None) == code


async def test_words_and_pictures_are_forgotten_in_time_and_the_facts_stay(scene):
    def sent(tx):
        return attachments.add(tx, 1, "web", "photo", "p", "", "", MORNING)

    from storage import accounts

    await scene.does(accounts.heard, "web", "me", MORNING)
    picture = await scene.does(sent)
    plain = await scene.tells(attachment_ids=[picture])
    health = await scene.tells("找人陪着看病", "medical")
    for need in (plain, health):
        need = await scene.does(need_work.answer, need, "办好了", "done", scene.owner, scene.now)
        await scene.does(follow_ups.record, need, "solved", "chat", scene.resident, scene.now)
    before = await scene.does(need_counts.counts, MORNING, MORNING + timedelta(days=9), MORNING + timedelta(days=9))

    async def left(days):
        forgotten = await scene.does(need_retention.forget, MORNING + timedelta(days=days))
        texts = [(await scene.does(needs.text_of, need))[0] for need in (plain, health)]
        return texts, len(await scene.does(attachments.of, plain.subject)), forgotten.needs

    assert await left(89) == (["路灯坏了", "找人陪着看病"], 1, 0)
    assert await left(91) == (["路灯坏了", "找人陪着看病"], 0, 0)
    assert await left(184) == (["路灯坏了", ""], 0, 1)
    assert await left(731) == (["", ""], 0, 1)
    entries = await scene.does(need_entries.of, plain.id, plain.number)
    assert [one.kind for one in entries][-1] == "follow_up"
    assert all(one.text == "" for one in entries)
    after = await scene.does(need_counts.counts, MORNING, MORNING + timedelta(days=9), MORNING + timedelta(days=9))
    assert after == before


async def test_where_nothing_was_counted_there_is_no_rate(scene):
    figures = await scene.does(need_counts.counts, MORNING, MORNING + timedelta(days=1), MORNING)
    assert figures == need_counts.Figures()
    rates = (figures.in_time_rate, figures.asked_rate, figures.solved_rate, figures.satisfied_rate)
    assert rates == (None, None, None, None)


async def test_a_ledger_row_tells_what_became_of_it_and_names_nobody(scene):
    need = await scene.tells("路灯坏了，我是王建国，电话13800138000")
    scene.at("2026-11-25 10:00")
    need = await scene.does(need_work.answer, need, "修好了", "done", scene.owner, scene.now)
    need = await scene.does(follow_ups.record, need, "solved", "call", scene.lead, scene.now)
    await scene.does(follow_ups.rate, need, "mostly_satisfied", scene.lead, scene.now)
    health = await scene.tells("膝盖疼想挂号", "medical")

    def rows(tx):
        return need_ledger.received(tx, MORNING, MORNING + timedelta(days=9), scene.now)

    plain, other = await scene.does(rows)
    assert plain.summary == "路灯坏了，我是王建国，电话138****8000"
    assert plain.working_days == 2.0
    assert (plain.follow_up.method, plain.follow_up.satisfaction) == ("call", "mostly_satisfied")
    assert (plain.owner, plain.reopened, plain.returns) == ("李干事", 0, 0)
    assert other.need.id == health.id
    assert "膝盖" not in other.summary


async def test_a_due_date_shows_the_pause_at_once(scene):
    need = await scene.tells()
    need = await scene.does(need_work.pause, need, "等配件", date(2026, 11, 25), scene.owner, scene.now)
    assert f"{local(need.due_at):%m-%d %H:%M}" == "12-03 18:00"
    [deadline] = await scene.does(need_clock.of, need.id)
    assert deadline.due_at == need.due_at
