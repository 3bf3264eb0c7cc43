"""Reads any feed that feedparser can, well-formed or not, and sets right what feedparser 6 gets wrong."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import count
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]

from copydesk.schemas.article import Caption
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.mend import CDATA, outside_cdata
from copydesk.transforms.feed.names import ENTRIES
from copydesk.transforms.feed.texts import html_of_plain, is_markup, plain_title

MAX_DEPTH: Final = 1_000
"""Elements open at one time inside one entry; honest entries whose markup was not escaped have some dozens."""
MAX_TAG: Final = 20_000
"""Code points of one tag; feedparser's time grows with the square of it."""

_LONG_TAG: Final = re.compile(rf"<[A-Za-z_/][^<>]{{{MAX_TAG}}}")
_TOKEN: Final = re.compile(r"<!\[CDATA\[|<!--|<(/?)([A-Za-z_][^\s/<>]{0,60})[^<>]*>")
_END_OF_ENTRY: Final = re.compile(r"</(?:[A-Za-z_][\w.-]*:)?(?:item|entry)\s*>", re.IGNORECASE)
_HTML: Final = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml", None})
_MEDIA_PREFIX: Final = re.compile(
    r"\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*[\"']https?://search\.yahoo\.com/mrss/?[\"']", re.IGNORECASE
)
_MEDIA_TEXT: Final = "copydeskmediatext"
"""Elements that feedparser does not know; it keeps the text of each under its name."""


def parse_with_feedparser(data: bytes) -> Any:
    """What feedparser makes of the bytes; nothing is fetched or opened, and no URI is resolved or markup cleaned.

    Args:
        data: An XML document in UTF-8.
    """
    return feedparser.parse(
        io.BytesIO(data),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )


def read_any_feed(text: str, *, max_entries: int) -> tuple[Feed, bool]:
    """Read a feed with feedparser.

    Args:
        text: The document, without an XML declaration.
        max_entries: So many entries are read; the rest is counted.

    Returns:
        The feed, and whether feedparser knows it for one.

    Raises:
        Reject: `too_deep`, since feedparser takes long over deep nesting; `bad_feed` where it fails.
    """
    starts = _starts_of_entries(text)
    text = _with_media_texts_apart(_without_surplus(text, starts, max_entries))
    try:
        parsed = parse_with_feedparser(text.encode("utf-8", "replace"))
    except Exception as error:  # such as ValueError, for a namespace with a space in its name
        raise Reject("bad_feed", f"feedparser cannot read it: {error!r}"[:300]) from None
    version = parsed.version or ""
    about = parsed.feed
    is_atom = version.startswith("atom")
    feed = Feed(
        [_entry(entry, is_atom=is_atom) for entry in parsed.entries[:max_entries]],
        url=_link(about, "self"),
        language=dict.get(about, "language"),
        authors=_authors(about) if is_atom else [],
        surplus=max(0, len(parsed.entries) - max_entries, len(starts) - max_entries),
    )
    return feed, bool(version)


def _with_media_texts_apart(text: str) -> str:
    """The document with each `media:description` and `media:text` as an element of its own name.

    feedparser would take them for bodies of the entry, and keeps but one element of a name it does not know.
    """
    declared = {prefix.lower() for prefix in _MEDIA_PREFIX.findall(text)} | {"media"}
    if not any(f"<{prefix}:" in text.lower() for prefix in sorted(declared)):
        return text
    prefixes = "|".join(map(re.escape, sorted(declared)))
    tag = re.compile(rf"<(/?)(?:{prefixes}):(?:description|text)(?:\s[^<>]*)?(/?)>", re.IGNORECASE)
    numbers = count()
    number = 0

    def renamed(match: re.Match[str]) -> str:
        nonlocal number
        if match[1]:
            return f"</{_MEDIA_TEXT}{number}>"
        if match[0].endswith("/>"):
            return ""
        number = next(numbers)
        return f"<{_MEDIA_TEXT}{number}>"

    return outside_cdata(text, lambda part: tag.sub(renamed, part))


