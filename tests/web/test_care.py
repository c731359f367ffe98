"""The numeric rules of care for old eyes and hands, measured in a real Chromium on the page as it is shown."""

import itertools

import pytest
from axe_playwright_python.async_playwright import Axe

from tests.web.conftest import Watched
from tests.web.pictures import photo

pytestmark = pytest.mark.page

# Every kind of thing the page can hold at once.
LOOKED_AT = ("看看", "附近", "再来")

MEASURE = """() => {
  const seen = (element) => element.checkVisibility({ opacityProperty: false, visibilityProperty: true })
      && !element.closest(".unseen, .skip");
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const colour = (text) => text.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let one = element; one; one = one.parentElement) {
      const found = colour(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || !seen(element) || element.closest("script, noscript")) continue;
    const style = getComputedStyle(element);
    const [bright, dark] = [light(colour(style.color)), light(ground(element))].sort((a, b) => b - a);
    texts.push({
      text: walker.currentNode.textContent.trim(),
      size: parseFloat(style.fontSize),
      line: parseFloat(style.lineHeight) / parseFloat(style.fontSize),
      contrast: (bright + 0.05) / (dark + 0.05),
      family: style.fontFamily,
    });
  }
  const controls = [];
  const tappable = "a[href], button:not(:disabled), textarea, input:not([type=hidden])";
  for (const element of document.querySelectorAll(tappable)) {
    if (!seen(element)) continue;
    const box = element.getBoundingClientRect();
    controls.push({
      name: (element.innerText || element.id).trim(),
      main: !element.matches(".small, .refresh a"),
      width: box.width, height: box.height, left: box.left, top: box.top + scrollY, right: box.right,
      bottom: box.bottom + scrollY, fixed: !!element.closest(".dock"),
    });
  }
  return { texts, controls, width: document.documentElement.scrollWidth, room: document.documentElement.clientWidth };
}"""


