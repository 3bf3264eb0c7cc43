"""The galley: one story in work, its lines narrowed and marked until nothing more is to be cut.

Every mark is made on what a reader of the result would see too: a line that was cut does not count as the first or
the last, and the search goes on until a whole round finds nothing. So editing an edited story changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Final

from copydesk.transforms.boilerplate.credits import AgencyTail, find_agency_tail
from copydesk.transforms.boilerplate.dateline import Found, find_dateline, find_lone_dateline
from copydesk.transforms.boilerplate.frame import (
    RUNNING_WORDS,
    STANDFIRST_LINES,
    TITLE_LINES,
    Openings,
    find_standfirst,
    guess_frame,
    repeats,
)
from copydesk.transforms.boilerplate.learnt import SHORT_WORDS, Counts, find
from copydesk.transforms.boilerplate.lines import Line, Lines
from copydesk.transforms.boilerplate.marks import Marks
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.outside import mark_chrome, mark_tokens
from copydesk.transforms.boilerplate.ruling import Ruling
from copydesk.transforms.draft import Draft

TOP_LINES: Final = 8
"""Rules for the top look at no more lines than this, and stop before the first running paragraph."""

END_LINES: Final = 6
"""Rules for the end look at the last lines, so many."""

CREDIT_LINES: Final = 3
"""The credit of an agency closes one of the last paragraphs, so many: a short note may follow it."""

_DATELINE_LINES: Final = 4
LONE_WORDS: Final = 8
"""A dateline with a line of its own has no more words than this."""


class Galley:
    """One story in work.

    Args:
        draft: The story as read.
        house: Its house, if known.
        matcher: The rules.
        keep: Kinds that stay in the text; what they say goes to the columns all the same.
        cut: Kinds that are cut on request.
        learnt: What was learnt of the lines of the story's house.
    """

    def __init__(
        self,
        draft: Draft,
        house: str | None,
        matcher: Matcher,
        keep: frozenset[str],
        cut: frozenset[str],
        learnt: Counts | None = None,
    ) -> None:
        self.draft = draft
        self.learnt = learnt
        self.headline = draft.metadata.headline
        story = [block for block in draft.blocks if block.in_story]
        chrome = mark_chrome(draft) if len(story) < len(draft.blocks) else []
        tokens = mark_tokens(draft.raw, chrome)
        self.cut_tokens = [mark for mark in tokens if mark.kind not in keep]
        self.lines = Lines(draft.raw, story, [(mark.start, mark.end) for mark in self.cut_tokens])
        kept = [mark for mark in tokens if mark.kind in keep]
        self.marks = Marks(draft.raw, self.lines, keep, [*chrome, *self.cut_tokens], kept)
        self.ruling = Ruling(self.marks, matcher, draft.metadata.language, house, cut)
        self._live: deque[int]
        self._hit: set[int]
        self._repeats: Openings
        self._openings: dict[str, Found | None] = {}
        self._tails: dict[str, AgencyTail | None] = {}

    def mark_up(self) -> None:
        """Finds everything there is to find."""
        lines = self.lines
        cuts = len(self.marks.cuts)
        named = [index for index, block in enumerate(lines.blocks) if block.kind != "paragraph"]
        done, self._hit = self.ruling.settle_all(named)
        self._live = deque(range(len(lines)))
        whole = lines.whole
        if done or self.cut_tokens or len(self.marks.cuts) > cuts:
            self._live = deque([index for index in self._live if index not in done and lines.text(index)])
            whole = "\n".join(map(lines.text, self._live))
        self._repeats = Openings(whole, lambda: map(lines.text, self._live))
        self.marks.listeners.append(self._repeats.narrowed)
        while self._round():
            pass
        while self._frame():
            while self._round():
                pass

    def _round(self) -> bool:
        """Looks for what depends on where it stands; whether anything was cut."""
        if self._top() or self._end() or self._credits() or self._dateline() or self._standfirst():
            return True
        return self.learnt is not None and self._house_lines(self.learnt)

    # What depends on where the line stands.

    def _first(self, count: int) -> list[Line]:
        return [self.lines[index] for index in islice(self._live, count)]

    def _last(self, count: int) -> list[Line]:
        return [self.lines[index] for index in islice(reversed(self._live), count)]

    def _drop(self, line: Line) -> None:
        """Takes a line that is done with out of those still looked at. It stands near one of the ends."""
        live = self._live
        self._hit.discard(line.index)
        for place in range(len(live)):
            for at in (place, -1 - place):
                if live[at] == line.index:
                    del live[at]
                    return

    def _positional(self, lines: Iterable[Line], near: str) -> bool:
        """Applies the rules for one end of the story to the lines that stand there; whether anything was marked."""
        changed = False
        for line in lines:
            for index in line.hits:
                rule = self.ruling.matcher.rules[index]
                if rule.near == near and self.ruling.apply(line, index, rule):
                    self._after_cut(line)
                    changed = True
                    break
        return changed

    def _after_cut(self, line: Line) -> None:
        """Looks at a narrowed line again."""
        if self.marks.is_open(line):
            self.ruling.find(line)
            if self.ruling.settle(line):
                if line.hits:
                    self._hit.add(line.index)
                return
        self._drop(line)

    def _top(self) -> bool:
        if not self._hit:
            return False
        lines = []
        for line in self._first(TOP_LINES):
            if _is_running(line) and line.text[-1] in ".!?\"')":
                break
            lines.append(line)
        return self._positional(lines, "top")

    def _end(self) -> bool:
        return bool(self._hit) and self._positional(self._last(END_LINES), "end")

    def _credits(self) -> bool:
        for line in self._last(CREDIT_LINES):
            if line.text not in self._tails:
                self._tails[line.text] = find_agency_tail(line.text)
            tail = self._tails[line.text]
            if tail is None:
                continue
            start = line.raw_end(tail.start)
            if self.marks.cut_out(line, start, line.spans[-1][1], "agency", "credit.agency-tail", {}, codes=tail.codes):
                self._after_cut(line)
                return True
        return False

    def _dateline(self) -> bool:
        window = self._first(_DATELINE_LINES)
        strong = []
        for place, line in enumerate(window):
            found = self._opening(line)
            if (
                found is None
                and place + 1 < len(window)
                and line.words <= LONE_WORDS
                and _is_running(window[place + 1])
            ):
                found = find_lone_dateline(line.text, window[place + 1].text)
            if found is not None:
                if not any(_is_running(before) for before in window[:place]):
                    return self._take_dateline(line, found)
                if found.strong:
                    strong.append((line, found))
        return self._take_dateline(*strong[0]) if len(strong) == 1 else False

    def _opening(self, line: Line) -> Found | None:
        """The dateline that opens a line; None where another would follow it."""
        text = line.text
        if text not in self._openings:
            found = find_dateline(text)
            if found is not None and find_dateline(text[found.length :]) is not None:
                found = None
            self._openings[text] = found
        return self._openings[text]

    def _take_dateline(self, line: Line, found: Found) -> bool:
        start, end = line.spans[0][0], line.raw_start(found.length)
        cut = self.marks.cut_out(line, start, end, "dateline", "dateline.opening", {}, dateline=found.dateline)
        if cut:
            self._after_cut(line)
        return cut

    def _standfirst(self) -> bool:
        if self.headline:
            for line in self._first(TITLE_LINES):
                if repeats(line, self.headline):
                    self.marks.take(line, "headline", "frame.headline-repeated", {})
                    return self._gone(line)
        window = self._first(STANDFIRST_LINES)
        found = find_standfirst(window, self._repeats)
        if found is None:
            return False
        parts = {} if self.draft.metadata.standfirst else {"text": self.marks.printed(found)}
        self.marks.take(found, "standfirst", "frame.standfirst-repeated", parts)
        return self._gone(found)

    def _house_lines(self, learnt: Counts) -> bool:
        """Cuts the lines that were learnt of the house, unless they are more than half of the running story."""
        live = [self.lines[index] for index in self._live]
        counts = find(learnt, [line.text for line in live])
        found = [line for line, number in zip(live, counts, strict=True) if number]
        running, cut = (sum(line.words for line in some if line.words >= SHORT_WORDS) for some in (live, found))
        if not found or not running or 2 * cut > running:
            return False
        for line, number in zip(live, counts, strict=True):
            if number:
                self.marks.take(line, "house_line", f"learnt.{number}-of-{learnt.stories}", {})
        gone = {line.index for line in found}
        self._hit -= gone
        self._live = deque([index for index in self._live if index not in gone])
        return True

    def _gone(self, line: Line) -> bool:
        self._drop(line)
        return True

    def _frame(self) -> bool:
        """Takes headline and standfirst of a plain text that came without a headline."""
        if self.draft.metadata.headline or any(block.tag for block in self.draft.blocks):
            return False
        window = self._first(4)
        guess = guess_frame(window)
        if guess.headline is None:
            return False
        line = window[guess.headline]
        self.headline = self.headline or self.marks.printed(line)
        self.marks.take(line, "headline", "frame.headline", {})
        self._drop(line)
        if guess.standfirst is not None:
            line = window[guess.standfirst]
            self.marks.take(line, "standfirst", "frame.standfirst", {"text": self.marks.printed(line)})
            self._drop(line)
        return True


def _is_running(line: Line) -> bool:
    """Whether the story has begun with this line at the latest: it is long, and not known to stand above it."""
    return line.words >= RUNNING_WORDS and line.block.kind != "standfirst"
