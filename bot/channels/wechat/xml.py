"""XML of the platform: read with suspicion, written so that no text can break it."""

import re
from collections.abc import Iterable
from xml.etree import ElementTree  # `_Shallow` refuses what is feared of it  # nosec B405

from bot.channels.wechat.signature import BadPush

AT_MOST_BYTES = 64 * 1024
_AT_MOST_DEEP = 8
# A document type can stand only before the root element. Nothing may be there but the declaration, so that a person
# may still write “<!DOCTYPE” in a message.
_BEGINS_WITH_ROOT = re.compile(r"\ufeff?\s*(?:<\?xml\s[^<>]*\?>\s*)?<xml[\s/>]")
# What XML 1.0 forbids: one such character makes the whole reply malformed, and the person sees a fault.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")

Element = ElementTree.Element


class _Shallow(ElementTree.TreeBuilder):
    """Stops at nesting that no push has."""

    _depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > _AT_MOST_DEEP:
            raise BadPush("nested too deeply")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)


def parse(body: bytes) -> Element:
    """The root element `xml`. Raises `BadPush` for anything a push of the platform cannot be."""
    if len(body) > AT_MOST_BYTES:
        raise BadPush("too large")
    try:
        # Decoded here and not by the parser: in UTF-16 a document type would pass every search for its letters.
        text = body.decode("utf-8", "strict")
    except UnicodeDecodeError:
        raise BadPush("not UTF-8") from None
    if not _BEGINS_WITH_ROOT.match(text):
        raise BadPush("does not begin with its root element")
    # No document type can follow the root's first tag, hence no entities: the parser has nothing to expand or fetch.
    parser = ElementTree.XMLParser(target=_Shallow())  # noqa: S314  # nosec B314
    try:
        parser.feed(text)
        root = parser.close()
    except (ElementTree.ParseError, ValueError):
        raise BadPush("not well-formed") from None
    assert isinstance(root, Element)  # noqa: S101  # what _Shallow returns  # nosec B101
    return root


def text_of(element: Element, path: str) -> str:
    """The text under `path` without white space around it; empty when there is none."""
    found = element.find(path)
    return "" if found is None or found.text is None else found.text.strip()


def only(element: Element, tag: str) -> str:
    """As `text_of`, for what must not be ambiguous. Raises `BadPush` when the tag is there more than once."""
    if len(element.findall(tag)) > 1:
        raise BadPush(f"{tag} more than once")
    return text_of(element, tag)


def clean(text: str) -> str:
    """`text` without the characters that XML cannot hold, and with one kind of line break."""
    return _FORBIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def tag(name: str, text: str) -> str:
    """An element whose text may be anything."""
    safe = clean(text).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"


def number(name: str, value: int) -> str:
    return f"<{name}>{value}</{name}>"


def nest(name: str, elements: Iterable[str]) -> str:
    return f"<{name}>{''.join(elements)}</{name}>"