async def with_everything(telephone, program):
    """A chat that shows each thing there is: choices, a map, a file, a link, a photo, a voice message."""
    program.settings = program.settings.__class__(program.settings.public_url, program.settings.support_phone, True)
    page = await telephone.opens()
    for words in LOOKED_AT:
        await telephone.says(words)
    await page.set_input_files("#album", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await telephone.answered(3)
    await telephone.says("附近")
    return page


async def test_letters_are_large_enough_and_far_enough_apart(telephone, program):
    """E1, E2, E3."""
    page = await with_everything(telephone, program)
    seen = await page.evaluate(MEASURE)
    assert len(seen["texts"]) > 30
    for text in seen["texts"]:
        assert text["size"] >= 20, text
        assert text["line"] >= 1.3, text
        assert text["contrast"] >= 7, text
        assert text["family"].endswith("sans-serif"), text
    assert await page.evaluate(
        "() => { const style = getComputedStyle(document.querySelector('.reply p'));"
        " return parseFloat(style.lineHeight) / parseFloat(style.fontSize) }"
    ) == pytest.approx(1.6)


async def test_paragraphs_stand_apart(telephone):
    """E2: at least 1.3 times the line spacing."""
    page = await telephone.opens()
    ratio = await page.evaluate(
        """() => {
          const reply = document.querySelector(".reply");
          reply.append(Object.assign(document.createElement("p"), { textContent: "第二段" }));
          const style = getComputedStyle(reply.lastElementChild);
          return parseFloat(style.marginTop) / parseFloat(style.lineHeight);
        }"""
    )
    assert ratio >= 1.3


async def test_the_largest_letters_are_thirty_pixels_or_more(telephone):
    """E1."""
    page = await telephone.opens()
    for _ in range(2):
        await page.get_by_role("button", name="字大些").click()
    seen = await page.evaluate(MEASURE)
    assert min(text["size"] for text in seen["texts"]) >= 30


async def test_whoever_set_larger_letters_in_the_browser_gets_them(telephone):
    page = await telephone.opens()
    await page.evaluate("() => { document.documentElement.style.setProperty('font-size', '187.5%') }")
    assert await page.evaluate("() => getComputedStyle(document.body).fontSize") == "30px"


async def test_what_is_tapped_is_large_and_apart(telephone, program):
    """E6: main controls 60 x 60, all others 44 x 44, 8 apart."""
    page = await with_everything(telephone, program)
    for width in (320, 390, 768):
        await page.set_viewport_size({"width": width, "height": 844})
        await each_is_large_and_apart(page)


async def each_is_large_and_apart(page):
    seen = await page.evaluate(MEASURE)
    controls = seen["controls"]
    assert len(controls) > 15
    for one in controls:
        least = 60 if one["main"] else 44
        assert one["width"] >= least, one
        assert one["height"] >= least, one
    for place, one in enumerate(controls):
        for other in controls[place + 1 :]:
            if one["fixed"] is not other["fixed"]:
                continue
            across = max(one["left"], other["left"]) - min(one["right"], other["right"])
            down = max(one["top"], other["top"]) - min(one["bottom"], other["bottom"])
            assert max(across, down) >= 7.99, (one, other)


async def test_nothing_has_to_be_pushed_sideways(telephone, program):
    """E11: at 320 px, and at 200 % zoom, where a telephone of 390 px has 195; in every size of letters."""
    page = await with_everything(telephone, program)
    for width, size in itertools.product((320, 195), "012"):
        await page.evaluate("size => { document.documentElement.dataset.size = size }", size)
        await page.set_viewport_size({"width": width, "height": 600})
        seen = await page.evaluate(MEASURE)
        assert seen["width"] <= seen["room"], (width, size)
        for one in seen["controls"]:
            assert one["left"] >= 0, (width, size, one)
            assert one["right"] <= seen["room"] + 0.5, (width, size, one)


async def test_on_a_low_screen_the_chat_is_not_hidden_behind_the_buttons(telephone, program):
    page = await with_everything(telephone, program)
    await page.set_viewport_size({"width": 320, "height": 480})
    assert await page.evaluate("() => getComputedStyle(document.querySelector('.dock')).position") == "static"


async def test_the_help_line_stays_where_it_is(telephone):
    """E12."""
    page = await telephone.opens()
    place = page.locator(".help")
    before = await place.bounding_box()
    for words in LOOKED_AT:
        await telephone.says(words)
    after = await place.bounding_box()
    assert (before["x"], before["y"]) == (after["x"], after["y"])
    assert await place.inner_text() == "电话 0898-0000-0012\n人工"


async def test_a_page_with_thirty_turns_weighs_less_than_200_kilobytes(telephone, program):
    """E14, all parts together, as they travel."""
    page = await telephone.opens()
    for _ in range(30):
        program.clock.passes(seconds=3)
        await telephone.says("看看")
    weights = []
    page.on("response", lambda response: weights.append(response))
    await page.reload(wait_until="load")
    total = 0
    for response in weights:
        if not response.url.endswith("/chat/events"):
            sizes = await response.request.sizes()
            total += sizes["responseBodySize"] + sizes["responseHeadersSize"]
    assert len(weights) >= 5
    assert 20_000 < total <= 200_000


async def test_who_wants_no_motion_gets_none(chromium, program):
    context = await chromium.new_context(reduced_motion="reduce")
    page = await Watched(await context.new_page(), program.url).opens()
    animation = "() => getComputedStyle(document.querySelector('.dot')).animationName"
    assert await page.evaluate(animation) == "none"
    await page.emulate_media(reduced_motion="no-preference")
    assert await page.evaluate(animation) == "breathe"
    await context.close()


async def test_everything_said_is_announced_by_a_screen_reader_with_who_said_it(telephone):
    page = await telephone.opens()
    await telephone.says("再来")
    log = page.get_by_role("log", name="和红雁的对话")
    assert await log.get_attribute("aria-live") == "polite"
    assert "您说： 再来 红雁说： 再来一次吗？" in await telephone.reads()


@pytest.mark.parametrize("size", ["0", "2"])
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
async def test_axe_finds_nothing(chromium, program, telephone, size, scripts):
    """E10. Also while something is unsent, refused or being recorded."""
    page = await with_everything(telephone, program)
    if not scripts:
        state = await page.context.storage_state()
        # Shown without the page's own script; the checker itself needs one.
        context = await chromium.new_context(storage_state=state, viewport={"width": 390, "height": 844})
        page = await context.new_page()
        await page.route("**/*.js*", lambda route: route.abort())
        await page.goto(f"{program.url}/chat")
    else:
        await page.evaluate(
            "() => { for (const id of ['recording', 'problem', 'fresh'])"
            " { document.getElementById(id).hidden = false }"
            " document.getElementById('problem').textContent = '这张照片打不开。' }"
        )
        await page.context.set_offline(True)
        await page.fill("#text", "路灯坏了")
        await page.press("#text", "Enter")
        await page.get_by_role("button", name="没发出去，点这里再发").wait_for()
    await page.evaluate("size => { document.documentElement.dataset.size = size }", size)
    found = await Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert {one["id"] for one in found.response["passes"]} >= {
        "color-contrast",
        "label",
        "button-name",
        "html-has-lang",
    }


async def test_with_a_blind_persons_names_every_control_can_be_told_apart(telephone, program):
    page = await with_everything(telephone, program)
    for role in ("button", "link", "textbox"):
        for one in await page.get_by_role(role).all():
            name = (
                (await one.get_attribute("aria-label"))
                or (await one.inner_text())
                or await one.evaluate("element => element.labels?.[0]?.textContent || ''")
            )
            assert name.strip()


async def test_what_is_read_first_is_there_without_scripts(chromium, program):
    """E14: and nothing of it needs a second request."""
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.route("**/assets/**", lambda route: route.abort())
    await page.goto(f"{program.url}/chat")
    assert await page.get_by_text("您好，我是试用的助手。").is_visible()
    assert await page.get_by_role("button", name="登记").is_visible()
    await context.close()
