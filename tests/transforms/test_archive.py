"""What was fetched, written as WARC and read back."""

from __future__ import annotations

import gzip
import io
from dataclasses import replace

import pytest

from copydesk.schemas.source import RawDocument
from copydesk.transforms.archive import Exchange, path_of, to_warc
from copydesk.transforms.warc import FEED, GUID, LEAVE_OUT, PUBLISHED, iter_warc

BODY = b"<?xml version='1.0' encoding='iso-8859-1'?><rss><channel><title>Caf\xe9</title></channel></rss>"
EXCHANGE = Exchange(
    url="http://feeds.example/old?a=1",
    asked="https://feeds.example/new",
    tick=1_790_000_000,
    request=[("User-Agent", "x"), ("If-None-Match", '"\xe9"')],
    status=200,
    reason="OK",
    headers=[
        ("Content-Type", "application/octet-stream; charset=iso-8859-1"),
        ("Content-Encoding", "gzip"),
        ("content-length", "77"),
        ("X-Caf\xe9", "1"),
        ("Set-Cookie", "a"),
        ("Set-Cookie", "b"),
    ],
    body=BODY,
    hops=[(301, "https://feeds.example/new")],
    media_type="application/rss+xml",
)


def test_what_was_archived_is_read_back_whatever_the_server_called_it() -> None:
    (document,) = iter_warc(io.BytesIO(to_warc(EXCHANGE)), source_uri="file:///a.warc.gz")
    assert document == RawDocument(
        source_uri="file:///a.warc.gz#byte=0",
        media_type="application/rss+xml",
        data=BODY,
        charset="iso-8859-1",
        url="http://feeds.example/old?a=1",
        fetched_at=1_790_000_000_000_000,
    )


def test_fields_of_our_own_come_back_as_they_were() -> None:
    guid = "a b\r\nWARC-Type: x %41 \u20ac"
    fields = [(GUID, guid), (FEED, "http://feeds.example/?a=b&c=%41"), (PUBLISHED, "Mon, 21 Sep"), (LEAVE_OUT, "1 2")]
    (document,) = iter_warc(io.BytesIO(to_warc(replace(EXCHANGE, fields=fields))), source_uri="a")
    assert isinstance(document, RawDocument)
    assert (document.guid, document.feed_url) == (guid, "http://feeds.example/?a=b&c=%41")
    assert (document.published_raw, document.leave_out) == ("Mon, 21 Sep", ("1", "2"))


def test_the_archive_says_what_was_asked_and_answered() -> None:
    archive = gzip.decompress(to_warc(EXCHANGE)).decode("latin-1")
    for line in (
        "WARC-Type: response", "WARC-Type: request", "WARC-Type: metadata", "WARC-Date: 2026-09-21T14:13:20Z",
        "X-Crawler-Content-Encoding: gzip", "X-Crawler-content-length: 77", f"Content-Length: {len(BODY)}",
        "Set-Cookie: a", "Set-Cookie: b", "GET /new HTTP/1.1", 'If-None-Match: "\xe9"',
        "fetched-from: https://feeds.example/new", "redirected: 301 https://feeds.example/new",
    ):  # fmt: skip
        assert f"{line}\r\n" in archive
    ids = [line for line in archive.splitlines() if line.startswith("WARC-Record-ID")]
    assert len(set(ids)) == 3


def test_the_same_exchange_gives_the_same_bytes_and_another_tick_other_ids() -> None:
    assert to_warc(EXCHANGE) == to_warc(replace(EXCHANGE))
    assert to_warc(EXCHANGE) != to_warc(replace(EXCHANGE, tick=EXCHANGE.tick + 1))


@pytest.mark.parametrize("headers", [[("X", "a\r\n\r\n<html>")], [("X", "\u20ac")], []])
def test_no_header_breaks_the_record(headers: list[tuple[str, str]]) -> None:
    archive = to_warc(replace(EXCHANGE, headers=headers, url="http://a.example/\r\nX: y"))
    (document,) = iter_warc(io.BytesIO(archive), source_uri="a")
    assert isinstance(document, RawDocument)
    assert document.data == BODY


def test_names_are_of_feed_and_tick() -> None:
    assert path_of("http://Feeds.Example/a", 1_790_000_000, b"").startswith(
        "raw/feeds/2026-09-21T141320Z/feeds.example-"
    )
    names = [path_of(f"http://feeds.example/{name}", 1, body) for name in "ab" for body in (b"1", b"2")]
    assert len(set(names)) == 4
    assert "/../" not in path_of("http://../etc", 1, b"")
