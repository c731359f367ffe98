"""After a change of the key everything that was sealed still opens, and with the new key; also from AES to SM4."""

import itertools
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import LargeBinary, func, select

from dialogue.message import Reply, encoded
from storage import accounts, exports, files, inbox, outbox, people, resealing, wechat
from storage.database import open_database
from storage.demo import build_demo
from storage.schema import metadata
from storage.schema.people import person_keys
from storage.vault import KeyFile, Unreadable, Vault

NOW = datetime(2026, 11, 24, 1, tzinfo=UTC)
TODAY = date(2026, 11, 24)
HASHES = {"key", "person_key", "chain", "digest"}  # not sealed: nothing in them could be opened


async def reseal(database):
    """What `hongyan rotate-keys` does; returns rows, unread rows, keys in use."""
    rows = unread = 0
    uses = set()
    for sealed in resealing.EVERYTHING:
        at = None
        for _ in itertools.count():
            step = await database.write(resealing.step, sealed, at)
            rows, unread, uses, at = rows + step.sealed, unread + step.unread, uses | step.uses, step.at
            if at is None:
                break
    return rows, unread, uses


def test_no_sealed_column_is_forgotten():
    known = {(sealed.table.name, column) for sealed in resealing.EVERYTHING for column in sealed.columns}
    for table in metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, LargeBinary) and column.name not in HASHES:
                assert (table.name, column.name) in known
    contexts = set()
    for module in Path(resealing.__file__).parent.glob("*.py"):
        contexts |= set(re.findall(r'f"(\w+)\.(\w+)\|', module.read_text(encoding="utf-8")))
    assert contexts <= known


def a_bit_of_everything(tx):
    build_demo(tx, NOW)
    account = accounts.heard(tx, "telegram", "1", NOW)
    inbox.keep(tx, "telegram", "m1", account.id, "您好", "[]", NOW)
    inbox.quarantine(tx, "telegram", "m2", "KeyError", "message", "{}", NOW)
    planned = outbox.Planned("notice", "k1", encoded(Reply("您好")), NOW, person_id=1)
    outbox.plan(tx, planned, NOW)
    token = files.add(tx, "名单.csv", "text/csv", b"x" * 5000, None, NOW)
    export = exports.ask(tx, "attendance", {}, None, account.id, NOW)
    exports.ready(tx, export, token, NOW)
    visit = wechat.Visit("w1", "o1", None)
    wechat.arrive(tx, visit, NOW)
    wechat.settle(tx, visit, "{}", NOW, rest=["剩下的"])
    wechat.owe(tx, wechat.Visit("w2", "o1", None), "<xml/>", NOW)
    wechat.announce(tx, "o1", encoded(Reply("您好")), NOW)
    return token


@pytest.mark.parametrize(("before", "after"), [("aes-256-gcm", "sm4-gcm"), ("sm4-gcm", "aes-256-gcm")])
async def test_everything_opens_after_a_change_of_the_key(databases, tmp_path, before, after):
    url, key_file = databases.new(tmp_path / "hongyan.db"), tmp_path / "a.key"
    async with open_database(url, Vault.load_or_create(key_file, before)) as database:
        token = await database.write(a_bit_of_everything)
        name = (await database.read(people.get, 1)).name
        assert resealing.add_key(key_file, after, TODAY) == 2
    async with open_database(url, Vault.load(key_file)) as database:
        rows, unread, uses = await reseal(database)
        assert (unread, uses) == (0, {2})
        assert rows > 250
        assert (await database.read(people.get, 1)).name == name
        assert (await database.read(files.opened_by, token, NOW))[2] == b"x" * 5000
        assert await reseal(database) == (0, 0, {2})
    kept = resealing.drop_keys(key_file, frozenset({2}), TODAY)
    assert kept == []  # the backups of a month were made with it
    assert resealing.drop_keys(key_file, frozenset({1, 2}), TODAY + timedelta(days=40)) == []
    assert resealing.drop_keys(key_file, frozenset({2}), TODAY + timedelta(days=40)) == [1]
    async with open_database(url, Vault.load(key_file)) as database:
        assert (await database.read(people.get, 1)).name == name


