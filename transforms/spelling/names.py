"""Is a capitalised word a name? Names keep their spelling; common words at the start of a sentence do not.

Capitals decide inside a sentence. Where they say nothing (the first word of a sentence, a headline in title case, a
line in capitals) the evidence is the gazetteer in `names.toml`, the words beside the hit, and the article itself.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import NamedTuple

from copydesk.transforms.spelling.interface import PLACEHOLDER, is_about_interface, is_label
from copydesk.transforms.spelling.table import american, canonical, read_data

HEADLINE_MAX = 200
"""A line that goes on for more than this many characters to either side of a hit is not taken for a headline."""
NAME_REACH = 64
"""How far to each side of a hit the rest of an official name is looked for, in characters."""

TITLE_REACH = 120
"""Longest title of a work in quotation marks, in characters."""
EVIDENCE_REACH = 100_000
"""How much of an article is searched for evidence, in characters."""
MOST_PLACES = 40
"""How many places of a word are looked at."""

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“‘])(?:Mr|Mrs|Ms|Dr|St|Sts|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Cmdr|Rev|Hon|Jr|Sr|vs|No|Inc|Ltd|Co|Corp"
    r"|Mt|Ft|Ave|Dept|Univ|Assn|(?:[A-Z]\.)*[A-Z])\.$"
)
_WORD = re.compile(r"(?<![^\W_])[^\W\d_]+(?:['’-][^\W\d_]+)*")
_DATE = re.compile(r"\W{0,3}(?:[A-Z][a-z]{2,8}\.? [0-9]{1,2}|[0-9]{1,2} [A-Z][a-z]{2,8})\W{1,3}(?![a-z])")
_MADE_OF_NAME = re.compile(r"([A-Z][a-z]+)i[sz](?:e|es|ed|ing|ation|ations)$")
_LAST_BRACKET = re.compile(r"\s[(\[][^()\[\]]*[)\]]$")
_NEXT = re.compile(r"(['’]s?)?([^\S\n]*[,&/][^\S\n]*|-|[^\S\n]+)([^\W\d_]+(?:['’][^\W\d_]+)?|\d+)?")
_BODY = re.compile(r" (?:for|of|on)(?: an?| the)?(?: [A-Z][\w’'-]+)(?: and| of| &)?(?: [A-Z][\w’'-]+)")
_LAST = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)?\.?|\d+)([^\S\n]+|[-&])$")
_OPENERS = "\"“‘«'([*•·-–—"
_PAIRS = {"“": "”", "‘": "’", '"': '"', "«": "»"}
_QUOTES = "\"“‘«'"
_BLANKS = " \t\u00a0\u202f"

# Forms of verbs that begin a sentence before a name (`Honoring Lincoln`) and do not begin names.
_VERB_ENDINGS = ("ing", "ise", "ize", "ises", "izes", "yse", "yze", "yses", "yzes")


@cache
def _words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(read_data("names.toml"))
    return {key: frozenset(words.split()) for key, words in data.items() if key != "official"}


class _Official(NamedTuple):
    """A word of an official name: the text before and after it there, lower case, and how it is written itself."""

    before: str
    after: str
    spelling: str


@cache
def _official() -> dict[str, tuple[_Official, ...]]:
    """Canonical word -> its places in official names, longest names first; other words of a name in every spelling."""
    spellings: dict[str, set[str]] = {}
    for form, key in american().items():
        spellings.setdefault(key, {key}).add(form)
    index: dict[str, set[_Official]] = {}
    for line in tomllib.loads(read_data("names.toml"))["official"].splitlines():
        for match in _WORD.finditer(line):
            key = canonical(match.group())
            if key in spellings:
                sides = (line[: match.start()].lower(), line[match.end() :].lower())
                for before, after in product(*(_respelt(side, spellings) for side in sides)):
                    index.setdefault(key, set()).add(_Official(before, after, match.group()))
    return {
        key: tuple(sorted(found, key=lambda name: (-len(name.before + name.after), name)))
        for key, found in index.items()
    }


def _respelt(text: str, spellings: dict[str, set[str]]) -> list[str]:
    """A lower-case piece of a name with its words in every spelling that they have."""
    pieces = re.split(r"([^\W\d_]+(?:-[^\W\d_]+)*)", text)
    return ["".join(parts) for parts in product(*(sorted(spellings.get(canonical(p), {p})) for p in pieces))]


def official_spelling(text: str, start: int, end: int) -> str | None:
    """How the hit is written in the official name it is part of, or None if it is part of none.

    The text around the hit is compared with the gazetteer in any spelling and any case.
    """
    found = _official().get(canonical(text[start:end]))
    if not found:
        return None
    low = max(0, start - NAME_REACH)
    near = text[low : end + NAME_REACH].lower().replace("’", "'")
    start, end = start - low, end - low
    for name in found:
        first, last = start - len(name.before), end + len(name.after)
        if first >= 0 and near.startswith(name.before, first) and near.startswith(name.after, end):
            whole = not (first and near[first - 1].isalnum()) and not near[last : last + 1].isalnum()
            if whole:
                return name.spelling
    return None


def is_institution_word(word: str) -> bool:
    """True for the words that names="target" respells inside names (`Centre`, `Organisation`, `Defence`)."""
    return canonical(word) in _words()["institution_words"]


def starts_sentence(text: str, start: int) -> bool:
    """True if a capital at `start` may be due to its place: text, line, sentence or quotation begins there."""
    at = start
    while at > 0 and text[at - 1] in _OPENERS and start - at < 4:
        at -= 1
    if at < start and text[at] in _QUOTES:
        return True
    spaced = at
    while at > 0 and text[at - 1] in _BLANKS:
        at -= 1
    if at == 0 or text[at - 1] in "\n\r":
        return True
    last = text[at - 1]
    if last in "!?…:;•*–—-" and (spaced > at or last in "–—"):
        return True
    if last in '"”’)]' and at > 1 and text[at - 2] in ".!?":
        return True
    if last == "." and spaced > at:
        return not _ABBREVIATION.search(text[max(0, at - 12) : at])
    return False


def line_bounds(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The line of a hit, or None if it goes on for more than `HEADLINE_MAX` to either side."""
    low, high = max(0, start - HEADLINE_MAX), min(len(text), end + HEADLINE_MAX)
    line_start = text.rfind("\n", low, start) + 1
    line_end = text.find("\n", end, high)
    if (line_start == 0 and low > 0) or (line_end < 0 and high < len(text)):
        return None
    return line_start, line_end if line_end >= 0 else len(text)


