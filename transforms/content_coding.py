"""Unpacks the body of an answer piece by piece, by the codings that its header names (RFC 9110, 8.4.1).

urllib3 does that too, and takes what ends in the middle of a gzip, deflate or brotli stream for the whole, where a
server or a proxy was cut off.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

import brotli
from backports import zstd

PIECE: Final = 64 * 1024
"""So much is unpacked at a time, however much it was packed; brotli gives half as much more."""
MOST_CODINGS: Final = 3
ACCEPTED: Final = "gzip, br, zstd"
"""What to ask for, as the value of Accept-Encoding; deflate is read, but nobody agrees on what it is."""


class CodingError(ValueError):
    """The body is not what its header says, or ends too early."""


class _Stream(Protocol):
    """One packed stream, that is given what comes and says where it ends."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """What comes of some more of it, in pieces."""

    @property
    def rest(self) -> bytes | None:
        """What was given beyond its end; None before its end."""


class _Zlib:
    def __init__(self, bits: int) -> None:
        self._stream = zlib.decompressobj(bits)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            if out := self._stream.decompress(data, PIECE):
                yield out
            data = self._stream.unconsumed_tail
            if not data and len(out) < PIECE:
                return

    @property
    def rest(self) -> bytes | None:
        return self._stream.unused_data if self._stream.eof else None


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        out = self._stream.process(data, output_buffer_limit=PIECE)
        while out:
            yield out
            out = b"" if self._stream.is_finished() else self._stream.process(b"", output_buffer_limit=PIECE)

    @property
    def rest(self) -> bytes | None:
        return b"" if self._stream.is_finished() else None


class _Zstd:
    def __init__(self) -> None:
        self._stream = zstd.ZstdDecompressor()

    def feed(self, data: bytes) -> Iterator[bytes]:
        yield self._stream.decompress(data, PIECE)
        while not (self._stream.needs_input or self._stream.eof):
            yield self._stream.decompress(b"", PIECE)

    @property
    def rest(self) -> bytes | None:
        return self._stream.unused_data if self._stream.eof else None


def _deflate(head: bytes) -> _Stream:
    """RFC 1950 as the standard has it, or RFC 1951 as many send it."""
    framed = len(head) > 1 and head[0] & 15 == 8 and int.from_bytes(head[:2], "big") % 31 == 0
    return _Zlib(zlib.MAX_WBITS if framed else -zlib.MAX_WBITS)


def _gzip(head: bytes) -> _Stream:
    return _Zlib(16 + zlib.MAX_WBITS)


_CODINGS: Final[dict[str, Callable[[bytes], _Stream]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": lambda head: _Brotli(),
    "zstd": lambda head: _Zstd(),
}
_TOLD_BY_TWO: Final = ("deflate", "gzip", "x-gzip")
_FAULTS: Final = (zlib.error, brotli.error, zstd.ZstdError, EOFError)


def unpacked(pieces: Iterable[bytes], header: str | None) -> Iterator[bytes]:
    """The body as it was before it was packed, in pieces of about PIECE bytes at most.

    Args:
        pieces: Of the body as received.
        header: The value of Content-Encoding. Names that are no coding (`identity`, `utf-8`) say nothing.

    Raises:
        CodingError: it cannot be unpacked, ends before what is packed in it does, or is packed too often.
    """
    codings = [name for word in (header or "").lower().split(",") if (name := word.strip()) in _CODINGS]
    if len(codings) > MOST_CODINGS:
        raise CodingError(f"packed {len(codings)} times; at most {MOST_CODINGS} are unpacked")
    for coding in reversed(codings):
        pieces = _unpacked(pieces, coding)
    yield from pieces


def _unpacked(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    stream: _Stream | None = None
    members, head = 0, b""
    try:
        for piece in pieces:
            data = head + piece
            while data:
                if stream is None:
                    if len(data) < 2 and coding in _TOLD_BY_TWO:
                        break
                    if members and not _is_member(data, coding):
                        data = b""  # padding, which others pass over too
                        break
                    stream = _CODINGS[coding](data)
                yield from stream.feed(data)
                data = stream.rest or b""
                if stream.rest is not None:
                    stream, members = None, members + 1
            head = data
    except _FAULTS as error:
        raise CodingError(f"{coding}: {error}") from None
    if stream is not None or (head and not members):
        raise CodingError(f"{coding}: the body ends before what is packed in it does")


def _is_member(data: bytes, coding: str) -> bool:
    """True where another stream follows one that has ended: gzip and zstd may be put together."""
    return data[:2] == b"\x1f\x8b" if "gzip" in coding else coding == "zstd"
