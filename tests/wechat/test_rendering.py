"""Replies folded into what WeChat shows: everything is shown, or what is not has a reason."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.plain import FOOTER
from bot.channels.wechat.inbound import normal
from bot.channels.wechat.paging import MORE, Line, pages
from bot.channels.wechat.parts import Card, Picture, Text, from_json, passive, to_json
from bot.channels.wechat.rendering import HOW_TO_SEND_A_PHONE, HOW_TO_SEND_A_PLACE, Look, render
from bot.channels.wechat.xml import clean
from dialogue.message import Choice, File, Link, Reply, Venue
from storage.geography import Place
from tests.wechat import rules
from tests.wechat.people import words

LOOK = Look(file_url=lambda file: f"https://hy.example/files/{file.token}")


def read(rendered):
    """What an elder reads who says 更多 until nothing is left."""
    texts = [words("text", {"content": part.content}) for part in rendered.parts if isinstance(part, Text)]
    return "\n".join(text.removesuffix(MORE).rstrip("\n") for text in texts)


def check(rendered):
    for part in rendered.parts:
        kind, fields = rules.reply_to_push(passive(part, "o_wang", "gh_1", 1733000000).encode(), "o_wang", "gh_1", True)
        if isinstance(part, Text):
            assert kind == "text"
            assert fields["content"] == part.content
        assert from_json(to_json(part)) == part


def test_one_turn_is_one_message():
    rendered = render([Reply("记下了，第 128 号。"), Reply("还有别的事吗？", (Choice("no", "没有了"),), "t")], 3, LOOK)
    [part] = rendered.parts
    assert words("text", {"content": part.content}) == "记下了，第 128 号。\n\n还有别的事吗？\n1 没有了\n0 返回　9 人工"


def test_a_choice_costs_few_bytes():
    [part] = render([Reply("", (Choice("a", "春园"), Choice("b", "亚龙湾")), "t")], 0, LOOK).parts
    assert part.content.split("\n")[1] == '<a href="weixin://bizmsgmenu?msgmenucontent=2&msgmenuid=2">2 亚龙湾</a>'


def test_where_links_are_off_choices_are_lines():
    [part] = render([Reply("哪个？", (Choice("a", "春园"), Choice("b", "亚龙湾")), "t")], 7, Look(links=False)).parts
    assert part.content == "哪个？\n1 春园\n2 亚龙湾\n0 返回　9 人工"


def test_beside_a_numbered_list_choices_carry_its_numbers_alone():
    here = (Choice("签到 1号活动 2", "2 王秀英到了"),)
    [part] = render([Reply("2. 王秀英", here, lines="签到 1号活动")], 7, Look(links=False)).parts
    assert part.content == "2. 王秀英\n2 王秀英到了"


def test_more_than_eight_choices_are_shown_in_parts_and_keep_their_numbers():
    choices = tuple(Choice(str(n), f"小区{n}") for n in range(1, 21))
    rendered = render([Reply("哪个小区？", choices, "t")], 7, LOOK)
    assert [part.content.count("<a ") for part in rendered.parts] == [8, 8, 4]
    assert "20 小区20" in words("text", {"content": rendered.parts[-1].content})
    assert [part.content.endswith(MORE) for part in rendered.parts] == [True, True, False]


def test_a_name_cannot_forge_a_link():
    [part] = render([Reply('王<a href="https://evil.example">点我</a>', (Choice("a", "<b>"),), "t")], 1, LOOK).parts
    links = rules.links_in(part.content)
    assert [address.partition(":")[0] for address, _ in links] == ["weixin"]


def test_control_characters_do_not_reach_the_platform():
    [part] = render([Reply("王\x00\x0b\ufffe国]]>")], 1, LOOK).parts
    assert part.content == "王国]]＞"


def test_a_picture_with_choices_is_a_link_in_the_text():
    rendered = render(
        [Reply("去不去？", (Choice("y", "去"),), "t", photo=File("tok", "海报.png", "image/png"))], 1, LOOK
    )
    [part] = rendered.parts
    assert ("https://hy.example/files/tok", "看图片：海报.png") in rules.links_in(part.content)


def test_a_link_that_stands_alone_is_a_card():
    [part] = render([Reply("全文在这里。", link=Link("个人信息说明", "https://hy.example/privacy"))], 1, LOOK).parts
    assert part == Card("个人信息说明", "全文在这里。", "https://hy.example/privacy")


def test_a_file_without_an_address_is_refused_with_a_word():
    rendered = render([Reply("您要的：", file=File("tok", "名单.xlsx", "x"))], 1, Look())
    assert rendered.refused == ["no address for a x"]
    assert "请向工作人员要" in rendered.parts[0].content


def test_nothing_said_is_nothing_shown():
    assert render([], 1, LOOK).parts == []
    assert render([Reply("")], 1, LOOK).parts == []


def test_a_text_is_cut_at_the_end_of_a_sentence():
    sentences = [f"第{n}句，说的是一件不长不短的事。" for n in range(100)]
    parts = pages([Line("".join(sentences))])
    assert len(parts) > 2
    for part in parts:
        assert part.removesuffix("\n\n" + MORE).endswith("。")


def test_an_address_in_a_text_is_not_cut():
    url = "https://hy.example/" + "a" * 200
    text = "字" * 480 + url + "字" * 480
    assert sum(url in part for part in pages([Line(text)])) == 1


def test_a_text_of_one_endless_word_is_cut_all_the_same():
    parts = pages([Line("啊" * 5000)])
    assert "".join(part.removesuffix("\n\n" + MORE) for part in parts) == "啊" * 5000


def test_a_sign_made_of_several_characters_stays_whole():
    family = "👨\u200d👩\u200d👧\u200d👦"
    for part in pages([Line(family * 300)]):
        assert part.removesuffix("\n\n" + MORE).replace(family, "") == ""


def test_a_link_too_long_for_a_message_becomes_its_words():
    [part] = render(
        [Reply("看：", (Choice("a", "甲"),), "t", link=Link("长链接", "https://e.example/" + "a" * 2500))], 1, LOOK
    ).parts
    assert "长链接" in words("text", {"content": part.content})


# -- everything, whatever is said

texts = st.text(max_size=40) | st.text(st.sampled_from("字，。\n😀<>&]\"'aA 1"), max_size=1500)
labels = st.text(min_size=1, max_size=30).filter(lambda label: clean(label).strip())
choices = st.lists(st.builds(Choice, st.text(min_size=1, max_size=20), labels), max_size=25).map(tuple)
names = st.text(max_size=30)
shown_files = st.none() | st.builds(File, st.text("abc", min_size=1, max_size=20), names, st.just("image/png"))
places = st.builds(Place, st.floats(18, 19), st.floats(109, 110), st.sampled_from(["wgs84", "gcj02"]))
replies = st.builds(
    Reply,
    texts,
    choices,
    st.just("turn"),
    photo=shown_files,
    file=shown_files,
    venue=st.none() | st.builds(Venue, places, names, names),
    link=st.none() | st.builds(Link, labels, st.just("https://hy.example/?a=1&b=<2>")),
    wants_place=st.booleans(),
    wants_contact=st.booleans(),
)
looks = st.sampled_from([LOOK, Look(), Look(links=False), Look(uploaded={"a": "MEDIA", "b": "MEDIA2"})])


def flat(text):
    """Only what is read: line breaks, blanks and widths are the client's."""
    return re.sub(r"[\s＜＞<>]", "", clean(text))