def is_headline(text: str, start: int, end: int) -> bool:
    """True if the line of the hit is set like a headline: each of its words but the small ones has its capital.

    A line that begins with a date is one of a list of places (`June 26 -- PPL Center, Allentown`).
    """
    bounds = line_bounds(text, start, end)
    if bounds is None:
        return False
    line = text[bounds[0] : bounds[1]].strip()
    if line.isupper():
        return True
    if (line.endswith((".", ";", ",")) and not line.endswith("...")) or _DATE.match(line):
        return False
    if "%" in line or "{" in line:
        line = PLACEHOLDER.sub(" ", line)
    if line.endswith((")", "]")):
        line = _LAST_BRACKET.sub("", line) or line
    small = _words()["small_words"]
    words = [word for word in _WORD.findall(line) if word.lower() not in small]
    return all(word[0].isupper() for word in words)


class Evidence:
    """What an article says of a word elsewhere, looked up once for each word.

    Headlines are no evidence: in them every word has a capital.

    Args:
        article: The text to learn from; its first `EVIDENCE_REACH` characters count.
    """

    def __init__(self, article: str) -> None:
        self._article = article[:EVIDENCE_REACH]
        self._common: dict[str, bool] = {}
        self._named: dict[str, bool] = {}

    def is_common(self, word: str) -> bool:
        """True if the article has the word in lower case."""
        lower = word.lower()
        if lower not in self._common:
            self._common[lower] = any(True for _ in self._places(lower))
        return self._common[lower]

    def is_named(self, phrase: str) -> bool:
        """True if the article has the phrase with these capitals where they are not due to its place."""
        if phrase not in self._named:
            article, inside = self._article, " " in phrase
            self._named[phrase] = any(
                (inside or not starts_sentence(article, at)) and not is_headline(article, at, at + len(phrase))
                for at in self._places(phrase)
            )
        return self._named[phrase]

    def _places(self, phrase: str) -> Iterator[int]:
        at = self._article.find(phrase)
        for _ in range(MOST_PLACES):
            if at < 0:
                return
            end = at + len(phrase)
            if not self._article[at - 1 : at].isalpha() and not self._article[end : end + 1].isalpha():
                yield at
            at = self._article.find(phrase, end)


def is_name(text: str, start: int, end: int, evidence: Evidence, headline: bool) -> bool:
    """Decide whether a capitalised hit is (part of) a name.

    Args:
        text: The text.
        start: Offset of the hit.
        end: One past it.
        evidence: Of the article that the text belongs to.
        headline: The hit stands in a headline, where capitals say nothing.
    """
    if official_spelling(text, start, end) is not None:
        return True
    if headline:
        return _is_name_in_headline(text, start, end, evidence)
    if is_label(text, start, end):
        return False
    key = canonical(text[start:end])
    # A word in capitals among small letters may be a keyword: `the ANALYZE command`.
    named = key in _words()["institution_words"] or key in _words()["likely_names"] or text[start:end].isupper()
    if not named and is_about_interface(text, start, end):
        return False
    if is_quoted_title(text, start):
        return True
    if starts_sentence(text, start):
        return _is_name_at_start(text, start, end, evidence)
    return not (_is_made_of_name(text, start, end) or _is_lone_noun(text, start, end))


def _is_made_of_name(text: str, start: int, end: int) -> bool:
    """True for words that have a capital because they are made of a name: `Romanized`, `Balkanisation`."""
    word = _MADE_OF_NAME.match(text, start, end)
    if word is None or word.group(1).lower() not in _words()["names_of_peoples"]:
        return False
    following = _NEXT.match(text, end)
    return not (following and (following.group(3) or "")[:1].isupper())


