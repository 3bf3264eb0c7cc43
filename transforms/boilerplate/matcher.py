"""All rules compiled together: one pass over a line tells which of them match, however many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import re2

from copydesk.transforms.boilerplate.lines import Line
from copydesk.transforms.boilerplate.rules import Rule, options

PROBE: Final = 640
"""The longest line that is looked at whole, code points. Of a longer one rules see its head and its tail."""

_EDGE: Final = 300
_GAP: Final = "\x00"


class Matcher:
    """The line rules of a desk, compiled on first use.

    Args:
        rules: In order of precedence.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._lines = [i for i, rule in enumerate(self.rules) if rule.where != "token"]
        self._tokens = [i for i, rule in enumerate(self.rules) if rule.where == "token"]
        self._set = _compile([self.rules[i] for i in self._lines])
        self._token_set = _compile([self.rules[i] for i in self._tokens])
        self._patterns: list[Any] = [None] * len(self.rules)
        self._unless: list[Any] = [None] * len(self.rules)

    def hits(self, line: Line, language: str | None, house: str | None) -> tuple[int, ...]:
        """The rules that match a line, wherever they want it to stand, in order of precedence."""
        text = line.text
        if len(text) > PROBE:
            text = text[:_EDGE] + _GAP + text[-_EDGE:]
        found = self._set.Match(text)
        if not found:
            return ()
        sure = []
        for number in sorted(found):
            index = self._lines[number]
            rule = self.rules[index]
            if applies(rule, language, house) and self.search(index, line) is not None:
                sure.append(index)
        return tuple(sure)

    def token_rules(self, text: str, language: str | None, house: str | None) -> list[int]:
        """The rules for tokens that match somewhere in a text."""
        if not self._tokens:
            return []
        found = self._token_set.Match(text) or ()
        indexes = [self._tokens[number] for number in sorted(found)]
        return [index for index in indexes if applies(self.rules[index], language, house)]

    def pattern(self, index: int) -> Any:
        """The compiled pattern of one rule."""
        made = self._patterns[index]
        if made is None:
            rule = self.rules[index]
            made = self._patterns[index] = re2.compile(rule.anchored, options(rule.case))
        return made

    def search(self, index: int, line: Line) -> Any:
        """The match of a rule in a line, or None."""
        rule = self.rules[index]
        if rule.where == "line" and line.words > rule.max_words:
            return None
        if rule.unless:
            unless = self._unless[index]
            if unless is None:
                unless = self._unless[index] = re2.compile(rule.unless, options(rule.case))
            if unless.search(line.text):
                return None
        return self.pattern(index).search(line.text)


def _compile(rules: Sequence[Rule]) -> Any:
    made = re2.Set.SearchSet(options(case=True))
    for rule in rules:
        made.Add(rule.anchored if rule.case else f"(?i){rule.anchored}")
    made.Compile()
    return made


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
