"""The file that lines learnt by house are kept in: Parquet, a row a line, so that a person can look and strike out."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.transforms.boilerplate.learnt import Counts

SCHEMA: pa.Schema = pa.schema(
    {"house": pa.string(), "line": pa.string(), "count": pa.int64(), "stories": pa.int64()}  # type: ignore[arg-type]
)
"""House as in the rows of articles; the line's form (digits are 0, lower case); in how many of how many stories."""


def to_file(houses: Mapping[str, Counts]) -> bytes:
    """The file; the same bytes for the same counts."""
    rows = [
        {"house": house, "line": line, "count": count, "stories": counts.stories}
        for house, counts in sorted(houses.items())
        for line, count in sorted(counts.lines.items())
    ]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), sink, compression="zstd")
    return sink.getvalue()


def from_file(data: bytes) -> dict[str, Counts]:
    """The counts in a file.

    Raises:
        ValueError: it is no such file.
    """
    try:
        rows = pq.read_table(io.BytesIO(data)).cast(SCHEMA).to_pylist()
    except (pa.ArrowException, ValueError) as error:
        raise ValueError(f"no file of house lines as `copydesk learn` writes it: {error}") from error
    lines: defaultdict[str, dict[str, int]] = defaultdict(dict)
    stories: dict[str, int] = {}
    for row in rows:
        lines[row["house"]][row["line"]] = row["count"]
        stories[row["house"]] = row["stories"]
    return {house: Counts(stories[house], found) for house, found in lines.items()}
