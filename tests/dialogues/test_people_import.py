"""导入名单: a file is looked at line by line, and only a yes takes in what is new."""

import io

import pytest
from openpyxl import Workbook

from dialogue.message import Attachment
from handlers import people_import
from storage import attachments, people
from tests.conftest import ME
from tests.dialogues.town import person, registered, staff

HEADER = "姓名,联系方式,候鸟/常住,社区,小区\n"
LINES = "钱多福,13900139001,常住,春园社区,\n王秀英,13900001001,常住,春园社区,新花园\n坏了,12345,常住,春园,\n"


@pytest.fixture
async def office(town_chat):
    await town_chat.does(staff, await registered(town_chat, "李干事", "13700137000", ME), "district_staff")
    await town_chat.does(person, "王秀英", "13900001001", None, estate="旧花园")
    return town_chat


async def sends(office, content, name="名单.csv"):
    """The file, and what the channel brings of it."""
    await office(attachment=Attachment("file", f"reference {name}", name))
    wanted = (await office.does(attachments.wanted, office.who.channel))[-1]
    if content is None:
        await office.does(attachments.miss, wanted.id, for_good=True)
    else:
        await office.does(attachments.keep, wanted.id, content, "text/csv")
    return await office("好了")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
async def test_a_list_is_looked_at_and_then_taken_in(office, encoding):
    await office("导入名单")
    answer = await sends(office, (HEADER + LINES).encode(encoding))
    assert "一共 3 行：新的 1 行，对不上的 1 行，用不了的 1 行。" in answer
    assert "第 3 行对不上：小区和登记的不一样" in answer
    assert "第 4 行用不了：手机号不对" in answer
    assert "钱多福" not in answer
    assert await office.does(people.search, "钱多福") == []
    answer = await office("收进来")
    assert "登记了 1 位" in answer
    assert "还有 1 行对不上" in answer
    assert [each.phone for each in await office.does(people.search, "钱多福")] == ["13900139001"]
    assert (await office.does(people.search, "王秀英"))[0].estate == "旧花园"
    assert await office.does(attachments.content, 1) is None


async def test_a_workbook_is_read_and_a_no_keeps_nothing(office):
    book = Workbook()
    for row in (("候鸟登记表",), ("姓名", "手机号"), ("钱多福", 13900139001)):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    await office("导入名单")
    assert "新的 1 位收进来吗" in await sends(office, file.getvalue(), "名单.xlsx")
    assert "一个也没有收" in await office("不收")
    assert await office.does(people.search, "钱多福") == []


async def test_what_is_known_already_is_said_and_nothing_asked(office):
    await office("导入名单")
    assert "没有新的，什么都没动" in await sends(office, f"{HEADER}王秀英,13900001001,,,\n".encode())


async def test_until_it_is_here_one_waits_and_what_is_lost_is_sent_again(office):
    await office("导入名单")
    await office(attachment=Attachment("file", "reference", "名单.csv"))
    assert "还没取完" in await office("好了")
    wanted = (await office.does(attachments.wanted, office.who.channel))[-1]
    await office.does(attachments.miss, wanted.id, for_good=True)
    assert "请再发一次" in await office("好了")
    assert "新的 1 行" in await sends(office, (HEADER + LINES).encode())


@pytest.mark.parametrize("content", [b"\x00\x01", "没有,表头\n1,2\n".encode()])
async def test_what_is_no_table_is_asked_for_again(office, content):
    await office("导入名单")
    assert "读不出表格" in await sends(office, content)


async def test_a_list_that_is_too_long_is_sent_in_parts(office):
    await office("导入名单")
    rows = "".join(f"王某某,1390000{number:04}\n" for number in range(people_import.MOST_LINES + 1))
    assert f"一次最多 {people_import.MOST_LINES} 行" in await sends(office, f"姓名,手机号\n{rows}".encode())


async def test_words_instead_of_a_file_are_not_taken_for_one(office):
    assert "请把名单文件发给我" in await office.says("导入名单", "在这里")


async def test_only_the_district_takes_lists_in(town_chat):
    await town_chat.does(staff, await registered(town_chat, "王点长", "13700137001", ME), "point_lead", point_id=1)
    assert "工作人员来办" in await town_chat("导入名单")
