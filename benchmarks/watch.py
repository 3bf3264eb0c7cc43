"""What a round of a watch costs, and how that grows with the rounds before it.

    python benchmarks/watch.py [--rounds 5000] [--entries 10]

Each round commits one archived answer of a feed with so many new entries, in one process, as `copydesk watch` does once
it has fetched: no network is in it. Printed are the medians over the rounds around each that is named: processor time,
time on the clock, and how many objects of the output were read and written.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from copydesk.pipelines import feed_state, feeds, run
from copydesk.pipelines.cli import _quieten_beam
from copydesk.pipelines.options import JobOptions, resolve
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
    parser.add_argument("--rounds", type=int, default=5_000)
    parser.add_argument("--entries", type=int, default=10, help="new entries a round")
    given = parser.parse_args()
    _quieten_beam()
    top = Path(tempfile.mkdtemp(prefix="copydesk-watch-"))
    try:
        options: JobOptions = resolve({"output": str(top / "out"), "quiet": True, "workers": 1}, {}, "2026-09-21")
        store, memory = open_store(options.output), run.Memory()
        done, rounds = count_operations(), list[tuple[float, float, int, int]]()
        for number in range(given.rounds):
            archive(store, number, given.entries)
            done.clear()
            used, clock = time.process_time(), time.perf_counter()
            outcome = feeds._commit(store, [], options, Watcher(), memory)
            assert outcome.counts["articles"] == given.entries
            rounds.append(
                (
                    time.process_time() - used,
                    time.perf_counter() - clock,
                    sum(name in READS for name in done),
                    sum(name in WRITES for name in done),
                )
            )
        print("| round | processor ms | clock ms | reads | writes |\n|--:|--:|--:|--:|--:|")
        for number in (n for n in (10, 100, 1_000, 2_000, 5_000, 10_000, 35_000) if n <= given.rounds):
            around = rounds[max(0, number - 50) : number]
            used, clock, reads, writes = (median(column) for column in zip(*around, strict=True))
            print(f"| {number:,} | {used * 1000:.0f} | {clock * 1000:.0f} | {reads:g} | {writes:g} |")
    finally:
        shutil.rmtree(top)


if __name__ == "__main__":
    main()
