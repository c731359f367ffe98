"""Lists that offices have: read as they come, judged row by row, and nothing overwritten without a word."""

import contextlib
import io
import zipfile
from datetime import date

import pytest
from openpyxl import Workbook

from reports.incoming import NotATable, read_day, read_table
from storage import people, people_import, point_import, points
from storage.audit import Actor
from storage.demo.places import lay_out
from tests.conftest import MORNING
from tests.dialogues.town import town

PEOPLE = "姓名,联系方式,候鸟/常住,社区,来琼日期,政治面貌\n"
POINTS = "编号,名称,社区,地址,纬度,经度,坐标系,电话,开放时间\n"
SPRING = "R1,红雁之家·春园,春园社区,某路1号,18.2511,109.5160,GCJ-02,0898-0000-0012,周一至周五 08:30-12:00\n"


def judged_people(tx, text, encoding="utf-8"):
    table = read_table(text.encode(encoding), people_import.HEADERS)
    return people_import.judge(tx, [(line.number, line.values) for line in table.lines], read_day)


def judged_points(tx, text):
    table = read_table(text.encode(), point_import.HEADERS)
    return point_import.judge(tx, [(line.number, line.values) for line in table.lines])


def take_points(tx, text):
    judged = judged_points(tx, text)
    return [one.verdict for one in judged], point_import.take_in(tx, judged, Actor(), MORNING)


def take_people(tx, text):
    judged = judged_people(tx, text)
    people_import.take_in(tx, judged, Actor(), MORNING)
    return [one.verdict for one in judged]


@pytest.fixture
async def place(database):
    await database.write(town)
    return database


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_is_read_in_the_encodings_of_offices(encoding):
    table = read_table(f"{PEOPLE}𠮷田䶮,13800138000,候鸟,春园,,\n".encode(encoding), people_import.HEADERS)
    assert table.lines[0].values["name"] == "𠮷田䶮"
    assert table.lines[0].values["phone"] == "13800138000"


def test_a_workbook_gives_numbers_and_days_as_text():
    book = Workbook()
    headers = ("姓名", "手 机 号（必填）", "来琼日期")
    for row in (("候鸟登记表",), (), headers, ("王建国", 13800138000, date(2026, 10, 20))):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    (line,) = read_table(file.getvalue(), {**people_import.HEADERS, "phone": ("手机号",)}).lines
    assert (line.number, line.values["phone"], line.values["arrives_on"]) == (4, "13800138000", "2026-10-20")


def test_our_own_guard_against_formulas_is_taken_off_again():
    table = read_table("姓名,手机号,小区\n王建国,13800138000,'=1+1\n".encode(), people_import.HEADERS)
    assert table.lines[0].values["estate"] == "=1+1"


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x01", "没有,表头\n1,2\n".encode(), b"PK\x03\x04broken"])
def test_what_is_no_table_is_said_to_be_none(content):
    with pytest.raises(NotATable):
        read_table(content, people_import.HEADERS)


@pytest.mark.parametrize("text", ["2026-10-20", "2026/10/20", "2026年10月20日", "20261020", "46315"])
def test_a_day_is_read_as_people_and_spreadsheets_write_it(text):
    assert read_day(text) == date(2026, 10, 20)


def test_a_damaged_workbook_and_one_that_unpacks_without_end_are_refused():
    book = Workbook()
    book.active.append(["姓名", "手机号"])
    kept = io.BytesIO()
    book.save(kept)
    whole = kept.getvalue()
    for place in range(30, len(whole), 211):
        with contextlib.suppress(NotATable):
            read_table(whole[:place] + b"\xff\x00\xff" + whole[place + 3 :], people_import.HEADERS)
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        for number in range(5):
            packed.writestr(f"xl/{number}", bytes(60 * 1024 * 1024))
    with pytest.raises(NotATable, match="too large"):
        read_table(kept.getvalue(), people_import.HEADERS)


async def test_people_are_new_then_the_same_and_never_overwritten(place):
    line = "王建国,+86 138-0013-8000,候鸟,春园社区,2026/10/20,中共党员\n"
    assert await place.write(take_people, PEOPLE + line) == ["new"]
    (kept,) = await place.read(people.search, "王建国")
    assert (kept.phone, kept.residence, kept.arrives_on) == ("13800138000", "seasonal", date(2026, 10, 20))
    assert kept.party.member == "yes"
    assert await place.write(take_people, PEOPLE + line) == ["same"]
    other = line.replace("10/20", "11/02").replace("春园", "河西")
    (conflict,) = await place.read(judged_people, PEOPLE + other)
    assert conflict.verdict == "conflict"
    assert set(conflict.says) == {"来琼日期和登记的不一样", "社区和登记的不一样"}
    await place.write(take_people, PEOPLE + other)
    assert (await place.read(people.search, "王建国"))[0].arrives_on == date(2026, 10, 20)


async def test_a_couple_shares_a_phone_and_a_third_is_looked_at(place):
    couple = (("王一一", "非党员"), ("王二二", ""), ("王三三", ""))
    rows = "".join(f"{name},13800138000,常住,春园,,{member}\n" for name, member in couple)
    assert await place.write(take_people, PEOPLE + rows) == ["new", "new", "conflict"]
    (first,) = await place.read(people.search, "王一一")
    assert first.party.member == "no"


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("王建国,12345,常住,春园,,", "手机号不对"),
        ("王建国,,常住,春园,,", "没有手机号"),
        ("王,13800138000,常住,春园,,", "姓名要 2 到 20 个字"),
        ("王建国,13800138000,常住,北京,,", "不认得社区“北京”"),
        ("王建国,13800138000,候鸟,春园,很快,", "来琼日期看不懂：“很快”"),
        ("王建国,460204195801011234,候鸟,春园,,", "身份证号和银行卡号不收"),
    ],
)
async def test_a_row_that_cannot_be_right_says_why(place, row, says):
    (one,) = await place.read(judged_people, f"{PEOPLE}{row}\n")
    assert (one.verdict, one.says) == ("bad", [says])


async def test_points_are_new_same_and_changed_with_what_changes(place):
    assert (await place.write(take_points, POINTS + SPRING))[0] == ["new"]
    kept = await place.read(points.by_code, "R1")
    assert (kept.datum, kept.community_code, kept.is_sample) == ("gcj02", "460204000001", False)
    assert (await place.write(take_points, POINTS + SPRING))[0] == ["same"]
    (changed,) = await place.read(judged_points, POINTS + SPRING.replace("0012", "0013"))
    assert changed.verdict == "changed"
    assert changed.says == ["phone：0898-0000-0012 → 0898-0000-0013"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (SPRING.replace("18.2511,109.5160", "109.5160,18.2511"), "坐标不在天涯区"),
        (SPRING.replace("GCJ-02", ""), "没写坐标系"),
        (SPRING.replace("18.2511", "北边"), "坐标不是数字"),
        (SPRING.replace("0898-0000-0012", ""), "没有电话"),
        (SPRING.replace("春园社区", "不知道"), "不认得社区"),
    ],
)
async def test_a_point_that_cannot_be_right_says_why(place, row, says):
    (one,) = await place.read(judged_points, POINTS + row)
    assert one.verdict == "bad"
    assert says in one.says[0]


async def test_real_points_take_the_sample_off(database):
    await database.write(lay_out, MORNING)
    assert await database.read(points.has_sample)
    verdicts, retired = await database.write(take_points, POINTS + SPRING)
    assert (verdicts, retired) == (["new"], 67)
    assert not await database.read(points.has_sample)
