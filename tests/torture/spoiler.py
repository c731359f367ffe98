"""Takes something that was said, sent or typed, and makes it worse."""

import io
import json
import random
from pathlib import Path

from openpyxl import Workbook

CORPUS = Path(__file__).parent / "corpus"
ODD = (
    "\x00\x1b\u202e\u200b\ufeff\ud7ff\uffff𠮷😀１２②十百万亿零〇两半刻点号月年周初腊闰前后上下今明昨"
    "-—~:：.。,，/\\'\"<>&%{}[]()（）*=+@#\n\r\t "
)
FILES = (
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    b"GIF89a\x01\x00",
    b"RIFF....WEBP",
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00",
    b"OggS\x00\x02",
    b"ID3\x03\x00",
    b"#!AMR\n",
    b"\x00\x00\x00\x18ftypmp42",
    b"\x1aE\xdf\xa3\x01\x00",
    b"PK\x03\x04word/",
    b"%PDF-1.7\n",
)
CELLS = ("", 1, -1, 1e308, True, 45000, 13800138000, "=1+1", "@x", "姓名", "手机号", "\x0b", "𠮷" * 40, "2026-02-30")


class Spoiler:
    """Takes something that was said and makes it worse."""

    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.said = (CORPUS / "said.txt").read_text(encoding="utf-8").splitlines()
        self.updates = (CORPUS / "updates.txt").read_text(encoding="utf-8").splitlines()
        self.posts = (CORPUS / "posts.txt").read_text(encoding="utf-8").splitlines()
        self.tables = (CORPUS / "tables.txt").read_text(encoding="utf-8").split("\n\n")
        self.payloads = (CORPUS / "payloads.txt").read_text(encoding="utf-8").split()
        self.pushes = (CORPUS / "pushes.txt").read_text(encoding="utf-8").splitlines()
        self.settings = (CORPUS / "settings.toml").read_text(encoding="utf-8").splitlines()

    def text(self):
        text = self.chance.choice(self.said)
        for _ in range(self.chance.choice([0, 1, 1, 2, 3, 8])):
            place = self.chance.randint(0, len(text))
            match self.chance.randrange(6):
                case 0:
                    text = text[:place] + self.chance.choice(ODD) + text[place:]
                case 1:
                    text = text[:place] + text[place + self.chance.randint(1, 4) :]
                case 2:
                    text = text[:place] + self.chance.choice(self.said) + text[place:]
                case 3:
                    text = text[:place] + str(self.chance.randrange(10 ** self.chance.randint(1, 20))) + text[place:]
                case 4:
                    text = text[:place] + text[place : place + 2] * self.chance.randint(2, 40) + text[place:]
                case 5:
                    text = "".join(self.chance.sample(text, len(text)))
        return text[:4000]

    def octets(self, begin=None):
        kept = bytearray(begin if begin is not None else self.text().encode("utf-8", "surrogatepass"))
        for _ in range(self.chance.randint(0, 6)):
            place = self.chance.randint(0, len(kept))
            match self.chance.randrange(4):
                case 0:
                    kept[place:place] = self.chance.randbytes(self.chance.randint(1, 8))
                case 1:
                    del kept[place : place + self.chance.randint(1, 16)]
                case 2:
                    kept[place : place + 1] = self.chance.randbytes(1)
                case 3:
                    kept = kept[:place]
        return bytes(kept)

    def update(self):
        """An update whose values are other than Telegram's, or bytes that are no update."""
        raw = self.chance.choice(self.updates)
        if self.chance.random() < 0.2:
            return self.octets(raw.encode())
        update = json.loads(raw)
        update["update_id"] = self.chance.randrange(1, 1 << 40)
        for _ in range(self.chance.randint(0, 3)):
            self._spoil(update)
        return json.dumps(update).encode()

    def _spoil(self, inside):
        while inside:
            keys = list(inside) if isinstance(inside, dict) else range(len(inside))
            key = self.chance.choice(keys)
            if isinstance(inside[key], (dict, list)) and inside[key] and self.chance.random() < 0.8:
                inside = inside[key]
                continue
            odd = [None, "", "x", self.text(), -1, 0, 1 << 70, 1.5, True, [], {}, [[]], {"id": {}}, float("1e308")]
            if self.chance.random() < 0.3 and isinstance(inside, dict):
                del inside[key]
            else:
                inside[key] = self.chance.choice(odd)
            return

    def post(self, token):
        """Fields of the chat form, some as a page sends them."""
        fields = dict(part.partition("=")[::2] for part in self.chance.choice(self.posts).split("&"))
        fields.setdefault("token", token)
        fields.setdefault("id", f"{self.chance.randrange(1 << 60):016x}")
        if self.chance.random() < 0.7:
            fields[self.chance.choice(["text", "text", "choice", "turn", "payload", "latitude", "id"])] = self.text()
        return fields

    def table(self):
        """A CSV or, one time in four, a workbook: as an office has them, then spoilt."""
        if self.chance.random() < 0.25:
            return self.workbook()
        text = self.chance.choice(self.tables)
        for _ in range(self.chance.choice([0, 0, 1, 2])):
            text = text.replace(self.chance.choice(',\n"1年'), self.chance.choice(ODD), self.chance.randint(1, 3))
        if self.chance.random() < 0.5:
            text += "\n" + ",".join(self.text()[:60] for _ in range(self.chance.randint(1, 9)))
        return self.octets(text.encode(self.chance.choice(["utf-8", "utf-8-sig", "gb18030", "utf-16"]), "replace"))

    def cell(self):
        """What stands in such a table, with other digits."""
        if self.chance.random() < 0.3:
            return self.text()
        cell = self.chance.choice(self.chance.choice(self.tables).replace("\n", ",").split(","))
        odd = (str(self.chance.randrange(10)) if letter.isdecimal() else letter for letter in cell)
        return "".join(odd) if self.chance.random() < 0.8 else cell + self.chance.choice(ODD)

    def workbook(self):
        book = Workbook()
        for row in self.chance.choice(self.tables).splitlines():
            cells = [self.chance.choice(CELLS) if self.chance.random() < 0.2 else cell for cell in row.split(",")]
            book.active.append([cell if not isinstance(cell, str) else cell.replace("\x0b", "") for cell in cells])
        kept = io.BytesIO()
        book.save(kept)
        return kept.getvalue() if self.chance.random() < 0.3 else self.octets(kept.getvalue())

    def file(self):
        return self.octets(self.chance.choice(FILES) + self.chance.randbytes(self.chance.randint(0, 2000)))

    def payload(self):
        """What a deep link carries: kinds there are, with numbers and letters that are not."""
        kind = self.chance.choice(self.payloads)
        rest = self.chance.choice([self.text()[:60], str(self.chance.randrange(1 << 70)), "", "-", "1-1", "0", "٣"])
        return f"{kind}-{rest}" if self.chance.random() < 0.8 else self.text()[:80]

    def config(self):
        lines = list(self.settings)
        for _ in range(self.chance.randint(1, 4)):
            place = self.chance.randrange(len(lines))
            key = lines[place].partition("=")[0]
            odd = ["true", "-1", '""', "[]", "{}", "1e400", '"x"', "2026-01-01", '"https://x/../"', f'"{self.text()}"']
            lines[place] = f"{key}= {self.chance.choice(odd)}" if self.chance.random() < 0.8 else self.text()
        return "\n".join(lines)

    def push(self):
        """The XML of WeChat, with other values or other tags."""
        raw = self.chance.choice(self.pushes)
        if self.chance.random() < 0.6:
            inside = self.text().replace("]]>", "")
            place = raw.find("</Content>")
            raw = raw if place < 0 else f"{raw[: raw.find('<Content>') + 9]}<![CDATA[{inside}]]>{raw[place:]}"
            raw = raw.replace("<MsgId>1</MsgId>", f"<MsgId>{self.chance.randrange(1 << 62)}</MsgId>")
            return raw.encode("utf-8", "replace")
        return self.octets(raw.encode())
