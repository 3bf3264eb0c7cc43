"""Reads a well-formed feed of a known format with lxml: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from lxml import etree

from copydesk.schemas.article import Caption
from copydesk.transforms.feed_entry import Entry, Feed
from copydesk.transforms.feed_names import CHANNEL, ENTRIES, NAMES, ROLES, ROOTS
from copydesk.transforms.feed_text import html_of_plain, is_markup, plain_title

if TYPE_CHECKING:
    from lxml.etree import _Element

_XML: Final = "{http://www.w3.org/XML/1998/namespace}"
_RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LINK_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml", "html", "xhtml"})
_WEB: Final = ("http://", "https://")
_HTML: Final = frozenset({"html", "text/html"})
_XHTML: Final = frozenset({"xhtml", "application/xhtml+xml"})
_BASE64: Final = frozenset({"application/octet-stream"})
_PREFIX: Final = re.compile(r"(</?)[A-Za-z_][\w.-]*:")
_ATOM: Final = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"})

_Found = dict[str, list[tuple[int, "_Element"]]]


def parse(data: bytes) -> _Element | None:
    """The root of a well-formed document, None where it is not well-formed.

    No entity is resolved, nothing is fetched, and libxml2's limits (256 levels, 10 MB of text in one node) hold.
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def read_clean_feed(data: bytes, *, max_entries: int) -> Feed | None:
    """Read a feed that is well-formed and of a known format.

    Args:
        data: An XML document in UTF-8, whatever encoding it declares. It must not hold a document type declaration.
        max_entries: So many entries are read; the rest is counted.

    Returns:
        The feed; None where it is something else, or has entries where this reader does not see them.
    """
    root = parse(data)
    if root is None or NAMES[str(root.tag)] not in ROOTS:
        return None
    channels = [child for child in root if NAMES[str(child.tag)] in CHANNEL] or [root]
    all_entries = (
        entry for parent in dict.fromkeys([*channels, root]) for entry in parent if NAMES[str(entry.tag)] in ENTRIES
    )
    entries = list(islice(all_entries, max_entries))
    if not entries and (b"<item" in data or b"<entry" in data or b":item" in data or b":entry" in data):
        return None
    has_any = b"xml:" in data  # most feeds have neither, and one look through it is cheaper than two
    reader = _Reader(has_base=has_any and b"xml:base" in data, has_language=has_any and b"xml:lang" in data)
    feed = reader.about(channels[0], root)
    feed.entries = [reader.entry(entry) for entry in entries]
    feed.surplus = sum(1 for _ in all_entries)
    return feed


class _Reader:
    """Reads the entries of one document.

    Attributes:
        has_base: Somewhere in it stands an `xml:base`.
        has_language: Somewhere in it stands an `xml:lang`.
    """

    def __init__(self, *, has_base: bool, has_language: bool) -> None:
        self.has_base, self.has_language = has_base, has_language

    def about(self, channel: _Element, root: _Element) -> Feed:
        """The feed without its entries."""
        found = _children(channel)
        is_atom = etree.QName(root).namespace in _ATOM
        language = channel.get(f"{_XML}lang") or root.get(f"{_XML}lang")
        return Feed(
            url=self._links(found.get("link", ()), "self"),
            language=_first(found.get("language", ())) or language,
            authors=_authors(found.get("author", ())) if is_atom else [],
        )

    def entry(self, element: _Element) -> Entry:
        """One entry."""
        found = _children(element)
        get = found.get
        guid, guid_as_link = _guid(element, get("guid"))
        authors = _authors(get("author", ()))
        if not authors and (sources := get("source")):
            authors = _authors(_children(sources[0][1]).get("author", ()))
        title = _best(get("title", ()))
        entry = Entry(
            title=_title(title) if title is not None else None,
            guid=guid,
            link=_first(get("original_link", ())) or self._links(get("link", ()), "alternate") or guid_as_link,
            bodies=[html for _, body in get("body", ()) if (html := _html(body))],
            summaries=[html for _, summary in get("summary", ()) if (html := _html(summary))],
            authors=authors,
            topics=_topics(get("topic", ()), get("topics", ())),
            published_raw=_first(get("published", ())),
            updated_raw=_first(get("updated", ())),
            language=self._language(element, found),
        )
        if "media" in found:
            entry.captions = _captions([child for _, child in found["media"]])
            entry.media_texts = [html for _, child in found["media"] for html in _media_texts(child)]
        return entry

    def _links(self, links: Iterable[tuple[int, _Element]], relation: str) -> str | None:
        """The first address of this relation that leads to a page; of any type where there is none."""
        other = None
        for _, link in links:
            href = link.get("href") or link.get("url") or link.text
            if not href or not (href := href.strip()) or (link.get("rel") or "alternate").lower() != relation:
                continue
            if self.has_base and not href.startswith(_WEB):
                href = _based(link, href)
            kind = (link.get("type") or "").lower()
            if kind in _LINK_TYPES and (href.startswith(_WEB) or ":" not in href.split("/")[0]):
                return href
            other = other or href
        return other

    def _language(self, element: _Element, found: _Found) -> str | None:
        """Of the entry: of its text, of its title, of all of it; "" where it says that the language is not known."""
        if self.has_language:
            for role in ("body", "summary", "title"):
                for _, child in found.get(role, ()):
                    if (language := child.get(f"{_XML}lang")) is not None:
                        return language
            if (language := element.get(f"{_XML}lang")) is not None:
                return language
        return _first(found.get("language", ()))


