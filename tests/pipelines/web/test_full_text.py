"""Feeds of summaries: the pages behind them."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from copydesk.pipelines.client import Bounds, Client
from copydesk.pipelines.fetch import Fetcher
from copydesk.pipelines.guard import RISKY_BYTES, Guard
from copydesk.pipelines.politeness import Politeness
from copydesk.pipelines.store import open_store
from copydesk.transforms.addresses import Allowed
from copydesk.transforms.errors import Reject
from copydesk.transforms.polling import Pace
from copydesk.transforms.warc import iter_warc

Web = Any
Reply = Callable[..., Any]
Run = Callable[..., Any]
LONG = "The harbor board met on Monday to hear why the ferry had been late for a third week. " * 4


def item(web: Web, name: str, *, summary: str = "The board met on Monday.", body: str = "", date: str = "10:00") -> str:
    full = f"<content:encoded><![CDATA[<p>{body}</p>]]></content:encoded>" if body else ""
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><title>Board meets over {name}</title>"
        f"<link>{web.url}/{name}.html?utm_source=rss</link><pubDate>Mon, 21 Sep 2026 {date}:00 GMT</pubDate>"
        f"<description>{summary}</description>{full}</item>"
    )


def rss(*items: str) -> bytes:
    start = "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
    return f"{start}{''.join(items)}</channel></rss>".encode()


def page(text: str) -> bytes:
    paragraphs = "".join(f"<p>{text} Part {number} of the report was read aloud.</p>" for number in range(4))
    return (
        "<!doctype html><html><head><title>Board meets</title></head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Board meets over ferries</h1>{paragraphs}</article></body></html>"
    ).encode()


def rows(out: Path) -> list[tuple[Any, ...]]:
    query = f"select article_id, word_count > 100, media_type from '{out}/articles/**/*.parquet' order by all"
    return duckdb.sql(query).fetchall()


@pytest.fixture
def local(web: Web) -> Web:
    web.host = web.host.replace("feeds.test", "127.0.0.1")
    return web


def test_a_page_is_read_in_the_stead_of_its_summary_and_once(
    local: Web, answer: Reply, copydesk: Run, tmp_path: Path
) -> None:
    walled = b"<!doctype html><html><body><article><p>Subscribe.</p></article></body></html>"
    local.answers |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /secret"),
        "/feed": [
            answer(200, rss(item(local, "ferries"), item(local, "walls"), item(local, "full", body=LONG * 5),
                            item(local, "gone"), item(local, "secret"))),
            answer(200, rss(item(local, "ferries", date="11:00"), item(local, "full", body=LONG * 5))),
            answer(200, rss(item(local, "ferries", summary="The board met on Monday and on Tuesday."))),
        ],
        "/ferries.html?utm_source=rss": [answer(200, page(LONG)), answer(200, page(LONG + "It met again. "))],
        "/walls.html?utm_source=rss": answer(200, walled),
    }  # fmt: skip
    out, feed = tmp_path / "out", f"{local.url}/feed"
    command = ("ingest", feed, "--output", out, f"--allow-host={local.host}", "--full-text")
    first = copydesk(*command)
    assert first.status == 0, first.err
    assert "5 = 5 + 0 + 0: adds up" in first.out
    expected = [
        (f"{feed}#ferries", True, "text/html"),
        (f"{feed}#full", True, "application/rss+xml"),
        (f"{feed}#gone", False, "application/rss+xml"),
        (f"{feed}#secret", False, "application/rss+xml"),
        (f"{feed}#walls", False, "application/rss+xml"),
    ]
    assert rows(out) == expected
    when = duckdb.sql(f"select distinct epoch(published_at) from '{out}/articles/**/*.parquet'").fetchall()
    assert when == [(1_789_984_800,)]  # as the feed says, of the page too
    assert sorted(path.split("?")[0] for path in local.paths()) == [
        "/feed",
        "/ferries.html",
        "/gone.html",
        "/walls.html",
    ]

    assert copydesk(*command).status == 0  # a moved date: no page is asked for, no summary comes up
    assert rows(out) == expected
    assert len(local.paths()) == 5

    assert copydesk(*command).status == 0  # an edited summary: the page is read again
    assert rows(out) == [expected[0], *expected]
    assert len(local.paths()) == 7

    again = copydesk("ingest", f"{out}/raw/**/*.warc.gz", "--output", tmp_path / "again")
    assert again.status == 0, again.err
    assert rows(tmp_path / "again") == rows(out)
    assert copydesk("verify", out).status == 0


def test_without_leave_no_page_is_fetched(local: Web, answer: Reply, copydesk: Run, tmp_path: Path) -> None:
    local.answers["/feed"] = answer(200, rss(item(local, "ferries")))
    copydesk("ingest", f"{local.url}/feed", "--output", tmp_path / "out", f"--allow-host={local.host}")
    assert local.paths() == ["/feed"]


def test_a_page_inside_is_not_fetched(local: Web, answer: Reply, copydesk: Run, tmp_path: Path) -> None:
    inside = item(local, "ferries").replace(local.host, "localhost:1")
    local.answers["/feed"] = answer(200, rss(inside))
    out = tmp_path / "out"
    ran = copydesk("ingest", f"{local.url}/feed", "--output", out, f"--allow-host={local.host}", "--full-text")
    assert ran.status == 0
    assert rows(out) == [(f"{local.url}/feed#ferries", False, "application/rss+xml")]
    assert local.paths() == ["/feed"]


def test_a_page_that_takes_too_long_to_read_is_passed_over(
    web: Web, answer: Reply, resolver: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Guard):
        def __call__(self, element: Any) -> Any:
            if self.seconds < 60 and self.size(element) >= RISKY_BYTES:
                raise Reject("timeout", f"it took longer than {self.seconds:g} s")
            return super().__call__(element)

    monkeypatch.setattr("copydesk.pipelines.full_text.Guard", Late)
    web.answers |= {
        "/feed": answer(200, rss(item(web, "ferries"))),
        "/ferries.html?utm_source=rss": answer(200, page(LONG * 500)),
    }
    client = Client("x", Allowed.of([web.host]), Bounds(), resolver)
    kept = {}
    for seconds in (7.0, 60.0):
        fetcher = Fetcher(client, Politeness(client), Pace(900), full_text=True, seconds=seconds)
        store = open_store(str(tmp_path / str(seconds)))
        assert fetcher.round(store, [f"{web.url}/feed"], 1_790_000_000, asked_for=True).results == {"new": 1}
        [path] = store.list("raw")
        kept[seconds] = [document.media_type for document in iter_warc(io.BytesIO(store.read(path)), source_uri="a")]
    assert kept == {7.0: ["application/rss+xml"], 60.0: ["application/rss+xml", "text/html"]}
