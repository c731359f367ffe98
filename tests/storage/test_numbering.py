"""What the running numbers promise."""

import pytest

from storage import numbering


async def test_numbers_count_from_one_for_each_kind_and_year(database):
    def several(tx):
        return [
            numbering.next_number(tx, "XQ", 2026),
            numbering.next_number(tx, "XQ", 2026),
            numbering.next_number(tx, "HD", 2026),
            numbering.next_number(tx, "XQ", 2027),
        ]

    assert await database.write(several) == [1, 2, 1, 1]


async def test_a_number_that_was_not_kept_is_given_again(database):
    def fails(tx):
        numbering.next_number(tx, "XQ", 2026)
        raise KeyError

    with pytest.raises(KeyError):
        await database.write(fails)
    assert await database.write(numbering.next_number, "XQ", 2026) == 1
