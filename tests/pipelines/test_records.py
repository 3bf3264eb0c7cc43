"""Records are cut the same wherever a file is split, and a record too long for memory goes to a file."""

from __future__ import annotations

import io
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.pipelines.records import SEPARATORS, Oversized, Record, cut_lines, cut_parts, separator

LIMIT = 1 << 20


def lines_of(data: bytes, start: int = 0, end: int = -1, limit: int = LIMIT) -> list[Record | Oversized]:
    stream = io.BytesIO(data)
    stream.seek(max(0, start - 1))
    return list(cut_lines(stream, start, end, limit))


def parts_of(data: bytes, kind: str, start: int = 0, end: int = -1) -> list[Record | Oversized]:
    stream = io.BytesIO(data)
    stream.seek(max(0, start - 1))
    return list(cut_parts(stream, start, end, LIMIT, separator(kind)))


@given(st.binary(max_size=200).map(lambda data: data.replace(b"x", b"\n")), st.lists(st.integers(0, 200), max_size=4))
def test_lines_are_the_same_however_the_file_is_split(data: bytes, cuts: list[int]) -> None:
    bounds = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [lines_of(data, low, high) for low, high in pairwise(bounds)]
    assert [record for piece in pieces for record in piece] == lines_of(data)


@given(
    st.lists(st.sampled_from([b"a\n", b"story line\n", b"-----\n", b"\n", b"last"]), max_size=30).map(b"".join),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_parts_are_the_same_however_the_file_is_split(data: bytes, cuts: list[int]) -> None:
    bounds = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [parts_of(data, "rule", low, high) for low, high in pairwise(bounds)]
    assert [record for piece in pieces for record in piece] == parts_of(data, "rule")


def test_a_line_knows_where_it_starts() -> None:
    data = b'{"a":1}\r\n\n{"b":2}'
    assert lines_of(data) == [Record(0, b'{"a":1}'), Record(10, b'{"b":2}')]
    assert data[10:] == b'{"b":2}'


def test_a_line_too_long_for_memory_comes_in_a_file_and_the_next_one_follows() -> None:
    long = b"y" * 300_000
    found = lines_of(b"a\n" + long + b"\nb\n", limit=100_000)
    assert [type(record) for record in found] == [Record, Oversized, Record]
    assert isinstance(found[1], Oversized)
    with found[1].file as file:
        assert file.read() == long + b"\n"
    assert found[1].size == len(long) + 1
    assert found[2] == Record(len(long) + 3, b"b")


@pytest.mark.parametrize(
    ("kind", "text", "parts"),
    [
        ("form-feed", b"one\n\x0ctwo\nmore\n\x0c\nthree", [b"one\n", b"two\nmore\n", b"\nthree"]),
        ("doc", b"<DOC>\none\n</DOC>\n<DOC id=2>\ntwo\n</DOC>\n", [b"one\n", b"two\n"]),
        ("rule", b"one\n-----\ntwo\n==========\nthree\n", [b"one\n", b"two\n", b"three\n"]),
        ("rule", b"Document 1 of 2\none\nDocument 2 of 2\ntwo\n", [b"one\n", b"two\n"]),
        ("rule", b"a -- b\n---\n-- not a rule --\n", [b"a -- b\n---\n-- not a rule --\n"]),
    ],
)
def test_articles_in_one_file_are_parted(kind: str, text: bytes, parts: list[bytes]) -> None:
    found = parts_of(text, kind)
    assert [record.data for record in found if isinstance(record, Record)] == parts
    for record in found:
        assert isinstance(record, Record)
        assert text[record.start :].startswith(record.data)


def test_every_separator_is_told_by_its_name() -> None:
    for name in SEPARATORS:
        assert not separator(name)(b"An ordinary line of a story.\n")
