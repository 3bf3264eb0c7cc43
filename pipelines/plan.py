"""What a run will read and in what order: inputs, pieces of them, splits, windows.

A *piece* is a whole file or a range of bytes of a big one, and is what the ledger remembers. A *split* is what one
worker opens at a time: a piece, or a handful of small ones. A *window* is what one commit covers. All of it is a
pure function of the inputs' names and sizes, so that the same inputs fall into the same windows on every machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

MIB = 1 << 20
SPLIT_BYTES = 8 * MIB
"""A file that can be read from the middle is cut into ranges of this size; small files are put together up to it."""
SPLIT_FILES = 500
SHARD_BYTES = 128 * MIB
"""Clean text that one output file should hold, about."""

_UNPACKED = {".gz": 4, ".bz2": 5, ".zst": 4, ".zip": 4}
_TEXT_SHARE = {".html": 16, ".htm": 16, ".warc": 16, ".xml": 2, ".rss": 2}


class InputChangedError(RuntimeError):
    """A file changed while it was read, so that what was read is of no version at all."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file that was found.

    Attributes:
        uri: `file:///...` or the object's URL.
        size: Bytes as stored.
        splittable: It may be read from the middle: uncompressed lines of records.
        problem: Why it cannot be opened at all, in words: a folder without files, a pipe, a dangling link.
    """

    uri: str
    size: int
    splittable: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A file, or the records of it that start at a byte in `[start, end)`; `end` is -1 for a whole file.

    Attributes:
        uri: As in Input.
        version: What tells two states of the file apart: the SHA-256 of its bytes, or an object store's ETag.
        size: Bytes of the whole file, as stored.
        stamp: Size and time of the last change when `version` was taken; if it is another after reading, the file
            was changed under the reader.
    """

    uri: str
    version: str
    size: int
    start: int = 0
    end: int = -1
    stamp: str = ""
    problem: str | None = None

    @property
    def length(self) -> int:
        """Bytes to read, as stored."""
        return self.size if self.end < 0 else self.end - self.start


@dataclass(frozen=True, slots=True)
class Split:
    """What one worker opens at a time."""

    number: int
    pieces: tuple[Piece, ...]


def unpacked_bytes(uri: str, size: int) -> int:
    """What a file of `size` stored bytes unpacks to, about: text packs four- to fivefold."""
    return size * _UNPACKED.get(PurePosixPath(uri.lower()).suffix, 1)


def text_bytes(uri: str, size: int) -> int:
    """How much clean text a file holds, about: a page of 174 KB holds 5 to 10 KB of story."""
    name = PurePosixPath(uri.lower())
    inner = name.with_suffix("") if name.suffix in _UNPACKED else name
    return unpacked_bytes(uri, size) // _TEXT_SHARE.get(inner.suffix, 1)


def unpacked_size(pieces: Iterable[Piece]) -> int:
    """About how many bytes the pieces hold once they are unpacked."""
    return sum(unpacked_bytes(piece.uri, piece.length) for piece in pieces)


def shards_for(pieces: Iterable[Piece]) -> int:
    """How many files a window's articles go to, at least one."""
    return -(-max(1, sum(text_bytes(piece.uri, piece.length) for piece in pieces)) // SHARD_BYTES)


def pieces_of(found: Input, version: str, committed: Iterable[tuple[int, int]], stamp: str = "") -> Iterator[Piece]:
    """The pieces of a file that are still to be read.

    Args:
        found: The file.
        version: Its present version.
        committed: The byte ranges of this version that are committed; end -1 for all of it.
        stamp: As in Piece.
    """
    done = sorted(committed)
    if any(end < 0 for _, end in done):
        return
    if not done and (not found.splittable or found.size <= SPLIT_BYTES):
        yield Piece(found.uri, version, found.size, stamp=stamp, problem=found.problem)
        return
    at = 0
    for start, end in [*done, (found.size, found.size)]:
        for low in range(at, start, SPLIT_BYTES):
            yield Piece(found.uri, version, found.size, low, min(low + SPLIT_BYTES, start), stamp)
        at = max(at, end)


def windows(pieces: Iterable[Piece], batch_bytes: int) -> Iterator[list[Piece]]:
    """Cuts the row of pieces into windows of about `batch_bytes` of unpacked input each, in order."""
    batch: list[Piece] = []
    weight = 0
    for piece in pieces:
        more = unpacked_bytes(piece.uri, piece.length)
        if batch and weight + more > batch_bytes:
            yield batch
            batch, weight = [], 0
        batch.append(piece)
        weight += more
    if batch:
        yield batch


def splits(pieces: Iterable[Piece]) -> list[Split]:
    """Puts a window's pieces together into splits of about SPLIT_BYTES of unpacked input and at most SPLIT_FILES."""
    grouped: list[tuple[Piece, ...]] = []
    group: list[Piece] = []
    weight = 0
    for piece in pieces:
        more = unpacked_bytes(piece.uri, piece.length)
        if group and (weight + more > SPLIT_BYTES or len(group) >= SPLIT_FILES):
            grouped.append(tuple(group))
            group, weight = [], 0
        group.append(piece)
        weight += more
    if group:
        grouped.append(tuple(group))
    return [Split(number, group) for number, group in enumerate(grouped)]
