"""Reads a well-formed feed of a known format with lxml: RSS 0.9x, 1.0, 1.1 and 2.0, Atom 0.3 and 1.0, CDF."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

from lxml import etree

from copydesk.transforms.dates import parse_date
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.media import captions, media_texts, media_title, media_topics
from copydesk.transforms.feed.names import CHANNEL, ENTRIES, LISTS, NAMES, ROOTS
from copydesk.transforms.feed.values import (
    LANG,
    Child,
    Found,
    best,
    children,
    first_text,
    htmls_of,
    persons,
    text_of,
    title_of,
    topics,
)

if TYPE_CHECKING:
    from lxml.etree import _Element

_RDF_ABOUT: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
_LINK_TYPES: Final = frozenset({"", "text/html", "application/xhtml+xml", "html", "xhtml"})
_RELATIONS: Final = "http://www.iana.org/assignments/relation/"
"""What a registered relation is short for (RFC 4287, section 4.2.7.2)."""
_WEB: Final = ("http://", "https://")
_ATOM: Final = frozenset({"http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"})
_NONE: Final[list[Child]] = []


def parse(data: bytes) -> _Element | None:
    """The root of a well-formed document without a document type, None where it is something else.

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
        collect_ids=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return None if root.getroottree().docinfo.internalDTD is not None else root


def read_clean_feed(data: bytes, *, max_entries: int) -> Feed | None:
    """Read a feed that is well-formed and of a known format.

    Args:
        data: An XML document in UTF-8, whatever encoding it declares.
        max_entries: So many entries are read; the rest is counted.

    Returns:
        The feed; None where it is something else, or has entries where this reader does not see them.
    """
    root = parse(data)
    if root is None or NAMES[str(root.tag)] not in ROOTS:
        return None
    channels = [root] if NAMES[str(root.tag)] in CHANNEL else []
    channels += [child for child in root.iterchildren() if NAMES[str(child.tag)] in CHANNEL]
    parted = _Parted(max_entries)
    for number, parent in enumerate(dict.fromkeys([*channels, root])):
        parted.take(parent, is_first=number == 0)
    if NAMES[str(root.tag)] in ENTRIES:
        parted = _Parted(max_entries, [root])
    if not parted.entries and (b"<item" in data or b"<entry" in data or b":item" in data or b":entry" in data):
        return None
    feed, is_of_one_language = _about(parted.about, channels[0] if channels else root, root)
    feed.entries = [_entry(entry, is_of_one_language=is_of_one_language) for entry in parted.entries]
    feed.surplus = parted.surplus
    return feed


@dataclass(slots=True)
class _Parted:
    """The entries of a document, in order, and what the first of its parts that were taken says beside them."""

    max_entries: int
    entries: list[_Element] = field(default_factory=list)
    surplus: int = 0
    about: list[_Element] = field(default_factory=list)

    def take(self, parent: _Element, *, is_first: bool = False) -> None:
        """Takes the entries of a channel, of a list in it, or of the root."""
        for child in parent:
            name = NAMES[child.tag]
            if name in ENTRIES:
                if len(self.entries) < self.max_entries:
                    self.entries.append(child)
                else:
                    self.surplus += 1
            elif name in LISTS:
                self.take(child)
            elif is_first:
                self.about.append(child)


def _about(elements: list[_Element], channel: _Element, root: _Element) -> tuple[Feed, bool]:
    """The feed without its entries, and whether it says in which language it is."""
    found = children(elements)
    is_atom = etree.QName(root).namespace in _ATOM
    language = (first_text(found["language"]) if "language" in found else None) or channel.get(LANG) or root.get(LANG)
    links = found.get("link", _NONE)
    feed = Feed(
        url=_link(links, "self"),
        site=_link(links, "alternate"),
        language=language,
        authors=persons(found.get("author", ())) if is_atom else [],
    )
    return feed, bool(language)


