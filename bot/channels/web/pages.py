"""The pages that are open just now, and what waits for one of them to come and get it.

Only a nudge travels to a page. The words stay here until the page asks for them: a phone that fell asleep never asks,
and so nothing counts as delivered that was only written into a dead connection.
"""

import asyncio
from dataclasses import dataclass, field

from dialogue.message import Reply

MOST_OF_ONE = 8  # pages of one person; the oldest gives way


@dataclass(eq=False, slots=True)
class Page:
    """One open page."""

    nudged: asyncio.Event = field(default_factory=asyncio.Event)
    is_closed: bool = False

    def nudge(self) -> None:
        self.nudged.set()

    def close(self) -> None:
        self.is_closed = True
        self.nudged.set()


@dataclass(eq=False, slots=True)
class Parcel:
    """A reply that waits to be fetched. `fetched` is done when it is in the chat, on disk, or says why not."""

    id: str
    reply: Reply
    fetched: "asyncio.Future[None]"

    def end(self, problem: Exception | None) -> None:
        if self.fetched.done():
            return
        if problem is None:
            self.fetched.set_result(None)
        else:
            self.fetched.set_exception(problem)


class Pages:
    def __init__(self) -> None:
        self._open: dict[str, list[Page]] = {}
        self._parcels: dict[str, list[Parcel]] = {}
        self._is_closed = False

    def open(self, user: str) -> Page:
        page = Page(is_closed=self._is_closed)
        pages = self._open.setdefault(user, [])
        pages.append(page)
        for oldest in pages[:-MOST_OF_ONE]:
            self.leave(user, oldest)
        return page

    def leave(self, user: str, page: Page) -> None:
        page.close()
        pages = self._open.get(user, [])
        if page in pages:
            pages.remove(page)
        if not pages:
            self._open.pop(user, None)

    def of(self, user: str) -> list[Page]:
        return self._open.get(user, [])

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def nudge(self, user: str) -> None:
        for page in self.of(user):
            page.nudge()

    def put(self, user: str, parcel: Parcel) -> None:
        self._parcels.setdefault(user, []).append(parcel)
        self.nudge(user)

    def take_back(self, user: str, parcel: Parcel) -> bool:
        """False when somebody is fetching it already."""
        waiting = self._parcels.get(user, [])
        if parcel not in waiting:
            return False
        waiting.remove(parcel)
        if not waiting:
            del self._parcels[user]
        return True

    def fetch(self, user: str) -> list[Parcel]:
        """All that waits for this person; nobody else gets it any more."""
        return self._parcels.pop(user, [])

    def close(self) -> None:
        self._is_closed = True
        for pages in list(self._open.values()):
            for page in pages:
                page.close()
