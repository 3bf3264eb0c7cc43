"""Bodies as they were before they were packed, whatever the pieces, and never half of one."""

from __future__ import annotations

import contextlib
import gzip
import random
import zlib
from collections.abc import Callable, Iterator

import brotli
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.content_coding import PIECE, CodingError, unpacked

Pack = Callable[[bytes], bytes]


def raw_deflate(data: bytes) -> bytes:
    return zlib.compress(data, wbits=-15)


PACKED: list[tuple[str, Pack]] = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("GZIP", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("br", brotli.compress),
    ("zstd", zstd.compress),
    ("gzip, br", lambda data: brotli.compress(gzip.compress(data))),
    ("gzip,gzip, gzip", lambda data: gzip.compress(gzip.compress(gzip.compress(data)))),
    ("identity", bytes),
    ("utf-8", bytes),
    ("", bytes),
]
NEWS = random.Random(1).randbytes(70_000) + b"The gate of the barrage opened on Monday. " * 10_000


def cut(data: bytes, size: int) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


@pytest.mark.parametrize(("header", "pack"), PACKED)
@pytest.mark.parametrize("size", [1_000, 65_536, 1 << 30])
def test_it_comes_out_whole_in_bounded_pieces(header: str, pack: Pack, size: int) -> None:
    pieces = list(unpacked(cut(pack(NEWS), size), header))
    assert b"".join(pieces) == NEWS
    if header in dict(PACKED[:9]):
        assert max(map(len, pieces)) <= 1.5 * PIECE


@pytest.mark.parametrize(("header", "pack"), PACKED[:9])
def test_pieces_of_one_byte_and_a_body_without_bytes(header: str, pack: Pack) -> None:
    assert b"".join(unpacked(cut(pack(b"tide"), 1), header)) == b"tide"
    assert b"".join(unpacked(cut(pack(b""), 1), header)) == b""
    assert b"".join(unpacked([], header)) == b""


@pytest.mark.parametrize(("header", "pack"), PACKED[:9])
def test_what_ends_too_early_is_told(header: str, pack: Pack) -> None:
    whole = pack(NEWS)
    for length in (1, 3, 5, len(whole) // 2, len(whole) - 5, len(whole) - 1):
        with pytest.raises(CodingError):
            list(unpacked([whole[:length]], header))


@pytest.mark.parametrize("header", ["gzip", "br", "zstd", "gzip, br"])
def test_what_is_not_packed_is_told(header: str) -> None:
    with pytest.raises(CodingError):
        list(unpacked([b"<rss version='2.0'><channel></channel></rss>"], header))


def test_members_are_put_together_and_padding_is_passed_over() -> None:
    two = gzip.compress(b"one ") + gzip.compress(b"two")
    for size in (1, 7, 1 << 20):
        assert b"".join(unpacked(cut(two, size), "gzip")) == b"one two"
        assert b"".join(unpacked(cut(two + bytes(9), size), "gzip")) == b"one two"
        assert b"".join(unpacked(cut(zstd.compress(b"a") + zstd.compress(b"b"), size), "zstd")) == b"ab"
    with pytest.raises(CodingError, match="ends before"):
        list(unpacked([two[:-3]], "gzip"))


def test_it_is_not_unpacked_without_end() -> None:
    with pytest.raises(CodingError, match="4 times"):
        list(unpacked([b""], "gzip, gzip, gzip, gzip"))
    bomb = unpacked([gzip.compress(bytes(32 << 20))], "gzip")
    assert len(next(bomb)) <= PIECE


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate", "br", "zstd", "gzip, zstd"]), st.integers(1, 50))
def test_any_bytes_are_unpacked_or_refused(data: bytes, header: str, size: int) -> None:
    with contextlib.suppress(CodingError):
        list(unpacked(cut(data, size), header))
