"""The standfirst of a page: the summary between the headline and the text, by its names, its words or its place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from copydesk.transforms.boilerplate.dateline import find_dateline
from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page.blocks import HEADINGS, Passage
from copydesk.transforms.page.evidence import MIN_PROSE, Evidence
from copydesk.transforms.page.parts import SENTENCE_ENDS

STANDFIRST: Final = 1_000
"""Code points that a standfirst has at most; what is longer, or has more passages than these, is text."""
STANDFIRST_LINES: Final = 3
MIN_STANDFIRST: Final = 25
LONG_HEADING: Final = 90
"""Code points from which a line under the headline that is no sentence is a standfirst all the same."""
_NOT_WORD: Final = re.compile(r"[\W_]+")


def key_of(text: str) -> str:
    """The letters and digits of a text alone, for comparing it with another setting of the same words."""
    return _NOT_WORD.sub("", text).casefold()


class Standfirsts:
    """What may be the standfirst of a page.

    Args:
        evidence: Of the page.
        root: The story's box.
        kinds: What each passage is.
        description: The page's description in its metadata; "" without one.
    """

    def __init__(self, evidence: Evidence, root: int, kinds: Sequence[BlockKind], description: str) -> None:
        self.evidence = evidence
        self.boxes, self.passages = evidence.boxes, evidence.passages
        self.root = root
        self.kinds = kinds
        self.description = key_of(description)

    def find(self, title: int | None, in_story: Sequence[bool]) -> tuple[list[int], list[int]]:
        """The standfirst of the page.

        Args:
            title: The passage that is the headline, if one is.
            in_story: For each passage whether it belongs to the story by what stands in the story's box.

        Returns:
            The passages of the standfirst, and others above the story's box that the text opens with.
        """
        kinds = self.kinds
        start = next(
            (i for i, yes in enumerate(in_story) if yes and self.evidence.prose[i] and not self._is_deck(i)),
            len(in_story),
        )
        begin = title + 1 if title is not None and title < start else max(0, start - 12)
        standfirst: list[int] = []
        opening: list[int] = []
        for i in range(begin, start):
            passage = self.passages[i]
            if self.evidence.lies_in(passage.box, self.root):
                if self.evidence.outside[passage.box]:
                    deck = len(self.description) > 15 and key_of(passage.text) == self.description
                else:
                    deck = self._is_deck(i)
                if deck:
                    standfirst.append(i)
                continue
            if kinds[i] not in ("paragraph", "heading", "list_item") or self.boxes[passage.box].tag == "h1":
                continue
            described = self._is_described(passage)
            if self.evidence.outside[passage.box] and not described:
                continue
            led = len(passage.text) >= MIN_PROSE and passage.linked < 0.5 * len(passage.text) and self._led(passage.box)
            if described or led:
                apart = led or key_of(passage.text).endswith(self.description)
                apart = apart and kinds[i] != "list_item" and find_dateline(passage.text) is None
                (standfirst if apart else opening).append(i)
        if any(self._is_named_deck(i) for i in standfirst):
            standfirst = [i for i in standfirst if self._is_named_deck(i)]
        if not standfirst and not opening and begin == (title or 0) + 1:
            standfirst = [
                i for i in range(begin, start) if kinds[i] in ("paragraph", "heading") and self._is_under(i, begin - 1)
            ]
        if len(standfirst) > STANDFIRST_LINES or sum(len(self.passages[i].text) for i in standfirst) > STANDFIRST:
            return [], [i for i in (*standfirst, *opening) if not in_story[i]]
        return standfirst, opening

    def _is_named_deck(self, i: int) -> bool:
        box = self.boxes[self.passages[i].box]
        return box.names.deck or self.boxes[box.parent].names.deck

    def _is_under(self, i: int, title: int) -> bool:
        """Whether it is running text in one box with the headline, above the story's box."""
        passage = self.passages[i]
        if (not self.evidence.prose[i] and self.boxes[passage.box].tag not in HEADINGS) or self.boxes[
            passage.box
        ].tag == "h1":
            return False
        if self.evidence.outside[passage.box] or passage.linked or passage.text.count(" ") < 5:
            return False
        if len(passage.text) < (MIN_PROSE if passage.text[-1] in SENTENCE_ENDS else LONG_HEADING):
            return False
        for box in (passage.box, *self.evidence.ancestors(passage.box)):
            if box <= self.root < self.evidence.ends[box] or self.evidence.live[box] > STANDFIRST:
                return False
            if self.evidence.lies_in(self.passages[title].box, box):
                return True
            if self.boxes[box].names.picture:
                return False
        return False

    def _is_described(self, passage: Passage) -> bool:
        """Whether it begins as the description of the page in its metadata does."""
        begin = self.description[:60]
        # A place may stand before it, as in a dateline.
        place = key_of(passage.text[:160]).find(begin)
        return 0 <= place <= 30 and (len(begin) > 30 or (len(begin) > 15 and key_of(passage.text) == begin))

    def _is_deck(self, i: int) -> bool:
        """Whether a passage in the story's box is the standfirst and not the first paragraph of the text.

        A name that only standfirsts have says so alone. Words such as `lead` and `intro`, and the very words of the
        description, also stand on first paragraphs: they are believed where the passage is set otherwise, too.
        """
        passage = self.passages[i]
        tag = self.boxes[passage.box].tag
        if self.kinds[i] not in ("paragraph", "heading") or tag == "h1" or 2 * passage.linked >= len(passage.text):
            return False
        if len(passage.text) < MIN_STANDFIRST or find_dateline(passage.text) is not None:
            return False
        led = in_header = False
        for steps, box in enumerate((passage.box, *self.evidence.ancestors(passage.box))):
            if box <= self.root or self.evidence.live[box] > STANDFIRST:
                break
            names = self.boxes[box].names
            if names.deck and steps < 3:
                return True
            led = led or (names.standfirst and steps < 3)
            in_header = in_header or self.boxes[box].tag == "header"
        described = key_of(passage.text) == self.description
        loud = tag in HEADINGS or passage.bold >= 0.9 * len(passage.text)
        return (led and (described or in_header)) or (described and (loud or in_header))

    def _led(self, box: int) -> bool:
        for _ in range(3):
            if box < 0:
                return False
            if self.boxes[box].names.standfirst:
                return True
            box = self.boxes[box].parent
        return False
