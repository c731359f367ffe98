"""What is left of a name, a phone and an identity number once it leaves storage."""

import pytest

from storage.masks import mask_name, mask_phone


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812341234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("+86 138-1234-1234", "138****1234"),
        ("008613812341234", "138****1234"),
        ("１３８１２３４１２３４", "138****1234"),
        ("0898-00001234", "0898-****1234"),
        ("0898-0000-1234", "0898-****1234"),
        ("(0898) 00001234", "0898-****1234"),
        ("010-12341234", "010-****1234"),
        ("024-12341234", "024-****1234"),
        ("0898-00001234转801", "0898-****1234"),
        ("88271234", "****1234"),
        ("+1 202 555 1234", "****1234"),
        ("12345", "****"),
        ("不想说", "****"),
        ("", ""),
    ],
)
def test_a_phone_shows_its_kind_and_its_tail(phone, shown):
    assert mask_phone(phone) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("王建国", "王*国"),
        ("王芳", "王*"),
        ("欧阳修文", "欧阳**"),
        ("欧阳锋", "欧阳*"),
        ("欧阳", "欧*"),
        ("张王建国", "张**国"),
        ("𠮷田䶮", "𠮷*䶮"),
        ("王 建 国", "王*国"),
        (" 王芳 ", "王*"),
        ("买买提·吐尔逊", "买**·***"),
        ("阿卜杜拉•热合曼", "阿***•***"),
        ("John Smith", "J*** *****"),
        ("王", "*"),
        ("", ""),
    ],
)
def test_a_name_shows_too_little_to_be_found_by(name, shown):
    assert mask_name(name) == shown
