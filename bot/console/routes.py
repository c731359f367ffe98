"""The addresses of the console."""

from collections.abc import Callable
from datetime import datetime

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from bot.console import texts
from bot.console.access import ANYONE
from bot.console.doors import Closed, Door, Doorkeeper
from bot.console.overview import Overview
from bot.console.settings import ConsoleSettings
from bot.console.sign_in import SignIn
from bot.console.visit import Visit
from bot.web.headers import SecurityHeaders
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
) -> list[BaseRoute]:
    """Everything below /console. `key` signs what forms carry; `wake` tells the delivery that something is due."""
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
        *(behind(door) for door in doors(sign_in)),
    ]


def doors(sign_in: SignIn) -> list[Door]:
    """Every page that asks who comes, and whose it is."""
    return [
        Door("/console/sign-out", sign_in.leave, ANYONE, "POST"),
        Door("/console", Overview().page, ANYONE),
        Door("/console/{rest:path}", _nowhere, ANYONE),
    ]


async def _nowhere(_visit: Visit) -> Response:
    raise Closed(404, texts.NO_PAGE)
