"""Checks an output: that what the manifests say is there, is whole, adds up, and stands once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.pipelines import keyed
from copydesk.pipelines.commit import DECIDED, MANIFESTS, PAYLOADS, SEEN
from copydesk.pipelines.ledger import HEAD, MERGED, Part, parts_of, read_head
from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH
from copydesk.pipelines.store import Store


@dataclass
class Report:
    """What was checked and what is wrong.

    Attributes:
        problems: In words, each naming the file.
        windows: Committed windows.
        files: Files checked.
        rows: Rows by kind of file.
    """

    problems: list[str] = field(default_factory=list)
    windows: int = 0
    files: int = 0
    rows: dict[str, int] = field(default_factory=dict)


def verify(store: Store) -> Report:
    """Reads every committed file of an output and checks it against its manifest.

    Checked are: each file's presence, size, digest, rows and Parquet footer; that no file stands in the folders of
    articles, failures or payloads that no manifest knows; that each window adds up; that no identity and revision is
    written twice; that every payload kept apart is there and is what its name says; that no decision is unsealed; that
    what was merged of the keys and of the inputs says what the windows say.
    """
    report = Report()
    known: set[str] = set()
    parts: list[Part] = []
    tables: dict[str, pa.Table] = {}
    payloads: set[str] = set()
    manifests = store.list(MANIFESTS)
    for path in manifests:
        manifest = orjson.loads(store.read(path))
        report.windows += 1
        report.problems += _sums(path, manifest)
        if manifest["window"].isdigit():  # those of streams are not merged
            parts += parts_of(manifest)
        for file in manifest["files"]:
            known.add(file["path"])
            data = _read(store, file["path"])
            report.files += 1
            problems = list(_file(file, data))
            report.problems += problems
            if data is None or problems:
                continue
            report.rows[file["kind"]] = report.rows.get(file["kind"], 0) + file["rows"]
            if file["kind"] in ("seen", "inputs"):
                tables[file["path"]] = pq.read_table(pa.BufferReader(data))
            if file["kind"] == "failures":
                column = pq.read_table(pa.BufferReader(data), columns=["payload_path"])["payload_path"]
                payloads.update(path for path in column.to_pylist() if path)
    for path in store.list(DECIDED):
        if path.replace(DECIDED, MANIFESTS, 1) not in manifests:
            report.problems.append(f"{path}: decided on and not sealed; run the job again to finish it")
    for folder in ("articles", "failures"):
        report.problems += [f"{path}: no manifest knows it" for path in store.list(folder) if path not in known]
    report.problems += _late(store, manifests)
    report.problems += _payloads(store, payloads)
    report.problems += _merged(store, parts, tables)
    report.problems += _twice(tables)
    return report


def _read(store: Store, path: str) -> bytes | None:
    try:
        return store.read(path)
    except FileNotFoundError:
        return None


def _sums(path: str, manifest: dict[str, Any]) -> Iterator[str]:
    counts = manifest["counts"]
    out = counts["articles"] + counts["duplicates"] + counts["failures"] + counts.get("late", 0)
    if counts["documents"] != out:
        yield f"{path}: its counts do not add up: {counts}"
    for kind in ("articles", "failures", "inputs"):
        rows = sum(file["rows"] for file in manifest["files"] if file["kind"] == kind)
        if rows != counts[kind]:
            yield f"{path}: {counts[kind]} {kind} counted, {rows} rows written"


def _late(store: Store, manifests: list[str]) -> Iterator[str]:
    """What a stream's windows wait for must have come in late windows."""
    found = [orjson.loads(store.read(path)) for path in manifests]
    awaited = sum(max(0, manifest["counts"].get("late", 0)) for manifest in found)
    came = sum(manifest["counts"]["documents"] for manifest in found if "late_of" in manifest)
    if awaited > came:
        yield f"{awaited - came:,} documents went into a stream and have not come out of it"


def _file(file: dict[str, Any], data: bytes | None) -> Iterator[str]:
    path = file["path"]
    if data is None:
        yield f"{path}: missing"
        return
    if len(data) != file["bytes"] or hashlib.sha256(data).hexdigest() != file["sha256"]:
        yield f"{path}: not the bytes that were committed"
        return
    rows = pq.ParquetFile(pa.BufferReader(data)).metadata.num_rows
    if rows != file["rows"]:
        yield f"{path}: {rows} rows; {file['rows']} were committed"


def _payloads(store: Store, wanted: set[str]) -> Iterator[str]:
    for path in sorted(wanted):
        data = _read(store, path)
        if data is None:
            yield f"{path}: a failure's payload is missing"
        elif hashlib.sha256(data).hexdigest() != path.rsplit("/", 1)[-1]:
            yield f"{path}: not the payload that was kept"
    for path in store.list(PAYLOADS):
        name = path.rsplit("/", 1)[-1]
        if path not in wanted and len(name) == 64:
            yield f"{path}: no failure knows this payload (a killed run left it; the same input will use it again)"


def _merged(store: Store, parts: Sequence[Part], tables: Mapping[str, pa.Table]) -> Iterator[str]:
    """What was merged must say what the windows say that it covers, and cover all windows up to the last."""
    remedy = f"remove {HEAD} and {MERGED}, and they are made anew"
    try:
        through, merged = read_head(store)
    except OSError as error:
        yield str(error)
        return
    for kind in sorted({part.kind for part in parts}):
        windows = {part.low: part for part in parts if part.kind == kind and part.high <= through}
        for part in merged:
            if part.kind == kind:
                inside = [windows.pop(number) for number in range(part.low, part.high + 1) if number in windows]
                paths = [path for single in inside for path in single.paths]
                if tuple(paths) != part.paths and not _say_the_same(store, part.paths, paths, tables):
                    yield f"{', '.join(part.paths)}: not what windows {part.low} to {part.high} say; {remedy}"
        if windows:
            yield f"{HEAD}: {kind} of {len(windows)} windows are not in what it names; {remedy}"


def _say_the_same(store: Store, merged: Iterable[str], paths: Iterable[str], tables: Mapping[str, pa.Table]) -> bool:
    try:
        said = keyed.file_bytes(keyed.read(store, merged))
    except (FileNotFoundError, pa.ArrowInvalid):
        return False
    own = [tables[path] for path in paths if path in tables]
    return bool(own) and said == keyed.file_bytes(pa.concat_tables(own))


def _twice(tables: Mapping[str, pa.Table]) -> Iterator[str]:
    for name in ("articles", "failures"):
        keys = [table for path, table in tables.items() if path.startswith(SEEN) and f"-{name}-" in path]
        if keys:
            rows = pa.concat_tables(keys)
            pairs = np.stack([rows[ID_HASH].to_numpy(), rows[REVISION_HASH].to_numpy()], axis=1)
            repeated = len(pairs) - len(np.unique(pairs, axis=0))
            if repeated:
                yield f"{name}: {repeated} rows are written twice"
