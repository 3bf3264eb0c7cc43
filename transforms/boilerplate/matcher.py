"""All rules compiled together: a pass over a story tells which lines are worth a look, however many rules there are.

Most lines are prose that no rule is for, so that one small pattern is searched for in the whole story first: how the
lines begin that rules are for, and the triggers of the rules that may begin with anything (a caption that ends with
its credit). On the lines that it finds, only the rules are tried whose beginning or trigger stands there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

import re2

from copydesk.transforms.boilerplate.heads import LONGEST, heads
from copydesk.transforms.boilerplate.lines import Line
from copydesk.transforms.boilerplate.rules import Rule, options

PROBE: Final = 800
"""The longest line that is looked at whole, code points. Of a longer one rules see its head and its tail."""

_EDGE: Final = 390
_GAP: Final = "\x00"
_NAMED: Final = re.compile(r"(?<!\\)\(\?P?<\w+>")
_UNTIDY: Final = "  |(?m:^ )|(?m: $)"
"""White space that stands where patterns do not ask for it: such a line is looked at once it has been taken out."""


@lru_cache(maxsize=4)
def matcher_of(rules: tuple[Rule, ...]) -> Matcher:
    """The matcher of these rules, compiled once a process."""
    return Matcher(rules)


class Matcher:
    """The line rules of a desk, compiled.

    Args:
        rules: In order of precedence.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._begin: dict[str, list[int]] = {}
        self._tokens = self._set(index for index, rule in enumerate(self.rules) if rule.where == "token")
        triggered: list[int] = []
        anything: list[int] = []
        for index, rule in enumerate(self.rules):
            if rule.where == "token":
                continue
            begin = None if rule.trigger or rule.where == "end" else heads(rule.anchored)
            for head in begin or ():
                self._begin.setdefault(head, []).append(index)
            if begin is None:
                (triggered if rule.trigger else anything).append(index)
        self._triggers = _Set(triggered, [f"(?mi:{self.rules[index].trigger})" for index in triggered])
        self._anything = self._set(anything)
        self._suspect = re2.compile(
            _union(
                [
                    _UNTIDY,
                    *self._triggers.patterns,
                    *_beginnings(self._begin),
                    *self._anything.patterns,
                    *self._tokens.patterns,
                ]
            ).encode(),
            _one_line(),
        )
        self._patterns: list[Any] = [None] * len(self.rules)
        self._tests: list[Any] = [None] * len(self.rules)
        self._unless: list[Any] = [None] * len(self.rules)

    def _set(self, indexes: Iterable[int]) -> _Set:
        places = list(indexes)
        return _Set(
            places, [f"(?m{'' if rule.case else 'i'}:{rule.anchored})" for rule in map(self.rules.__getitem__, places)]
        )

    def suspects(self, lines: str) -> Iterator[int]:
        """Places of the lines that some rule may be for, or that are not tidy.

        Args:
            lines: The folded text of all lines, parted by line feeds.
        """
        search = self._suspect.search
        text = lines.encode()
        place = position = 0
        while (found := search(text, position)) is not None:
            start = found.start()
            place += text.count(b"\n", position, start)
            yield place
            position = text.find(b"\n", start) + 1
            if position == 0:
                break
            place += 1

    def hits(self, line: Line, language: str | None, house: str | None) -> tuple[int, ...]:
        """The rules that match one line, wherever they want it to stand, in order of precedence."""
        text = line.text
        whole = len(text) <= PROBE  # then what the sets find is certain
        if not whole:
            # Rules for whole lines cannot hold on so long a line; the others look at its ends.
            text = text[:_EDGE] + _GAP + text[-_EDGE:]
        indexes = [*self._triggers.found(text), *self._anything.found(text)]
        begin = text[:LONGEST].lower() + "\n"
        for end in range(1, len(begin) + 1):
            indexes += self._begin.get(begin[:end], ())
        return tuple([index for index in sorted(indexes) if self._holds(index, line, language, house)])

    def _holds(self, index: int, line: Line, language: str | None, house: str | None) -> bool:
        """Whether a rule holds on a line, wherever it wants it to stand."""
        rule = self.rules[index]
        if (rule.where == "line" and line.words > rule.max_words) or not applies(rule, language, house):
            return False
        test = self._tests[index]
        if test is None:
            # Not asked where it matches nor what its groups hold: that takes half as long.
            made = options(rule.case)
            made.never_capture = True
            test = re2.compile(_union([rule.pattern if rule.where == "line" else rule.anchored]), made)
            self._tests[index] = test = test.fullmatch if rule.where == "line" else test.search
        if test(line.text) is None:
            return False
        if not rule.unless:
            return True
        unless = self._unless[index]
        if unless is None:
            unless = self._unless[index] = re2.compile(rule.unless, options(rule.case))
        return unless.search(line.text) is None

    def token_rules(self, text: str, language: str | None, house: str | None) -> list[int]:
        """The rules for tokens that match somewhere in a text."""
        return [index for index in self._tokens.found(text) if applies(self.rules[index], language, house)]

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


def _one_line() -> re2.Options:
    """Options for a search over many lines: no match spans two of them, and no groups, which would slow it down."""
    made = options()
    made.never_nl = True
    made.never_capture = True
    made.max_mem = 256 << 20  # a limit, not what it takes; with 64 MiB the way back to where a match begins is slow
    return made


class _Set:
    """Patterns of some rules, looked for together."""

    def __init__(self, indexes: Sequence[int], patterns: Sequence[str]) -> None:
        self.patterns = patterns
        self._indexes = indexes
        self._set: Any = None
        if patterns:
            self._set = re2.Set.SearchSet(options())
            for pattern in patterns:
                self._set.Add(pattern)
            self._set.Compile()

    def found(self, text: str) -> list[int]:
        """The rules whose pattern stands in a text, ascending."""
        if self._set is None:
            return []
        return sorted([self._indexes[number] for number in self._set.Match(text) or ()])


def _beginnings(known: Iterable[str]) -> list[str]:
    """A pattern that finds the lines that begin so."""
    literal = [re2.escape(head[:-1]) + "$" if head[-1:] == "\n" else re2.escape(head) for head in sorted(known)]
    return [f"(?mi:^(?:{'|'.join(literal)}))"] if literal else []


def _union(patterns: Iterable[str]) -> str:
    """One pattern for all of them, without names of groups, which may stand in several."""
    return "|".join(dict.fromkeys(_NAMED.sub("(?:", pattern) for pattern in patterns))


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
