"""Every role with every scope says everything there is to say: who may, does; who may not, is told, and that is all."""

import itertools
import re

import pytest
from sqlalchemy import func, select

from dialogue.message import Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from storage.audit import between
from storage.schema.records import audit_log
from tests.conftest import MORNING, Clock
from tests.roles.acts import MENU_ACTS
from tests.roles.district import OFFICES, WITHOUT, address, arrange
from tests.roles.trying import Undone, Within, changes, no_longer_watch, watch

REFUSED = re.compile(r"这件事要.+来办[。，].*回“人工”|要先登记")
FAULT = re.compile(r"（编号 [0-9A-F]{4}）")
_NEWEST = select(func.max(audit_log.c.id))
OF_EVERY_TALK = {"inbox", "conversations", "accounts"}
HERE, THERE = ({name for name in OFFICES if name.startswith(place)} for place in ("here", "there"))
KINDS = ("without an office", "of point 1", "of point 2", "of the district and of events")
EXPECTED_ROLES = {name: {role for role, _ in held} for name, held in OFFICES.items()}


class Tried:
    def __init__(self, answers, changed, noted):
        self.answers, self.changed, self.noted = answers, changed, noted


class Town:
    """Tries acts, each from the same beginning."""

    def __init__(self, database):
        self.database = database
        self.within = Within()
        self.reception = Reception(self.within, MENU, HOUSE, Clock())
        self.ids = itertools.count()

    async def open(self):
        self.numbers = await self.database.write(arrange)
        await self.database.write(watch)

    async def tries(self, who, said, until=FAULT):
        found = []

        def run(tx):
            self.within.tx = tx
            newest = tx.execute(_NEWEST).scalar() or 0
            answers = []
            with changes(tx) as changed:
                for text in said:
                    answers.append(self._answer(who, text.format(**self.numbers)))
                    if REFUSED.search(answers[-1]) or until.search(answers[-1]):
                        break
                tables = changed()
                acts = between(tx, MORNING, MORNING.replace(year=2100)) if "audit_log" in tables else ()
                found.append(Tried(answers, tables, [act for act in acts if act.id > newest]))
            raise Undone

        with pytest.raises(Undone):
            await self.database.write(run)
        return found[0]

    def _answer(self, who, text):
        message = Message(id=f"m{next(self.ids)}", sender=address(who), text=text, sent_at=MORNING)
        try:
            self.reception.receive(message).send(None)
        except StopIteration as done:
            return "\n".join(_words(reply) for reply in done.value)
        raise AssertionError("it awaited something")


def _words(reply):
    return "\n".join([reply.text, *(choice.label for choice in reply.choices)])


@pytest.fixture
async def town(database):
    town = Town(database)
    await town.open()
    yield town
    await database.write(no_longer_watch)


def test_every_entry_of_the_menu_is_in_the_table():
    assert set(MENU_ACTS) == set(MENU)


async def wrong_in(town, name, acts, people):
    wrong = []
    for act in acts:
        for who in people:
            closed = who in act.by or act.unseen in ("", ".")
            tried = await town.tries(who, act.said, FAULT if closed else re.compile(act.unseen))
            if problem := problem_of(act, who, town.numbers.get(who), tried):
                wrong.append(f"{name} {act.said[0]} / {who}: {problem} : {tried.answers[-1][:100]!r}")
    return wrong


def problem_of(act, who, number, tried):
    last = tried.answers[-1]
    if FAULT.search(last):
        return "fault"
    if who in act.by:
        if REFUSED.search(last):
            return "refused"
        if act.shows and not any(re.search(act.shows, each) for each in tried.answers):
            return "does not show it"
        if act.audit:
            mine = [row for row in tried.noted if row.action == act.audit and row.actor_id == number]
            if not mine:
                return f"not in the log, only {[(row.action, row.actor_id) for row in tried.noted]}"
            for row in mine:
                if row.channel != "web":
                    return f"noted as {row}"
                if who in EXPECTED_ROLES and row.role not in EXPECTED_ROLES[who]:
                    return f"noted in the role {row.role}"
        return ""
    if not REFUSED.search(last):
        if not act.unseen or not re.search(act.unseen, last):
            return "not refused"
        if act.shows and any(re.search(act.shows, each) for each in tried.answers):
            return "shown"
        if act.audit and not act.shows and any(row.action == act.audit for row in tried.noted):
            return "done"
    kept = tried.changed - OF_EVERY_TALK - ({"audit_log"} if not REFUSED.search(last) else set())
    return f"changed {kept}" if kept and act.unseen != "." else ""


@pytest.mark.parametrize("people", [WITHOUT, HERE, THERE, set(OFFICES) - HERE - THERE], ids=KINDS)
async def test_whoever_may_does_and_whoever_may_not_is_told_and_changes_nothing(town, people):
    wrong = []
    for name, acts in MENU_ACTS.items():
        wrong += await wrong_in(town, name, acts, people)
    assert not wrong, "\n".join(wrong)
