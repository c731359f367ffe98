"""统计: the counts of a period, as a sentence and as a file, made beside the conversation and sent when ready."""

import re
from datetime import date
from typing import Any

from dialogue.message import Choice
from dialogue.questions import OneOf
from dialogue.talk import Talk
from handlers import roles
from reports.periods import Period
from storage import audit, exports, grants
from storage.audit import Actor
from storage.times import local_date

_PERIODS = {
    "month": "这个月",
    "last_month": "上个月",
    "season": "这个候鸟季",
    "year": "今年",
    "last_season": "上个候鸟季",
}

COUNTED_BY = ("organiser", "point_lead", "district_staff", "auditor")
"""Whose scope says of which points the rows with names are; a branch gets the figures without them."""


async def count(talk: Talk) -> None:
    """“统计”, “统计 11月”, “统计 2025年”, “统计 候鸟季”."""
    today = local_date(talk.now)
    period = read_period(talk.opening.text, today)
    if period is None:
        period = _named(await talk.ask("period", "数哪一段时间？", OneOf(_PERIODS)), today)
    wanted: dict[str, Any] = {"from": period.first.isoformat(), "to": period.last.isoformat(), "name": period.name}
    point_ids = roles.points_of(grants.roles_of(talk.tx, talk.account, talk.now), COUNTED_BY)
    about = {"report": "attendance", "from": wanted["from"], "to": wanted["to"], "masked": True}
    if point_ids is not None:
        wanted["points"] = sorted(point_ids)
    export_id = exports.ask(talk.tx, "attendance", wanted, talk.person_id, talk.account.id, talk.now)
    actor = Actor(talk.person_id, roles.first_of(talk, roles.COUNTERS), talk.account.channel)
    audit.note(talk.tx, actor, "report.export", f"export {export_id}", talk.now, after=about)
    talk.say(f"好的，正在数{period.title}，数好了马上发给您。", Choice("统计", "换一段时间"))


def read_period(words: str, today: date) -> Period | None:
    """A month, quarter, year or season as people name it; None when the words name none."""
    if "候鸟季" in words or "这一季" in words:
        years = re.search(r"(20\d\d)", words)
        return Period.season(int(years[1])) if years else Period.season_around(today)
    if found := re.search(r"(?:(20\d\d)年)?第?([1-4一二三四])季度", words):
        return Period.quarter(int(found[1] or today.year), "一二三四".find(found[2]) + 1 or int(found[2]))
    if found := re.search(r"(?:(20\d\d)年)?(1[0-2]|0?[1-9])月", words):
        month = int(found[2])
        year = int(found[1]) if found[1] else today.year - (month > today.month)
        return Period.month(year, month)
    if found := re.search(r"(20\d\d)年?", words):
        return Period.year(int(found[1]))
    names = {
        "本月": "month",
        "这个月": "month",
        "上个月": "last_month",
        "上月": "last_month",
        "今年": "year",
        "本季": "season",
    }
    return next((_named(name, today) for word, name in names.items() if word in words), None)


def _named(name: str, today: date) -> Period:
    if name == "month":
        return Period.month(today.year, today.month)
    if name == "last_month":
        return Period.month(today.year - (today.month == 1), today.month - 1 or 12)
    if name == "year":
        return Period.year(today.year)
    season = Period.season_around(today)
    return season if name == "season" else Period.season(season.first.year - 1)
