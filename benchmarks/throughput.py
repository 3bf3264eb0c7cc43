"""Documents per second and peak memory of `copydesk ingest`, beside a plain loop and a bare process pool.

    python benchmarks/throughput.py [--minutes 1] [--only text|pages|memory]

The loop and the pool do the same work with the same functions (open, read, edit, sort, write Parquet) and nothing
else: no Beam, no commit, no ledger. Each way runs in a process of its own; start-up is part of its time. Inputs are
made by made_news.py, as much as keeps the plain loop busy for the time asked for.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import made_news
import pyarrow as pa

from copydesk.pipelines.opening import OpenOptions, open_piece
from copydesk.pipelines.parquet import ARTICLES, ID_HASH, REVISION_HASH, file_bytes, settle
from copydesk.pipelines.plan import Piece
from copydesk.schemas.source import RawDocument
from copydesk.transforms.edit import Editor
from copydesk.transforms.read import Limits
from copydesk.transforms.steps import EditStep, Opened, ReadStep, Taken

HERE = Path(__file__)
MEMORY_WINDOW = "4MiB"


def clean(paths: Sequence[Path], target: Path) -> int:
    """The work itself: reads, cleans and writes one Parquet file; returns the number of articles."""
    from copydesk.pipelines.writing import BATCH_BYTES, hash64

    read, edit, options = ReadStep(Limits()), EditStep(Editor("0")), OpenOptions(10 << 20)
    batches: list[pa.RecordBatch] = []
    rows: list[dict[str, object]] = []
    size = 0
    for path in paths:
        for found in open_piece(Piece(path.as_uri(), "", path.stat().st_size), options):
            if not isinstance(found, RawDocument):
                continue
            for taken in read(Opened(found)):
                if not isinstance(taken, Taken):
                    continue
                for article in edit(taken):
                    row = article.row()
                    row[ID_HASH] = hash64(article.article_id)
                    row[REVISION_HASH] = hash64(article.revision)
                    rows.append(row)
                    size += len(article.text) + 1_000
            if size >= BATCH_BYTES:
                batches.append(pa.RecordBatch.from_pylist(rows, schema=ARTICLES.keyed))
                rows, size = [], 0
    if rows:
        batches.append(pa.RecordBatch.from_pylist(rows, schema=ARTICLES.keyed))
    if not batches:
        return 0
    table = pa.Table.from_batches(batches)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(file_bytes(ARTICLES, table, settle(ARTICLES, table, None).order, {}))
    return table.num_rows


def loop(folder: Path, out: Path) -> int:
    """A plain loop in one process: as much at a time as Copydesk puts into one file."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    groups = _groups(paths, 64 << 20)
    return sum(clean(group, out / f"{at:04d}.parquet") for at, group in enumerate(groups))


def pool(folder: Path, out: Path, workers: int) -> int:
    """A bare process pool over the same groups of files."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    groups = _groups(paths, 16 << 20)
    with multiprocessing.get_context("forkserver").Pool(workers) as processes:
        return sum(processes.starmap(clean, [(group, out / f"{at:04d}.parquet") for at, group in enumerate(groups)]))


def _groups(paths: Sequence[Path], limit: int) -> list[list[Path]]:
    groups: list[list[Path]] = [[]]
    size = 0
    for path in paths:
        if size > limit:
            groups.append([])
            size = 0
        groups[-1].append(path)
        size += path.stat().st_size
    return groups


class Peak(threading.Thread):
    """Watches the memory of a process and all below it: the sum of their proportional set sizes."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid, self.peak, self.stopped = pid, 0, threading.Event()

    def run(self) -> None:
        """Looks five times a second."""
        while not self.stopped.wait(0.2):
            self.peak = max(self.peak, sum(_pss(pid) for pid in _tree(self.pid)))


