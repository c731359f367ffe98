"""What is understood of numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialogue.numbers import read_choice, read_count, read_list, read_number, read_spelled


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("7", 7),
        ("128", 128),
        ("１２８", 128),
        (" 12 ", 12),
        ("零", 0),
        ("〇", 0),
        ("○", 0),
        ("两", 2),
        ("兩", 2),
        ("十", 10),
        ("一十", 10),
        ("十五", 15),
        ("二十", 20),
        ("二十三", 23),
        ("廿三", 23),
        ("廿", 20),
        ("卅", 30),
        ("卅一", 31),
        ("一百", 100),
        ("一百零八", 108),
        ("一百〇八", 108),
        ("一百二十八", 128),
        ("一百十八", 118),
        ("一百八", 180),
        ("两百五", 250),
        ("两百五十", 250),
        ("三千零五", 3005),
        ("三千零五十", 3050),
        ("两千五", 2500),
        ("一万二", 12000),
        ("一万零二", 10002),
        ("三万五千", 35000),
        ("十二万", 120000),
        ("一亿", 100_000_000),
        ("二〇二六", 2026),
        ("二零二六", 2026),
        ("一三八", 138),
        ("幺三八", 138),
        ("3百", 300),
        ("2千5百", 2500),
        ("1万", 10000),
        ("壹佰贰拾捌", 128),
        ("叁", 3),
        ("②", 2),
        ("⑫", 12),
        ("❷", 2),
        ("❿", 10),
        ("⓶", 2),
        ("㊂", 3),
        ("2️⃣", 2),
    ],
)
def test_a_number_is_read_however_it_is_written(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "个", "三个", "-1", "1.5", "十十", "百", "二百百", "一百千", "一百零", "半", "½", "三四十", "12a"),
        *(
            "1234567890",
            "一二三四五六七八九一",
            "一亿亿",
            "一万万",
            "零百",
            "十九九",
            "9" * 5000,
            "一" * 5000,
            "二十廿",
        ),
    ],
)
def test_what_is_no_number_is_none(text):
    assert read_number(text) is None


def test_three_or_four_is_no_spelled_number():
    assert read_spelled("三四") is None
    assert read_spelled("三十四") == 34


def spelled(number: int) -> str:
    """The standard way of writing a number below a hundred million."""
    if number >= 10_000:
        high, low = divmod(number, 10_000)
        return spelled(high) + "万" + (("零" if low < 1000 else "") + spelled(low) if low else "")
    words = ""
    gap = False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // unit % 10
        if digit:
            words += ("零" if gap else "") + "零一二三四五六七八九"[digit] + name
        gap = bool(words) and not digit
    return words or "零"


@given(st.integers(0, 99_999_999))
def test_every_number_reads_back_from_its_spelling(number):
    assert read_number(spelled(number)) == number
    assert read_spelled(spelled(number)) == number
    if 10 <= number < 20:
        assert read_number(spelled(number).removeprefix("一")) == number


@given(st.integers(0, 999_999_999))
def test_every_number_reads_back_from_its_digits(number):
    assert read_number(str(number)) == number
    assert read_number("".join(chr(ord(digit) - ord("0") + ord("０")) for digit in str(number))) == number
    assert read_number("".join("〇一二三四五六七八九"[int(digit)] for digit in str(number))) == number


SCRAPS = st.text(
    st.sampled_from("0123456789零一二两三十百千万亿廿第个号最后倒数头选-~到、,. ②❷½①人俩多几"), max_size=12
)


@given(st.one_of(st.text(max_size=40), SCRAPS))
def test_nothing_said_breaks_the_reading(text):
    for number in (read_number(text), read_spelled(text), read_choice(text), read_choice(text, 5), read_count(text)):
        assert number is None or number >= 0
    assert read_list(text) is None or read_list(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("１", 1),
        ("一", 1),
        ("①", 1),
        ("1.", 1),
        ("1、", 1),
        ("1。", 1),
        ("(1)", 1),
        ("（1）", 1),
        ("⑴", 1),
        ("⒈", 1),
        ("㈠", 1),
        ("第一个", 1),
        ("第1个", 1),
        ("第一", 1),
        ("第 2 项", 2),
        ("第二个吧", 2),
        ("第二条", 2),
        ("第二场", 2),
        ("选2", 2),
        ("选二", 2),
        ("我选2", 2),
        ("我选第二个", 2),
        ("我要第三个", 3),
        ("就2吧", 2),
        ("2号", 2),
        ("回1", 1),
        ("回复1", 1),
        ("按9", 9),
        ("【3】", 3),
        ("头一个", 1),
        ("两", 2),
        ("十", 10),
        ("十二", 12),
        ("9", 9),
        ("0", 0),
        (" 2 ", 2),
        ("2️⃣", 2),
        ("2 谢谢", 2),
    ],
)
def test_a_choice_is_read_however_it_is_said(text, number):
    assert read_choice(text) == number


@pytest.mark.parametrize(
    "text", ["", "好", "两个", "三个人", "2点", "1和2", "第", "第几个", "二手市场", "春园社区", "12月8号"]
)
def test_other_answers_are_no_choice(text):
    assert read_choice(text) is None


def test_counting_from_the_end_needs_the_length():
    assert read_choice("最后一个", of=4) == 4
    assert read_choice("最后1个", of=4) == 4
    assert read_choice("倒数第二个", of=4) == 3
    assert read_choice("倒数第五个", of=4) is None
    assert read_choice("最后一个") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3),
        ("３人", 3),
        ("三个人", 3),
        ("两个", 2),
        ("两位", 2),
        ("一共5位", 5),
        ("我们一起四个人", 4),
        ("俩人", 2),
        ("我们俩", 2),
        ("仨", 3),
        ("老两口", 2),
        ("二十五名", 25),
        ("100个名额", 100),
        ("一百二十", 120),
        ("就我自己", 1),
        ("就我一个人", 1),
        ("我一个", 1),
        ("自己", 1),
        ("0", 0),
    ],
)
def test_a_count_is_found_among_its_words(text, number):
    assert read_count(text) == number


@pytest.mark.parametrize(
    "text", ["", "好多人", "十来个", "三十多人", "几个", "大概20个", "两三个", "3到5个", "不限", "2男3女"]
)
def test_a_rough_count_is_none(text):
    assert read_count(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("3", [3]),
        ("3 7 12", [3, 7, 12]),
        ("3 7 12-15", [3, 7, 12, 13, 14, 15]),
        ("3、7、12到15", [3, 7, 12, 13, 14, 15]),
        ("３，７，１２～１４", [3, 7, 12, 13, 14]),
        ("三号五号", [3, 5]),
        ("1,2,3和5", [1, 2, 3, 5]),
        ("7 3 7", [7, 3]),
        ("三 七 十二", [3, 7, 12]),
        ("③ ⑦", [3, 7]),
        ("3号、7号。", [3, 7]),
        ("1 - 3", [1, 2, 3]),
    ],
)
def test_a_list_of_numbers_is_read(text, numbers):
    assert read_list(text) == numbers


@pytest.mark.parametrize("text", ["", "张三", "3 张三", "5-3", "1-9999", "3人", "1" * 10, "1 " * 4000])
def test_a_list_with_anything_else_is_none(text):
    assert read_list(text) is None