def _is_lone_noun(text: str, start: int, end: int) -> bool:
    """True for a common noun with a capital for emphasis: `the Color of the sky`.

    An article or the like stands before it and no other capital beside it; nor is it a word that institutions and
    people are called by.
    """
    words = _words()
    before = _LAST.search(text, max(0, start - 40), start)
    if not before or before.group(1) not in words["articles"] or text[start:end].isupper():
        return False
    key = canonical(text[start:end])
    if not words["called_by"].isdisjoint((key, key.removesuffix("s"))):
        return False
    at = end
    for _ in range(3):
        following = _NEXT.match(text, at)
        if following is None or following.group(3) is None:
            return True
        if following.group(3) in words["language_parts"]:
            return False
        if not following.group(3).islower() or following.group(2).strip():
            return False
        if following.group(3) not in words["small_words"]:
            return True
        at = following.end()
    return True


@cache
def _heads() -> re.Pattern[str]:
    """One or two words on, the noun that a name ends with: `Defense Innovation Board`, `Theatre Company`."""
    nouns = "|".join(sorted(_words()["head_nouns"]))
    return re.compile(rf" (?:[A-Z][\w’'-]+ )?(?:{nouns})\b", re.IGNORECASE)


def _is_name_in_headline(text: str, start: int, end: int, evidence: Evidence) -> bool:
    words = _words()
    word = text[start:end]
    following, preceding = _NEXT.match(text, end), _LAST.search(text, max(0, start - 40), start)
    next_word = (following.group(3) or "") if following and not following.group(2).strip() else ""
    last_word = preceding.group(1) if preceding else ""
    titled = word.capitalize()
    runs = [f"{titled} {next_word.capitalize()}"] if next_word[:1].isupper() else []
    runs += [f"{last_word.capitalize()} {titled}"] if last_word[:1].isupper() else []
    if any(map(evidence.is_named, runs)):
        return True
    if evidence.is_common(word):
        return False
    if evidence.is_named(titled):
        return True
    key = canonical(word)
    if last_word.lower() in words["given_names"] and key not in words["institution_words"]:
        return True
    if key in words["institution_words"] and _heads().match(text, end):
        return True
    if key == "labor" or (key == "gray" and last_word.lower().rstrip(".") in words["personal_titles"]):
        return next_word.lower() not in words["common_before"]
    return False


def is_quoted_title(text: str, start: int) -> bool:
    """True if a quotation opens before the hit and is set like a title: `"Labor and Unemployment"`."""
    closing = _PAIRS.get(text[start - 1 : start])
    closed = text.find(closing, start, start + TITLE_REACH) if closing else -1
    if closed < 0 or text[closed - 1] in "!?":
        return False
    if text[closed - 1] == "." and text[max(0, start - 3) : start - 2] in (",", ":"):
        return False
    small = _words()["small_words"]
    words = [word for word in _WORD.findall(text[start:closed]) if word not in small]
    return len(words) > 1 and all(word[0].isupper() for word in words)


def _is_name_at_start(text: str, start: int, end: int, evidence: Evidence) -> bool:
    words = _words()
    word = text[start:end]
    lower = word.lower()
    likely = lower in words["likely_names"]
    following = _NEXT.match(text, end)
    if canonical(lower) in words["institution_words"] and not lower.endswith("s") and _BODY.match(text, end):
        # `Center for Rural Studies`, `Theater for a New Audience`.
        return True
    if following and following.group(3):
        possessive, next_word = following.group(1), following.group(3)
        joint, follower = following.group(2).strip(), next_word.lower()
        if next_word[0].isupper() and next_word not in words["never_names_after"]:
            if lower.endswith(_VERB_ENDINGS):
                # `Sulphur, Louisiana`, `Harbor & Co`; but `Honoring Lincoln`, `Minimizes/Restores`.
                return joint not in ("", "/")
            if joint == "-":
                # `Grey-Thompson`, but `Color-Managed`.
                return likely or lower in words["surnames"] or canonical(lower) in words["institution_words"]
            if joint == "" and lower.endswith("ed"):
                # `Armored Mortar battery`, but `Organized Crime Control Bureau`.
                after = _NEXT.match(text, following.end())
                return after is not None and (after.group(3) or "")[:1].isupper()
            return True
        if joint == "-" or (next_word[0].isdigit() and not joint):
            return False
        if joint == "," and follower in words["apposition"]:
            return True
        if follower == "by" and not lower.endswith("ed") and text[following.end() + 1 : following.end() + 2].isupper():
            # A work and its maker: `Rumours by Fleetwood Mac`.
            return True
        if (likely or lower in words["surnames"]) and follower in words["after_surname"]:
            return True
        if likely and not possessive:
            if follower in words["common_before"] or follower in words["articles"]:
                return False
            if follower in words["function_words"]:
                return lower in words["places"]
    if likely:
        return not evidence.is_common(word)
    return evidence.is_named(word) and not evidence.is_common(word)
