"""找服务点: three ways to say where one is, and what is near."""

import pytest

from storage import points
from storage.geography import Place
from storage.schema import metadata
from tests.dialogues.town import CHUNYUAN


@pytest.mark.parametrize("said", ["春园社区的服务点", "服务点 春园", "chunyuan"])
async def test_a_community_by_name(town_chat, said):
    answer = await town_chat(said)
    if "您是找服务点吗" in answer:
        answer = await town_chat("1")
    assert "天涯红雁之家·春园社区" in answer
    assert "春园路1号" in answer
    assert "电话 0898-0000-0011，现在开门" in answer


async def test_where_is_asked_with_an_example_and_without_a_duty_to_share(town_chat):
    answer = await town_chat("附近的服务点")
    assert "比如：春园社区" in answer
    assert "用完就丢，不保存" in answer
    assert town_chat.replies[-1].wants_place


async def test_a_position_needs_its_own_yes_and_is_never_kept(town_chat):
    here = Place(18.2531, 109.5121)
    assert "用完就丢" in await town_chat(place=here)
    assert "再发一次位置" in await town_chat("同意")
    answer = await town_chat(place=here)
    assert "离您最近的是" in answer
    assert "约 50 米（直线距离）" in answer
    assert "约 1.1 公里（直线距离）" in answer
    assert "离您最近的是" in await town_chat(place=here)

    def everything(tx):
        return "".join(str(tx.execute(table.select()).all()) for table in metadata.sorted_tables)

    assert "18.2531" not in await town_chat.does(everything)


async def test_refusing_the_position_leaves_the_name(town_chat):
    await town_chat(place=CHUNYUAN)
    assert "告诉我小区" in await town_chat("不同意")
    assert "春园路1号" in await town_chat("春园")


async def test_the_datum_is_converted_before_anything_is_measured(town_chat):
    """Read as WGS-84, this GCJ-02 position would lie half a kilometre off."""
    await town_chat(place=CHUNYUAN)
    await town_chat("同意")
    assert "约 50 米" in await town_chat(place=CHUNYUAN.as_gcj02())


async def test_far_away_the_communities_are_offered(town_chat):
    await town_chat(place=CHUNYUAN)
    await town_chat("同意")
    answer = await town_chat(place=Place(45.8, 126.5))
    assert "好像不在天涯区" in answer
    assert "河西社区" in answer
    assert "河西路1号" in await town_chat("2")


async def test_the_list_of_communities_is_a_way_too(town_chat):
    assert "春园社区" in await town_chat.says("找服务点", "从社区名单里挑")
    assert "春园路1号" in await town_chat("1")


async def test_a_landmark_of_the_staff_is_understood(town_chat):
    await town_chat.does(points.add_landmark, "示例广场", CHUNYUAN)
    assert "离您最近的是" in await town_chat.says("找服务点", "我在示例广场边上")


async def test_an_unknown_place_is_no_dead_end(town_chat):
    answer = await town_chat.says("找服务点", "月亮湾")
    assert "“月亮湾”我没找到" in answer
    assert "春园路1号" in await town_chat("1")


async def test_out_of_hours_it_says_so(town_chat):
    town_chat.clock.passes(hours=12)
    assert "现在关门" in await town_chat("春园社区的服务点")
    town_chat.clock.passes(days=5)
    assert "现在关门" in await town_chat("春园社区的服务点")


async def test_a_code_on_the_wall_shows_its_point(town_chat):
    assert "河西路1号" in await town_chat(payload="point-T-2")
    assert "没找到这个服务点" in await town_chat(payload="point-X-9")


def test_distances_are_said_by_fifties_and_tenths():
    from handlers.points import in_words

    assert [in_words(metres) for metres in (3, 124, 126, 975, 1049)] == [
        "约 50 米（直线距离）",
        "约 100 米（直线距离）",
        "约 150 米（直线距离）",
        "约 1000 米（直线距离）",
        "约 1.0 公里（直线距离）",
    ]
