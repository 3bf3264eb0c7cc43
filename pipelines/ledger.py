"""What is committed: the union of the manifests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from copydesk.pipelines.commit import DECIDED, MANIFESTS
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import Store
from copydesk.schemas.columns import Field

_COLUMNS: list[Field] = [
    pa.field("uri", pa.string(), nullable=False),
    pa.field("version", pa.string(), nullable=False),
    pa.field("size", pa.int64(), nullable=False),
    pa.field("start", pa.int64(), nullable=False),
    pa.field("end", pa.int64(), nullable=False),
    pa.field("documents", pa.int64(), nullable=False),
]
INPUTS_SCHEMA = pa.schema(_COLUMNS)
"""The file beside each manifest that names what was read: a whole file (end -1) or a range of it."""


@dataclass(slots=True)
class Ledger:
    """The manifests of an output, and what they say has been read.

    Attributes:
        manifests: By window, in the order of the windows.
        ranges: For each URI the byte ranges read of each version.
    """

    manifests: dict[str, dict[str, Any]] = field(default_factory=dict)
    ranges: dict[str, dict[str, list[tuple[int, int]]]] = field(default_factory=dict)

    def refresh(self, store: Store) -> None:
        """Reads the manifests that are new since the last call."""
        for path in store.list(MANIFESTS):
            window = path.rsplit("/", 1)[-1].removesuffix(".json")
            if window not in self.manifests:
                manifest = orjson.loads(store.read(path))
                for file in manifest["files"]:
                    if file["kind"] == "inputs":
                        self._add_inputs(store.read(file["path"]))
                self.manifests[window] = manifest

    def _add_inputs(self, data: bytes) -> None:
        for row in pq.read_table(pa.BufferReader(data)).to_pylist():
            self.ranges.setdefault(row["uri"], {}).setdefault(row["version"], []).append((row["start"], row["end"]))

    def knows(self, uri: str) -> bool:
        """True if any version of the file has been read."""
        return uri in self.ranges

    def committed(self, uri: str, version: str) -> Sequence[tuple[int, int]]:
        """The byte ranges of this version of the file that are committed."""
        return self.ranges.get(uri, {}).get(version, ())

    def seen_files(self) -> list[str]:
        """Paths of the files that hold the keys of all committed rows."""
        return [
            file["path"] for manifest in self.manifests.values() for file in manifest["files"] if file["kind"] == "seen"
        ]


def next_window(store: Store) -> str:
    """The name of the window after the last one that was decided on: `000001`, `000002`, ..."""
    names = [path.rsplit("/", 1)[-1].removesuffix(".json") for path in store.list(DECIDED)]
    return f"{max((int(name) for name in names if name.isdigit()), default=0) + 1:06d}"


def inputs_file(pieces: Iterable[tuple[Piece, int]]) -> tuple[bytes, int]:
    """The bytes of the file that names what a window read, and its rows.

    Args:
        pieces: Each piece with the number of documents found in it, in any order.
    """
    rows = [
        {
            "uri": piece.uri,
            "version": piece.version,
            "size": piece.size,
            "start": piece.start,
            "end": piece.end,
            "documents": documents,
        }
        for piece, documents in sorted(pieces, key=lambda pair: (pair[0].uri, pair[0].start))
    ]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(rows, schema=INPUTS_SCHEMA), sink, compression="zstd")
    return sink.getvalue().to_pybytes(), len(rows)
