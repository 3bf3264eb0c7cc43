"""WARC archives to documents: what a crawler was answered, as if it were fetched now."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO
from urllib.parse import urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from copydesk.schemas.source import RawDocument
from copydesk.transforms.errors import Reject
from copydesk.transforms.sniff import CONTAINERS, SNIFF_BYTES, sniff

DEFAULT_MAX_BYTES = 10 << 20
"""Payload of one record, unpacked."""

_READ_TYPES = frozenset(
    "text/html application/xhtml+xml text/plain application/rss+xml application/atom+xml application/rdf+xml "
    "application/feed+json application/json application/xml text/xml".split()
)
_XML_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
"""Types that may be a feed or anything else: what is no feed is not ours, and is passed over like an image."""

_MAX_HEADER_BYTES = 64 * 1024
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAMAGE = (OSError, EOFError, ValueError, RuntimeError, zlib.error)


@dataclass(frozen=True, slots=True)
class RefusedRecord:
    """A record that cannot be read, or the place from which nothing more can be read.

    Attributes:
        source_uri: Of the record.
        reject: Why.
        media_type: What the answer's header says it is, if that far was read.
        payload: The bytes that were read, cut off at the limit; None where there are none.
    """

    source_uri: str
    reject: Reject
    media_type: str | None = None
    payload: bytes | None = None


def iter_warc(
    stream: BinaryIO, *, source_uri: str, max_bytes: int = DEFAULT_MAX_BYTES
) -> Iterator[RawDocument | RefusedRecord]:
    """The pages, texts and feeds of a WARC archive.

    Records that hold no answer of a server (requests, metadata, revisits), answers other than success, and answers of
    other types (images, scripts) yield nothing.

    Args:
        stream: The archive, from its start; gzip by member is unpacked too.
        source_uri: Of the archive; a record adds `#byte=N`, its place in the (unpacked) stream.
        max_bytes: Of a payload; larger ones are refused without being read whole.

    Yields:
        A document per answer, its bytes without transfer and content encoding; or why one was refused. An archive
        that ends too early or is damaged ends with a refusal, `truncated` or `bad_warc`.
    """
    position, seen = 0, 0
    try:
        for record in ArchiveIterator(
            stream,
            record_types=int(WarcRecordType.response),
            parse_http=True,
            auto_decode="all",
            max_header_len=_MAX_HEADER_BYTES,
            quirks_mode=True,
        ):
            position, seen = int(record.stream_pos), seen + 1
            found = _read_record(record, f"{source_uri}#byte={position}", max_bytes)
            if found is not None:
                yield found
    except _DAMAGE as error:
        code = "truncated" if isinstance(error, EOFError | zlib.error) else "bad_warc"
        message = f"after {seen} answers, the last at byte {position}, nothing more can be read: {error}"
        yield RefusedRecord(f"{source_uri}#byte={position}", Reject(code, message), "application/warc")


def _read_record(record: WarcRecord, source_uri: str, max_bytes: int) -> RawDocument | RefusedRecord | None:
    if record.http_headers is None or not str(record.http_headers.status_code or "").startswith("2"):
        return None
    said = (record.http_content_type or "").lower()
    if said and said not in _READ_TYPES:
        return None
    url = _address(record.headers.get("WARC-Target-URI"))
    try:
        data = record.reader.read(max_bytes + 1)
    except _DAMAGE as error:
        return RefusedRecord(source_uri, Reject("truncated", f"the payload cannot be read: {error}"), said or None)
    if len(data) > max_bytes:
        reject = Reject("too_large", f"more than {max_bytes:,} bytes")
        return RefusedRecord(source_uri, reject, said or None, bytes(data[:max_bytes]))
    missing = _missing(record)
    if missing:
        reject = Reject("truncated", f"the record ends {missing:,} bytes early")
        return RefusedRecord(source_uri, reject, said or None, data)
    try:
        media_type = sniff(data[:SNIFF_BYTES], urlsplit(url).path if url else "")
    except Reject as reject:
        return None if said in _XML_TYPES else RefusedRecord(source_uri, reject, said or None, data)
    if media_type in CONTAINERS or media_type in ("application/warc", "application/x-ndjson"):
        return None
    if said in _XML_TYPES and media_type not in ("application/rss+xml", "application/feed+json", "text/html"):
        return None
    return RawDocument(source_uri, media_type, data, _charset(record), url, _fetched_at(record))


def _missing(record: WarcRecord) -> int:
    """How many bytes the record lacks at its end."""
    # The length in the header says how many bytes follow it; a whole record leaves none of them.
    reader = record.reader
    left = reader.read(1)
    return len(left)


def _address(target: str | None) -> str | None:
    """The target URI, without the angle brackets that old crawlers put around it; None where it is not http(s)."""
    url = (target or "").strip().strip("<>")
    return url if url.lower().startswith(("http://", "https://")) else None


def _charset(record: WarcRecord) -> str | None:
    return str(record.http_charset) if record.http_charset else None


def _fetched_at(record: WarcRecord) -> int | None:
    try:
        moment = record.record_date
    except ValueError:
        return None
    if moment is None:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
