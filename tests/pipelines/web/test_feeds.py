"""Feeds from the address to the rows: once, and again and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from copydesk.pipelines import feed_state, feeds, files
from copydesk.pipelines.claim import Claim, HeldError
from copydesk.pipelines.fetch import Fetcher
from copydesk.pipelines.options import JobOptions, OptionsError, resolve
from copydesk.pipelines.run import Outcome, Watcher
from copydesk.pipelines.store import open_store
from copydesk.transforms.archive import tick_name

Web = Any
Reply = Callable[..., Any]
Run = Callable[..., Any]
NOW = 1_790_000_000
DAY = 86_400


def item(
    number: int, *, title: str = "", date: str = "Mon, 21 Sep 2026 10:00:00 GMT", guid: str = "", text: str = ""
) -> str:
    title = title or f"Ferry {number} leaves the harbor on time"
    text = text or f"The ferry with the number {number} left the harbor at noon, and nobody on the quay asked why."
    return (
        f"<item><title>{title}</title><link>https://ledger.example/{number}</link><pubDate>{date}</pubDate>"
        f"<guid isPermaLink='false'>{guid or number}</guid><description>{text}</description></item>"
    )


def rss(*items: str) -> bytes:
    return f"<?xml version='1.0'?><rss version='2.0'><channel>{''.join(items)}</channel></rss>".encode()


def opml(folder: Path, *urls: str) -> Path:
    path = folder / "feeds.opml"
    lines = "".join(f'<outline type="rss" xmlUrl="{url}"/>' for url in urls)
    path.write_text(f"<opml version='2.0'><body>{lines}</body></opml>")
    return path


def rows(out: Path, columns: str = "article_id, headline") -> list[tuple[Any, ...]]:
    return duckdb.sql(f"select {columns} from '{out}/articles/**/*.parquet' order by all").fetchall()


@pytest.fixture
def local(web: Web) -> Web:
    """The server under its address, as the command line's own resolver finds it."""
    web.host = web.host.replace("feeds.test", "127.0.0.1")
    return web


# Once ----------------------------------------------------------------------------------------------------------------


def test_a_list_of_feeds_is_fetched_archived_and_cleaned(
    local: Web, answer: Reply, copydesk: Run, tmp_path: Path
) -> None:
    local.answers |= {"/a": answer(200, rss(item(1), item(2))), "/b": answer(500)}
    given = opml(tmp_path, f"{local.url}/a", f"{local.url}/b")
    text = tmp_path / "story.txt"
    text.write_text("Pier reopens\n\nThe pier was opened again on Monday, and the board was glad of it.\n")
    out, host = tmp_path / "out", f"--allow-host={local.host}"
    ran = copydesk("ingest", given, text, "--output", out, host, "--contact", "desk@ledger.example")
    assert ran.status == 0, ran.err
    assert "Feeds: 2 of 2 asked: 1 new, 0 unchanged, 1 failed" in ran.err
    assert f"{local.url}/b: 500 Internal Server Error" in ran.err
    assert "3 = 3 + 0 + 0: adds up" in ran.out
    assert len(rows(out)) == 3
    assert f"{local.url}/a#1" in {name for name, _ in rows(out)}
    assert rows(out, "distinct house") == [("ledger.example",), (None,)]
    assert len(list((out / "raw").rglob("*.warc.gz"))) == 1
    assert copydesk("verify", out).status == 0
    agents = {headers["user-agent"] for _, headers in local.asked}
    assert len(agents) == 1
    assert agents.pop().endswith("(desk@ledger.example)")

    again = copydesk("ingest", given, "--output", out, host)
    assert "Nothing new" in again.out
    shown = copydesk("feeds", out)
    assert "500 Internal Server Error" in shown.out
    assert "ago" in shown.out


