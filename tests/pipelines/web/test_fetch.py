"""A round of polls: manners, what is archived, what is remembered."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.pipelines import feed_state
from copydesk.pipelines.client import Answer, Bounds, Client
from copydesk.pipelines.fetch import Fetcher, Round, judge
from copydesk.pipelines.guard import RISKY_BYTES, Guard
from copydesk.pipelines.politeness import GAP, MAX_GAP, Politeness
from copydesk.pipelines.store import FolderStore, open_store
from copydesk.transforms import read as readers
from copydesk.transforms.addresses import Allowed, Place
from copydesk.transforms.archive import path_of, to_warc
from copydesk.transforms.errors import Reject
from copydesk.transforms.polling import Pace, Remembered, after, from_json, to_json
from copydesk.transforms.warc import iter_warc

Web = Any
Reply = Callable[..., Any]
NOW = 1_790_000_000
PACE = Pace(every=900, seed="s")


def rss(*items: str, more: str = "") -> bytes:
    return f"<rss version='2.0'><channel>{more}{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>".encode()


ONE = rss("<guid isPermaLink='false'>1</guid><title>The tide</title><description>It turned.</description>")
TWO = rss("<guid isPermaLink='false'>2</guid><title>The wind</title>", more="<ttl>60</ttl>")


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    found = open_store(str(tmp_path / "out"))
    assert isinstance(found, FolderStore)
    return found


@pytest.fixture
def fetcher(web: Web, resolver: Any) -> Fetcher:
    bounds = Bounds(max_bytes=1 << 20, connect_seconds=20, read_seconds=20, total_seconds=60)
    client = Client("copydesk-test", Allowed.of([web.host]), bounds, resolver)
    return Fetcher(client, Politeness(client), PACE)


def remembered(store: FolderStore, url: str) -> Remembered:
    return feed_state.load(store)[url]


def archives(store: FolderStore) -> list[str]:
    return store.list("raw")


def poll(fetcher: Fetcher, store: FolderStore, url: str, at: int = NOW) -> Round:
    return fetcher.round(store, [url], at, asked_for=True)


# What is archived and remembered -------------------------------------------------------------------------------------


def test_what_is_new_is_archived_before_it_is_remembered_and_what_is_not_is_not_archived_again(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    url = f"{web.url}/feed"
    web.answers["/feed"] = [
        answer(200, ONE, etag='"1"', last_modified="Mon, 21 Sep 2026 14:00:00 GMT"),
        answer(304),
        answer(200, ONE, etag='"2"'),
        answer(200, TWO),
    ]
    assert poll(fetcher, store, url).results == {"new": 1}
    assert archives(store) == [path_of(url, NOW, ONE)]
    (document,) = iter_warc(io.BytesIO(store.read(path_of(url, NOW, ONE))), source_uri="a")
    assert (document.data, document.url, document.fetched_at) == (ONE, url, NOW * 1_000_000)
    assert poll(fetcher, store, url, NOW + 900).results == {"unchanged": 1}
    assert poll(fetcher, store, url, NOW + 1800).results == {"unchanged": 1}
    assert poll(fetcher, store, url, NOW + 2700).results == {"new": 1}
    assert archives(store) == [path_of(url, NOW, ONE), path_of(url, NOW + 2700, TWO)]
    said = [headers for path, headers in web.asked if path == "/feed"]
    assert [headers.get("if-none-match") for headers in said] == [None, '"1"', '"1"', '"2"']
    assert said[1]["if-modified-since"] == "Mon, 21 Sep 2026 14:00:00 GMT"
    assert said[0]["user-agent"] == "copydesk-test"
    state = remembered(store, url)
    assert state.next_poll == NOW + 2700 + 3600  # its ttl
    assert state.new == {"2026-09-21": 2}


def test_the_same_round_gives_the_same_archive(web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path) -> None:
    web.answers["/feed"] = answer(200, ONE, server="x")
    kept = []
    for name in "ab":
        store = open_store(str(tmp_path / name))
        fetcher.round(store, [f"{web.url}/feed"], NOW, asked_for=False)
        data = store.read(path_of(f"{web.url}/feed", NOW, ONE))
        (document,) = iter_warc(io.BytesIO(data), source_uri="a")
        kept.append(document)
    assert kept[0] == kept[1]


def test_a_feed_that_writes_the_time_into_every_answer_has_nothing_new(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    item = "<title>The tide</title><pubDate>Mon, 21 Sep 2026 1{}:00:00 GMT</pubDate>"
    web.answers["/feed"] = [
        answer(200, rss(item.format(hour), more=f"<lastBuildDate>{hour}</lastBuildDate>")) for hour in range(3)
    ]
    results = [poll(fetcher, store, f"{web.url}/feed", NOW + hour).results for hour in range(3)]
    assert results == [{"new": 1}, {"unchanged": 1}, {"unchanged": 1}]
    assert len(archives(store)) == 1


def test_what_is_archived_says_which_entries_are_archived_already(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    url, a, b, c = f"{web.url}/feed", *(f"<guid>{name}</guid><title>Tide {name}</title>" for name in "abc")
    answers = [rss(a, b), rss(b), rss(c, b), rss(c, b.replace("Tide", "High tide")), rss(c, a)]
    web.answers["/feed"] = [answer(200, body) for body in answers]
    results = [poll(fetcher, store, url, NOW + 900 * round_).results for round_ in range(5)]
    assert results == [{"new": 1}, {"unchanged": 1}, {"new": 1}, {"new": 1}, {"new": 1}]
    read = []
    for path in archives(store):
        (document,) = iter_warc(io.BytesIO(store.read(path)), source_uri="a")
        read.append([story.metadata.headline for story in readers.read(document, readers.Limits())])
    # The last comes again after it was gone: it is archived again, and is a duplicate to the run.
    assert read == [["Tide a", "Tide b"], ["Tide c"], ["High tide b"], ["Tide a"]]


def test_the_time_that_a_feed_asks_for_holds_while_it_says_nothing_new(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    url = f"{web.url}/feed"
    web.answers["/feed"] = [answer(200, TWO), answer(200, TWO), answer(304)]
    for round_ in range(3):
        poll(fetcher, store, url, NOW + 900 * round_)
        assert remembered(store, url).next_poll == NOW + 900 * round_ + 3600


@given(
    st.sampled_from([200, 203, 204, 301, 304, 404, 410, 500, 999]),
    st.lists(
        st.tuples(st.sampled_from(["ETag", "Retry-After", "Cache-Control", "Expires", "Content-Type"]), st.text())
    ),
    st.one_of(st.binary(max_size=300), st.text(max_size=300).map(lambda text: f"<rss>{text}</rss>".encode())),
)
def test_any_answer_is_judged(status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    before = Remembered("http://a.example/feed", body="x")
    found = judge(before, Answer("http://a.example/feed", status, "", tuple(headers), body), NOW)
    state = after(before, found.outcome, NOW, PACE)
    assert state.gone or 0 < state.next_poll - NOW <= 86_400
    assert found.exchange is None or to_warc(found.exchange)
    assert from_json(to_json(state)) == state


def test_two_rounds_in_one_second_keep_both_answers(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    web.answers["/feed"] = [answer(200, ONE), answer(200, TWO)]
    for _ in range(2):
        assert poll(fetcher, store, f"{web.url}/feed").results == {"new": 1}
    assert len(archives(store)) == 2


def test_feeds_are_asked_when_they_are_due(web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore) -> None:
    url = f"{web.url}/feed"
    web.answers["/feed"] = answer(200, ONE)
    for at, asked in ((NOW, 1), (NOW + 899, 0), (NOW + 900, 1)):
        assert fetcher.round(store, [url, url], at, asked_for=False).asked == asked
    assert web.paths() == ["/feed", "/feed"]


@pytest.mark.parametrize(
    ("status", "body", "headers", "error"),
    [
        (404, b"not here", {}, "404 Not Found"),
        (500, b"", {}, "500 Internal Server Error"),
        (200, b"<!doctype html><html><head><title>403</title></head><body><p>Blocked</p></body></html>",
         {"content_type": "application/rss+xml"}, "no feed but text/html"),
        (200, b"", {}, "no feed: 0 bytes"),
        (200, b"\x89PNG\r\n\x1a\n", {}, "no feed: this is a PNG image"),
        (206, ONE, {}, "206 Partial Content"),
        (304, b"", {}, "304 Not Modified"),
        (302, b"", {}, "302 Found"),
        (302, b"", {"location": "http://127.0.0.1/"}, "address: 127.0.0.1 is 127.0.0.1: loopback"),
        (200, b"junk", {"content_encoding": "gzip"}, "encoding: "),
    ],
)  # fmt: skip
def test_what_is_no_feed_is_a_failure_and_changes_nothing_else(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore, status: int, body: bytes, headers: Any, error: str
) -> None:
    url = f"{web.url}/feed"
    web.answers["/feed"] = answer(status, body, **headers)
    done = poll(fetcher, store, url)
    assert done.results == {"failed": 1}
    assert done.failed[0][1].startswith(error)
    assert archives(store) == []
    first = remembered(store, url)
    assert first.errors == 1
    assert first.next_poll - NOW > 1500
    web.answers["/feed"] = [answer(200, ONE, etag='"1"'), answer(status, body, **headers)]
    poll(fetcher, store, url, NOW + 1)
    good = remembered(store, url)
    assert (good.errors, good.error) == (0, "")
    if status != 304:
        poll(fetcher, store, url, NOW + 2)
        bad = remembered(store, url)
        kept = ("etag", "body", "entries", "last_success", "new")
        assert [getattr(bad, name) for name in kept] == [getattr(good, name) for name in kept]


def test_a_feed_that_takes_too_long_to_read_is_a_failure(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(Guard):
        def __call__(self, element: Any) -> Any:
            if self.size(element) >= RISKY_BYTES:
                raise Reject("timeout", f"it took longer than {self.seconds:g} s")
            return super().__call__(element)

    web.answers |= {"/large": answer(200, ONE + b" " * RISKY_BYTES), "/small": answer(200, ONE)}
    monkeypatch.setattr("copydesk.pipelines.fetch.Guard", Late)
    done = replace(fetcher, seconds=7).round(store, [f"{web.url}/large", f"{web.url}/small"], NOW, asked_for=True)
    assert done.results == {"failed": 1, "new": 1}
    assert done.failed == [(f"{web.url}/large", "timeout: it took longer than 7 s")]


def test_a_feed_that_is_gone_is_asked_no_more(web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore) -> None:
    web.answers["/feed"] = answer(410)
    for at in (NOW, NOW + 86_400, NOW + 10 * 86_400):
        poll(fetcher, store, f"{web.url}/feed", at)
    assert web.paths() == ["/feed"]


def test_a_server_that_asks_for_time_is_given_it(web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore) -> None:
    web.answers["/feed"] = [answer(429, retry_after="7000"), answer(200, ONE)]
    results = [poll(fetcher, store, f"{web.url}/feed", at).results for at in (NOW, NOW + 6999, NOW + 7000)]
    assert results == [{"failed": 1}, {}, {"new": 1}]


def test_a_feed_that_has_moved_is_asked_where_it_is_and_known_by_where_it_was(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    url = f"{web.url}/old"
    web.answers |= {
        "/old": answer(301, location="/middle"),
        "/middle": answer(308, location="/new"),
        "/new": [answer(200, ONE), answer(200, ONE), answer(200, ONE), answer(200, TWO)],
    }
    for round_ in range(4):
        poll(fetcher, store, url, NOW + 900 * round_)
    assert web.paths() == ["/old", "/middle", "/new"] * 3 + ["/new"]
    (document,) = iter_warc(io.BytesIO(store.read(path_of(url, NOW + 2700, TWO))), source_uri="a")
    assert (document.url, document.data) == (url, TWO)


def test_a_temporary_redirect_is_not_believed(web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore) -> None:
    web.answers |= {"/old": answer(302, location="/new"), "/new": answer(200, ONE)}
    for round_ in range(5):
        poll(fetcher, store, f"{web.url}/old", NOW + 900 * round_)
    assert remembered(store, f"{web.url}/old").moved_to == ""


def test_an_empty_feed_is_a_success_and_forgets_nothing(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    url = f"{web.url}/feed"
    web.answers["/feed"] = [answer(200, ONE), answer(200, rss()), answer(200, ONE)]
    results = [poll(fetcher, store, url, NOW + 900 * round_).results for round_ in range(3)]
    assert results == [{"new": 1}, {"new": 1}, {"unchanged": 1}]
    assert remembered(store, url).new == {"2026-09-21": 1}


def test_a_fault_of_the_program_on_one_feed_does_not_stop_the_round(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore
) -> None:
    def resolve(host: str, port: int) -> list[str]:
        if host == "bad.test":
            raise KeyError("a fault")
        return ["127.0.0.1"]

    client = replace(fetcher.client, resolve=resolve, allowed=Allowed.of(["feeds.test", "bad.test"]))
    web.answers["/feed"] = answer(200, ONE)
    done = replace(fetcher, client=client, politeness=Politeness(client)).round(
        store, ["http://bad.test/", f"{web.url}/feed"], NOW, asked_for=False
    )
    assert done.results == {"new": 1, "failed": 1}
    assert done.words() == "Feeds: 2 of 2 asked: 1 new, 0 unchanged, 1 failed"


def test_words_of_a_server_cannot_steer_a_terminal(web: Web, fetcher: Fetcher, store: FolderStore) -> None:
    web.answers["/feed"] = lambda handler: handler.wfile.write(b"HTTP/1.1 500 \x1b[2Jgone\r\nContent-Length: 0\r\n\r\n")
    ((_, why),) = poll(fetcher, store, f"{web.url}/feed").failed
    assert why == "500  [2Jgone"


@pytest.mark.parametrize("data", [b"", b"[]", b'{"feeds": [{}]}', b'{"feeds": [1]}'])
def test_a_state_that_was_spoilt_from_outside_is_told_in_words(store: FolderStore, data: bytes) -> None:
    store.replace(feed_state.STATE, data)
    with pytest.raises(OSError, match="asked anew"):
        feed_state.load(store)


# Manners -------------------------------------------------------------------------------------------------------------


def test_robots_txt_is_asked_once_and_kept_to(web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore) -> None:
    web.answers |= {
        "/robots.txt": answer(200, b"User-agent: *\nDisallow: /\n\nUser-agent: Copydesk\nDisallow: /private\n"),
        "/private/feed": answer(200, ONE),
        "/feed": answer(200, ONE),
        "/moved": answer(302, location="/private/feed"),
    }
    urls = [f"{web.url}{path}" for path in ("/private/feed", "/feed", "/moved")]
    done = fetcher.round(store, urls, NOW, asked_for=False)
    assert done.results == {"new": 1, "failed": 2}
    assert {why.split(":")[0] for _, why in done.failed} == {"robots"}
    assert sorted(web.paths()) == ["/feed", "/moved"]
    assert [path for path, _ in web.asked].count("/robots.txt") == 1


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (503, False), (429, False)])
def test_a_robots_txt_that_is_not_there_forbids_nothing_and_one_that_cannot_be_read_all(
    web: Web, answer: Reply, fetcher: Fetcher, store: FolderStore, status: int, allowed: bool
) -> None:
    web.answers |= {"/robots.txt": answer(status), "/feed": answer(200, ONE)}
    assert poll(fetcher, store, f"{web.url}/feed").results == ({"new": 1} if allowed else {"failed": 1})
    web.answers["/robots.txt"] = answer(200, b"")
    web.answers["/feed"] = answer(200, TWO)
    assert poll(fetcher, store, f"{web.url}/feed", NOW + 9000).results == {"new": 1}


def test_a_host_that_is_down_is_asked_once_a_round(web: Web, answer: Reply, fetcher: Fetcher, store: Any) -> None:
    web.answers["/robots.txt"] = [answer(503), answer(200, b"")]
    web.answers |= {f"/{n}": answer(200, ONE) for n in range(4)}
    urls = [f"{web.url}/{n}" for n in range(4)]
    assert fetcher.round(store, urls, NOW, asked_for=True).results == {"failed": 4}
    assert [path for path, _ in web.asked] == ["/robots.txt"]
    assert fetcher.round(store, urls, NOW + 1, asked_for=True).results == {"new": 4}


class Time:
    """A clock that only sleep moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 3))
        self.now += seconds


