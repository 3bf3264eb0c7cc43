"""Whatever fails, and wherever a run is killed: running again gives the bytes of an undisturbed run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest

Run = Callable[..., Any]
Tree = Callable[[Path], dict[str, str]]


@dataclass
class Undisturbed:
    """A job with two windows, a failure with a payload of its own file, and a duplicate; and how it ends."""

    arguments: tuple[str, ...]
    operations: list[str]
    tree: dict[str, str]

    def command(self, out: Path) -> tuple[str, ...]:
        return (*self.arguments, "--output", str(out))


@pytest.fixture(scope="module")
def job(forked: Run, tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    top = tmp_path_factory.mktemp("undisturbed")
    folder = top / "in"
    folder.mkdir()
    for number in range(6):
        text = f"Gate {number} opens\n\nPORT ELLIS - Gate {number} of the barrage opened on Monday, the keeper said.\n"
        (folder / f"s{number}.txt").write_text(text * (1 if number != 3 else 15_000))
    (folder / "empty.txt").write_bytes(b"")
    arguments = ("ingest", str(folder), "--as-of=2026-01-31", "--batch-bytes=1M", "--max-document-bytes=1M")
    arguments += ("--max-failures=100%",)
    ran = forked(*arguments, "--output", top / "out")
    assert ran["status"] == 0, ran["said"]
    job = Undisturbed(arguments, ran["operations"], tree(top / "out"))
    assert len([path for path in job.tree if path.startswith("_manifests/")]) == 3
    assert len([path for path in job.tree if path.startswith("raw/")]) == 1
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


def survives(job: Undisturbed, forked: Run, tree: Tree, out: Path, at: int, how: str) -> None:
    ran = forked(*job.command(out), at=at, how=how)
    if how.startswith("kill"):
        assert ran["status"] == -9, ran
    elif ran["status"] == 0:
        assert tree(out) == job.tree, (at, how, "it said that all is well")
    else:
        assert "injected" in ran["said"], ran
    check_readers(out)
    again = forked(*job.command(out))
    assert again["status"] == 0, (at, how, again["said"])
    assert tree(out) == job.tree, (at, how, job.operations[at - 1])


def spread(total: int, count: int) -> list[int]:
    return sorted({1 + (total - 1) * step // (count - 1) for step in range(count)})


def test_a_job_makes_enough_storage_operations_to_be_worth_the_sweep(job: Undisturbed) -> None:
    assert len(job.operations) > 60, len(job.operations)
    kinds = {operation.split()[0] for operation in job.operations}
    assert {"create", "move", "read", "keep", "sync", "put", "get"} <= kinds


def test_a_kill_at_a_few_operations(job: Undisturbed, forked: Run, tree: Tree, tmp_path: Path) -> None:
    for at in spread(len(job.operations), 6):
        survives(job, forked, tree, tmp_path / f"{at}", at, "kill-after")


def test_a_fault_at_a_few_operations(job: Undisturbed, forked: Run, tree: Tree, tmp_path: Path) -> None:
    for at, how in zip(spread(len(job.operations), 6), ("error", "error-after", "full") * 2, strict=False):
        survives(job, forked, tree, tmp_path / f"{at}", at, how)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill-before", "kill-after"])
def test_a_kill_at_every_operation(job: Undisturbed, forked: Run, tree: Tree, tmp_path: Path, how: str) -> None:
    for at in range(1, len(job.operations) + 1):
        survives(job, forked, tree, tmp_path / f"{at}", at, how)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["error", "error-after", "full"])
def test_a_fault_at_every_operation(job: Undisturbed, forked: Run, tree: Tree, tmp_path: Path, how: str) -> None:
    for at in range(1, min(200, len(job.operations)) + 1):
        survives(job, forked, tree, tmp_path / f"{at}", at, how)


@pytest.mark.slow
def test_a_run_killed_again_and_again_still_ends(job: Undisturbed, forked: Run, tree: Tree, tmp_path: Path) -> None:
    for at in (3, 11, 23, 31, 17, 29, 37):
        forked(*job.command(tmp_path / "out"), at=at, how="kill-before")
        check_readers(tmp_path / "out")
    assert forked(*job.command(tmp_path / "out"))["status"] == 0
    assert tree(tmp_path / "out") == job.tree
