"""What the machinery promises to every conversation, whatever it is about."""

import pytest

from dialogue.message import Choice
from dialogue.questions import Number, OneOf, SeveralOf, Somewhere, Text, YesNo
from dialogue.talk import House
from dialogue.understanding import Entry
from storage import inbox, settings
from storage.geography import Place
from storage.refusals import NotRegistered


async def greet(talk):
    talk.say("Welcome.", Choice("go", "Go"), Choice("other", "Other"))


async def help_out(talk):
    talk.say("Help.")


async def human(talk):
    talk.say("Call.")


async def puzzled(talk):
    talk.say(f"What? {talk.misses}")


async def help_now(talk):
    talk.say("Dial 120.")


HOUSE = House(
    greet, help_out, human, puzzled, lambda text: help_now if "fire" in text else None, lambda talk: "0898-0000-0000"
)


@pytest.fixture
def talks(chat):
    """`talks(go=conversation)`: a chat whose menu is just these."""

    def with_menu(**menu):
        chat.menu = {name: Entry(conversation) for name, conversation in menu.items()}
        chat.house = HOUSE
        return chat

    return with_menu


def keeps(talk, value="yes"):
    settings.put(talk.tx, "kept", value, talk.now)


async def kept(chat):
    return await chat.does(settings.get, "kept")


async def two(talk):
    a = await talk.ask("a", "A?", Text())
    b = await talk.ask("b", "B?", Text())
    talk.say(a + b)


async def test_answers_lead_to_the_end(talks):
    chat = talks(go=two)
    assert await chat("go") == "A?"
    assert await chat("1") == "B?"
    assert await chat("2") == "12"


async def test_a_question_added_while_people_are_talking(talks):
    """The answer already given to the question on screen is kept; the new question is put."""

    async def after(talk):
        a = await talk.ask("a", "A?", Text())
        new = await talk.ask("new", "New?", Text())
        b = await talk.ask("b", "B?", Text())
        talk.say(a + new + b)

    chat = talks(go=two)
    assert await chat.says("go", "1") == "B?"
    chat = talks(go=after)
    assert await chat("2") == "New?"
    assert await chat("3") == "132"


async def test_a_number_means_the_choice_that_was_shown(talks):
    """Choices may change while someone is choosing; “1” is the first of those they saw."""

    def choose(options):
        async def conversation(talk):
            talk.say("chosen: " + await talk.ask("which", "Which?", OneOf(options)))

        return conversation

    chat = talks(go=choose({"a": "A", "b": "B"}))
    await chat("go")
    chat = talks(go=choose({"new": "New", "a": "A", "b": "B"}))
    assert await chat("1") == "chosen: a"


@pytest.mark.parametrize("said", ["2", "２", "二", "②", "2.", "第二个", "喝茶", "喝茶。", "茶"])
async def test_every_way_to_name_a_choice_is_understood(talks, said):
    async def conversation(talk):
        talk.say("chosen: " + await talk.ask("which", "Which?", OneOf({"coffee": "喝咖啡", "tea": "喝茶"})))

    chat = talks(go=conversation)
    await chat("go")
    assert (await chat(said)).startswith("chosen: tea")


async def test_several_choices_in_one_message(talks):
    async def conversation(talk):
        talk.say(" ".join(await talk.ask("which", "Which?", SeveralOf({"a": "唱歌", "b": "书法", "c": "太极"}))))

    chat = talks(go=conversation)
    await chat("go")
    assert await chat("1、3") == "a c"
    await chat("go")
    assert await chat("太极 书法") == "b c"


async def test_a_long_list_comes_in_pages_and_every_label_counts_on_each(talks):
    options = {f"v{n}": f"选项{n:02}" for n in range(12)}

    async def conversation(talk):
        talk.say("chosen: " + await talk.ask("which", "Which?", OneOf(options)))

    chat = talks(go=conversation)
    first = await chat("go")
    assert "选项04" in first
    assert "选项05" not in first
    assert "选项05" in await chat("看更多")
    assert await chat("1") == "chosen: v5"
    await chat("go")
    assert await chat("选项11") == "chosen: v11"


async def test_a_word_taken_off_the_menu_traps_nobody(talks):
    chat = talks(old=two)
    await chat("old")
    chat = talks(new=two)
    assert "What?" in await chat("xyz")
    assert await chat("new") == "A?"


