"""A text file to a draft: every line a block, or every paragraph where the file is hard-wrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from copydesk.transforms.draft import Block, Draft

MIN_WRAP_WIDTH = 40
MAX_WRAP_WIDTH = 120
"""Hard-wrapped text is set to between 40 and 120 columns; wider lines are paragraphs of their own."""

_MIN_WRAPPED_LINES = 3
_MIN_WRAPPED_SHARE = 0.9
_INDENT = re.compile(r"(?: {2,}|\t)")
_FIRST_WORD = re.compile(r"\S+")


class _Line(NamedTuple):
    """A line that is not empty: where its text starts and ends, its width with the indent, whether it has one."""

    start: int
    end: int
    width: int
    indented: bool


# From a tuple of their members: a file may have a line in every second byte, and by name each takes twice as long.
_line_of = partial(tuple.__new__, _Line)
_block_of = partial(tuple.__new__, Block)


def read_text(text: str, *, source_uri: str, media_type: str = "text/plain") -> Draft:
    """Read one article from plain text.

    Nothing is taken for a headline or a header line here: a text file does not say what its lines are.

    Args:
        text: The decoded text.
        source_uri: Where it came from.
        media_type: What the document was.

    Returns:
        A draft whose raw text is `text`, to the letter, and whose blocks are its non-empty lines. Where the file is
        hard-wrapped (see `wrap_width`), lines of one paragraph are one block.
    """
    groups = list(_groups(text))
    width = wrap_width(text, groups)
    blocks: list[Block] = []
    for group in groups:
        spans = _paragraphs(text, group, width) if width else [(line.start, line.end) for line in group]
        blocks += [_block_of(("paragraph", start, end, "", (), 0.0, True)) for start, end in spans]
    return Draft(source_uri, media_type, text, tuple(blocks))


def wrap_width(text: str, groups: list[list[_Line]]) -> int | None:
    """The column at which a text was wrapped by a machine or a patient hand, None where it was not.

    Wrapping fills each line as far as the next word allows. So at the width of the longest line that is followed by
    another one of its paragraph, lines that had no room for the first word of the next must hold nine in ten of the
    characters; a byline or a list among them, of short lines, weighs little.

    Args:
        text: The text.
        groups: Its lines, parted where a blank line parts them.
    """
    lines = [line for group in groups for line in group[:-1]]
    if len(lines) < _MIN_WRAPPED_LINES:
        return None
    width = max(line.width for line in lines)
    if not MIN_WRAP_WIDTH <= width <= MAX_WRAP_WIDTH:
        return None
    pairs = [pair for group in groups for pair in pairwise(group) if not pair[1].indented]
    full = sum(line.width for line, following in pairs if _is_full(text, line, following, width))
    return width if pairs and full >= _MIN_WRAPPED_SHARE * sum(line.width for line, _ in pairs) else None


def _groups(text: str) -> Iterator[list[_Line]]:
    group: list[_Line] = []
    position = 0
    for line in text.splitlines(keepends=True):
        body = line.strip()
        if body:
            start, indented = position, False
            if line[0] != body[0]:
                start += len(line) - len(line.lstrip())
                indented = _INDENT.match(line) is not None
            end = start + len(body)
            group.append(_line_of((start, end, end - position, indented)))
        elif group:
            yield group
            group = []
        position += len(line)
    if group:
        yield group


def _is_full(text: str, line: _Line, following: _Line, width: int) -> bool:
    """Whether the first word of the following line would not have fitted on this one."""
    word = _FIRST_WORD.match(text, following.start, min(following.end, following.start + MAX_WRAP_WIDTH))
    return line.width + 1 + (len(word[0]) if word else 0) > width


def _paragraphs(text: str, group: list[_Line], width: int) -> Iterator[tuple[int, int]]:
    """Join the lines of a group that were one paragraph: a line with room left, or an indent, ends one."""
    start = group[0].start
    for line, following in pairwise(group):
        if (following.indented and not line.indented) or not _is_full(text, line, following, width):
            yield start, line.end
            start = following.start
    yield start, group[-1].end
