"""Mends the usual faults of feeds that are not well-formed XML, so that a strict parser can read them.

What is mended is what cannot mean anything else: bare ampersands and less-than signs, named references of HTML or of
the document's own type, characters that XML forbids, what stands before or after the document, an end that is missing.
All in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.entities import html5
from typing import Final

from copydesk.transforms.errors import Reject

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ROOT: Final = re.compile(r"<!--|<((?:[A-Za-z_][\w.-]*:)?(?:rss|feed|rdf|channel|entry))(?=[\s/>])", re.IGNORECASE)
_DOCTYPE: Final = re.compile(r"<!DOCTYPE[^<>\[]*\[([^\]]*)\]", re.IGNORECASE)
_ENTITY: Final = re.compile(r"<!ENTITY\s+([A-Za-z_][\w.-]{0,60})\s+(?:\"([^\"<]{0,1000})\"|'([^'<]{0,1000})')\s*>")
_MAX_EXPANDED: Final = 1 << 20
"""How much text the references to a document's own entities may become."""
_DECLARATION: Final = re.compile(r"<\?xml\s[^<>]*\?>")
_BARE: Final = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#(?:3[2-9]|[4-9][0-9]|[1-9][0-9]{2,3}));)"  # XML knows these, the bulk of all
    r"(?:#(?P<decimal>[0-9]{1,7});|#[xX](?P<hex>[0-9a-fA-F]{1,6});|(?P<name>[A-Za-z_][\w.-]{0,60});)?"
    r"|<(?![A-Za-z_/!?])"
)
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
CDATA: Final = "<![CDATA["
_END_OF_ENTRY: Final = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_ENTRY_TAGS: Final = frozenset({"item", "entry"})


@dataclass(slots=True)
class Document:
    """A feed as it was found, without what stands around it.

    Attributes:
        text: From the root element to its end, or up to the last entry that is whole.
        broken_off: It breaks off inside an entry, which has been taken out.
        entities: What its document type declares.
    """

    text: str
    broken_off: bool = False
    entities: dict[str, str] = field(default_factory=dict)
    _left: int = _MAX_EXPANDED

    def mended(self) -> str:
        """The document with its references mended; it may still not be well-formed."""
        if "&" not in self.text and "<" not in self.text:
            return self.text
        return outside_cdata(self.text, self.with_references)

    def with_references(self, text: str) -> str:
        """Character data or an attribute with references that XML knows, and no bare ampersand or less-than sign."""
        return _BARE.sub(self._reference, text) if "&" in text or "<" in text else text

    def _reference(self, match: re.Match[str]) -> str:
        found = match[0]
        if found == "<":
            return "&lt;"
        if name := match["name"]:
            return found if name in _OF_XML else self._named(name)
        if digits := match["decimal"] or match["hex"]:
            code = int(digits, 10 if match["decimal"] else 16)
            fits = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
            return found if fits else ""
        return "&amp;"

    def _named(self, name: str) -> str:
        own = self.entities.get(name)
        if own is not None and self._left >= len(own):
            self._left -= len(own)
            return own
        meaning = html5.get(f"{name};")
        return "".join(f"&#{ord(character)};" for character in meaning) if meaning else f"&amp;{name};"


def document_in(text: str) -> Document:
    """Find the feed in a text.

    Args:
        text: A feed, decoded.

    Raises:
        Reject: `bad_feed` where it has no root element of a feed.
    """
    text = _FORBIDDEN.sub("", text)
    root = _root_in(text)
    if root is None:
        raise Reject("bad_feed", f"no feed: it starts with {text.strip()[:80]!r}")
    body, broken_off = _whole(_DECLARATION.sub("", text[root.start() :]), root[1])
    return Document(body, broken_off, _entities_in(text[: root.start()]))


def _root_in(text: str) -> re.Match[str] | None:
    """The first tag of a feed's root that does not stand in a comment."""
    position, has_ends = 0, True
    while match := _ROOT.search(text, position):
        if match[1]:
            return match
        end = text.find("-->", match.end()) if has_ends else -1
        has_ends = end >= 0
        position = end + 3 if has_ends else match.end()
    return None


def _entities_in(head: str) -> dict[str, str]:
    """The entities that a document type declares, each without those it refers to: they do not multiply."""
    declared = _DOCTYPE.match(head, max(0, head.upper().find("<!DOCTYPE")))
    if declared is None:
        return {}
    plain = Document("")
    return {name: plain.with_references(one or other) for name, one, other in _ENTITY.findall(declared[1])}


def outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """The text with all that is not inside a CDATA section changed."""
    first, *rest = text.split(CDATA)
    parts = [change(first)]
    for piece in rest:
        inside, end, after = piece.partition("]]>")
        parts.append(f"{CDATA}{inside}]]>")
        if end:
            parts.append(change(after))
    return "".join(parts)


def _whole(text: str, root: str) -> tuple[str, bool]:
    """The document from its root element to its end; where the end is missing, up to the last entry that is whole."""
    end = f"</{root}>"
    at = text.rfind(end)
    if at >= 0:
        return text[: at + len(end)], False
    ends = list(_END_OF_ENTRY.finditer(text))
    last = ends[-1] if ends else None
    kept = text[: last.end()] if last else text
    tail = text[last.end() :] if last else text
    broken_off = any(
        tag.rpartition(":")[2].lower() in _ENTRY_TAGS for tag in re.findall(r"<([A-Za-z_][\w.:-]{0,60})", tail)
    )
    if not last:
        return text, broken_off
    channel = "</channel>" if "<channel" in kept and "</channel>" not in kept else ""
    return f"{kept}{channel}{end}", broken_off
