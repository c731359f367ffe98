"""Pictures, voice and files: by what they are, on disk before they are answered, without what the camera wrote in."""

import contextlib
import re
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.web import media
from storage import attachments
from storage.database import StorageFault
from storage.schema.talks import attachments as attachments_table
from storage.schema.talks import files as files_table
from tests.web.pictures import SECRET, VOICES, bomb, heic, photo, webm


async def test_a_photo_is_answered_kept_for_staff_and_shown_again(program, visitor):
    await visitor.posts(text="照片")
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    assert "照片收到了，第 1 张。" in visitor.reads()
    content, media_type, _ = await program.database.read(attachments.content, 1)
    assert media_type == "image/jpeg"
    source = re.search(r'<img src="(/chat/sent/[^"]+)"', visitor.html)[1]
    shown = await visitor.http.get(source)
    assert shown.content == content
    assert shown.headers["content-disposition"].startswith("inline")


async def test_words_written_beside_a_photo_go_with_it(visitor):
    await visitor.posts(text="说难处")
    await visitor.posts(text="路灯坏了", files={"file": ("a.jpg", photo(), "image/jpeg")})
    assert "记下了：路灯坏了，1 个附件。" in visitor.reads()
    assert "<p>路灯坏了</p>" in visitor.html


async def test_nobody_else_sees_what_was_sent(visitor, another):
    await visitor.posts(text="照片")
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    source = re.search(r'<img src="(/chat/sent/[^"]+)"', visitor.html)[1]
    await another.posts(text="你好")
    assert (await another.http.get(source)).status_code == 404
    name = source.rpartition("/")[2]
    assert (await visitor.http.get(f"/files/{name}")).status_code == 404


async def test_nobody_else_sees_what_was_sent_even_before_it_is_put_away(program, visitor, another):
    async def cut(message):
        raise StorageFault("power cut")

    await visitor.posts(text="照片")
    program.after = cut
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    program.after = None
    await visitor.opens()
    await another.posts(text="你好")
    source = re.search(r'<img src="(/chat/sent/[^"]+)"', visitor.html)[1]
    assert (await visitor.http.get(source)).status_code == 200
    assert (await another.http.get(source)).status_code == 404


async def test_where_and_with_what_it_was_taken_is_not_kept(program, visitor, database):
    await visitor.posts(text="照片")
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    content, _, _ = await database.read(attachments.content, 1)
    assert SECRET not in content
    assert not Image.open(BytesIO(content)).getexif()


async def test_a_voice_message_is_kept_as_it_is(program, visitor, database):
    await visitor.posts(text="说难处")
    await visitor.posts(text="", files={"file": ("voice", webm(), "audio/webm")})
    assert "1 个附件" in visitor.reads()
    assert '<audio controls preload="none"' in visitor.html
    assert (await database.read(attachments.content, 1))[:2] == (webm(), "audio/webm")


async def test_the_bytes_are_on_disk_before_the_message_is_answered(program, visitor, database):
    seen = []

    async def look(message):
        seen.append(await program.channel.fetch(message.attachment.reference))

    await visitor.posts(text="照片")
    program.gate = look
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    assert seen[0][1] == "image/jpeg"


async def test_when_the_program_dies_after_the_answer_the_bytes_can_still_be_fetched(program, visitor, database):
    async def cut(message):
        raise StorageFault("power cut")

    await visitor.posts(text="照片")
    program.after = cut
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    (wanted,) = await database.read(attachments.wanted, "web")
    content, media_type = await program.channel.fetch(wanted.reference)
    assert media_type == "image/jpeg"
    assert content.startswith(b"\xff\xd8\xff")


async def test_a_photo_sent_twice_is_one_attachment(program, visitor, database):
    await visitor.posts(text="照片")
    for _ in range(2):
        await visitor.posts(text="", id="samephoto001", files={"file": ("a.jpg", photo(), "image/jpeg")})

    def count(tx):
        return [len(tx.execute(table.select()).all()) for table in (attachments_table, files_table)]

    assert await database.read(count) == [1, 0]


