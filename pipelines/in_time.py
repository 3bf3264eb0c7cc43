"""The commit of a stream: a window for each span of time, and what comes late in a window of its own.

A part of a stream that is done again may come to a window that was decided on before. The first decision stands, as
always; rows of the second that are not committed anywhere are committed as a late window. With the archive read back
there are none, but then nothing rests on that.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.metrics.metric import Metrics

from copydesk.pipelines.commit import WindowId, WindowSpec, staging_path
from copydesk.pipelines.keyed import hash64
from copydesk.pipelines.manifests import finish, manifests, read_all
from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH, TABLES, Table
from copydesk.pipelines.store import STAGING, Store
from copydesk.pipelines.writing import (
    Part,
    ShardWritten,
    commit_decision,
    missing,
    summed_up,
    write_shard,
)
from copydesk.transforms.archive import tick_name
from copydesk.transforms.identity import digest

LATE: Final = "-late-"
"""Stands in the name of a late window, between that of the window whose rows it has and a digest of theirs."""
HORIZON_WINDOWS, HORIZON_SECONDS = 20, 600
"""How late anything may come, whichever is longer: Beam drops without a word what comes later still.

Times are those of ticks, so nothing comes later than the job takes to work: seconds.
"""
_NAMES = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z")


def horizon(every: int) -> int:
    """How late anything may come, in seconds.

    Args:
        every: Length of a window in seconds.
    """
    return max(HORIZON_SECONDS, HORIZON_WINDOWS * every)


@dataclass(frozen=True)
class InTime:
    """What is written for a window of time.

    Attributes:
        facts: What goes into each manifest as it is.
        date: The day that rows are filed under; that of the window, in UTC, where it is None.
        shards: Files for each table.
    """

    facts: dict[str, Any]
    date: str | None = None
    shards: int = 1

    def __call__(self, window: Any) -> WindowSpec:
        """The window of a time window of Beam's."""
        start = int(window.start)
        date = self.date or datetime.fromtimestamp(start, UTC).date().isoformat()
        return WindowSpec(WindowId(tick_name(start), date), self.shards, (), self.facts)


class CommitInTime(beam.DoFn):
    """Everything that was staged for a window of time to a committed window; yields the manifests.

    Documents that went in and have not come out are counted in the manifest as `late`.
    """

    def __init__(self, store: Store, window_of: InTime, every: int) -> None:
        self.store, self.window_of, self.every = store, window_of, every

    def process(
        self, element: tuple[str, Iterable[Part]], window: Any = beam.DoFn.WindowParam
    ) -> Iterator[dict[str, Any]]:
        """Takes all there is to know of a window, or of what came late for it."""
        parts = list(element[1])
        if not parts:  # as in WriteShard
            return
        spec = self.window_of(window)
        decision, inputs = summed_up(spec, parts)
        decision["counts"]["late"] = missing(decision["counts"])
        standing, won = commit_decision(self.store, spec, decision, inputs)
        if won:
            yield self._told(standing, window)
        else:
            late = commit_rest(self.store, spec, decision, standing)
            if late is not None:
                yield self._told(late, window)
        sweep_before(self.store, tick_name(int(window.start) - horizon(self.every)))

    def _told(self, manifest: dict[str, Any], window: Any) -> dict[str, Any]:
        for name, count in manifest["counts"].items():
            Metrics.counter("copydesk", name).inc(max(0, count))
        Metrics.distribution("copydesk", "lag_seconds").update(max(0, int(time.time() - float(window.end))))
        return manifest


def commit_rest(
    store: Store, window: WindowSpec, ours: dict[str, Any], standing: dict[str, Any]
) -> dict[str, Any] | None:
    """Commits, as a late window, the rows of a decision that did not stand which are committed nowhere.

    Args:
        store: The output.
        window: The window.
        ours: The decision that did not stand.
        standing: The one that does.

    Returns:
        The manifest of the late window; None where there is nothing to commit.
    """
    finish(store)  # a late window that an earlier try decided on
    stands = {file["path"] for file in standing["files"]}
    lost = [file for file in ours["files"] if file["path"] not in stands and file["kind"] in TABLES]
    if not lost:
        return None
    name = window.id.name + LATE + digest(*sorted(file["path"] for file in lost))[:8]
    late = replace(window, id=replace(window.id, name=name))
    committed = [file["path"] for told in manifests(store) for file in told["files"] if file["kind"] == "seen"]
    written: list[ShardWritten] = []
    for kind, table in TABLES.items():
        files = [file for file in lost if file["kind"] == kind]
        if files:
            rows = pa.concat_tables(
                _with_keys(table, store.read(staging_path(window.id.name, file["path"]))) for file in files
            )
            seen = [
                pq.read_table(pa.BufferReader(data))
                for data in read_all(store, [path for path in committed if f"-{kind}-" in path])
            ]
            found = write_shard(store, late, kind, "000", rows, pa.concat_tables(seen) if seen else None)
            written.append(replace(found, duplicates=0))
    if not any(found.rows for found in written):
        return None
    decision, _ = summed_up(late, written)
    counts = decision["counts"]
    counts.update(documents=counts["articles"] + counts["failures"], late=0)
    decision["late_of"] = window.id.name
    manifest, _ = commit_decision(store, late, decision, [])
    return manifest


def _with_keys(table: Table, data: bytes) -> pa.Table:
    """The rows of a staged file with their key columns."""
    rows = pq.read_table(pa.BufferReader(data))
    names = ("article_id", "revision") if table.name == "articles" else ("failure_id", "failure_id")
    for column, name in zip((ID_HASH, REVISION_HASH), names, strict=True):
        hashes = [hash64(str(value)) for value in rows[name].to_pylist()]
        rows = rows.append_column(pa.field(column, pa.uint64(), nullable=False), pa.array(hashes, pa.uint64()))
    return rows


def sweep_before(store: Store, name: str) -> None:
    """Drops what is staged for windows before one, all of them decided on long ago."""
    for path in store.list(STAGING):
        window = path.split("/")[1]
        if _NAMES.match(window) and window < name:
            store.delete(path)
