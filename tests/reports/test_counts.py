"""The figures of the sample season, each of them, and the same figures counted anew in the plainest way."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from reports.counts import DEFINITIONS, Figures, counts
from reports.periods import Period
from storage.events import TYPES
from storage.migrations import engine_for
from storage.schema.events import attendances, events, head_counts, sign_ups

SEASON = Period.season(2025)
LETTERS = {
    "T": "theme_day",
    "S": "sunset_school",
    "M": "service_market",
    "V": "volunteering",
    "C": "free_clinic",
    "A": "arts_sports",
    "L": "policy_talk",
    "G": "members_meeting",
}
MONTHS = {
    (2025, 10): "T19 S14 V12 L21",
    (2025, 11): "T22 S15 S17 M48+9 A24 V13",
    (2025, 12): "T21 S18 S19 C23+4 A26 V15 L20",
    (2026, 1): "T20 S18 S16 M51+7 C22 A29",
    (2026, 2): "T14 S12 V11 A31",
    (2026, 3): "T23 S17 S19 M37+4 L18 V16",
    (2026, 4): "T18 S15 S13 C20 G35",
}
BY_MONTH = {10: (4, 66), 11: (6, 148), 12: (7, 146), 1: (6, 163), 2: (4, 68), 3: (6, 134), 4: (5, 101)}
BY_TYPE = {
    "T": (7, 137),
    "S": (12, 193),
    "M": (3, 156),
    "V": (5, 67),
    "C": (3, 69),
    "A": (4, 110),
    "L": (3, 59),
    "G": (1, 35),
}


async def test_the_season_is_38_events_826_attendances_231_people(season):
    total = (await season(counts, SEASON)).total
    assert (total.events, total.attendances, total.people) == (38, 826, 231)
    assert (total.named, total.unnamed) == (802, 24)
    assert total.members + total.non_members == 802
    assert f"{total.per_event:.1f}" == "21.7"


async def test_the_headline_is_worded_as_the_office_words_it(season):
    assert (await season(counts, SEASON)).headline == (
        "2025—2026候鸟季（2025年10月1日至2026年4月30日）共计开展活动38场，惠及826人次"
        "（其中实名签到802人次，现场清点24人次），参加人数231人。"
    )


@pytest.mark.parametrize("month", MONTHS)
async def test_each_month_holds_the_events_it_should(season, month):
    counted = await season(counts, Period.month(*month))
    expected = []
    for event in MONTHS[month].split():
        named, _, unnamed = event[1:].partition("+")
        expected.append((LETTERS[event[0]], int(named), int(unnamed or 0)))
    assert sorted((each.type, each.named, each.unnamed) for each in counted.events) == sorted(expected)
    assert (counted.total.events, counted.total.attendances) == BY_MONTH[month[1]]


async def test_by_month(season):
    groups = (await season(counts, SEASON, "month")).groups["month"]
    assert [(group.label, group.figures.events, group.figures.attendances) for group in groups] == [
        (f"{year}年{month}月", *BY_MONTH[month]) for year, month in MONTHS
    ]


async def test_by_type(season):
    groups = (await season(counts, SEASON, "type")).groups["type"]
    expected = {TYPES[LETTERS[letter]]: figures for letter, figures in BY_TYPE.items()}
    assert {group.label: (group.figures.events, group.figures.attendances) for group in groups} == expected


async def test_by_year(season):
    first = await season(counts, Period(date(2025, 10, 1), date(2025, 12, 31)))
    second = await season(counts, Period(date(2026, 1, 1), date(2026, 4, 30)))
    assert (first.total.events, first.total.attendances) == (17, 360)
    assert (second.total.events, second.total.attendances) == (21, 466)


async def test_people_of_months_do_not_add_up_to_those_of_the_season(season):
    counted = await season(counts, SEASON, "month")
    assert sum(group.figures.people for group in counted.groups["month"]) > counted.total.people


async def test_events_of_the_night_between_utc_and_sanya_fall_into_the_local_day(season):
    """2025-10-01 07:30 is still September in UTC, and 2026-05-01 07:00 still April."""
    days = {
        day: await season(counts, Period(day, day)) for day in (date(2025, 9, 30), date(2025, 10, 1), date(2026, 5, 1))
    }
    assert [counted.total.events for counted in days.values()] == [1, 1, 1]
    (early,) = days[date(2025, 10, 1)].events
    assert early.starts_at == datetime(2025, 9, 30, 23, 30, tzinfo=UTC)
    (late,) = days[date(2026, 5, 1)].events
    assert late.starts_at == datetime(2026, 4, 30, 23, 0, tzinfo=UTC)
    wider = await season(counts, Period(date(2025, 9, 30), date(2026, 5, 1)))
    assert wider.total.events == 40
    assert wider.total.people > 231, "the two days outside brought people who came to nothing else"


async def test_a_co_hosted_event_counts_once_and_stands_under_each_host(season):
    counted = await season(counts, SEASON, "organisation")
    assert counted.total.events == 38
    assert sum(group.figures.events for group in counted.groups["organisation"]) == 40
    (together,) = (event for event in counted.events if len(event.organisation_ids) > 1)
    assert together.named == 51


@pytest.mark.parametrize("grouping", ["series", "community", "point"])
async def test_groups_of_events_add_up_to_the_whole(season, grouping):
    counted = await season(counts, SEASON, grouping)
    figures = [group.figures for group in counted.groups[grouping]]
    assert sum(each.events for each in figures) == 38
    assert sum(each.attendances for each in figures) == 826
    assert sum(each.members for each in figures) == counted.total.members
    assert all(each.people <= each.named for each in figures)


async def test_members_and_others_are_counted_as_they_were_on_the_day(season):
    counted = await season(counts, SEASON, "member", "residence")
    members, others = (group.figures for group in counted.groups["member"])
    assert (members.named, others.named) == (counted.total.members, counted.total.non_members)
    assert members.named + others.named == 802
    seasonal, local = (group.figures for group in counted.groups["residence"])
    assert seasonal.named == counted.total.seasonal
    assert seasonal.named + local.named == 802


async def test_a_period_without_events_has_no_rate_and_no_average(season):
    total = (await season(counts, Period.month(2025, 7))).total
    assert total == Figures()
    assert total.per_event is None
    assert total.rate is None


def test_the_definitions_are_printed_as_agreed():
    assert DEFINITIONS.startswith("口径说明：1. 场次：统计期内已举办的活动数，按开始时间（北京时间）归期；")
    assert DEFINITIONS.endswith("5. 党员人次、候鸟人次按活动当时登记的身份统计，未登记党员身份的计入群众。")


def recount(url, period):
    """Counts as a careful clerk would: every row is looked at, one by one."""
    zone = ZoneInfo("Asia/Shanghai")
    with engine_for(url) as engine, engine.connect() as connection:
        of_events, of_attendances, of_head_counts, of_sign_ups = (
            connection.execute(table.select()).all() for table in (events, attendances, head_counts, sign_ups)
        )
    held = {}
    for event in of_events:
        if event.state == "held" and period.first <= event.starts_at.astimezone(zone).date() <= period.last:
            held[event.id] = event.starts_at
    came = defaultdict(set)
    facts = {}
    for row in of_attendances:
        if row.event_id in held and row.state == "attended" and row.undone_at is None:
            came[row.event_id].add(row.person_id)
            facts[row.event_id, row.person_id] = (row.party_member, row.residence)
    heads = sum(row.people for row in of_head_counts if row.event_id in held and row.undone_at is None)
    expected = defaultdict(set)
    for row in of_sign_ups:
        if row.event_id in held:
            begins = held[row.event_id]
            stayed = row.state == "confirmed" or (row.state == "cancelled" and row.changed_at > begins)
            if row.joined_at <= begins and stayed:
                expected[row.event_id].add(row.person_id)
    return Figures(
        events=len(held),
        named=sum(map(len, came.values())),
        unnamed=heads,
        people=len(set().union(*came.values())),
        members=sum(1 for member, _ in facts.values() if member),
        seasonal=sum(1 for _, residence in facts.values() if residence == "seasonal"),
        signed_up=sum(map(len, expected.values())),
        signed_up_and_came=sum(len(expected[event] & came[event]) for event in held),
    )


WEEKS = [
    Period(date(2025, 9, 24) + timedelta(weeks=week), date(2025, 9, 30) + timedelta(weeks=week)) for week in range(33)
]


@pytest.mark.parametrize(
    "period",
    [SEASON, Period.year(2025), Period.year(2026), Period.quarter(2025, 4), Period.quarter(2026, 1), *WEEKS],
    ids=lambda period: str(period.first),
)
async def test_every_figure_equals_a_naive_recount(season, demo, period):
    assert (await season(counts, period)).total == recount(demo[0], period)


async def test_the_attendance_rate_leaves_out_who_came_without_a_place(season):
    total = (await season(counts, SEASON)).total
    assert 0.75 < total.rate < 1
    assert total.signed_up_and_came < total.named
