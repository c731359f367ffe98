"""The whole drill: a house is lost, its sealed backup comes back, nothing goes out before somebody says so."""

import asyncio
import io
import os
import re
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, redirect_stderr, redirect_stdout
from datetime import UTC, datetime

import pytest

from bot import config, opening
from bot.__main__ import main
from bot.backups import Backups
from bot.schedule import Job, Schedule, daily
from dialogue.message import Reply, encoded
from storage import accounts, audit, delivery, outbox, people
from storage.audit import Actor
from storage.people import Facts

NAME, PHONE = "王建国", "13900000001"


@pytest.fixture
def house(tmp_path):
    folder = tmp_path / "house"
    folder.mkdir()
    path = folder / "config.toml"
    text = '[bot]\nquiet_hours = ["23:59-00:00"]\n[storage]\nurl = "sqlite:///hongyan.db"\nkey_file = "hongyan.key"\n'
    path.write_text(text, encoding="utf-8")
    return path


def do(house, work, *args):
    async def run():
        async with opening.database(config.read(house)) as database:
            return await database.write(work, *args)

    return asyncio.run(run())


def hongyan(house, *words, fails=False):
    """Do as the command does, in this process; returns what it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        code = main([*map(str, words), "--config", str(house)])
    assert (code != 0) == fails, said.getvalue()
    return said.getvalue()


def resident(tx, name=NAME, phone=PHONE):
    person_id = people.add(tx, Facts(name=name, phone=phone), datetime.now(UTC))
    accounts.belongs_to(tx, accounts.heard(tx, "telegram", phone, datetime.now(UTC)).id, person_id)
    return person_id


def plan(tx, person_id, kind="need"):
    now = datetime.now(UTC)
    outbox.plan(tx, outbox.Planned(kind, f"{kind}:{person_id}", encoded(Reply("您好")), now, person_id=person_id), now)


def due(tx):
    delivery.route(tx, datetime.now(UTC), {"telegram"})
    return [one.kind for one in delivery.turn(tx, "telegram", [], 10, datetime.now(UTC)).due]


def test_a_lost_house_comes_back_from_its_backup_and_its_key_file(house, tmp_path):
    person_id = do(house, resident)
    do(house, plan, person_id)
    backup, key = tmp_path / "elsewhere.backup", tmp_path / "safe.key"
    said = hongyan(house, "backup", backup)
    noted = re.search(r"last hash is (\w{64})", said)[1]
    key.write_bytes((house.parent / "hongyan.key").read_bytes())
    assert NAME.encode() not in backup.read_bytes()
    assert b"SQLite format" not in backup.read_bytes()
    for left in [*house.parent.glob("hongyan.*")]:
        left.unlink()

    assert "put the key file" in hongyan(house, "restore", backup, fails=True)
    assert not (house.parent / "hongyan.key").exists()  # a new one would open nothing
    (house.parent / "hongyan.key").write_bytes(key.read_bytes())
    assert "held back" in hongyan(house, "restore", backup)
    assert do(house, people.get, person_id).name == NAME
    assert do(house, due) == []
    assert "1 messages wait" in hongyan(house, "release")
    assert do(house, due) == ["need"]
    assert "not paused" in hongyan(house, "release")
    assert "whole" in hongyan(house, "audit", "verify", "--last-hash", noted)
    assert sorted(path.name for path in house.parent.iterdir() if "hongyan.db" not in path.name) == [
        "config.toml",
        "hongyan.key",
    ]


def test_a_backup_taken_while_others_write_is_whole(house, tmp_path):
    do(house, resident)
    stop = threading.Event()
    written = 0

    def write():
        nonlocal written
        with closing(sqlite3.connect(house.parent / "hongyan.db", timeout=30, isolation_level=None)) as file:
            while not stop.is_set():
                file.execute("INSERT INTO numbers (kind, year, last) VALUES ('T', ?, 1)", (written,))
                written += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(2):
            command = [sys.executable, "-m", "bot", "backup", tmp_path / f"{number}.backup", "--config", house]
            subprocess.run(command, check=True, capture_output=True, timeout=60)  # a process beside it, as it is used
    finally:
        stop.set()
        writer.join()
    before = written
    hongyan(house, "restore", tmp_path / "1.backup")
    with closing(sqlite3.connect(house.parent / "hongyan.db")) as file:
        kept = file.execute("SELECT count(*) FROM numbers WHERE kind = 'T'").fetchone()[0]
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert 0 < kept <= before


@pytest.mark.parametrize("spoil", [lambda kept: kept[:-1], lambda kept: kept[:99] + b"x" + kept[100:], lambda _: b""])
def test_a_spoiled_backup_changes_nothing(house, tmp_path, spoil):
    person_id = do(house, resident)
    hongyan(house, "backup", tmp_path / "a.backup")
    (tmp_path / "a.backup").write_bytes(spoil((tmp_path / "a.backup").read_bytes()))
    assert "nothing was changed" in hongyan(house, "restore", tmp_path / "a.backup", fails=True)
    assert do(house, people.get, person_id).name == NAME


def test_a_backup_from_before_the_keys_were_changed_still_opens(house, tmp_path):
    person_id = do(house, resident)
    hongyan(house, "backup", tmp_path / "a.backup")
    os.environ["HONGYAN__STORAGE__CIPHER"] = "sm4-gcm"
    try:
        said = hongyan(house, "rotate-keys")
    finally:
        del os.environ["HONGYAN__STORAGE__CIPHER"]
    assert "Key 2 (sm4-gcm)" in said
    assert "1 rows sealed anew" in said
    assert do(house, people.get, person_id).name == NAME
    hongyan(house, "restore", tmp_path / "a.backup")
    assert do(house, people.get, person_id).phone == PHONE
    assert "1 rows sealed anew" in hongyan(house, "rotate-keys", "--only-finish")


def change_a_row(tx):
    tx.connection.exec_driver_sql("UPDATE audit_log SET reason = 'other' WHERE id = 2")


def test_a_changed_audit_log_is_noticed(house):
    def three(tx):
        for number in range(3):
            audit.note(tx, Actor(), "point.changed", f"point {number}", datetime.now(UTC))

    do(house, three)
    assert "3 rows" in hongyan(house, "audit", "verify")
    noted = do(house, lambda tx: audit.head(tx).chain.hex())
    do(house, lambda tx: tx.connection.exec_driver_sql("DELETE FROM audit_log WHERE id = 3"))
    hongyan(house, "audit", "verify")  # the end is missing: only who noted the hash can tell
    assert "cut off" in hongyan(house, "audit", "verify", "--last-hash", noted, fails=True)
    do(house, change_a_row)
    assert "row 2" in hongyan(house, "audit", "verify", fails=True)


async def test_the_nightly_backup_is_copied_elsewhere_and_old_ones_go(house, tmp_path):
    copy = f'backup_copy_command = ["cp", "{{file}}", "{tmp_path}/other disk"]\n'
    house.write_text(house.read_text(encoding="utf-8") + copy, encoding="utf-8")
    (tmp_path / "other disk").mkdir()
    settings = config.read(house)
    async with opening.database(settings) as database:
        await database.write(resident)
    now = datetime(2026, 11, 24, 18, 40, tzinfo=UTC)  # 2:40 of the 25th in 三亚
    backups = Backups(settings, lambda: now)
    folder = house.parent / "backups"
    folder.mkdir()
    for day in ("2026-10-25", "2026-10-26"):
        (folder / f"hongyan-{day}.backup").write_bytes(b"")
    (folder / "hongyan-2026-01-01.db").write_bytes(b"")
    await backups.make()
    assert [path.name for path in Backups.all_in(settings)] == [
        "hongyan-2026-10-26.backup",
        "hongyan-2026-11-25.backup",
    ]
    assert (tmp_path / "other disk" / "hongyan-2026-11-25.backup").stat().st_size > 100_000
    assert backups.made_at == backups.copied_at == now


async def test_a_copy_that_fails_is_logged_and_the_backup_stays(house, caplog):
    house.write_text(house.read_text() + 'backup_copy_command = ["false", "{file}"]\n', encoding="utf-8")
    settings = config.read(house)
    async with opening.database(settings):
        pass
    backups = Backups(settings, lambda: datetime.now(UTC))
    await backups.make()
    assert "backup_copy_command failed" in caplog.text
    assert backups.copied_at is None
    assert len(list(Backups.all_in(settings))) == 1


async def test_a_backup_that_failed_is_not_counted_as_done_and_is_tried_again(house, caplog):
    settings = config.read(house)
    now = datetime(2026, 11, 24, 18, 40, tzinfo=UTC)
    async with opening.database(settings) as database:
        backups = Backups(settings, lambda: now)
        schedule = Schedule(database, lambda: now, lambda: None, more={"backup": Job(daily("2-8", 40), backups.make)})
        in_its_place = house.parent / "backups"
        in_its_place.write_bytes(b"")
        await schedule.run("backup")
        assert "schedule: backup: not done" in caplog.text
        assert schedule.last_done == {}
        assert backups.made_at is None
        in_its_place.unlink()
        for _ in range(2):  # the second finds that tonight's is there
            await schedule.run("backup")
        assert schedule.last_done == {"backup": now}
    assert len(list(Backups.all_in(settings))) == 1
