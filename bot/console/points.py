"""Service points at the console: what residents are told of each."""

from starlette.responses import Response

from bot.console.visit import Visit
from storage import points, residents
from storage.database import Transaction
from storage.points import KINDS, ServicePoint


async def listing(visit: Visit) -> Response:
    words, kind = visit.asked("q", 40), visit.asked("kind", 30)

    def look(tx: Transaction) -> tuple[list[tuple[ServicePoint, str]], list[ServicePoint]]:
        names = residents.community_names(tx)
        found = [(point, names.get(point.community_code or "", "")) for point in points.active(tx)]
        shut = points.inactive(tx) if visit.staff.is_district else []
        return [(point, where) for point, where in found if _fits(point, where, words, kind)], shut

    found, shut = await visit.read(look)
    return visit.page("points.html", found=found, shut=shut, words=words, kind=kind, kinds=KINDS)


def _fits(point: ServicePoint, where: str, words: str, kind: str) -> bool:
    text = f"{point.code} {point.name} {point.address} {where} {point.phone}"
    return words in text and kind in ("", point.kind)
