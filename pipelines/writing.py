"""The Beam steps from records to committed files: pack, exchange, write a file for each shard, commit.

The work itself is in `parquet.py` (what a file holds) and `commit.py` (how it becomes visible).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.utils.windowed_value import WindowedValue

from copydesk.pipelines import keyed
from copydesk.pipelines.commit import (
    DoesNotAddUpError,
    Staged,
    WindowSpec,
    decide,
    file_entry,
    publish,
    seal,
    stage,
)
from copydesk.pipelines.exchange import Exchange
from copydesk.pipelines.keyed import hash64
from copydesk.pipelines.ledger import inputs_file
from copydesk.pipelines.parquet import (
    ID_HASH,
    REVISION_HASH,
    SEEN_SCHEMA,
    TABLES,
    Table,
    counts,
    field_of_lists,
    file_bytes,
    settle,
)
from copydesk.pipelines.plan import MIB, Piece
from copydesk.pipelines.store import Store
from copydesk.schemas.article import Article
from copydesk.schemas.failure import Failure
from copydesk.transforms.steps import FannedOut

BATCH_BYTES = 4 * MIB
"""Text held as Python rows before it becomes an Arrow batch."""

WindowOf = Callable[[Any], WindowSpec]
"""What is written for a window of Beam's. A bounded run has one window, a stream one for each span of time."""


@dataclass(frozen=True, slots=True)
class OneWindow:
    """The window of a bounded run, whatever Beam calls it."""

    spec: WindowSpec

    def __call__(self, window: Any) -> WindowSpec:
        """The window."""
        return self.spec


@dataclass(frozen=True, slots=True)
class PiecesRead:
    """Pieces that were read to their end, and how many documents were found in each."""

    pieces: tuple[tuple[Piece, int], ...]


@dataclass(frozen=True, slots=True)
class ShardWritten:
    """What became of one shard of one table.

    Attributes:
        table: Its name.
        files: What is staged for it.
        rows: Rows written.
        duplicates: Rows left out.
        tallies: Counts over the rows written, by what is counted: `removed` by kind, `failures` by code ...
    """

    table: str
    files: tuple[Staged, ...]
    rows: int
    duplicates: int
    tallies: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Articles and failures that are committed already, left out before anything was written."""

    count: int


Part = ShardWritten | PiecesRead | FannedOut | Duplicates
"""What a decision is made of."""


def keys_of(record: Article | Failure) -> tuple[str, dict[str, int]]:
    """The table of a record, and its key columns."""
    if isinstance(record, Article):
        return "articles", {ID_HASH: hash64(record.article_id), REVISION_HASH: hash64(record.revision)}
    return "failures", dict.fromkeys((ID_HASH, REVISION_HASH), hash64(record.failure_id))


def shard_of(id_hash: int, shards: int) -> int:
    """The shard of an identity: shards are equal ranges of the hash, so that a shard's keys lie together."""
    return id_hash * shards >> 64


_Shard = tuple[Any, str, int]
"""A window, a table, and the shard of it."""


