"""The addresses of the program, and the short way in for those that whole crowds write to."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class Site(Starlette):
    """Serves `routes`. Applications among them that are served as they stand are called at once, by their path.

    The way through Starlette's middleware and its list of routes costs as much as taking in a message.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        super().__init__(routes=routes)
        self._at_once: dict[str, ASGIApp] = {
            route.path: route.app for route in routes if isinstance(route, Route) and route.methods is None
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (app := self._at_once.get(scope["path"])) is not None:
            await app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)