def test_the_archive_can_be_cleaned_again_without_the_network(
    local: Web, answer: Reply, copydesk: Run, tmp_path: Path
) -> None:
    local.answers["/a"] = answer(200, rss(item(1), item(2)), content_type="application/octet-stream")
    copydesk("ingest", f"{local.url}/a", "--output", tmp_path / "out", f"--allow-host={local.host}")
    asked = len(local.asked)
    again = copydesk("ingest", f"{tmp_path}/out/raw/**/*.warc.gz", "--output", tmp_path / "again", "--spelling=en-GB")
    assert again.status == 0, again.err
    assert rows(tmp_path / "again", "article_id") == rows(tmp_path / "out", "article_id")
    assert "harbour" in rows(tmp_path / "again", "text")[0][0]
    assert len(local.asked) == asked


def test_no_address_inside_is_fetched_without_leave(local: Web, answer: Reply, copydesk: Run, tmp_path: Path) -> None:
    local.answers["/a"] = answer(200, rss(item(1)))
    ran = copydesk("ingest", f"{local.url}/a", "http://localhost/x", "--output", tmp_path / "out")
    assert ran.err.count("address: ") == 2
    assert local.asked == []


def test_a_list_that_is_found_in_a_folder_is_not_fetched(local: Web, copydesk: Run, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    opml(tmp_path / "in", f"{local.url}/a")
    ran = copydesk("ingest", tmp_path / "in", "--output", tmp_path / "out", f"--allow-host={local.host}")
    assert "1 listed_only" in ran.out
    assert local.asked == []


def test_what_is_wrong_with_a_list_is_said_before_anything_is_fetched(copydesk: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.opml").write_text("<p>no list</p>")
    ran = copydesk("ingest", tmp_path / "bad.opml", tmp_path / "none.opml", "--output", tmp_path / "out")
    assert ran.status == 2
    assert "bad.opml: no list of feeds: bad_feed" in ran.err
    assert "none.opml" in ran.err
    assert not (tmp_path / "out").exists()


# Again and again -----------------------------------------------------------------------------------------------------


def watched(
    names: list[str],
    out: Path,
    fetcher: Fetcher,
    rounds: int,
    *,
    each: Callable[[int], None] = lambda number: None,
    say: Callable[[str], None] = lambda words: None,
) -> list[Outcome]:
    """Watches for some rounds, a day apart by a clock of its own."""
    options, stop, outcomes = job(out), threading.Event(), list[Outcome]()

    def note(outcome: Outcome) -> None:
        outcomes.append(outcome)
        each(len(outcomes))
        if len(outcomes) == rounds:
            stop.set()

    started = len(list((out / "raw/feeds").glob("*"))) if out.exists() else 0
    feeds.watch(
        names,
        options,
        Watcher(say=say),
        stop=stop,
        now=lambda: NOW + DAY * (started + len(outcomes)),
        fetcher=fetcher,
        on_round=note,
    )
    return outcomes


def job(out: Path) -> JobOptions:
    options = resolve({"output": str(out), "every": "1s", "quiet": True, "workers": 1}, {}, "2026-09-21")
    return replace(options, every=0)


@pytest.fixture
def fetcher(web: Web, resolver: Any) -> Fetcher:
    from copydesk.pipelines.client import Bounds, Client
    from copydesk.pipelines.politeness import Politeness
    from copydesk.transforms.addresses import Allowed
    from copydesk.transforms.polling import Pace

    bounds = Bounds(max_bytes=1 << 20, connect_seconds=20, read_seconds=20, total_seconds=60)
    client = Client("copydesk-test", Allowed.of([web.host]), bounds, resolver)
    return Fetcher(client, Politeness(client), Pace(900))


def test_each_article_comes_once_and_each_true_revision_once(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path
) -> None:
    other = "Tue, 22 Sep 2026 08:00:00 GMT"
    web.answers["/feed"] = [
        answer(200, rss(item(1), item(2))),
        answer(304),
        answer(200, rss(item(1, date=other), item(2), item(3))),  # a bumped date, a new entry
        answer(200, b"<!doctype html><html><body><p>Too many requests</p></body></html>"),
        answer(200, rss()),
        answer(200, rss(item(1, title="Ferry 1 stays"), item(3), item(3))),  # an edited title, a duplicate
        answer(200, rss(item(1, title="Ferry 1 stays"), item(3, text="It sank."))),  # an edited text
        answer(200, rss(item(1, title="Ferry 1 stays", guid="renamed"), item(3, text="It sank."))),
    ]
    outcomes = watched([f"{web.url}/feed"], tmp_path / "out", fetcher, 9)
    assert [outcome.counts["articles"] for outcome in outcomes] == [2, 0, 1, 0, 0, 1, 1, 1, 0]
    assert all(outcome.adds_up for outcome in outcomes)
    assert [(name.rsplit("#")[-1], headline[:13]) for name, headline in rows(tmp_path / "out")] == [
        ("1", "Ferry 1 leave"), ("1", "Ferry 1 stays"), ("2", "Ferry 2 leave"), ("3", "Ferry 3 leave"),
        ("3", "Ferry 3 leave"), ("renamed", "Ferry 1 stays"),
    ]  # fmt: skip


def test_files_that_appear_and_change_are_read_beside_the_feeds(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path
) -> None:
    web.answers["/feed"] = answer(200, rss(item(1)))
    story = tmp_path / "in/a.txt"
    story.parent.mkdir()
    story.write_text("Pier opens\n\nThe pier was opened on Monday, and the board was glad of it.\n")

    def change(number: int) -> None:
        if number == 1:
            story.write_text("Pier shuts\n\nThe pier was shut on Tuesday, and the board was not asked.\n")
        if number == 2:
            (tmp_path / "in/b.txt").write_text(
                "Tide table\n\nHigh water is expected at noon, the harbor office said.\n"
            )

    outcomes = watched([f"{web.url}/feed", str(tmp_path / "in")], tmp_path / "out", fetcher, 3, each=change)
    assert [outcome.counts["articles"] for outcome in outcomes] == [2, 1, 1]


def test_files_that_did_not_change_are_not_read_again(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["/feed"] = answer(304)
    story, read, version = tmp_path / "a.txt", list[str](), files.version
    story.write_text("Pier opens\n\nThe pier was opened on Monday, and the board was glad of it.\n")
    monkeypatch.setattr(files, "version", lambda uri: read.append(uri) or version(uri))
    outcomes = watched([f"{web.url}/feed", str(story)], tmp_path / "out", fetcher, 3)
    assert [(outcome.counts["articles"], outcome.skipped) for outcome in outcomes] == [(1, 0), (0, 1), (0, 1)]
    assert read == [story.as_uri()]


def test_a_list_that_is_spoilt_and_files_that_are_not_there_yet_do_not_end_the_watch(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path
) -> None:
    web.answers |= {"/a": answer(200, rss(item(1))), "/b": answer(200, rss(item(2)))}
    given = opml(tmp_path, f"{web.url}/a")

    def change(number: int) -> None:
        if number == 1:
            given.write_text("<opml>")
        if number == 2:
            opml(tmp_path, f"{web.url}/a", f"{web.url}/b")
            (tmp_path / "late.txt").write_text("Pier opens\n\nThe pier was opened on Monday, and all were glad.\n")

    names = [str(given), f"{tmp_path}/*.txt"]
    outcomes = watched(names, tmp_path / "out", fetcher, 3, each=change)
    assert [outcome.counts["articles"] for outcome in outcomes] == [1, 0, 2]
    with pytest.raises(OptionsError):
        watched([str(tmp_path / "never.txt")], tmp_path / "out", fetcher, 1)


def test_what_is_watched_and_goes_away_or_is_no_address_is_told_once_and_the_watch_goes_on(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path
) -> None:
    web.answers["/a"] = [answer(200, rss(item(number))) for number in range(1, 6)]
    given, story, said = opml(tmp_path, f"{web.url}/a", "ftp://b.example/rss"), tmp_path / "a.txt", list[str]()
    story.write_text("Pier opens\n\nThe pier was opened on Monday, and the board was glad of it.\n")

    def change(number: int) -> None:
        if number == 1:
            story.unlink()
        if number == 3:
            given.unlink()

    outcomes = watched([str(given), str(story)], tmp_path / "out", fetcher, 5, each=change, say=said.append)
    assert [outcome.counts["articles"] for outcome in outcomes] == [2, 1, 1, 1, 1]
    assert [words for words in said if "Feeds: " not in words] == [
        f"{given}: passed over, since only http and https are fetched: ftp://b.example/rss",
        f"nothing found for: {story}; going on without",
        f"nothing found for: {given}; going on without",
    ]


def test_a_list_without_feeds_is_told(copydesk: Run, tmp_path: Path) -> None:
    given = opml(tmp_path)
    ran = copydesk("ingest", given, "--output", tmp_path / "out")
    assert f"{given}: no feeds are listed" in ran.err


def test_a_feed_that_keeps_its_charset_to_itself_is_read_all_the_same(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path
) -> None:
    feed = rss(item(1, title="Café \u201copens\u201d")).decode().encode("cp1252")
    web.answers["/feed"] = answer(200, feed, content_type="application/rss+xml; charset=utf-8")
    watched([f"{web.url}/feed"], tmp_path / "out", fetcher, 1)
    assert rows(tmp_path / "out", "headline") == [("Café \u201copens\u201d",)]


@pytest.mark.parametrize("lost", ["before the run", "before the state"])
def test_a_killed_round_goes_on_from_its_archive(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    web.answers["/feed"] = [answer(200, rss(item(1))), answer(200, rss(item(2)))]
    names, out = [f"{web.url}/feed"], tmp_path / "out"

    class Killed(BaseException):
        pass

    def killed(*arguments: Any) -> None:
        raise Killed

    target = (feeds, "_commit") if lost == "before the run" else (feed_state, "save")
    with monkeypatch.context() as patch:
        patch.setattr(*target, killed)
        with pytest.raises(Killed):
            watched(names, out, fetcher, 1)
    store = open_store(str(out))
    assert store.list(feed_state.OPEN) == [f"{feed_state.OPEN}/{tick_name(NOW)}.json"]
    watched(names, out, fetcher, 1)
    assert [name.rsplit("#")[-1] for name, _ in rows(out)] == ["1", "2"]
    assert store.list(feed_state.OPEN) == []


def test_two_watchers_do_not_share_an_output(web: Web, fetcher: Fetcher, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "out"))
    with Claim(store, wait=False, place=feed_state.CLAIMS), pytest.raises(HeldError):
        watched([f"{web.url}/feed"], tmp_path / "out", fetcher, 1)
    assert web.asked == []


def test_a_storage_that_fails_for_a_round_does_not_end_the_watch(
    web: Web, answer: Reply, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["/feed"] = answer(200, rss(item(1)))
    real, said, faults = feeds._commit, [], iter([OSError("disk is away")])

    def commit(*arguments: Any) -> Outcome:
        for fault in faults:
            raise fault
        return real(*arguments)

    monkeypatch.setattr(feeds, "_commit", commit)
    stop = threading.Event()
    feeds.watch(
        [f"{web.url}/feed"],
        job(tmp_path / "out"),
        Watcher(say=said.append),
        stop=stop,
        now=lambda: NOW,
        fetcher=fetcher,
        on_round=lambda outcome: stop.set(),
    )
    assert any("disk is away" in words for words in said)
    assert len(rows(tmp_path / "out")) == 1


def test_three_rounds_of_a_watch_that_sigterm_ends_once_the_last_is_committed(
    local: Web, answer: Reply, tmp_path: Path
) -> None:
    third = threading.Event()

    def last(handler: Any) -> None:
        third.set()
        threading.Event().wait(0.5)
        answer(200, rss(item(2, title="Ferry 2 stays"), item(1)))(handler)

    local.answers["/feed"] = [answer(200, rss(item(1))), answer(200, rss(item(2), item(1))), last]
    given, out = opml(tmp_path, f"{local.url}/feed"), tmp_path / "clean"
    command = [sys.executable, "-m", "copydesk.pipelines.cli", "watch", str(given), "--output", str(out)]
    options = [f"--allow-host={local.host}", "--every=1s", "--workers=1"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert third.wait(120)
        os.kill(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "Stopping once this round is committed" in said
    query = f"select headline from '{out}/articles/**/*.parquet' order by headline"
    assert duckdb.sql(query).fetchall() == [
        ("Ferry 1 leaves the harbor on time",),
        ("Ferry 2 leaves the harbor on time",),
        ("Ferry 2 stays",),
    ]
    assert open_store(str(out)).list(feed_state.CLAIMS) == []
