"""The frame of a story: its headline and standfirst, where the text itself prints them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from copydesk.transforms.boilerplate.lines import Line

TITLE_LINES: Final = 3
"""Among so many first lines a repeated headline is looked for."""

STANDFIRST_LINES: Final = 4
"""Among so many first lines a standfirst that the story prints again is looked for."""

MAX_REPEATS: Final = 3
"""A standfirst is printed again no more often than this."""

_SIMILAR: Final = 0.85
_HEADLINE_WORDS: Final = range(3, 26)
_STANDFIRST_WORDS: Final = range(8, 81)
_ENDS_OPEN: Final = re.compile(r"[.,;:…。．，；：]['\")\]]*$")
_ENDS_SENTENCE: Final = re.compile(r"[.!?…。！？]['\")\]]*$")
_WORD: Final = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Guess:
    """Lines that are not the story but its frame.

    Attributes:
        headline: Place of the headline among the lines, or None.
        standfirst: Place of the standfirst, or None.
    """

    headline: int | None = None
    standfirst: int | None = None


def reads_like_headline(line: Line) -> bool:
    """Whether a line could be a headline: a few words, and no full stop."""
    text = line.text
    return (
        line.words in _HEADLINE_WORDS
        and len(text) <= 200
        and not _ENDS_OPEN.search(text)
        and not text[0].islower()
        and text[0] not in "-–—•*·>#|[(+="
        and "://" not in text
    )


def guess_frame(lines: Sequence[Line]) -> Guess:
    """Headline and standfirst of a plain text that came without metadata.

    The first line is the headline where it reads like one and what follows is plainly running text; a second such
    line of six words and more is the standfirst. Where more lines than that could be headlines, none is.
    """
    heads = 0
    while heads < min(3, len(lines)) and reads_like_headline(lines[heads]):
        heads += 1
    if heads not in (1, 2) or len(lines) <= heads:
        return Guess()
    after = lines[heads]
    if after.words < 8 or not _ENDS_SENTENCE.search(after.text):
        return Guess()
    if heads == 1:
        return Guess(headline=0)
    return Guess(headline=0, standfirst=1) if lines[1].words >= 6 else Guess()


def repeats(line: Line, headline: str) -> bool:
    """Whether a line is the headline printed again: the same words, or nearly so."""
    if not 0.5 * len(headline) <= len(line.text) <= 2 * len(headline):
        return False
    mine, theirs = _WORD.findall(line.text.casefold()), _WORD.findall(headline.casefold())
    if len(mine) < 3 or not theirs:
        return False
    if mine == theirs:
        return True
    if line.text[-1:] == "." or not 0.75 <= len(mine) / len(theirs) <= 1.34 or len(mine) > 40:
        return False
    shared = sum((Counter(mine) & Counter(theirs)).values())
    if 2 * shared / (len(mine) + len(theirs)) < _SIMILAR:
        return False
    return difflib.SequenceMatcher(None, mine, theirs, autojunk=False).ratio() > _SIMILAR


def find_standfirst(lines: Sequence[Line], looked_at: set[int], whole: str) -> int | None:
    """The place of the first line that the story prints again further down, whole or as the start of a paragraph.

    Args:
        lines: What is left of the story.
        looked_at: Indexes of lines known not to be repeated; added to.
        whole: The text of all lines of the story, cut ones included.

    Returns:
        Its place among the lines, or None. What is printed again more than `MAX_REPEATS` times is a refrain;
        where several lines are printed again, the text holds the story twice, and none of them is a standfirst.
    """
    repeated = []
    for place in range(min(STANDFIRST_LINES, len(lines))):
        line = lines[place]
        if line.words not in _STANDFIRST_WORDS or line.index in looked_at:
            continue
        if whole.count(line.text) < 2:
            looked_at.add(line.index)
            continue
        again = 0
        for later in islice(lines, place + 1, None):
            if _opens(line.text, later.text):
                again += 1
                if again > MAX_REPEATS:
                    break
        if 1 <= again <= MAX_REPEATS:
            repeated.append(place)
        else:
            looked_at.add(line.index)
    return repeated[0] if len({lines[place].text for place in repeated}) == 1 else None


def _opens(summary: str, paragraph: str) -> bool:
    """Whether a paragraph begins with the summary, and the summary ends where a sentence of it ends."""
    if not paragraph.startswith(summary):
        return False
    return len(paragraph) == len(summary) or (paragraph[len(summary)] == " " and bool(_ENDS_SENTENCE.search(summary)))
