"""The communities of the district: 45 of them, found by what people say."""

import pytest

from storage import communities
from storage.schema.places import communities as table


@pytest.fixture
async def everywhere(database):
    await database.write(communities.lay_out)
    return database


async def test_there_are_forty_five_nineteen_of_them_villages(everywhere):
    rows = await everywhere.read(lambda tx: tx.execute(table.select()).all())
    assert len(rows) == 45
    assert sum(row.kind == "villagers_committee" for row in rows) == 19


async def test_laying_out_again_leaves_what_staff_changed(everywhere):
    rename = table.update().where(table.c.short_name == "春园").values(display_name="大春园社区")
    await everywhere.write(lambda tx: tx.execute(rename))
    await everywhere.write(communities.lay_out)
    found = await everywhere.read(communities.find, "春园")
    assert [each.display_name for each in found] == ["大春园社区"]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("春园社区", "春园社区"),
        ("春园", "春园社区"),
        ("春园社区居委会", "春园社区"),
        ("我住春园社区3栋", "春园社区"),
        ("三亚湾", "三亚湾社区"),
        ("抱龙村", "抱龙村"),
        ("抱龙", "抱龙村"),
        ("chunyuan", "春园社区"),
        ("春圆社区", "春园社区"),
        ("春元", "春园社区"),
        ("海波社区", "海坡社区"),
        ("塔岭村委会", "塔岭村"),
        ("春圆", "春园社区"),
        ("春园小区", "春园社区"),
        ("金鸡领社区", "金鸡岭社区"),
        ("友谊路街道", "友谊路社区"),
        ("建设 街", "建设街社区"),
    ],
)
async def test_a_community_is_found_by_what_people_say(everywhere, said, meant):
    assert [each.display_name for each in await everywhere.read(communities.find, said)] == [meant]


@pytest.mark.parametrize("said", ["", "月亮社区", "社区", "村", "1", "。"])
async def test_what_is_no_community_finds_none(everywhere, said):
    assert await everywhere.read(communities.find, said) == []


async def test_what_may_mean_several_finds_them_all(everywhere):
    found = await everywhere.read(communities.find, "建设街和群众街都行")
    assert {each.display_name for each in found} == {"建设街社区", "群众街社区"}


async def test_one_character_names_no_community(everywhere):
    assert await everywhere.read(communities.find, "水") == []
