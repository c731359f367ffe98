"""A sealed file opens whole with its key, and not at all when a byte, a piece or its end is another."""

import pytest

from storage import sealed_files
from storage.sealed_files import BadSeal

KEY = b"k" * 32
CIPHERS = ["aes-256-gcm", "sm4-gcm"]
MEBIBYTE = 1 << 20


@pytest.mark.parametrize("cipher", CIPHERS)
@pytest.mark.parametrize("size", [0, 1, MEBIBYTE - 1, MEBIBYTE, MEBIBYTE + 1, 2 * MEBIBYTE])
def test_what_goes_in_comes_out(tmp_path, cipher, size):
    content = bytes(number % 251 for number in range(min(size, 1000))) * (size // 1000 + 1)
    (tmp_path / "plain").write_bytes(content[:size])
    sealed_files.seal(tmp_path / "plain", tmp_path / "sealed", KEY, cipher)
    assert sealed_files.is_sealed(tmp_path / "sealed")
    assert (tmp_path / "sealed").stat().st_mode & 0o777 == 0o600
    sealed_files.open_to(tmp_path / "sealed", tmp_path / "again", KEY)
    assert (tmp_path / "again").read_bytes() == content[:size]


@pytest.fixture
def sealed(tmp_path):
    (tmp_path / "plain").write_bytes("王建国".encode() * 300_000)  # three pieces
    sealed_files.seal(tmp_path / "plain", tmp_path / "sealed", KEY, "aes-256-gcm")
    content = (tmp_path / "sealed").read_bytes()
    assert "王建国".encode() not in content
    return content


PIECE = MEBIBYTE + 16
HEAD = 49
SPOILED = {
    "a changed byte": lambda kept: kept[:5000] + bytes([kept[5000] ^ 1]) + kept[5001:],
    "a changed salt": lambda kept: kept[:20] + bytes([kept[20] ^ 1]) + kept[21:],
    "another cipher": lambda kept: kept[:16] + b"S" + kept[17:],
    "the last piece missing": lambda kept: kept[: HEAD + 2 * PIECE],
    "an end cut off": lambda kept: kept[:-1],
    "pieces swapped": lambda kept: (
        kept[:HEAD] + kept[HEAD + PIECE : HEAD + 2 * PIECE] + kept[HEAD : HEAD + PIECE] + kept[HEAD + 2 * PIECE :]
    ),
    "something added": lambda kept: kept + b"x",
    "nothing but the head": lambda kept: kept[:HEAD],
    "half a head": lambda kept: kept[:30],
}


@pytest.mark.parametrize("spoiled", SPOILED.values(), ids=SPOILED)
def test_what_is_not_as_it_was_written_is_not_opened(tmp_path, sealed, spoiled):
    (tmp_path / "sealed").write_bytes(spoiled(sealed))
    with pytest.raises(BadSeal):
        sealed_files.open_to(tmp_path / "sealed", tmp_path / "again", KEY)
    assert not (tmp_path / "again").exists()


def test_another_key_opens_nothing(tmp_path, sealed):
    with pytest.raises(BadSeal):
        sealed_files.open_to(tmp_path / "sealed", tmp_path / "again", b"o" * 32)