class Pack(beam.DoFn):
    """Articles and failures to Arrow batches, one row of batches for each shard of a window.

    Yields `((table, shard), token)` in that window, where the token stands for the batches in the exchange.
    """

    def __init__(self, shards: int, exchange: Exchange) -> None:
        self.shards, self.exchange = shards, exchange

    def start_bundle(self) -> None:
        """Starts with nothing held."""
        self._rows: dict[_Shard, list[dict[str, Any]]] = {}
        self._batches: dict[_Shard, list[pa.RecordBatch]] = {}
        self._row_bytes = self._batch_bytes = 0

    def process(self, record: Article | Failure, window: Any = beam.DoFn.WindowParam) -> Iterator[WindowedValue]:
        """Takes one record; yields once enough are held."""
        row = record.row()
        table, keys = keys_of(record)
        row.update(keys)
        weight = len(record.text) if isinstance(record, Article) else len(record.payload or b"")
        self._rows.setdefault((window, table, shard_of(row[ID_HASH], self.shards)), []).append(row)
        self._row_bytes += weight + 1_000
        if self._row_bytes >= BATCH_BYTES:
            self._to_batches()
            if self._batch_bytes >= self.exchange.flush_bytes:
                yield from self._flush()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Yields what is left."""
        self._to_batches()
        yield from self._flush()

    def _to_batches(self) -> None:
        for key, rows in self._rows.items():
            batch = pa.RecordBatch.from_pylist(rows, schema=TABLES[key[1]].keyed)
            self._batches.setdefault(key, []).append(batch)
            self._batch_bytes += batch.nbytes
        self._rows.clear()
        self._row_bytes = 0

    def _flush(self) -> Iterator[WindowedValue]:
        for (window, table, shard), batches in self._batches.items():
            yield WindowedValue(((table, shard), self.exchange.put(batches)), window.max_timestamp(), (window,))
        self._batches.clear()
        self._batch_bytes = 0


class WriteShard(beam.DoFn):
    """All batches of one shard to one staged file, sorted and without duplicates, and one of its keys."""

    def __init__(self, store: Store, window_of: WindowOf, exchange: Exchange) -> None:
        self.store, self.window_of, self.exchange = store, window_of, exchange

    def process(
        self, element: tuple[tuple[str, int], Iterable[bytes]], window: Any = beam.DoFn.WindowParam
    ) -> Iterator[ShardWritten]:
        """Takes the tokens of a shard; yields what was staged."""
        (name, shard), tokens = element[0], list(element[1])
        if not tokens:  # a stream's window may end a second time for a shard, with nothing in it
            return
        spec, rows = self.window_of(window), self.exchange.get(tokens)
        yield write_shard(self.store, spec, name, f"{shard:03d}", rows, self._seen(spec, name, rows))

    def _seen(self, window: WindowSpec, name: str, rows: pa.Table) -> pa.Table:
        paths = [path for path in window.seen if f"-{name}-" in path]
        return keyed.find(self.store, paths, keyed.hashes_of(rows[ID_HASH]), SEEN_SCHEMA)


def write_shard(
    store: Store, window: WindowSpec, name: str, label: str, rows: pa.Table, seen: pa.Table | None
) -> ShardWritten:
    """Stages rows of one table as a file, sorted and without duplicates, and their keys as another.

    Args:
        store: The output.
        window: What they belong to.
        name: Of the table.
        label: Tells the file from the others of its table in the window.
        rows: With their key columns, in any order.
        seen: Keys of what is committed already; None where there are none.
    """
    table = TABLES[name]
    settled = settle(table, rows, seen)
    files = []
    if len(settled.order):
        data = file_bytes(table, rows, settled.order, {"copydesk.window": window.id.name})
        files.append(stage(store, window.id, name, label, data, len(settled.order)))
        keys = keyed.file_bytes(settled.seen)
        files.append(stage(store, window.id, "seen", f"{name}-{label}", keys, settled.seen.num_rows))
    return ShardWritten(
        name, tuple(files), len(settled.order), settled.duplicates, _tallies(table, rows, settled.order)
    )


def _tallies(table: Table, rows: pa.Table, order: Any) -> dict[str, dict[str, int]]:
    if table.name == "failures":
        return {"failures": counts(rows["code"].take(order))}
    changes: int | None = pc.sum(field_of_lists(rows["respelled"].take(order), "count")).as_py()
    return {
        "removed": counts(field_of_lists(rows["removed"].take(order), "kind")),
        "respelled": {"words": changes or 0},
        "media_types": counts(rows["media_type"].take(order)),
    }


class Commit(beam.DoFn):
    """Everything that was staged for a window to a committed window.

    Yields the manifest that stands, with `won` telling whether it is this run's.
    """

    def __init__(self, store: Store, window: WindowSpec) -> None:
        self.store, self.window = store, window

    def process(self, element: tuple[str, Iterable[Part]]) -> Iterator[dict[str, Any]]:
        """Takes all there is to know of a window.

        Raises:
            DoesNotAddUpError: a document is missing or too many; nothing is published.
            CommitError: the output was changed from outside.
        """
        decision, inputs = summed_up(self.window, element[1])
        counts = decision["counts"]
        if missing(counts):
            raise DoesNotAddUpError(
                f"window {self.window.id.name}: {counts['documents']} documents in, but {counts['articles']} articles "
                f"+ {counts['duplicates']} duplicates + {counts['failures']} failures = "
                f"{counts['documents'] - missing(counts)} out; nothing of it was published"
            )
        standing, won = commit_decision(self.store, self.window, decision, inputs)
        yield {**standing, "won": won}


def missing(counts: Mapping[str, int]) -> int:
    """How many documents more went in than came out."""
    return counts["documents"] - counts["articles"] - counts["duplicates"] - counts["failures"]


def commit_decision(
    store: Store, window: WindowSpec, decision: dict[str, Any], inputs: Iterable[tuple[Piece, int]]
) -> tuple[dict[str, Any], bool]:
    """Decides, publishes and seals.

    Args:
        store: The output.
        window: The window.
        decision: As `summed_up` made it.
        inputs: The same.

    Returns:
        The decision that stands, and whether it is this one.
    """
    data, rows = inputs_file(inputs)
    staged = stage(store, window.id, "inputs", "inputs", data, rows)
    decision["files"] = sorted([*decision["files"], file_entry(staged)], key=lambda file: str(file["path"]))
    standing, won = decide(store, decision)
    publish(store, standing)
    seal(store, standing)
    return standing, won


def summed_up(window: WindowSpec, parts: Iterable[Part]) -> tuple[dict[str, Any], list[tuple[Piece, int]]]:
    """The decision on a window, but for its list of inputs, and that list."""
    files: list[dict[str, Any]] = []
    inputs: list[tuple[Piece, int]] = []
    tallies: dict[str, Counter[str]] = {}
    articles = failures = duplicates = documents = 0
    for part in parts:
        if isinstance(part, PiecesRead):
            inputs += part.pieces
            documents += sum(found for _, found in part.pieces)
        elif isinstance(part, FannedOut):
            documents += part.more
        elif isinstance(part, Duplicates):
            duplicates += part.count
        else:
            files += [file_entry(staged) for staged in part.files]
            duplicates += part.duplicates
            if part.table == "articles":
                articles += part.rows
            else:
                failures += part.rows
            for name, tally in part.tallies.items():
                tallies.setdefault(name, Counter()).update(tally)
    counted = {
        "inputs": len(inputs),
        "documents": documents,
        "articles": articles,
        "duplicates": duplicates,
        "failures": failures,
    }
    return {
        "window": window.id.name,
        "date": window.id.date,
        **window.facts,
        "counts": counted,
        "tallies": {name: dict(sorted(tally.items())) for name, tally in sorted(tallies.items())},
        "files": files,
    }, inputs
