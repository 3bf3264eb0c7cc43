"""Reads any feed that feedparser can, well-formed or not, and sets right what feedparser 6 gets wrong."""

from __future__ import annotations

import io
from typing import Any

import feedparser  # type: ignore[import-untyped]

from copydesk.schemas.article import Caption
from copydesk.transforms.feed_entry import Entry, Feed
from copydesk.transforms.feed_text import html_of_plain, plain_title

_HTML = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml", None})


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


def read_any_feed(data: bytes) -> tuple[Feed, bool]:
    """Read a feed with feedparser.

    Args:
        data: An XML document in UTF-8.

    Returns:
        The feed, and whether feedparser knows it for one.
    """
    parsed = parse_with_feedparser(data)
    version = parsed.version or ""
    about = parsed.feed
    is_atom = version.startswith("atom")
    feed = Feed(
        [_entry(entry, is_atom=is_atom) for entry in parsed.entries],
        url=_link(about, "self"),
        language=dict.get(about, "language"),
        authors=_authors(about) if is_atom else [],
    )
    return feed, bool(version)


def _entry(entry: Any, *, is_atom: bool) -> Entry:
    # FeedParserDict answers `updated` with `published`, and warns; the plain dictionary does not.
    def get(key: str) -> Any:
        return dict.get(entry, key)

    detail = get("title_detail") or {}
    title = get("title")
    published, updated = get("published") or get("created"), get("updated")
    if not is_atom and not published:
        published = updated  # the dc:date of an RSS item
    contents = get("content") or []
    summary = get("summary")
    # feedparser copies the first content to a summary that is missing.
    copied = any(content.get("value") == summary for content in contents)
    return Entry(
        title=plain_title(title, is_html=not is_atom or detail.get("type") in _HTML) if title else None,
        guid=get("id") or None,
        link=get("feedburner_origlink") or _link(entry, "alternate") or get("link"),
        bodies=[html for content in contents if (html := _html(content, content.get("value")))],
        summaries=[] if copied else [html for html in [_html(get("summary_detail") or {}, summary)] if html],
        captions=[Caption(None, credit) for c in get("media_credit") or () if (credit := c.get("content"))],
        authors=_authors(entry),
        topics=[topic for tag in get("tags") or () if (topic := tag.get("label") or tag.get("term"))],
        published_raw=published or None,
        updated_raw=updated or None,
        language=detail.get("language"),
    )


def _html(detail: Any, value: str | None) -> str | None:
    if not value:
        return None
    return html_of_plain(value) if detail.get("type") == "text/plain" else value


def _link(of: Any, relation: str) -> str | None:
    """The first link of this relation; feedparser's own `link` may be any nested one."""
    links = [link for link in dict.get(of, "links") or () if link.get("rel") == relation and link.get("href")]
    best = next((link for link in links if link.get("type") in _HTML), links[0] if links else None)
    return best["href"] if best else None


def _authors(of: Any) -> list[str]:
    people = [name for person in dict.get(of, "authors") or () if (name := person.get("name") or person.get("email"))]
    return people or [author for author in [dict.get(of, "author")] if author]
