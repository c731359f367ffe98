"""The addresses of the console."""

from collections.abc import Callable
from datetime import datetime

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console import (
    audit,
    broadcast_form,
    broadcasts,
    calls,
    check_in,
    event_calendar,
    event_forms,
    events,
    health,
    markets,
    needs,
    office,
    papers,
    people,
    points,
    polls,
    priority_list,
    reports,
    roles,
    series,
    series_forms,
    sign_ups,
    texts,
    wishes,
)
from bot.console.access import (
    ANYONE,
    CALLERS,
    CHECKERS,
    COUNTERS,
    DISTRICT,
    NEED_WORKERS,
    ORGANISERS,
    OVERSEERS,
    POLLSTERS,
    READERS_OF_PEOPLE,
    WISH_WORKERS,
)
from bot.console.doors import Closed, Door, Doorkeeper
from bot.console.overview import Overview
from bot.console.settings import ConsoleSettings
from bot.console.sign_in import SignIn
from bot.console.visit import Visit
from bot.web.headers import SecurityHeaders
from reports.remembered import Remembered
from storage.database import Database

_MEDIA_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}


def console_routes(
    database: Database,
    clock: Callable[[], datetime],
    key: bytes,
    settings: ConsoleSettings,
    wake: Callable[[], None],
    remembered: Remembered | None = None,
) -> list[BaseRoute]:
    """Everything below /console. `key` signs what forms carry; `wake` tells the delivery that something is due;
    `remembered` has the figures that were counted ahead, where somebody does.
    """
    keeper = Doorkeeper(database, clock, key, settings, wake)
    sign_in = SignIn(keeper)
    guard = [Middleware(SecurityHeaders, is_secure=settings.is_secure)]

    def behind(door: Door) -> Route:
        async def opened(request: Request) -> Response:
            return await keeper.open(door, request)

        return Route(door.path, opened, methods=[door.method], middleware=guard)

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        content = keeper.rendering.assets.get(name)
        if content is None:
            return PlainTextResponse("", 404)
        lasting = request.query_params.get("v") == keeper.rendering.version
        response = Response(content, headers={"cache-control": f"public, max-age={31536000 if lasting else 300}"})
        response.headers["content-type"] = _MEDIA_TYPES[name.rpartition(".")[2]]
        return response

    return [
        Route("/console/in/{token}", sign_in.look, methods=["GET"], middleware=guard),
        Route("/console/in/{token}", sign_in.enter, methods=["POST"], middleware=guard),
        Route("/console/assets/{name}", asset, methods=["GET"], middleware=guard),
        *(behind(door) for door in doors(sign_in, remembered or Remembered())),
    ]


