"""The galley: one story in work, its lines narrowed and marked until nothing more is to be cut.

Every mark is made on what a reader of the result would see too: a line that was cut does not count as the first or
the last, and the search goes on until a whole round finds nothing. So editing an edited story changes nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Final, NamedTuple

from copydesk.schemas.article import Dateline
from copydesk.transforms.boilerplate.credits import AgencyTail, Mentions, find_agency_tail, split_caption
from copydesk.transforms.boilerplate.dateline import Found, find_dateline
from copydesk.transforms.boilerplate.frame import (
    RUNNING_WORDS,
    STANDFIRST_LINES,
    TITLE_LINES,
    Openings,
    find_standfirst,
    guess_frame,
    repeats,
)
from copydesk.transforms.boilerplate.learnt import Counts, form_of
from copydesk.transforms.boilerplate.lines import Line, Lines, trim
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.rules import ON_REQUEST, Rule
from copydesk.transforms.boilerplate.tokens import find_tokens
from copydesk.transforms.draft import Block, Draft

TOP_LINES: Final = 8
"""Rules for the top look at no more lines than this, and stop before the first running paragraph."""

END_LINES: Final = 6
"""Rules for the end look at the last lines, so many."""

CREDIT_LINES: Final = 3
"""The credit of an agency closes one of the last paragraphs, so many: a short note may follow it."""

_DATELINE_LINES: Final = 4
_BLOCK_KINDS: Final = {
    "caption": "caption",
    "credit": "photo_credit",
    "byline": "byline",
    "standfirst": "deck",
    "embed": "social_post",
    "table": "table",
    "list_item": "list",
    "heading": "subheading",
}


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
        self.matcher = matcher
        self.keep = keep
        self.request = cut
        self.learnt = learnt
        self.language = draft.metadata.language
        self.house = house
        self.headline = draft.metadata.headline
        self.cuts: list[Mark] = []
        self.kept_marks: list[Mark] = []
        self.lines: Lines
        self._live: deque[int]
        self._hit: set[int] = set()
        self._mentions: Mentions | None = None
        self._settled = False
        self._repeats: Openings
        self._kept: set[int] = set()
        self._kept_parts: set[tuple[int, str]] = set()
        self._groups: dict[tuple[int, str], list[tuple[str, int, int]]] = {}
        self._forms: dict[str, int] = {}
        self._openings: dict[str, Found | None] = {}
        self._tails: dict[str, AgencyTail | None] = {}

    def mark_up(self) -> None:
        """Finds everything there is to find."""
        blocks = self.draft.blocks
        story = [block for block in blocks if block.in_story]
        if len(story) < len(blocks):
            self._mark_chrome()
        holes = self._mark_tokens()
        self.lines = lines = Lines(self.draft.raw, story, holes)
        cuts = len(self.cuts)
        done = self._settle_all([index for index, block in enumerate(story) if block.kind != "paragraph"])
        self._live = deque(range(len(lines)))
        whole = lines.whole
        if done or holes or len(self.cuts) > cuts:
            self._live = deque([index for index in self._live if index not in done and lines.text(index)])
            whole = "\n".join(map(lines.text, self._live))
        self._repeats = Openings(whole, lambda: map(lines.text, self._live))
        self._settled = True
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

    # What holds wherever a line stands.

    def _mark_chrome(self) -> None:
        run: list[Block] = []
        for block in self.draft.blocks:
            if not block.in_story:
                run.append(block)
            elif run:
                self._chrome(run)
                run = []
        if run:
            self._chrome(run)

    def _chrome(self, run: list[Block]) -> None:
        self.cuts.append(Mark(run[0].start, run[-1].end, "page_chrome", "page.outside-story"))

    def _mark_tokens(self) -> list[tuple[int, int]]:
        """Marks the tokens outside chrome; where those stand that are cut."""
        raw = self.draft.raw
        holes: list[tuple[int, int]] = []
        if not ("[" in raw or "{" in raw or "<" in raw or "*|" in raw):
            return holes
        outside = deque((mark.start, mark.end) for mark in self.cuts)
        for token in find_tokens(raw):
            while outside and outside[0][1] <= token.start:
                outside.popleft()
            if outside and outside[0][0] < token.end:
                continue
            caption = token.kind == "caption"
            kind = "caption" if caption else "embed"
            parts = {"text" if caption else "ref": token.ref} if token.ref else {}
            if not caption:
                parts["kind"] = token.kind
            mark = Mark(token.start, token.end, kind, f"token.{token.kind}", parts=parts)
            if kind in self.keep:
                self.kept_marks.append(mark)
            else:
                self.cuts.append(mark)
                holes.append((token.start, token.end))
        return holes

    def _settle_all(self, named: Sequence[int]) -> set[int]:
        """Applies to the lines all that holds wherever they stand; those that are done with.

        Args:
            named: Lines that the markup has a name for.
        """
        done = set()
        known: dict[str, tuple[int, ...]] = {"": ()}
        whole: set[str] = set()  # texts that are tidy and hold nothing to cut out: lines that say the same need no look
        lines = self.lines
        suspects: Iterable[int] = self.matcher.suspects(lines.whole)
        if named:
            found = set(suspects)
            # Where no rule is for a line that the markup names, the markup alone decides.
            tidy = [lines.text(index) for index in named if index not in found]
            whole.update(tidy)
            known.update(dict.fromkeys(tidy, ()))
            suspects = sorted(found.union(named))
        for index in suspects:
            before = lines.text(index)
            if before in whole and not known[before] and lines.blocks[index].kind == "paragraph":
                continue
            line = lines.straight(index)
            tidy_text = line.text
            if tidy_text not in whole:
                self._cut_tokens(line)
            text = line.text
            if text == tidy_text:
                whole.add(text)
            if text not in known:
                known[text] = self.matcher.hits(line, self.language, self.house)
            line.hits = known[text]
            if not text or ((line.hits or line.block.kind != "paragraph") and not self._settle(line)):
                done.add(index)
            elif line.hits:
                self._hit.add(index)
        return done

    def _cut_tokens(self, line: Line) -> None:
        """Applies the rules for parts of a line."""
        for index in self.matcher.token_rules(line.text, self.language, self.house):
            rule = self.matcher.rules[index]
            if self._wanted(rule.kind) and rule.kind not in self.keep:
                found = [match.span() for match in self.matcher.pattern(index).finditer(line.text)]
                pieces = _within(line, found)
                self.cuts += [Mark(start, end, rule.kind, rule.id, line.index) for start, end in pieces]
                if pieces:
                    self._narrow(line, _difference(line.spans, pieces))

    def _settle(self, line: Line) -> bool:
        """Applies to a line all that holds wherever it stands; whether it is still to be looked at."""
        kind = _BLOCK_KINDS.get(line.block.kind)
        if kind and self._wanted(kind) and self._by_markup(line, kind):
            return False
        matcher = self.matcher
        while line.hits:
            for index in line.hits:
                rule = matcher.rules[index]
                if rule.action == "keep":
                    line.hits = ()
                    return True
            for index in line.hits:
                rule = matcher.rules[index]
                if rule.near == "anywhere" and self._apply(line, index, rule):
                    break
            else:
                return True
            if not line.text or line.index in self._kept:
                return False
            line.hits = matcher.hits(line, self.language, self.house)
        return True

    def _by_markup(self, line: Line, kind: str) -> bool:
        """Labels a line that the markup names."""
        part = {"caption": "text", "photo_credit": "credit", "byline": "name"}.get(kind)
        parts = {part: self._printed(line)} if part else {}
        if kind == "caption":
            for index in self.matcher.hits(line, self.language, self.house):
                rule = self.matcher.rules[index]
                if rule.kind in ("caption", "photo_credit") and rule.where == "line":
                    parts = self._parts(line, index) or parts
                    break
            else:
                text, credit = split_caption(parts["text"])
                parts = {"text": text, "credit": credit} if credit else parts
        self._take_line(line, kind, f"block.{line.block.kind}", parts)
        return True

    def _wanted(self, kind: str) -> bool:
        return kind in self.request or kind not in ON_REQUEST

    def _apply(self, line: Line, index: int, rule: Rule) -> bool:
        """Makes the cut of a rule; whether anything was marked."""
        if not self._wanted(rule.kind):
            return False
        parts = self._parts(line, index) if rule.action == "field" else {}
        if rule.kind == "author_bio" and "name" in parts and self._is_about(parts["name"], line):
            return False
        if rule.where == "line":
            self._take_line(line, rule.kind, rule.id, parts)
            return True
        found = self.matcher.search(index, line)
        if found is None or found.end() == found.start():
            return False
        if rule.where == "start":
            start, end = line.spans[0][0], line.raw_start(found.end())
        else:
            start, end = line.raw_end(found.start()), line.spans[-1][1]
        return self._cut_out(line, start, end, rule.kind, rule.id, parts)

    def _is_about(self, name: str, line: Line) -> bool:
        """Whether the story speaks of a person elsewhere: then a line about the person is part of it."""
        if self._mentions is None:
            self._mentions = Mentions(map(self.lines.text, range(len(self.lines))))
        return self._mentions.elsewhere(name, line.text)

    def _parts(self, line: Line, index: int) -> dict[str, str]:
        """The named groups of a rule's match, as printed."""
        key = index, line.text
        if key not in self._groups:
            found = self.matcher.search(index, line)
            names = self.matcher.pattern(index).groupindex.items() if found else ()
            self._groups[key] = [(name, *found.span(group)) for name, group in names if found[group]]
        parts = {
            name: self.draft.raw[line.raw_start(start) : line.raw_end(end)] for name, start, end in self._groups[key]
        }
        return parts or {"": self._printed(line)}

    def _printed(self, line: Line) -> str:
        return " ".join(self.draft.raw[line.spans[0][0] : line.spans[-1][1]].split())

    # Marks.

    def _take_line(
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
            marks = self.kept_marks
            self._kept.add(line.index)
        for start, end in line.spans:
            marks.append(Mark(start, end, kind, rule, line.index, parts, dateline, codes))
            parts, codes, dateline = {}, (), None
        if marks is self.cuts:
            self._narrow(line, [])

    def _cut_out(
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
                self.kept_marks.append(mark)
            return False
        left = line.without(start, end)
        taken = _difference(line.spans, left)
        for s, e in taken:
            self.cuts.append(Mark(s, e, kind, rule, line.index, mark.parts, mark.dateline, mark.codes))
            mark = Mark(0, 0, kind, rule)
        self._narrow(line, left)
        return True

    def _narrow(self, line: Line, spans: Sequence[tuple[int, int]]) -> None:
        """Leaves these spans of a line."""
        before = line.text
        line.set_spans(spans, self.lines.folded)
        if self._settled:
            self._repeats.narrowed(before, line.text)
        if self._mentions is not None:
            self._mentions.narrowed(before, line.text)

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
                rule = self.matcher.rules[index]
                if rule.near == near and self._apply(line, index, rule):
                    self._after_cut(line)
                    changed = True
                    break
        return changed

    def _after_cut(self, line: Line) -> None:
        """Looks at a narrowed line again."""
        if line.text and line.index not in self._kept:
            line.hits = self.matcher.hits(line, self.language, self.house)
            if self._settle(line):
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
            if self._cut_out(line, start, line.spans[-1][1], "agency", "credit.agency-tail", {}, codes=tail.codes):
                self._after_cut(line)
                return True
        return False

    def _dateline(self) -> bool:
        window = self._first(_DATELINE_LINES)
        strong = []
        for place, line in enumerate(window):
            found = self._opening(line)
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
        cut = self._cut_out(line, start, end, "dateline", "dateline.opening", {}, dateline=found.dateline)
        if cut:
            self._after_cut(line)
        return cut

    def _standfirst(self) -> bool:
        if self.headline:
            for line in self._first(TITLE_LINES):
                if repeats(line, self.headline):
                    self._take_line(line, "headline", "frame.headline-repeated", {})
                    return self._gone(line)
        window = self._first(STANDFIRST_LINES)
        found = find_standfirst(window, self._repeats)
        if found is None:
            return False
        parts = {} if self.draft.metadata.standfirst else {"text": self._printed(found)}
        self._take_line(found, "standfirst", "frame.standfirst-repeated", parts)
        return self._gone(found)

    def _house_lines(self, learnt: Counts) -> bool:
        """Cuts the lines that were learnt of the house, unless they are more than half of the story."""
        forms = self._forms
        found = []
        words = 0
        for index in self._live:
            line = self.lines[index]
            if line.text not in forms:
                forms[line.text] = learnt.lines.get(form_of(line.text) or "", 0)
            words += line.words
            if forms[line.text]:
                found.append(line)
        if not found or 2 * sum(line.words for line in found) > words:
            return False
        for line in found:
            self._take_line(line, "house_line", f"learnt.{forms[line.text]}-of-{learnt.stories}", {})
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
        self.headline = self.headline or self._printed(line)
        self._take_line(line, "headline", "frame.headline", {})
        self._drop(line)
        if guess.standfirst is not None:
            line = window[guess.standfirst]
            self._take_line(line, "standfirst", "frame.standfirst", {"text": self._printed(line)})
            self._drop(line)
        return True


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


def _is_running(line: Line) -> bool:
    """Whether the story has begun with this line at the latest: it is long, and not known to stand above it."""
    return line.words >= RUNNING_WORDS and line.block.kind != "standfirst"