@settings(max_examples=300, deadline=None)
@given(st.lists(replies, max_size=4), looks, st.integers(1, 99_999))
def test_every_part_of_every_reply_is_shown_or_refused_with_a_reason(said, look, number):
    rendered = render(said, number, look)
    check(rendered)
    cards = [part for part in rendered.parts if isinstance(part, Card)]
    pictures = [part.media_id for part in rendered.parts if isinstance(part, Picture)]
    everything = flat(read(rendered) + "".join(card.title + card.description + card.url for card in cards))
    markup = "".join(part.content for part in rendered.parts if isinstance(part, Text)) + "".join(
        card.url for card in cards
    )
    refused = 0
    for reply in said:
        assert flat(reply.text) in everything
        for choice in reply.choices:
            assert flat(choice.label) in everything
        assert not reply.choices or flat(FOOTER) in everything
        for file in (reply.photo, reply.file):
            if file is None:
                continue
            if file is reply.photo and file.token in look.uploaded:
                assert look.uploaded[file.token] in pictures
            elif look.file_url is None:
                refused += 1
            else:
                assert f"https://hy.example/files/{file.token}" in markup
        if reply.venue is not None:
            assert flat(reply.venue.name) in everything
            assert flat(reply.venue.address) in everything
            assert "apis.map.qq.com" in markup
        if reply.link is not None:
            assert flat(reply.link.label) in everything
            assert "https://hy.example/?a=1" in markup
        assert not reply.wants_place or flat(HOW_TO_SEND_A_PLACE) in everything
        assert not reply.wants_contact or flat(HOW_TO_SEND_A_PHONE) in everything
    assert len(rendered.refused) == refused
    assert len(rendered.links) == sum(len(reply.choices) for reply in said)
    for part in rendered.parts[:-1]:
        assert not isinstance(part, Text) or part.content.endswith(MORE)


@settings(max_examples=200, deadline=None)
@given(st.lists(replies, min_size=1, max_size=3))
def test_a_tap_names_the_choice_it_was_made_on(said):
    """Each link carries an id that leads back to its own choice, and says the number that is shown with it."""
    rendered = render(said, 12, LOOK)
    places = []
    for part in rendered.parts:
        if isinstance(part, Text):
            for address, label in rules.links_in(part.content):
                if found := re.fullmatch(r"weixin://bizmsgmenu\?msgmenucontent=(.+)&msgmenuid=([0-9]+)", address):
                    number, place = divmod(int(found[2]), 100)
                    choice = rendered.links[place - 1]
                    assert number == 12
                    assert flat(choice.label) in flat(label)
                    assert choice.number == 0 or found[1] == str(choice.number)
                    places.append(place)
    assert places == list(range(1, len(rendered.links) + 1))


@given(st.text())
def test_normal_words_stay_normal(text):
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(("typed", "meant"), [("２", "2"), (" 2 ", "2"), ("②", "2")])
def test_widths_do_not_matter(typed, meant):
    assert normal(typed) == meant
