"""The communities and villages of the district, and which one a person means."""

import csv
import re
from dataclasses import dataclass
from importlib.resources import files

from sqlalchemy import bindparam, select

from storage import pinyin
from storage.database import Transaction
from storage.schema.places import communities as table
from storage.upsert import upsert


@dataclass(slots=True)
class Community:
    code: str
    official_name: str
    display_name: str
    short_name: str


_KIND = re.compile(r"(?:社区居委会|居委会|村委会|社区|shequ|[村居])$")

_COLUMNS = (table.c.code, table.c.official_name, table.c.display_name, table.c.short_name)
_ACTIVE = select(*_COLUMNS).where(table.c.active).order_by(table.c.code)
_NAMES = select(table.c.code, table.c.display_name).where(table.c.active).order_by(table.c.code)
_GET = select(*_COLUMNS).where(table.c.code == bindparam("code"))
_ADD = upsert(table, key=("code",))


def lay_out(tx: Transaction) -> None:
    """Keep the communities of the district that are not kept yet; what staff changed stays as it is."""
    text = files("storage").joinpath("communities.csv").read_text(encoding="utf-8")
    tx.execute(_ADD(tx), [{**row, "active": True} for row in csv.DictReader(text.splitlines())])


def active(tx: Transaction) -> list[Community]:
    return [Community(*row) for row in tx.execute(_ACTIVE)]


def names(tx: Transaction) -> dict[str, str]:
    """What each one is called, by its code."""
    return dict(tx.execute(_NAMES).all())


def get(tx: Transaction, code: str) -> Community | None:
    row = tx.execute(_GET, {"code": code}).first()
    return None if row is None else Community(*row)


def find(tx: Transaction, text: str) -> list[Community]:
    """Which ones `text` may mean: those it names in full, else those it holds the short name of, else by sound."""
    everyone = active(tx)
    said = re.sub(r"\s+", "", text)
    core = _KIND.sub("", said)
    if not core:
        return []
    if exact := [each for each in everyone if said in (each.display_name, each.official_name, each.short_name)]:
        return exact
    if held := [each for each in everyone if each.short_name in said]:
        longest = max(len(each.short_name) for each in held)
        return [each for each in held if len(each.short_name) == longest]
    if len(core) > 1 and (begun := [each for each in everyone if core in each.display_name]):
        return begun
    spoken = pinyin.syllables(core)
    if same := [each for each in everyone if "".join(pinyin.syllables(each.short_name)) == "".join(spoken).lower()]:
        return same
    near = [each for each in everyone if _almost(spoken, pinyin.syllables(each.short_name))]
    return near if len(near) == 1 else []


def _almost(said: list[str], name: list[str]) -> bool:
    """Whether one syllable of several is off by one letter: 海波 for 海坡, 金基岭 for 金鸡岭."""
    if len(said) != len(name) or len(name) < 2:
        return False
    wrong = [(one, other) for one, other in zip(said, name, strict=True) if one != other]
    return len(wrong) == 1 and len(wrong[0][0]) == len(wrong[0][1]) and _letters_off(*wrong[0]) == 1


def _letters_off(one: str, other: str) -> int:
    return sum(a != b for a, b in zip(one, other, strict=True))
