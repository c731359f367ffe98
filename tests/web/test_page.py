"""The page in a real Chromium: what a person does on a telephone, and what happens when the network does not."""

import asyncio

import pytest

from dialogue.message import Choice, Reply, encoded
from storage import accounts, attachments, outbox
from storage.outbox import Planned
from tests.web.conftest import PHONE_SCREEN, Watched
from tests.web.pictures import photo

pytestmark = pytest.mark.page


async def user_of(telephone):
    (cookie,) = [cookie for cookie in await telephone.page.context.cookies() if cookie["name"] == "hongyan"]
    return cookie["value"].partition(".")[0]


async def test_what_is_said_is_answered_without_leaving_the_page(telephone):
    page = await telephone.opens()
    await page.evaluate("window.here = true")
    await telephone.says("登记")
    await telephone.shows("请问怎么称呼您？")
    assert await page.evaluate("window.here")
    assert await page.input_value("#text") == ""
    assert await page.evaluate("document.activeElement.id") == "text"


async def test_a_tapped_choice_is_said_and_its_question_closed(telephone):
    page = await telephone.opens()
    await telephone.says("再来")
    await telephone.taps("好")
    assert (await telephone.reads()).endswith("好 红雁说： 好的。")
    assert await page.locator(".question button.choice:enabled").count() == 0
    assert await page.locator(".question .ways:visible").count() == 0


async def test_who_tapped_goes_on_at_the_answer(telephone):
    page = await telephone.opens()
    await telephone.says("再来")
    await telephone.taps("好")
    assert "好的。" in await page.evaluate("document.activeElement.textContent")


async def test_standing_words_stay_to_be_tapped(telephone):
    await telephone.opens()
    await telephone.taps("登记")
    await telephone.taps("登记", last=False)
    assert (await telephone.reads()).count("请问怎么称呼您？") == 2


async def test_opened_again_the_page_shows_the_same_chat(telephone):
    page = await telephone.opens()
    await telephone.says("再来")
    await telephone.taps("好")
    before = await telephone.reads()
    await page.reload()
    assert await telephone.reads() == before


async def test_what_we_say_unasked_appears_at_once_and_stays(telephone, program):
    page = await telephone.opens()
    await telephone.says("你好")
    await program.channel.send(await user_of(telephone), Reply("好消息：有座位了。"))
    await telephone.shows("好消息：有座位了。")
    await page.reload()
    assert (await telephone.reads()).count("好消息") == 1


async def test_buttons_under_what_we_said_unasked_can_be_tapped(telephone, program):
    await telephone.opens()
    await telephone.says("你好")
    reply = Reply("私塾明天开课。", (Choice("再来", "来"), Choice("人工", "不来")))
    await program.channel.send(await user_of(telephone), reply)
    await telephone.shows("私塾明天开课。")
    await telephone.page.get_by_role("button", name="1 来").click()
    await telephone.shows("再来一次吗？")


async def test_what_waited_is_there_when_the_page_is_opened(telephone, program):
    page = await telephone.opens()
    await telephone.says("你好")
    account = await program.database.read(accounts.find, "web", await user_of(telephone))
    await page.goto("about:blank")
    now = program.clock()
    waits = Planned("emergency", "note", encoded(Reply("台风来了，别出门。")), now, account_id=account.id)
    await program.database.write(outbox.plan, waits, now)
    await telephone.opens()
    await telephone.shows("台风来了，别出门。")


async def test_while_reading_above_nothing_moves_and_a_button_tells(telephone, program):
    page = await telephone.opens()
    for _ in range(4):
        await telephone.says("看看")
    # The page follows its last turn in the frame after it: whoever scrolls up does so later than that.
    await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    await page.evaluate("window.scrollTo(0, 0)")
    await program.channel.send(await user_of(telephone), Reply("好消息"))
    await page.locator("#fresh").wait_for(state="visible")
    assert await page.evaluate("scrollY") == 0
    await page.locator("#fresh button").click()
    assert await page.get_by_text("好消息").is_visible()


async def test_two_pages_of_one_person_show_the_same(telephone, program):
    await telephone.opens()
    await telephone.says("你好")
    second = Watched(await telephone.page.context.new_page(), program.url)
    await second.opens()
    await telephone.says("再来")
    await second.shows("再来一次吗？")
    assert await second.reads() == await telephone.reads()
    assert second.complaints == []


# When the network does not


