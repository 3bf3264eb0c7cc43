"""Generated histories of feeds, watched through kills: every identity once, every true revision once, nothing else."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import pytest

from copydesk.pipelines.store import open_store
from copydesk.pipelines.verify import verify


@dataclass
class Entry:
    number: int
    version: int = 0
    date: int = 0

    @property
    def title(self) -> str:
        return f"Ferry {self.number} at pier {self.version}"

    def xml(self) -> str:
        return (
            f"<item><guid isPermaLink='false'>{self.number}</guid><title>{self.title}</title>"
            f"<pubDate>Mon, 21 Sep 2026 10:00:{self.date % 60:02} GMT</pubDate>"
            f"<description>The ferry lay at pier {self.version} at noon, and nobody asked why.</description></item>"
        )


@dataclass
class History:
    """What one feed answers at each tick, and the revisions that anyone can have seen there."""

    answers: list[bytes | int] = field(default_factory=list)
    seen: set[tuple[int, str]] = field(default_factory=set)

    @classmethod
    def made(cls, chance: random.Random, ticks: int) -> History:
        made, entries, count = cls(), list[Entry](), 0
        for _ in range(ticks):
            for _ in range(chance.choice([0, 0, 1, 1, 3])):
                count += 1
                entries.insert(0, Entry(count))
            for entry in entries:
                if chance.random() < 0.1:
                    entry.version += chance.choice([1, 1, 1, -1])  # an edit, or one that is taken back
                if chance.random() < 0.3:
                    entry.date += 1
            del entries[12:]
            what = chance.random()
            if what < 0.1:
                made.answers.append(chance.choice([500, 404, 304, 429]))
            elif what < 0.15:
                made.answers.append(b"<!doctype html><html><body><p>Too many requests</p></body></html>")
            elif what < 0.2:
                made.answers.append(b"<rss version='2.0'><channel></channel></rss>")
            else:
                shown = entries + ([chance.choice(entries)] if entries and chance.random() < 0.2 else [])
                items = "".join(entry.xml() for entry in shown)
                made.answers.append(f"<rss version='2.0'><channel>{items}</channel></rss>".encode())
                made.seen |= {(entry.number, entry.title) for entry in shown}
        return made


def play(web: Any, forked: Any, answer: Callable[..., Any], out: Path, *, many: int, ticks: int, kills: int) -> None:
    chance = random.Random(f"{many} {ticks} {kills}")
    histories = [History.made(chance, ticks) for _ in range(many)]
    web.host = web.host.replace("feeds.test", "127.0.0.1")
    urls = [f"{web.url}/{number}" for number in range(many)]
    given = out.parent / "feeds.opml"
    outlines = "".join(f'<outline xmlUrl="{url}"/>' for url in urls)
    given.write_text(f"<opml version='2.0'><body>{outlines}</body></opml>")
    command = ("ingest", given, "--output", out, f"--allow-host={web.host}", "--as-of=2026-09-21", "--workers=1")
    killing, killed, operations, began = set(chance.sample(range(1, ticks - 1), kills)), 0, 50, time.monotonic()
    for tick in range(ticks):
        for number, history in enumerate(histories):
            said = history.answers[tick]
            web.answers[f"/{number}"] = answer(said) if isinstance(said, int) else answer(200, said)
        if tick in killing:
            at, how = chance.randint(1, operations), chance.choice(["kill-before", "kill-after"])
            ran = forked(*command, at=at, how=how, merge_every=3)
            if ran["status"] == -signal.SIGKILL:
                killed += 1
            else:  # there were fewer operations this time
                killing.add(tick + 1)
        ran = forked(*command, merge_every=3)
        assert ran["status"] == 0, ran["said"]
        operations = len(ran["operations"])
        if tick % 10 == 9:
            print(f"{tick + 1} of {ticks} ticks, {killed} kills, {time.monotonic() - began:.0f} s", flush=True)
    assert killed >= kills * 0.9  # two that were missed may have met in one tick
    found = duckdb.sql(f"select article_id, headline from '{out}/articles/**/*.parquet' order by all").fetchall()
    expected = sorted(
        (f"{url}#{number}", title)
        for url, history in zip(urls, histories, strict=True)
        for number, title in history.seen
    )
    assert found == expected
    assert verify(open_store(str(out))).problems == []


def test_a_few_histories_through_a_few_kills(web: Any, forked: Any, answer: Any, tmp_path: Path) -> None:
    play(web, forked, answer, tmp_path / "out", many=6, ticks=5, kills=2)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_many_histories_through_many_kills(web: Any, forked: Any, answer: Any, tmp_path: Path) -> None:
    """`FEEDS=500 TICKS=200` is the whole of it, with 50 kills."""
    many, ticks = int(os.environ.get("FEEDS", "60")), int(os.environ.get("TICKS", "40"))
    play(web, forked, answer, tmp_path / "out", many=many, ticks=ticks, kills=ticks // 4)
