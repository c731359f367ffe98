"""Replies brought into the fields of a template."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat.templates import FIELD_RULES, filled, fits, kind_of
from dialogue.message import Reply, Venue
from storage.geography import Place
from tests.wechat import rules

DECEMBER = datetime(2025, 12, 7, 4, tzinfo=UTC)
FIELDS = ["thing1", "time2"]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("明天下午2点30分，春园社区上私塾。来回 1，不来回 2。", ("春园社区上私塾", "2025年12月8日 14:30")),
        ("提醒您：12月8日（周一）上午9点，春园社区义诊。", ("春园社区义诊", "2025年12月8日 09:00")),
        ("《夕阳红私塾》明天晚上7点半开始。", ("夕阳红私塾", "2025年12月8日 19:30")),
        ("1月5日（周一）中午12点，团圆饭。", ("团圆饭", "2026年1月5日 12:00")),
        ("今天中午1点，量血压。", ("量血压", "2025年12月7日 13:00")),
        ("改时间了：私塾改到12月9日（周二）上午9点，地点不变。", ("改时间了：私塾改到", "2025年12月9日 09:00")),
    ],
)
def test_a_reminder_finds_its_subject_and_its_time(text, values):
    assert filled(FIELDS, Reply(text), DECEMBER) == dict(zip(FIELDS, values, strict=True))


def test_a_reminder_as_it_is_written_fills_a_template_with_a_place_too():
    text = "提醒您：明天12月8日（周一）下午2点30分，《书法班》，地点：春园社区红雁之家。您来吗？"
    assert filled(["thing1", "time2", "thing3"], Reply(text), DECEMBER) == {
        "thing1": "书法班",
        "time2": "2025年12月8日 14:30",
        "thing3": "春园社区红雁之家",
    }


def test_in_january_december_was_last_year():
    january = datetime(2026, 1, 3, 4, tzinfo=UTC)
    assert filled(["time1"], Reply("12月30日（周二）上午9点"), january) == {"time1": "2025年12月30日 09:00"}


def test_a_place_and_a_phone_have_their_fields():
    reply = Reply(
        "明天下午2点30分，夕阳红私塾。问 0898-0000-0012。", venue=Venue(Place(18, 109), "春园社区红雁之家", "")
    )
    values = filled(["thing1", "time2", "thing3", "phone_number4"], reply, DECEMBER)
    assert values["thing3"] == "春园社区红雁之家"
    assert values["phone_number4"] == "0898-0000-0012"


@pytest.mark.parametrize("text", ["没有时间的话", "2月31日下午2点开会", "明天下午2点30分", "", "明天25点，开会"])
def test_what_a_field_needs_and_the_reply_has_not_is_no_template_message(text):
    assert filled(FIELDS, Reply(text), DECEMBER) is None


@pytest.mark.parametrize("field", ["amount1", "car_number2", "name3", "unheard_of4", "没有"])
def test_fields_that_a_reply_cannot_fill_are_no_template_message(field):
    assert filled([field], Reply("明天下午2点30分，开会。"), DECEMBER) is None


words = st.text(st.sampled_from("明天后12月8日下午2点30分：，。！《》私塾春园\n\x07😀 来0898-0000-0012"), max_size=60)


@given(words, st.lists(st.sampled_from(["thing", "time", "date", "phone_number"]), min_size=1, max_size=4))
def test_whatever_is_said_the_platform_takes_every_field(text, kinds):
    fields = [f"{kind}{number}" for number, kind in enumerate(kinds, start=1)]
    values = filled(fields, Reply(text), DECEMBER)
    if values is not None:
        assert list(values) == fields
        assert rules.wrong_field({key: {"value": value} for key, value in values.items()}) is None


EXAMPLES = {
    "thing": ("亚龙湾清滩", "字" * 21),
    "number": ("12.5", "十二"),
    "letter": ("abc", "ab1"),
    "symbol": ("！", "！！！！！！"),
    "character_string": ("HD2026-0012", "活动12"),
    "time": ("2019年10月1日 15:01", "下午3点"),
    "date": ("2018-01-01", "1月1日"),
    "amount": ("¥100.00元", "一百"),
    "phone_number": ("+86-0766-66888866", "电话66888866"),
    "car_number": ("粤A8Z888挂", "粤A8Z888挂99"),
    "name": ("王建国", "王" * 11),
    "phrase": ("配送中", "配送中啦啦啦"),
}


@pytest.mark.parametrize("kind", FIELD_RULES)
def test_the_published_examples_fit_and_their_opposites_do_not(kind):
    good, bad = EXAMPLES[kind]
    assert fits(f"{kind}1", good)
    assert not fits(f"{kind}1", bad)
    assert not fits(f"{kind}1", "")


def test_a_key_is_a_kind_and_a_number():
    assert kind_of("thing1") == "thing"
    assert kind_of("character_string12") == "character_string"
    assert kind_of("thing") == ""
