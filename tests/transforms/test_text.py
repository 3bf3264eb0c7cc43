"""Text files: lines or paragraphs, and every character in one block or between two."""

from __future__ import annotations

import textwrap
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.draft import Draft
from copydesk.transforms.text import read_text

STORY = [
    "The harbour board met on Monday to decide whether the old ferry pier should be repaired or replaced, a question "
    "that has divided the town since the storm of last winter carried a third of it away.",
    "Members heard from two engineers, a fisherman and the owner of the café at the landing, who said that she had lost "
    "half of her trade and would not open again before the boats came back.",
    "A vote is expected in the spring, the chairwoman said after the meeting had ended without any result at all.",
]


def texts(draft: Draft) -> list[str]:
    return [draft.raw[block.start : block.end] for block in draft.blocks]


def read(text: str) -> list[str]:
    draft = read_text(text, source_uri="file:///story.txt")
    assert draft.raw == text
    assert {block.kind for block in draft.blocks} <= {"paragraph"}
    return texts(draft)


def test_every_line_is_a_block() -> None:
    assert read("  Headline\n\nOne.\r\nTwo. \r\n\n\n\tThree.") == ["Headline", "One.", "Two.", "Three."]


@pytest.mark.parametrize("width", [60, 72, 100])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_wrapped_paragraph_is_one_block(width: int, newline: str) -> None:
    wrapped = [textwrap.fill(paragraph, width).replace("\n", newline) for paragraph in STORY]
    assert read((newline * 2).join(["Board meets", *wrapped])) == ["Board meets", *wrapped]


def test_indents_part_the_paragraphs_of_a_wrapped_file() -> None:
    wrapped = [textwrap.fill(paragraph, 64, initial_indent="   ") for paragraph in STORY]
    assert read("\n".join(wrapped)) == [paragraph.strip() for paragraph in wrapped]


def test_short_lines_of_a_wrapped_file_stay_apart() -> None:
    wrapped = [textwrap.fill(paragraph, 70) for paragraph in STORY]
    byline = "By Ann Example\nHarbour Ledger\nMonday"
    assert read("\n\n".join([byline, *wrapped])) == ["By Ann Example", "Harbour Ledger", "Monday", *wrapped]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(STORY),
        "A list of what was lost in the storm:\nnets\nropes\ntwo boats\nthe pier\nthe café's sign",
        "Roses are red in the garden of the town hall\nViolets are blue\nThe mayor has wed\nand the council has too",
        "One.\nTwo.",
    ],
)
def test_lines_that_nobody_wrapped_stay_apart(text: str) -> None:
    assert read(text) == text.split("\n")


def test_a_header_is_left_alone() -> None:
    assert read("Title: Pier\nDate: 2026-03-01\n\nThe board met.") == [
        "Title: Pier",
        "Date: 2026-03-01",
        "The board met.",
    ]


@given(st.text(st.sampled_from("ab \n\r\t\u2028\x0b\x85é-")))
def test_blocks_cover_all_but_white_space(text: str) -> None:
    draft = read_text(text, source_uri="x")
    end = 0
    for block in draft.blocks:
        assert text[end : block.start].strip() == ""
        piece = text[block.start : block.end]
        assert piece
        assert piece == piece.strip()
        end = block.end
    assert text[end:].strip() == ""


@pytest.mark.parametrize(
    "text", ["a" * 5_000_000, "a " * 1_000_000, "word\n" * 400_000, "\n" * 2_000_000, ("x" * 60 + "\n") * 50_000]
)
def test_large_files_take_linear_time(text: str) -> None:
    start = time.process_time()
    read_text(text, source_uri="x")
    assert time.process_time() - start < 4
