"""The Beam steps from records to committed files: pack, exchange, write a file for each shard, commit.

The work itself is in `parquet.py` (what a file holds) and `commit.py` (how it becomes visible).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.transforms.window import GlobalWindow
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


def shard_of(id_hash: int, shards: int) -> int:
    """The shard of an identity: shards are equal ranges of the hash, so that a shard's keys lie together."""
    return id_hash * shards >> 64


class Pack(beam.DoFn):
    """Articles and failures to Arrow batches, one row of batches for each shard.

    Yields `((table, shard), token)`, where the token stands for the batches in the exchange.
    """

    def __init__(self, shards: int, exchange: Exchange) -> None:
        self.shards, self.exchange = shards, exchange

    def start_bundle(self) -> None:
        """Starts with nothing held."""
        self._rows: dict[tuple[str, int], list[dict[str, Any]]] = {}
        self._batches: dict[tuple[str, int], list[pa.RecordBatch]] = {}
        self._row_bytes = self._batch_bytes = 0

    def process(self, record: Article | Failure) -> Iterator[tuple[tuple[str, int], bytes]]:
        """Takes one record; yields once enough are held."""
        row = record.row()
        if isinstance(record, Article):
            table, weight = "articles", len(record.text)
            row[ID_HASH] = hash64(record.article_id)
            row[REVISION_HASH] = hash64(record.revision)
        else:
            table, weight = "failures", len(record.payload or b"")
            row[ID_HASH] = row[REVISION_HASH] = hash64(record.failure_id)
        self._rows.setdefault((table, shard_of(row[ID_HASH], self.shards)), []).append(row)
        self._row_bytes += weight + 1_000
        if self._row_bytes >= BATCH_BYTES:
            self._to_batches()
            if self._batch_bytes >= self.exchange.flush_bytes:
                yield from self._flush()

    def finish_bundle(self) -> Iterator[WindowedValue]:
        """Yields what is left."""
        self._to_batches()
        for element in self._flush():
            yield WindowedValue(element, GlobalWindow().max_timestamp(), (GlobalWindow(),))

    def _to_batches(self) -> None:
        for key, rows in self._rows.items():
            batch = pa.RecordBatch.from_pylist(rows, schema=TABLES[key[0]].keyed)
            self._batches.setdefault(key, []).append(batch)
            self._batch_bytes += batch.nbytes
        self._rows.clear()
        self._row_bytes = 0

    def _flush(self) -> Iterator[tuple[tuple[str, int], bytes]]:
        for key, batches in self._batches.items():
            yield key, self.exchange.put(batches)
        self._batches.clear()
        self._batch_bytes = 0


class WriteShard(beam.DoFn):
    """All batches of one shard to one staged file, sorted and without duplicates, and one of its keys."""

    def __init__(self, store: Store, window: WindowSpec, exchange: Exchange) -> None:
        self.store, self.window, self.exchange = store, window, exchange

    def process(self, element: tuple[tuple[str, int], Iterable[bytes]]) -> Iterator[ShardWritten]:
        """Takes the tokens of a shard; yields what was staged."""
        (name, shard), tokens = element
        table = TABLES[name]
        rows = self.exchange.get(tokens)
        settled = settle(table, rows, self._seen(name, rows))
        files = []
        if len(settled.order):
            label = f"{shard:03d}"
            data = file_bytes(table, rows, settled.order, {"copydesk.window": self.window.id.name})
            files.append(stage(self.store, self.window.id, name, label, data, len(settled.order)))
            keys = keyed.file_bytes(settled.seen)
            files.append(stage(self.store, self.window.id, "seen", f"{name}-{label}", keys, settled.seen.num_rows))
        yield ShardWritten(
            name, tuple(files), len(settled.order), settled.duplicates, _tallies(table, rows, settled.order)
        )

    def _seen(self, name: str, rows: pa.Table) -> pa.Table:
        paths = [path for path in self.window.seen if f"-{name}-" in path]
        return keyed.find(self.store, paths, keyed.hashes_of(rows[ID_HASH]), SEEN_SCHEMA)


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

    def process(self, element: tuple[str, Iterable[ShardWritten | PiecesRead | FannedOut]]) -> Iterator[dict[str, Any]]:
        """Takes all there is to know of a window.

        Raises:
            DoesNotAddUpError: a document is missing or too many; nothing is published.
            CommitError: the output was changed from outside.
        """
        decision, inputs = summed_up(self.window, element[1])
        data, rows = inputs_file(inputs)
        staged = stage(self.store, self.window.id, "inputs", "inputs", data, rows)
        decision["files"] = sorted([*decision["files"], file_entry(staged)], key=lambda file: str(file["path"]))
        standing, won = decide(self.store, decision)
        publish(self.store, standing)
        seal(self.store, standing)
        yield {**standing, "won": won}


def summed_up(
    window: WindowSpec, parts: Iterable[ShardWritten | PiecesRead | FannedOut]
) -> tuple[dict[str, Any], list[tuple[Piece, int]]]:
    """The decision on a window, but for its list of inputs, and that list.

    Raises:
        DoesNotAddUpError: documents in are not articles + duplicates + failures out.
    """
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
        else:
            files += [file_entry(staged) for staged in part.files]
            duplicates += part.duplicates
            if part.table == "articles":
                articles += part.rows
            else:
                failures += part.rows
            for name, tally in part.tallies.items():
                tallies.setdefault(name, Counter()).update(tally)
    if documents != articles + duplicates + failures:
        raise DoesNotAddUpError(
            f"window {window.id.name}: {documents} documents in, but {articles} articles + {duplicates} duplicates + "
            f"{failures} failures = {articles + duplicates + failures} out; nothing of it was published"
        )
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
