"""The Bot API as a table: what a call may hold, and what is wrong with one that does not fit."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.telegram import markup
from tests.telegram.calls import Mistake

_HERE = Path(__file__).parent
_SPLIT = re.compile(r",\s*(?![^{]*\})")


@dataclass(frozen=True)
class Field:
    name: str
    types: tuple[str, ...]
    required: bool
    limit: str


@dataclass(frozen=True)
class Method:
    name: str
    returns: tuple[str, ...]
    fields: dict[str, Field]


@dataclass
class Upload:
    """A file that came with a multipart call."""

    name: str
    media_type: str
    content: bytes


@dataclass
class Table:
    methods: dict[str, Method] = field(default_factory=dict)  # by lower-case name, as the server finds them
    types: dict[str, dict[str, Field]] = field(default_factory=dict)
    unions: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def mistakes_in_value(self, value: Any, kind: str, limit: str = "", where: str = "") -> list[Mistake]:
        """What keeps a decoded JSON value from being a `kind`."""
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                return [Mistake(f"{where}: {_named(value)} is no array")]
            found = _out_of_range(len(value), limit, f"{where}: {len(value)} entries")
            for number, entry in enumerate(value):
                found += self.mistakes_in_value(entry, kind.removeprefix("Array of "), "", f"{where}[{number}]")
            return found
        if kind in ("Integer", "Float"):
            numeric = isinstance(value, int) or (kind == "Float" and isinstance(value, float))
            if not numeric or isinstance(value, bool):
                return [Mistake(f"{where}: {_named(value)} is no {kind}")]
            return _out_of_range(value, limit, f"{where}: {value}")
        if kind == "Boolean":
            if not isinstance(value, bool):
                return [Mistake(f"{where}: {_named(value)} is no Boolean")]
            return [] if limit in ("", "=true") or not value else [Mistake(f"{where}: must be {limit}")]
        if kind == "String":
            return _mistakes_in_string(value, limit, where)
        if kind == "Object":
            return [] if isinstance(value, dict) else [Mistake(f"{where}: {_named(value)} is no object")]
        if kind in self.unions:
            return self._mistakes_in_union(value, self.unions[kind], where)
        if kind not in self.types:
            return [Mistake(f"{where}: {kind} is not in our table")]
        return self._mistakes_in_object(value, kind, where)

    def _mistakes_in_union(self, value: Any, kinds: tuple[str, ...], where: str) -> list[Mistake]:
        tried = [self.mistakes_in_value(value, kind, "", where) for kind in kinds]
        return min(tried, key=len)

    def _mistakes_in_object(self, value: Any, kind: str, where: str) -> list[Mistake]:
        if not isinstance(value, dict):
            return [Mistake(f"{where}: {_named(value)} is no {kind}")]
        fields = self.types[kind]
        found = [Mistake(f"{where}: {kind} has no field {name}", None) for name in value if name not in fields]
        for name, known in fields.items():
            inside = f"{where}.{name}" if where else name
            if name not in value:
                found += [Mistake(f"{inside} is missing")] if known.required else []
            elif value[name] is None:
                found.append(Mistake(f"{inside} is null", None))
            else:
                found += self.mistakes_in_field(value[name], known, inside)
        found += markup.mistakes_in_button(value, kind, where)
        return found

    def mistakes_in_field(self, value: Any, known: Field, where: str) -> list[Mistake]:
        tried = [
            self.mistakes_in_value(value, kind, known.limit if kind == known.types[-1] else "", where)
            for kind in known.types
            if kind != "InputFile"
        ]
        return min(tried, key=len) if tried else [Mistake(f"{where}: must be an uploaded file")]

    def mistakes_in_call(self, name: str, given: dict[str, Any], uploads: dict[str, Upload]) -> list[Mistake]:
        """Everything wrong with a call whose parameters are decoded already."""
        method = self.methods[name.lower()]
        found = [Mistake(f"{method.name} has no parameter {name}", None) for name in given if name not in method.fields]
        unused = set(uploads)
        for parameter, known in method.fields.items():
            if parameter in uploads:
                unused.discard(parameter)
                if "InputFile" not in known.types:
                    found.append(Mistake(f"{parameter}: takes no file"))
            elif parameter not in given:
                if known.required:
                    found.append(Mistake(f"{parameter} is missing", f"Bad Request: {parameter} is empty"))
            elif given[parameter] is None:
                found.append(Mistake(f"{parameter} is null", None))
            else:
                value = given[parameter]
                for attached in _attachments(value):
                    if attached not in uploads:
                        found.append(Mistake(f"{parameter}: no part {attached}"))
                    unused.discard(attached)
                if not (isinstance(value, str) and "visible" in known.limit):
                    found += self.mistakes_in_field(value, known, parameter)
        found += [Mistake(f"the part {name} is not used", None) for name in sorted(unused)]
        return found + markup.mistakes_in_texts(method.name, given) + markup.mistakes_in_keyboard(given)


def read_table(text: str) -> Table:
    """Reads the notation explained at the top of bot_api.txt."""
    table = Table()
    groups: dict[str, dict[str, Field]] = {}
    for line in _whole_lines(text):
        if line.startswith("+"):
            name, rest = line.split(":", 1)
            groups[name] = _fields(rest, groups)
        elif " -> " in line:
            head, rest = line.split(":", 1)
            name, returns = head.split(" -> ")
            table.methods[name.lower()] = Method(name, tuple(returns.split("|")), _fields(rest, groups))
        elif " = " in line:
            name, rest = line.split(" = ", 1)
            table.unions[name] = tuple(kind.strip() for kind in rest.split("|"))
        else:
            name, rest = line.split(":", 1)
            table.types[name] = _fields(rest, groups)
    return table


def bot_api() -> Table:
    return read_table((_HERE / "bot_api.txt").read_text("utf-8"))


def _whole_lines(text: str) -> list[str]:
    lines: list[str] = []
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if line.startswith(" "):
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    return lines


def _fields(text: str, groups: dict[str, dict[str, Field]]) -> dict[str, Field]:
    fields: dict[str, Field] = {}
    for item in _SPLIT.split(text.strip()):
        if item in groups:
            fields |= groups[item]
        elif item:
            name, kinds = item.split(" ", 1)
            kinds, _, limit = kinds.removesuffix("}").partition("{")
            plain = name.removesuffix("!")
            fields[plain] = Field(plain, tuple(kinds.split("|")), name.endswith("!"), limit)
    return fields


def _attachments(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value.removeprefix("attach://")] if value.startswith("attach://") else []
    if isinstance(value, dict):
        return [name for inner in value.values() for name in _attachments(inner)]
    if isinstance(value, list):
        return [name for inner in value for name in _attachments(inner)]
    return []


def _out_of_range(size: float, limit: str, what: str) -> list[Mistake]:
    if limit.startswith("="):
        return [] if str(size) == limit[1:] else [Mistake(f"{what}: must be {limit[1:]}")]
    if ".." not in limit:
        return []
    least, most = limit.split(" ")[0].split("..")
    if (least and size < float(least)) or (most and size > float(most)):
        return [Mistake(f"{what}: must be {limit}")]
    return []


def _mistakes_in_string(value: Any, limit: str, where: str) -> list[Mistake]:
    if not isinstance(value, str):
        return [Mistake(f"{where}: {_named(value)} is no String")]
    if limit.startswith("="):
        return [] if value == limit[1:] else [Mistake(f"{where}: must be {limit[1:]}")]
    if "|" in limit:
        return [] if value in limit.split("|") else [Mistake(f"{where}: must be one of {limit}")]
    if limit.endswith("bytes"):
        found = _out_of_range(len(value.encode()), limit, f"{where}: {len(value.encode())} bytes")
        return [Mistake(mistake.what, "Bad Request: BUTTON_DATA_INVALID") for mistake in found]
    found = _out_of_range(len(value), limit, f"{where}: {len(value)} characters")
    if " of " in limit and not re.fullmatch(f"[{limit.split(' of ')[1]}]*", value):
        found.append(Mistake(f"{where}: only {limit.split(' of ')[1]}"))
    return found


def _named(value: Any) -> str:
    return type(value).__name__
