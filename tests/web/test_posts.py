"""The page without scripts, over real HTTP: everything can be said and read with plain forms."""

import re

from storage import accounts, inbox
from storage.geography import Place, metres_between
from tests.web.house import PHONE


async def test_the_first_page_greets_and_keeps_nothing(program, visitor, database):
    await visitor.opens()
    assert visitor.status == 200
    assert "您好，我是试用的助手。" in visitor.reads()
    assert program.received == []
    user = next(iter(visitor.http.cookies.values())).partition(".")[0]
    assert await database.read(accounts.find, "web", user) is None


async def test_a_whole_conversation_goes_by_forms_alone(visitor):
    await visitor.posts(text="登记")
    assert "请问怎么称呼您？" in visitor.reads()
    await visitor.posts(text="王建国")
    await visitor.posts(text="13800138000")
    turn = re.findall(r'name="turn" value="([^"]+)"', visitor.html)[-1]
    await visitor.posts(choice="now", turn=turn)
    await visitor.posts(text="1")
    assert visitor.reads().endswith("登记好了，王建国。")


async def test_the_greeting_becomes_the_beginning_of_the_chat_and_its_numbers_count(visitor):
    await visitor.posts(text="1")
    assert visitor.reads().startswith("11月23日（周一） 红雁说： 您好，我是试用的助手。")
    assert "请问怎么称呼您？" in visitor.reads()


async def test_a_tapped_button_is_remembered_by_its_label(visitor):
    await visitor.posts(choice="看看")
    assert "您说： 看看能发什么" in visitor.reads()


async def test_a_button_answers_a_question_that_may_be_answered_freely(visitor):
    await visitor.posts(text="地方")
    turn = re.findall(r'name="turn" value="([^"]+)"', visitor.html)[-1]
    await visitor.posts(choice="here", turn=turn)
    assert "记下：here，[&#39;here&#39;]" in visitor.reads()
    await visitor.posts(text="地方")
    await visitor.posts(text="3栋楼下")
    assert "记下：3栋楼下，[]" in visitor.reads()


async def test_the_label_is_the_one_that_was_shown_when_it_was_tapped(visitor):
    await visitor.posts(text="再来")
    turn = re.findall(r'name="turn" value="([^"]+)"', visitor.html)[-1]
    await visitor.posts(choice="yes", turn=turn)
    assert "您说： 好 红雁说： 好的。" in visitor.reads()


async def test_a_form_sent_twice_is_heard_once(program, visitor):
    await visitor.opens()
    token = visitor.token
    for _ in range(3):
        await visitor.posts(text="登记", id="sameid0001", token=token)
    assert visitor.reads().count("请问怎么称呼您？") == 1
    assert len({message.id for message in program.received}) == 1


async def test_nobody_gets_anothers_answer_by_repeating_an_id(visitor, another):
    await visitor.posts(text="登记", id="sameid0001")
    await visitor.posts(text="王建国", id="sameid0002")
    await another.posts(text="你好", id="sameid0002")
    assert "王建国" not in another.reads()


async def test_only_the_open_question_can_be_tapped(visitor):
    await visitor.posts(text="再来")
    assert "disabled" not in visitor.html
    await visitor.posts(text="不了")
    assert visitor.html.count("disabled") == 2


async def test_words_that_look_like_html_stay_words(visitor):
    await visitor.posts(text="<script>alert(1)</script><b>登记</b>")
    assert "<script>alert" not in visitor.html
    assert "&lt;script&gt;" in visitor.html


async def test_an_identity_number_comes_back_masked(visitor):
    await visitor.posts(text="我的身份证 460200195001011234")
    assert "460200195001011234" not in visitor.html
    assert "没有保存" in visitor.reads()


async def test_five_megabytes_of_text_are_answered(visitor, program):
    await visitor.opens()
    response = await visitor.posts(text="说" * 1_700_000, files={"unused": (None, b"")})
    assert response.status_code == 200
    assert "我没看明白" in visitor.reads()
    assert len(program.received[-1].text) == 20_000


async def test_control_characters_and_half_characters_are_taken_out(visitor, program):
    await visitor.posts(text="登\x00\x1b记\ud83d".encode("utf-8", "replace").decode())
    assert program.received[-1].text == "登记?"


async def test_an_empty_message_gets_the_menu(visitor):
    await visitor.posts(text="")
    assert visitor.reads().count("您好，我是试用的助手。") == 2


