"""Lists of feeds."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.errors import Reject
from copydesk.transforms.opml import ListedFeed, feed_urls, feeds_of, unfit_urls


def code_of(call: Callable[[], object]) -> str | None:
    """The code that a call is refused with, None where it is not."""
    try:
        call()
    except Reject as reject:
        return reject.code
    return None


LIST = """<?xml version="1.0" encoding="utf-8"?>
<opml version="2.0"><head><title>Papers</title></head><body>
  <outline text="Coast">
    <outline type="rss" text="Harbour Ledger" xmlUrl="https://ledger.example/feed"/>
    <outline type="rss" text="Twice" xmlUrl="https://ledger.example/feed"/>
  </outline>
  <outline type="rss" text="Café" xmlUrl="http://cafe.example/rss?a=1&amp;b=2"/>
  <outline type="rss" text="A file" xmlUrl="file:///etc/passwd"/>
  <outline text="No address"/>
</body></opml>"""


def test_feeds_are_listed_in_order_and_once() -> None:
    assert feeds_of(LIST.encode()) == [
        ListedFeed("https://ledger.example/feed", "Harbour Ledger", ("Coast",)),
        ListedFeed("http://cafe.example/rss?a=1&b=2", "Café"),
    ]
    assert feed_urls(LIST.replace("utf-8", "utf-16").encode("utf-16")) == feed_urls(LIST.encode())


def test_what_is_listed_and_is_no_address_is_told() -> None:
    urls = ["feed://a.example/rss", "FEED:https://b.example/rss", "ftp://c.example", "not an address", ""]
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    data = f"<opml version='2.0'><body>{outlines}</body></opml>".encode()
    assert feed_urls(data) == ["http://a.example/rss", "https://b.example/rss"]
    assert unfit_urls(data) == ["ftp://c.example", "not an address"]
    assert unfit_urls(LIST.encode()) == ["file:///etc/passwd"]


def test_an_empty_list_is_a_list() -> None:
    assert feed_urls(b"<opml version='1.1'><body></body></opml>") == []


@pytest.mark.parametrize(("data", "code"), [(b"", "empty"), (b"<p>No list</p>", "bad_feed"), (b"\0\0\0", "binary")])
def test_what_is_no_list_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Reject, match=code):
        feed_urls(data)


@pytest.mark.parametrize("data", [b"<opml>" + b"<outline text='x'>" * 100_000, b"<opml " + b"a='1' " * 200_000 + b">"])
def test_hostile_lists_end_soon(data: bytes) -> None:
    start = time.process_time()
    assert code_of(lambda: feed_urls(data)) in {None, "too_deep", "too_large", "bad_feed"}
    assert time.process_time() - start < 2


@given(st.integers(0, len(LIST)), st.integers(0, len(LIST)), st.text(max_size=5))
def test_a_damaged_list_is_read_or_refused(start: int, end: int, between: str) -> None:
    data = (LIST[:start] + between + LIST[end:]).encode()
    assert code_of(lambda: feed_urls(data)) in {None, "empty", "binary", "bad_feed", "too_deep", "undecodable"}
