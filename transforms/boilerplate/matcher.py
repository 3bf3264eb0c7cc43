"""All rules compiled together: a pass over a story tells which lines are worth a look, however many rules there are.

Most lines are prose that no rule is for, so that one pattern is searched for in the whole story first: how the lines
begin that rules are for, and words that rules need (those of their triggers, or of patterns that may begin with
anything, such as a caption that ends with its credit). It is made of plain words, so that its automaton is small and
soon built. On the lines that it finds, only the rules are tried whose beginning or words stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import re2
from ahocorasick_rs import BytesAhoCorasick, Implementation

from copydesk.transforms.boilerplate.heads import LONGEST, heads
from copydesk.transforms.boilerplate.lines import Line
from copydesk.transforms.boilerplate.literals import literals
from copydesk.transforms.boilerplate.rules import Rule, options

PROBE: Final = 800
"""The longest line that is looked at whole, code points. Of a longer one rules see its head and its tail."""

_EDGE: Final = 390
_GAP: Final = "\x00"
_NAMED: Final = re.compile(r"(?<!\\)\(\?P?<\w+>")
_KEY: Final = 3
"""So many signs tell of most lines that no rule asks for such a beginning."""

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
        sought: dict[int, _Sought] = {}
        for index, rule in enumerate(self.rules):
            begin = None if rule.trigger or rule.where in ("end", "token") else heads(rule.anchored)
            for head in begin or ():
                self._begin.setdefault(head, []).append(index)
            if begin is None:
                sought[index] = _Sought(rule.trigger) if rule.trigger else _Sought(rule.anchored, rule.case)
        self._token_rules = frozenset(index for index, rule in enumerate(self.rules) if rule.where == "token")
        self._keys = frozenset(head[:_KEY] for head in self._begin)
        self._finder = _Finder(sought)
        self._last: tuple[str, frozenset[int]] = ("", frozenset())
        self._suspect = re2.compile(
            _union([_UNTIDY, *_beginnings(self._begin), *self._finder.patterns]).encode(), _one_line()
        )
        self._patterns: list[Any] = [None] * len(self.rules)
        self._tests: list[Any] = [None] * len(self.rules)
        self._triggers: list[Any] = [None] * len(self.rules)
        self._unless: list[Any] = [None] * len(self.rules)

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

    def _candidates(self, text: str) -> frozenset[int]:
        """The rules that a line may be for by what stands in it; beginnings are not looked at."""
        known, found = self._last
        if known != text:
            found = self._finder.found(text)
            self._last = (text, found)  # asked for twice in a row of most lines
        return found

    def hits(self, line: Line, language: str | None, house: str | None) -> tuple[int, ...]:
        """The rules that match one line, wherever they want it to stand, in order of precedence."""
        text = line.text
        if len(text) > PROBE:
            # Rules for whole lines cannot hold on so long a line; the others look at its ends.
            text = text[:_EDGE] + _GAP + text[-_EDGE:]
        indexes = self._candidates(text)
        begin = text[:LONGEST].lower() + "\n"
        if begin[:1] in self._keys or begin[:2] in self._keys or begin[:_KEY] in self._keys:
            found = [self._begin[head] for end in range(len(begin)) if (head := begin[: end + 1]) in self._begin]
            indexes = indexes.union(*found)
        rules = self.rules
        words = line.words
        wanted = [
            index
            for index in sorted(indexes)
            if (rules[index].where != "line" or words <= rules[index].max_words)
            and rules[index].where != "token"
            and applies(rules[index], language, house)
        ]
        if not wanted:
            return ()
        seen, whole = text.encode(), line.text.encode()
        return tuple([index for index in wanted if self._holds(index, seen, whole)])

    def _holds(self, index: int, seen: bytes, whole: bytes) -> bool:
        """Whether a rule holds on a line, of which its trigger sees a part."""
        rule = self.rules[index]
        if rule.trigger:
            trigger = self._triggers[index]
            if trigger is None:
                trigger = self._triggers[index] = _test(f"(?i:{rule.trigger})", options())
            if trigger(seen) is None:
                return False
        test = self._tests[index]
        if test is None:
            pattern = rule.pattern if rule.where == "line" else rule.anchored
            test = self._tests[index] = _test(pattern, options(rule.case), whole=rule.where == "line")
        if test(whole) is None:
            return False
        if not rule.unless:
            return True
        unless = self._unless[index]
        if unless is None:
            unless = self._unless[index] = _test(rule.unless, options(rule.case))
        return unless(whole) is None

    def token_rules(self, text: str, language: str | None, house: str | None) -> list[int]:
        """The rules for tokens that match somewhere in a text."""
        found = self._candidates(text) & self._token_rules
        return [
            index
            for index in sorted(found)
            if applies(self.rules[index], language, house) and self.pattern(index).search(text) is not None
        ]

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


class _Sought(NamedTuple):
    """What is looked for in the lines that a rule is for.

    Attributes:
        pattern: RE2.
        cased: Upper and lower case differ.
    """

    pattern: str
    cased: bool = False


class _Finder:
    """Looks for the patterns of some rules together: for the literals they need, and for the few that need none.

    Attributes:
        patterns: What stands in every line that any of the rules may be for.
    """

    def __init__(self, sought: Mapping[int, _Sought]) -> None:
        words: dict[bool, dict[str, list[int]]] = {True: {}, False: {}}
        rest: dict[int, str] = {}
        for index, (pattern, cased) in sought.items():
            needed = literals(pattern, cased)
            for word in needed or ():
                words[word.cased].setdefault(word.text, []).append(index)
            if needed is None:
                rest[index] = f"(?m{'' if cased else 'i'}:{pattern})"
        self._cased = _Words(words[True])
        self._folded = _Words(words[False])
        self._rest = list(rest)
        self._set: Any = None
        if rest:
            self._set = re2.Set.SearchSet(options())
            for pattern in rest.values():
                self._set.Add(pattern)
            self._set.Compile()
        self.patterns = [*_any_of(words[True], "-i"), *_any_of(words[False], "i"), *rest.values()]

    def found(self, text: str) -> frozenset[int]:
        """The rules that one line may be for."""
        line = text.encode()
        indexes = self._cased.rules(line) | self._folded.rules(text.lower().encode())
        if self._set is not None:
            indexes.update([self._rest[number] for number in self._set.Match(line) or ()])
        return frozenset(indexes)


class _Words:
    """Literals, looked for together, and the rules that each is for."""

    def __init__(self, words: Mapping[str, Sequence[int]]) -> None:
        self._rules = list(words.values())
        self._find: Callable[[bytes, bool], list[tuple[int, int, int]]] | None = None
        if words:
            made = BytesAhoCorasick([word.encode() for word in words], implementation=Implementation.DFA)
            self._find = made.find_matches_as_indexes

    def rules(self, text: bytes) -> set[int]:
        """The rules for which a literal stands in a text."""
        if self._find is None:
            return set()
        return {index for word, _, _ in self._find(text, True) for index in self._rules[word]}


def _beginnings(known: Iterable[str]) -> list[str]:
    """A pattern that finds the lines that begin so."""
    literal = [re2.escape(head[:-1]) + "$" if head[-1:] == "\n" else re2.escape(head) for head in sorted(known)]
    return [f"(?mi:^(?:{'|'.join(literal)}))"] if literal else []


def _any_of(words: Iterable[str], flags: str) -> list[str]:
    """A pattern that finds any of these words; one that another stands in goes without saying."""
    shortest: list[str] = []
    known = set(words)
    for word in sorted(known):
        parts = (word[start:end] for start in range(len(word)) for end in range(start + 1, len(word) + 1))
        if not any(part in known and part != word for part in parts):
            shortest.append(re2.escape(word))
    return [f"(?{flags}:{'|'.join(shortest)})"] if shortest else []


def _one_line() -> re2.Options:
    """Options for a search over many lines: no match spans two of them, and no groups, which would slow it down."""
    made = options()
    made.never_nl = True
    made.never_capture = True
    made.max_mem = 256 << 20  # a limit, not what it takes; with 64 MiB the way back to where a match begins is slow
    return made


def _test(pattern: str, made: re2.Options, whole: bool = False) -> Any:
    """A search in UTF-8 that says whether a pattern is there; to say what its groups hold takes twice as long.

    Args:
        pattern: RE2.
        made: Options, which are changed.
        whole: It must match all of a text.
    """
    made.never_capture = True
    test = re2.compile(_union([pattern]).encode(), made)
    return test.fullmatch if whole else test.search


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
