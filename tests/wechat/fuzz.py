"""Hostile requests at the address the platform calls: bytes in, an answer out, and nothing believed.

With atheris installed, `python -m tests.wechat.fuzz -max_total_time=60` lets the coverage guide it.
"""

import contextlib
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.channels.wechat import inbound, xml
from bot.channels.wechat.crypto import Cipher
from bot.channels.wechat.signature import BadPush
from bot.channels.wechat.wire import Wire
from tests.wechat import crypto
from tests.wechat.server import AES_KEY, APP_ID, TOKEN

NOW = datetime(2025, 12, 1, 4, tzinfo=UTC)


def one_input(data):
    """Each byte string is tried as a stranger's body, as a body of the platform's, and inside its encryption.

    Raises anything but nothing: `BadPush` is the only fault there is.
    """
    wires = {True: Wire(TOKEN, [Cipher(AES_KEY, APP_ID)], replay_window=timedelta(minutes=5))}
    wires[False] = Wire(TOKEN, [], replay_window=timedelta(minutes=5))
    stranger(wires, data)
    within(wires[False], signed(), data)
    sealed = crypto.encrypt(AES_KEY, APP_ID, data, b"r" * 16)
    within(wires[True], signed(sealed), f"<xml><Encrypt>{sealed}</Encrypt></xml>".encode())
    within(wires[True], signed("x"), data)


def stranger(wires, data):
    """Without the token nothing is admitted, whatever the query says."""
    text = data.decode("latin-1")
    query = [("signature", text[:40]), ("timestamp", text[40:50]), ("nonce", text[50:60]), ("msg_signature", text[:40])]
    for wire in wires.values():
        try:
            wire.admit(query, NOW)
        except BadPush:
            continue
        raise AssertionError("a stranger was admitted")


def within(wire, query, body):
    with contextlib.suppress(BadPush):
        wire.admit(query, NOW)
        push = wire.open(query, body)
        heard = inbound.read(push.element)
        assert heard.visit.user
        assert heard.visit.message
        assert len(heard.visit.message) <= 80
        wire.seal("<xml/>", push, NOW)


def signed(sealed=None):
    timestamp, nonce = str(int(NOW.timestamp())), "1590219412"
    query = [("signature", crypto.sha1_of(TOKEN, timestamp, nonce)), ("timestamp", timestamp), ("nonce", nonce)]
    if sealed is not None:
        query += [("encrypt_type", "aes"), ("msg_signature", crypto.sha1_of(TOKEN, timestamp, nonce, sealed))]
    return query


SEEDS = [
    b"<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>"
    b"<MsgType>text</MsgType><Content><![CDATA[2]]></Content><MsgId>1</MsgId><bizmsgmenuid>102</bizmsgmenuid></xml>",
    b"<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime>"
    b"<MsgType>location</MsgType><Location_X>18.2</Location_X><Location_Y>109.5</Location_Y><MsgId>1</MsgId></xml>",
    b"<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
    b"<Event>scancode_waitmsg</Event><EventKey>6</EventKey><ScanCodeInfo><ScanResult>2</ScanResult></ScanCodeInfo></xml>",
    b"<xml><ToUserName>gh</ToUserName><FromUserName>o</FromUserName><CreateTime>1</CreateTime><MsgType>event</MsgType>"
    b"<Event>subscribe_msg_sent_event</Event><SubscribeMsgSentEvent><List><MsgID>1</MsgID><ErrorCode>1</ErrorCode>"
    b"</List></SubscribeMsgSentEvent></xml>",
    b'<!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>',
    '<?xml version="1.0" encoding="utf-16"?><!DOCTYPE xml [<!ENTITY a "b">]><xml>&a;</xml>'.encode("utf-16"),
    b"<xml>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</xml>",
    b"<xml>" + b"a" * (1 << 20) + b"</xml>",
]


def main():
    import atheris

    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS):
            (Path(folder) / str(number)).write_bytes(seed)
        for function in (xml.parse, inbound.read, Wire.open, Wire.admit):
            atheris.instrument_func(function)
        atheris.Setup([*sys.argv, folder], one_input)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
