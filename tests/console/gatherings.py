"""Something of each kind that people gather around, for the console to show: wishes, polls, broadcasts, hard cases."""

from dataclasses import dataclass
from datetime import timedelta

from dialogue.message import Reply, encoded
from storage import broadcasts, grants, need_board, polls, priority_list, residents, suggestions, wishes
from storage.audiences import Audience
from storage.audit import Actor


@dataclass
class Gathered:
    told: int  # a wish that waits for its public words
    claimed: int  # a wish that waits to be brought together
    open: int  # a poll
    counted: int  # a poll whose result is to be published
    suggestion: int
    draft: int  # a broadcast
    asked: int  # a broadcast that waits for a second person; the lead of the point wrote it
    listed: int  # a need on the priority list


async def gather(house):
    """All of them, by people of the point whose lead the sample has."""
    return await house.does(_gather, house.staff, house.clock())


def _gather(tx, staff, now):
    boss, lead = Actor(staff["district_staff"], "district_staff"), Actor(staff["point_lead"], "point_lead")
    point = grants.of_person(tx, staff["point_lead"], now)[0].point_id
    people = [one.id for one in residents.page(tx, 0, 12, point_ids={point}, branch_ids=set())]
    elder, other, helper = [one for one in people if one not in staff.values()][:3]
    told = wishes.submit(tx, elder, "想有人教我用手机视频", None, Actor(elder, "resident"), now)
    claimed = wishes.submit(tx, other, "想学二胡", None, Actor(other, "resident"), now)
    claimed = wishes.post(tx, claimed, "一位老人想学二胡", 2, boss, now)
    wishes.claim(tx, claimed, helper, Actor(helper, "resident"), now)
    counted = polls.ask(tx, "合唱放在上午还是下午？", ["上午", "下午"], now + timedelta(minutes=1), boss, now)
    polls.vote(tx, counted, elder, 1, now)
    polls.close_due(tx, now + timedelta(minutes=1))
    opened = polls.ask(tx, "长椅放在东门还是西门？", ["东门", "西门"], now + timedelta(days=7), boss, now)
    polls.vote(tx, opened, elder, 0, now)
    suggestion = suggestions.make(tx, elder, "东门的路灯太暗了", None, Actor(elder, "resident"), now)
    draft = broadcasts.draft(tx, encoded(Reply("明天上午十点有义诊，不收费。")), Audience(), boss, now)
    asked = broadcasts.draft(tx, encoded(Reply("周五下午包饺子。")), Audience(), lead, now)
    broadcasts.hand_in(tx, asked, lead, now)
    listed = need_board.under_way(tx, None)[0]
    priority_list.put_on(tx, listed, "staff", boss, now)
    return Gathered(told.id, claimed.id, opened.id, counted.id, suggestion.id, draft, asked, listed.id)
