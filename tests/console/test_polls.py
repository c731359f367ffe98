"""议事 at the console: asked, counted, answered, and suggestions answered in public or not."""

from sqlalchemy import select

from storage import polls, suggestions
from storage.schema.talks import outbox
from tests.console.conftest import words
from tests.console.gatherings import gather


async def test_a_question_goes_out_and_nobody_reads_who_said_what_while_it_is_open(house, desk):
    await desk.opens("/console/polls")
    given = {"question": "长椅放在东门还是西门？", "options": "东门、西门，都行", "until": "2026-12-10"}
    await desk.posts("/console/polls", **given)
    (made,) = await house.database.read(polls.everywhere)
    assert made.options == ("东门", "西门", "都行")
    await house.does(polls.vote, made, house.staff["organiser"], 0, house.clock())
    assert "1 人说了 可以选：东门、西门、都行。" in await desk.reads("/console/polls")


async def test_what_lacks_is_said_and_what_was_filled_in_stays(house, desk):
    await desk.opens("/console/polls")
    shown = await desk.posts("/console/polls", question="长椅放哪儿？", options="东门", until="2026-11-01")
    assert shown.status_code == 422
    read = words(shown.text)
    assert "请写 2 到" in read
    assert "请选一个今天以后的日子" in read
    assert 'value="长椅放哪儿？"' in shown.text
    assert await house.database.read(polls.everywhere) == []


async def test_what_the_party_decides_is_not_asked_here(house, desk):
    await desk.opens("/console/polls")
    given = {"question": "选谁当支部书记？", "options": "老王、老李", "until": "2026-12-10"}
    assert (await desk.posts("/console/polls", **given)).status_code == 409
    assert await house.database.read(polls.everywhere) == []


async def test_the_result_is_published_once_it_is_counted(house, desk):
    made = await gather(house)
    await desk.opens("/console/polls")
    assert (await desk.posts(f"/console/polls/{made.open}/answer", words="放在东门。")).status_code == 409
    await desk.opens("/console/polls")
    await desk.posts(f"/console/polls/{made.counted}/answer", words="放在下午三点。")
    assert (await house.database.read(polls.get, made.counted)).answer == "放在下午三点。"
    assert "放在下午三点。" in words(desk.html)


async def test_a_suggestion_is_answered_to_its_maker_and_in_public_only_with_its_gist(house, somebody):
    made = await gather(house)
    lead = await somebody("point_lead")
    assert "东门的路灯太暗了" in await lead.reads("/console/polls")
    await lead.posts(f"/console/suggestions/{made.suggestion}/answer", words="这周就换亮的。", gist="换亮一点的路灯")
    kept = await house.database.read(suggestions.get, made.suggestion)
    assert (kept.answer, kept.public_text, kept.published) == ("这周就换亮的。", "换亮一点的路灯", True)
    assert "没有等着答复的建议" in words(lead.html)

    def told(tx):
        of_answer = outbox.c.key.like("suggestion-answer:%")
        return [person for (person,) in tx.execute(select(outbox.c.person_id).where(of_answer))]

    assert await house.database.read(told) == [kept.person_id]


async def test_a_branch_secretary_asks_but_reads_no_residents_words(house, somebody):
    made = await gather(house)
    secretary = await somebody("branch_secretary")
    assert "路灯" not in await secretary.reads("/console/polls")
    answered = await secretary.posts(f"/console/suggestions/{made.suggestion}/answer", words="不关我的事。")
    assert answered.status_code == 403