def _tree(pid: int) -> list[int]:
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def _pss(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def timed(command: Sequence[str]) -> tuple[float, int]:
    """Runs a command; seconds and peak bytes of it and its children."""
    start = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        peak = Peak(process.pid)
        peak.start()
        status = process.wait()
        peak.stopped.set()
    if status:
        sys.exit(f"{' '.join(map(str, command))} ended with {status}")
    return time.monotonic() - start, peak.peak


def command_for(way: str, folder: Path, out: Path, workers: int, *options: str) -> list[str]:
    """The command that runs one way."""
    if way == "copydesk":
        run = "import sys; from copydesk.pipelines.cli import main; main(sys.argv[1:])"
        return [
            sys.executable,
            "-c",
            run,
            "ingest",
            str(folder),
            "--output",
            str(out),
            "--workers",
            str(workers),
            "--quiet",
            *options,
        ]
    return [
        sys.executable,
        str(HERE),
        "--way",
        way,
        "--folder",
        str(folder),
        "--out",
        str(out),
        "--workers",
        str(workers),
    ]


def compare(name: str, folder: Path, documents: int, scratch: Path, workers: int) -> None:
    """Prints one table: the four ways over the same input."""
    seconds = {}
    print(f"\n{name}: {documents:,} documents, {_size(folder) / 1e6:,.0f} MB")
    print(f"{'':34}{'s':>8}{'docs/s':>9}{'MB':>8}")
    for label, way, count in (
        ("plain loop", "loop", 1),
        ("copydesk --workers 1", "copydesk", 1),
        (f"multiprocessing.Pool({workers})", "pool", workers),
        (f"copydesk --workers {workers}", "copydesk", workers),
    ):
        out = scratch / "out"
        seconds[label], peak = timed(command_for(way, folder, out, count))
        shutil.rmtree(out, ignore_errors=True)
        print(f"{label:34}{seconds[label]:8.1f}{documents / seconds[label]:9.0f}{peak / 1e6:8.0f}", flush=True)
    plain, one, bare, many = seconds.values()
    print(f"one worker: {plain / one:.2f} of the plain loop's speed")
    print(f"{workers} workers: gain {plain / many:.2f} beside the pool's {plain / bare:.2f}: {bare / many:.2f} of it")


def memory(scratch: Path, stories: int, workers: int) -> None:
    """Prints the peak memory over 1, 10 and 30 times the same amount of input.

    Memory follows the size of a window and of an output file, so the windows are small: the least input fills one.
    """
    print(f"\nmemory, {workers} workers, --batch-bytes {MEMORY_WINDOW}: stories in JSON lines")
    print(f"{'':12}{'MB in':>9}{'s':>8}{'peak MB':>9}")
    for times in (1, 10, 30):
        folder, out = scratch / "in", scratch / "out"
        made_news.write_text(folder, stories * times, 4 * times)
        size = _size(folder)
        spent, peak = timed(command_for("copydesk", folder, out, workers, "--batch-bytes", MEMORY_WINDOW))
        print(f"{times:>3} times   {size / 1e6:9.0f}{spent:8.1f}{peak / 1e6:9.0f}", flush=True)
        shutil.rmtree(folder)
        shutil.rmtree(out)


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _calibrated(make: Callable[[Path, int], None], sample: int, minutes: float, scratch: Path) -> int:
    """How many documents keep the plain loop busy for so many minutes."""
    folder = scratch / "sample"
    make(folder, sample)
    clean([], scratch / "none.parquet")
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    clean(paths[:1], scratch / "warm.parquet")
    start = time.monotonic()
    done = clean(paths, scratch / "sample.parquet")
    rate = done / (time.monotonic() - start)
    shutil.rmtree(folder)
    return max(sample, int(rate * 60 * minutes))


def main() -> None:
    """Prints all tables, or the one asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long the plain loop should take")
    parser.add_argument("--only", choices=("text", "pages", "memory"))
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--memory-stories", type=int, default=3_000, help="stories in the smallest memory run")
    for hidden in ("--way", "--folder", "--out"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        folder, out = Path(given.folder), Path(given.out)
        loop(folder, out) if given.way == "loop" else pool(folder, out, given.workers)
        return
    with tempfile.TemporaryDirectory(prefix="copydesk-benchmark-") as name:
        scratch = Path(name)
        if given.only in (None, "text"):

            def make_text(folder: Path, count: int) -> None:
                made_news.write_text(folder, count, 16)

            count = _calibrated(make_text, 4_000, given.minutes, scratch)
            make_text(scratch / "text", count)
            compare("text", scratch / "text", count, scratch, given.workers)
            shutil.rmtree(scratch / "text")
        if given.only in (None, "pages"):
            count = _calibrated(made_news.write_pages, 400, given.minutes, scratch)
            made_news.write_pages(scratch / "pages", count)
            compare("pages", scratch / "pages", count, scratch, given.workers)
            shutil.rmtree(scratch / "pages")
        if given.only in (None, "memory"):
            memory(scratch, given.memory_stories, given.workers)


if __name__ == "__main__":
    main()
