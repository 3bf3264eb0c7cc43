"""All rules compiled together: a pass over a line tells which of them match, however many there are.

Rules fall into two sets. Most patterns begin with words of their own, so that the set is done with a line of prose
after its first letters. The others may begin with anything (a caption that ends with its credit); they have a
trigger, and one pass over the whole story tells the lines that are worth a look.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import re2

from copydesk.transforms.boilerplate.lines import Line
from copydesk.transforms.boilerplate.rules import Rule, options

PROBE: Final = 800
"""The longest line that is looked at whole, code points. Of a longer one rules see its head and its tail."""

_EDGE: Final = 390
_STRETCH: Final = 1_000  # bytes looked at in one pass; lines are looked at singly only where it finds something
_GAP: Final = "\x00"


class Matcher:
    """The line rules of a desk, compiled.

    Args:
        rules: In order of precedence.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        places = range(len(self.rules))
        self._tokens = [i for i in places if self.rules[i].where == "token"]
        self._headed = [i for i in places if self.rules[i].where != "token" and not self.rules[i].trigger]
        self._triggered = [i for i in places if self.rules[i].where != "token" and self.rules[i].trigger]
        self._token_set = self._compile(self._tokens)
        self._headed_set = self._compile(self._headed, headed=True)
        self._headed_anywhere = self._compile(self._headed)
        self._triggered_set = self._compile(self._triggered)
        triggers = "|".join(dict.fromkeys(f"(?:{self.rules[i].trigger})" for i in self._triggered))
        self._trigger = re2.compile(f"(?mi)(?:{triggers})".encode(), options()) if triggers else None
        self._patterns: list[Any] = [None] * len(self.rules)
        self._unless: list[Any] = [None] * len(self.rules)

    def _compile(self, indexes: Sequence[int], headed: bool = False) -> Any:
        if not indexes:
            return None
        made = re2.Set.MatchSet(options()) if headed else re2.Set.SearchSet(options())
        for index in indexes:
            rule = self.rules[index]
            pattern = f".*{rule.anchored}" if headed and rule.where == "end" else rule.anchored
            made.Add(f"(?m){pattern}" if rule.case else f"(?mi){pattern}")
        made.Compile()
        return made

    def look(self, lines: Sequence[Line], language: str | None, house: str | None) -> None:
        """Sets the hits of all lines of a story."""
        encoded = [line.text.encode() for line in lines]
        worth = self._worth(encoded)
        headed = self._with_heads(encoded)
        known: dict[tuple[str, bool, bool], tuple[int, ...]] = {}
        for place in sorted(worth | headed):
            line = lines[place]
            key = (line.text, place in headed, place in worth)
            if key in known:
                line.hits = known[key]
                continue
            text = line.text if len(line.text) <= PROBE else _probe(line.text)
            found = self._headed_set.Match(text) if place in headed else None
            line.hits = known[key] = self._sure(line, found, text if place in worth else None, language, house)

    def _with_heads(self, lines: Sequence[bytes]) -> set[int]:
        """Places of the lines that stand in a stretch of text where some headed rule may match."""
        if self._headed_anywhere is None:
            return set()
        match = self._headed_anywhere.Match
        places: set[int] = set()
        first = size = 0
        for place, line in enumerate(lines):
            size += len(line) + 1
            if size >= _STRETCH or place == len(lines) - 1:
                if match(b"\n".join(lines[first : place + 1])):
                    places.update(range(first, place + 1))
                first, size = place + 1, 0
        return places

    def _worth(self, lines: Sequence[bytes]) -> set[int]:
        """Places of the lines in which a trigger stands."""
        places: set[int] = set()
        if self._trigger is None:
            return places
        search = self._trigger.search
        text = b"\n".join(lines)
        place = position = 0
        while (found := search(text, position)) is not None:
            start, end = found.span()
            first = place + text.count(b"\n", position, start)
            place = first + text.count(b"\n", start, end)
            places.update(range(first, place + 1))
            position = text.find(b"\n", end) + 1
            if position == 0:
                break
            place += 1
        return places

    def hits(self, line: Line, language: str | None, house: str | None) -> tuple[int, ...]:
        """The rules that match one line, wherever they want it to stand, in order of precedence."""
        text = line.text if len(line.text) <= PROBE else _probe(line.text)
        found = self._headed_set.Match(text) if self._headed_set else None
        return self._sure(line, found, text, language, house)

    def _sure(
        self, line: Line, headed: Sequence[int] | None, text: str | None, language: str | None, house: str | None
    ) -> tuple[int, ...]:
        """Those of the rules found that hold on the line as it is, its words, language and house."""
        indexes = [self._headed[number] for number in headed or ()]
        if text is not None and self._triggered_set:
            indexes += [self._triggered[number] for number in self._triggered_set.Match(text) or ()]
        if not indexes:
            return ()
        indexes.sort()
        whole = len(line.text) <= PROBE  # then what the sets found is certain
        return tuple(
            [
                index
                for index in indexes
                if self._allows(index, line, language, house)
                and (whole or self.pattern(index).search(line.text) is not None)
            ]
        )

    def _allows(self, index: int, line: Line, language: str | None, house: str | None) -> bool:
        """Whether a rule is for such a line at all, its pattern aside."""
        rule = self.rules[index]
        if not applies(rule, language, house) or (rule.where == "line" and line.words > rule.max_words):
            return False
        if not rule.unless:
            return True
        unless = self._unless[index]
        if unless is None:
            unless = self._unless[index] = re2.compile(rule.unless, options(rule.case))
        return unless.search(line.text) is None

    def token_rules(self, text: str, language: str | None, house: str | None) -> list[int]:
        """The rules for tokens that match somewhere in a text."""
        found = self._token_set.Match(text) if self._token_set else None
        indexes = [self._tokens[number] for number in sorted(found or ())]
        return [index for index in indexes if applies(self.rules[index], language, house)]

    def pattern(self, index: int) -> Any:
        """The compiled pattern of one rule."""
        made = self._patterns[index]
        if made is None:
            rule = self.rules[index]
            made = self._patterns[index] = re2.compile(rule.anchored, options(rule.case))
        return made

    def search(self, index: int, line: Line) -> Any:
        """The match of a rule in a line that it holds on, or None."""
        return self.pattern(index).search(line.text)


def _probe(text: str) -> str:
    """Head and tail of a long line: rules for whole lines cannot hold on it, and what they find is checked."""
    return text[:_EDGE] + _GAP + text[-_EDGE:]


def applies(rule: Rule, language: str | None, house: str | None) -> bool:
    """Whether a rule is for stories of this language and house."""
    if rule.languages and language is not None and language.split("-")[0].lower() not in rule.languages:
        return False
    if not rule.house:
        return True
    if house is None:
        return False
    house = house.lower()
    return any(house == name.lower() or house.endswith("." + name.lower()) for name in rule.house)
