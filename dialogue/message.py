"""What people send us and what we answer: the same words in every channel."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from storage.geography import Place


class Address(NamedTuple):
    """Where a person can be reached: a channel (`telegram`, `wechat`, `web`), and their id inside it."""

    channel: str
    user: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something sent that is not words. The channel fetches the bytes later, by `reference`."""

    kind: Literal["photo", "voice", "video", "file"]
    reference: str  # the channel's own id of it; never a URL that holds a secret
    name: str = ""
    media_type: str = ""
    size: int = 0  # bytes, 0 when the channel does not say
    group: str = ""  # several pictures sent as one album share it


@dataclass(frozen=True, slots=True)
class Contact:
    """A phone number shared by a button. `own` is true only if the platform vouches that it is the sender's."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class Message:
    """One thing a person sent. `id` is unique within its channel."""

    id: str
    sender: Address
    sent_at: datetime  # aware
    text: str = ""
    choice: str | None = None  # value of the button that was tapped
    turn: str | None = None  # the `Reply.turn` that button belonged to
    payload: str = ""  # what a deep link or QR code carried: "event-12", or a one-time token
    attachment: Attachment | None = None
    place: Place | None = None
    contact: Contact | None = None
    private: bool = True  # false in a group, where nothing personal is asked or said


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer a person may pick: `value` is for the program, `label` is what they see."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class File:
    """A file we kept for the person; `token` opens it (`storage.files`), in a channel or by link."""

    token: str
    name: str
    media_type: str


@dataclass(frozen=True, slots=True)
class Venue:
    """A place shown on a map, with what to call it."""

    place: Place
    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Link:
    """An address to open, and the words to tap."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One thing we say. Channels without buttons number the choices, from 1.

    `turn` names the question that the choices answer; a button gives it back in `Message.turn`, so that tapping it
    later cannot answer another question. Choices with an empty turn are standing words: tapping one is saying its
    `value`, whenever that happens. `lines` is for a text with a numbered list of its own: numbers said after it are
    lines of that list and follow these words, and no channel numbers the choices beside it.
    """

    text: str
    choices: tuple[Choice, ...] = ()
    turn: str = ""
    lines: str = ""
    photo: File | None = None
    file: File | None = None
    venue: Venue | None = None
    link: Link | None = None
    wants_place: bool = False  # offer the button that shares a position
    wants_contact: bool = False  # offer the button that shares one's phone number


def joined(replies: tuple[Reply, ...], at_most: int = 3500) -> tuple[Reply, ...]:
    """Fewer, longer replies: words alone go in front of what follows, up to `at_most` characters together."""
    shorter: list[Reply] = []
    for reply in replies:
        if shorter and shorter[-1] == Reply(shorter[-1].text) and len(shorter[-1].text) + len(reply.text) <= at_most:
            reply = replace(reply, text=f"{shorter.pop().text}\n\n{reply.text}")
        shorter.append(reply)
    return tuple(shorter)


_encoder = msgspec.json.Encoder()
_one = msgspec.json.Decoder(Reply)
_several = msgspec.json.Decoder(tuple[Reply, ...])


def encoded(reply: Reply | tuple[Reply, ...]) -> str:
    """As it is kept in the inbox and the outbox."""
    return _encoder.encode(reply).decode()


def decoded(kept: str) -> Reply:
    return _one.decode(kept)


def all_decoded(kept: str) -> tuple[Reply, ...]:
    return _several.decode(kept)
