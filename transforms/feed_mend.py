"""Mends the usual faults of feeds that are not well-formed XML, so that a strict parser can read them.

What is mended is what cannot mean anything else: bare ampersands and less-than signs, named references of HTML,
characters that XML forbids, what stands before or after the document, an end that is missing. All in linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from html.entities import html5
from typing import Final

from copydesk.transforms.errors import Reject

MAX_DEPTH: Final = 1_000
"""Elements open at one time inside one entry; honest entries whose markup was not escaped have some dozens."""

_FORBIDDEN: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_ROOT: Final = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?(?:rss|feed|rdf|channel))(?=[\s>])", re.IGNORECASE)
_DOCTYPE: Final = re.compile(r"<!DOCTYPE[^<>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_ENTITY: Final = re.compile(r"<!ENTITY\s", re.IGNORECASE)
_DECLARATION: Final = re.compile(r"<\?xml\s[^<>]*\?>")
_BARE: Final = re.compile(
    r"&(?:#(?P<decimal>[0-9]{1,7});|#[xX](?P<hex>[0-9a-fA-F]{1,6});|(?P<name>[A-Za-z][A-Za-z0-9]{1,31});)?"
    r"|<(?![A-Za-z_/!?])"
)
_OF_XML: Final = frozenset({"amp", "lt", "gt", "quot", "apos"})
_CDATA: Final = "<![CDATA["
_END_OF_ENTRY: Final = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_TOKEN: Final = re.compile(r"<!\[CDATA\[|<!--|<(/?)([A-Za-z_][^\s/<>]{0,60})[^<>]*>")
_ENTRY_TAGS: Final = frozenset({"item", "entry"})


@dataclass(frozen=True, slots=True)
class Mended:
    """A mended document.

    Attributes:
        text: It starts with the root element, or with a document type that declares entities.
        broken_off: It breaks off inside an entry, which has been taken out.
    """

    text: str
    broken_off: bool


def outside_cdata(text: str, change: Callable[[str], str]) -> str:
    """The text with all that is not inside a CDATA section changed."""
    first, *rest = text.split(_CDATA)
    parts = [change(first)]
    for piece in rest:
        inside, end, after = piece.partition("]]>")
        parts.append(f"{_CDATA}{inside}]]>")
        if end:
            parts.append(change(after))
    return "".join(parts)


def mend(text: str) -> Mended:
    """Mend a document.

    Args:
        text: A feed, decoded.

    Returns:
        The document, which may still not be well-formed.

    Raises:
        Reject: `bad_feed` where it has no root element of a feed.
    """
    text = _FORBIDDEN.sub("", text)
    root = _ROOT.search(text)
    if root is None:
        raise Reject("bad_feed", f"no feed: it starts with {text.strip()[:80]!r}")
    doctype = _DOCTYPE.search(text, 0, root.start())
    before = doctype[0] if doctype and _ENTITY.search(doctype[0]) else ""
    body, broken_off = _whole(_DECLARATION.sub("", text[root.start() :]), root[1])
    if "&" in body or "<" in body:
        body = outside_cdata(body, lambda part: _BARE.sub(_escaped, part) if not before else part)
    return Mended(before + body, broken_off)


def _escaped(match: re.Match[str]) -> str:
    found = match[0]
    if found == "<":
        return "&lt;"
    if name := match["name"]:
        if name in _OF_XML:
            return found
        meaning = html5.get(f"{name};")
        return "".join(f"&#{ord(character)};" for character in meaning) if meaning else f"&amp;{name};"
    if digits := match["decimal"] or match["hex"]:
        code = int(digits, 10 if match["decimal"] else 16)
        fits = code in (9, 10, 13) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000
        return found if fits else ""
    return "&amp;"


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


def starts_of_entries(text: str) -> list[int]:
    """Where entries start in a document.

    Raises:
        Reject: `too_deep` where one of them, or what is before them, nests elements deeper than `MAX_DEPTH`.
    """
    starts: list[int] = []
    position = depth = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match[0] == _CDATA or match[0] == "<!--":
            end = text.find("]]>" if match[0] == _CDATA else "-->", position)
            if end < 0:
                break
            position = end
        elif match[1]:
            depth = max(0, depth - 1)
        elif match[2].rpartition(":")[2].lower() in _ENTRY_TAGS:
            starts.append(match.start())
            depth = 1
        elif not match[0].endswith("/>"):
            depth += 1
            if depth > MAX_DEPTH:
                raise Reject("too_deep", f"more than {MAX_DEPTH:,} elements are open at one time")
    return starts


def without_surplus(text: str, starts: list[int], max_entries: int) -> str:
    """The document without the entries after so many.

    Args:
        text: The document.
        starts: Where its entries start.
        max_entries: How many stay.
    """
    if len(starts) <= max_entries:
        return text
    last = _END_OF_ENTRY.search(text, starts[-1])
    return text[: starts[max_entries]] + (text[last.end() :] if last else "")
