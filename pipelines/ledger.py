"""What is committed: the union of the manifests, told without reading all of them.

Manifests name small files: the keys of the rows that a window wrote, and what it read. After every tenth window those
of the last ten are merged into one, after every hundredth those of the last hundred, and so on, so that a run looks
into tens of files where there are tens of thousands of windows. What is merged says nothing new: it is made of files
that stay, by whoever holds the output, and comes out the same whoever makes it. `_state/ledger.json` says which files
together cover the windows up to a certain one; it is replaced only once what it names is safe, and an older one, or
none, is as true and only slower.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import orjson
import pyarrow as pa

from copydesk.pipelines import keyed
from copydesk.pipelines.commit import MANIFESTS, window_name
from copydesk.pipelines.manifests import of_streams
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import Store
from copydesk.schemas.columns import Field

HEAD: Final = "_state/ledger.json"
MERGED: Final = "_state/merged"
MERGE_EVERY = 10
"""So many windows, or files merged before, make one file."""
MERGED_ROWS: Final = 1_000_000
"""What has more rows together is left apart: its parts are large enough to be few."""

STREAMED: Final = 0
"""Stands for the number of a stream's window, which has none: it is named by its time, and is not merged."""

_COLUMNS: list[Field] = [
    pa.field("uri_hash", pa.uint64(), nullable=False),
    pa.field("uri", pa.string(), nullable=False),
    pa.field("version", pa.string(), nullable=False),
    pa.field("size", pa.int64(), nullable=False),
    pa.field("start", pa.int64(), nullable=False),
    pa.field("end", pa.int64(), nullable=False),
    pa.field("documents", pa.int64(), nullable=False),
]
INPUTS_SCHEMA = pa.schema(_COLUMNS)
"""The file beside each manifest that names what was read: a whole file (end -1) or a range of it."""

