"""WARC archives to documents: what a crawler was answered, as if it were fetched now."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import BinaryIO, cast
from urllib.parse import unquote, urlsplit

from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from copydesk.schemas.source import RawDocument
from copydesk.transforms.errors import Reject, is_panic
from copydesk.transforms.sniff import SNIFF_BYTES, sniff

GUID, FEED, PUBLISHED, LEAVE_OUT = "Copydesk-Guid", "Copydesk-Feed", "Copydesk-Published", "Copydesk-Leave-Out"
"""Fields that our own archives add, percent-encoded: what RawDocument says under these names."""
STAMP = "Copydesk-Stamp"
"""The field of a resource record that tells it for a file of ours: size and time of the file's last change."""
DEFAULT_MAX_BYTES = 10 << 20
"""Payload of one record, unpacked."""

_READ_TYPES = frozenset(
    "text/html application/xhtml+xml text/plain application/rss+xml application/atom+xml application/rdf+xml "
    "application/feed+json application/json application/xml text/xml".split()
)
_ANY_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
"""Types that may be a feed or anything else: what is no feed is not ours, and is passed over like an image."""
_STORIES = frozenset({"text/html", "text/plain", "application/rss+xml", "application/feed+json"})
_STORIES_OF_ANY_TYPE = _STORIES - {"text/plain"}
_WARC_TYPE = "application/warc"
_GZIP = b"\x1f\x8b"
_CHUNK = 64 * 1024
_SLACK = 128
"""Bytes that may follow the last record, its line breaks among them: fewer than the shortest record has."""

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
        payload: Its bytes; None where they cannot be told from the archive's, or are too many to hold.
    """

    source_uri: str
    reject: Reject
    media_type: str | None = None
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that was archived as it was found.

    Attributes:
        uri: Where it was found.
        stamp: Its size and the time of its last change.
        data: Its bytes.
    """

    uri: str
    stamp: str
    data: bytes


class _Counted:
    """A stream that can only be read, and knows how many bytes have been."""

    def __init__(self, stream: io.BufferedReader | gzip.GzipFile) -> None:
        self._stream, self.count = stream, 0

    def read(self, size: int = -1) -> bytes:
        # One read of what lies below: where the stream breaks off, what came before the break is not lost.
        data = self._stream.read1(size)
        self.count += len(data)
        return data

    def tell(self) -> int:
        return self.count

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go nowhere: the parser asks where the stream stands in this way too."""
        if (offset, whence) in ((0, io.SEEK_CUR), (self.count, io.SEEK_SET)):
            return self.count
        raise io.UnsupportedOperation("seek")

    def close(self) -> None:
        """Leave the stream open: it belongs to the caller."""


def iter_warc(
    stream: BinaryIO, *, source_uri: str, max_bytes: int = DEFAULT_MAX_BYTES
) -> Iterator[RawDocument | KeptFile | RefusedRecord]:
    """The pages, texts and feeds of a WARC archive, and the files that were archived as they were found.

    Records that hold no answer of a server (requests, metadata, revisits), answers other than success, and answers of
    other types (images, scripts) yield nothing.

    Args:
        stream: The archive, from its start; one packed with gzip is unpacked.
        source_uri: Of the archive; a record adds `#byte=N`, its place in the unpacked stream.
        max_bytes: Of a payload; larger ones are refused without being held whole. Not of a kept file.

    Yields:
        A document per answer, its bytes without transfer and content encoding; or why one was refused. An archive
        that ends too early or is damaged ends with a refusal, `truncated` or `bad_warc`.
    """
    counted = _Counted(_unpacked(stream))
    at, end, seen = 0, 0, 0
    skipped = True
    try:
        for record in ArchiveIterator(
            counted,
            parse_http=False,
            max_header_len=_MAX_HEADER_BYTES,
            quirks_mode=True,
            stream_detect=False,
        ):
            at, seen = int(record.stream_pos), seen + 1
            end = at + _header_length(record) + int(record.content_length)
            kept = record.record_type == WarcRecordType.resource and STAMP in record.headers
            skipped = record.record_type != WarcRecordType.response and not kept
            if kept:
                yield _kept_file(record, f"{source_uri}#byte={at}")
            elif not skipped:
                found = _read_record(record, f"{source_uri}#byte={at}", max_bytes)
                if found is not None:
                    yield found
        while counted.read(_CHUNK):
            pass
        if skipped and counted.count < end:
            reject = Reject("truncated", f"the record at byte {at} ends {end - counted.count:,} bytes early")
            yield RefusedRecord(source_uri, reject, _WARC_TYPE)
    except _DAMAGE as error:
        code = "truncated" if isinstance(error, EOFError | zlib.error) else "bad_warc"
        message = f"after {seen} records, the last at byte {at}, nothing more can be read: {error}"
        yield RefusedRecord(f"{source_uri}#byte={at}", Reject(code, message), _WARC_TYPE)
        return
    except BaseException as error:
        if not is_panic(error):
            raise
        message = f"after {seen} records, the last at byte {at}, the parser gave up: {error}"
        yield RefusedRecord(f"{source_uri}#byte={at}", Reject("bad_warc", message), _WARC_TYPE)
        return
    # The parser ends without a word where what follows is no record.
    if counted.count > end + _SLACK:
        message = f"{counted.count - end:,} bytes after the record at byte {at} are no WARC record"
        yield RefusedRecord(f"{source_uri}#byte={end}", Reject("bad_warc", message), _WARC_TYPE)


def _unpacked(stream: BinaryIO) -> io.BufferedReader | gzip.GzipFile:
    buffered = (
        stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(cast("io.RawIOBase", stream), _CHUNK)
    )
    return gzip.GzipFile(fileobj=buffered) if buffered.peek(2)[:2] == _GZIP else buffered


def _header_length(record: WarcRecord) -> int:
    """How long the header is as WARC lays it down: the version, a line for each field, an empty line."""
    fields = sum(len(name.encode()) + len(value.encode()) + 4 for name, value in record.headers)
    return len("WARC/1.0\r\n") + fields + 2


def _read_record(record: WarcRecord, source_uri: str, max_bytes: int) -> RawDocument | RefusedRecord | None:
    length = int(record.content_length)
    if length > max_bytes + _MAX_HEADER_BYTES:
        record.parse_http(auto_decode="none")
        return None if _is_passed_over(record) else _too_large(record, source_uri, max_bytes)
    block = record.reader.read(length)
    if len(block) < length:
        reject = Reject("truncated", f"the record ends {length - len(block):,} bytes early")
        return RefusedRecord(source_uri, reject, None, block)
    record.set_bytes_content(block)
    record.parse_http(auto_decode="all")
    return None if _is_passed_over(record) else _document(record, source_uri, max_bytes, block)


def _kept_file(record: WarcRecord, source_uri: str) -> KeptFile | RefusedRecord:
    length = int(record.content_length)
    data = record.reader.read(length)
    if len(data) < length:
        reject = Reject("truncated", f"the record ends {length - len(data):,} bytes early")
        return RefusedRecord(source_uri, reject, None, data)
    uri = (record.headers.get("WARC-Target-URI") or source_uri).strip("<>")
    return KeptFile(uri, record.headers.get(STAMP) or "", data)


def _is_passed_over(record: WarcRecord) -> bool:
    headers = record.http_headers
    if headers is None or not str(headers.status_code or "").startswith("2"):
        return True
    said = _said(record)
    return bool(said) and said not in _READ_TYPES


def _said(record: WarcRecord) -> str | None:
    """What the crawler found the payload to be; else the media type of the answer's header."""
    identified = (record.headers.get("WARC-Identified-Payload-Type") or "").partition(";")[0]
    return (identified or record.http_content_type or "").strip().lower() or None