def _entry(entry: Any, *, is_atom: bool) -> Entry:
    # FeedParserDict answers `updated` with `published`, and warns; the plain dictionary does not.
    def get(key: str) -> Any:
        return dict.get(entry, key)

    detail = get("title_detail") or {}
    title = get("title")
    published, updated = get("published") or get("created"), get("updated")
    if not is_atom and not published:
        published = updated  # the dc:date of an RSS item
    bodies = list(_bodies(entry))
    media_texts = [value for key, value in entry.items() if key.startswith(_MEDIA_TEXT) and value]
    return Entry(
        title=plain_title(title, is_html=detail.get("type") in _HTML or not is_atom) if title else None,
        guid=get("id") or None,
        link=get("feedburner_origlink") or _link(entry, "alternate") or get("link"),
        bodies=bodies,
        summaries=list(_summaries(entry, bodies)),
        media_texts=[text if is_markup(text) else html_of_plain(text) for text in media_texts],
        captions=list(_captions(media_texts, get("media_credit") or ())),
        authors=_authors(entry),
        topics=[topic for tag in get("tags") or () if (topic := tag.get("label") or tag.get("term"))],
        published_raw=published or None,
        updated_raw=updated or None,
        language=next((d["language"] for d in (*(get("content") or ()), detail) if d.get("language")), None),
    )


def _bodies(entry: Any) -> Iterator[str]:
    for content in dict.get(entry, "content") or ():
        if html := _html(content, content.get("value")):
            yield html


def _summaries(entry: Any, bodies: list[str]) -> Iterator[str]:
    """The summary, but not where feedparser has copied the first body to it."""
    html = _html(dict.get(entry, "summary_detail") or {}, dict.get(entry, "summary"))
    if html and html not in bodies and dict.get(entry, "summary") not in bodies:
        yield html


def _captions(texts: list[str], credits: Any) -> Iterator[Caption]:
    """Captions with their credits where there are as many of the ones as of the others; else each for itself."""
    said = [text for given in texts if (text := plain_title(given))]
    names = [name for credit in credits if (name := plain_title(credit.get("content") or ""))]
    if len(said) == len(names):
        yield from map(Caption, said, names)
    else:
        yield from [Caption(text, None) for text in said]
        yield from [Caption(None, name) for name in names]


def _html(detail: Any, value: str | None) -> str | None:
    if not value:
        return None
    return html_of_plain(value) if detail.get("type") == "text/plain" and not is_markup(value) else value


def _link(of: Any, relation: str) -> str | None:
    """The first link of this relation; feedparser's own `link` may be any nested one."""
    links = [link for link in dict.get(of, "links") or () if link.get("rel") == relation and link.get("href")]
    best = next((link for link in links if link.get("type") in _HTML), links[0] if links else None)
    return best["href"] if best else None


def _authors(of: Any) -> list[str]:
    people = [name for person in dict.get(of, "authors") or () if (name := person.get("name") or person.get("email"))]
    return people or [author for author in [dict.get(of, "author")] if author]


def _starts_of_entries(text: str) -> list[int]:
    """Where entries start in a document.

    Raises:
        Reject: `too_deep` where one of them, or what is before them, nests elements deeper than `MAX_DEPTH` or has a
            tag longer than `MAX_TAG`.
    """
    if _LONG_TAG.search(text):
        raise Reject("too_deep", f"a tag has more than {MAX_TAG:,} characters")
    starts: list[int] = []
    position = depth = 0
    while match := _TOKEN.search(text, position):
        position = match.end()
        if match[0] == CDATA or match[0] == "<!--":
            end = text.find("]]>" if match[0] == CDATA else "-->", position)
            if end < 0:
                break
            position = end
        elif match[1]:
            depth = max(0, depth - 1)
        elif match[2].rpartition(":")[2].lower() in ENTRIES:
            starts.append(match.start())
            depth = 1
        elif not match[0].endswith("/>"):
            depth += 1
            if depth > MAX_DEPTH:
                raise Reject("too_deep", f"more than {MAX_DEPTH:,} elements are open at one time")
    return starts


def _without_surplus(text: str, starts: list[int], max_entries: int) -> str:
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
