"""Sealed data opens with its key, in its row, and nowhere else."""

import json

import pytest

from storage.vault import Unreadable, Vault


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
    kept = json.loads(path.read_text())
    kept["keys"]["2"] = Vault.fresh_key()
    kept["current"] = 2
    path.write_text(json.dumps(kept))
    both = Vault.load(path)
    assert both.open(old, "x") == "a"
    assert both.seal("a", "x")[0] == 2
