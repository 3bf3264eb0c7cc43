"""The frame of a story: its headline and standfirst, where the text itself prints them."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from copydesk.transforms.boilerplate.lines import Line

TITLE_LINES: Final = 3
"""Among so many first lines a repeated headline is looked for."""

STANDFIRST_LINES: Final = 4
"""Among so many first lines a standfirst that the story prints again is looked for."""

RUNNING_WORDS: Final = 20
"""A line of so many words is running text."""

MAX_REPEATS: Final = 3
"""A standfirst is printed again no more often than this."""

_LONGEST: Final = 1_000  # code points of a standfirst
_FEW: Final = 16  # questions
_SENTENCES: Final = 8  # in a standfirst
_SIMILAR: Final = 0.85
_HEADLINE_WORDS: Final = range(3, 26)
_STANDFIRST_WORDS: Final = range(8, 81)
_ENDS_OPEN: Final = re.compile(r"[.,;:!?…。．，；：！？]['\")\]]*$")
_TWO_SENTENCES: Final = re.compile(r"[a-zß-ÿ]{3}[.!?]['\")]* ")
_ENDS_SENTENCE: Final = re.compile(r"[.!?…。！？]['\")\]]*$")
_SENTENCE_END: Final = re.compile(r"[.!?…。！？]['\")\]]*(?= )")
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
    """Whether a line could be a headline: a few words that are no sentence, no question and no data.

    Many a headline is a question; but so is the first line of many a story, and that must stay.
    """
    text = line.text
    return (
        line.words in _HEADLINE_WORDS
        and len(text) <= 200
        and not _ENDS_OPEN.search(text)
        and not text[0].islower()
        and text[0] not in "-–—•*·>#|[(+="
        and text.count(":") < 2
        and "://" not in text
        and "#" not in text
        and not _TWO_SENTENCES.search(text)
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
    """Whether a line is the headline printed again: the same words, or nearly so.

    One or two words may be a label or a cry: they are the headline only where the markup has them as a heading.
    """
    if not 0.5 * len(headline) <= len(line.text) <= 2 * len(headline):
        return False
    mine, theirs = _WORD.findall(line.text.casefold()), _WORD.findall(headline.casefold())
    if mine == theirs and (len(mine) >= 3 or line.block.kind == "heading"):
        return True
    if len(mine) < 3 or not theirs:
        return False
    if line.text[-1:] == "." or not 0.75 <= len(mine) / len(theirs) <= 1.34 or len(mine) > 40:
        return False
    shared = sum((Counter(mine) & Counter(theirs)).values())
    if 2 * shared / (len(mine) + len(theirs)) < _SIMILAR:
        return False
    return difflib.SequenceMatcher(None, mine, theirs, autojunk=False).ratio() > _SIMILAR


class Openings:
    """How many lines open with a text: are that text, or begin with it where a sentence ends.

    The lines are gone through for each of the first few questions, and counted once for all others, so that a story
    with many lines to cut takes no longer than it is long.
    """

    def __init__(self, whole: str, texts: Callable[[], Iterable[str]]) -> None:
        """`texts` gives the lines as they are when it is called; all of them stand in `whole`."""
        self._whole = whole
        self._texts = texts
        self._asked = 0
        self._counts: Counter[str] | None = None

    def __getitem__(self, text: str) -> int:
        if self._counts is None:
            self._asked += 1
            if self._asked <= _FEW:
                if self._whole.count(text) < 2:
                    return 1
                return sum([text in _openings(other) for other in self._texts() if other.startswith(text)])
            self._counts = Counter()
            for other in self._texts():
                self._counts.update(_openings(other))
        return self._counts[text]

    def narrowed(self, before: str, after: str) -> None:
        """Takes note of a line whose text has become another."""
        if self._counts is not None:
            self._counts.subtract(_openings(before))
            self._counts.update(_openings(after))


def _openings(text: str) -> set[str]:
    """The texts that a line opens with: itself, if it is short, and its first sentences, up to a few of them."""
    ends = islice(_SENTENCE_END.finditer(text, 0, _LONGEST + 1), _SENTENCES)
    found = {text[: end.end()] for end in ends}
    return found | {text} if len(text) <= _LONGEST else found


def find_standfirst(window: Sequence[Line], openings: Openings) -> Line | None:
    """The first line that the story prints again further down, whole or as the start of a paragraph.

    Args:
        window: The first lines of what is left of the story.
        openings: Those of all lines that are left.

    Returns:
        The line, or None. What is printed again more than `MAX_REPEATS` times is a refrain; where several lines are
        printed again, the text holds the story twice, and none of them is a standfirst. Nor is a line that stands
        below two lines of running text.
    """
    repeated = []
    running = 0
    for place, line in enumerate(window):
        text = line.text
        if running > 1:  # the story is under way
            break
        running += line.words >= RUNNING_WORDS
        if line.words in _STANDFIRST_WORDS and (known := openings[text]) > 1:
            again = known - sum(text in _openings(before.text) for before in window[:place]) - 1
            if 1 <= again <= MAX_REPEATS:
                repeated.append(line)
    return repeated[0] if len({line.text for line in repeated}) == 1 else None
