"""A file asked for in the chat is made in a process of its own and arrives with its sentence."""

import io

import openpyxl
import pypdfium2
import pytest

from bot import config, opening
from bot.exports import Exporter
from dialogue.message import decoded
from storage import accounts, attendance, events, exports, files, sign_ups
from storage.audit import Actor
from storage.schema.talks import outbox
from tests.conftest import MORNING
from tests.dialogues.town import class_of, person, town


@pytest.fixture
async def house(tmp_path, databases):
    """The settings of a house with one held event, and its open database."""
    url = databases.new(tmp_path / "hongyan.db")
    (tmp_path / "config.toml").write_text(f'[storage]\nurl = "{url}"\nkey_file = "key"\n')
    settings = config.read(tmp_path / "config.toml", {})
    async with opening.database(settings) as database:
        await database.write(one_held_event)
        yield settings, database


def one_held_event(tx):
    town(tx)
    event = class_of(tx)
    who = person(tx, "王建国", "13800138000")
    sign_ups.sign_up(tx, event, [who], Actor(who), MORNING)
    starts_at = events.get(tx, event).starts_at
    attendance.check_in(tx, event, who, "by_staff", Actor(), starts_at)
    events.close(tx, event, Actor(), starts_at)


def sent(tx):
    [row] = tx.execute(outbox.select()).all()
    return decoded(tx.vault.open(row.reply, f"outbox.reply|{row.key}"))


async def ask(database, **wanted):
    wanted = {"from": "2026-12-01", "to": "2026-12-31", "name": "2026年12月", **wanted}
    return await database.write(exports.ask, "attendance", wanted, 1, None, MORNING)


async def test_the_sentence_and_the_workbook_arrive(house):
    settings, database = house
    export = await ask(database)
    exporter = Exporter(database, settings.file, lambda: MORNING, lambda: None)
    assert await exporter.make_next()
    assert not await exporter.make_next()
    reply = await database.read(sent)
    assert "共计开展活动1场，惠及1人次" in reply.text
    name, media_type, content = await database.read(files.opened_by, reply.file.token, MORNING)
    assert name.endswith(".xlsx")
    assert "spreadsheetml" in media_type
    assert openpyxl.load_workbook(io.BytesIO(content)).sheetnames
    assert (await database.read(exports.get, export)).state == "ready"


async def test_one_that_cannot_be_made_is_said_and_the_next_one_is_made(house):
    settings, database = house
    export = await ask(database, to="2026-11-01")
    exporter = Exporter(database, settings.file, lambda: MORNING, lambda: None)
    await exporter.make_next()
    assert (await database.read(exports.get, export)).state == "failed"
    assert "没做成" in (await database.read(sent)).text


async def test_a_proof_asked_for_in_a_chat_arrives_there_as_a_page(house):
    settings, database = house

    def proof(tx):
        account = accounts.heard(tx, "web", "somebody", MORNING)
        wanted = {"report": "participation_proof", "person": 1, "from": "2026-10-01", "to": "2027-04-30", "name": ""}
        return exports.ask(tx, "report", wanted, 1, account.id, MORNING)

    await database.write(proof)
    assert await Exporter(database, settings.file, lambda: MORNING, lambda: None).make_next()
    reply = await database.read(sent)
    assert "参加活动证明做好了" in reply.text
    name, media_type, content = await database.read(files.opened_by, reply.file.token, MORNING)
    assert name.startswith("天涯红雁之家_参加活动证明_20261123")
    assert (media_type, content[:4]) == ("application/pdf", b"%PDF")
    [page] = pypdfium2.PdfDocument(content)
    assert "王建国在上述期间参加下列活动，共参加1次" in page.get_textpage().get_text_range().replace("\r\n", "")


async def test_one_that_a_stop_broke_off_is_made_anew(house):
    _, database = house
    export = await ask(database)
    await database.write(exports.take_next, MORNING)
    assert not await database.read(exports.is_any_wanted)
    await database.write(exports.after_a_stop)
    assert (await database.write(exports.take_next, MORNING)).id == export