async def test_the_emergency_number_can_be_dialled_at_once(visitor):
    await visitor.posts(text="有人晕倒了")
    assert 'href="tel:120"' in visitor.html


async def test_the_help_line_stands_on_every_page_and_works(visitor):
    await visitor.opens()
    assert f'href="tel:{PHONE}"' in visitor.html
    await visitor.posts(text="人工")
    assert "值班的同志帮您办" in visitor.reads()
    assert f'href="tel:{PHONE}"' in visitor.html


async def test_a_place_has_a_map_in_the_datum_of_that_map(visitor):
    await visitor.posts(text="看看")
    longitude, latitude = re.search(r"position=([\d.]+),([\d.]+)", visitor.html).groups()
    shown = Place(float(latitude), float(longitude), "gcj02")
    assert metres_between(shown, Place(18.25, 109.5)) < 1
    assert metres_between(Place(shown.latitude, shown.longitude), Place(18.25, 109.5)) > 400
    assert "geo:18.250000,109.500000" in visitor.html


async def test_a_link_opened_from_a_poster_is_one_tap_away(visitor, program):
    await visitor.opens("/chat?start=point-P001")
    assert 'name="payload" value="point-P001"' in visitor.html
    assert program.received == []
    await visitor.posts(payload="point-P001")
    assert "您打开的是 point-P001。" in visitor.reads()


async def test_a_link_that_is_no_payload_is_left_out(visitor):
    await visitor.opens('/chat?start="><script>')
    assert "payload" not in visitor.html
    assert "<script>" not in visitor.html


async def test_sample_data_is_named_on_the_page(database):
    from tests.web.conftest import Visitor
    from tests.web.program import running

    async with running(database, is_sample=True) as program:
        visitor = Visitor(program.url)
        await visitor.opens()
        assert "示例数据" in visitor.html
        await visitor.http.aclose()


async def test_no_word_about_sample_data_on_a_real_house(visitor):
    await visitor.opens()
    assert "示例" not in visitor.html


async def test_a_fault_of_ours_is_answered_and_the_chat_goes_on(visitor):
    await visitor.posts(text="坏了")
    assert "出了点毛病" in visitor.reads()
    await visitor.posts(text="登记")
    assert "请问怎么称呼您？" in visitor.reads()


async def test_when_nothing_can_be_kept_the_words_stay_in_the_box(visitor, program):
    from storage.database import StorageFault

    async def full(message):
        raise StorageFault("disk full")

    program.gate = full
    await visitor.posts(text="我家路灯坏了", id="lampbroken01")
    assert visitor.status == 503
    assert ">我家路灯坏了</textarea>" in visitor.html
    assert PHONE in visitor.html
    program.gate = None
    await visitor.posts(text="登记", id="lampbroken01")
    assert "请问怎么称呼您？" in visitor.reads()


async def test_history_shows_the_last_thirty_turns(visitor, program):
    for number in range(35):
        program.clock.passes(seconds=30)
        await visitor.posts(text=f"第 {number} 句", follow=False)
        await visitor.opens()
    assert visitor.html.count('class="turn"') == 30
    assert "第 34 句" in visitor.reads()
    assert "第 3 句" not in visitor.reads()


async def test_each_day_has_its_heading_once(visitor, program):
    await visitor.posts(text="你好")
    program.clock.passes(days=1)
    await visitor.posts(text="再来")
    await visitor.posts(text="好")
    assert re.findall(r'class="day">([^<]+)<', visitor.html) == ["11月23日（周一）", "11月24日（周二）"]


async def test_larger_letters_without_scripts(visitor):
    await visitor.opens()
    for shown in ("1", "2", "0"):
        size = re.search(r'name="size" value="(\d)"', visitor.html)[1]
        response = await visitor.http.post("/chat/size", data={"size": size})
        assert response.status_code == 303
        await visitor.opens()
        assert f'data-size="{shown}"' in visitor.html


async def test_what_was_answered_is_on_disk(visitor, database):
    await visitor.posts(text="登记", id="ondisk000001")
    user = next(iter(visitor.http.cookies.values())).partition(".")[0]
    account = await database.read(accounts.find, "web", user)
    turns = await database.read(inbox.spoken, account.id)
    assert [said for _, said, _ in turns] == ["", "登记"]
