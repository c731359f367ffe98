"""The wire: signatures, encryption, and pushes that are believed or not."""

import base64
import contextlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.wechat import xml
from bot.channels.wechat.crypto import Cipher, Keyring, is_aes_key
from bot.channels.wechat.signature import BadPush, check, sign
from bot.channels.wechat.wire import Wire
from tests.wechat import crypto as theirs
from tests.wechat.vectors import ALL, V1, V2, V3, V5, V6

KEY, APP, TOKEN = V6["aes_key"], V6["appid"], V6["token"]
NOW = datetime(2025, 12, 1, 4, tzinfo=UTC)


def cipher(vector=V6, **changed):
    vector = {**vector, **changed}
    return Cipher(vector["aes_key"], vector["appid"], lambda size: vector["random"][:size])


@pytest.mark.parametrize(("timestamp", "nonce", "signature"), [V1, V2])
def test_published_signatures_are_ours(timestamp, nonce, signature):
    assert sign("AAAAA", timestamp, nonce) == signature
    check(signature, "AAAAA", timestamp, nonce)


@pytest.mark.parametrize("vector", [v for v in ALL if "signature" in v])
def test_the_signature_of_each_published_push_is_ours(vector):
    assert sign(vector["token"], vector["timestamp"], vector["nonce"]) == vector["signature"]


@pytest.mark.parametrize("vector", ALL)
def test_published_vectors_are_opened(vector):
    assert cipher(vector).decrypt(vector["encrypt"]).decode() == vector["plain"]
    check(vector["msg_signature"], vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])


@pytest.mark.parametrize("vector", ALL)
def test_published_vectors_are_sealed_to_the_same_bytes(vector):
    assert cipher(vector).encrypt(vector["plain"].encode()) == vector["encrypt"]


@pytest.mark.parametrize("vector", ALL)
def test_the_fake_platform_passes_the_same_vectors(vector):
    key, app, plain = vector["aes_key"], vector["appid"], vector["plain"].encode()
    assert theirs.encrypt(key, app, plain, vector["random"]) == vector["encrypt"]
    assert theirs.decrypt(key, app, vector["encrypt"]) == plain
    signed = theirs.sha1_of(vector["token"], vector["timestamp"], vector["nonce"], vector["encrypt"])
    assert signed == vector["msg_signature"]


@given(st.binary(max_size=3000))
def test_both_sides_understand_each_other(plain):
    assert Cipher(KEY, APP).decrypt(theirs.encrypt(KEY, APP, plain, b"r" * 16)) == plain
    assert theirs.decrypt(KEY, APP, Cipher(KEY, APP).encrypt(plain)) == plain


def test_a_push_for_another_account_is_refused():
    with pytest.raises(BadPush, match="another account"):
        cipher(V3, appid=V5["appid"]).decrypt(V3["encrypt"])


@pytest.mark.parametrize("place", range(40))
def test_a_signature_with_one_changed_digit_is_refused(place):
    right = V3["msg_signature"]
    wrong = right[:place] + ("0" if right[place] != "0" else "1") + right[place + 1 :]
    with pytest.raises(BadPush):
        check(wrong, V3["token"], V3["timestamp"], V3["nonce"], V3["encrypt"])


@pytest.mark.parametrize(
    "encrypted", ["", "@@@", base64.b64encode(bytes(16)).decode(), base64.b64encode(bytes(range(64))).decode(), "汉字"]
)
def test_what_is_not_encrypted_is_refused(encrypted):
    with pytest.raises(BadPush):
        cipher().decrypt(encrypted)


@pytest.mark.parametrize("pad", [0, 33, 200])
def test_a_pad_of_impossible_size_is_refused(pad):
    key = base64.b64decode(KEY + "=")
    text = b"r" * 16 + (0).to_bytes(4, "big") + APP.encode()
    text += bytes(-len(text) % 32 or 32)[:-1] + bytes([pad])
    with pytest.raises(BadPush):
        cipher().decrypt(base64.b64encode(theirs.chain(key, text)).decode())