def test_one_publisher_is_asked_with_a_gap_and_others_meanwhile() -> None:
    time = Time()
    manners = Politeness(Client("x", Allowed.of(["intranet"]), clock=time.clock), time.sleep)
    for host in ("www.ledger.co.uk", "feeds.ledger.co.uk", "other.co.uk", "intranet", "intranet"):
        with manners.turn(Place("https", host, 443, "/")):
            time.now += 0.5
    assert time.slept == [GAP]


def test_a_crawl_delay_is_kept_to_within_reason(web: Web, answer: Reply, fetcher: Fetcher) -> None:
    for delay, slept in (("7", 7.0), ("86400", MAX_GAP)):
        time = Time()
        client = replace(fetcher.client, clock=time.clock)
        manners = Politeness(client, time.sleep)
        web.answers["/robots.txt"] = answer(200, f"User-agent: *\nCrawl-delay: {delay}".encode())
        place = Place("http", "feeds.test", int(web.host.rsplit(":")[-1]), "/")
        for _ in range(3):
            manners.check(place)
            with manners.turn(place):
                pass
        assert time.slept == [slept, slept]


def test_a_publisher_is_asked_by_one_thread_at_a_time(web: Web, answer: Reply, fetcher: Fetcher, store: Any) -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def handle(handler: Any) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        threading.Event().wait(0.02)
        with lock:
            busy -= 1
        answer(200, ONE)(handler)

    web.answers |= {f"/{n}": handle for n in range(6)}
    fetcher.round(store, [f"{web.url}/{n}" for n in range(6)], NOW, asked_for=False)
    assert len(web.paths()) == 6
    assert most == 1
