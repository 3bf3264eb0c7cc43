"""The lines that rules look at: what is left of a block, in a form that patterns can be plain about."""

from __future__ import annotations

import re
from typing import Final

from copydesk.transforms.draft import Block

_FOLD: Final = {
    "’": "'",
    "‘": "'",
    "‛": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    **dict.fromkeys("\t\r\x0b\x0c\x1c\x1d\x1e\x1f\u0085\u00a0\u1680\u2028\u2029\u202f\u205f\u3000", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
}
"""Each code point to one code point, so that offsets hold; all white space but the line feed to a space."""

_FOLD_TABLE: Final = str.maketrans(_FOLD)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def fold(text: str) -> str:
    """The text with straight quotes and plain spaces, of the same length: what rules see. Line feeds stay."""
    if text.isascii():
        return text.translate(_FOLD_TABLE) if not text.isprintable() else text
    for old in "’‘“”\u00a0":
        if old in text:
            text = text.replace(old, _FOLD[old])
    # What is left to fold is rare, and a table is slow: 40 us for 4 KB.
    if not text.replace("\n", "").isprintable() or "„" in text or "´" in text or "‛" in text:
        text = text.translate(_FOLD_TABLE)
        if _SURROGATE.search(text):
            text = _SURROGATE.sub("\ufffd", text)
    return text


class Line:
    """What is left of one block, as rules see it.

    Attributes:
        block: The block.
        index: Its place among the blocks of the draft.
        spans: What is left of it in the raw text, in order, without white space at the ends.
        text: The folded text of the spans, parted by a space, runs of white space made one space.
        hits: Places in the list of rules that match it, ascending.
    """

    __slots__ = ("_offsets", "_words", "block", "hits", "index", "spans", "text")

    def __init__(self, block: Block, index: int, folded: str) -> None:
        self.block = block
        self.index = index
        self.hits: tuple[int, ...] = ()
        text = folded[block.start : block.end]
        if "\n" in text or "  " in text or text[:1] == " " or text[-1:] == " ":
            self.set_spans([(block.start, block.end)], folded)
        else:
            self._offsets: list[int] | None = None
            self._words = -1
            self.spans = [(block.start, block.end)] if text else []
            self.text = text

    @property
    def words(self) -> int:
        """Words in it, parted by white space."""
        if self._words < 0:
            self._words = self.text.count(" ") + 1 if self.text else 0
        return self._words

    @property
    def plain(self) -> bool:
        """The text is one span of the raw text, quotes aside: no line break, no run of spaces, no gap."""
        return self._offsets is None

    def set_spans(self, spans: list[tuple[int, int]], folded: str) -> None:
        """Narrows the line to these spans of the raw text.

        Args:
            spans: In order, disjoint; white space at their ends is trimmed, empty ones are dropped.
            folded: The folded raw text.
        """
        self._words = -1
        self.spans = [span for start, end in spans if (span := trim(folded, start, end))]
        self._offsets = None
        if len(self.spans) <= 1:
            self.text = folded[self.spans[0][0] : self.spans[0][1]] if self.spans else ""
            if "\n" not in self.text and "  " not in self.text:
                return
        offsets: list[int] = []
        parts: list[str] = []
        for start, end in self.spans:
            space = bool(parts)
            for place in range(start, end):
                sign = folded[place]
                if sign == " " or sign == "\n":
                    space = True
                    continue
                if space:
                    parts.append(" ")
                    offsets.append(place - 1 if place > start else place)
                    space = False
                parts.append(sign)
                offsets.append(place)
        self.text = "".join(parts)
        self._offsets = offsets

    def raw_start(self, place: int) -> int:
        """Where in the raw text the sign at `place` stands; at the end of the text, where the line ends."""
        if place >= len(self.text):
            return self.spans[-1][1]
        if self._offsets is None:
            return self.spans[0][0] + place
        return self._offsets[place]

    def raw_end(self, place: int) -> int:
        """Where in the raw text the sign before `place` ends; at 0, where the line begins."""
        if place == 0:
            return self.spans[0][0]
        if self._offsets is None:
            return self.spans[0][0] + place
        return self._offsets[place - 1] + 1

    def without(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans without the raw text from `start` to `end`."""
        left = []
        for s, e in self.spans:
            if s < min(e, start):
                left.append((s, min(e, start)))
            if max(s, end) < e:
                left.append((max(s, end), e))
        return left


def trim(folded: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without white space at its ends; None where nothing is left."""
    text = folded[start:end]
    head = text.lstrip()
    if not head:
        return None
    return end - len(head), start + len(text.rstrip())
