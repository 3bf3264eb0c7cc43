"""What a round of a watch costs, and how that grows with the rounds before it.

    python benchmarks/watch.py [--rounds 10] [--entries 10] [--before 0,989,4989,34989]

Each round commits one archived answer of a feed with so many new entries, in one process, as `copydesk watch` does once
it has fetched: no network is in it. What went before is committed by the same steps, but for the graph: keys and inputs
of as many rounds as a watch has that looks every quarter of an hour: 1,000 in ten days, 35,000 in a year, less a few,
since a run looks into most files just before they are merged. Printed are the medians over the rounds: processor time,
time on the clock, the objects of the output that are read and written, and the time that a run in a new process takes
to know what is committed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import pyarrow as pa

from copydesk.pipelines import commit, feed_state, feeds, keyed, run
from copydesk.pipelines.cli import _quieten_beam
from copydesk.pipelines.ledger import Ledger, inputs_file
from copydesk.pipelines.options import JobOptions, resolve
from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH, SEEN_SCHEMA
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.run import Watcher
from copydesk.pipelines.store import FolderStore, Store, open_store
from copydesk.transforms.archive import Exchange, path_of, to_warc

FIRST = 1_790_000_000
EVERY = 900
READS, WRITES = ("read", "size", "list"), ("create", "replace", "move", "delete")


def feed(number: int, entries: int) -> bytes:
    """A feed with so many entries that no other round has."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}-{n}</guid><title>Ferry {number} leaves pier {n}</title>"
        f"<description>The ferry with the number {number} left pier {n} at noon, and nobody asked why.</description>"
        "</item>"
        for n in range(entries)
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


def archive(store: Store, number: int, entries: int) -> None:
    """Leaves behind what a round of polls does."""
    url, tick, body = "https://ledger.example/feed", FIRST + number * EVERY, feed(number, entries)
    feed_state.begin(store, tick)
    exchange = Exchange(url, url, tick, [], 200, "OK", [], body, [], "application/rss+xml")
    store.create(path_of(url, tick, body), to_warc(exchange))


def commit_before(store: Store, ledger: Ledger, rounds: int, entries: int) -> None:
    """Commits keys and inputs of rounds up to a number, without syncing them."""
    sync, os.fsync = os.fsync, lambda descriptor: None
    try:
        ledger.refresh()
        for number in range(ledger.through + 1, rounds + 1):
            window = commit.WindowId(commit.window_name(number), "2026-01-31")
            hashes = [keyed.hash64(f"{number} {entry}") for entry in range(entries)]
            keys = keyed.file_bytes(pa.table({ID_HASH: hashes, REVISION_HASH: hashes}, schema=SEEN_SCHEMA))
            read, rows = inputs_file([(Piece(f"file:///raw/feeds/{number}/feed.warc.gz", f"sha256:{number}", 9), 1)])
            files = [
                commit.stage(store, window, "seen", "articles-000", keys, entries),
                commit.stage(store, window, "inputs", "inputs", read, rows),
            ]
            decision = {"window": window.name, "files": [commit.file_entry(file) for file in files]}
            commit.decide(store, decision)
            commit.publish(store, decision)
            commit.seal(store, decision)
            ledger.refresh()
            ledger.merge()
    finally:
        os.fsync = sync


def count_operations() -> list[str]:
    """Notes each operation of any folder from now on in the list that it returns."""
    done: list[str] = []
    for name in (*READS, *WRITES):
        real = getattr(FolderStore, name)

        def operation(self: FolderStore, *given: Any, real: Any = real, name: str = name) -> Any:
            done.append(name)
            return real(self, *given)

        setattr(FolderStore, name, operation)
    return done


def main() -> None:
    """Runs the rounds and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, help="that are measured, after each number before")
    parser.add_argument("--entries", type=int, default=10, help="new entries a round")
    parser.add_argument("--before", default="0,989,4989,34989", help="rounds that went before")
    given = parser.parse_args()
    _quieten_beam()
    top = Path(tempfile.mkdtemp(prefix="copydesk-watch-"))
    try:
        options: JobOptions = resolve({"output": str(top / "out"), "quiet": True, "workers": 1}, {}, "2026-09-21")
        store, ledger, memory, done = open_store(options.output), None, run.Memory(), count_operations()
        print("| rounds before | processor ms | clock ms | reads | writes | a new run knows in ms |")
        print("|--:|--:|--:|--:|--:|--:|")
        for before in map(int, given.before.split(",")):
            ledger = ledger or Ledger(store)
            commit_before(store, ledger, before, given.entries)
            rounds: list[tuple[float, ...]] = []
            for number in range(before + 1, before + given.rounds + 1):
                archive(store, number, given.entries)
                done.clear()
                used, clock = time.process_time(), time.perf_counter()
                outcome = feeds._commit(store, [], options, Watcher(), memory)
                spent = time.process_time() - used, time.perf_counter() - clock
                assert outcome.counts["articles"] == given.entries
                objects = sum(name in READS for name in done), sum(name in WRITES for name in done)
                used = time.process_time()
                fresh = Ledger(store)
                fresh.refresh()
                fresh.committed([f"file:///raw/feeds/{number}/feed.warc.gz"])
                rounds.append((*spent, *objects, time.process_time() - used))
            used, clock, reads, writes, known = (median(column) for column in zip(*rounds, strict=True))
            row = (
                f"{before:,}",
                f"{used * 1e3:.0f}",
                f"{clock * 1e3:.0f}",
                f"{reads:g}",
                f"{writes:g}",
                f"{known * 1e3:.0f}",
            )
            print("|", " | ".join(row), "|", flush=True)
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