def doors(sign_in: SignIn, remembered: Remembered) -> list[Door]:
    """Every page that asks who comes, and whose it is."""
    return [
        Door("/console/sign-out", sign_in.leave, ANYONE, "POST"),
        Door("/console", Overview(remembered).page, ANYONE),
        Door("/console/events", events.listing, ANYONE),
        Door("/console/events/calendar", event_calendar.page, ANYONE),
        Door("/console/events/new", event_forms.blank, ORGANISERS),
        Door("/console/events/new", event_forms.create, ORGANISERS, "POST"),
        Door("/console/events/{id:int}", events.detail, ANYONE),
        Door("/console/events/{id:int}/publish", events.publish, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/withdraw", events.withdraw, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/cancel", events.cancel, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/change", event_forms.change_form, ORGANISERS),
        Door("/console/events/{id:int}/change", event_forms.change, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/sign-up", sign_ups.sign_up, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/sign-off", sign_ups.cancel, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/desk", check_in.desk, CHECKERS),
        Door("/console/events/{id:int}/roll", check_in.roll_part, CHECKERS, is_poll=True),
        Door("/console/events/{id:int}/note", check_in.note, CHECKERS, "POST"),
        Door("/console/events/{id:int}/enter", check_in.enter, CHECKERS, "POST"),
        Door("/console/events/{id:int}/walk-in", check_in.walk_in, CHECKERS, "POST"),
        Door("/console/events/{id:int}/count", check_in.count, CHECKERS, "POST"),
        Door("/console/events/{id:int}/close", check_in.close, CHECKERS, "POST"),
        Door("/console/events/{id:int}/stalls", markets.board, CHECKERS),
        Door("/console/events/{id:int}/stalls/board", markets.board_part, CHECKERS, is_poll=True),
        Door("/console/events/{id:int}/stalls/call", markets.call, CHECKERS, "POST"),
        Door("/console/events/{id:int}/stalls/back", markets.come_back, CHECKERS, "POST"),
        Door("/console/events/{id:int}/stalls/shut", markets.shut, CHECKERS, "POST"),
        Door("/console/events/{id:int}/stalls/take", markets.take_for, CHECKERS, "POST"),
        Door("/console/events/{id:int}/stalls/add", markets.add, ORGANISERS, "POST"),
        Door("/console/events/{id:int}/sheet", reports.ask_sheet, CHECKERS, "POST"),
        Door("/console/events/series", series.listing, COUNTERS),
        Door("/console/events/series/new", series_forms.blank, ORGANISERS),
        Door("/console/events/series/new", series_forms.create, ORGANISERS, "POST"),
        Door("/console/events/series/{id:int}", series.detail, COUNTERS),
        Door("/console/events/series/{id:int}/handouts", series_forms.hand_out, ORGANISERS, "POST"),
        Door("/console/events/series/{id:int}/handouts/{handout:int}", series_forms.handout, COUNTERS),
        Door("/console/events/series/{id:int}/handouts/{handout:int}/drop", series_forms.take_back, ORGANISERS, "POST"),
        Door("/console/events/series/{id:int}/unmask", series.unmask, ORGANISERS, "POST"),
        Door("/console/people", people.listing, READERS_OF_PEOPLE),
        Door("/console/people/{id:int}", people.detail, READERS_OF_PEOPLE),
        Door("/console/people/{id:int}/unmask", people.unmask, READERS_OF_PEOPLE, "POST"),
        Door("/console/points", points.listing, ANYONE),
        Door("/console/needs", needs.board, NEED_WORKERS),
        Door("/console/needs/priority", priority_list.listing, NEED_WORKERS),
        Door("/console/needs/{id:int}", needs.detail, NEED_WORKERS),
        Door("/console/needs/{id:int}/assign", needs.assign, DISTRICT, "POST"),
        Door("/console/needs/{id:int}/mark", needs.mark, DISTRICT, "POST"),
        Door("/console/needs/{id:int}/obstacle", priority_list.obstacle, NEED_WORKERS, "POST"),
        Door("/console/needs/{id:int}/visit", priority_list.visited, NEED_WORKERS, "POST"),
        Door("/console/needs/{id:int}/unlist", priority_list.take_off, NEED_WORKERS, "POST"),
        Door("/console/wishes", wishes.board, WISH_WORKERS),
        Door("/console/wishes/{id:int}", wishes.detail, WISH_WORKERS),
        Door("/console/wishes/{id:int}/post", wishes.post, WISH_WORKERS, "POST"),
        Door("/console/wishes/{id:int}/both", wishes.both, WISH_WORKERS, "POST"),
        Door("/console/wishes/{id:int}/step", wishes.step, WISH_WORKERS, "POST"),
        Door("/console/polls", polls.listing, POLLSTERS),
        Door("/console/polls", polls.ask, POLLSTERS, "POST"),
        Door("/console/polls/{id:int}/answer", polls.answer, POLLSTERS, "POST"),
        Door("/console/suggestions/{id:int}/answer", polls.answer_suggestion, WISH_WORKERS, "POST"),
        Door("/console/broadcasts", broadcasts.listing, CALLERS),
        Door("/console/broadcasts/new", broadcast_form.blank, CALLERS),
        Door("/console/broadcasts/new", broadcast_form.create, CALLERS, "POST"),
        Door("/console/broadcasts/{id:int}", broadcasts.detail, CALLERS),
        Door("/console/broadcasts/{id:int}/file", broadcasts.file, CALLERS),
        Door("/console/broadcasts/{id:int}/progress", broadcasts.progress, CALLERS, is_poll=True),
        Door("/console/broadcasts/{id:int}/preview", broadcasts.preview, CALLERS, "POST"),
        Door("/console/broadcasts/{id:int}/hand-in", broadcasts.hand_in, CALLERS, "POST"),
        Door("/console/broadcasts/{id:int}/decide", broadcasts.decide, DISTRICT, "POST"),
        Door("/console/broadcasts/{id:int}/steer", broadcasts.steer, CALLERS, "POST"),
        Door("/console/broadcasts/{id:int}/phone", broadcasts.phone, CALLERS, "POST"),
        Door("/console/calls", calls.listing, CALLERS),
        Door("/console/calls/{id:int}/note", calls.note, CALLERS, "POST"),
        Door("/console/reports", reports.Reports(remembered).page, COUNTERS),
        Door("/console/reports", reports.ask, COUNTERS, "POST"),
        Door("/console/jobs", reports.jobs, ANYONE, is_poll=True),
        Door("/console/files", reports.own_files, ANYONE),
        Door("/console/files/{id:int}", reports.file, ANYONE),
        Door("/console/files/{id:int}/cancel", reports.cancel, ANYONE, "POST"),
        Door("/console/roles", roles.listing, DISTRICT),
        Door("/console/roles", roles.give, DISTRICT, "POST"),
        Door("/console/roles/{id:int}/revoke", roles.take_back, DISTRICT, "POST"),
        Door("/console/audit", audit.listing, OVERSEERS),
        Door("/console/health", health.page, DISTRICT),
        Door("/console/health/release", health.release, DISTRICT, "POST"),
        *office.doors(),
        *papers.doors(),
        Door("/console/{rest:path}", _nowhere, ANYONE),
    ]


async def _nowhere(_visit: Visit) -> Response:
    raise Closed(404, texts.NO_PAGE)
