"""What the rules and the markup say of a line, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from copydesk.transforms.boilerplate.credits import Mentions, split_caption
from copydesk.transforms.boilerplate.lines import Line
from copydesk.transforms.boilerplate.marks import Marks
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.rules import ON_REQUEST, Rule

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


MANY_LINES: Final = 1_000
"""A story of fewer lines is not asked whether most of them say the same."""


class Ruling:
    """The rules at work on one story.

    Args:
        marks: Those on the story.
        matcher: The rules.
        language: The story's, if known.
        house: Its house, if known.
        request: Kinds that are cut on request.
    """

    def __init__(
        self, marks: Marks, matcher: Matcher, language: str | None, house: str | None, request: frozenset[str]
    ) -> None:
        self.marks = marks
        self.matcher = matcher
        self.language = language
        self.house = house
        self.request = request
        self._mentions: Mentions | None = None
        self._groups: dict[tuple[int, str], list[tuple[str, int, int]]] = {}

    def find(self, line: Line) -> None:
        """Looks up which rules there are for a line."""
        line.hits = self.matcher.hits(line, self.language, self.house)

    def settle_all(self, named: Sequence[int]) -> tuple[set[int], set[int]]:
        """Applies to the lines all that holds wherever they stand.

        Args:
            named: Lines that the markup has a name for.

        Returns:
            The lines that are done with, and those with a rule for lines of their place.
        """
        done: set[int] = set()
        hit: set[int] = set()
        known: dict[str, tuple[int, ...]] = {"": ()}
        whole: set[str] = set()  # texts that are tidy and hold nothing to cut out: lines that say the same need no look
        lines = self.marks.lines
        suspects: Iterable[int] = self._suspects()
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
            straight = line.text
            if straight not in whole:
                self._cut_tokens(line)
            text = line.text
            if text == straight:
                whole.add(text)
            if text not in known:
                known[text] = self.matcher.hits(line, self.language, self.house)
            line.hits = known[text]
            if not text or ((line.hits or line.block.kind != "paragraph") and not self.settle(line)):
                done.add(index)
            elif line.hits:
                hit.add(index)
        return done, hit

    def _suspects(self) -> Iterable[int]:
        """Places of the lines that a rule may be for, or that are not tidy; of those that say the same one is asked."""
        lines = self.marks.lines
        if len(lines) < MANY_LINES:
            return self.matcher.suspects(lines.whole)
        texts = list(map(lines.text, range(len(lines))))
        different = list(dict.fromkeys(texts))
        if 2 * len(different) > len(texts):
            return self.matcher.suspects(lines.whole)
        asked = {different[place] for place in self.matcher.suspects("\n".join(different))}
        return [place for place, text in enumerate(texts) if text in asked]

    def _cut_tokens(self, line: Line) -> None:
        """Applies the rules for parts of a line."""
        for index in self.matcher.token_rules(line.text, self.language, self.house):
            rule = self.matcher.rules[index]
            if self._wanted(rule.kind) and rule.kind not in self.marks.keep:
                found = [match.span() for match in self.matcher.pattern(index).finditer(line.text)]
                self.marks.cut_pieces(line, rule.kind, rule.id, found)

    def settle(self, line: Line) -> bool:
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
                if rule.near == "anywhere" and self.apply(line, index, rule):
                    break
            else:
                return True
            if not self.marks.is_open(line):
                return False
            line.hits = matcher.hits(line, self.language, self.house)
        return True

    def _by_markup(self, line: Line, kind: str) -> bool:
        """Labels a line that the markup names."""
        part = {"caption": "text", "photo_credit": "credit", "byline": "name"}.get(kind)
        parts = {part: self.marks.printed(line)} if part else {}
        if kind == "caption":
            for index in self.matcher.hits(line, self.language, self.house):
                rule = self.matcher.rules[index]
                if rule.kind in ("caption", "photo_credit") and rule.where == "line":
                    parts = self._parts(line, index) or parts
                    break
            else:
                text, credit = split_caption(parts["text"])
                parts = {"text": text, "credit": credit} if credit else parts
        self.marks.take(line, kind, f"block.{line.block.kind}", parts)
        return True

    def _wanted(self, kind: str) -> bool:
        return kind in self.request or kind not in ON_REQUEST

    def apply(self, line: Line, index: int, rule: Rule) -> bool:
        """Makes the cut of a rule; whether anything was marked."""
        if not self._wanted(rule.kind):
            return False
        parts = self._parts(line, index) if rule.action == "field" else {}
        if rule.kind == "author_bio" and "name" in parts and self._is_about(parts["name"], line):
            return False
        if rule.where == "line":
            self.marks.take(line, rule.kind, rule.id, parts)
            return True
        found = self.matcher.search(index, line)
        if found is None or found.end() == found.start():
            return False
        if rule.where == "start":
            start, end = line.spans[0][0], line.raw_start(found.end())
        else:
            start, end = line.raw_end(found.start()), line.spans[-1][1]
        return self.marks.cut_out(line, start, end, rule.kind, rule.id, parts)

    def _is_about(self, name: str, line: Line) -> bool:
        """Whether the story speaks of a person elsewhere: then a line about the person is part of it."""
        if self._mentions is None:
            self._mentions = Mentions(map(self.marks.lines.text, range(len(self.marks.lines))))
            self.marks.listeners.append(self._mentions.narrowed)
        return self._mentions.elsewhere(name, line.text)

    def _parts(self, line: Line, index: int) -> dict[str, str]:
        """The named groups of a rule's match, as printed."""
        key = index, line.text
        if key not in self._groups:
            found = self.matcher.search(index, line)
            names = self.matcher.pattern(index).groupindex.items() if found else ()
            self._groups[key] = [(name, *found.span(group)) for name, group in names if found[group]]
        parts = {
            name: self.marks.raw[line.raw_start(start) : line.raw_end(end)] for name, start, end in self._groups[key]
        }
        return parts or {"": self.marks.printed(line)}
