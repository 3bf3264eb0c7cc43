"""Which sense a word is used in, decided from the words around it by the cues in `sense.toml`.

A cue looks at a few words to the left or the right of the hit, within its sentence. Cues are tried in order and the
first that fits decides: this keeps each decision one a reader of the data file can follow and argue with.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

from copydesk.transforms.spelling.scan import SPACE, fold
from copydesk.transforms.spelling.table import read_data

REACH = 70
"""Characters looked at on each side of a hit: about twelve words."""
GLANCE = 10
"""Characters that hold a word in most places: so many a word are looked at first."""
OPENING_REACH = 160
"""How far before a hit the first word of its sentence is looked for."""
PASSAGES = {"beside": 60, "about": 450, "article": 1500}
"""Characters to each side that the words around a hit, its paragraph, and its article take up."""

_TOKEN = re.compile(r"%(?:[sdiux]\b|\d)|[^\W\d_]+(?:['+-](?!s\b)[^\W\d_]+)*|\d[\d.,]*|'s?|[$£€](?=\d)|[,.;:()]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[A-Z0-9])|\n\s*\n")
_SHORTHANDS = {"next": "right 1", "last": "left 1", "hyphen": "hyphen 1", "opening": "opening 1"}
_HYPHENS = "-‐‑"


def _tokens(text: str) -> list[str]:
    """Words (a possessive 's apart), numbers, placeholders (%s, %1), currency signs, the marks that part clauses."""
    return _TOKEN.findall(text.lower().replace("’", "'"))


def words_before(text: str, start: int, count: int) -> list[str]:
    """The last `count` words before `start` in its sentence, nearest first; where the sentence starts stands `^`."""
    glance = text[max(0, start - GLANCE * (count + 1)) : start].lower()
    words = glance.split()
    if len(words) > count and "\n" not in glance and "".join(words[-count:]).isalpha():
        # Nothing but letters and spaces, as most often: the quick way.
        return words[: -count - 1 : -1]
    for reach in (GLANCE * (count + 1), REACH):
        low = max(0, start - reach)
        before = text[low:start]
        cut = 0
        if "." in before or "\n" in before or "?" in before or "!" in before:
            for match in _SENTENCE_END.finditer(before + "X"):
                cut = match.end()
        tokens = _tokens(before[cut:])
        tokens.reverse()
        # The word at the edge of a glance may be cut in two.
        if cut or low == 0 or len(tokens) > count or reach == REACH:
            break
    tokens.append("^")
    return tokens[:count]


def words_after(text: str, end: int, count: int) -> list[str]:
    """The first `count` words after `end` in its sentence, nearest first; where the sentence ends stands `|`."""
    glance = text[end : end + GLANCE * (count + 1)].lower()
    words = glance.split()
    if len(words) > count and "\n" not in glance and "".join(words[:count]).isalpha():
        return words[:count]
    for reach in (GLANCE * (count + 1), REACH):
        after = text[end : end + reach]
        ending = _SENTENCE_END.search(after) if "." in after or "\n" in after or "?" in after or "!" in after else None
        tokens = _tokens(after[: ending.start()] if ending else after)
        if ending or len(after) < reach or len(tokens) > count + 1 or reach == REACH:
            break
    tokens.append("|")
    return tokens[:count]


def opening_word(text: str, start: int) -> str:
    """The first word of the sentence of a hit, lower case; `^` if that is the hit itself, empty if it is far off."""
    low = max(0, start - OPENING_REACH)
    before = text[low:start]
    first = max(before.rfind("\n") + 1, 0)
    for match in _SENTENCE_END.finditer(before, first):
        first = match.end()
    if first == 0 and low > 0:
        return ""
    word = _WORD.search(text, low + first, start)
    return word.group().lower() if word else "^"


class Topic:
    """Words that show what a passage is about; found in one pass."""

    def __init__(self, words: frozenset[str]) -> None:
        self._automaton = BytesAhoCorasick(
            [b" " + fold(word) for word in sorted(words)],
            matchkind=MatchKind.LeftmostLongest,
            implementation=Implementation.DFA,
        )

    def count(self, folded: bytes) -> int:
        """How many of its words stand in a folded text with a space at each end."""
        found = self._automaton.find_matches_as_indexes(folded)
        return len({word for word, _, stop in found if folded[stop] == SPACE})


@dataclass(frozen=True, slots=True)
class Cue:
    """One line of a rule."""

    change: bool
    where: str
    reach: int
    words: frozenset[str]
    unless_next: frozenset[str]
    unless_last: frozenset[str]
    if_last: frozenset[str]
    if_next: frozenset[str]

    def holds(self, last: str, following: str) -> bool:
        """True if the conditions on the words next to the hit are met."""
        return not (
            following in self.unless_next
            or last in self.unless_last
            or (self.if_last and last not in self.if_last)
            or (self.if_next and following not in self.if_next)
        )


class SenseRule:
    """How one ambiguous word is decided.

    The cues are turned round into an index from a word to the cues that look for it, so that a decision costs a lookup
    for each word near the hit, however many cues there are.

    Args:
        name: What the rule is called in `sense.toml`.
        cues: Its cues, in order.
        otherwise: What is decided where no cue fits.
    """

    def __init__(self, name: str, cues: tuple[Cue, ...], otherwise: bool) -> None:
        self.name = name
        self.otherwise = otherwise
        self._cues = cues
        self._left: dict[str, list[tuple[int, int]]] = {}
        self._right: dict[str, list[tuple[int, int]]] = {}
        self._tied: dict[str, list[tuple[int, int]]] = {}
        self._topics = {index: Topic(cue.words) for index, cue in enumerate(cues) if cue.where in PASSAGES}
        self._later = [index for index, cue in enumerate(cues) if cue.where in (*PASSAGES, "opening")]
        sides = {
            "left": [self._left],
            "right": [self._right],
            "near": [self._left, self._right],
            "hyphen": [self._tied],
        }
        for number, cue in enumerate(cues):
            for side in sides.get(cue.where, ()):
                for word in cue.words:
                    side.setdefault(word, []).append((cue.reach, number))
        # Cues before this one look at what stands before the hit alone: where one of them fits, the rest is not read.
        self._left_alone = next(
            (n for n, cue in enumerate(cues) if cue.where != "left" or cue.unless_next or cue.if_next), len(cues)
        )
        self._left_reach = max((c.reach for c in cues if c.where in ("left", "near")), default=1)
        self._right_reach = max((c.reach for c in cues if c.where in ("right", "near")), default=1)

    def changes(self, text: str, start: int, end: int) -> bool:
        """True if the word at this place is the sense that is spelt the other way."""
        left = words_before(text, start, self._left_reach)
        found = _found(left, self._left)
        if found and (first := min(found)) < self._left_alone and self._cues[first].holds(left[0], ""):
            return self._cues[first].change
        right = words_after(text, end, self._right_reach)
        found += _found(right, self._right)
        found += self._later
        if self._tied and start > 1 and text[start - 1] in _HYPHENS and text[start - 2].isalnum():
            found += _found(left[:1], self._tied)
        found.sort()
        passages: dict[str, bytes] = {}
        for number in found:
            cue = self._cues[number]
            if cue.holds(left[0], right[0]):
                if cue.where == "opening":
                    if opening_word(text, start) in cue.words:
                        return cue.change
                    continue
                topic = self._topics.get(number)
                if topic is None:
                    return cue.change
                if cue.where not in passages:
                    reach = PASSAGES[cue.where]
                    passages[cue.where] = fold(f" {text[max(0, start - reach) : end + reach]} ")
                if topic.count(passages[cue.where]) >= cue.reach:
                    return cue.change
        return self.otherwise


def _found(words: list[str], index: dict[str, list[tuple[int, int]]]) -> list[int]:
    """Numbers of the cues that look for one of the words and as far as it stands."""
    found = []
    for place, word in enumerate(words):
        cues = index.get(word)
        if cues is None:
            if not word[0].isdigit():
                continue
            cues = index.get("#", [])
        for reach, number in cues:
            if place < reach:
                found.append(number)
    return found


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
        places = ("left", "right", "near", "hyphen", "opening", *PASSAGES)
        if where not in places:
            raise ValueError(f"a cue looks {', '.join((*places, *_SHORTHANDS))}: {line}")
        conditions = (expand(line.get(key, "")) for key in ("unless_next", "unless_last", "if_last", "if_next"))
        return Cue(verdict == "change", where, int(reach), expand(line["words"]), *conditions)

    rules: dict[str, SenseRule] = {}
    for name, rule in data["rule"].items():
        made = SenseRule(name, tuple(cue(line) for line in rule["cues"]), rule["otherwise"] == "change")
        for form in rule["forms"].split():
            rules[form] = made
    return rules
