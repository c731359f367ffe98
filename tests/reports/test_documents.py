"""What is printed and signed: read back as text, and letter by letter out of the fonts in the file."""

import asyncio
import io
import re
import shutil
import subprocess
import zlib
from datetime import UTC, datetime
from itertools import pairwise

import pypdfium2
import pytest
from fontTools.cffLib import CFFFontSet
from fontTools.pens.boundsPen import BoundsPen

from reports import documents, season_document, snapshots
from reports.attendance import paper
from reports.catalogue import BOOKS, REPORTS, Wanted, book, label
from reports.counts import counts
from reports.pdf import Document
from reports.periods import Period
from reports.pictures import Bar, Picture
from reports.sheet import Column, Unmasked
from reports.xlsx import write_xlsx
from storage import attendance
from storage.audit import Actor
from storage.schema.snapshots import report_snapshots

SEASON = Period.season(2025)
MADE = datetime(2026, 12, 8, 10, 0, tzinfo=UTC)
NAMES = "𠮷田䶮㛃·欧阳"


def pages(document):
    """What is written on each page, without blanks."""
    read = pypdfium2.PdfDocument(bytes(document.output()))
    return ["".join(page.get_textpage().get_text_range().split()) for page in read]


def words(document):
    return "".join(pages(document))


def objects(document):
    """The numbered parts of the file, each as its words and, where it has one, its stream."""
    found = {}
    for number, part in re.findall(rb"(\d+) 0 obj\n(.*?)\nendobj", bytes(document.output()), re.DOTALL):
        about, _, stream = part.partition(b"stream\n")
        stream = stream.removesuffix(b"\nendstream")
        packed = b"/FlateDecode" in about
        found[int(number)] = about.decode("latin-1"), zlib.decompress(stream) if packed else stream
    return found


def outlines(document):
    """For each letter that is read out of the file, whether the font in the file draws something for it."""
    parts = objects(document)

    def leads(about, name):
        return parts[int(re.search(rf"/{name} \[?(\d+) 0 R", about)[1])]

    found = {}
    for font, _ in [part for part in parts.values() if "/ToUnicode" in part[0]]:
        program = CFFFontSet()
        descriptor = leads(leads(font, "DescendantFonts")[0], "FontDescriptor")[0]
        program.decompile(io.BytesIO(leads(descriptor, "FontFile3")[1]), None)
        top = program.topDictIndex[0]
        glyphs = dict(re.findall(rb"<([0-9A-F]+)> (\d+)\n", leads(font, "Encoding")[1]))
        for code, letter in re.findall(rb"<([0-9A-F]+)> <([0-9A-F]+)>\n", leads(font, "ToUnicode")[1]):
            pen, glyph = BoundsPen(None), f"cid{int(glyphs[code]):05}"
            if glyph in top.CharStrings:
                top.CharStrings[glyph].draw(pen)
            found[bytes.fromhex(letter.decode()).decode("utf-16-be")] = pen.bounds is not None
    return found


def test_rare_letters_are_in_the_file_and_have_an_outline():
    document = Document("证明")
    document.paragraph(NAMES)
    assert NAMES in words(document)
    drawn = outlines(document)
    assert all(drawn[letter] for letter in NAMES)


def test_a_letter_that_no_font_has_is_marked_and_the_foot_says_so():
    document = Document("证明")
    document.paragraph("王\U0002a6a5国\ufe0f\x07")
    assert "王〓国" in words(document)
    assert "〓处的字，字库里没有，请用笔写上。" in words(document)
    assert "〓" not in words(Document("证明"))


def test_no_line_is_too_wide_begins_with_a_full_stop_or_tears_a_number_apart():
    document = Document("证明")
    text = "2025—2026候鸟季（2025年10月1日至2026年4月30日）共计开展活动38场，惠及826人次。" * 6
    for size in (8, 11, 14):
        lines = document._broken(text, document.epw, size)
        assert "".join(lines) == text
        assert all(document._wide(line, size) <= document.epw + 0.01 for line in lines)
        assert not [line for line in lines if line[0] in "，。）—" or line[-1] in "（"]
        assert not [pair for pair in pairwise(lines) if pair[0][-1].isdecimal() and pair[1][0].isdecimal()]


