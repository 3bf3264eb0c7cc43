"""Reads a document: its bytes become one draft, or several, by the reader for its media type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from copydesk.schemas.source import RawDocument
from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Draft, Metadata
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_feed
from copydesk.transforms.opml import feed_urls
from copydesk.transforms.page import read_page
from copydesk.transforms.record import read_record
from copydesk.transforms.text import read_text

Stories = list[Draft | Reject]
FEEDS = frozenset({"application/rss+xml", "application/feed+json"})
"""The media types of feeds, as `sniff` tells them."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a document may be.

    Attributes:
        max_document_bytes: Of any document, unpacked.
        max_entries: Entries of a feed; further ones are refused one by one.
        max_entry_bytes: Of one entry of a feed.
    """

    max_document_bytes: int = 10 << 20
    max_entries: int = 5_000
    max_entry_bytes: int = 2 << 20


def read(document: RawDocument, limits: Limits) -> Stories:
    """Reads the stories of a document.

    Args:
        document: Its bytes, and what is known of them.
        limits: How large it may be.

    Returns:
        The drafts, in order; a Reject stands for a story that alone cannot be read. A feed may have none.

    Raises:
        Reject: the document as a whole cannot be read.
    """
    if len(document.data) > limits.max_document_bytes:
        raise Reject("too_large", f"{len(document.data):,} bytes; at most {limits.max_document_bytes:,} are read")
    reader = _READERS.get(document.media_type)
    if reader is None:
        raise Reject("unsupported", f"no reader for {document.media_type}")
    return [_with_origin(story, document) for story in reader(document, limits)]


def _with_origin(story: Draft | Reject, document: RawDocument) -> Draft | Reject:
    """The story with what is known of its document where the reader knew no better."""
    if isinstance(story, Reject):
        return story
    known = story.metadata
    # The address of a feed is not that of the articles in it.
    url = None if document.media_type in FEEDS else document.url
    found = Metadata(
        url=url,
        house=document.house,
        guid=document.guid,
        feed_url=document.feed_url,
        fetched_at=document.fetched_at,
    )
    missing = {
        name: getattr(found, name)
        for name in ("url", "house", "guid", "feed_url", "fetched_at")
        if getattr(known, name) is None and getattr(found, name) is not None
    }
    if document.published_raw and known.published_raw is None:
        missing["published_raw"] = document.published_raw
        missing["published_at"] = parse_date(document.published_raw)
    return replace(story, metadata=replace(known, **missing)) if missing else story


def _text(document: RawDocument, limits: Limits) -> Stories:
    text, _ = decode(document.data, declared=document.charset)
    return [read_text(text, source_uri=document.source_uri, media_type=document.media_type)]


def _page(document: RawDocument, limits: Limits) -> Stories:
    return [
        read_page(
            document.data,
            charset=document.charset,
            source_uri=document.source_uri,
            media_type=document.media_type,
            url=document.url,
        )
    ]


def _record(document: RawDocument, limits: Limits) -> Stories:
    return read_record(document.data, source_uri=document.source_uri, media_type=document.media_type)


def _feed(document: RawDocument, limits: Limits) -> Stories:
    charset = f"; charset={document.charset}" if document.charset else ""
    return read_feed(
        document.data,
        source_uri=document.source_uri,
        content_type=document.media_type + charset,
        url=document.url,
        max_entries=limits.max_entries,
        max_entry_bytes=limits.max_entry_bytes,
        leave_out=frozenset(document.leave_out),
    )


def _opml(document: RawDocument, limits: Limits) -> Stories:
    found = feed_urls(document.data)
    raise Reject(
        "listed_only", f"an OPML file: it lists {len(found)} feeds and holds no articles; named by itself it is fetched"
    )


_READERS: dict[str, Callable[[RawDocument, Limits], Stories]] = {
    "text/plain": _text,
    "text/html": _page,
    "application/xhtml+xml": _page,
    "application/json": _record,
    "application/rss+xml": _feed,
    "application/feed+json": _feed,
    "text/x-opml": _opml,
}
