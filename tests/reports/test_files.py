"""What files are called."""

from datetime import date

from reports.files import content_disposition, file_name


def test_a_file_is_named_as_offices_expect():
    assert (
        file_name("活动签到表", date(2026, 12, 8), "夕阳红私塾") == "天涯红雁之家_活动签到表_20261208_夕阳红私塾.xlsx"
    )
    assert file_name("活动统计", date(2026, 12, 8), suffix="csv") == "天涯红雁之家_活动统计_20261208.csv"


def test_no_name_leaves_its_folder_or_hides_its_kind():
    name = file_name("活动签到表", date(2026, 12, 8), '../..\\a:b*?"<>|\u202egnp\n.')
    assert name == "天涯红雁之家_活动签到表_20261208_abgnp.xlsx"


def test_a_long_title_is_cut_to_what_file_systems_take():
    name = file_name("活动签到表", date(2026, 12, 8), "夕阳红私塾" * 40)
    assert len(name.encode()) <= 206
    assert name.endswith(".xlsx")


def test_browsers_are_given_the_chinese_name():
    header = content_disposition("天涯_a b.xlsx")
    assert header.isascii()
    assert header.endswith("filename*=UTF-8''%E5%A4%A9%E6%B6%AF_a%20b.xlsx")