async def test_two_questions_with_one_key_are_refused(talks, caplog):
    """They would share one answer; any test that reaches the second one shows it."""

    async def conversation(talk):
        await talk.ask("a", "A?", Text())
        await talk.ask("a", "A once more?", Text())

    chat = talks(go=conversation)
    await chat("go")
    assert "编号" in await chat("1")
    assert "ValueError" in caplog.text


async def test_no_conversation_can_swallow_its_question(talks):
    async def conversation(talk):
        try:
            await talk.ask("a", "A?", Text())
        except Exception:  # noqa: BLE001 - the mistake this test is about
            talk.say("never said")

    assert await talks(go=conversation)("go") == "A?"


async def test_writes_before_a_question_are_undone(talks):
    async def conversation(talk):
        keeps(talk)
        await talk.ask("ok", "ok?", YesNo())

    chat = talks(go=conversation)
    await chat("go")
    assert await kept(chat) is None
    await chat("是")
    assert await kept(chat) == "yes"


async def test_a_refusal_undoes_the_talk_and_says_why(talks):
    async def conversation(talk):
        keeps(talk)
        await talk.ask("ok", "ok?", YesNo())
        raise NotRegistered

    chat = talks(go=conversation)
    await chat("go")
    assert "登记" in await chat("是")
    assert await kept(chat) is None


async def test_a_bug_gets_a_number_that_is_logged_and_leaves_the_talk_where_it_was(talks, caplog):
    async def broken(talk):
        await talk.ask("a", "A?", Text())
        keeps(talk)
        raise ZeroDivisionError("secret of 王建国")

    async def mended(talk):
        a = await talk.ask("a", "A?", Text())
        await talk.ask("b", f"{a} B?", Text())

    chat = talks(go=broken)
    await chat("go")
    answer = await chat("1")
    number = answer.partition("编号 ")[2][:4]
    assert f"fault {number}" in caplog.text
    assert "王建国" not in caplog.text
    assert await kept(chat) is None
    chat = talks(go=mended)
    assert await chat("1") == "1 B?"


async def test_awaiting_a_machine_is_refused(talks, caplog):
    """A conversation that waits for anything but a person would hold up everyone."""

    class Never:
        def __await__(self):
            yield

    async def conversation(talk):
        await Never()

    assert "编号" in await talks(go=conversation)("go")
    assert "RuntimeError" in caplog.text


async def test_a_crash_after_the_last_answer_loses_nothing_and_doubles_nothing(talks, monkeypatch):
    async def conversation(talk):
        await talk.ask("ok", "ok?", YesNo())
        settings.put(talk.tx, "times", settings.get(talk.tx, "times", 0) + 1, talk.now)
        talk.say("done")

    def power_cut(*_):
        raise KeyboardInterrupt("power cut")

    chat = talks(go=conversation)
    await chat("go")
    with monkeypatch.context() as patched:
        patched.setattr(inbox, "keep", power_cut)
        with pytest.raises(KeyboardInterrupt, match="power cut"):
            await chat("是")
    assert await chat.does(settings.get, "times") is None
    assert await chat("是") == "done"
    assert await chat.does(settings.get, "times") == 1


async def test_a_message_delivered_twice_is_answered_once(talks):
    chat = talks(go=two)
    await chat("go")
    first = await chat("1", id="again")
    assert await chat("1", id="again") == first
    assert await chat("2") == "12"


async def test_a_button_under_an_older_question_answers_nothing(talks):
    async def conversation(talk):
        first = await talk.ask("first", "First?", YesNo())
        second = await talk.ask("second", "Second?", YesNo())
        talk.say(f"{first} {second}")

    chat = talks(go=conversation)
    await chat("go")
    old = chat.buttons["是"]
    await chat.taps("是")
    answer = await chat(**old)
    assert "现在用不上了" in answer
    assert "Second?" in answer
    assert (await chat.taps("不是")) == "True False"


async def test_a_button_from_an_earlier_conversation_answers_nothing(talks):
    async def conversation(talk):
        talk.say("yes" if await talk.ask("ok", "Sure?", YesNo()) else "no")

    chat = talks(go=conversation, other=conversation)
    await chat("go")
    old = chat.buttons["是"]
    await chat("是")
    await chat("other")
    assert "Sure?" in await chat(**old)
    assert await chat("不是") == "no"


async def test_a_yes_to_one_summary_is_no_yes_to_another(talks):
    words = ["one"]

    async def conversation(talk):
        talk.say("done" if await talk.confirm(words[0]) else "not done")

    chat = talks(go=conversation)
    assert "one" in await chat("go")
    words[0] = "two"
    assert "two" in await chat("对")
    assert await chat("对") == "done"