@pytest.mark.parametrize(
    ("name", "content", "status", "sentence"),
    [
        ("big.jpg", b"\xff\xd8\xff" + b"\0" * media.LARGEST, 413, "最多 10 MB"),
        ("huge.jpg", b"\xff\xd8\xff" + b"\0" * (3 * media.LARGEST), 413, "最多 10 MB"),
        ("empty.jpg", b"", 415, "空的"),
        ("broken.jpg", photo()[:300], 415, "打不开"),
        ("fake.jpg", b"\xff\xd8\xff" + b"MZ" * 100, 415, "打不开"),
        ("phone.heic", heic(), 415, "打不开"),
        ("bomb.png", None, 415, "打不开"),
        ("virus.jpg", b"MZ\x90\x00" + b"\0" * 100, 415, "我打不开"),
        ("page.pdf", b"<html><script>", 415, "我打不开"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 100, 415, "我打不开"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
async def test_what_cannot_be_used_gets_a_sentence_and_the_question_stays(
    visitor, program, name, content, status, sentence
):
    await visitor.posts(text="照片")
    content = bomb() if content is None else content
    await visitor.posts(text="我写的字", files={"file": (name, content, "image/jpeg")})
    assert visitor.status == status
    assert sentence in re.search(r'role="alert">([^<]+)<', visitor.html)[1]
    assert len(program.received) == 1
    if status == 415:
        assert ">我写的字</textarea>" in visitor.html
    await visitor.posts(text="", files={"file": ("a.jpg", photo(), "image/jpeg")})
    assert "照片收到了" in visitor.reads()


async def test_a_request_without_end_is_cut_off_and_answered(visitor, program):
    await visitor.opens()
    await visitor.posts(text="说" * 5_000_000)
    assert visitor.status == 413
    assert program.received == []


def test_a_small_file_that_is_a_huge_picture_is_not_unpacked():
    with pytest.raises(media.Unusable, match="broken"):
        media.read(bomb(10_000, 8_000))


async def test_a_form_that_is_none_gets_a_sentence(visitor):
    await visitor.opens()
    headers = {"content-type": "multipart/form-data; boundary=x", "accept": "application/json"}
    for body in (b"--x\r\nrubbish", b"--y--", b"\xff" * 1000, b"--x\r\n" * 3000):
        response = await visitor.http.post("/chat", content=body, headers=headers)
        assert response.status_code in (400, 403)
        assert response.json()["problem"]


@pytest.mark.parametrize("media_type", VOICES)
def test_a_sound_is_known_by_its_bytes(media_type):
    read = media.read(VOICES[media_type], "audio/anything")
    assert (read.kind, read.media_type) == ("voice", media_type)


def test_what_may_be_film_is_sound_only_if_said_to_be():
    assert media.read(webm(), "video/webm").kind == "video"
    assert media.read(webm(), "").kind == "video"
    assert media.read(webm(), "audio/webm").kind == "voice"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_every_picture_becomes_a_plain_one(format):
    made = media.read(photo(format=format))
    assert (made.kind, made.media_type) == ("photo", "image/jpeg")
    with Image.open(BytesIO(made.content)) as picture:
        assert picture.size == (640, 480)
        assert not picture.getexif()
        assert "comment" not in picture.info


def test_a_picture_lying_on_its_side_is_set_upright():
    made = media.read(photo(orientation=6))
    with Image.open(BytesIO(made.content)) as picture:
        assert picture.size == (480, 640)
        red, _, blue = picture.getpixel((470, 10))
        assert blue > red  # the corner that was top left


def test_a_large_picture_gets_smaller():
    with Image.open(BytesIO(media.read(photo(5000, 3000)).content)) as picture:
        assert picture.size == (2560, 1536)


def test_what_is_transparent_becomes_white():
    made = BytesIO()
    Image.new("RGBA", (10, 10), (0, 0, 0, 0)).save(made, "PNG")
    with Image.open(BytesIO(media.read(made.getvalue()).content)) as picture:
        assert picture.getpixel((5, 5)) == (255, 255, 255)


_BEGINNINGS = [photo(64, 48, format) for format in ("JPEG", "PNG", "WEBP", "GIF", "BMP")] + list(VOICES.values())


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_BEGINNINGS), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=30), st.data()
)
def test_damaged_bytes_are_read_or_refused_and_nothing_else(content, changes, data):
    damaged = bytearray(content[: data.draw(st.integers(0, len(content)))])
    for place, byte in changes:
        if place < len(damaged):
            damaged[place] = byte
    with contextlib.suppress(media.Unusable):
        assert media.read(bytes(damaged)).content


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_and_nothing_else(content):
    with contextlib.suppress(media.Unusable):
        assert media.read(content, "audio/ogg").content
