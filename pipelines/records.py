"""Cuts a byte stream into records, one at a time, however long the stream and however long a record.

The memory taken is one record of at most the limit; what is longer goes to a temporary file on its way through.
"""

from __future__ import annotations

import io
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO

_CHUNK = 1 << 16

Separator = Callable[[bytes], bool]
"""Tells whether a line (with its line end) parts two records and belongs to neither."""

SEPARATORS: dict[str, re.Pattern[bytes]] = {
    # One form feed at the start of the line that follows a page break.
    "form-feed": re.compile(rb"\x0c"),
    # TREC and its like: each article inside <DOC> ... </DOC>.
    "doc": re.compile(rb"\s*</?doc\b[^>\n]{0,200}>\s*$", re.IGNORECASE),
    # A line of five or more of one of - = _ *, or LexisNexis's "Document 3 of 40", "3 of 40 DOCUMENTS".
    "rule": re.compile(
        rb"\s*(?:([-=_*])\1{4,}|document\s+\d+\s+of\s+\d+|\d+\s+of\s+\d+\s+documents?)\s*$", re.IGNORECASE
    ),
}
"""How several articles in one text file may be parted; the keys are the values of --text-separator."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record that fits: where it starts in the stream, and its bytes."""

    start: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Oversized:
    """A record longer than the limit: where it starts, how long it is, and all of it in an unnamed temporary file."""

    start: int
    size: int
    file: IO[bytes]


def separator(name: str) -> Separator:
    """The test for one of SEPARATORS."""
    pattern = SEPARATORS[name]
    return lambda line: pattern.match(line) is not None


class _Gathered:
    """Bytes of one record, in memory up to the limit and in a temporary file past it."""

    def __init__(self, start: int, limit: int) -> None:
        self.start, self.limit, self.size = start, limit, 0
        self.parts: list[bytes] = []
        self.file: IO[bytes] | None = None

    def add(self, data: bytes) -> None:
        self.size += len(data)
        if self.file is None and self.size > self.limit:
            self.file = tempfile.TemporaryFile()  # noqa: SIM115 - handed on to the reader of the record
            self.file.writelines(self.parts)
            self.parts = []
        if self.file is None:
            self.parts.append(data)
        else:
            self.file.write(data)

    def done(self) -> Record | Oversized:
        if self.file is None:
            return Record(self.start, b"".join(self.parts))
        self.file.seek(0)
        return Oversized(self.start, self.size, self.file)


def cut_lines(stream: BinaryIO, start: int, end: int, limit: int) -> Iterator[Record | Oversized]:
    """Yields each line that starts at a byte in `[start, end)`, without its line end; blank lines are left out.

    Args:
        stream: Positioned at `start - 1` where `start` is above 0, else at 0.
        start: First byte of the range.
        end: One past its last byte; -1 for all the rest.
        limit: The longest line, in bytes, that is held in memory.

    Raises:
        EOFError, OSError: as the stream raises; what was read of a line is then lost to the caller, who has the file.
    """
    at = _after_line(stream, start)
    while end < 0 or at < end:
        line = stream.readline(_CHUNK)
        if not line:
            return
        if line.endswith(b"\n") or len(line) < _CHUNK:  # the common case
            at += len(line)
            if line.strip():
                yield Record(at - len(line), line.rstrip(b"\r\n"))
            else:
                at += _skip_breaks(stream)
            continue
        gathered = _Gathered(at, limit)
        while line:
            gathered.add(line)
            if line.endswith(b"\n"):
                break
            line = stream.readline(_CHUNK)
        at += gathered.size
        record = gathered.done()
        if isinstance(record, Oversized):
            yield record
        elif record.data.strip():
            yield Record(record.start, record.data.rstrip(b"\r\n"))


def cut_parts(stream: BinaryIO, start: int, end: int, limit: int, separates: Separator) -> Iterator[Record | Oversized]:
    """Yields what stands between separating lines; a part belongs to the range in which the line before it starts.

    The arguments are those of `cut_lines`; the first part of a file needs no separator before it. Parts of white
    space alone are left out. A separating line longer than 64 KiB is text.
    """
    at = _after_line(stream, start)
    gathered = _Gathered(at, limit) if start == 0 else None
    fresh = True  # at the start of a line
    while True:
        if gathered is None and 0 <= end <= at:
            return
        line = stream.readline(_CHUNK)
        if not line:
            break
        if fresh and separates(line):
            if gathered is not None:
                yield from _unless_blank(gathered)
            if 0 <= end <= at:
                return
            # A form feed may share its line with the first words of the next part.
            rest = line.lstrip(b"\x0c") if line.startswith(b"\x0c") else b""
            gathered = _Gathered(at + len(line) - len(rest), limit)
            if rest:
                gathered.add(rest)
        elif gathered is not None:
            gathered.add(line)
        fresh = line.endswith(b"\n")
        at += len(line)
    if gathered is not None:
        yield from _unless_blank(gathered)


def _skip_breaks(stream: BinaryIO) -> int:
    """Reads over line breaks that are at hand, many at a time: a bomb may hold millions. How many bytes."""
    if not isinstance(stream, io.BufferedReader):
        return 0
    ahead = stream.peek()
    return len(stream.read(len(ahead) - len(ahead.lstrip(b"\r\n"))))


def _unless_blank(gathered: _Gathered) -> Iterator[Record | Oversized]:
    record = gathered.done()
    if isinstance(record, Oversized) or record.data.strip():
        yield record


def _after_line(stream: BinaryIO, start: int) -> int:
    """Skips the rest of the line that holds byte `start - 1`; the position then."""
    if start == 0:
        return 0
    at = start - 1
    while line := stream.readline(_CHUNK):
        at += len(line)
        if line.endswith(b"\n"):
            break
    return at
