"""The evidence on a page: where its prose is, which boxes say that they are not the story, what lies in what."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from copydesk.transforms.page.blocks import HEADINGS, Box, PageText, Passage
from copydesk.transforms.page.cards import cards

_OUTSIDE_TAGS: Final = frozenset({"nav", "footer", "aside", "form", "button", "dialog", "menu"})
_STORY_TAGS: Final = frozenset({"p", "article", "main", "body"})

MIN_PROSE: Final = 40
"""Code points outside links from which a passage counts as prose, as in readability's 25 but for whole passages."""
MAX_PROSE: Final = 1_500
"""Code points of one passage that count: some pages carry their story a second time, hidden and in one run."""
OUTSIDE_SHARE: Final = 0.5
"""Share of the page's prose up to which a box is believed when it says that it is not the story."""
INSERT_SHARE: Final = 0.6
"""The same for a box inside a box that is declared to hold the story, as a share of that one's prose."""
WEAK_SHARE: Final = 0.15
"""Share of the page's prose up to which a word that also stands on parts of stories is believed."""
_WIDE: Final = re.compile("[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]")
"""Signs of Chinese, Japanese and Korean, each of which says about as much as two letters of an alphabet."""


class Evidence:
    """The evidence on one page.

    Attributes:
        page: The page's text view.
        boxes: Its boxes, in document order.
        passages: Its passages.
        prose: For each passage how much running text it is.
        ends: For each box one past the last box inside it.
        held: For each box the prose in it.
        outside: For each box whether it says of itself that it is not the story, and is believed.
        live: For each box the prose in it that is not outside.
        first: For each box the first passage in it.
    """

    def __init__(self, page: PageText) -> None:
        self.page = page
        self.boxes = page.boxes
        self.passages = page.passages
        self.prose = [_prose(passage, page.boxes[passage.box].tag) for passage in page.passages]
        for i in cards(page):
            self.prose[i] = 0
        self.ends = _ends(page.boxes)
        self.held = self._sum_up(None)
        self.outside = self._find_outside()
        self.live = self._sum_up(self.outside)
        self.first = self._first_passages()

    def lies_in(self, box: int, outer: int) -> bool:
        """Whether a box is another one or lies in it."""
        return outer <= box < self.ends[outer]

    def ancestors(self, i: int) -> Iterable[int]:
        """The boxes around a box, from the innermost out."""
        i = self.boxes[i].parent
        while i >= 0:
            yield i
            i = self.boxes[i].parent

    def first_after(self, box: int) -> int:
        """The first passage behind a box."""
        i = self.first[box]
        while i < len(self.passages) and self.lies_in(self.passages[i].box, box):
            i += 1
        return i

    def first_prose(self, box: int) -> int:
        """The first passage of running text in a box; the first of all where it has none."""
        for i in range(self.first[box], len(self.passages)):
            if self.prose[i] and self.lies_in(self.passages[i].box, box):
                return i
        return self.first[box]

    def _sum_up(self, without: list[bool] | None) -> list[int]:
        """Prose in each box, those inside it included."""
        sums = [0] * len(self.boxes)
        for passage, prose in zip(self.passages, self.prose, strict=True):
            if prose and not (without and without[passage.box]):
                sums[passage.box] += prose
        for i in range(len(self.boxes) - 1, 0, -1):
            if sums[i]:
                sums[self.boxes[i].parent] += sums[i]
        return sums

    def _find_outside(self) -> list[bool]:
        outside = [False] * len(self.boxes)
        most, weak = (share * self.held[0] if self.held else 0 for share in (OUTSIDE_SHARE, WEAK_SHARE))
        declared = self._declared()
        # `teaser` may be a part of the name of a box around them.
        around: set[int] = set()
        for i in declared:
            for outer in self.ancestors(i):
                if outer in around:
                    break
                around.add(outer)
        limits = [most] * len(self.boxes)
        for i, box in enumerate(self.boxes):
            limits[i] = INSERT_SHARE * self.held[i] if i in declared else limits[box.parent] if i else most
            if i and outside[box.parent]:
                outside[i] = True
            elif i in around:
                continue
            elif box.tag in _OUTSIDE_TAGS or box.hidden or self._says_outside(box):
                limit = limits[i] if box.names.outside or box.tag in _OUTSIDE_TAGS or box.hidden else weak
                outside[i] = self.held[i] <= limit or box.tag == "nav" or box.tag == "footer"
        return outside

    def _declared(self) -> set[int]:
        """The boxes of one name that are declared to hold the story and hold a quarter of all prose."""
        alike: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for i, box in enumerate(self.boxes):
            if box.names.story and self.held[i] and not self._says_outside(box):
                alike.setdefault((box.tag, box.names.tokens), []).append(i)
        if not alike:
            return set()
        declared = max(alike.values(), key=lambda boxes: sum(self.held[i] for i in boxes))
        if sum(self.held[i] for i in declared) < 0.25 * self.held[0]:
            return set()
        return set(declared)

    @staticmethod
    def _says_outside(box: Box) -> bool:
        if box.tag in HEADINGS:
            return False
        return box.names.outside or (box.names.outside_box and box.tag not in _STORY_TAGS)

    def _first_passages(self) -> list[int]:
        """For each box the index of the first passage at or after its start."""
        first = [len(self.passages)] * (len(self.boxes) + 1)
        for i in range(len(self.passages) - 1, -1, -1):
            first[self.passages[i].box] = i
        for i in range(len(self.boxes) - 1, 0, -1):
            parent = self.boxes[i].parent
            if first[i] < first[parent]:
                first[parent] = first[i]
        return first


def _ends(boxes: Sequence[Box]) -> list[int]:
    """For each box one past the last box inside it: the boxes stand in document order."""
    ends = list(range(1, len(boxes) + 1))
    for i in range(len(boxes) - 1, 0, -1):
        parent = boxes[i].parent
        if ends[i] > ends[parent]:
            ends[parent] = ends[i]
    return ends


def _prose(passage: Passage, tag: str) -> int:
    """How much running text a passage adds to its box, in code points of an alphabet."""
    length = len(passage.text)
    free = length - passage.linked
    if 2 * free < length or tag in HEADINGS or tag == "figcaption":
        return 0
    if MIN_PROSE // 2 <= free < MIN_PROSE and not passage.text.isascii():
        free += len(_WIDE.findall(passage.text)) * free // length
    if free < MIN_PROSE:
        return 0
    return min(free // 2 if tag == "li" else free, MAX_PROSE)