def test_a_length_beyond_the_end_is_refused():
    key = base64.b64decode(KEY + "=")
    text = b"r" * 16 + (2**31).to_bytes(4, "big") + b"hello" + APP.encode()
    text += bytes([32 - len(text) % 32]) * (32 - len(text) % 32)
    with pytest.raises(BadPush, match="length"):
        cipher().decrypt(base64.b64encode(theirs.chain(key, text)).decode())


@given(st.binary(min_size=1, max_size=40).map(lambda seed: (seed * 64)[: 32 * (1 + len(seed) % 6)]))
def test_hostile_ciphertexts_raise_the_one_fault(data):
    with pytest.raises(BadPush):
        cipher().decrypt(base64.b64encode(data).decode())


@pytest.mark.parametrize("key", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "+", "红" * 43])
def test_a_key_of_the_wrong_form_is_refused_at_start(key):
    assert not is_aes_key(key)
    with pytest.raises(ValueError, match="43"):
        Cipher(key, APP)


def test_while_the_key_is_changed_both_are_read_and_the_answer_uses_the_one_that_opened():
    old, new = Cipher("o" * 43, APP), Cipher("n" * 43, APP)
    ring = Keyring([new, old])
    assert ring.decrypt(theirs.encrypt("o" * 43, APP, b"hello", b"r" * 16)) == (b"hello", old)
    assert ring.decrypt(theirs.encrypt("n" * 43, APP, b"hello", b"r" * 16)) == (b"hello", new)


# -- requests


def query(encrypted=None, at=NOW, token=TOKEN, nonce="415670741", **extra):
    timestamp = str(int(at.timestamp()))
    pairs = {"signature": theirs.sha1_of(token, timestamp, nonce), "timestamp": timestamp, "nonce": nonce, **extra}
    if encrypted is not None:
        pairs |= {"encrypt_type": "aes", "msg_signature": theirs.sha1_of(token, timestamp, nonce, encrypted)}
    return list(pairs.items())


def body(encrypted):
    return f"<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


def safe():
    return Wire(TOKEN, [Cipher(KEY, APP)], replay_window=timedelta(minutes=5))


SEALED = theirs.encrypt(KEY, APP, b"<xml><Content><![CDATA[hello]]></Content></xml>", b"r" * 16)


def test_a_push_is_opened_and_its_reply_carries_its_nonce():
    wire = safe()
    wire.admit(query(SEALED), NOW)
    push = wire.open(query(SEALED), body(SEALED))
    assert xml.text_of(push.element, "Content") == "hello"

    reply = xml.parse(wire.seal("<xml><a>好</a></xml>", push, NOW).encode())
    encrypted, at, nonce = (xml.text_of(reply, tag) for tag in ("Encrypt", "TimeStamp", "Nonce"))
    assert nonce == "415670741"
    assert xml.text_of(reply, "MsgSignature") == theirs.sha1_of(TOKEN, at, nonce, encrypted)
    assert theirs.decrypt(KEY, APP, encrypted).decode() == "<xml><a>好</a></xml>"


def test_the_server_address_is_verified_byte_for_byte():
    assert safe().echo(query(echostr="4375120948345356249")) == "4375120948345356249"
    with pytest.raises(BadPush):
        safe().echo(query(echostr="4375120948345356249", token="another"))


@pytest.mark.parametrize("missing", ["signature", "timestamp", "nonce"])
def test_a_request_without_all_of_its_signature_is_refused(missing):
    with pytest.raises(BadPush, match=missing):
        safe().admit([pair for pair in query(SEALED) if pair[0] != missing], NOW)


@pytest.mark.parametrize("name", ["signature", "timestamp", "nonce"])
def test_a_request_that_says_a_thing_twice_is_refused(name):
    pairs = query(SEALED)
    with pytest.raises(BadPush, match=name):
        safe().admit([*pairs, (name, dict(pairs)[name])], NOW)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_an_old_or_future_request_is_refused(minutes):
    with pytest.raises(BadPush, match="old"):
        safe().admit(query(SEALED, at=NOW + timedelta(minutes=minutes)), NOW)