def test_what_looks_like_a_formula_is_printed_as_it_is_and_headers_come_again():
    document = Document("证明")
    columns = (Column("活动", width=30), Column("电话", "phone"), Column("人次", "number"))
    document.grid(columns, [("=1+1 @SUM(A1)", "13800138000", 3)] * 120, ("合计", None, 360))
    written = pages(document)
    assert len(written) > 2
    assert all(page.count("人次") == 1 for page in written)
    assert "".join(written).count("=1+1@SUM(A1)13800138000") == 120
    assert f"第1页，共{len(written)}页" in written[0]


def test_the_second_of_two_kinds_of_bars_is_hatched():
    def strokes(series):
        document = Document("图")
        bars = (Bar("停水", (1.0, 0.5)[: len(series)], ("4", "2")[: len(series)]),)
        document.pictures([Picture("受理和解决", "类别", series, bars)])
        return sum(stream.count(b" l S") for _, stream in objects(document).values())

    assert strokes(("受理数", "已解决")) > strokes(("受理数",)) + 20


def somebody(tx):
    return tx.connection.exec_driver_sql(
        "SELECT a.person_id, count(*) FROM attendances a JOIN events e ON e.id = a.event_id AND e.state = 'held' "
        "JOIN people p ON p.id = a.person_id AND p.state = 'active' AND p.host_branch_id IS NOT NULL "
        "WHERE a.undone_at IS NULL AND a.state = 'attended' AND e.starts_at >= '2025-09-30 16:00' "
        "AND e.starts_at < '2026-04-30 16:00' GROUP BY a.person_id ORDER BY 2 DESC, 1 LIMIT 1"
    ).one()


async def test_a_proof_is_one_page_of_a4_with_name_branches_events_and_seal(season):
    def make(tx):
        person_id, times = somebody(tx)
        return times, documents.proof(tx, person_id, SEASON, paper(tx, MADE))

    times, document = await season(make)
    (said,) = pages(document)
    assert (round(document.w), round(document.h)) == (210, 297)
    assert "示例" in said
    assert f"共参加{times}次" in said
    for part in ("姓名：", "原党组织：", "编入支部：", "期间：2025—2026候鸟季", "特此证明。", "天涯区候鸟党委（盖章）"):
        assert part in said
    assert len(re.findall(r"20\d\d-\d\d-\d\d", said)) == times
    assert "*" not in said


async def test_a_proof_of_thirty_events_still_fits_its_page(season):
    def make(tx):
        made = documents.participation_proof(tx, somebody(tx)[0], SEASON, paper(tx, MADE))
        row = next(iter(made.rows))
        return documents._proof(made, [row] * 30, paper(tx, MADE), documents._SIZES[-1])

    assert (await season(make)).pages_count == 1


async def test_the_sheet_at_the_door_names_people_shows_no_phone_and_leaves_room(season):
    def make(tx):
        event_id = tx.connection.exec_driver_sql(
            "SELECT id FROM events WHERE state = 'published' ORDER BY starts_at LIMIT 1"
        ).scalar_one()
        mark = Unmasked("李秋实", MADE)
        return [documents.sign_in_sheet(tx, event_id, paper(tx, MADE), unmasked=who) for who in (mark, None)]

    named, masked = await season(make)
    assert (round(named.w), round(named.h)) == (297, 210)
    said = words(named)
    assert "内部资料注意保管李秋实2026-12-0818:00" in said
    assert "0898-****10" in said
    assert not re.search(r"0898-?0000", said)
    assert "请写在空行里" in said
    assert "王*" not in said
    assert "内部资料" not in words(masked)
    assert re.search(r"\d[^\d*]\*[^\d*]?候鸟", words(masked))


