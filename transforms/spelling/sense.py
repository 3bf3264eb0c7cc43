"""Which sense a word is used in, decided from the words around it by the cues in `sense.toml`.

A cue looks at a few words to the left or the right of the hit, within its sentence. Cues are tried in order and the
first that fits decides: this keeps each decision one a reader of the data file can follow and argue with.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from copydesk.transforms.spelling.scan import SPACE, fold
from copydesk.transforms.spelling.table import read_data

REACH = 70
"""Characters looked at on each side of a hit: about twelve words."""
GLANCE = 26
"""Characters to each side that hold the words next to a hit."""
PASSAGES = {"beside": 60, "about": 450}
"""Characters to each side that the words around a hit, and its paragraph, take up."""

_TOKEN = re.compile(r"[^\W\d_]+(?:['+-](?!s\b)[^\W\d_]+)*|\d[\d.,]*|'s?|[$£€](?=\d)|[,.;:()]")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\n\s*\n")
_SHORTHANDS = {"next": "right 1", "last": "left 1", "hyphen": "hyphen 1"}
_HYPHENS = "-‐‑"


def _tokens(text: str) -> list[str]:
    """Words (a possessive 's apart), numbers, currency signs before a number and the marks that part clauses."""
    return _TOKEN.findall(text.lower().replace("’", "'"))


class Context:
    """The words around a hit, lower case, nearest first; worked out when a cue asks for them.

    Where the sentence starts `left` ends with `^`; where it ends `right` ends with `|`.
    """

    def __init__(self, text: str, start: int, end: int) -> None:
        self._text, self._start, self._end = text, start, end

    def left(self, reach: int) -> tuple[str, ...]:
        """The last `reach` words before the hit in its sentence."""
        if reach <= 2:
            near = self._near_left
            if len(near) >= reach:
                return near[:reach]
        return self._far_left[:reach]

    def right(self, reach: int) -> tuple[str, ...]:
        """The first `reach` words after the hit in its sentence."""
        if reach <= 2:
            near = self._near_right
            if len(near) >= reach:
                return near[:reach]
        return self._far_right[:reach]

    # Most cues ask for the next or the last word only: a glance answers those. The word at the edge of a glance may be
    # cut in two, so it is left out.
    @cached_property
    def _near_left(self) -> tuple[str, ...]:
        return self._words_before(GLANCE)[:-1]

    @cached_property
    def _near_right(self) -> tuple[str, ...]:
        return self._words_after(GLANCE)[:-2]

    @cached_property
    def _far_left(self) -> tuple[str, ...]:
        return (*self._words_before(REACH), "^")

    @cached_property
    def _far_right(self) -> tuple[str, ...]:
        return self._words_after(REACH)

    def _words_before(self, reach: int) -> tuple[str, ...]:
        before = self._text[max(0, self._start - reach) : self._start]
        cut = 0
        if "." in before or "\n" in before or "?" in before or "!" in before:
            for match in _SENTENCE_END.finditer(before + "X"):
                cut = match.end()
        tokens = _tokens(before[cut:])
        tokens.reverse()
        return tuple(tokens)

    def _words_after(self, reach: int) -> tuple[str, ...]:
        after = self._text[self._end : self._end + reach]
        ending = _SENTENCE_END.search(after)
        return (*_tokens(after[: ending.start()] if ending else after), "|")

    @property
    def hyphen(self) -> str:
        """The word tied to the hit by a hyphen on its left; empty if there is none."""
        before = self._text[max(0, self._start - 2) : self._start]
        return self.left(1)[0] if len(before) == 2 and before[1] in _HYPHENS and before[0].isalnum() else ""

    def around(self, reach: int) -> str:
        """The text to each side, `reach` characters, whatever the sentences."""
        return self._text[max(0, self._start - reach) : self._end + reach]


class Topic:
    """Words that show what a passage is about; counted in one pass."""

    def __init__(self, words: frozenset[str]) -> None:
        self._automaton = BytesAhoCorasick(
            [b" " + fold(word) for word in sorted(words)], matchkind=MatchKind.LeftmostLongest
        )

    def count(self, text: str) -> int:
        """How often its words stand in the text."""
        folded = b" " + fold(text) + b" "
        return sum(folded[stop] == SPACE for _, _, stop in self._automaton.find_matches_as_indexes(folded))


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of a rule."""

    change: bool
    where: str
    reach: int
    words: frozenset[str]
    numbers: bool
    unless_next: frozenset[str]
    unless_last: frozenset[str]
    if_last: frozenset[str]
    topic: Topic | None

    def fits(self, context: Context) -> bool:
        """True if the cue's words stand where it looks."""
        match self.where:
            case "left":
                tokens = context.left(self.reach)
            case "right":
                tokens = context.right(self.reach)
            case "near":
                tokens = context.left(self.reach) + context.right(self.reach)
            case "hyphen":
                tokens = (context.hyphen,)
            case _:
                return self.topic is not None and self.topic.count(context.around(PASSAGES[self.where])) >= self.reach
        if self.words.isdisjoint(tokens) and not (self.numbers and any(token[:1].isdigit() for token in tokens)):
            return False
        if self.unless_next and context.right(1)[0] in self.unless_next:
            return False
        if self.if_last and context.left(1)[0] not in self.if_last:
            return False
        return not self.unless_last or context.left(1)[0] not in self.unless_last


@dataclass(frozen=True, slots=True)
class SenseRule:
    """How one ambiguous word is decided."""

    name: str
    cues: tuple[Cue, ...]
    otherwise: bool

    def changes(self, context: Context) -> bool:
        """True if the word, in this context, is the sense that is spelt the other way."""
        for cue in self.cues:
            if cue.fits(context):
                return cue.change
        return self.otherwise


@cache
def sense_rules() -> dict[str, SenseRule]:
    """Form -> the rule that decides it, from `sense.toml`.

    Raises:
        ValueError: A cue that is not written as the header of the data file says.
    """
    data = tomllib.loads(read_data("sense.toml"))
    classes = {name: frozenset(words.split()) for name, words in data["classes"].items()}

    def expand(words: str) -> frozenset[str]:
        found: set[str] = set()
        for word in words.split():
            found |= classes[word[1:]] if word.startswith("@") else {word}
        return frozenset(found)

    def cue(line: dict[str, Any]) -> Cue:
        verdicts = {"change", "stay"} & line.keys()
        if len(verdicts) != 1:
            raise ValueError(f"a cue needs one of change and stay: {line}")
        verdict = verdicts.pop()
        where, _, reach = _SHORTHANDS.get(line[verdict], line[verdict]).partition(" ")
        if where not in ("left", "right", "near", "hyphen", *PASSAGES):
            raise ValueError(f"a cue looks left, right, near, beside, about, next, last or at a hyphen: {line}")
        words = expand(line["words"])
        return Cue(
            verdict == "change",
            where,
            int(reach),
            words - {"#"},
            "#" in words,
            expand(line.get("unless_next", "")),
            expand(line.get("unless_last", "")),
            expand(line.get("if_last", "")),
            Topic(words) if where in PASSAGES else None,
        )

    rules: dict[str, SenseRule] = {}
    for name, rule in data["rule"].items():
        made = SenseRule(name, tuple(cue(line) for line in rule["cues"]), rule["otherwise"] == "change")
        for form in rule["forms"].split():
            rules[form] = made
    return rules