async def test_one_step_back_is_one_question(talks):
    async def conversation(talk):
        answers = [await talk.ask(key, f"{key}?", Text()) for key in "abc"]
        talk.say("".join(answers))

    chat = talks(go=conversation)
    assert await chat.says("go", "1", "2") == "c?"
    assert await chat("上一步") == "b?"
    assert await chat("返回") == "a?"
    assert "第一个问题" in await chat("上一步")
    assert await chat.says("x", "y", "z") == "xyz"


async def test_people_do_not_read_the_whole_talk_again(talks):
    async def conversation(talk):
        talk.say("Hello.")
        await talk.ask("a", "A?", Text())
        talk.say("Thanks.")
        await talk.ask("b", "B?", Text())

    chat = talks(go=conversation)
    assert await chat("go") == "Hello.\nA?"
    assert await chat("1") == "Thanks.\nB?"


async def test_cancelling_forgets_the_talk(talks):
    chat = talks(go=two)
    await chat.says("go", "1")
    assert "不办了" in await chat("取消")
    assert await chat("go") == "A?"


async def test_starting_again_asks_the_first_question(talks):
    chat = talks(go=two)
    await chat.says("go", "1")
    assert await chat("重新开始") == "A?"


async def test_help_and_a_person_are_there_in_every_state_and_the_question_stays(talks):
    chat = talks(go=two)
    await chat.says("go", "1")
    assert await chat("帮助") == "Help.\nB?"
    assert await chat("人工") == "Call.\nB?"
    assert await chat("2") == "12"


async def test_emergency_words_come_first_and_the_talk_is_still_there(talks):
    chat = talks(go=two)
    await chat.says("go", "1")
    assert await chat("fire!") == "Dial 120."
    assert await chat("2") == "12"


async def test_another_wish_lays_the_talk_aside_and_it_is_offered_again(talks):
    async def other(talk):
        talk.say("Other done.")

    chat = talks(go=two, 别的事=other)
    await chat.says("go", "1")
    answer = await chat("别的事")
    assert "Other done." in answer
    assert "还没办完" in answer
    assert await chat("1") == "B?"
    assert await chat("2") == "12"


async def test_a_talk_of_yesterday_goes_on(talks):
    chat = talks(go=two)
    await chat.says("go", "1")
    chat.clock.passes(hours=25)
    assert "还没办完" in await chat("你好")
    assert await chat("2") == "12"


async def test_words_not_understood_are_answered_kindly_and_counted(talks):
    chat = talks(go=two)
    assert await chat("qqqq") == "What? 1"
    assert await chat("wwww") == "What? 2"
    await chat("go")
    await chat("取消")
    assert await chat("qqqq") == "What? 1"


async def test_nothing_but_silence_is_answered_too(talks):
    assert "Welcome." in await talks(go=two)("")


async def test_a_number_outside_a_talk_means_the_list_shown_last(talks):
    chat = talks(go=two, other=two)
    await chat("菜单")
    assert await chat("1") == "A?"


async def test_two_misses_in_a_row_bring_the_phone(talks):
    async def conversation(talk):
        await talk.ask("n", "How many?", Number(1, 5))

    chat = talks(go=conversation)
    await chat("go")
    assert "0898-0000-0000" not in await chat("many")
    assert "0898-0000-0000" in await chat("more")


async def test_a_position_is_used_and_never_kept(talks):
    seen = []

    async def conversation(talk):
        place = await talk.ask("where", "Where?", Somewhere())
        seen.append(place)
        await talk.ask("next", "Next?", Text())
        talk.say("done")

    chat = talks(go=conversation)
    await chat("go")
    assert await chat(place=Place(18.2512, 109.5678)) == "Next?"
    assert seen == [Place(18.2512, 109.5678)]
    assert await chat("x") == "Where?"


async def test_identity_and_card_numbers_are_masked_before_anyone_sees_them(talks):
    chat = talks(go=two)
    await chat("go")
    assert "已经把它遮住了" in await chat("460200195001011234")
    answer = await chat("ok")
    assert "195001" not in answer
    assert "4602" in answer


async def test_a_message_in_a_group_gets_nothing_personal(talks):
    chat = talks(go=two)
    assert "私下" in await chat("go", private=False)
    assert "Welcome." in await chat("你好")


async def test_a_huge_message_is_answered(talks):
    chat = talks(go=two)
    await chat("go")
    assert await chat("长" * 5_000_000) == "有点长了，请说短一些，200 个字以内。\nA?"
