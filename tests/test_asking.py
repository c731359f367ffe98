"""How the bot asks on until a day or a moment is sure."""

import pytest

from dialogue import asking, texts
from dialogue.questions import YesNo
from dialogue.saying import say_date, say_span
from dialogue.understanding import Entry

EXAMPLE = "比如：12月8号下午两点半。"
WHEN = "哪天几点？"


async def appointment(talk):
    span = await asking.span(talk, "when", WHEN)
    talk.say(f"{say_span(span.start, span.end, talk.now)}，记下了。")


async def arrival(talk):
    day = await asking.day(talk, "day", "您哪天到三亚的？", past=True, rough="first")
    talk.say(f"{say_date(day, day)}，记下了。")


async def leaving(talk):
    day = await asking.day_or_skip(talk, "day", "打算哪天回去？", rough="last")
    talk.say("不急。" if day is None else f"{say_date(day, day)}，记下了。")


@pytest.fixture
def chat(chat):
    """Monday 2026-11-23, 10:00."""
    chat.menu = {"约": Entry(appointment), "到": Entry(arrival), "走": Entry(leaving)}
    return chat


async def test_a_clear_moment_is_taken_at_once(chat):
    assert await chat.says("约", "明天下午三点到五点") == "11月24日（周二）下午3点到5点，记下了。"


async def test_the_time_is_asked_for_its_day(chat):
    assert await chat.says("约", "12月8号") == "12月8日（周二）几点？比如：下午两点半。"
    assert await chat("九点半") == "12月8日（周二）上午9点30分，记下了。"


async def test_the_part_of_the_day_already_said_is_not_asked_again(chat):
    assert await chat.says("约", "明天下午") == "11月24日（周二）几点？比如：下午两点半。"
    assert await chat("三点") == "11月24日（周二）下午3点，记下了。"


async def test_a_bare_number_answers_the_question_for_the_time(chat):
    assert await chat.says("约", "明天下午", "3") == "11月24日（周二）下午3点，记下了。"


async def test_an_unclear_hour_is_proposed_for_the_afternoon(chat):
    answer = await chat.says("约", "明天三点")
    assert answer.startswith("是11月24日（周二）下午3点吗？\n1. 是\n2. 不是")
    assert await chat("1") == "11月24日（周二）下午3点，记下了。"


async def test_a_no_to_the_afternoon_means_the_morning(chat):
    assert await chat.says("约", "明天六点", "不是") == "11月24日（周二）早上6点，记下了。"


@pytest.mark.parametrize("said", ["上午", "早上", "上午吧", "不是，是早上"])
async def test_the_part_of_the_day_can_be_named(chat, said):
    assert await chat.says("约", "明天六点到七点", said) == "11月24日（周二）早上6点到7点，记下了。"


async def test_a_time_without_a_day_is_proposed_for_today(chat):
    assert (await chat.says("约", "下午三点")).startswith("是11月23日（周一）下午3点吗？")
    assert await chat("对") == "11月23日（周一）下午3点，记下了。"


async def test_a_time_that_is_over_is_proposed_for_tomorrow(chat):
    chat.clock.passes(hours=6)
    assert (await chat.says("约", "下午2点")).startswith("下午2点已经过了。是明天下午2点吗？")
    assert await chat("是") == "11月24日（周二）下午2点，记下了。"


async def particular(talk):
    span = await asking.span(talk, "when", WHEN)
    said = say_span(span.start, span.end, talk.now)
    if not await talk.ask(f"free {said}", f"{said}有空吗？", YesNo()):
        talk.again("when", "那换一个。")
    talk.say(f"{said}，记下了。")


async def test_a_yes_to_one_proposal_is_no_yes_to_another(chat):
    chat.menu = {"约": Entry(particular)}
    assert (await chat.says("约", "明天三点", "是")).startswith("11月24日（周二）下午3点有空吗？")
    assert await chat("不是") == f"那换一个。\n{WHEN}"
    assert (await chat("后天四点")).startswith("是11月25日（周三）下午4点吗？")


async def test_a_no_to_a_proposal_asks_for_all_of_it_and_a_better_one_is_taken(chat):
    await chat.says("约", "下午三点")
    assert (await chat("不是")).startswith("那是什么时候？请连日子带钟点说一遍，" + EXAMPLE)
    assert await chat("后天下午四点") == "11月25日（周三）下午4点，记下了。"


async def test_another_moment_may_be_said_instead_of_yes_or_no(chat):
    assert await chat.says("约", "下午三点", "不，明天下午四点") == "11月24日（周二）下午4点，记下了。"
    assert await chat.says("约", "下午三点", "四点半", "是") == "11月23日（周一）下午4点30分，记下了。"


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("过几天", "日子没看明白，您再说一遍，"),
        ("4月31号", "没有这个日子或者钟点，您再看看，"),
        ("昨天下午三点", "11月22日（周日）下午3点已经过了，请说后面的日子，"),
    ],
)
async def test_what_cannot_be_used_is_asked_again_with_an_example(chat, said, hint):
    assert await chat.says("约", said) == f"{hint}{EXAMPLE}\n{WHEN}"


async def test_tomorrow_stays_the_day_it_was_said_for(chat):
    """A talk taken up after midnight does not move to another day."""
    await chat.says("约", "明天")
    chat.clock.passes(hours=20)
    assert await chat("下午三点") == "11月24日（周二）下午3点，记下了。"


async def test_a_yes_that_comes_too_late_is_not_taken(chat):
    await chat.says("约", "下午三点")
    chat.clock.passes(hours=6)
    assert (await chat("是")).startswith("11月23日（周一）下午3点已经过了，请说后面的日子，" + EXAMPLE)


async def test_an_arrival_may_lie_in_the_past(chat):
    assert await chat.says("到", "10月20号") == "10月20日（周二），记下了。"


async def test_a_rough_day_is_proposed(chat):
    assert (await chat.says("到", "十月中旬")).startswith("是10月11日（周日）吗？")
    assert (await chat("2")).startswith("那您再说一遍，比如：10月20号。")
    assert await chat("10月15号") == "10月15日（周四），记下了。"


@pytest.mark.parametrize("said", [texts.LATER, "1", "还没定", "没想好。"])
async def test_a_day_that_may_stay_open_can_be_skipped(chat, said):
    assert await chat.says("走", said) == "不急。"


async def test_a_day_that_may_stay_open_is_read_like_any_other(chat):
    assert (await chat.says("走", "四月底")).startswith("是4月30日（周五）吗？")
    assert await chat("是") == "4月30日（周五），记下了。"
