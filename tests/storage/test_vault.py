"""Sealed data opens with its key, in its row, and nowhere else."""

import base64
import hashlib
import hmac
import json

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.vault import KeyFile, Sm4Gcm, Unreadable, Vault, fresh_key


@pytest.fixture(params=["aes-256-gcm", "sm4-gcm"])
def vault(request, tmp_path):
    return Vault.load_or_create(tmp_path / "hongyan.key", request.param)


def test_what_was_sealed_opens_in_its_row_alone(vault):
    sealed = vault.seal("王建国𠮷䶮", "people.name|1")
    assert vault.open(sealed, "people.name|1") == "王建国𠮷䶮"
    with pytest.raises(Unreadable):
        vault.open(sealed, "people.name|2")


def test_the_same_words_are_sealed_differently_each_time_and_looked_up_the_same(vault):
    assert vault.seal("a", "x") != vault.seal("a", "x")
    assert vault.lookup("phone", "1") == vault.lookup("phone", "1")
    assert vault.lookup("phone", "1") != vault.lookup("name", "1")


def test_a_changed_byte_is_noticed(vault):
    sealed = bytearray(vault.seal("王建国", "x"))
    for place in range(len(sealed)):
        spoiled = bytes([*sealed[:place], sealed[place] ^ 1, *sealed[place + 1 :]])
        with pytest.raises(Unreadable):
            vault.open(spoiled, "x")


def test_nothing_opens_without_the_key_file(vault, tmp_path):
    other = Vault.load_or_create(tmp_path / "other.key")
    with pytest.raises(Unreadable):
        other.open(vault.seal("王建国", "x"), "x")


def test_the_key_file_is_for_its_owner_and_is_made_once(tmp_path):
    path = tmp_path / "deep" / "hongyan.key"
    sealed = Vault.load_or_create(path).seal("a", "x")
    assert path.stat().st_mode & 0o777 == 0o600
    assert Vault.load_or_create(path).open(sealed, "x") == "a"


def test_a_new_key_seals_and_the_old_one_still_opens(tmp_path):
    path = tmp_path / "hongyan.key"
    old = Vault.load_or_create(path).seal("a", "x")
    kept = KeyFile.read(path)
    kept.keys[2], kept.ciphers[2], kept.current = fresh_key(), "sm4-gcm", 2
    kept.write(path)
    both = Vault.load(path)
    assert both.open(old, "x") == "a"
    assert both.seal("a", "x")[0] == 2


def test_a_key_file_of_the_first_version_is_read_and_finds_the_same(tmp_path):
    path = tmp_path / "hongyan.key"
    key, lookup = base64.b64encode(b"k" * 32).decode(), base64.b64encode(b"l" * 32).decode()
    path.write_text(json.dumps({"current": 1, "keys": {"1": key}, "lookup": lookup}))
    old = b"\x01" + b"n" * 12 + AESGCM(b"k" * 32).encrypt(b"n" * 12, "王建国".encode(), b"people.name|1")
    assert Vault.load(path).open(old, "people.name|1") == "王建国"
    assert Vault.load(path).lookup("phone", "1") == hmac.digest(b"l" * 32, b"phone|1", "sha256")[:16]


def test_sm4_and_sm3_are_those_of_the_standards():
    """GB/T 32907-2016 and GB/T 32905-2016, A.1, with GCM as RFC 8998 A.2 has it."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    plain = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    about = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    sealed = Sm4Gcm(key).encrypt(nonce, plain, about)
    assert sealed[-16:].hex() == "83de3541e4c2b58177e065a9bf7b62ec"
    assert Sm4Gcm(key).decrypt(nonce, sealed, about) == plain
    assert hashlib.new("sm3", b"abc").hexdigest() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"


def test_people_are_found_by_sm3_where_sm4_seals(tmp_path):
    path = tmp_path / "hongyan.key"
    vault = Vault.load_or_create(path, "sm4-gcm")
    lookup = base64.b64decode(json.loads(path.read_text())["lookup"])
    assert vault.lookup("phone", "1") == hmac.digest(lookup, b"phone|1", "sm3")[:16]
