"""The account that a command line names as CHANNEL:ID."""

from storage import accounts
from storage.accounts import Account
from storage.database import Transaction

CHANNELS = ("telegram", "wechat", "web")


class NoSuchAccount(Exception):
    """The text says, to the administrator, what is missing."""


def account_named(tx: Transaction, named: str) -> Account:
    """Raises `NoSuchAccount` for one that has never written."""
    channel, _, user = named.partition(":")
    if channel not in CHANNELS or not user:
        raise NoSuchAccount(f"--account {named}: expected CHANNEL:ID, such as telegram:123456789")
    found = accounts.find(tx, channel, user)
    if found is None:
        raise NoSuchAccount(f"{named} has never written to the bot; let it say anything first")
    return found
