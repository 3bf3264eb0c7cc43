"""How packed rows get from the workers that edit to the workers that write: the one place that knows the difference.

On one machine the batches are written to a folder and only their names go through the GroupByKey, because Beam's local
runner keeps what it groups in the memory of the driver: memory then stays flat whatever the input. Flink's batches need
the same, through the output itself, which all workers reach: Beam has a TaskManager gather all values of a key in its
heap. An engine with a shuffle of its own is given the batches themselves.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

import pyarrow as pa

from copydesk.pipelines.store import Store


class Exchange(Protocol):
    """Takes batches in and gives them back somewhere else.

    Attributes:
        flush_bytes: Arrow data that a worker may hold before it hands it over.
    """

    flush_bytes: ClassVar[int]

    def put(self, batches: Sequence[pa.RecordBatch]) -> bytes:
        """Hands over batches of one schema; the token is what goes through the GroupByKey."""

    def get(self, tokens: Iterable[bytes]) -> pa.Table:
        """The batches of all tokens as one table, in no order that may be relied on. At least one token."""


@dataclass(frozen=True, slots=True)
class Inline:
    """The token is the batches, in Arrow's stream format."""

    flush_bytes: ClassVar[int] = 4 << 20

    def put(self, batches: Sequence[pa.RecordBatch]) -> bytes:
        """As in Exchange."""
        return _packed(batches)

    def get(self, tokens: Iterable[bytes]) -> pa.Table:
        """As in Exchange."""
        return pa.concat_tables(pa.ipc.open_stream(token).read_all() for token in tokens)


@dataclass(frozen=True, slots=True)
class Spill:
    """The token is the name of a file in a folder that all workers on this machine see."""

    flush_bytes: ClassVar[int] = 64 << 20

    folder: str

    def put(self, batches: Sequence[pa.RecordBatch]) -> bytes:
        """As in Exchange.

        Raises:
            OSError: the disk is full or the folder cannot be written.
        """
        Path(self.folder).mkdir(parents=True, exist_ok=True)
        # A name of chance: it is gone with the run and nothing that is written depends on it.
        path = Path(self.folder, f"{uuid.uuid4().hex}.arrow")
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, batches[0].schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        return str(path).encode()

    def get(self, tokens: Iterable[bytes]) -> pa.Table:
        """As in Exchange."""
        return pa.concat_tables(_mapped(token) for token in tokens)


@dataclass(frozen=True, slots=True)
class Staged:
    """The token is the name of an object among what is staged in the output; all that is left there is swept."""

    store: Store
    folder: str

    flush_bytes: ClassVar[int] = 64 << 20

    def put(self, batches: Sequence[pa.RecordBatch]) -> bytes:
        """As in Exchange; raises what the store raises."""
        path = f"{self.folder}/{uuid.uuid4().hex}.arrow"
        self.store.create(path, _packed(batches))
        return path.encode()

    def get(self, tokens: Iterable[bytes]) -> pa.Table:
        """As in Exchange."""
        return pa.concat_tables(pa.ipc.open_stream(self.store.read(token.decode())).read_all() for token in tokens)


def _packed(batches: Sequence[pa.RecordBatch]) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batches[0].schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def _mapped(token: bytes) -> pa.Table:
    return pa.ipc.open_file(pa.memory_map(token.decode())).read_all()
