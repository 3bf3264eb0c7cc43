"""WARC archives of our own making: read whole, cut off, damaged, and hostile."""

from __future__ import annotations

import gzip
import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.schemas.source import RawDocument
from copydesk.transforms.warc import RefusedRecord, iter_warc

PAGE = b"<!doctype html><html><head><title>Pier</title></head><body><p>The board met on Monday.</p></body></html>"
RSS = b"<rss version='2.0'><channel><title>Ledger</title></channel></rss>"


def record(
    payload: bytes,
    *,
    content_type: str = "text/html; charset=windows-1252",
    kind: str = "response",
    status: str = "200 OK",
    more: str = "",
    url: str = "https://ledger.example/pier",
) -> bytes:
    block = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\n{more}\r\n".encode() + payload
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-03-01T12:30:00Z\r\n"
        "WARC-Record-ID: <urn:uuid:8d3f6e0c-6f0e-4d55-8d8c-0d2f8a3f0d11>\r\n"
        f"Content-Type: application/http; msgtype={kind}\r\nContent-Length: {len(block)}\r\n\r\n"
    ).encode()
    return head + block + b"\r\n\r\n"


def read(archive: bytes, **options: int) -> list[RawDocument | RefusedRecord]:
    return list(iter_warc(io.BytesIO(archive), source_uri="file:///a.warc", **options))


def only(archive: bytes) -> RawDocument:
    (document,) = read(archive)
    assert isinstance(document, RawDocument)
    return document


def codes(archive: bytes, **options: int) -> list[str]:
    return [
        found.reject.code if isinstance(found, RefusedRecord) else found.media_type
        for found in read(archive, **options)
    ]


def test_an_answer_is_a_document() -> None:
    assert only(record(PAGE)) == RawDocument(
        source_uri="file:///a.warc#byte=0",
        media_type="text/html",
        data=PAGE,
        charset="windows-1252",
        url="https://ledger.example/pier",
        fetched_at=1_772_368_200_000_000,
    )


def test_a_record_is_named_by_its_place() -> None:
    first = record(PAGE)
    places = [found.source_uri for found in read(first + record(PAGE))]
    assert places == ["file:///a.warc#byte=0", f"file:///a.warc#byte={len(first)}"]


def test_members_of_gzip_are_read_as_one_stream() -> None:
    packed = b"".join(gzip.compress(record(page)) for page in (PAGE, PAGE + b"<!-- 2 -->"))
    assert read(packed) == read(record(PAGE) + record(PAGE + b"<!-- 2 -->"))


@pytest.mark.parametrize(
    ("payload", "content_type", "kind"),
    [
        (RSS, "application/rss+xml", "application/rss+xml"),
        (RSS, "text/xml", "application/rss+xml"),
        (RSS, "text/html", "application/rss+xml"),
        (b"The board met.", "text/plain", "text/plain"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": []}', "application/json", "application/feed+json"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html><head/></html>", "application/xhtml+xml", "text/html"),
    ],
)
def test_the_kind_is_told_from_the_payload(payload: bytes, content_type: str, kind: str) -> None:
    assert only(record(payload, content_type=content_type)).media_type == kind


@pytest.mark.parametrize(
    "other",
    [
        record(PAGE, kind="request"),
        record(PAGE, kind="metadata"),
        record(PAGE, kind="revisit"),
        record(PAGE, status="404 Not Found"),
        record(PAGE, status="301 Moved Permanently", more="Location: /x\r\n"),
        record(b"\x89PNG\r\n\x1a\n", content_type="image/png"),
        record(b"var x", content_type="application/javascript"),
        record(b'{"a": 1}', content_type="application/json"),
        record(b"<?xml version='1.0'?><urlset/>", content_type="text/xml"),
    ],
)
def test_what_is_no_story_is_passed_over(other: bytes) -> None:
    assert only(other + record(PAGE) + other).data == PAGE


def test_transfer_and_content_encoding_are_undone() -> None:
    packed = gzip.compress(PAGE)
    assert only(record(packed, more="Content-Encoding: gzip\r\n")).data == PAGE
    chunked = f"{len(PAGE):x}\r\n".encode() + PAGE + b"\r\n0\r\n\r\n"
    assert only(record(chunked, more="Transfer-Encoding: chunked\r\n")).data == PAGE


def test_a_payload_over_the_limit_is_refused_and_the_next_is_read() -> None:
    long = PAGE + b" " * 200_000
    assert codes(record(long) + record(PAGE), max_bytes=1000) == ["too_large", "text/html"]
    bomb = gzip.compress(PAGE + b" " * 5_000_000)
    assert codes(record(bomb, more="Content-Encoding: gzip\r\n") + record(PAGE), max_bytes=50_000) == [
        "too_large",
        "text/html",
    ]


@pytest.mark.parametrize("cut", [10, 60, 150])
def test_an_archive_that_ends_too_early_says_so(cut: int) -> None:
    assert codes(record(PAGE) + record(PAGE)[:-cut]) == ["text/html", "truncated"]


def test_a_gzip_that_ends_too_early_says_so() -> None:
    packed = gzip.compress(record(PAGE)) + gzip.compress(record(PAGE))[:-30]
    assert codes(packed)[0] == "text/html"
    assert codes(packed)[-1] == "truncated"


def test_what_is_no_record_is_not_passed_over_in_silence() -> None:
    assert codes(b"no archive " * 100) == ["bad_warc"]
    assert codes(record(PAGE) + b"garbage " * 100) == ["text/html", "bad_warc"]
    assert codes(record(PAGE) + b"garbage " * 100 + record(PAGE)) in (
        ["text/html", "bad_warc"],
        ["text/html", "text/html"],
    )


def test_an_empty_archive_has_nothing() -> None:
    assert read(b"") == []


def test_an_answer_without_a_body_is_refused() -> None:
    assert codes(record(b"")) == ["empty"]


@given(st.binary(max_size=200))
def test_any_bytes_end(data: bytes) -> None:
    read(data)


ARCHIVE = (
    record(PAGE)
    + record(RSS, content_type="text/xml")
    + record(zlib.compress(PAGE), more="Content-Encoding: deflate\r\n")
)


@given(st.integers(0, len(ARCHIVE)), st.integers(0, 40), st.binary(max_size=20))
def test_a_damaged_archive_ends(at: int, length: int, between: bytes) -> None:
    read(ARCHIVE[:at] + between + ARCHIVE[at + length :])


def test_a_record_without_a_date_has_none() -> None:
    assert only(record(PAGE).replace(b"WARC-Date: 2026-03-01T12:30:00Z\r\n", b"")).fetched_at is None
