"""重点督办清单 at the console: what stands in the way and what was settled on the spot, by those who supervise."""

from storage import needs, priority_list
from tests.console.gatherings import gather


async def listed(house):
    return await house.database.read(priority_list.listed, house.clock())


async def test_obstacle_and_visit_are_noted_and_shown(house, desk):
    made = await gather(house)
    need = await house.database.read(needs.get, made.listed)
    await desk.opens("/console/needs/priority")
    await desk.posts(f"/console/needs/{made.listed}/obstacle", words="配件要从外地发")
    await desk.posts(f"/console/needs/{made.listed}/visit", units="街道办、物业公司", result="周五前装好")
    read = await desk.reads("/console/needs/priority")
    assert f"{need.name} " in read
    assert "卡点 配件要从外地发" in read
    assert "街道办、物业公司：周五前装好" in read
    (one,) = await listed(house)
    assert (one.obstacle, len(one.visits)) == ("配件要从外地发", 1)


async def test_both_fields_of_a_visit_are_needed(house, desk):
    made = await gather(house)
    await desk.opens("/console/needs/priority")
    await desk.posts(f"/console/needs/{made.listed}/visit", units="街道办", result="")
    assert "单位和结果都要写" in desk.html
    assert (await listed(house))[0].visits == ()


async def test_taken_off_it_is_gone_from_the_list(house, desk):
    made = await gather(house)
    await desk.opens("/console/needs/priority")
    await desk.posts(f"/console/needs/{made.listed}/unlist")
    assert await listed(house) == []
    assert "重点督办清单现在是空的" in desk.html


async def test_an_auditor_reads_it_and_changes_nothing(house, somebody):
    made = await gather(house)
    auditor = await somebody("auditor")
    await auditor.opens("/console/needs/priority")
    assert f"/console/needs/{made.listed}/obstacle" not in auditor.html
    assert (await auditor.posts(f"/console/needs/{made.listed}/obstacle", words="不归我写")).status_code == 404
    assert (await listed(house))[0].obstacle == ""


async def test_a_lead_who_supervises_none_sees_none(house, somebody):
    made = await gather(house)
    lead = await somebody("point_lead")
    assert "现在没有您督办的" in await lead.reads("/console/needs/priority")
    assert (await lead.posts(f"/console/needs/{made.listed}/unlist")).status_code == 404