async def test_without_network_the_words_stay_and_go_out_later_once(telephone, program):
    page = await telephone.opens()
    await telephone.says("你好")
    await page.context.set_offline(True)
    await page.fill("#text", "登记")
    await page.press("#text", "Enter")
    await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    assert await page.locator(".waiting .mine").inner_text() == "您说：\n\n登记"
    await page.context.set_offline(False)
    await telephone.answered(1)
    await telephone.shows("请问怎么称呼您？")
    assert [message.text for message in program.received].count("登记") == 1


async def test_several_unsent_messages_arrive_in_their_order(telephone, program):
    page = await telephone.opens()
    await telephone.says("说难处")
    await page.context.set_offline(True)
    for words in ("路灯坏了", "再来", "好"):
        await page.fill("#text", words)
        await page.press("#text", "Enter")
    await page.get_by_role("button", name="没发出去，点这里再发").first.wait_for()
    await page.context.set_offline(False)
    await telephone.answered(3)
    assert [message.text for message in program.received] == ["说难处", "路灯坏了", "再来", "好"]
    assert (await telephone.reads()).endswith("好 红雁说： 好的。")


async def test_an_answer_lost_on_the_way_is_asked_for_again_and_nothing_is_doubled(telephone, program):
    page = await telephone.opens()
    lost = []

    async def lose(route):
        if route.request.method == "POST" and not lost:
            lost.append(await route.fetch())  # it was heard and answered; the answer does not arrive
            await route.abort()
        else:
            await route.fallback()

    await page.route("**/chat", lose)
    await page.route("**/chat/news", lambda route: route.abort())
    await page.fill("#text", "登记")
    await page.get_by_role("button", name="发送").click()
    await page.get_by_role("button", name="没发出去，点这里再发").click()
    await telephone.answered(0)
    assert lost
    assert (await telephone.reads()).count("请问怎么称呼您？") == 1
    await page.reload()
    assert (await telephone.reads()).count("请问怎么称呼您？") == 1


async def test_while_the_program_restarts_nothing_is_lost(telephone, program):
    page = await telephone.opens()
    await telephone.says("登记")
    await program.stop()
    await page.fill("#text", "王建国")
    await page.press("#text", "Enter")
    await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    async with page.expect_response("**/chat/events"):
        await program.start()
    await telephone.answered(1)
    await telephone.shows("王建国，您的手机号是？")
    await program.channel.send(await user_of(telephone), Reply("我们回来了。"))  # the line is open again
    await telephone.shows("我们回来了。")


async def test_unsent_words_outlive_the_page(telephone, program):
    page = await telephone.opens()
    await telephone.says("登记")

    async def refuse(route):
        await (route.abort() if route.request.method == "POST" else route.fallback())

    await page.route("**/chat", refuse)
    await page.fill("#text", "王建国")
    await page.press("#text", "Enter")
    await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    await page.reload()
    await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    await page.unroute("**/chat")
    await page.get_by_role("button", name="没发出去，点这里再发").click()
    await telephone.answered(1)
    assert [message.text for message in program.received] == ["登记", "王建国"]


async def test_a_half_written_sentence_outlives_the_page(telephone):
    page = await telephone.opens()
    await page.fill("#text", "我家的路灯")
    await page.reload()
    assert await page.input_value("#text") == "我家的路灯"


async def test_when_nothing_can_be_kept_it_is_tried_again(telephone, program):
    from storage.database import StorageFault

    async def full(message):
        raise StorageFault("disk full")

    page = await telephone.opens()
    program.gate = full
    await page.fill("#text", "登记")
    await page.press("#text", "Enter")
    await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    program.gate = None
    await page.get_by_role("button", name="没发出去，点这里再发").click()
    await telephone.answered(0)
    await telephone.shows("请问怎么称呼您？")


async def test_while_it_is_on_its_way_the_page_says_so(telephone, program):
    arrived, open_the_gate = asyncio.Event(), asyncio.Event()

    async def slowly(message):
        arrived.set()
        await open_the_gate.wait()

    page = await telephone.opens()
    program.gate = slowly
    await page.fill("#text", "登记")
    await page.press("#text", "Enter")
    await arrived.wait()
    assert await page.get_by_text("正在发送…").is_visible()
    open_the_gate.set()
    await telephone.answered(0)
    assert await page.get_by_text("正在发送…").count() == 0


