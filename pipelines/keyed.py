"""Small tables whose rows are found by a 64-bit hash: the keys of committed rows, and what was read.

The hash is the first column and the rows are sorted by it, so that a few of them are found among millions by reading
the row groups alone that may hold them.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from copydesk.pipelines.files import open_stream
from copydesk.pipelines.store import Store

GROUP_ROWS = 8_192
WHOLE_BYTES = 1 << 20
"""A file up to this size is read at once: on an object store each request costs more than so many bytes."""

Hashes: TypeAlias = np.ndarray[Any, np.dtype[np.uint64]]


def hash64(*parts: str) -> int:
    """BLAKE2b over the parts as an unsigned 64-bit number."""
    return int.from_bytes(hashlib.blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=8).digest(), "big")


def hashes_of(values: pa.Array[Any] | pa.ChunkedArray[Any] | Iterable[int]) -> Hashes:
    """Hashes to look for, each once, sorted."""
    column = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, pa.uint64())
    return np.sort(pc.unique(column).to_numpy())


def file_bytes(table: pa.Table) -> bytes:
    """The bytes of the file that holds the rows of a table: the same for the same rows in any order."""
    names = table.column_names
    rows = table.sort_by([(name, "ascending") for name in names]).combine_chunks()
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink, compression="zstd", write_statistics=names[:1], row_group_size=GROUP_ROWS)
    return sink.getvalue().to_pybytes()


def find(store: Store, paths: Iterable[str], hashes: Hashes, schema: pa.Schema) -> pa.Table:
    """The rows of some files that have one of some hashes.

    Args:
        store: Where the files are.
        paths: Of files as `file_bytes` writes them.
        hashes: As `hashes_of` gives them.
        schema: Of the files.

    Raises:
        FileNotFoundError: a file is not there.
    """
    found = [part for path in paths for part in _find(store, path, hashes)]
    return pa.concat_tables([schema.empty_table(), *found])


def _find(store: Store, path: str, hashes: Hashes) -> Sequence[pa.Table]:
    with _opened(store, path) as stream, pq.ParquetFile(stream) as file:
        groups = [n for n in range(file.num_row_groups) if _may_hold(file.metadata.row_group(n), hashes)]
        if not groups:
            return []
        rows = file.read_row_groups(groups)
    return [rows.filter(pa.array(np.isin(rows[0].to_numpy(), hashes)))]


def _may_hold(group: pq.RowGroupMetaData, hashes: Hashes) -> bool:
    span = group.column(0).statistics
    if span is None or not span.has_min_max:
        return group.num_rows > 0
    low, high = np.searchsorted(hashes, np.array([span.min, span.max], dtype=np.uint64))
    return bool(low < high or (low < len(hashes) and hashes[low] <= span.max))


def _opened(store: Store, path: str) -> BinaryIO:
    size = store.size(path)
    if size is None:
        raise FileNotFoundError(f"{store.url}/{path}")
    return io.BytesIO(store.read(path)) if size <= WHOLE_BYTES else open_stream(f"{store.url}/{path}")


def read(store: Store, paths: Iterable[str]) -> pa.Table:
    """All rows of some files of one schema; at least one file.

    Raises:
        FileNotFoundError: a file is not there.
    """
    return pa.concat_tables(pq.read_table(pa.BufferReader(store.read(path))) for path in paths)
