"""Everything that reads what strangers wrote, called directly: whatever comes, it is read or refused."""

import tomllib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.channels.telegram.buttons import read_data
from bot.channels.wechat.links import from_link_id
from bot.config import WrongSettings, checked
from bot.web.media import Unusable
from bot.web.media import read as read_media
from dialogue import dates, numbers
from dialogue.questions import Invalid, Name, Names, Number, OneOf, Phone, SeveralOf, Text, YesNo
from dialogue.understanding import Understanding
from handlers import MENU
from reports.incoming import NotATable, read_day, read_table
from storage import masks, opening_hours, people_import, point_import
from storage.conversations import Said
from storage.scrub import scrub
from tests.wechat.fuzz import one_input as one_push

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Parser:
    """`read` raises nothing but what it says it does; `make` gives a new input, text or bytes; `share` of all."""

    read: Callable
    make: Callable
    share: int


def parsers(spoiler):
    """By name."""
    kinds = [
        Text(at_most=200), Name(), Names(3), Phone(), YesNo("要", "不要"), Number(1, 500),
        OneOf({"now": "已经到了", "soon": "下个月"}), SeveralOf({"a": "书法", "b": "唱歌", "c": "太极"}),
    ]  # fmt: skip
    understanding = Understanding(MENU)

    def question(text):
        for kind in kinds:
            with suppress(Invalid):
                kind.parse(Said(text, NOW))

    def date(text):
        now = NOW + timedelta(minutes=len(text) * 7919)
        for reading in (dates.read_moment(text, now), dates.read_date(text, now)):
            assert reading is not None

    def number(text):
        for read in (numbers.read_number, numbers.read_choice, numbers.read_count, numbers.read_list):
            read(text)

    def mask(text):
        masked, found = scrub(text)
        assert len(masked) == len(text)
        assert scrub(masked) == (masked, False) or found
        masks.mask_name(text), masks.mask_phone(text)

    def file(content):
        with suppress(Unusable):
            read_media(content)

    def table(content):
        for headers in (people_import.HEADERS, point_import.HEADERS):
            with suppress(NotATable):
                for line in read_table(content, headers).lines:
                    assert line.values.keys() == headers.keys()

    def day(text):
        read_day(text)
        opening_hours.read(text)

    def button(text):
        choice, turn = read_data(text)
        assert turn is None or f"{turn}|{choice}" == text
        number, place = from_link_id(text)
        assert number >= 0 <= place < 100

    def settings(text):
        with suppress(WrongSettings, tomllib.TOMLDecodeError):
            checked(tomllib.loads(text))

    def meaning(text):
        meant = understanding.of(text)
        assert meant is None or meant.name in MENU

    return {
        "dates": Parser(date, spoiler.text, 10),
        "questions": Parser(question, spoiler.text, 4),
        "numbers": Parser(number, spoiler.text, 6),
        "masks": Parser(mask, spoiler.text, 4),
        "meanings": Parser(meaning, spoiler.text, 2),
        "days and hours of tables": Parser(day, spoiler.cell, 3),
        "buttons and taps": Parser(button, spoiler.payload, 4),
        "settings": Parser(settings, spoiler.config, 2),
        "tables": Parser(table, spoiler.table, 1),
        "files by their bytes": Parser(file, spoiler.file, 2),
        "WeChat pushes": Parser(one_push, lambda: spoiler.octets(spoiler.push()), 2),
    }
