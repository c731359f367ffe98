"""Files that offices have, taken in at the console: looked at line by line first, kept only after that."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from starlette.datastructures import UploadFile
from starlette.responses import Response

from bot.console import texts
from bot.console.access import DISTRICT
from bot.console.visit import Visit
from reports.incoming import NotATable, Table, read_day, read_table
from storage import audit, files, people_import, point_import
from storage.database import Transaction
from storage.masks import mask_name, mask_phone

MOST_LINES = 3000  # at once, so that others who write wait no longer than a moment
_LOOKED_AT_FOR = timedelta(hours=1)
_MOST_SHOWN = 300
_MOST_AGREED = 300  # a form has four hundred fields
_NEW_SHOWN = 30
_VERDICTS = {"new": "新的", "same": "一样", "changed": "有改动", "conflict": "对不上", "bad": "用不了"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of the file. `can_agree`: it is kept only when somebody says so."""

    number: int
    verdict: str
    called: str
    says: list[str]
    can_agree: bool = False
    person_id: int | None = None
    differences: Sequence[people_import.Difference] = ()


@dataclass(frozen=True, slots=True)
class _Received:
    table: Table
    token: str


class Unreadable(Exception):
    """What to say about a file that is of no use."""


async def people_page(visit: Visit) -> Response:
    return visit.page("people_import.html", **_nothing(people_import.HEADERS))


async def people_preview(visit: Visit) -> Response:
    """A dry run: what each line would do. Nothing is kept but the file, sealed, for an hour."""
    try:
        received = await _receive(visit, people_import.HEADERS)
    except Unreadable as problem:
        parts = _nothing(people_import.HEADERS)
        return visit.page("people_import.html", 422, **{**parts, "wrong": str(problem)})
    lines = _lines(received.table)
    called = {number: f"{mask_name(given['name'])} {mask_phone(given['phone'])}".strip() for number, given in lines}

    def look(tx: Transaction) -> list[Shown]:
        judged = people_import.judge(tx, lines, read_day)
        agreeable = {one.number for one in [each for each in judged if each.verdict == "conflict"][:_MOST_AGREED]}
        return [
            Shown(
                one.number,
                one.verdict,
                called[one.number],
                one.says,
                can_agree=one.number in agreeable,
                person_id=one.person_id,
                differences=people_import.differences(tx, one) if one.number in agreeable else (),
            )
            for one in judged
        ]

    shown = await visit.read(look)
    return visit.page("people_import.html", **_preview(people_import.HEADERS, received, shown))


async def people_take_in(visit: Visit) -> Response:
    """The new lines, and of those in conflict what was ticked."""
    token = visit.text("file", 40)
    agreed = {int(text) for text in visit.form.getlist("agreed") if isinstance(text, str) and text.isdecimal()}
    table = await _kept(visit, token, people_import.HEADERS)
    if table is None:
        return visit.goes_to("/console/people/import?said=文件放得太久，清掉了。请再传一次。")

    def work(tx: Transaction) -> tuple[int, int, int]:
        judged = people_import.judge(tx, _lines(table), read_day)
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        added, changed = people_import.take_in(tx, judged, actor, visit.now, agreed)
        files.forget(tx, token)
        return added, changed, len(judged) - added - changed

    added, changed, left = await visit.write(work)
    said = f"登记了 {added} 位，照文件改了 {changed} 位，{left} 行没有动。"
    return visit.goes_to(f"/console/people/import?said={said}")


async def points_page(visit: Visit) -> Response:
    return visit.page("points_import.html", **_nothing(point_import.HEADERS))


async def points_preview(visit: Visit) -> Response:
    try:
        received = await _receive(visit, point_import.HEADERS)
    except Unreadable as problem:
        parts = _nothing(point_import.HEADERS)
        return visit.page("points_import.html", 422, **{**parts, "wrong": str(problem)})
    judged = await visit.read(point_import.judge, _lines(received.table))
    shown = [Shown(one.number, one.verdict, one.called, one.says) for one in judged]
    return visit.page("points_import.html", **_preview(point_import.HEADERS, received, shown))


async def points_take_in(visit: Visit) -> Response:
    token = visit.text("file", 40)
    table = await _kept(visit, token, point_import.HEADERS)
    if table is None:
        return visit.goes_to("/console/points/import?said=文件放得太久，清掉了。请再传一次。")

    def work(tx: Transaction) -> tuple[int, int]:
        judged = point_import.judge(tx, _lines(table))
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        retired = point_import.take_in(tx, judged, actor, visit.now)
        files.forget(tx, token)
        return sum(one.verdict in ("new", "changed") for one in judged), retired

    kept, retired = await visit.write(work)
    also = f"示例的 {retired} 个撤下了。" if retired else ""
    return visit.goes_to(f"/console/points/import?said=收进来 {kept} 个服务点。{also}")


async def _receive(visit: Visit, headers: Mapping[str, tuple[str, ...]]) -> _Received:
    """The table that was sent. Raises `Unreadable`."""
    upload = visit.form.get("file")
    if not isinstance(upload, UploadFile) or not upload.filename:
        raise Unreadable("还没有选文件。")
    content = await upload.read()
    table = await _read(content, headers)

    def keep(tx: Transaction) -> str:
        kind = upload.content_type or ""
        token = files.add(
            tx, upload.filename or "", kind[:80], content, visit.staff.person_id, visit.now, _LOOKED_AT_FOR
        )
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        about = {"lines": len(table.lines), "page": visit.request.url.path}
        audit.note(tx, actor, "import.look", "file", visit.now, after=about)
        return token

    return _Received(table, await visit.write(keep))


async def _kept(visit: Visit, token: str, headers: Mapping[str, tuple[str, ...]]) -> Table | None:
    found = await visit.read(files.opened_by, token, visit.now)
    return None if found is None else await _read(found[2], headers)


async def _read(content: bytes, headers: Mapping[str, tuple[str, ...]]) -> Table:
    try:
        table = await asyncio.to_thread(read_table, content, headers)
    except NotATable:
        raise Unreadable(texts.NOT_A_TABLE) from None
    if len(table.lines) > MOST_LINES:
        raise Unreadable(f"这个文件有 {len(table.lines)} 行，一次最多 {MOST_LINES} 行。请分成几份再传。")
    return table


def _lines(table: Table) -> people_import.Lines:
    return [(line.number, line.values) for line in table.lines]


def _nothing(headers: Mapping[str, tuple[str, ...]]) -> dict[str, object]:
    return {"headers": headers, "shown": None, "wrong": "", "verdicts": _VERDICTS}


def _preview(headers: Mapping[str, tuple[str, ...]], received: _Received, judged: Sequence[Shown]) -> dict[str, object]:
    """All that somebody must look at, and the first of what is plain."""
    counted = {verdict: sum(one.verdict == verdict for one in judged) for verdict in _VERDICTS}
    to_look_at = [one for one in judged if one.says or one.verdict not in ("new", "same")]
    plain = [one for one in judged if one.verdict == "new" and not one.says][:_NEW_SHOWN]
    return {
        **_nothing(headers),
        "shown": sorted([*to_look_at[:_MOST_SHOWN], *plain], key=lambda one: one.number),
        "hidden": max(0, len(to_look_at) - _MOST_SHOWN),
        "counted": {verdict: number for verdict, number in counted.items() if number},
        "unknown": received.table.unknown,
        "token": received.token,
    }
