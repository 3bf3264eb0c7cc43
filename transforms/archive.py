"""What was fetched, or found, as a WARC file: the same bytes for the same exchange, and for the same file."""

from __future__ import annotations

import gzip
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final
from urllib.parse import quote, urlsplit
from uuid import NAMESPACE_URL, uuid5

from fastwarc.warc import WarcRecord, WarcRecordType

from copydesk.transforms.identity import digest
from copydesk.transforms.warc import STAMP

FOLDER: Final = "raw/feeds"
FILES: Final = "raw/files"
_UNPACKED: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers that tell of bytes which are not those kept here: these are unpacked, and whole."""
_PREFIX: Final = "X-Crawler-"
"""What goes before their names, as in the archives of Common Crawl."""
_KINDS: Final = {
    "response": WarcRecordType.response,
    "request": WarcRecordType.request,
    "metadata": WarcRecordType.metadata,
    "resource": WarcRecordType.resource,
}
_SUFFIX: Final = ".warc.gz"
_UNFIT: Final = re.compile(r"[^a-z0-9.-]+")
_BREAK: Final = re.compile(r"[\r\n\0]+")

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its answer.

    Attributes:
        url: As the feed is listed: what its entries are known by stays the same when it moves.
        asked: The address that gave the answer.
        tick: When the round of polls began, seconds since 1970 UTC. It stands for the time of the fetch.
        request: Headers that were sent.
        status: HTTP status.
        reason: The words beside it.
        headers: As received.
        body: Unpacked.
        hops: Redirects before the answer: status and the address named.
        media_type: What the body is, told from its bytes.
        fields: Of our own, for the record of the answer: names as in `transforms.warc`, and values.
    """

    url: str
    asked: str
    tick: int
    request: Headers
    status: int
    reason: str
    headers: Headers
    body: bytes
    hops: Sequence[tuple[int, str]]
    media_type: str
    fields: Headers = ()


def tick_name(tick: int) -> str:
    """The name of a round of polls: `2026-01-31T120000Z`."""
    return datetime.fromtimestamp(tick, UTC).strftime("%Y-%m-%dT%H%M%SZ")


def path_of(url: str, tick: int, body: bytes) -> str:
    """Where the answer of a feed is kept, relative to the output: two answers never share a name."""
    return f"{path_at(url, tick).removesuffix(_SUFFIX)}-{sha256(body).hexdigest()[:8]}{_SUFFIX}"


def path_at(url: str, tick: int) -> str:
    """Where the one answer is kept that a feed gives at a tick, so that who comes again finds it."""
    host = _UNFIT.sub("-", (urlsplit(url).hostname or "").lower())[:80].strip("-.")
    return f"{FOLDER}/{tick_name(tick)}/{host}-{digest(url)[:16]}{_SUFFIX}"


def file_path_at(uri: str, tick: int) -> str:
    """Where a file is kept as it was found at a tick."""
    name = _UNFIT.sub("-", urlsplit(uri).path.rsplit("/", 1)[-1].lower())[:80].strip("-.")
    return f"{FILES}/{tick_name(tick)}/{name}-{digest(uri)[:16]}{_SUFFIX}"


def file_to_warc(uri: str, tick: int, stamp: str, data: bytes) -> bytes:
    """A file as one resource record.

    Args:
        uri: Where it was found.
        tick: When, seconds since 1970 UTC.
        stamp: Its size and the time of its last change.
        data: Its bytes.
    """
    record = WarcRecord()
    urn = f"uuid:{uuid5(NAMESPACE_URL, f'{uri} {tick} resource')}".encode()
    record.init_headers(record_type=_KINDS["resource"], record_urn=urn)
    record.headers["WARC-Date"] = _warc_date(tick)
    record.headers["WARC-Target-URI"] = _BREAK.sub("", uri)
    record.headers["Content-Type"] = "application/octet-stream"
    record.headers[STAMP] = stamp
    return _member(record, data)


def to_warc(exchange: Exchange) -> bytes:
    """The exchange as three records, each a gzip member: the answer, the request, and how the answer was come by."""
    response = _record(exchange, "response", "application/http;msgtype=response", _response(exchange))
    request = _record(exchange, "request", "application/http;msgtype=request", _request(exchange))
    metadata = _record(exchange, "metadata", "application/warc-fields", _metadata(exchange))
    return response + request + metadata


def _record(exchange: Exchange, kind: str, content_type: str, block: bytes) -> bytes:
    record = WarcRecord()
    record.init_headers(record_type=_KINDS[kind], record_urn=_urn(exchange, kind))
    record.headers["WARC-Date"] = _warc_date(exchange.tick)
    record.headers["WARC-Target-URI"] = _BREAK.sub("", exchange.url)
    record.headers["Content-Type"] = content_type
    if kind == "response":
        record.headers["WARC-Identified-Payload-Type"] = exchange.media_type
        for name, value in exchange.fields:
            record.headers[name] = quote(value, safe=" /:?=-._~")
    else:
        record.headers["WARC-Concurrent-To"] = f"<urn:{_urn(exchange, 'response').decode()}>"
    return _member(record, block)


def _warc_date(tick: int) -> str:
    return datetime.fromtimestamp(tick, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _member(record: WarcRecord, block: bytes) -> bytes:
    record.set_bytes_content(block)
    written = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=written, mtime=0) as member:
        record.write(member, checksum_data=True)
    return written.getvalue()


def _urn(exchange: Exchange, kind: str) -> bytes:
    return f"uuid:{uuid5(NAMESPACE_URL, f'{exchange.url} {exchange.tick} {kind}')}".encode()


def _response(exchange: Exchange) -> bytes:
    lines = [f"HTTP/1.1 {exchange.status} {exchange.reason}".rstrip()]
    for name, value in exchange.headers:
        lines.append(f"{_PREFIX if name.lower() in _UNPACKED else ''}{name}: {_BREAK.sub(' ', value)}")
    lines.append(f"Content-Length: {len(exchange.body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace") + exchange.body


def _request(exchange: Exchange) -> bytes:
    parts = urlsplit(exchange.asked)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in exchange.request]
    return "\r\n".join([*lines, "", ""]).encode("latin-1", "replace")


def _metadata(exchange: Exchange) -> bytes:
    lines = [f"fetched-from: {exchange.asked}"]
    lines += [f"redirected: {status} {target}" for status, target in exchange.hops]
    return "".join(f"{_BREAK.sub('', line)}\r\n" for line in lines).encode()
