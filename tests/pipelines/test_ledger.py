"""The ledger says the same whether it reads every window or what was merged of them, and wherever merging was cut off."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest

from copydesk.pipelines import commit, keyed, ledger
from copydesk.pipelines.commit import WindowId, decide, file_entry, finish, publish, seal, stage
from copydesk.pipelines.keyed import hash64
from copydesk.pipelines.ledger import HEAD, MERGED, Ledger, inputs_file, window_name
from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH, SEEN_SCHEMA
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import FolderStore, open_store
from copydesk.pipelines.verify import verify

Key = tuple[int, int]


def keys_of(number: int, table: str) -> list[Key]:
    """What a window wrote: three articles, and in every seventh a failure."""
    rows = 3 if table == "articles" else number % 7 == 0
    return [(hash64(f"{table} {number} {row}"), hash64(f"r{row}")) for row in range(rows)]


def commit_window(store: FolderStore, number: int) -> None:
    """Commits a window of keys and inputs alone, by the steps of the commit."""
    window, files = WindowId(window_name(number), "2026-01-31"), []
    for table in ("articles", "failures"):
        keys = keys_of(number, table)
        columns = {ID_HASH: [key for key, _ in keys], REVISION_HASH: [revision for _, revision in keys]}
        if keys:
            data = keyed.file_bytes(pa.table(columns, schema=SEEN_SCHEMA))
            files.append(stage(store, window, "seen", f"{table}-000", data, len(keys)))
    data, rows = inputs_file([(Piece(f"file:///{number}-{n}", f"v{number}", 10), 1) for n in range(2)])
    files.append(stage(store, window, "inputs", "inputs", data, rows))
    counts = {"documents": 0, "articles": 0, "duplicates": 0, "failures": 0, "inputs": rows}
    decision = {"window": window.name, "counts": counts, "files": [file_entry(file) for file in files]}
    standing, _ = decide(store, decision)
    publish(store, standing)
    seal(store, standing)


def check(store: FolderStore, windows: int, found: Ledger) -> None:
    """Every key and every input of every window is told, and nothing else."""
    assert found.through == windows
    assert found.next_window() == window_name(windows + 1)
    for table in ("articles", "failures"):
        expected = [key for number in range(1, windows + 1) for key in keys_of(number, table)]
        paths = [path for path in found.seen_files() if f"-{table}-" in path]
        hashes = keyed.hashes_of([key for key, _ in expected] + [1, 2**64 - 1])
        rows = keyed.find(store, paths, hashes, SEEN_SCHEMA)
        assert sorted(zip(*(rows[name].to_pylist() for name in (ID_HASH, REVISION_HASH)), strict=True)) == sorted(
            expected
        )
    uris = [f"file:///{number}-{n}" for number in range(windows + 2) for n in range(3)]
    assert found.committed(uris) == {
        (f"file:///{number}-{n}", f"v{number}"): [(0, -1)] for number in range(1, windows + 1) for n in range(2)
    }


def fresh(store: FolderStore) -> Ledger:
    found = Ledger(store)
    found.refresh()
    return found


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FolderStore:
    monkeypatch.setattr(ledger, "MERGE_EVERY", 3)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    found = open_store(str(tmp_path / "out"))
    assert isinstance(found, FolderStore)
    return found


def test_what_is_merged_says_what_the_windows_say_after_each_of_them(store: FolderStore) -> None:
    held = Ledger(store)
    for number in range(1, 31):
        commit_window(store, number)
        assert list(held.refresh()) == [window_name(number)]
        held.merge()
        check(store, number, held)
        check(store, number, fresh(store))
    assert verify(store).problems == []
    # 27 windows are in one file of each kind, three in another.
    assert set(held.seen_files()) == {
        f"{MERGED}/seen-articles-000001-000027.parquet",
        f"{MERGED}/seen-articles-000028-000030.parquet",
        f"{MERGED}/seen-failures-000001-000027.parquet",
        *(path for path in store.list(commit.SEEN) if "/000028-failures-" in path),
    }


def test_a_head_that_is_lost_or_old_is_as_true(store: FolderStore, tree: Callable[[Path], Any]) -> None:
    heads = []
    for number in range(1, 20):
        commit_window(store, number)
        held = fresh(store)
        held.merge()
        heads.append(store.read(HEAD) if store.size(HEAD) else None)
    made = tree(store.root)
    for head in (None, heads[4], heads[11]):
        store.delete(HEAD)
        if head is not None:
            store.replace(HEAD, head)
        again = fresh(store)
        check(store, 19, again)
        again.merge()
        check(store, 19, again)
        assert tree(store.root) == made
    assert store.read(HEAD) == heads[-1]


class Killed(BaseException):
    pass


def killing(store: FolderStore, at: int, *, after: bool, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Ends the process, as it were, before or after the `at`th operation that writes."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(FolderStore, name)

        def operation(self: FolderStore, *args: Any) -> Any:
            nonlocal count
            count += 1
            if count == at and not after:
                raise Killed
            result = real(self, *args)
            if count == at:
                raise Killed
            return result

        monkeypatch.setattr(FolderStore, name, operation)

    for name in ("create", "replace", "sync"):
        wrap(name)
    yield


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", range(1, 11))
def test_merging_may_be_cut_off_anywhere(
    store: FolderStore,
    at: int,
    after: bool,
    monkeypatch: pytest.MonkeyPatch,
    tree: Callable[[Path], Any],
    tmp_path: Path,
) -> None:
    for number in range(1, 10):
        commit_window(store, number)
    with monkeypatch.context() as patch:
        for _ in killing(store, at, after=after, monkeypatch=patch):
            held = fresh(store)
            with pytest.raises(Killed):
                held.merge()
    check(store, 9, fresh(store))
    commit_window(store, 10)
    held = fresh(store)
    held.merge()
    check(store, 10, held)
    assert verify(store).problems == []

    undisturbed = FolderStore(open_store(str(tmp_path / "undisturbed")).url)
    for number in range(1, 11):
        commit_window(undisturbed, number)
        held = fresh(undisturbed)
        held.merge()
    assert tree(store.root) == tree(undisturbed.root)


def test_a_run_looks_into_few_files_however_many_windows_there_are(store: FolderStore) -> None:
    held, most = Ledger(store), 0
    for number in range(1, 245):
        commit_window(store, number)
        held.refresh()
        held.merge()
        most = max(most, len(held.seen_files()))
    assert most <= 2 * 2 * 5  # two kinds, at most two files of each of five sizes


def test_a_run_asks_for_few_objects_however_many_windows_there_are(
    store: FolderStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 83):
        commit_window(store, number)
        fresh(store).merge()
    asked: list[str] = []
    for name in ("read", "list", "size"):
        real = getattr(FolderStore, name)
        monkeypatch.setattr(
            FolderStore,
            name,
            lambda self, path, real=real, name=name: asked.append(f"{name} {path}") or real(self, path),
        )
    held = fresh(store)
    assert finish(store, held.through) == []
    assert asked == [
        f"read {HEAD}",
        "size _state/streaming.json",  # was a stream ever here?
        "read _manifests/000082.json",
        "read _manifests/000083.json",
        "read _state/decided/000083.json",
    ]


def test_what_is_large_is_left_apart(store: FolderStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "MERGED_ROWS", 20)
    for number in range(1, 28):
        commit_window(store, number)
        fresh(store).merge()
    assert [path for path in store.list(MERGED) if "000027" in path] == [
        f"{MERGED}/{name}.parquet"
        for name in (
            "inputs-000019-000027", "inputs-000025-000027",
            "seen-articles-000025-000027", "seen-failures-000001-000027",
        )
    ]  # fmt: skip
    check(store, 27, fresh(store))
    assert verify(store).problems == []


def test_verify_tells_what_was_merged_wrongly(store: FolderStore) -> None:
    for number in range(1, 10):
        commit_window(store, number)
        fresh(store).merge()
    good = store.read(HEAD)
    path = f"{MERGED}/seen-articles-000001-000009.parquet"
    store.replace(path, store.read(f"{MERGED}/seen-articles-000001-000003.parquet"))
    assert verify(store).problems == [
        f"{path}: not what windows 1 to 9 say; remove {HEAD} and {MERGED}, and they are made anew"
    ]
    store.delete(path)
    [problem] = verify(store).problems
    assert problem.startswith(path)
    head = orjson.loads(good)
    head["parts"] = [part for part in head["parts"] if part["kind"] != "seen-articles"]
    store.replace(HEAD, orjson.dumps(head))
    [problem] = verify(store).problems
    assert problem.startswith(f"{HEAD}: seen-articles of 9 windows are not in what it names")
    store.replace(HEAD, b"[]")
    [problem] = verify(store).problems
    assert problem.startswith(f"{store.url}/{HEAD}: ")
    with pytest.raises(OSError, match="made anew from the manifests"):
        fresh(store)
    store.delete(HEAD)
    for path in store.list(MERGED):
        store.delete(path)
    fresh(store).merge()
    assert store.read(HEAD) == good
    assert verify(store).problems == []


def test_rows_are_found_by_their_hash_in_a_file_of_many_row_groups(store: FolderStore) -> None:
    chance = random.Random(1)
    keys = sorted({chance.getrandbits(64) for _ in range(30_000)} | {0, 2**64 - 1})
    table = pa.table({ID_HASH: keys, REVISION_HASH: range(len(keys))}, schema=SEEN_SCHEMA)
    for path, rows in (("a.parquet", table), ("b.parquet", table.slice(0, 0))):
        store.create(path, keyed.file_bytes(rows))
    for wanted in ([], [0], [2**64 - 1], [keys[8191], keys[8192], keys[8191] + 1], chance.sample(keys, 500), keys):
        found = keyed.find(store, ["a.parquet", "b.parquet"], keyed.hashes_of(wanted), SEEN_SCHEMA)
        assert sorted(found[ID_HASH].to_pylist()) == sorted(set(wanted) & set(keys))
    assert np.array_equal(keyed.hashes_of([3, 1, 3]), [1, 3])
