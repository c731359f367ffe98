"""Wishes at the console: put into words that name nobody, and brought together by staff of the point."""

from storage import audit, people, wishes
from storage.times import day_ends, day_starts, local_date
from tests.console.conftest import words
from tests.console.gatherings import gather


async def state(house, wish):
    return (await house.database.read(wishes.get, wish)).state


async def test_the_lead_puts_it_into_words_that_do_not_tell_who_wished(house, somebody):
    made = await gather(house)
    lead = await somebody("point_lead")
    wish = await house.database.read(wishes.get, made.told)
    elder = await house.database.read(people.get, wish.person_id)
    path = f"/console/wishes/{made.told}"
    assert "想有人教我用手机视频" in await lead.reads(path)
    for telling in (f"{elder.name}想学用手机视频", "一位老人想学用手机，电话 13800138000"):
        shown = await lead.posts(f"{path}/post", public=telling, sharers="1")
        assert "请去掉再发" in shown.text
        assert await state(house, made.told) == "submitted"
    await lead.posts(f"{path}/post", public="一位老人想学用手机视频", sharers="2")
    assert await state(house, made.told) == "posted"
    assert "一位老人想学用手机视频" in await lead.reads("/console/wishes")


async def test_both_phones_are_shown_once_and_noted_and_the_two_are_brought_together(house, desk):
    made = await gather(house)
    path = f"/console/wishes/{made.claimed}"
    wish = await house.database.read(wishes.get, made.claimed)
    elder = await house.database.read(people.get, wish.person_id)
    assert elder.name not in await desk.reads(path)
    shown = await desk.posts(f"{path}/both")
    assert f"本人：{elder.name}" in words(shown.text)

    def noted(tx):
        today = local_date(house.clock())
        return [act.action for act in audit.between(tx, day_starts(today), day_ends(today)) if "wish" in act.action]

    assert "wish.read" in await house.database.read(noted)
    await desk.posts(f"{path}/step", what="connected")
    assert await state(house, made.claimed) == "contacted"
    await desk.posts(f"{path}/step", what="done")
    assert await state(house, made.claimed) == "done"
    assert house.woken


async def test_withdrawn_for_the_elder_whoever_took_it_on_is_free(house, desk):
    made = await gather(house)
    await desk.opens(f"/console/wishes/{made.claimed}")
    await desk.posts(f"/console/wishes/{made.claimed}/step", what="withdrawn")
    assert await state(house, made.claimed) == "withdrawn"
    assert await house.database.read(wishes.claims, made.claimed, standing_only=True) == []


async def test_a_lead_does_not_see_wishes_of_another_point(house, somebody):
    made = await gather(house)

    def move(tx):
        wish = wishes.get(tx, made.told)
        elder = people.get(tx, wish.person_id)
        elder.point_id = 1
        people.change(tx, elder, house.clock())

    await house.does(move)
    lead = await somebody("point_lead")
    assert "心愿第1号" not in await lead.reads("/console/wishes")
    assert (await lead.opens(f"/console/wishes/{made.told}")).status_code == 404
    await lead.opens("/console")
    assert (await lead.posts(f"/console/wishes/{made.told}/both")).status_code == 404
    await lead.opens("/console")
    assert (await lead.posts(f"/console/wishes/{made.claimed}/both")).status_code == 200
