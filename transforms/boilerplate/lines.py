"""The lines that rules look at: what is left of a block, in a form that patterns can be plain about."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from copydesk.transforms.draft import Block

_CONTROLS: Final = {"\t": " ", "\x1f": " ", **dict.fromkeys("\r\x0b\x0c\x1c\x1d\x1e", "\n")}
_OTHERS: Final = {
    **dict.fromkeys("’‘‛´", "'"),
    **dict.fromkeys("“”„", '"'),
    **dict.fromkeys("\u0085\u2028\u2029", "\n"),
    **dict.fromkeys("\u00a0\u1680\u202f\u205f\u3000", " "),
    **dict.fromkeys(map(chr, range(0x2000, 0x200B)), " "),
}
_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def fold(text: str) -> str:
    """The text with straight quotes and plain spaces: what rules see.

    Each code point becomes one code point, so that offsets hold. What breaks a line becomes a line feed, other white
    space a space, and half a surrogate pair, which no encoding can hold, becomes U+FFFD.
    """
    # Most texts hold few of these or none; a table for `translate` would take ten times as long.
    for old, new in _CONTROLS.items():
        if old in text:
            text = text.replace(old, new)
    if text.isascii():
        return text
    for old, new in _OTHERS.items():
        if old in text:
            text = text.replace(old, new)
            if text.isascii():
                return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", text)
    return text


class Line:
    """What is left of one block, as rules see it.

    Attributes:
        block: The block.
        index: Its place among the blocks of the story.
        spans: What is left of it in the raw text, in order, without white space at the ends.
        text: The folded text of the spans, parted by a space, runs of white space made one space.
        hits: Places in the list of rules that match it, ascending.
        touched: It may be other than its block as it stands.
    """

    __slots__ = ("_folded", "_known", "_words", "block", "hits", "index", "spans", "text", "touched")

    def __init__(self, block: Block, index: int, text: str) -> None:
        """A line that is its block as it stands: `text` is its folded text and has no run of white space."""
        self.block = block
        self.index = index
        self.text = text
        self.spans = [(block.start, block.end)] if text else []
        self.hits: tuple[int, ...] = ()
        self.touched = False
        self._folded: str | None = None  # of the raw text, where `text` is not a piece of it
        self._known: list[int] | None = None
        self._words = -1

    @property
    def words(self) -> int:
        """Words in it, parted by white space."""
        if self._words < 0:
            self._words = self.text.count(" ") + 1 if self.text else 0
        return self._words

    @property
    def plain(self) -> bool:
        """The text is one span of the raw text, quotes aside: no line break, no run of spaces, no gap."""
        return self._folded is None

    def set_spans(self, spans: Sequence[tuple[int, int]], folded: str) -> None:
        """Narrows the line to these spans of the raw text.

        Args:
            spans: In order, disjoint; white space at their ends is trimmed, empty ones are dropped.
            folded: The folded raw text.
        """
        self._words = -1
        self.touched = True
        self.spans = [span for start, end in spans if (span := trim(folded, start, end))]
        self._folded = self._known = None
        if len(self.spans) <= 1:
            self.text = folded[self.spans[0][0] : self.spans[0][1]] if self.spans else ""
            if "\n" not in self.text and "  " not in self.text:
                return
        self.text = " ".join(" ".join([folded[start:end] for start, end in self.spans]).split())
        self._folded = folded

    def straighten(self, folded: str) -> None:
        """Makes the runs of white space in the line one space; `folded` is the folded raw text."""
        if self.text[:1] in (" ", "\n") or self.text[-1:] in (" ", "\n"):
            self.set_spans(self.spans, folded)
            return
        self._words = -1
        self.touched = True
        self.text = " ".join(self.text.split())
        self._folded, self._known = folded, None

    def _offsets(self, folded: str) -> list[int]:
        """Where in the raw text each sign of the text stands; a space, where the white space ends that it is for."""
        if self._known is None:
            offsets: list[int] = []
            for start, end in self.spans:
                space = bool(offsets)
                for place in range(start, end):
                    if folded[place] == " " or folded[place] == "\n":
                        space = True
                        continue
                    if space:
                        offsets.append(place - 1 if place > start else place)
                        space = False
                    offsets.append(place)
            self._known = offsets
        return self._known

    def raw_start(self, place: int) -> int:
        """Where in the raw text the sign at `place` stands; at the end of the text, where the line ends."""
        if place >= len(self.text):
            return self.spans[-1][1]
        if self._folded is None:
            return self.spans[0][0] + place
        return self._offsets(self._folded)[place]

    def raw_end(self, place: int) -> int:
        """Where in the raw text the sign before `place` ends; at 0, where the line begins."""
        if place == 0:
            return self.spans[0][0]
        if self._folded is None:
            return self.spans[0][0] + place
        return self._offsets(self._folded)[place - 1] + 1

    def without(self, start: int, end: int) -> list[tuple[int, int]]:
        """The spans without the raw text from `start` to `end`."""
        left = []
        for s, e in self.spans:
            if s < min(e, start):
                left.append((s, min(e, start)))
            if max(s, end) < e:
                left.append((max(s, end), e))
        return left


class Lines:
    """The lines of a story. Most are never looked at one by one, so each is made when it is asked for.

    Attributes:
        blocks: The blocks of the story, in order.
        printed: The raw text of each.
        made: The lines looked at so far; None where one is its block as it stands.
        whole: What rules see of all of them, one to a line, as they were at first.
    """

    __slots__ = ("_folded", "_raw", "_texts", "blocks", "made", "printed", "whole")

    def __init__(self, raw: str, blocks: Sequence[Block], holes: Sequence[tuple[int, int]] = ()) -> None:
        """The lines of these blocks of a raw text, `holes`, which are in order and disjoint, taken out of them."""
        self._raw = raw
        self._folded: str | None = None
        self.blocks = blocks
        self.printed = [raw[block.start : block.end] for block in blocks]
        self.made: list[Line | None] = [None] * len(blocks)
        self.whole = fold("\n".join(self.printed))
        self._texts = self.whole.split("\n") if blocks else []
        if holes or len(self._texts) != len(blocks):
            self._texts = [fold(text) for text in self.printed]
            self._punch(holes)
            for index in range(len(blocks)):
                self.straight(index)
            self.whole = "\n".join(self._texts)

    def __len__(self) -> int:
        return len(self.blocks)

    def __getitem__(self, index: int) -> Line:
        line = self.made[index]
        if line is None:
            line = self.made[index] = Line(self.blocks[index], index, self._texts[index])
        return line

    @property
    def folded(self) -> str:
        """The folded raw text, of the same length."""
        if self._folded is None:
            self._folded = fold(self._raw)
        return self._folded

    def text(self, index: int) -> str:
        """What rules see of a line at present."""
        line = self.made[index]
        return self._texts[index] if line is None else line.text

    def straight(self, index: int) -> Line:
        """The line, its runs of white space made one space."""
        line = self[index]
        text = line.text
        if line.plain and ("\n" in text or "  " in text or text[:1] == " " or text[-1:] == " "):
            line.straighten(self.folded)
        self._texts[index] = line.text
        return line

    def _punch(self, holes: Sequence[tuple[int, int]]) -> None:
        """Takes the holes out of the lines."""
        first = 0
        for index, block in enumerate(self.blocks):
            while first < len(holes) and holes[first][1] <= block.start:
                first += 1
            spans = []
            position = block.start
            at = first
            while at < len(holes) and holes[at][0] < block.end:
                start, end = holes[at]
                if start > position:
                    spans.append((position, start))
                position = max(position, end)
                at += 1
            if position != block.start or spans:
                if position < block.end:
                    spans.append((position, block.end))
                self[index].set_spans(spans, self.folded)


def line_of(text: str) -> Line:
    """A line that is all of a text."""
    return Lines(text, [Block("paragraph", 0, len(text))]).straight(0)


def trim(folded: str, start: int, end: int) -> tuple[int, int] | None:
    """The span without white space at its ends; None where nothing is left."""
    text = folded[start:end]
    head = text.lstrip()
    if not head:
        return None
    return end - len(head), start + len(text.rstrip())
