"""Whatever fails, and wherever a run is killed: running again gives the bytes of an undisturbed run."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

Run = Callable[..., Any]
Tree = Callable[[Path], dict[str, str]]


@dataclass
class Job:
    """Two windows, many files, a failure whose payload is a file of its own, a duplicate; and how it ends."""

    forked: Run
    tree: Tree
    folder: Path
    operations: list[str] = field(default_factory=list)
    expected: dict[str, str] = field(default_factory=dict)

    def run(self, out: Path, at: int = 0, how: str = "") -> dict[str, Any]:
        options = ("--as-of=2026-01-31", "--batch-bytes=1M", "--max-document-bytes=1M", "--max-failures=100%")
        ran: dict[str, Any] = self.forked(
            "ingest", self.folder, "--output", out, *options, at=at, how=how, shard_bytes=200, merge_every=2
        )
        return ran

    def survives(self, out: Path, at: int, how: str) -> None:
        ran = self.run(out, at, how)
        if how.startswith("kill"):
            assert ran["status"] == -9, ran
        elif ran["status"] == 0:
            assert self.tree(out) == self.expected, (at, how, "it said that all is well")
        else:
            assert "injected" in ran["said"], ran
        check_readers(out)
        again = self.run(out)
        assert again["status"] == 0, (at, how, again["said"])
        assert self.tree(out) == self.expected, (at, how, self.operations[at - 1])


@pytest.fixture(scope="module")
def job(forked: Run, tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Job:
    top = tmp_path_factory.mktemp("undisturbed")
    folder = top / "in"
    folder.mkdir()
    for number in range(40):
        text = f"Gate {number} opens\n\nPORT ELLIS - Gate {number} of the barrage opened on Monday, the keeper said.\n"
        (folder / f"gate{number}.txt").write_text(text)
    (folder / "same.txt").write_bytes((folder / "gate0.txt").read_bytes())
    (folder / "too-large.txt").write_text(text * 15_000)
    (folder / "empty.txt").write_bytes(b"")
    job = Job(forked, tree, folder)
    ran = job.run(top / "out")
    assert ran["status"] == 0, ran["said"]
    job.operations, job.expected = ran["operations"], tree(top / "out")
    return job


def committed_rows(out: Path) -> int:
    manifests = [orjson.loads(path.read_bytes()) for path in (out / "_manifests").glob("*.json")]
    return sum(manifest["counts"]["articles"] for manifest in manifests)


def check_readers(out: Path) -> None:
    """What a reader sees at any moment is whole, stands once, and is at least what is committed."""
    found = list((out / "articles").rglob("*.parquet")) if out.exists() else []
    if found:
        query = f"select count(*), count(distinct (article_id, revision)) from '{out}/articles/**/*.parquet'"
        total, distinct = duckdb.sql(query).fetchall()[0]
        assert total == distinct
        assert total >= committed_rows(out)
    else:
        assert committed_rows(out) == 0
    assert not list((out / "articles").rglob("*.tmp"))


SLICES = 10
SWEEP_ALL = os.environ.get("SWEEP") == "all"  # every kill and every fault at every operation: half an hour on 2 cores


def spread(total: int, count: int) -> list[int]:
    return sorted({1 + (total - 1) * step // (count - 1) for step in range(count)})


def test_the_job_is_worth_the_sweep(job: Job) -> None:
    assert len(job.operations) >= 200, job.operations
    kinds = {operation.split()[0] for operation in job.operations}
    assert {"create", "move", "read", "keep", "sync", "put", "get"} <= kinds
    assert len([path for path in job.expected if path.startswith("_manifests/")]) == 2
    assert len([path for path in job.expected if path.startswith("payloads/")]) == 1
    assert len([path for path in job.expected if path.startswith("_state/merged/")]) == 3


def test_a_kill_at_a_few_operations(job: Job, tmp_path: Path) -> None:
    for at in spread(len(job.operations), 5):
        job.survives(tmp_path / f"{at}", at, "kill-after")


def test_a_fault_at_a_few_operations(job: Job, tmp_path: Path) -> None:
    for at, how in zip(spread(len(job.operations), 6), ("error", "error-after", "full") * 2, strict=True):
        job.survives(tmp_path / f"{at}", at, how)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(SLICES))
def test_a_kill_at_every_fifth_operation(job: Job, tmp_path: Path, part: int) -> None:
    every = 1 if SWEEP_ALL else 5
    for at in range(1 + part * every, len(job.operations) + 1, SLICES * every):
        job.survives(tmp_path / f"{at}", at, "kill-after")


@pytest.mark.slow
@pytest.mark.parametrize("part", range(SLICES))
def test_a_fault_at_every_operation(job: Job, tmp_path: Path, part: int) -> None:
    faults = ("error", "error-after", "full")
    for at in range(1 + part, len(job.operations) + 1, SLICES):
        for how in faults if SWEEP_ALL else [faults[at % 3]]:
            job.survives(tmp_path / f"{at}-{how}", at, how)


@pytest.mark.slow
def test_a_run_killed_again_and_again_still_ends(job: Job, tmp_path: Path) -> None:
    for at in (3, 11, 23, 31, 17, 29, 37, 150, 90):
        job.run(tmp_path / "out", at, "kill-before")
        check_readers(tmp_path / "out")
    assert job.run(tmp_path / "out")["status"] == 0
    assert job.tree(tmp_path / "out") == job.expected
