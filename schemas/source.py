"""What the sources hand over: the bytes of one document and where they came from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RawDocument:
    """The undecoded bytes of one document: an article, a page, a JSON record, a whole feed.

    Attributes:
        source_uri: Where the bytes came from: the file's URI, then `!/member` for a member of an archive, then
            `#byte=N` for a record that starts at byte N of the (decompressed) stream.
        media_type: What the bytes are, told from the bytes themselves: `text/plain`, `text/html`,
            `application/json` (one record), `application/feed+json`, `application/rss+xml` (RSS, Atom or RDF),
            `text/x-opml`.
        data: The bytes, decompressed.
        charset: The encoding that came with the bytes (an HTTP header), if any.
        url: The address that the bytes were fetched from, if any.
        fetched_at: When they were fetched, microseconds since 1970 UTC, if known.
        house: The publisher's name given for this input, if any.
        guid: How the feed that led to this page calls its article, if one did.
        feed_url: The feed that led to this page.
        published_raw: When that feed says the article was published, as given.
        leave_out: Of a feed: the versions of entries whose pages are read in their stead.
    """

    source_uri: str
    media_type: str
    data: bytes
    charset: str | None = None
    url: str | None = None
    fetched_at: int | None = None
    house: str | None = None
    guid: str | None = None
    feed_url: str | None = None
    published_raw: str | None = None
    leave_out: tuple[str, ...] = ()
