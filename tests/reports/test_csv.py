"""What a CSV file promises to spreadsheets, to old programs and to those who read it by program."""

import csv
from datetime import UTC, date, datetime

import pytest

from reports.csv import write_csv
from reports.sheet import Column, Sheet


def written(tmp_path, values, kind="text", **how):
    path = tmp_path / "a.csv"
    write_csv(Sheet("表", (Column("一", kind),), [(value,) for value in values]), path, **how)
    return path.read_bytes()


def cells(data, encoding="utf-8-sig"):
    return [row[0] for row in csv.reader(data.decode(encoding).splitlines(keepends=True))][1:]


def test_it_begins_with_the_mark_and_ends_lines_as_windows_does(tmp_path):
    data = written(tmp_path, ["王*国", "第一行\n第二行"])
    assert data.startswith(b"\xef\xbb\xbf")
    assert data == '\ufeff一\r\n王*国\r\n"第一行\n第二行"\r\n'.encode()


@pytest.mark.parametrize(
    "typed",
    [
        "=1+1",
        "+86 138",
        "-1",
        "@SUM(A1)",
        "＝1+1",
        "＋1",
        "－1",
        "＠a",
        "\t=1",
        "\r=1",
        "\n=1",
        "  =1",
        "\u3000=1",
        "\u200b=1",
    ],
)
def test_what_a_spreadsheet_would_run_is_disarmed(tmp_path, typed):
    assert written(tmp_path, [typed]).decode("utf-8-sig").splitlines()[1].lstrip('"').startswith("'")


def test_a_control_character_hides_no_sign(tmp_path):
    assert cells(written(tmp_path, ["\x00=1+1"])) == ["'=1+1"]


@pytest.mark.parametrize("typed", ["王建国", "O'Brien", "460200190001011234", "1-2", "a=b", "𠮷田", ""])
def test_harmless_text_stays_as_it_was(tmp_path, typed):
    assert cells(written(tmp_path, [typed, "."]))[0] == typed


def test_numbers_below_zero_stay_numbers(tmp_path):
    assert cells(written(tmp_path, [-1], "number")) == ["-1"]


def test_a_full_phone_number_is_spaced_and_a_masked_one_is_not(tmp_path):
    assert cells(written(tmp_path, ["13800138000", "138****8000", "+8613800138000"], "phone")) == [
        "138 0013 8000",
        "138****8000",
        "'+8613800138000",
    ]


def test_rare_characters_survive_the_encoding_of_old_programs(tmp_path):
    data = written(tmp_path, ["𠮷田", "䶮㛃"], encoding="gb18030")
    assert not data.startswith(b"\xef\xbb\xbf")
    assert cells(data, "gb18030") == ["𠮷田", "䶮㛃"]


def test_days_moments_and_rates_are_written_for_machines(tmp_path):
    columns = (Column("a", "date"), Column("b", "moment"), Column("c", "ratio"), Column("d", "decimal"))
    row = (date(2025, 10, 1), datetime(2025, 9, 30, 23, 30, tzinfo=UTC), 0.8515, 21.736)
    write_csv(Sheet("表", columns, [row, (None, None, None, None)]), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines()[1:] == [
        "2025-10-01,2025-10-01 07:30,85.2%,21.7",
        ",,,",
    ]


def test_the_total_stands_below_the_rows(tmp_path):
    sheet = Sheet("表", (Column("周期"), Column("场次", "number")), iter([("十月", 4)]), total=lambda: ("合计", 4))
    write_csv(sheet, tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text("utf-8-sig").splitlines() == ["周期,场次", "十月,4", "合计,4"]


def test_an_export_that_fails_leaves_nothing_behind(tmp_path):
    def rows():
        yield ("a",)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_csv(Sheet("表", (Column("一"),), rows()), tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []
