"""网格办件直派表: who works on what, where. It is edited as a whole; every version stays for the needs it routed."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import bindparam, func, insert, select

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.schema.needs import routing_rules, routing_tables

Mode = Literal["direct", "joint"]


@dataclass(frozen=True, slots=True)
class Rule:
    """None is any. `called` is how residents are told of the owner: 三亚湾社区的李干事."""

    owner_id: int
    called: str
    category: str | None = None
    community_code: str | None = None
    grid: str | None = None
    supervisor_id: int | None = None
    mode: Mode = "direct"
    supports: tuple[int, ...] = field(default=())

    def fits(self, category: str, community_code: str | None, grid: str | None) -> bool:
        return (
            self.category in (None, category)
            and self.community_code in (None, community_code)
            and self.grid in (None, grid)
        )

    @property
    def binds(self) -> tuple[str | None, str | None, str | None]:
        return self.category, self.community_code, self.grid

    @property
    def closeness(self) -> int:
        """A grid binds closer than a community, a place closer than a category."""
        return 4 * (self.grid is not None) + 2 * (self.community_code is not None) + (self.category is not None)


_TABLE = "routing table"
_NEWEST = select(func.max(routing_tables.c.id))
_RULES = select(routing_rules).where(routing_rules.c.version == bindparam("of")).order_by(routing_rules.c.id)
_VERSION = insert(routing_tables).returning(routing_tables.c.id)
_ADD = insert(routing_rules)


def version(tx: Transaction) -> int | None:
    """The one in force; None before there is any."""
    newest: int | None = tx.execute(_NEWEST).scalar()
    return newest


def rules(tx: Transaction, of_version: int | None = None) -> list[Rule]:
    """Those in force, or of an earlier version."""
    wanted = version(tx) if of_version is None else of_version
    return [
        Rule(
            row.owner_id,
            row.called,
            row.category,
            row.community_code,
            row.grid,
            row.supervisor_id,
            row.mode,
            tuple(json.loads(row.supports)),
        )
        for row in tx.execute(_RULES, {"of": wanted})
    ]


def add(tx: Transaction, rule: Rule, actor: Actor, now: datetime, note: str = "") -> int:
    """`publish` what is in force with this rule, instead of the one for the same needs at the same place."""
    tx.lock(_TABLE)
    return publish(tx, [*(one for one in rules(tx) if one.binds != rule.binds), rule], actor, now, note)


def drop(tx: Transaction, rule: Rule, actor: Actor, now: datetime, note: str = "") -> int:
    """`publish` what is in force without this rule."""
    tx.lock(_TABLE)
    return publish(tx, [one for one in rules(tx) if one != rule], actor, now, note)


def publish(tx: Transaction, wanted: Sequence[Rule], actor: Actor, now: datetime, note: str = "") -> int:
    """Put a new table in force, as a whole. Needs under way keep their owners. Returns its version."""
    tx.lock(_TABLE)
    before = version(tx)
    number = int(tx.execute(_VERSION, {"made_by": actor.person_id, "made_at": now, "note": note[:120]}).scalar_one())
    for rule in wanted:
        row = {
            "version": number,
            "category": rule.category,
            "community_code": rule.community_code,
            "grid": rule.grid,
            "owner_id": rule.owner_id,
            "called": rule.called,
            "supervisor_id": rule.supervisor_id,
            "mode": rule.mode,
            "supports": json.dumps(rule.supports),
        }
        tx.execute(_ADD, row)
    facts = {"rules": len(wanted)}
    audit.note(tx, actor, "routing.published", f"routing table {number}", now, before={"version": before}, after=facts)
    return number


def route(tx: Transaction, category: str, community_code: str | None, grid: str | None = None) -> Rule | None:
    """The closest rule in force; of equally close ones the first. None: the coordinator decides."""
    fitting = [rule for rule in rules(tx) if rule.fits(category, community_code, grid)]
    return max(fitting, key=lambda rule: rule.closeness, default=None)
