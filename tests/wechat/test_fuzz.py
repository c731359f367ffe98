"""Forged, truncated, oversized, nested and foreign requests: none is believed, and none breaks anything."""

import contextlib
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import aiohttp
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect

from tests.wechat import crypto, fuzz
from tests.wechat.fuzz import SEEDS, one_input
from tests.wechat.server import AES_KEY, APP_ID


@st.composite
def damaged(draw):
    """A good push with some of it cut out, doubled or overwritten."""
    data = draw(st.sampled_from(SEEDS[:6]))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 30)))
        data = data[:start] + draw(st.sampled_from([b"", data[start:end] * 2]) | st.binary(max_size=8)) + data[end:]
    return data


@settings(max_examples=400, deadline=None)
@given(damaged() | st.binary(max_size=600))
@example(SEEDS[6])
@example(SEEDS[7])
def test_whatever_arrives_is_read_or_refused_with_the_one_fault(data):
    one_input(data)


@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed here")
def test_a_fuzzer_guided_by_coverage_finds_nothing():
    ran = subprocess.run(
        [sys.executable, "-m", "tests.wechat.fuzz", "-runs=4000", "-max_len=4096", "-seed=7"],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    assert "Done 4000 runs" in ran.stderr


async def everything_kept(database):
    tables = await database.read(lambda tx: inspect(tx.connection).get_table_names())
    return {
        name: await database.read(
            lambda tx, name=name: tx.connection.exec_driver_sql(f'SELECT count(*) FROM "{name}"').scalar()
        )
        for name in tables
    }


@pytest.mark.parametrize("number", range(len(SEEDS)))
async def test_what_is_not_signed_has_no_effect_at_all(program, desk, database, caplog, number):
    """Over real HTTP: a good push, signed for something else, or by somebody else, or not at all."""
    wechat, data = program.wechat, SEEDS[number]
    before = await everything_kept(database)
    good, _ = wechat.signed("<xml/>")
    _, inside = wechat.signed(data.decode("latin-1"))
    stranger = {**good, "signature": "0" * 40}
    bodies = [data, inside, b"", b"{}", b"\x00" * 100]
    for query in (good, stranger, {}, {"signature": good["signature"]}):
        for body in bodies:
            assert await wechat._post(query, body) == (403, b"")
    assert desk.heard == []
    assert await everything_kept(database) == before
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


@pytest.mark.parametrize("number", range(len(SEEDS)))
async def test_hostile_contents_inside_a_good_envelope_break_nothing(program, person, caplog, number):
    """As if somebody had the key: still nothing but an answer, silence or a refusal."""
    wechat = program.wechat
    query, _ = wechat.signed("")
    sealed = crypto.encrypt(AES_KEY, APP_ID, SEEDS[number], b"r" * 16)
    timestamp, nonce = query["timestamp"], query["nonce"]
    query["msg_signature"] = crypto.sha1_of(wechat.token, timestamp, nonce, sealed)
    status, _ = await wechat._post(query, f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
    assert status in (200, 403)
    await person.says("你好")
    assert person.read == "听到：你好"
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def test_a_body_without_end_is_not_read_to_its_end(program):
    wechat, sent = program.wechat, 0
    query, _ = wechat.signed("<xml/>")

    async def endless():
        nonlocal sent
        for _ in range(2000):
            sent += 1
            yield b"a" * 65536

    with contextlib.suppress(aiohttp.ClientError):  # the program may close while more is on its way
        async with wechat.session.post(wechat.push_to, params=query, data=endless()) as response:
            assert response.status == 403
    assert sent < 1000


def test_the_seeds_are_what_they_claim_to_be():
    """The first four are good pushes: a fuzzer that starts from refused ones learns nothing."""
    for seed in SEEDS[:4]:
        assert fuzz.inbound.read(fuzz.xml.parse(seed)).visit.user == "o"
