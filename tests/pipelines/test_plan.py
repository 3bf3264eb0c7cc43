"""The plan is a pure function of names and sizes, and loses no byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from copydesk.pipelines.plan import SPLIT_BYTES, Input, Piece, pieces_of, shards_for, splits, windows

MIB = 1 << 20


def test_a_small_file_is_one_whole_piece() -> None:
    assert list(pieces_of(Input("file:///a.txt", 100), "v", [])) == [Piece("file:///a.txt", "v", 100)]


def test_a_big_file_of_records_is_read_in_ranges_that_cover_it() -> None:
    size = 3 * SPLIT_BYTES + 5
    pieces = list(pieces_of(Input("file:///a.jsonl", size, splittable=True), "v", []))
    assert [(piece.start, piece.end) for piece in pieces] == [
        (0, SPLIT_BYTES),
        (SPLIT_BYTES, 2 * SPLIT_BYTES),
        (2 * SPLIT_BYTES, 3 * SPLIT_BYTES),
        (3 * SPLIT_BYTES, size),
    ]


def test_what_is_committed_is_not_read_again() -> None:
    found = Input("file:///a.jsonl", 3 * SPLIT_BYTES, splittable=True)
    assert list(pieces_of(found, "v", [(0, -1)])) == []
    left = list(pieces_of(found, "v", [(SPLIT_BYTES, 2 * SPLIT_BYTES)]))
    assert [(piece.start, piece.end) for piece in left] == [(0, SPLIT_BYTES), (2 * SPLIT_BYTES, 3 * SPLIT_BYTES)]


@given(
    st.integers(SPLIT_BYTES + 1, 5 * SPLIT_BYTES),
    st.lists(st.tuples(st.integers(0, 5 * SPLIT_BYTES), st.integers(0, 5 * SPLIT_BYTES)), max_size=5),
)
def test_committed_and_unread_ranges_together_cover_the_file(size: int, ranges: list[tuple[int, int]]) -> None:
    done = [(min(pair), min(max(pair), size)) for pair in ranges if min(pair) < min(max(pair), size)]
    unread = [(p.start, p.end) for p in pieces_of(Input("u", size, splittable=True), "v", done)]
    at = 0
    for low, high in sorted([*done, *unread]):
        assert low <= at
        at = max(at, high)
    assert at == size
    for low, high in unread:
        assert high - low <= SPLIT_BYTES
        assert all(high <= start or end <= low for start, end in done)


def test_windows_and_splits_keep_every_piece_in_order() -> None:
    pieces = [Piece(f"file:///{number:04d}.txt", "v", 700_000) for number in range(100)]
    cut = list(windows(pieces, 20 * MIB))
    assert [piece for window in cut for piece in window] == pieces
    assert all(sum(piece.size for piece in window) <= 20 * MIB for window in cut)
    grouped = splits(cut[0])
    assert [piece for split in grouped for piece in split.pieces] == cut[0]
    assert all(sum(piece.size for piece in split.pieces) <= SPLIT_BYTES for split in grouped)
    assert [split.number for split in grouped] == list(range(len(grouped)))


def test_a_file_larger_than_a_window_has_one_of_its_own() -> None:
    pieces = [Piece("a", "v", 5), Piece("b.gz", "v", 50 * MIB), Piece("c", "v", 5)]
    assert [[piece.uri for piece in window] for window in windows(pieces, MIB)] == [["a"], ["b.gz"], ["c"]]


def test_shards_follow_the_text_that_is_expected() -> None:
    assert shards_for([Piece("a.txt", "v", 1)]) == 1
    assert shards_for([Piece("a.jsonl", "v", 300 * MIB)]) == 3
    assert shards_for([Piece("a.html", "v", 300 * MIB)]) == 1
    assert shards_for([Piece("a.jsonl.gz", "v", 300 * MIB)]) == 10
