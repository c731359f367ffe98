"""Addresses that open this chat at an event, an invitation or a check-in: one for each channel, or a word to say."""

from dialogue.message import Choice, Link
from dialogue.talk import Talk
from handlers import events as events_handler
from handlers import roles
from handlers.linking import CHANNELS
from storage import settings
from storage.database import Transaction
from storage.refusals import NotFound

ADDRESSES = "chat_addresses"
"""The setting that holds, for each channel that is on, what a payload is put behind; empty where only words work."""


def addresses(tx: Transaction, payload: str) -> dict[str, str]:
    """By channel that is on. WeChat has none: there people say the word."""
    found: dict[str, str] = settings.get(tx, ADDRESSES, {})
    return {channel: f"{before}{payload}" if before else "" for channel, before in found.items()}


def here(talk: Talk, label: str, payload: str) -> Link | None:
    """The address for the channel one writes in; None where there is none."""
    url = addresses(talk.tx, payload).get(talk.account.channel, "")
    return Link(label, url) if url else None


async def pass_on(talk: Talk) -> None:
    """“活动链接 12”: what an organiser gives to others, so that they find the event wherever they write."""
    event = await events_handler.which(talk, "要哪场活动的链接？")
    if event.state != "published":
        raise NotFound("活动")
    lines = [
        f"{CHANNELS[channel]}：{url or f'跟我说“活动 {event.id}”'}"
        for channel, url in addresses(talk.tx, f"event-{event.id}").items()
    ]
    if not lines:
        lines = [f"跟我说“活动 {event.id}”"]
    choices = [Choice(f"活动 {event.id}", "看这场活动")]
    if roles.role_for(talk, event, roles.ORGANISERS):
        choices.append(Choice(f"活动码 {event.id}", "要二维码印海报"))
    talk.say(f"《{event.title}》，这样转给大家：\n" + "\n".join(lines), *choices)
