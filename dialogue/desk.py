"""What one message means to a chat as it stands: an answer, a word that works everywhere, or something new."""

import re
from dataclasses import replace
from datetime import datetime

from dialogue import numbers, texts
from dialogue.message import Choice, Message, Reply
from dialogue.questions import bare, bare_label, matching
from dialogue.talk import NEXT_PAGE, Conversation, House, Talk, run, step
from dialogue.understanding import Menu, Understanding
from storage import attachments
from storage.accounts import Account
from storage.conversations import Desk, Said, State
from storage.database import Transaction
from storage.refusals import NotAllowed, Refused

MOST_PARKED = 3  # talks laid aside; an older one is dropped

# 第3号 is the number of a matter, 第三个 a place on a list.
_SPOKEN_NUMBER = re.compile(rf"第\s*{numbers.NUMERAL}\s*号")

_IN_WORDS = re.compile(r"[\u4e00-\u9fff]{2}")
_PHONE_TAIL = re.compile(r"\d{4}")

_COMMANDS = {bare(word): command for command, words in texts.SAME_AS.items() for word in words}


class Visit:
    """One message at one desk. `desk` is changed in place; the caller saves it."""

    def __init__(
        self,
        tx: Transaction,
        account: Account,
        desk: Desk,
        now: datetime,
        menu: Menu,
        house: House,
        understanding: Understanding,
    ) -> None:
        self._tx = tx
        self._account = account
        self._desk = desk
        self._now = now
        self._menu = menu
        self._house = house
        self._understanding = understanding
        self._message_id = ""

    def take(self, message: Message) -> list[Reply]:
        """Answer `message`."""
        self._message_id = message.id
        desk = self._desk
        if desk.talk is not None and desk.talk.name not in self._menu:
            desk.talk = None  # a word taken off the menu traps nobody
        emergency = self._house.emergency(message.text)
        if emergency is not None:
            desk.misses = 0
            return self._short(emergency, Said(message.text, message.sent_at))
        said = self._said(message)
        if self._goes_on_with_an_album(message, said):
            return []  # the first picture was answered, and the answer is for all of them
        replies = self._answer(message, said)
        if not replies:
            replies = self._short(self._house.greet, said)
        self.shows(replies)
        return replies

    def shows(self, replies: list[Reply]) -> None:
        """Remember the standing words shown last, for whoever answers with a bare number."""
        for reply in replies:
            if reply.choices and not reply.turn:
                self._desk.show(((choice.value, choice.label) for choice in reply.choices), reply.lines)
            elif reply.turn:
                self._desk.screen_is_newer = False

    # What it may be, in order.

    def _answer(self, message: Message, said: Said) -> list[Reply]:
        talk = self._desk.talk
        if message.payload:
            return self._follow_link(message.payload, said)
        if message.choice is not None and not message.turn:  # a standing word, tapped
            return self._say(Said(message.choice, message.sent_at))
        if message.choice is not None and (talk is None or message.turn != talk.turn):
            return self._after_an_old_button()
        if talk is not None and self._desk.screen_is_newer and (word := self._on_screen(said.text)):
            return self._say(Said(word, message.sent_at))
        command = _COMMANDS.get(bare(said.text)) if not said.picked else None
        if command is None and talk is not None and talk.shown and not said.picked:
            command = {"0": texts.BACK, "9": texts.HUMAN}.get(bare(said.text))
        if command is not None:
            return self._command(command, said)
        if talk is None:
            return self._outside(message, said)
        if talk.last_at is not None and bare(said.text) in texts.GREETINGS:
            return [Reply(texts.unfinished(talk.name)), *self._put_again(talk)]
        if not said.picked and not said.attachments and self._switches(said.text, talk):
            return self._say(said)
        return self._answered(talk, said)

    def _outside(self, message: Message, said: Said) -> list[Reply]:
        number = bare(said.text)
        if word := self._on_screen(said.text):
            return self._say(Said(word, message.sent_at))
        if number in ("0", "9"):
            return self._command(texts.MENU if number == "0" else texts.HUMAN, said)
        if number in texts.GREETINGS or (
            not number and not (message.place or message.attachment or message.contact or message.text)
        ):
            return self._welcome(said)
        if message.place is not None:
            return self._say_to("place", said)
        if message.attachment is not None:
            return self._say_to("attachment", said)
        if aside := self._house.aside(said.text):
            return self._in_passing(aside, said)
        return self._say(said)

    def _in_passing(self, aside: Conversation, said: Said) -> list[Reply]:
        """A sentence, with what could be picked before: “好的” answers nothing that was asked, and loses nothing."""
        [reply] = self._short(aside, said)
        if not self._desk.screen:
            return [reply, *self._short(self._house.greet, said)]
        choices = tuple(Choice(value, label) for value, label in self._desk.screen)
        return [replace(reply, choices=choices, lines=self._desk.lines)]

    def _say(self, said: Said) -> list[Reply]:
        """Words outside a talk, or that leave one: find the entry and begin it."""
        command = _COMMANDS.get(bare(said.text))
        if command is not None:
            return self._command(command, said)
        meant = self._understanding.of(said.text)
        if meant is None and self._desk.lines:  # not a line by number: perhaps by name
            meant = self._understanding.of(f"{self._desk.lines} {said.text}")
        if meant is None:
            self._desk.misses += 1
            return self._short(self._house.puzzled, said)
        opening = Said(meant.rest, said.at, [], said.attachments, said.contact, said.place)
        return self._begin(meant.name, opening)

    def _say_to(self, link: str, said: Said) -> list[Reply]:
        """A position or a picture out of the blue goes to the entry that asks for such things."""
        name = next((name for name, entry in self._menu.items() if link in entry.link.split()), None)
        return self._short(self._house.puzzled, said) if name is None else self._begin(name, said)

    def _follow_link(self, payload: str, said: Said) -> list[Reply]:
        kind = payload.partition("-")[0]
        for name, entry in self._menu.items():
            if kind in entry.link.split():
                return self._begin(name, Said("", said.at), payload)
        return self._welcome(said)

    def _begin(self, name: str, opening: Said, payload: str = "") -> list[Reply]:
        allowed = self._menu[name].allowed
        if allowed is not None and not self._may(name):
            return [Reply(texts.sentence(NotAllowed(allowed.title)))]
        desk = self._desk
        desk.misses = 0
        bare_name = not (opening.text or opening.place or opening.attachments or payload)
        if desk.talk is not None and desk.talk.name == name and bare_name:
            return self._put_again(desk.talk)
        earlier = next((talk for talk in desk.parked if talk.name == name), None)
        self._park()
        desk.parked = [talk for talk in desk.parked if talk.name != name]
        # What was already said there is taken up again, unless this time it is about something else.
        desk.talk = earlier if earlier is not None and bare_name else State(name, opening, payload)
        return self._run(desk.talk)

    def _answered(self, talk: State, said: Said) -> list[Reply]:
        if said.picked == [NEXT_PAGE]:
            talk.pages[talk.reached[-1]] = talk.pages.get(talk.reached[-1], 0) + 1
            return self._run(talk)
        misses = talk.misses
        if talk.reached:
            talk.answers[talk.reached[-1]] = said
        replies = self._run(talk)
        if self._desk.talk is talk and talk.misses > misses and _IN_WORDS.search(said.text):
            return self._not_about_this(talk, said, misses) or replies
        return replies

    def _not_about_this(self, talk: State, said: Said, misses: int) -> list[Reply]:
        """What answers no question may be said in passing, or be about something else; nothing if it is neither."""
        if aside := self._house.aside(said.text):
            talk.misses = misses
            return [*self._short(aside, said), *self._put_again(talk)]
        meant = self._understanding.of(said.text)
        if meant is None or meant.name == talk.name or not (meant.sure or misses) or not self._may(meant.name):
            return []
        talk.misses = 0
        return self._say(said)

    # Words that work everywhere.

    def _command(self, command: str, said: Said) -> list[Reply]:
        desk = self._desk
        talk = desk.talk
        if command == texts.MENU:
            self._park()
            return self._welcome(said)
        if command == texts.HELP:
            return [*self._short(self._house.help, said), *self._put_again(talk)]
        if command == texts.HUMAN:
            return [*self._short(self._house.human, said), *self._put_again(talk)]
        if command == texts.RESUME:
            return self._resume(said)
        if command == texts.DROP and talk is None:
            if desk.parked:
                desk.parked.pop()
                return [Reply(texts.CANCELLED), *self._offer_parked()]
            return self._short(self._house.greet, said)
        if talk is None:
            return [Reply(texts.NOTHING_OPEN), *self._short(self._house.greet, said)]
        if command == texts.CANCEL:
            desk.talk = None
            return [Reply(texts.CANCELLED), *(self._offer_parked() or self._short(self._house.greet, said))]
        if command == texts.RESTART:
            desk.talk = State(talk.name, talk.opening, talk.payload)
            return self._run(desk.talk)
        if command == texts.BACK:
            return self._one_step_back(talk, said)
        return self._answered(talk, said)

    def _one_step_back(self, talk: State, said: Said) -> list[Reply]:
        if len(talk.reached) > 1:
            talk.answers.pop(talk.reached[-2], None)
            return self._run(talk)
        if bare(said.text) == "0":
            self._desk.talk = None
            return self._short(self._house.greet, said)
        return [Reply(texts.FIRST_QUESTION), *self._put_again(talk)]

    def _resume(self, said: Said) -> list[Reply]:
        desk = self._desk
        if desk.talk is None and desk.parked:
            desk.talk = desk.parked.pop()
        return self._put_again(desk.talk) if desk.talk else self._short(self._house.greet, said)

    def _park(self) -> None:
        if self._desk.talk is not None:
            self._desk.parked = [*self._desk.parked, self._desk.talk][-MOST_PARKED:]
            self._desk.talk = None

    # Running a talk.

    def _run(self, state: State) -> list[Reply]:
        desk = self._desk
        entry = self._menu[state.name]
        talk = self._talk(state.opening, state)
        try:
            over = run(entry.conversation, talk)
        except Refused as refused:
            desk.talk = None
            return [Reply(texts.sentence(refused)), *self._offer_parked()]
        if over:
            desk.talk = None
            if self._account.person_id is not None and talk.person_id is None:
                desk.parked.clear()  # who was forgotten leaves nothing half-said behind
            return [*talk.replies, *self._offer_parked()]
        shown = [(choice.value, choice.label) for choice in talk.replies[-1].choices]
        state.answers, state.reached, state.shown = talk.answers, talk.reached, shown
        state.pages, state.turn, state.last_at = talk.pages, talk.turn, self._now
        state.misses = talk.misses if talk.hint else 0
        return talk.replies

    def _put_again(self, state: State | None) -> list[Reply]:
        """The open question once more, with nothing changed."""
        return [] if state is None else self._run(state)

    def _short(self, conversation: Conversation, said: Said) -> list[Reply]:
        talk = self._talk(said)
        step(conversation, talk)
        return talk.replies

    def _welcome(self, said: Said) -> list[Reply]:
        self._desk.misses = 0
        return [*self._short(self._house.greet, said), *self._offer_parked()]

    def _talk(self, opening: Said, state: State | None = None) -> Talk:
        talk = Talk(self._tx, self._account, self._now, self._house, opening, turn=self._message_id)
        if state is not None:
            talk.payload, talk.misses = state.payload, state.misses
            talk.answers, talk.pages = state.answers, state.pages
        else:
            talk.misses = self._desk.misses
        return talk

    def _offer_parked(self) -> list[Reply]:
        if not self._desk.parked:
            return []
        title = self._desk.parked[-1].name
        choices = Choice(texts.RESUME, texts.RESUME), Choice(texts.DROP, texts.DROP)
        return [Reply(texts.unfinished(title) + "要接着办吗？", choices)]

    def _after_an_old_button(self) -> list[Reply]:
        again = self._put_again(self._desk.talk) or self._short(self._house.greet, Said("", self._now))
        return [Reply(texts.OLD_BUTTON), *again]

    # Reading what was sent.

    def _goes_on_with_an_album(self, message: Message, said: Said) -> bool:
        """Pictures sent together come as a message each: the further ones join whatever became of the first."""
        album = message.attachment.group if message.attachment is not None else ""
        desk = self._desk
        if not album or said.text or album != desk.album:
            if album and album != desk.album:
                desk.album, desk.album_first = album, said.attachments[0]
            return False
        for talk in (desk.talk, *desk.parked):
            for kept in (talk.opening, *talk.answers.values()) if talk is not None else ():
                if desk.album_first in kept.attachments:
                    kept.attachments += said.attachments
                    return True
        attachments.follow(self._tx, said.attachments, desk.album_first)
        return True

    def _said(self, message: Message) -> Said:
        kept = []
        if (sent := message.attachment) is not None:
            channel = self._account.channel
            where = self._account.id, channel, sent.kind, sent.reference, sent.name, sent.media_type
            kept.append(attachments.add(self._tx, *where, self._now))
        contact = message.contact.phone if message.contact is not None and message.contact.own else ""
        said = Said(message.text.strip(), message.sent_at, [], kept, contact, message.place)
        talk = self._desk.talk
        if talk is not None:
            if message.choice is not None and message.turn == talk.turn:
                said.picked = [_by_place(message.choice, talk.shown)]
            elif talk.shown:
                said.picked = picked(said.text, talk.shown)
        return said

    def _on_screen(self, text: str) -> str | None:
        """The standing word that a bare number, or a whole label, means on the list shown last."""
        if _SPOKEN_NUMBER.fullmatch(numbers.plain(text)):
            return None
        if self._desk.lines:
            return self._on_lines(text)
        meant = named_or_numbered(text, self._desk.screen)
        return meant[0] if len(meant) == 1 else None

    def _on_lines(self, text: str) -> str | None:
        labelled = labelled_as(text, self._desk.screen)
        named = numbers.read_list(text) not in (None, [0]) or _PHONE_TAIL.fullmatch(numbers.plain(text))
        return labelled or (f"{self._desk.lines} {text}" if named else None)

    def _switches(self, text: str, talk: State) -> bool:
        """Whether these words leave the talk: they name something on the menu, and no choice of the open question."""
        meant = self._understanding.exactly(text)
        if meant is None or matching(text, talk.shown) is not None:
            return False
        return self._may(meant.name)

    def _may(self, name: str) -> bool:
        entry = self._menu[name]
        return entry.allowed is None or entry.allowed(self._tx, self._account, self._now)