def _too_large(record: WarcRecord, source_uri: str, max_bytes: int) -> RefusedRecord:
    reject = Reject("too_large", f"more than {max_bytes:,} bytes")
    return RefusedRecord(source_uri, reject, _said(record), record.reader.read(max_bytes))


def _document(record: WarcRecord, source_uri: str, max_bytes: int, block: bytes) -> RawDocument | RefusedRecord | None:
    said, url = _said(record), _address(record.headers.get("WARC-Target-URI"))
    try:
        data = record.reader.read(max_bytes + 1)
    except _DAMAGE as error:
        return RefusedRecord(source_uri, Reject("truncated", f"the payload cannot be unpacked: {error}"), said, block)
    if len(data) > max_bytes:
        reject = Reject("too_large", f"more than {max_bytes:,} bytes")
        return RefusedRecord(source_uri, reject, said)  # its payload is the archive, so that nothing of it is lost
    try:
        media_type = sniff(data[:SNIFF_BYTES], urlsplit(url).path if url else "")
    except Reject as reject:
        return None if said in _ANY_TYPES else RefusedRecord(source_uri, reject, said, data)
    if media_type not in (_STORIES_OF_ANY_TYPE if said in _ANY_TYPES else _STORIES):
        return None
    own = {name: unquote(record.headers.get(name) or "") for name in (GUID, FEED, PUBLISHED, LEAVE_OUT)}
    return RawDocument(
        source_uri,
        media_type,
        data,
        record.http_charset or None,
        url,
        _fetched_at(record),
        guid=own[GUID] or None,
        feed_url=own[FEED] or None,
        published_raw=own[PUBLISHED] or None,
        leave_out=tuple(own[LEAVE_OUT].split()),
    )


def _address(target: str | None) -> str | None:
    """The target URI, without the angle brackets that old crawlers put around it; None where it is not http(s)."""
    url = (target or "").strip().strip("<>")
    return url if url.lower().startswith(("http://", "https://")) else None


def _fetched_at(record: WarcRecord) -> int | None:
    try:
        moment: datetime | None = record.record_date
    except ValueError:
        return None
    if moment is None:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)