async def test_a_running_program_learns_the_new_key_by_itself(databases, tmp_path):
    url, key_file = databases.new(tmp_path / "hongyan.db"), tmp_path / "a.key"
    running = Vault.load_or_create(key_file)
    sealed_before = running.seal("王建国", "x|1")
    resealing.add_key(key_file, "sm4-gcm", TODAY)
    elsewhere = Vault.load(key_file)
    assert running.open(elsewhere.seal("李秀兰", "x|2"), "x|2") == "李秀兰"
    assert running.seal("a", "x")[0] == 2
    assert running.open(sealed_before, "x|1") == "王建国"
    assert running.person_keys("phone", "1") == elsewhere.person_keys("phone", "1")
    resealing.add_key(key_file, "aes-256-gcm", TODAY)
    assert len(running.person_keys("phone", "1")) == 3  # nothing sealed with the newest was read yet
    async with open_database(url, running):
        pass


async def everybody_is_found(database):
    for number in range(7):
        name, phone = f"老人{number}", f"1390000000{number}"
        assert (await database.read(people.same, phone, name)).id == number + 1
        assert [each.id for each in await database.read(people.with_phone, phone)] == [number + 1]
        assert [each.id for each in await database.read(people.search, phone[-4:])] == [number + 1]
    assert len(await database.read(people.search, "lr")) == 0
    assert [each.id for each in await database.read(people.search, "laoren3")] == [4]


async def known_by(database, vault):
    """How many people would be found if this were the only key."""

    def look(tx):
        current = [vault.person_keys("phone", f"1390000000{number}")[0] for number in range(7)]
        return tx.execute(select(func.count()).where(person_keys.c.key.in_(current))).scalar_one()

    return await database.read(look)


async def test_people_are_found_before_during_and_after_a_change_of_their_key(database, vault, tmp_path):
    """Also when the change is broken off after some of them, and another one is begun."""
    for number in range(7):
        facts = people.Facts(name=f"老人{number}", phone=f"1390000000{number}")
        await database.write(people.add, facts, NOW)
    await everybody_is_found(database)
    resealing.add_key(tmp_path / "hongyan.key", "sm4-gcm", TODAY)
    assert await known_by(database, vault) == 0
    await everybody_is_found(database)
    assert await database.write(people.hash_anew, 0, 3) == (3, 3, 0)
    assert await known_by(database, vault) == 3
    await everybody_is_found(database)

    resealing.add_key(tmp_path / "hongyan.key", "aes-256-gcm", TODAY)
    await everybody_is_found(database)
    at, changed = 0, 0
    while at is not None:
        at, now_changed, unread = await database.write(people.hash_anew, at, 3)
        changed += now_changed
        assert unread == 0
    assert changed == 7
    assert await database.write(people.hash_anew, 0, 100) == (None, 0, 0)
    assert await known_by(database, vault) == 7
    assert resealing.drop_people_keys(tmp_path / "hongyan.key", TODAY) == 0  # backups of a month need them
    assert resealing.drop_people_keys(tmp_path / "hongyan.key", TODAY + timedelta(days=40)) == 2
    assert len(vault.person_keys("phone", "1")) == 1
    await everybody_is_found(database)


async def test_a_key_file_from_before_people_had_a_key_of_their_own_still_finds_them(tmp_path, empty_database):
    key_file, path = tmp_path / "old.key", tmp_path / "old.db"
    kept = KeyFile.fresh("aes-256-gcm")
    kept.people = None
    kept.write(key_file)
    vault = Vault.load(key_file)
    path.write_bytes(empty_database.read_bytes())
    assert vault.person_keys("phone", "1") == (vault.lookup("phone", "1"),)
    cookie = vault.derived("web chat cookie")
    async with open_database(f"sqlite:///{path}", vault) as database:
        await database.write(people.add, people.Facts(name="王建国", phone="13900000001"), NOW)
        resealing.add_key(key_file, "aes-256-gcm", TODAY)
        assert (await database.read(people.same, "13900000001", "王建国")).id == 1
        assert await database.write(people.hash_anew, 0, 100) == (None, 1, 0)
    assert Vault.load(key_file).derived("web chat cookie")[1:] == cookie  # whoever has one stays who they are


async def test_a_row_that_no_key_opens_stays_and_is_counted(database, vault):
    await database.write(lambda tx: people.add(tx, people.Facts(name="王建国", phone="13900000001"), NOW))
    strange = bytes([9]) + bytes(40)
    await database.write(lambda tx: tx.execute(people.table.update().values(name=strange)))
    _, unread, uses = await reseal(database)
    assert unread == 1
    assert 9 in uses
    with pytest.raises(Unreadable):
        await database.read(people.get, 1)


def test_the_key_file_is_replaced_whole_and_stays_its_owners(tmp_path):
    Vault.load_or_create(tmp_path / "a.key")
    resealing.add_key(tmp_path / "a.key", "aes-256-gcm", TODAY)
    assert (tmp_path / "a.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.key"]
    assert KeyFile.read(tmp_path / "a.key").current == 2
