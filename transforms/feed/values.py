"""What an element of a feed says, as lxml has it: a text, HTML, a title, persons, topics."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Final

from lxml import etree

from copydesk.transforms.feed.names import NAMES, ROLES
from copydesk.transforms.feed.texts import html_of_plain, is_markup, plain_title

if TYPE_CHECKING:
    from lxml.etree import _Element

LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"
Child = tuple[int, bool, "_Element"]
"""A child of an entry: the rank of its name in its role, whether it is Atom's, the element."""
Found = dict[str, list[Child]]
"""The children of an entry by their roles, in order."""

_HTML: Final = frozenset({"html", "text/html", "xhtml", "application/xhtml+xml"})
_BASE64: Final = "application/octet-stream"
_PREFIX: Final = re.compile(r"(</?)[A-Za-z_][\w.-]*:")


def children(element: Iterable[_Element]) -> Found:
    """The children of an element, or other elements, by their roles."""
    found: Found = {}
    for child in element:
        role = ROLES[child.tag]
        if role is not None:
            name, rank, is_atom = role
            if name in found:
                found[name].append((rank, is_atom, child))
            else:
                found[name] = [(rank, is_atom, child)]
    return found


def best(given: list[Child]) -> Child | None:
    """The child whose name ranks first and that is not empty; one alone may be."""
    if len(given) == 1:
        return given[0]
    first: Child | None = None
    for child in given:
        element = child[2]
        text = element.text
        if (first is None or child[0] < first[0]) and ((text and not text.isspace()) or len(element)):
            first = child
    return first


def first_text(given: list[Child]) -> str | None:
    """The text of that child."""
    child = best(given)
    return text_of(child[2]) if child is not None else None


def text_of(element: _Element) -> str | None:
    """All text in an element, stripped; None where there is none."""
    text = "".join(map(str, element.itertext())) if len(element) else element.text
    return (text.strip() or None) if text else None


def title_of(element: _Element, *, is_atom: bool) -> str | None:
    """A title as a reader sees it; Atom says in `type` whether it holds markup, RSS leaves it open."""
    if len(element):
        etree.strip_elements(element, "{*}script", "{*}style", with_tail=False)
    text = text_of(element)
    if text is None:
        return None
    if not is_atom and not element.keys():
        return plain_title(text)
    kind = element.get("type")
    packed = _is_packed(element, kind)
    is_html = len(element) == 0 and (kind in _HTML or packed or (kind is None and not is_atom))
    return plain_title((_unpacked(text) or text) if packed else text, is_html=is_html)


def html_of(element: _Element, *, is_atom: bool) -> str | None:
    """The content of an element as HTML, by its type; None where it is empty, stands elsewhere or is no text."""
    if len(element):
        return _alternative(element) if (element.get("type") or "").startswith("multipart/") else _inner(element)
    text = element.text
    if not text or text.isspace():
        return None
    if not is_atom and not element.keys():
        return text
    if element.get("src"):
        return None
    kind = (element.get("type") or "").lower()
    if _is_packed(element, kind):
        return _unpacked(text)
    if kind in _HTML or kind.endswith(("/xml", "+xml")) or (not kind and not is_atom):
        return text
    if "/" in kind and not kind.startswith("text/"):
        return _unpacked(text)  # RFC 4287, section 4.1.3.3: what is neither text nor XML is in base64
    return text if is_markup(text) else html_of_plain(text)


def _alternative(element: _Element) -> str | None:
    """Of contents of several types that say the same (Atom 0.3) the last that is text: the best comes last (MIME)."""
    found = [html for child in element if (html := html_of(child, is_atom=True))]
    return found[-1] if found else None


def htmls_of(given: list[Child]) -> list[str]:
    """The contents of elements as HTML, without those that are empty."""
    found = []
    for _, is_atom, element in given:
        html = html_of(element, is_atom=is_atom)
        if html:
            found.append(html)
    return found


def _is_packed(element: _Element, kind: str | None) -> bool:
    """Whether the text is in base64: by Atom 0.3's mode, or a type that is no text."""
    return element.get("mode") == "base64" or (kind or "").lower() == _BASE64


def _unpacked(text: str) -> str | None:
    """What base64 says, None where it is no text; what is no base64 stays as it is."""
    try:
        packed = binascii.a2b_base64("".join(text.split()), strict_mode=True)
    except ValueError:
        return text
    try:
        return packed.decode("utf-8")
    except ValueError:
        return None


def _inner(element: _Element) -> str:
    """What is inside an element as HTML, prefixes of namespaces left out."""
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        html = etree.tostring(child, encoding="unicode", method="html")
        parts.append(_PREFIX.sub(r"\1", html))
    return "".join(parts).strip()


def persons(given: Iterable[Child]) -> list[str]:
    """The names of persons: of the children whose name ranks first."""
    names: dict[int, list[str]] = {}
    for rank, _, child in given:
        if (name := _person(child)) is not None:
            names.setdefault(rank, []).append(name)
    return names[min(names)] if names else []


def _person(element: _Element) -> str | None:
    if len(element) == 0:
        return text_of(element)
    parts = {NAMES[str(child.tag)]: text for child in element if (text := text_of(child))}
    return parts.get("name") or parts.get("email") or text_of(element)


def topics(found: Found, element: _Element) -> list[str]:
    """What an entry is filed under, in order: categories, those of iTunes inside each other, and lists of keywords."""
    if "topics" not in found:
        return [topic for _, _, child in found.get("topic", ()) for topic in _topics(child)]
    named: list[str] = []
    for child in element:
        role = ROLES[child.tag]
        if role is not None and role[0] == "topic":
            named += _topics(child)
        elif role is not None and role[0] == "topics":
            named += [part.strip() for part in (text_of(child) or "").split(",") if part.strip()]
    return named


def _topics(element: _Element) -> list[str]:
    """The topic that an element names, and those of the ones in it: feeds of podcasts nest them two deep."""
    text = element.text
    topic = element.get("label") or element.get("term") or element.get("text") if element.keys() else None
    topic = topic or (text.strip() if text else None)
    found = [topic] if topic else []
    if len(element):
        for child in element:
            found += _topics(child)
    return found