def _entry(element: _Element, *, is_of_one_language: bool) -> Entry:
    found = children(element)
    get = found.get
    guid, guid_as_link = _guid(element, get("guid"))
    title = best(get("title", _NONE))
    link = first_text(found["original_link"]) if "original_link" in found else None
    bodies = get("body", _NONE)
    published = _date(found["published"]) if "published" in found else None
    entry = Entry(
        title=title_of(title[2], is_atom=title[1]) if title is not None else None,
        guid=guid or (first_text(found["identifier"]) if "identifier" in found else None),
        link=link or _link(get("link", _NONE), "alternate") or guid_as_link or _link_otherwise(element, bodies),
        bodies=htmls_of(bodies) if bodies else [],
        summaries=htmls_of(found["summary"]) if "summary" in found else [],
        authors=persons(found["author"]) if "author" in found else [],
        topics=topics(found, element),
        published_raw=published,
        updated_raw=_date(found["updated"]) if "updated" in found else None,
        language=_language(element, found, is_of_one_language=is_of_one_language),
    )
    if published is None and entry.updated_raw is None:
        entry.updated_raw = _attribute(element, "lastmod")
    if not entry.authors and "source" in found:
        entry.authors = persons(children(found["source"][0][2]).get("author", ()))
    if "subtitle" in found and not entry.bodies and not entry.summaries:
        entry.summaries = htmls_of(found["subtitle"])
    if "media" in found and (said := [child for _, _, child in found["media"] if len(child) or child.text]):
        entry.captions = captions(said)
        entry.media_texts = [html for child in said for html in media_texts(child)]
        entry.topics += [topic for child in said for topic in media_topics(child)]
        entry.title = entry.title or next(filter(None, map(media_title, said)), None)
    return entry


def _link(links: list[Child], relation: str) -> str | None:
    """The first address of this relation that leads to a page; of any type where there is none."""
    other = None
    for _, _, link in links:
        plain = not link.keys()
        href = link.text if plain else link.get("href") or link.get("url") or link.text
        if not href or not (href := href.strip()):
            continue
        rel = "alternate" if plain else (link.get("rel") or "alternate").strip().lower().removeprefix(_RELATIONS)
        if rel != relation:
            continue
        if not href.startswith(_WEB):
            href = _based(link, href)
        kind = "" if plain else (link.get("type") or "").lower()
        if kind in _LINK_TYPES and (href.startswith(_WEB) or ":" not in href.split("/")[0]):
            return href
        other = other or href
    return other


def _link_otherwise(element: _Element, bodies: list[Child]) -> str | None:
    """Where an entry without a link says that it stands: CDF's attribute, or the content that is elsewhere (Atom)."""
    if href := _attribute(element, "href"):
        bases = (_attribute(parent, "base") for parent in element.iterancestors())
        return _joined(next(filter(None, bases), None) or element.base, href)
    return next((_based(body, src) for _, _, body in bodies if (src := body.get("src"))), None)


def _attribute(element: _Element, name: str) -> str | None:
    """An attribute whatever its case; only CDF has any on an item."""
    return next((element.get(key) for key in map(str, element.keys()) if key.lower() == name), None)


def _guid(element: _Element, given: list[Child] | None) -> tuple[str | None, str | None]:
    """The identifier, and the same where it is also the address of the article."""
    for _, _, child in sorted(given, key=lambda one: one[0]) if given and len(given) > 1 else given or ():
        if text := text_of(child):
            is_link = text.startswith(_WEB) and (child.get("isPermaLink") or "true").strip().lower() != "false"
            return text, text if is_link else None
    about = element.get(_RDF_ABOUT)
    return about, about


def _based(element: _Element, href: str) -> str:
    """An address resolved against `xml:base`."""
    return _joined(element.base, href)


def _joined(base: str | None, href: str) -> str:
    try:
        return urljoin(base or "", href)
    except ValueError:
        return href


def _date(given: list[Child]) -> str | None:
    """The date whose name ranks first of those that can be read; of several under one name the last."""
    if len(given) < 2:
        return text_of(given[0][2]) if given else None
    ranked = sorted(enumerate(given), key=lambda numbered: (numbered[1][0], -numbered[0]))
    texts = [text for _, (_, _, child) in ranked if (text := text_of(child))]
    return next((text for text in texts if parse_date(text) is not None), texts[0] if texts else None)


def _language(element: _Element, found: Found, *, is_of_one_language: bool) -> str | None:
    """Of the entry: of its text, of all of it, as an element says; "" where it says that it is not known.

    What is said of another part of it, or of the title, counts where the feed says nothing.
    """
    get = found.get
    text = get("body") or get("summary") or get("title") or _NONE
    if text:
        first = text[0][2]
        language = first.get(LANG)
        if language is None and len(first):
            language = first[0].get(LANG)
        if language is not None:
            return language
    if (language := element.get(LANG)) is not None:
        return language
    if "language" in found and (language := first_text(found["language"])):
        return language
    if is_of_one_language:
        return None
    others = [*get("summary", _NONE), *get("title", _NONE)]
    return next((language for _, _, other in others if (language := other.get(LANG))), None)