async def test_afterwards_the_sheet_says_who_came(season):
    def make(tx):
        event_id = tx.connection.exec_driver_sql(
            "SELECT e.id FROM events e JOIN head_counts h ON h.event_id = e.id AND h.undone_at IS NULL "
            "WHERE e.state = 'held' ORDER BY e.starts_at LIMIT 1"
        ).scalar_one()
        mark = Unmasked("李秋实", MADE)
        return documents.sign_in_sheet(tx, event_id, paper(tx, MADE), unmasked=mark, blank=False)

    said = words(await season(make))
    assert "0898-****1" in said
    assert not re.search(r"0898-?0000", said)
    assert re.search(r"实名签到\d+人次，现场清点\d+人次", said)
    assert "审核人" in said


async def test_the_report_of_the_season_says_the_figures_with_tables_charts_and_signatures(season):
    said = words(await season(lambda tx: season_document.season_document(tx, SEASON, paper(tx, MADE))))
    assert "2025—2026候鸟季工作报表" in said
    assert "共计开展活动38场，惠及826人次（其中实名签到802人次，现场清点24人次），参加人数231人。" in said
    for heading in (
        "一、精心建组织",
        "二、细心做服务",
        "三、热心办活动",
        "四、用心搭平台",
        "五、和上次报送的",
        "六、口径说明",
    ):
        assert heading in said
    for month, figures in (("2025年10月", "46666"), ("2026年1月", "6163156"), ("2026年4月", "5101101")):
        assert f"{month}{figures}" in said
    for chart in ("活动人次（按月）", "活动场次（按类型）", "到场率（按月）", "活动人次（按服务点）"):
        assert chart in said
    for name in ("制表人：", "审核人：", "负责人：", "示例"):
        assert name in said
    assert "以前没有报送过" in said
    assert "*" not in said, "nobody is named, masked or not"


async def test_it_says_what_differs_from_the_last_one_with_who_and_why(own_season):
    def hand_in(tx):
        report_snapshots.create(tx.connection, checkfirst=True)
        snapshots.keep(tx, counts(tx, SEASON), None, MADE)

    def document(tx, **how):
        return words(season_document.season_document(tx, SEASON, paper(tx, MADE), **how))

    def correct(tx):
        event_id, person_id = tx.connection.exec_driver_sql(
            "SELECT e.id, a.person_id FROM events e JOIN attendances a ON a.event_id = e.id AND a.undone_at IS NULL "
            "WHERE a.state = 'attended' AND e.starts_at > '2026-04-01' AND e.starts_at < '2026-04-29' LIMIT 1"
        ).one()
        lead = Actor(1, "district_staff", "console")
        attendance.undo(tx, event_id, person_id, lead, MADE, reason="记错人了", may_correct=True)

    await own_season.write(hand_in)
    assert "各项数字和那时一样" in await own_season.read(document)
    await own_season.write(correct)
    said = await own_season.read(document)
    assert "人次826825-1" in said
    assert "实名签到802801-1" in said
    assert "撤销签到记错人了" in said
    without = await own_season.read(document, says_why=False)
    assert "人次826825-1" in without
    assert "记错人了" not in without, "a reason may name a resident"


@pytest.mark.long
async def test_every_workbook_opens_in_libreoffice_and_prints(season, tmp_path):
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice is not installed here")
    paths = [tmp_path / f"{name}.xlsx" for name in [*REPORTS, *BOOKS]]

    def write(tx):
        for path in paths:
            write_xlsx(book(tx, path.stem, Wanted(SEASON, paper(tx, MADE), sees_party=True)), path)

    await season(write)
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = [office, profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), *map(str, paths)]
    await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True, timeout=900)
    for path in paths:
        printed = pypdfium2.PdfDocument(path.with_suffix(".pdf"))
        said = "".join("".join(page.get_textpage().get_text_range().split()) for page in printed)
        assert path.stem in BOOKS or label(path.stem) in said, path
        assert "Err:" not in said, path
        assert "#REF" not in said, path
        wide, high = printed[0].get_size()
        assert (round(wide), round(high)) == (842, 595), path  # A4, landscape
        if path.stem == "season":
            assert "共计开展活动38场，惠及826人次" in said
            assert "活动人次（按月）" in said