def test_a_timestamp_that_is_no_number_is_refused():
    pairs = [("timestamp", "١٢٣"), ("nonce", "1"), ("signature", theirs.sha1_of(TOKEN, "١٢٣", "1"))]
    with pytest.raises(BadPush, match="old"):
        safe().admit(pairs, NOW)


def test_only_the_mode_that_is_set_is_taken():
    with pytest.raises(BadPush, match="mode"):
        safe().admit(query(), NOW)
    with pytest.raises(BadPush, match="not encrypted"):
        safe().open(query(SEALED), b"<xml><Content>hello</Content></xml>")
    plain = Wire(TOKEN, [], replay_window=timedelta(minutes=5))
    with pytest.raises(BadPush, match="mode"):
        plain.admit(query(SEALED), NOW)


def test_what_stands_beside_the_encrypted_copy_is_not_believed():
    forged = b"<xml><Content>forged</Content><Encrypt>" + SEALED.encode() + b"</Encrypt></xml>"
    push = safe().open(query(SEALED), forged)
    assert xml.text_of(push.element, "Content") == "hello"


def test_a_body_of_another_request_is_refused():
    other = theirs.encrypt(KEY, APP, b"<xml/>", b"s" * 16)
    with pytest.raises(BadPush, match="signature"):
        safe().open(query(SEALED), body(other))


def test_plain_mode_reads_and_answers_in_the_open():
    wire = Wire(TOKEN, [], replay_window=timedelta(minutes=5))
    wire.admit(query(), NOW)
    push = wire.open(query(), b"<xml><Content>hello</Content></xml>")
    assert wire.seal("<xml/>", push, NOW) == "<xml/>"


# -- XML


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"{}",
        b"<html/>",
        b"<xml>",
        b"<xml></xml><xml></xml>",
        b"\xff\xfe<\x00x\x00m\x00l\x00/\x00>\x00",
        b'<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
        b'<!doctype xml [<!ENTITY a "b">]><xml>&a;</xml>',
        b'<?xml version="1.0"?><!DOCTYPE xml SYSTEM "file:///etc/passwd"><xml/>',
        '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>'.encode("utf-16"),
        b"<!-- <![CDATA[ --><!DOCTYPE xml><!-- ]]> --><xml/>",
        b"<xml>&undefined;</xml>",
        b"<xml>\x00</xml>",
        b"<xml>\xc3\x28</xml>",
        b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
        b"<xml>" + b"a" * (1 << 20) + b"</xml>",
    ],
)
def test_hostile_xml_is_refused_with_the_one_fault(hostile):
    with pytest.raises(BadPush):
        xml.parse(hostile)


def test_a_person_may_write_about_xml():
    root = xml.parse(b"<xml><Content><![CDATA[<!DOCTYPE a> ]]></Content></xml>")
    assert xml.text_of(root, "Content") == "<!DOCTYPE a>"


def test_the_encoding_a_push_claims_is_not_believed():
    root = xml.parse('<?xml version="1.0" encoding="utf-16"?><xml><Content>好</Content></xml>'.encode())
    assert xml.text_of(root, "Content") == "好"


def test_an_identifier_that_stands_there_twice_is_refused():
    root = xml.parse(b"<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>")
    with pytest.raises(BadPush):
        xml.only(root, "FromUserName")


@given(st.text())
def test_whatever_is_written_can_be_read_and_breaks_nothing(text):
    text += "]]></a><b>injected</b>"
    root = xml.parse(xml.nest("xml", [xml.tag("a", text), xml.number("c", 1)]).encode())
    assert [child.tag for child in root] == ["a", "c"]
    # An XML parser turns a carriage return into a line break.
    assert (root[0].text or "") == xml.clean(text).replace("\r\n", "\n").replace("\r", "\n")


@given(st.binary(max_size=300))
def test_random_bytes_raise_the_one_fault_or_are_read(data):
    for body_ in (data, b"<xml>" + data + b"</xml>"):
        with contextlib.suppress(BadPush):
            assert xml.parse(body_).tag == "xml"


@given(st.text(max_size=200))
def test_random_queries_raise_the_one_fault(text):
    with pytest.raises(BadPush):
        safe().admit(parse_qsl(text, keep_blank_values=True), NOW)
