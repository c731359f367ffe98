"""What people say who know nothing of menus: in the words of a woman of 71 from Harbin."""

from datetime import timedelta

import pytest

from storage import points
from storage.geography import Place
from tests.dialogues.town import CHUNYUAN, class_of, registered


@pytest.fixture
async def lessons(town_chat):
    """书法班 on 8 December, and 手机课堂 tomorrow at the same time of day."""
    await town_chat.does(class_of, "书法班", 20)
    await town_chat.does(class_of, "手机课堂：视频通话", 20, timedelta(days=1))
    return town_chat


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("谢谢啊", "不客气"),
        ("太感谢你们了", "不客气"),
        ("拜拜", "您多保重"),
        ("过年好", "也祝您身体健康"),
        ("你是机器人吗", "是电脑程序，不是真人。要找真人，打 0898-0000-0000"),
        ("今天星期几", "现在是11月23日（周一）上午10点。"),
        ("好嘞", "好的。"),
    ],
)
async def test_what_wants_nothing_is_answered_in_a_sentence_with_what_can_be_done(town_chat, said, answered):
    answer = await town_chat(said)
    assert answered in answer
    assert "1. 找服务点" in answer
    assert "没看明白" not in answer


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("我想学写毛笔字", "1. 书法班"),
        ("有没有教智能手机的", "1. 手机课堂：视频通话"),
        ("报名毛笔字", "报《书法班》要先登记"),
        ("帮我报名写字", "报《书法班》要先登记"),
        ("明天有啥活动没", "明天，11月24日（周二），有 1 场活动。"),
        ("后天有什么活动", "后天，11月25日（周三），没有活动。最近有 2 场活动。"),
        ("有啥课", "最近有 2 场活动"),
        ("下周有什么活动", "下周，11月30日（周一）到12月6日（周日），没有活动。最近有 2 场活动。"),
        ("这周有啥", "这周，11月23日（周一）到11月29日（周日），有 1 场活动。"),
        ("周末有什么安排", "周末，11月28日（周六）到11月29日（周日），没有活动。最近有 2 场活动。"),
        ("下个星期有什么活动", "下个星期，11月30日（周一）到12月6日（周日），没有活动。"),
        ("周围有什么活动", "最近有 2 场活动"),
        ("几个星期的活动", "最近有 2 场活动"),
        ("上个周末的活动", "最近有 2 场活动"),
        ("我想跳广场舞", "最近没有这样的活动。"),
    ],
)
async def test_events_are_found_by_what_they_are_about_and_by_their_day(lessons, said, answered):
    assert answered in await lessons(said)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("离我最近的红雁之家在哪旮旯", "您在哪儿？"),
        ("附近", "您在哪儿？"),
        ("几点开门", "您在哪儿？"),
        ("春园几点开门", "开门时间：周一至周五"),
        ("我住在时代海岸这边", "1. 时代海岸附近的"),
        ("来个人", "您打 0898-0000-0000"),
        ("书记电话多少", "您打 0898-0000-0000"),
        ("我要找书记", "您打 0898-0000-0000"),
        ("我迷路了", "请马上打 110"),
        ("我不会用", "不方便打字，打 0898-0000-0000"),
        ("煤气味很大", "请马上打 119"),
    ],
)
async def test_places_and_people_are_found(town_chat, said, answered):
    await town_chat.does(points.add_landmark, "时代海岸", Place(CHUNYUAN.latitude, CHUNYUAN.longitude))
    assert answered in await town_chat(said)


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("换手机号了", "新的手机号是？"),
        ("我电话号码变了", "新的手机号是？"),
        ("我们搬家了", "您现在住哪个社区"),
        ("改地址", "您现在住哪个社区"),
        ("我要回哈尔滨了", "大概哪天回去？"),
        ("我们快要走了", "大概哪天回去？"),
        ("我报了啥", "您现在没有报活动"),
        ("我的报名", "您现在没有报活动"),
        ("我报名了吗", "您现在没有报活动"),
        ("明天几点来着", "您现在没有报活动"),
        ("怎么退出登记", "注销"),
    ],
)
async def test_what_has_changed_is_put_right_in_ones_own_words(town_chat, said, answered):
    await registered(town_chat)
    assert answered in await town_chat(said)


async def test_what_is_not_understood_can_be_told_as_a_trouble_without_saying_it_again(town_chat):
    await registered(town_chat)
    assert "3. 把这句话当难处说" in await town_chat("我七十四了一个人过")
    assert "这是哪方面的事？" in await town_chat("3")
    await town_chat("安全防骗")
    assert "记下了，第1号" in await town_chat("不用说地方")


async def test_a_polite_word_loses_nothing_that_was_asked(lessons):
    await registered(lessons)
    await lessons("报名书法")
    assert "来不了，取消" in await lessons("好的，谢谢")
    assert "报名取消" not in await lessons("再见")
    assert "您不来了" in await lessons("1")


@pytest.mark.parametrize("said", ["我去不了了", "明天我去不成了", "我来不了啦"])
async def test_who_cannot_come_says_so_without_a_form(lessons, said):
    await registered(lessons)
    await lessons("报名书法")
    assert "您不来了" in await lessons(said)


async def test_a_question_with_a_list_is_no_dead_end(lessons):
    await registered(lessons)
    await lessons("报名")
    assert "不客气" in await lessons("谢谢")
    answer = await lessons("离我最近的红雁之家")
    assert "您在哪儿？" in answer
    answer = await lessons("春园")
    assert "电话 0898-0000-0011" in answer
    assert "您前面的“报名”还没办完。要接着办吗？" in answer
    assert "报哪个活动？" in await lessons("1")
    assert "报上了！《书法班》" in await lessons("书法")


async def test_what_only_sounds_like_something_else_is_asked_again_first(lessons):
    await registered(lessons)
    await lessons("报名")
    assert "请从下面选一个" in await lessons("我是想看看投票合适的")
    assert "报上了！《手机课堂：视频通话》" in await lessons("1")


async def test_what_somebody_is_not_says_not_yet_what_they_are(town_chat):
    for text in ("登记", "同意", "李桂芳", "13904510001"):
        await town_chat(text)
    assert "请从下面选一个" in await town_chat("我不是常住的")
    assert "哪个省市" in await town_chat("沈阳来的")


@pytest.mark.parametrize(
    ("came", "noted"),
    [("刚到", "11月23日到"), ("记不清了", "11月23日到"), ("跳过", "11月23日到"), ("十月份", "10月1日到")],
)
async def test_who_does_not_remember_the_day_registers_all_the_same(town_chat, came, noted):
    for text in ("登记", "同意", "李桂芳", "13904510001", "哈尔滨来的", "黑龙江哈尔滨"):
        await town_chat(text)
    answer = await town_chat(came)
    if "是10月1日" in answer:
        answer = await town_chat("是")
    assert "大概哪天回去" in answer
    for text in ("没定", "春园", "跳过"):
        await town_chat(text)
    assert noted in await town_chat("不是党员")
