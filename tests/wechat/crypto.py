"""The platform's side of the encryption, written apart from the channel's: it shares no line with it.

Only the AES block itself comes from a library; chaining, padding and framing are done here by hand.
"""

import base64
import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def sha1_of(*strings):
    digest = hashlib.sha1()
    for string in sorted(strings):
        digest.update(string.encode())
    return digest.hexdigest()


def _key(encoding_aes_key):
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bits = "".join(f"{alphabet.index(letter):06b}" for letter in encoding_aes_key)  # 258 bits, the last two are spare
    return int(bits[:256], 2).to_bytes(32, "big")


def _xor(one, other):
    return (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).to_bytes(16, "big")


def encrypt(encoding_aes_key, appid, plain, random):
    key = _key(encoding_aes_key)
    text = random + struct.pack(">I", len(plain)) + plain + appid.encode()
    missing = 32 - len(text) % 32
    text += missing * chr(missing).encode()
    return base64.b64encode(chain(key, text)).decode()


def chain(key, text):
    block = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    before, out = key[:16], []
    for start in range(0, len(text), 16):
        before = block.update(_xor(before, text[start : start + 16]))
        out.append(before)
    return b"".join(out)


def decrypt(encoding_aes_key, appid, encrypted):
    """The plain bytes. Raises ValueError for anything the platform could not read."""
    key = _key(encoding_aes_key)
    data = base64.b64decode(encrypted.encode(), validate=True)
    if not data or len(data) % 32:
        raise ValueError("the platform pads to 32 bytes")
    block = Cipher(algorithms.AES(key), modes.ECB()).decryptor()
    before, text = key[:16], b""
    for start in range(0, len(data), 16):
        text += _xor(before, block.update(data[start : start + 16]))
        before = data[start : start + 16]
    missing = text[-1]
    if not 0 < missing < 33 or set(text[-missing:]) != {missing}:
        raise ValueError("padding")
    (length,) = struct.unpack(">I", text[16:20])
    rest = text[20:-missing]
    if rest[length:] != appid.encode():
        raise ValueError("appid")
    return rest[:length]
