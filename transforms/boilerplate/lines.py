"""The lines that rules look at: what is left of a block, in a form that patterns can be plain about."""

from __future__ import annotations

from copydesk.transforms.draft import Block

_FOLD = {
    "’": "'",
    "‘": "'",
    "‛": "'",
    "´": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "\u00a0": " ",
    "\u202f": " ",
    "\u2009": " ",
    "\u200a": " ",
    "\u2028": " ",
    "\u2029": " ",
    "\u0085": " ",
    "\t": " ",
    "\r": " ",
    "\x0b": " ",
    "\x0c": " ",
    "\x1c": " ",
    "\x1d": " ",
    "\x1e": " ",
    "\x1f": " ",
    "\u3000": " ",
    "\n": " ",
}
"""Each code point to one code point, so that offsets hold."""


def fold(text: str) -> str:
    """The text with straight quotes and plain spaces, of the same length: what rules see."""
    for old, new in _FOLD.items():
        if old in text:
            text = text.replace(old, new)
    return text


class Line:
    """What is left of one block, as rules see it.

    Attributes:
        block: The block.
        index: Its place among the blocks of the story.
        spans: What is left of it in the raw text, in order, without white space at the ends.
        text: The folded text of the spans, parted by a space, runs of white space made one space.
        words: Words in it, parted by white space.
        hits: Places in the list of rules that match it, ascending.
    """

    __slots__ = ("_offsets", "block", "hits", "index", "spans", "text", "words")

    def __init__(self, block: Block, index: int, folded: str) -> None:
        self.block = block
        self.index = index
        self.hits: tuple[int, ...] = ()
        self.set_spans([(block.start, block.end)], folded)

    def set_spans(self, spans: list[tuple[int, int]], folded: str) -> None:
        """Narrows the line to these spans of the raw text.

        Args:
            spans: In order, disjoint; white space at their ends is trimmed, empty ones are dropped.
            folded: The folded raw text.
        """
        self._offsets: list[int] | None = None
        if len(spans) == 1:
            start, end = spans[0]
            text = folded[start:end]
            if text[:1] != " " and text[-1:] != " " and "  " not in text:
                self.spans, self.text = spans, text
                self.words = text.count(" ") + 1 if text else 0
                return
        self.spans = [span for start, end in spans if (span := trim(folded, start, end))]
        offsets: list[int] = []
        parts: list[str] = []
        space = False
        for start, end in self.spans:
            space = bool(parts)
            for place in range(start, end):
                sign = folded[place]
                if sign == " ":
                    space = True
                    continue
                if space:
                    parts.append(" ")
                    offsets.append(place)
                    space = False
                parts.append(sign)
                offsets.append(place)
        self.text = "".join(parts)
        self.words = self.text.count(" ") + 1 if parts else 0
        self._offsets = offsets

    def raw_offset(self, place: int) -> int:
        """Where the sign at `place` of the text stands in the raw text; for the end of the text, the end."""
        if place >= len(self.text):
            return self.spans[-1][1]
        if self._offsets is None:
            return self.spans[0][0] + place
        return self._offsets[place]

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