async def test_who_lost_the_cookie_goes_on_with_what_was_written(telephone):
    page = await telephone.opens()
    await telephone.says("你好")
    await page.context.clear_cookies()
    await page.fill("#text", "登记")
    await page.press("#text", "Enter")
    await telephone.shows("请问怎么称呼您？")


# Other things than words


async def test_a_position_goes_only_on_tap_and_in_the_datum_of_browsers(telephone, program):
    page = await telephone.opens()
    await page.context.grant_permissions(["geolocation"])
    await page.context.set_geolocation({"latitude": 18.2479, "longitude": 109.5051})
    await telephone.says("附近")
    assert all(message.place is None for message in program.received)
    await telephone.taps("把我的位置发过去")
    await telephone.shows("收到位置：18.248，109.505，wgs84")
    assert await page.locator(".share-place:visible").count() == 0
    await page.reload()
    assert "［我的位置］" in await telephone.reads()
    assert "18.2479" not in await page.content()


async def test_who_gives_no_position_hears_the_other_way(telephone):
    page = await telephone.opens()
    await page.evaluate(
        "() => { navigator.geolocation.getCurrentPosition = (done, failed) => setTimeout(() => failed({code: 1})) }"
    )
    await telephone.says("附近")
    await page.get_by_role("button", name="把我的位置发过去").click()
    await page.get_by_text("把小区名或者路名告诉我就可以").wait_for()
    await telephone.says("春园社区")
    await telephone.shows("收到地名：春园社区")


async def test_no_position_button_where_none_is_wanted(telephone):
    page = await telephone.opens()
    await telephone.says("登记")
    assert await page.locator(".share-place").count() == 0


