"""How a Parquet file is made: the same rows give the same bytes, whoever writes them and in whatever order they come.

The settings were chosen by measurement; docs/adr/0003-the-same-rows-give-the-same-bytes.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.schemas.article import ARTICLE_SCHEMA
from copydesk.schemas.columns import Field
from copydesk.schemas.failure import FAILURE_SCHEMA

ID_HASH, REVISION_HASH = "_id_hash", "_revision_hash"
"""Columns that travel with the rows until they are written: 64 bits each of the identity and of the version."""

GROUP_ROWS = 20_000
GROUP_BYTES = 64 << 20
"""Of the column that makes the rows long, in one row group."""

Indices: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]

_KEYS: list[Field] = [pa.field(name, pa.uint64(), nullable=False) for name in (ID_HASH, REVISION_HASH)]


@dataclass(frozen=True, slots=True)
class Table:
    """One of the tables that a run writes.

    Attributes:
        name: Its folder below the output.
        schema: Its columns.
        order: The columns that its files are sorted by.
        statistics: The columns that carry minimum and maximum; long texts would fill the footer.
        bloom: The column looked up by equality.
        weight: The column that makes its rows long.
    """

    name: str
    schema: pa.Schema
    order: tuple[str, ...]
    statistics: tuple[str, ...]
    bloom: str
    weight: str

    @property
    def keyed(self) -> pa.Schema:
        """The schema with the two key columns that the rows carry until they are written."""
        return pa.schema([*self.schema, *_KEYS]).with_metadata(self.schema.metadata)


ARTICLES = Table(
    "articles",
    ARTICLE_SCHEMA,
    ("house", "published_at", "article_id", "revision"),
    ("article_id", "house", "published_at", "updated_at", "fetched_at"),
    "article_id",
    "text",
)
FAILURES = Table(
    "failures", FAILURE_SCHEMA, ("code", "source_uri", "failure_id"), ("failure_id", "code"), "failure_id", "payload"
)
TABLES = {table.name: table for table in (ARTICLES, FAILURES)}

SEEN_SCHEMA = pa.schema(_KEYS)


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be written of a shard's rows.

    Attributes:
        order: Positions of the rows to write, in the order of the table.
        seen: Their keys, sorted.
        duplicates: How many rows are left out.
    """

    order: Indices
    seen: pa.Table
    duplicates: int


def settle(table: Table, rows: pa.Table, seen: pa.Table | None) -> Settled:
    """Finds the order of a shard's rows and leaves out those that stand twice or are committed already.

    Of rows with the same identity and version the one with the smallest source URI stays, so that the choice depends
    on nothing but the rows.

    Args:
        table: What table they are of.
        rows: With the key columns, in any order.
        seen: Key columns of what earlier windows committed, sorted or not; None where there are none.
    """
    by_key = _sorted_indices(rows, (ID_HASH, REVISION_HASH, "source_uri"))
    keys = _key_pairs(rows)[by_key]
    first = np.ones(len(keys), dtype=bool)
    first[1:] = keys[1:] != keys[:-1]
    if seen is not None and seen.num_rows:
        first &= ~np.isin(keys, _key_pairs(seen))
    kept = by_key[first]
    keys = keys[first]
    return Settled(
        order=kept[_sorted_indices(rows.select(table.order).take(kept), table.order)],
        seen=pa.table({ID_HASH: keys["id"], REVISION_HASH: keys["revision"]}, schema=SEEN_SCHEMA),
        duplicates=rows.num_rows - len(kept),
    )


def _sorted_indices(rows: pa.Table, names: Sequence[str]) -> Indices:
    return pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in names]).to_numpy()


def _key_pairs(rows: pa.Table) -> np.ndarray[Any, Any]:
    pairs = np.empty(rows.num_rows, dtype=[("id", "<u8"), ("revision", "<u8")])
    pairs["id"] = rows[ID_HASH].to_numpy()
    pairs["revision"] = rows[REVISION_HASH].to_numpy()
    return pairs


def file_bytes(table: Table, rows: pa.Table, order: Indices, metadata: dict[str, str]) -> bytes:
    """The bytes of the Parquet file that holds some rows in a given order.

    Rows are copied a row group at a time, so that a large shard is never in memory twice.

    Args:
        table: What table they are of.
        rows: With the table's columns; others are left out.
        order: Positions of the rows to write.
        metadata: Keys for the footer; nothing in them may depend on when or where the file is written.
    """
    own = {key.encode(): value.encode() for key, value in metadata.items()}
    schema = table.schema.with_metadata({**(table.schema.metadata or {}), **own})
    rows = rows.select(table.schema.names)
    weights = pc.fill_null(pc.binary_length(rows[table.weight]), 0).to_numpy()
    group = max(1, min(GROUP_ROWS, GROUP_BYTES * len(order) // max(1, int(weights[order].sum()))))
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        schema,
        compression="zstd",
        compression_level=3,
        write_statistics=list(table.statistics),
        write_page_index=True,
        bloom_filter_options={table.bloom: True},
        use_compliant_nested_type=True,
        store_schema=True,
        sorting_columns=pq.SortingColumn.from_ordering(schema, [(name, "ascending") for name in table.order]),
    ) as writer:
        for start in range(0, max(1, len(order)), group):
            # In one chunk: where chunks end depends on who wrote them, and page boundaries follow chunks.
            part = rows.take(order[start : start + group]).combine_chunks().cast(schema)
            writer.write_table(part, row_group_size=group)
    return sink.getvalue().to_pybytes()


def counts(column: pa.ChunkedArray[Any]) -> dict[str, int]:
    """How often each value stands in a column, sorted by value; nulls count as the empty string."""
    tally: pa.Array[Any] = pc.value_counts(column)
    pairs: list[Any] = tally.to_pylist()
    return dict(sorted((pair["values"] or "", pair["counts"]) for pair in pairs))


def field_of_lists(column: pa.ChunkedArray[Any], field: str) -> pa.ChunkedArray[Any]:
    """One field of all structs in a column of lists of structs."""
    values: pa.ChunkedArray[Any] = pc.struct_field(pc.list_flatten(column), field)
    return values


def batches(table: Table, rows: Sequence[dict[str, Any]], limit: int = 2_000) -> Iterator[pa.RecordBatch]:
    """Rows as Arrow batches of the keyed schema, at most `limit` rows each."""
    for start in range(0, len(rows), limit):
        yield pa.RecordBatch.from_pylist(list(rows[start : start + limit]), schema=table.keyed)
