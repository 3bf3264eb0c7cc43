"""What a page's markup says of its story: JSON-LD, OpenGraph, other meta elements, links, `<html lang>`.

For each field the first source that has a value wins, JSON-LD first. Nothing is guessed from the text of the story.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit

from copydesk.transforms.page.jsonld import story_object

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser

_TITLE: Final = ("og:title", "twitter:title", "dc.title", "dcterms.title", "sailthru.title", "parsely-title")
_STANDFIRST: Final = ("og:description", "description", "twitter:description", "dc.description", "sailthru.description")
_AUTHOR: Final = (
    "author", "article:author", "dc.creator", "dcterms.creator", "byl", "parsely-author", "sailthru.author",
    "article:author_name", "twitter:data1_author",
)  # fmt: skip
_TOPICS: Final = ("article:tag", "news_keywords", "keywords", "parsely-tags", "sailthru.tags")
_PUBLISHED: Final = (
    "article:published_time", "og:article:published_time", "datepublished", "article.published", "dc.date.issued",
    "dcterms.created", "dcterms.issued", "dcterms.date", "dc.date", "pubdate", "publishdate", "publish-date",
    "publish_date", "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "date",
)  # fmt: skip
_UPDATED: Final = (
    "article:modified_time", "og:article:modified_time", "og:updated_time", "datemodified", "article.updated",
    "dcterms.modified", "dc.date.modified", "lastmod",
)  # fmt: skip
_HOUSE: Final = ("og:site_name", "application-name", "apple-mobile-web-app-title", "twitter:site", "dc.publisher")
_LANGUAGE: Final = ("content-language", "og:locale", "language", "dc.language", "inlanguage")

_TAG_OF_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_BY: Final = re.compile(r"^(?:by|von|par|por|di|af|av|door|przez)\s+(?=\S)", re.IGNORECASE)
_BETWEEN_NAMES: Final = re.compile(r"\s*[;|]\s*|\s+(?:and|und|et|og|och|&)\s+|,\s+(?:and\s+|und\s+)?")
_MARKUP: Final = re.compile(r"<[^<>]{0,2000}>")
_SITE_IN_TITLE: Final = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_MAX_ITEMS: Final = 100
_MAX_NAME: Final = 120
_MAX_DEPTH: Final = 8


@dataclass(frozen=True, slots=True)
class PageMetadata:
    """What a page says of its story; None, "" or empty where it says nothing.

    Attributes:
        headline: Of the story, without the name of the house.
        titles: Every setting of the headline on record, the one in `<title>` also without the name of the site.
        standfirst: The description.
        authors: Names, without "By".
        topics: Keywords and sections, as given.
        url: The canonical address, absolute.
        published_raw: Time of publication as given.
        updated_raw: Time of the last change as given.
        language: BCP 47.
        body: Text of the story in JSON-LD, as given: paragraphs in lines of their own, or markup, or neither.
    """

    headline: str | None
    titles: tuple[str, ...]
    standfirst: str | None
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    url: str | None
    published_raw: str | None
    updated_raw: str | None
    language: str | None
    body: str


def read_metadata(tree: LexborHTMLParser, url: str | None) -> PageMetadata:
    """Read what a page says of its story.

    Args:
        tree: The parsed page.
        url: The address it was fetched from, if known; relative addresses are resolved against it.

    Returns:
        The metadata; broken JSON-LD is passed over.
    """
    head = _Head(tree)
    story = story_object(head.json_ld)
    address = _address(head, story, url)
    page_title = _text(head.title)
    houses = _houses(story, head, address)
    headline = _text(story.get("headline")) or head.first(_TITLE) or _text(story.get("name")) or page_title
    headline = _without_house(headline, houses) if headline else None
    titles = [headline, *head.every(_TITLE), page_title, *_SITE_IN_TITLE.split(page_title or "")[:1]]
    return PageMetadata(
        headline=headline,
        titles=_unique(title for title in titles if title),
        standfirst=_text(story.get("description")) or head.first(_STANDFIRST),
        authors=_authors(story.get("author")) or _names(head.every(_AUTHOR)),
        topics=_topics(story, head),
        url=address,
        published_raw=_text(story.get("datePublished")) or head.first(_PUBLISHED) or _text(story.get("dateCreated")),
        updated_raw=_text(story.get("dateModified")) or head.first(_UPDATED),
        language=_language(head, story),
        body=_body(story.get("articleBody")),
    )


class _Head:
    """The elements that speak of the page, wherever they stand."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.metas: dict[str, list[str]] = {}
        self.json_ld: list[str] = []
        self.title: str | None = None
        self.canonical: str | None = None
        self.html_language: str | None = None
        for node in tree.css("html, title, meta[content], link[rel=canonical], script[type*=json]"):
            tag = node.tag
            given = node.attributes
            if tag == "meta":
                for key in ("property", "name", "itemprop", "http-equiv"):
                    name = given.get(key)
                    if name:
                        self.metas.setdefault(name.lower(), []).append(given["content"] or "")
            elif tag == "script":
                if "ld+json" in (given.get("type") or "").lower():
                    self.json_ld.append(node.text())
            elif tag == "link":
                self.canonical = self.canonical or given.get("href")
            elif tag == "title":
                self.title = self.title or node.text()
            elif tag == "html":
                self.html_language = given.get("lang") or given.get("xml:lang")

    def every(self, names: Iterable[str]) -> Iterator[str]:
        """All values of the named meta elements that are not empty, names first."""
        for name in names:
            for value in self.metas.get(name, ()):
                text = _text(value)
                if text:
                    yield text

    def first(self, names: Iterable[str]) -> str | None:
        """The first of them."""
        return next(self.every(names), None)


