"""The marks on a story in work: what is cut, what goes to columns, and what is left of each line."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from copydesk.schemas.article import Dateline
from copydesk.transforms.boilerplate.lines import Line, Lines, trim


class Mark(NamedTuple):
    """Something found in the raw text.

    Attributes:
        start: First code point of the raw text.
        end: One past the last.
        kind: What it is.
        rule: What found it.
        line: Place of its line among the blocks of the story; -1 for chrome and tokens.
        parts: What goes to columns, by name: `text`, `credit`, `name`, `ref`, ...
        dateline: The dateline, for that kind.
        codes: Codes of agencies, for that kind.
    """

    start: int
    end: int
    kind: str
    rule: str
    line: int = -1
    parts: Mapping[str, str] = MappingProxyType({})
    dateline: Dateline | None = None
    codes: tuple[str, ...] = ()


class Marks:
    """The marks made so far.

    Attributes:
        lines: The lines of the story, as far as they are left.
        cuts: What is cut.
        kept: What is found and stays in the text.
        listeners: Called with the text of a line before and after it is narrowed.

    Args:
        raw: The raw text.
        lines: Its lines.
        keep: Kinds that stay in the text; what they say goes to the columns all the same.
        cuts: What was cut before.
        kept: What was kept before.
    """

    def __init__(self, raw: str, lines: Lines, keep: frozenset[str], cuts: list[Mark], kept: list[Mark]) -> None:
        self.raw = raw
        self.lines = lines
        self.keep = keep
        self.cuts = cuts
        self.kept = kept
        self.listeners: list[Callable[[str, str], None]] = []
        self._kept_lines: set[int] = set()
        self._kept_parts: set[tuple[int, str]] = set()

    def is_open(self, line: Line) -> bool:
        """Whether there is still something to look at: text that nothing has named yet."""
        return bool(line.text) and line.index not in self._kept_lines

    def printed(self, line: Line) -> str:
        """The text of a line as it stands in the raw text, runs of white space made one space."""
        return " ".join(self.raw[line.spans[0][0] : line.spans[-1][1]].split())

    def take(
        self,
        line: Line,
        kind: str,
        rule: str,
        parts: dict[str, str],
        codes: tuple[str, ...] = (),
        dateline: Dateline | None = None,
    ) -> None:
        """Marks all that is left of a line."""
        marks = self.cuts
        if kind in self.keep:
            marks = self.kept
            self._kept_lines.add(line.index)
        for start, end in line.spans:
            marks.append(Mark(start, end, kind, rule, line.index, parts, dateline, codes))
            parts, codes, dateline = {}, (), None
        if marks is self.cuts:
            self._narrow(line, [])

    def cut_out(
        self,
        line: Line,
        start: int,
        end: int,
        kind: str,
        rule: str,
        parts: dict[str, str],
        codes: tuple[str, ...] = (),
        dateline: Dateline | None = None,
    ) -> bool:
        """Marks a part of a line and narrows the line to the rest; False where nothing would be left to mark."""
        if trim(self.lines.folded, start, end) is None:
            return False
        mark = Mark(start, end, kind, rule, line.index, parts, dateline, codes)
        if kind in self.keep:
            if (line.index, rule) not in self._kept_parts:
                self._kept_parts.add((line.index, rule))
                self.kept.append(mark)
            return False
        left = line.without(start, end)
        taken = _difference(line.spans, left)
        for s, e in taken:
            self.cuts.append(Mark(s, e, kind, rule, line.index, mark.parts, mark.dateline, mark.codes))
            mark = Mark(0, 0, kind, rule)
        self._narrow(line, left)
        return True

    def cut_pieces(self, line: Line, kind: str, rule: str, found: Iterable[tuple[int, int]]) -> None:
        """Cuts parts of the text of a line, in order, wherever they stand; white space alone is left."""
        pieces = _within(line, found)
        self.cuts += [Mark(start, end, kind, rule, line.index) for start, end in pieces]
        if pieces:
            self._narrow(line, _difference(line.spans, pieces))

    def _narrow(self, line: Line, spans: Sequence[tuple[int, int]]) -> None:
        """Leaves these spans of a line."""
        before = line.text
        line.set_spans(spans, self.lines.folded)
        for heed in self.listeners:
            heed(before, line.text)


def _within(line: Line, found: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Where matches in the text of a line, in order, stand in the raw text; white space alone is none."""
    pieces = []
    spans = deque(line.spans)
    for start, end in found:
        if not line.text[start:end].strip():
            continue
        first, last = line.raw_start(start), line.raw_end(end)
        while spans and spans[0][1] <= first:
            spans.popleft()
        for s, e in spans:
            if s >= last:
                break
            pieces.append((max(s, first), min(e, last)))
    return pieces


def _difference(spans: list[tuple[int, int]], left: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What `spans` cover and `left`, a part of them, does not."""
    taken = []
    rest = deque(left)
    for start, end in spans:
        position = start
        while rest and rest[0][0] < end:
            s, e = rest.popleft()
            if s > position:
                taken.append((position, s))
            position = e
        if position < end:
            taken.append((position, end))
    return taken
