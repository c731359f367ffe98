"""督办清单: the hard cases in a few lines, and the whole list as a file."""

import tempfile
from pathlib import Path

from dialogue import texts
from dialogue.message import Choice, File
from dialogue.talk import LONGEST_LIST, Talk
from handlers import need_notices
from reports import priority_list as sheets
from reports.attendance import paper
from reports.files import file_name
from reports.sheet import Book
from reports.xlsx import write_xlsx
from storage import audit, files, grants, priority_list
from storage.audit import Actor
from storage.priority_list import Listed
from storage.times import local_date

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def show(talk: Talk) -> None:
    """“督办清单”."""
    listed = priority_list.listed(talk.tx, talk.now)
    if not listed:
        return talk.say("重点督办清单现在是空的。", Choice("派单", "等着派的件"))
    choices = [Choice(f"办件 {one.need.said_as}", _line(talk, one)) for one in listed[:LONGEST_LIST]]
    talk.say(f"重点督办清单有 {len(listed)} 件：", *choices)
    return talk.say("全部在这张表里。", file=_file(talk))


def _line(talk: Talk, one: Listed) -> str:
    late = f"超期 {one.days_overdue:.1f} 个工作日" if one.days_overdue else f"{texts.day(one.need.due_at)}到期"
    visits = f"，现场 {len(one.visits)} 次" if one.visits else ""
    return f"{one.need.name}　{need_notices.brief(talk.tx, one.need)}　{late}{visits}"


def _file(talk: Talk) -> File:
    """The list as a workbook. It is short, so it is made at once; that it was taken is noted."""
    name = file_name("重点督办清单", local_date(talk.now))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        write_xlsx(Book((sheets.priority_list(talk.tx, paper(talk.tx, talk.now)),), ()), path)
        token = files.add(talk.tx, name, _XLSX, path.read_bytes(), talk.person_id, talk.now)
    roles = [grant.role for grant in grants.roles_of(talk.tx, talk.account, talk.now)]
    actor = Actor(talk.person_id, roles[0] if roles else None, talk.account.channel)
    audit.note(talk.tx, actor, "export", "priority list", talk.now)
    return File(token, name, _XLSX)