def _text(value: object) -> str | None:
    """A string as a reader sees it: entities read, markup out, white space collapsed; None where nothing is left."""
    if isinstance(value, list):
        value = next((item for item in value if isinstance(item, str) and item.strip()), None)
    if not isinstance(value, str):
        return None
    if "&" in value:
        value = unescape(value)
    if "<" in value:
        value = _MARKUP.sub(" ", value)
    return " ".join(value.split()) or None


def _body(value: object) -> str:
    parts = [part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str)]
    return "\n".join(parts).strip()


def _authors(value: object) -> tuple[str, ...]:
    return _names(_author_strings(value, 0))


def _author_strings(value: object, depth: int) -> Iterator[str]:
    """The names in an `author`: a string, an object with a name, or a list of these, also nested."""
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _author_strings(value.get("name"), depth + 1)
    elif isinstance(value, list):
        for item in value[:_MAX_ITEMS]:
            yield from _author_strings(item, depth + 1)


def _names(strings: Iterable[str]) -> tuple[str, ...]:
    names = []
    for string in strings:
        text = _text(string)
        if text and not text.startswith(("http://", "https://", "@", "/")):
            names += [_BY.sub("", name).strip() for name in _BETWEEN_NAMES.split(_BY.sub("", text))]
    return _unique(name for name in names if 1 < len(name) <= _MAX_NAME)


def _topics(story: Mapping[str, Any], head: _Head) -> tuple[str, ...]:
    given: list[str] = []
    keywords = story.get("keywords")
    if isinstance(keywords, str):
        given += keywords.split(",")
    elif isinstance(keywords, list):
        given += [item for item in keywords if isinstance(item, str)]
    if not given:
        for value in head.every(_TOPICS):
            given += value.split(",")
    section = story.get("articleSection")
    given += [item for item in (section if isinstance(section, list) else [section]) if isinstance(item, str)]
    return _unique(topic for value in given[: 2 * _MAX_ITEMS] if (topic := _text(value)) and len(topic) <= _MAX_NAME)


def _address(head: _Head, story: Mapping[str, Any], fetched_from: str | None) -> str | None:
    """The canonical address; the address it was fetched from where the page names none."""
    for given in (head.canonical, head.first(("og:url",)), story.get("url"), fetched_from):
        if not isinstance(given, str) or not given.strip():
            continue
        try:
            address = urljoin(fetched_from or "", given.strip())
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.netloc:
            return address
    return None


def _houses(story: Mapping[str, Any], head: _Head, address: str | None) -> frozenset[str]:
    """What the house is called, as keys: by the page itself, and by the names in its address."""
    names = [*_author_strings(story.get("publisher"), 0), *head.every(_HOUSE)]
    host = (urlsplit(address).hostname or "") if address else ""
    labels = host.removeprefix("www.").split(".")
    keys = {_house_key(name) for name in (*names, host, host.removeprefix("www."), *labels[:-1])}
    return frozenset(key for key in keys if len(key) > 2)


def _house_key(name: str) -> str:
    return _NOT_WORD.sub("", name).casefold().removeprefix("the")


def _without_house(headline: str, houses: frozenset[str]) -> str:
    """The headline without the house's name at its end or its start, set off by a bar, a dash or a dot."""
    parts = _SITE_IN_TITLE.split(headline)
    signs = _SITE_IN_TITLE.findall(headline)
    first, last = 0, len(parts)
    if last > 1 and _house_key(parts[-1]) in houses:
        last -= 1
    elif last > 1 and _house_key(parts[0]) in houses:
        first = 1
    between = [*signs[first : last - 1], ""]
    rest = "".join([part + sign for part, sign in zip(parts[first:last], between, strict=True)]).strip()
    return rest or headline


def _language(head: _Head, story: Mapping[str, Any]) -> str | None:
    for given in (head.html_language, story.get("inLanguage"), *head.every(_LANGUAGE)):
        match = _TAG_OF_LANGUAGE.fullmatch(given.strip()) if isinstance(given, str) else None
        if match:
            first, *rest = match[0].replace("_", "-").split("-")
            return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
    return None


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:_MAX_ITEMS]