async def test_a_photo_from_the_album_is_sent_and_shown(telephone, program):
    page = await telephone.opens()
    await telephone.says("照片")
    await page.set_input_files("#album", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await telephone.answered(1)
    await telephone.shows("照片收到了")
    shown = page.locator(".mine img")
    assert await shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 640
    await page.reload()
    assert await shown.count() == 1


async def test_a_large_photo_travels_small(telephone, program):
    import random
    from io import BytesIO

    from PIL import Image

    noise = Image.frombytes("RGB", (3000, 2000), random.Random(7).randbytes(3000 * 2000 * 3))
    large = BytesIO()
    noise.save(large, "JPEG", quality=95)
    assert len(large.getvalue()) > 6_000_000
    sizes = []
    page = await telephone.opens()
    page.on("request", lambda request: sizes.append(len(request.post_data_buffer or b"")))
    await telephone.says("照片")
    await page.set_input_files("#album", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": large.getvalue()})
    await telephone.answered(1)
    assert max(sizes) < 5_000_000


async def test_what_is_too_large_is_not_even_sent(telephone, program):
    page = await telephone.opens()
    await telephone.says("照片")
    file = {"name": "a.gif", "mimeType": "application/x", "buffer": b"GIF89a" + b"\0" * (10 * 1024 * 1024)}
    await page.set_input_files("#album", file)
    await page.get_by_text("这个文件太大了，最多 10 MB").wait_for()
    assert len(program.received) == 1


async def test_what_is_no_picture_gets_a_sentence_and_the_question_stays(telephone):
    page = await telephone.opens()
    await telephone.says("照片")
    await page.set_input_files("#album", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xffrubbish"})
    await page.get_by_text("这张照片打不开").wait_for()
    assert await page.locator(".waiting").count() == 0
    await page.set_input_files("#album", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await telephone.answered(1)
    await telephone.shows("照片收到了")
    assert await page.locator("#problem:visible").count() == 0


async def test_a_voice_message_is_recorded_by_two_taps(telephone, program):
    page = await telephone.opens()
    await page.context.grant_permissions(["microphone"])
    await telephone.says("说难处")
    await page.get_by_role("button", name="说话").click()
    await page.get_by_text("正在录音").wait_for()
    await page.wait_for_function("() => document.querySelector('#seconds').textContent !== '0:00'")
    await page.get_by_role("button", name="说完了，发出去").click()
    await telephone.answered(1)
    await telephone.shows("1 个附件")
    content, media_type, _ = await program.database.read(attachments.content, 1)
    assert media_type == "audio/webm"
    assert len(content) > 500
    assert await page.locator(".mine audio").get_attribute("preload") == "none"


async def test_a_recording_can_be_dropped(telephone, program):
    page = await telephone.opens()
    await page.context.grant_permissions(["microphone"])
    await page.get_by_role("button", name="说话").click()
    await page.get_by_role("button", name="不要了").click()
    await page.get_by_role("button", name="说话").wait_for()
    assert program.received == []


async def test_without_a_microphone_the_telephones_own_recorder_is_offered(telephone):
    page = await telephone.opens()
    await page.evaluate("() => { navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no')) }")
    async with page.expect_file_chooser():
        await page.get_by_role("button", name="说话").click()


async def test_a_phone_number_may_be_filled_in_by_the_telephone(telephone):
    page = await telephone.opens()
    await telephone.says("登记")
    assert await page.get_attribute("#text", "autocomplete") == "off"
    await telephone.says("王建国")
    assert await page.get_attribute("#text", "autocomplete") == "tel"
    await telephone.says("13800138000")
    assert await page.get_attribute("#text", "autocomplete") == "off"


async def test_a_poster_opens_its_page_by_itself_and_once(telephone, program):
    page = await telephone.opens("/chat?start=point-P001")
    await telephone.shows("您打开的是 point-P001。")
    assert page.url.endswith("/chat")
    await page.reload()
    assert len(program.received) == 1


async def test_a_calendar_file_is_saved_under_its_name(telephone):
    page = await telephone.opens()
    await telephone.says("看看")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="打开文件：夕阳红 私塾.ics").click()
    assert (await download.value).suggested_filename == "夕阳红 私塾.ics"


# Without scripts, and without a mouse


async def test_without_scripts_a_whole_conversation_goes(chromium, program):
    context = await chromium.new_context(**PHONE_SCREEN, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{program.url}/chat")
    assert await page.get_by_role("button", name="说话").count() == 0
    await page.get_by_role("button", name="1 登记").click()
    for words in ("王建国", "13800138000"):
        await page.fill("#text", words)
        await page.get_by_role("button", name="发送").click()
    await page.get_by_role("button", name="1 已经到了").click()
    await page.get_by_role("button", name="1 对").click()
    await page.get_by_text("登记好了，王建国。").wait_for()
    await page.fill("#text", "照片")
    await page.get_by_role("button", name="发送").click()
    await page.get_by_label("照片、录音或文件").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()}
    )
    await page.get_by_role("button", name="发送").click()
    await page.get_by_text("照片收到了").wait_for()
    await page.get_by_role("button", name="人工").click()
    await page.get_by_text("值班的同志帮您办").wait_for()
    await page.get_by_role("button", name="字大些").click()
    assert await page.get_attribute("html", "data-size") == "1"
    await context.close()


async def test_by_the_keyboard_alone_everything_is_reached(telephone):
    page = await telephone.opens()
    await page.keyboard.press("Tab")
    assert await page.evaluate("document.activeElement.textContent") == "跳到说话的框"
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")  # from the anchor into what follows
    await page.focus("body")
    await page.locator("#text").focus()
    await page.keyboard.type("再来")
    await page.keyboard.press("Enter")
    await telephone.answered(0)
    reached = []
    await page.keyboard.press("Shift+Tab")
    for _ in range(40):
        name = await page.evaluate("document.activeElement.textContent.trim()")
        reached.append(name)
        if name.replace("\n", "") == "1好":
            break
        await page.keyboard.press("Shift+Tab")
    else:
        pytest.fail(f"the choice is not reached by keys: {reached}")
    assert await page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    await page.keyboard.press("Enter")
    await telephone.answered(1)
    await telephone.shows("好的。")
    await page.keyboard.press("Tab")  # on from the answer, not from the top of the page
    names = []
    for _ in range(8):
        names.append(await page.evaluate("document.activeElement.innerText || document.activeElement.id"))
        await page.keyboard.press("Tab")
    assert "text" in names
    assert "人工" in names


async def test_shift_enter_makes_a_new_line_and_a_word_being_composed_is_not_sent(telephone, program):
    page = await telephone.opens()
    await page.fill("#text", "第一行")
    await page.press("#text", "Shift+Enter")
    await page.evaluate(
        "document.querySelector('#text').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    assert program.received == []
    assert await page.input_value("#text") == "第一行\n"


async def test_larger_letters_at_one_tap_and_remembered(telephone):
    page = await telephone.opens()
    sizes = []
    for name in ("字大些", "字大些", "字小些"):
        await page.get_by_role("button", name=name).click()
        sizes.append(await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)"))
    assert sizes == [25, 32, 20]
    await page.get_by_role("button", name="字大些").click()
    await page.reload()
    assert await page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 25