Ranges = Mapping[tuple[str, str], Sequence[tuple[int, int]]]
"""The byte ranges of versions of files, by URI and version."""


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one kind that cover some windows.

    Attributes:
        kind: `seen-articles`, `seen-failures` or `inputs`.
        low: The first window, by number.
        high: The last.
        paths: The files.
        rows: In all of them.
    """

    kind: str
    low: int
    high: int
    paths: tuple[str, ...]
    rows: int


def parts_of(manifest: Mapping[str, Any]) -> list[Part]:
    """The parts that cover the one window of a manifest."""
    kinds: dict[str, list[Mapping[str, Any]]] = {}
    for file in manifest["files"]:
        if file["kind"] == "inputs":
            kinds.setdefault("inputs", []).append(file)
        elif file["kind"] == "seen":
            kinds.setdefault("seen-articles" if "-articles-" in file["path"] else "seen-failures", []).append(file)
    number = int(manifest["window"]) if manifest["window"].isdigit() else STREAMED
    return [
        Part(kind, number, number, tuple(file["path"] for file in files), sum(file["rows"] for file in files))
        for kind, files in sorted(kinds.items())
    ]


class Ledger:
    """What is committed to an output, as far as it has been read.

    Attributes:
        through: The last window that was read, by number: it and all before it are sealed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parts: list[Part] | None = None
        self._merged_through = 0
        self._streamed = set[str]()
        self.through = 0

    def refresh(self) -> dict[str, dict[str, Any]]:
        """Reads what is new since the last call, or, at the first, what is not merged yet.

        Returns:
            The manifests it read, by window.
        """
        if self._parts is None:
            self._merged_through, self._parts = read_head(self._store)
            self.through = self._merged_through
        for manifest in of_streams(self._store, self._streamed):
            self._parts += parts_of(manifest)
            self._streamed.add(manifest["window"])
        manifests: dict[str, dict[str, Any]] = {}
        while True:
            window = window_name(self.through + 1)
            try:
                manifest = orjson.loads(self._store.read(f"{MANIFESTS}/{window}.json"))
            except FileNotFoundError:
                return manifests
            self._parts += parts_of(manifest)
            self.through += 1
            manifests[window] = manifest

    def merge(self) -> None:
        """Merges what is due. Only for who holds the output."""
        start = self._merged_through
        while self.through - self._merged_through >= MERGE_EVERY:
            self._merged_through += MERGE_EVERY
            self._merge_at(self._merged_through)
        if self._merged_through > start:
            self._store.sync()
            parts = [asdict(part) for part in self._of(high=self._merged_through)]
            head = {"version": 1, "through": self._merged_through, "parts": parts}
            self._store.replace(HEAD, orjson.dumps(head, option=orjson.OPT_INDENT_2))

    def _merge_at(self, last: int) -> None:
        span = MERGE_EVERY
        while last % span == 0:
            for kind in sorted({part.kind for part in self._of()}):
                self._merge_span(kind, last - span + 1, last)
            span *= MERGE_EVERY

    def _merge_span(self, kind: str, low: int, high: int) -> None:
        inside = self._of(kind, low, high)
        rows = sum(part.rows for part in inside)
        if sum(len(part.paths) for part in inside) < 2 or rows > MERGED_ROWS:
            return
        path = f"{MERGED}/{kind}-{window_name(low)}-{window_name(high)}.parquet"
        table = keyed.read(self._store, [path for part in inside for path in part.paths])
        self._store.create(path, keyed.file_bytes(table))
        merged = Part(kind, low, high, (path,), table.num_rows)
        others = set(self._of(low=STREAMED)) - set(inside)
        self._parts = sorted([*others, merged], key=lambda part: (part.low, part.kind, part.paths))

    def _of(self, kind: str | None = None, low: int = 1, high: int | None = None) -> list[Part]:
        """The parts of a kind between two windows."""
        return [
            part
            for part in self._parts or ()
            if (kind is None or part.kind == kind) and part.low >= low and (high is None or part.high <= high)
        ]

    def next_window(self) -> str:
        """The name of the window after the last that is sealed: `000001`, `000002`, ..."""
        return window_name(self.through + 1)

    def seen_files(self) -> list[str]:
        """Paths of the files that hold the keys of all committed rows."""
        return [path for part in self._of(low=STREAMED) if part.kind != "inputs" for path in part.paths]

    def committed(self, uris: Iterable[str], since: int = STREAMED) -> Ranges:
        """What of some files is committed, in every version of them that was read.

        Args:
            uris: Of the files.
            since: Only what is not merged with windows before this one.
        """
        paths = [path for part in self._of("inputs", since) for path in part.paths]
        wanted = set(uris) if paths else set[str]()
        found: dict[tuple[str, str], list[tuple[int, int]]] = {}
        if wanted:
            hashes = keyed.hashes_of(keyed.hash64(uri) for uri in wanted)
            for row in keyed.find(self._store, paths, hashes, INPUTS_SCHEMA).to_pylist():
                if row["uri"] in wanted:
                    found.setdefault((row["uri"], row["version"]), []).append((row["start"], row["end"]))
        return found


def read_head(store: Store) -> tuple[int, list[Part]]:
    """The last window up to which all is merged, and the parts that cover the windows up to it.

    Raises:
        OSError: it cannot be read, or was changed from outside.
    """
    try:
        head = orjson.loads(store.read(HEAD))
        return head["through"], [Part(**{**part, "paths": tuple(part["paths"])}) for part in head["parts"]]
    except FileNotFoundError:
        return 0, []
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"{store.url}/{HEAD}: {error}; remove it, and it is made anew from the manifests") from error


def inputs_file(pieces: Iterable[tuple[Piece, int]]) -> tuple[bytes, int]:
    """The bytes of the file that names what a window read, and its rows.

    Args:
        pieces: Each piece with the number of documents found in it, in any order.
    """
    rows = [
        {
            "uri_hash": keyed.hash64(piece.uri),
            "uri": piece.uri,
            "version": piece.version,
            "size": piece.size,
            "start": piece.start,
            "end": piece.end,
            "documents": documents,
        }
        for piece, documents in pieces
    ]
    return keyed.file_bytes(pa.Table.from_pylist(rows, schema=INPUTS_SCHEMA)), len(rows)
