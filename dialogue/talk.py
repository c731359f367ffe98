"""Conversations that read like the talk itself and survive a restart.

A conversation is an async function. For each message it runs again from the top: questions already answered return
what the person said, the first unanswered one is put to the person. Whatever it wrote before that question is rolled
back, so only a finished conversation keeps its effects. Hence three rules: give every question its own key; take the
time from `talk.now`; reach the outside world only through `talk.tx`. It awaits people, never machines, so it is
stepped by hand inside the database thread and no event loop is involved.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NoReturn, TypeVar, cast

from dialogue import texts
from dialogue.message import Choice, File, Link, Reply, Venue
from dialogue.questions import Invalid, Kind, OneOf, YesNo
from storage.accounts import Account
from storage.conversations import Said
from storage.database import Transaction

T = TypeVar("T")

LONGEST_LIST = 5  # choices on one screen; more are shown in pages (care.md C3)
NEXT_PAGE = "…next"  # the value behind 看更多


class Unanswered(BaseException):
    """Ends a run at a question without an answer. Not an Exception: no handler may swallow it."""


class Again(BaseException):
    """Ends a run to take back an answer and ask once more. Not an Exception either."""

    def __init__(self, key: str, hint: str, *forget: str) -> None:
        self.key = key
        self.hint = hint
        self.forget = forget  # further answers that must not stand


@dataclass(slots=True)
class Talk:
    """What a conversation sees: who talks, what began it, `say`, `ask`, `confirm`, `again`, `tx` and `now`."""

    tx: Transaction
    account: Account
    now: datetime  # aware; use it instead of the clock
    house: "House"
    opening: Said  # what began the talk, without the words that name it: “书法” of “报名书法”
    payload: str = ""  # the deep link that began it
    answers: dict[str, Said] = field(default_factory=dict)  # by question; may hold some this run does not come to
    pages: dict[str, int] = field(default_factory=dict)
    turn: str = ""
    hint: str = ""
    misses: int = 0  # answers in a row that could not be used
    replies: list[Reply] = field(default_factory=list)
    reached: list[str] = field(default_factory=list)  # the questions of this run, in order

    @property
    def person_id(self) -> int | None:
        return self.account.person_id

    def say(
        self,
        text: str,
        *choices: Choice,
        file: File | None = None,
        photo: File | None = None,
        venue: Venue | None = None,
        link: Link | None = None,
        lines: str = "",
    ) -> None:
        """Tell something. `choices` are standing words: tapping one is saying its value (`lines`: see `Reply`)."""
        self.replies.append(Reply(text, choices, lines=lines, file=file, photo=photo, venue=venue, link=link))

    async def ask(
        self,
        key: str,
        prompt: str | Callable[[], str],
        kind: Kind[T],
        *,
        wants_place: bool = False,
        wants_contact: bool = False,
    ) -> T:
        """Return the person's answer to `prompt`, asking first if they have not given one.

        A prompt that has to be looked up may be a function: it is called when the question is put, not at each replay.
        """
        if key in self.reached:
            raise ValueError(f"question {key!r} is asked twice; give each its own key")
        self.reached.append(key)
        if key in self.answers:
            try:
                answer = kind.parse(self.answers[key])
            except Invalid as problem:
                self.misses += 1
                self.again(key, self._patiently(str(problem)))
            self.replies.clear()  # the person read these when the question was put
            return answer
        if self.hint:
            self.replies[:] = [Reply(self.hint)]
        choices = self._page(key, kind.choices)
        words = prompt if isinstance(prompt, str) else prompt()
        self.replies.append(Reply(words, choices, self.turn, wants_place=wants_place, wants_contact=wants_contact))
        raise Unanswered

    async def confirm(self, what: str) -> bool:
        """Ask about exactly these words: a yes to other words does not count."""
        return await self.ask(f"confirm: {what}", texts.please_check(what), YesNo(texts.RIGHT, texts.WRONG))

    async def confirm_or_correct(self, what: str, fields: Mapping[str, str]) -> None:
        """Ask about exactly these words until they are right. `fields` says which questions may be put once more."""
        if await self.confirm(what):
            return
        options = {key: label for key, label in fields.items() if key in self.reached}
        key = await self.ask(f"correct: {what}", "哪里不对？", OneOf(options))
        raise Again(key, f"好的，重新说{options[key]}。", f"confirm: {what}", f"correct: {what}")

    def again(self, key: str, hint: str) -> NoReturn:
        """Refuse the answer to `key`: say why, and ask that question once more."""
        raise Again(key, hint)

    def answered_by_opening(self, key: str) -> None:
        """Let the words that began the talk answer question `key`, if there are any and nobody answered it since."""
        if self.opening.text and key not in self.answers:
            self.answers[key] = self.opening
            self.opening = Said("", self.opening.at)

    def _page(self, key: str, choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        if len(choices) <= LONGEST_LIST + 1:  # one more is no longer than the line that offers more
            return choices
        pages = -(-len(choices) // LONGEST_LIST)
        begin = self.pages.get(key, 0) % pages * LONGEST_LIST
        return (*choices[begin : begin + LONGEST_LIST], Choice(NEXT_PAGE, texts.MORE))

    def _patiently(self, hint: str) -> str:
        """After two misses in a row a person gets another way: the phone (care.md C5)."""
        return hint if self.misses < 2 else f"{hint}\n不方便打字的话，打 {self.house.phone(self)} 让值班的同志帮您办。"


Conversation = Callable[[Talk], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class House:
    """What the machinery says in the words of this house: each is a short conversation without questions."""

    greet: Conversation  # the menu
    help: Conversation
    human: Conversation  # how to reach a person
    puzzled: Conversation  # nothing was understood, for the second time
    emergency: Callable[[str], Conversation | None]  # what to do at once about these words
    phone: Callable[[Talk], str]  # the number to call, for this person
    looks: Mapping[str, Callable[[Reply], str]] = field(default_factory=dict)
    # by channel that is on, how it shows a reply, as words: what the house cannot know and the program tells it
    aside: Callable[[str], Conversation | None] = lambda _words: None  # what to answer to words that want nothing done


def run(conversation: Conversation, talk: Talk) -> bool:
    """Run as far as the answers go. True when it is over; if not, `talk.reached` ends with the open question."""
    opening, account = talk.opening, talk.account
    while True:
        talk.replies.clear()
        talk.reached.clear()
        talk.opening = opening
        talk.account = replace(account)  # who registered in a run that was undone is not registered
        try:
            with talk.tx.savepoint():  # undone unless the function returns
                step(conversation, talk)
        except Unanswered:
            return False
        except Again as again:
            if again.key not in talk.answers:
                raise ValueError(f"question {again.key!r} has no answer to refuse") from None
            if talk.answers[again.key] == opening:
                opening = Said("", opening.at)  # or it would answer again, and be refused again, for ever
            talk.answers = {key: said for key, said in talk.answers.items() if not _taken_back(key, again)}
            talk.hint = again.hint
        else:
            return True


def _taken_back(key: str, again: Again) -> bool:
    """The answer itself, and those to what was asked about it (“start: 2”)."""
    return key == again.key or key.startswith(f"{again.key}: ") or key in again.forget


def step(conversation: Conversation, talk: Talk) -> None:
    """Drive the coroutine by hand: nothing in it may wait for the event loop."""
    running = cast(Coroutine[Any, None, None], conversation(talk))
    try:
        running.send(None)
    except StopIteration:
        return
    finally:
        running.close()
    raise RuntimeError("a conversation awaits people, never machines")