def _children(element: _Element) -> _Found:
    """The children of an element by their roles, in order, each with the rank of its name."""
    found: _Found = {}
    for child in element:
        role = ROLES[child.tag]
        if role is not None:
            name, rank = role
            if name in found:
                found[name].append((rank, child))
            else:
                found[name] = [(rank, child)]
    return found


def _best(children: Iterable[tuple[int, _Element]]) -> _Element | None:
    """The element whose name ranks first and that has text."""
    best_rank, best = 1 << 30, None
    for rank, child in children:
        if rank < best_rank and (((text := child.text) and not text.isspace()) or len(child)):
            best_rank, best = rank, child
    return best


def _first(children: Iterable[tuple[int, _Element]]) -> str | None:
    """The text of that element."""
    best = _best(children)
    return _text(best) if best is not None else None


def _text(element: _Element) -> str | None:
    """All text in an element, stripped; None where there is none."""
    text = "".join(map(str, element.itertext())) if len(element) else element.text
    return (text.strip() or None) if text else None


def _title(element: _Element) -> str | None:
    text = _text(element)
    if text is None:
        return None
    kind = element.get("type")
    packed = kind in _BASE64 or element.get("mode") == "base64"
    is_html = len(element) == 0 and (kind in _HTML or packed or (kind is None and not _is_atom(element)))
    return plain_title(_decoded(element, text), is_html=is_html)


def _is_atom(element: _Element) -> bool:
    return str(element.tag).startswith(("{http://www.w3.org/2005/Atom}", "{http://purl.org/atom/ns#}"))


def _html(element: _Element) -> str | None:
    """The content of an element as HTML, by its type; None where it is empty or stands elsewhere."""
    if len(element):
        return _inner(element)
    text = element.text
    if not text or not text.strip() or element.get("src"):
        return None
    kind = element.get("type")
    if kind is None and element.get("mode") == "base64":
        return _decoded(element, text)
    if kind is None:
        return html_of_plain(text) if _is_atom(element) and not is_markup(text) else text
    kind = kind.lower()
    text = _decoded(element, text)
    if kind in _HTML or kind in _XHTML or kind.endswith(("/xml", "+xml")) or is_markup(text):
        return text
    return html_of_plain(text)


def _decoded(element: _Element, text: str) -> str:
    """The text of an element that may be in base64: by Atom 0.3's mode, or a type that is no text (RFC 4287)."""
    if element.get("mode") != "base64" and (element.get("type") or "text").lower() not in _BASE64:
        return text
    try:
        return binascii.a2b_base64(text).decode("utf-8")
    except ValueError:
        return text


def _inner(element: _Element) -> str:
    """What is inside an element as HTML, prefixes of namespaces left out."""
    parts = [escape(element.text or "", quote=False)]
    for child in element:
        html = etree.tostring(child, encoding="unicode", method="html")
        parts.append(_PREFIX.sub(r"\1", html))
    return "".join(parts).strip()


def _guid(element: _Element, given: list[tuple[int, _Element]] | None) -> tuple[str | None, str | None]:
    """The identifier, and the same where it is also the address of the article."""
    if given is None:
        about = element.get(_RDF_ABOUT)
        return about, about
    for _, child in given:
        if text := _text(child):
            is_link = text.startswith(_WEB) and (child.get("isPermaLink") or "true").lower() != "false"
            return text, text if is_link else None
    return None, None


def _based(element: _Element, href: str) -> str:
    try:
        return urljoin(element.base or "", href)
    except ValueError:
        return href


def _authors(children: Iterable[tuple[int, _Element]]) -> list[str]:
    """The names of persons: of the elements whose name ranks first."""
    names: dict[int, list[str]] = {}
    for rank, child in children:
        if (name := _person(child)) is not None:
            names.setdefault(rank, []).append(name)
    return names[min(names)] if names else []


def _person(element: _Element) -> str | None:
    if len(element) == 0:
        return _text(element)
    parts = {NAMES[str(child.tag)]: text for child in element if (text := _text(child))}
    return parts.get("name") or parts.get("email") or _text(element)


def _topics(single: Iterable[tuple[int, _Element]], lists: Iterable[tuple[int, _Element]]) -> list[str]:
    topics = []
    for _, child in single:
        topic = child.get("label") or child.get("term") or child.get("text") or _text(child)
        if topic:
            topics.append(topic)
    for _, child in lists:
        topics += [part.strip() for part in (_text(child) or "").split(",") if part.strip()]
    return topics


def _captions(children: Iterable[_Element]) -> list[Caption]:
    """One caption for what is said in one place, and those of the pictures in it."""
    texts, credits, nested = [], [], []
    for child in children:
        name = NAMES[str(child.tag)]
        if name in ("media:content", "media:group"):
            nested += _captions(child)
        elif text := plain_title(_text(child) or ""):
            if name == "media:credit":
                credits.append(text)
            elif name in ("media:description", "media:text"):
                texts.append(text)
    if texts and not credits and not any(caption.text for caption in nested):
        credits, nested = [caption.credit for caption in nested if caption.credit], []
    own = [Caption(" ".join(texts) or None, ", ".join(dict.fromkeys(credits)) or None)] if texts or credits else []
    return own + nested


def _media_texts(element: _Element) -> Iterator[str]:
    """What is said of a picture or a film, as HTML."""
    if NAMES[str(element.tag)] in ("media:description", "media:text"):
        if text := _text(element):
            yield text if element.get("type") == "html" or is_markup(text) else html_of_plain(text)
    elif NAMES[str(element.tag)] in ("media:content", "media:group"):
        for child in element:
            yield from _media_texts(child)
