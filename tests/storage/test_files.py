"""A file that may be large is kept and read in pieces; nobody can tell it from one kept whole, and none outlives it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from bot.web.files import CutOff, in_pieces
from storage import erasure, files
from storage.audit import Actor
from storage.schema.talks import file_pieces
from storage.vault import Unreadable
from tests.conftest import MORNING
from tests.dialogues.town import person, town

CONTENT = [bytes([number]) * files.PIECE for number in range(3)] + [b"the end"]


async def kept(database, owner=None):
    token = await database.write(files.add, "表.csv", "text/csv", CONTENT[0], owner, MORNING)
    for place, piece in enumerate(CONTENT[1:], 1):
        await database.write(files.add_piece, token, place, piece)
    return token


async def pieces(database):
    return await database.read(lambda tx: tx.execute(select(func.count()).select_from(file_pieces)).scalar_one())


async def taken(response):
    return b"".join([piece async for piece in response.body_iterator])


async def test_it_is_whole_however_it_is_read(database):
    token = await kept(database)
    assert (await database.read(files.opened_by, token, MORNING))[2] == b"".join(CONTENT)
    begun = await database.read(files.begin, token, MORNING)
    assert (begun.name, begun.media_type, begun.more) == ("表.csv", "text/csv", 3)
    response = in_pieces(database, begun)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert await taken(response) == b"".join(CONTENT)


async def test_its_pieces_go_with_it(database):
    await database.write(town)
    one, other = await kept(database), await kept(database)
    owner = await database.write(person, "王建国", "13800138000")
    await kept(database, owner)
    await database.write(files.forget, one)
    assert await pieces(database) == 6
    await database.write(erasure.erase, owner, Actor(owner), MORNING, "left")
    assert await pieces(database) == 3
    await database.write(files.forget_expired, MORNING + files.KEPT + timedelta(seconds=1))
    assert await pieces(database) == 0
    assert await database.read(files.begin, other, MORNING) is None


async def test_half_a_file_does_not_look_like_a_whole_one(database):
    begun = await database.read(files.begin, await kept(database), MORNING)
    response = in_pieces(database, begun)
    await database.write(files.forget, begun.token)
    with pytest.raises(CutOff):
        await taken(response)


async def test_pieces_cannot_be_swapped_unnoticed(database):
    token = await kept(database)
    swap = "UPDATE file_pieces SET content = (SELECT content FROM file_pieces WHERE place = 2) WHERE place = 1"
    await database.write(lambda tx: tx.connection.execute(text(swap)))
    with pytest.raises(Unreadable):
        await database.read(files.opened_by, token, MORNING)