def picked(text: str, shown: list[tuple[str, str]]) -> list[str]:
    """As `named_or_numbered`; beside a question a part of one label alone is enough."""
    meant = named_or_numbered(text, shown)
    near = matching(text, shown) if not meant else None
    return meant if near is None else [near]


def named_or_numbered(text: str, shown: list[tuple[str, str]]) -> list[str]:
    """The values of `shown` that `text` names by number (“2”, “第二个”, “1、3”) or by its label; none if neither."""
    exact = labelled_as(text, shown)
    if exact is not None:
        return [exact]
    one = numbers.read_choice(text, of=len(shown))
    places = [one] if one is not None else numbers.read_list(text) or []
    if places and all(1 <= place <= len(shown) for place in places):
        return [shown[place - 1][0] for place in places]
    return []


def labelled_as(text: str, shown: list[tuple[str, str]]) -> str | None:
    said = bare(text)
    return next((value for value, label in shown if bare_label(label) == said), None)


def _by_place(choice: str, shown: list[tuple[str, str]]) -> str:
    """A button whose value was too long for its channel carries its place instead: “#3” is the third shown."""
    if choice.startswith("#") and choice[1:].isdecimal() and 1 <= int(choice[1:]) <= len(shown):
        return shown[int(choice[1:]) - 1][0]
    return choice
