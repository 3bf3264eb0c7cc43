"""A feed to drafts: RSS, RDF, Atom and JSON Feed, one draft for each entry."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from copydesk.transforms.boilerplate.credits import authors_in
from copydesk.transforms.charset import declared_in_xml
from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Block, Draft, Metadata
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.fallback import read_any_feed
from copydesk.transforms.feed.json_feed import read_json_feed
from copydesk.transforms.feed.mend import Document, document_in
from copydesk.transforms.feed.settle import settled
from copydesk.transforms.feed.texts import language_tag, plain_title, repair_html, web_address
from copydesk.transforms.feed.xml_feed import read_clean_feed
from copydesk.transforms.identity import canonical_url
from copydesk.transforms.page.fragment import read_fragment
from copydesk.transforms.record.values import names

_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
_TTL: Final = re.compile(rb"<ttl>\s*(\d{1,6})\s*</ttl>")
_UTF8: Final = frozenset({None, "utf-8", "UTF-8", "utf8"})
_HEAD: Final = 4096
_MAX_AUTHORS: Final = 100
_BY: Final = re.compile(r"by:?\s+(?=\S)", re.IGNORECASE)


def read_feed(
    data: bytes,
    *,
    source_uri: str,
    content_type: str | None = None,
    url: str | None = None,
    max_entries: int = 5000,
    max_entry_bytes: int = 2 << 20,
    leave_out: frozenset[str] = frozenset(),
) -> list[Draft | Reject]:
    """Read a feed.

    Args:
        data: Its bytes.
        source_uri: Where they came from; entry N, counted from 0, gets `#entry=N`.
        content_type: The media type they came with; of it the charset is used, for the format shows in the bytes.
        url: The address they were fetched from: relative links are resolved against it, and it scopes the guids.
        max_entries: So many entries are read.
        max_entry_bytes: How large the texts of one entry may be together, in UTF-8.
        leave_out: Versions of entries (`Entry.version`) that are read from elsewhere.

    Returns:
        One draft or one Reject for each entry, in the order of the feed: `too_large` for an entry that is too large or
        comes after the last that is read. Empty where the feed is well and has no entries.

    Raises:
        Reject: `empty`, or `bad_feed` where it is no feed (an error page), `binary`, `undecodable`, `too_deep`.
    """
    feed = read_entries(data, content_type=content_type, max_entries=max_entries)
    return _Drafts(feed, source_uri, _media_type(data), url, max_entry_bytes, leave_out).all()


def read_entries(data: bytes, *, content_type: str | None = None, max_entries: int = 5000) -> Feed:
    """Read the entries of a feed as its format gives them; arguments and errors are those of `read_feed`."""
    if not data.strip():
        raise Reject("empty", f"{len(data)} bytes of white space" if data else "0 bytes")
    match = _CHARSET.search(content_type or "")
    charset = match[1] if match else None
    if _media_type(data) == "application/feed+json":
        return read_json_feed(data, charset=charset, max_entries=max_entries)
    return _read_xml(data, charset, max_entries)


def _media_type(data: bytes) -> str:
    is_json = data.lstrip(b"\xef\xbb\xbf\xff\xfe\0 \t\r\n")[:1] in (b"{", b"[")
    return "application/feed+json" if is_json else "application/rss+xml"


def glance(data: bytes, *, content_type: str | None = None, max_entries: int = 5000) -> Feed | None:
    """The entries of a feed that can be read fast; None for one that needs feedparser, or is none.

    Arguments are those of `read_feed`.
    """
    match = _CHARSET.search(content_type or "")
    charset = match[1] if match else None
    try:
        if _media_type(data) == "application/feed+json":
            return read_json_feed(data, charset=charset, max_entries=max_entries)
        return _read_fast(data, charset, max_entries)[0]
    except Reject:
        return None


def ttl_of(data: bytes) -> int:
    """For how many seconds a feed says that it need not be asked again (RSS's `ttl`, in minutes); 0 without a word."""
    match = _TTL.search(data, 0, 1 << 16)
    return int(match[1]) * 60 if match else 0


def _read_xml(data: bytes, charset: str | None, max_entries: int) -> Feed:
    """Read the feed by the fastest reader that can: as it stands, mended, settled, or with feedparser."""
    feed, document = _read_fast(data, charset, max_entries)
    if document is None:
        assert feed is not None
        return feed
    if feed is None:
        feed, is_known = read_any_feed(document.mended(), max_entries=max_entries)
        if not is_known and not feed.entries:
            raise Reject("bad_feed", "neither RSS nor Atom")
    if document.broken_off:
        feed.entries.append(Reject("truncated", "the feed breaks off inside this entry"))
    return feed


def _read_fast(data: bytes, charset: str | None, max_entries: int) -> tuple[Feed | None, Document | None]:
    """The feed as lxml reads it, if it can, and the document where it had to be mended."""
    declared = declared_in_xml(data)
    is_plain = b"<!DOCTYPE" not in data[:_HEAD] and (declared is None or declared.name == "utf-8")
    if is_plain and charset in _UTF8 and (feed := read_clean_feed(data, max_entries=max_entries)):
        return feed, None
    text, _ = decode(data, declared=_believable(data, charset or (declared.name if declared else None)))
    document = document_in(text)
    for mended in (document.mended, partial(settled, document)):
        if feed := read_clean_feed(mended().encode("utf-8", "replace"), max_entries=max_entries):
            return feed, document
    return None, document


def _believable(data: bytes, label: str | None) -> str | None:
    """The encoding that is declared, but no wide one where no byte is NUL: in UTF-16 every tag has some."""
    is_wide = label is not None and label.lower().replace("_", "-").startswith(
        ("utf-16", "utf16", "utf-32", "ucs", "iso-10646")
    )
    return None if is_wide and b"\0" not in data[:_HEAD] else label


class _Drafts:
    """Makes the drafts of one feed."""

    def __init__(
        self,
        feed: Feed,
        source_uri: str,
        media_type: str,
        url: str | None,
        max_entry_bytes: int,
        leave_out: frozenset[str],
    ) -> None:
        self.feed, self.source_uri, self.media_type = feed, source_uri, media_type
        self.url = url or web_address(feed.url, None)
        self.base = self.url or web_address(feed.site, None)
        self.max_entry_bytes, self.leave_out = max_entry_bytes, leave_out
        self.ambiguous = ambiguous_guids(feed)

    def all(self) -> list[Draft | Reject]:
        """One outcome for each entry."""
        read: list[Draft | Reject] = [
            self._outcome(number, entry)
            for number, entry in enumerate(self.feed.entries)
            if not self.leave_out or not isinstance(entry, Entry) or entry.version not in self.leave_out
        ]
        last = len(self.feed.entries)
        if self.feed.surplus:
            # One refusal for all of them: each keeps the whole feed, and a hostile one has hundreds of thousands.
            read.append(Reject("too_large", f"the feed has {last + self.feed.surplus:,} entries; {last:,} are read"))
        return read

    def _outcome(self, number: int, entry: Entry | Reject) -> Draft | Reject:
        if isinstance(entry, Reject):
            return entry
        size = entry.size
        if size > self.max_entry_bytes:
            return Reject("too_large", f"the entry has {size:,} bytes; {self.max_entry_bytes:,} are allowed")
        try:
            return self._draft(number, entry)
        except Reject as reject:
            return reject

    def _draft(self, number: int, entry: Entry) -> Draft:
        raw, blocks, standfirst = _story(entry)
        if not raw and not entry.title:
            raise Reject("empty", "the entry has neither a title nor text")
        metadata = Metadata(
            headline=entry.title,
            standfirst=standfirst,
            authors=author_names(entry.authors or self.feed.authors),
            topics=_unique(entry.topics),
            captions=tuple(dict.fromkeys(entry.captions)),
            url=web_address(entry.link, self.base),
            guid=None if entry.guid in self.ambiguous else entry.guid,
            feed_url=self.url,
            published_raw=entry.published_raw,
            published_at=parse_date(entry.published_raw) if entry.published_raw else None,
            updated_at=parse_date(entry.updated_raw) if entry.updated_raw else None,
            # An entry in a language that it says is not known ("") is not in the feed's.
            language=None if entry.language == "" else language_tag(entry.language) or language_tag(self.feed.language),
        )
        return Draft(f"{self.source_uri}#entry={number}", self.media_type, raw, blocks, metadata)


def ambiguous_guids(feed: Feed) -> frozenset[str | None]:
    """The guids that name several articles: their entries lead to several pages, or without a link have other titles.

    An entry that a feed only lists twice is the same article, before and after an edit too.
    """
    named: dict[str | None, set[str | None]] = {}
    for entry in feed.entries:
        if isinstance(entry, Entry) and entry.guid is not None:
            named.setdefault(entry.guid, set()).add(canonical_url(entry.link) or entry.link or entry.title)
    return frozenset(guid for guid, articles in named.items() if len(articles) > 1)


def _story(entry: Entry) -> tuple[str, tuple[Block, ...], str | None]:
    """The text view of the story with its blocks, and the summary as text where it is not the story itself.

    The story is the longest text meant for it; where that shows no words (a picture), the summary; then what is said
    of a picture or a film.
    """
    for texts in (entry.bodies, entry.summaries, entry.media_texts):
        html = repair_html(max(texts, key=len, default=""))
        raw, blocks = read_fragment(html) if html else ("", ())
        if raw:
            return raw, blocks, _standfirst(entry) if texts is entry.bodies else None
    return "", (), None


def _standfirst(entry: Entry) -> str | None:
    """The first summary that shows words."""
    texts = (" ".join(read_fragment(repair_html(summary))[0].split()) for summary in entry.summaries)
    return next(filter(None, texts), None)


def author_names(given: list[str]) -> tuple[str, ...]:
    """The names of persons, each once.

    One element is taken for several names only where each part of it can be nothing but a name.

    Args:
        given: The texts of elements: a name, a byline, or a name and an address of mail in the forms that RSS has.

    Returns:
        The names, without addresses; an address only where nothing else is given.
    """
    plain = _unique(given)
    found: list[str] = []
    for one in plain:
        parts = names(one)
        is_certain = "@" in one if len(parts) < 2 else parts == authors_in(one)
        found += parts if is_certain or not parts else [_BY.sub("", one, count=1) if _BY.match(one) else one]
    return tuple(dict.fromkeys(found))[:_MAX_AUTHORS] or plain


def _unique(values: list[str]) -> tuple[str, ...]:
    plain = [text for value in values if (text := plain_title(value))]
    return tuple(dict.fromkeys(plain))[:_MAX_AUTHORS]
