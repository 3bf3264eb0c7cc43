"""Is a capitalised word a name? Names keep their spelling; common words at the start of a sentence do not.

Capitals decide inside a sentence. Where they say nothing (the first word of a sentence, a headline in title case, a
line in capitals) the evidence is the gazetteer in `names.toml`, the words beside the hit, and the article itself.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache

from copydesk.transforms.spelling.table import american, read_data

HEADLINE_MAX = 200
"""A line longer than this many characters is not taken for a headline."""

_ABBREVIATION = re.compile(
    r"(?:^|[\s(\"“‘])(?:Mr|Mrs|Ms|Dr|St|Sts|Prof|Gen|Sen|Rep|Gov|Lt|Col|Sgt|Capt|Cmdr|Rev|Hon|Jr|Sr|vs|No|Inc|Ltd|Co|Corp"
    r"|Mt|Ft|Ave|Dept|Univ|Assn|(?:[A-Z]\.)*[A-Z])\.$"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NEXT = re.compile(r"(['’]s?)?([^\S\n]+|[^\S\n]*[,&/-][^\S\n]*)([^\W\d_]+(?:['’][^\W\d_]+)?|\d+)?")
_LAST = re.compile(r"([^\W\d_]+(?:['’][^\W\d_]+)?\.?|\d+)([^\S\n]+|[-&])$")
_OPENERS = "\"“‘«'([*•·-–—"
# Forms of verbs that begin a sentence before a name (`Honoring Lincoln`) and do not begin names.
_VERB_ENDINGS = ("ing", "ise", "ize", "ises", "izes", "yse", "yze", "yses", "yzes")
_LABELS = frozenset(
    "tab tabs icon icons button buttons menu menus dialog toolbar option options box command pane key".split()
)
_NOT_NAMES_AFTER = frozenset("I I'm I’m I've I’ve I'd I’d I'll I’ll Mr Mrs Ms Dr President".split())
_SMALL = frozenset(
    "a an the and or but nor for of in on at to by as is it its be if so up vs via off out from with into over than that"
    " says said after amid are was".split()
)


@dataclass(frozen=True, slots=True)
class _Names:
    official: dict[str, tuple[tuple[tuple[str, ...], int, str], ...]]
    likely: frozenset[str]
    common_before: frozenset[str]
    function_words: frozenset[str]
    surnames: frozenset[str]
    places: frozenset[str]
    after_surname: frozenset[str]
    institution: frozenset[str]
    titles: frozenset[str]


@lru_cache(maxsize=1)
def _names() -> _Names:
    data = tomllib.loads(read_data("names.toml"))
    index: dict[str, list[tuple[tuple[str, ...], int, str]]] = {}
    for line in data["official"].splitlines():
        words = _WORD.findall(line)
        key = tuple(canonical(word) for word in words)
        for place, word in enumerate(words):
            index.setdefault(key[place], []).append((key, place, word))
    return _Names(
        {word: tuple(sorted(found, key=lambda name: -len(name[0]))) for word, found in index.items()},
        frozenset(data["likely_names"].split()),
        frozenset(data["common_before"].split()),
        frozenset(data["function_words"].split()),
        frozenset(data["surnames"].split()),
        frozenset(data["places"].split()),
        frozenset(data["after_surname"].split()),
        frozenset(data["institution_words"].split()),
        frozenset(data["personal_titles"].split()),
    )


def canonical(word: str) -> str:
    """A word as the key under which all its spellings meet: its American form in lower case, without possessive."""
    lower = word.lower().replace("’", "'").removesuffix("'s")
    if lower.startswith("co-op"):
        lower = lower.replace("-", "", 1)
    return american().get(lower, lower)


def official_spelling(text: str, start: int, end: int) -> str | None:
    """How the hit is written in the official name it is part of, or None if it is part of none.

    The words around the hit are compared with the gazetteer in any spelling and any case, but a name in running text
    has to have its capitals.
    """
    found = _names().official.get(canonical(text[start:end]))
    if not found:
        return None
    before = [m.group() for m in _WORD.finditer(text[max(0, start - 60) : start])]
    after = [m.group() for m in _WORD.finditer(text[end : end + 60].removeprefix("'s").removeprefix("’s"))]
    for key, place, word in found:
        left = before[len(before) - place :] if place else []
        right = after[: len(key) - place - 1]
        if len(left) != place or len(right) != len(key) - place - 1:
            continue
        if [*map(canonical, left)] == [*key[:place]] and [*map(canonical, right)] == [*key[place + 1 :]]:
            return word
    return None


def is_institution_word(word: str) -> bool:
    """True for the words that names="target" respells inside names (`Centre`, `Organisation`, `Defence`)."""
    return canonical(word) in _names().institution


def starts_sentence(text: str, start: int) -> bool:
    """True if a capital at `start` may be due to its place: text, line, sentence or quotation begins there."""
    at = start
    while at > 0 and text[at - 1] in _OPENERS and start - at < 4:
        at -= 1
    if at < start and text[at] in "\"“‘«'":
        # A quotation opens here. Inside a sentence it may be a name in quotation marks, but then its case says so.
        return True
    spaced = at
    while at > 0 and text[at - 1] in "  \t  ":
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


def is_headline(text: str, start: int, end: int) -> bool:
    """True if the line of the hit is set like a headline: every word of four letters or more has its capital."""
    line_start = text.rfind("\n", max(0, start - HEADLINE_MAX), start) + 1
    if line_start == 0 and start > HEADLINE_MAX:
        return False
    line_end = text.find("\n", end, end + HEADLINE_MAX)
    if line_end < 0:
        if len(text) > end + HEADLINE_MAX:
            return False
        line_end = len(text)
    line = text[line_start:line_end].strip()
    if not line or (line.endswith((".", ";", ",")) and not line.endswith("...")):
        return False
    if line.isupper():
        return True
    words = [word for word in _WORD.findall(line) if word.lower() not in _SMALL]
    if len(words) < 2:
        return len(_WORD.findall(line)) == 1
    return all(word[0].isupper() for word in words)


def without_line(text: str, start: int, end: int) -> str:
    """The text without the line of the hit: what else there is to learn from about a headline."""
    line_start = text.rfind("\n", 0, start) + 1
    line_end = text.find("\n", end)
    return text[:line_start] + (text[line_end:] if line_end >= 0 else "")


def is_label(text: str, start: int, end: int) -> bool:
    """True if the hit stands in a label of a program's interface: `the Organise tab`, `Tools - Organise Macros`."""
    following = text[end : end + 40]
    run = re.match(r"(?:\s[A-Z][a-z]+){0,2}", following)
    rest = following[run.end() :] if run else following
    after = _WORD.match(rest.lstrip(" ")) if rest.startswith(" ") else None
    if after and after.group() in _LABELS:
        return True
    sentence = text[max(0, start - 120) : start]
    first = sentence.rfind(". ") + 2 if ". " in sentence else 0
    opening = _WORD.match(sentence[first:])
    path = re.search(r"(?: - |[▸>→])\s?(?:[A-Z][a-z]+ ){0,3}$", sentence) is not None
    return (
        path
        and opening is not None
        and opening.group() in ("Choose", "Click", "Go", "Select", "Open", "Press", "Set", "First", "Use", "In")
    )


def is_name(text: str, start: int, end: int, article: str, headline: bool) -> bool:
    """Decide whether a capitalised hit is (part of) a name.

    Args:
        text: The text.
        start: Offset of the hit.
        end: One past it.
        article: Where else to look for evidence: the text itself, or for a headline the article's body.
        headline: The hit stands in a headline, where capitals say nothing.
    """
    word = text[start:end]
    if official_spelling(text, start, end) is not None:
        return True
    if headline:
        return _is_name_in_headline(text, start, end, article)
    if is_label(text, start, end):
        return False
    if not starts_sentence(text, start):
        return True
    return _is_name_at_start(text, start, end, word, article)


def _is_name_in_headline(text: str, start: int, end: int, article: str) -> bool:
    word = text[start:end]
    titled = word.capitalize()
    following, preceding = _NEXT.match(text, end), _LAST.search(text, max(0, start - 40), start)
    next_word = following.group(3) if following and following.group(2).strip() == "" else None
    last_word = preceding.group(1) if preceding else None
    if article:
        if next_word and next_word[0].isupper() and f"{titled} {next_word.capitalize()}" in article:
            return True
        if last_word and last_word[0].isupper() and f"{last_word.capitalize()} {titled}" in article:
            return True
        if _seen_in_lower_case(word, article):
            return False
        if _seen_as_name(titled, article):
            return True
    lower = canonical(word)
    if lower == "labor" or (
        lower == "gray" and last_word is not None and last_word.lower().rstrip(".") in _names().titles
    ):
        return next_word is None or next_word.lower() not in _names().common_before
    return False


def _seen_in_lower_case(word: str, article: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word.lower())}(?!\w)", article) is not None


def _seen_as_name(titled: str, article: str) -> bool:
    """True if the article has the word with a capital where no sentence starts, and not in a headline."""
    at = article.find(titled)
    while at >= 0:
        end = at + len(titled)
        whole = not article[at - 1 : at].isalpha() and not article[end : end + 1].isalpha()
        if whole and not starts_sentence(article, at) and not is_headline(article, at, end):
            return True
        at = article.find(titled, end)
    return False


def _is_name_at_start(text: str, start: int, end: int, word: str, article: str) -> bool:
    names = _names()
    following = _NEXT.match(text, end)
    next_word = following.group(3) if following else None
    likely = word.lower() in names.likely
    if following and next_word:
        joint = following.group(2).strip()
        if joint == "-":
            # A double-barrelled name or a compound: what follows the hyphen says which.
            return next_word[0].isupper()
        if next_word[0].isupper() and next_word not in _NOT_NAMES_AFTER and joint in ("", "&", ","):
            return joint != "" or not word.lower().endswith(_VERB_ENDINGS)
        if joint == "," and next_word in ("the", "a", "an", "which", "who", "whose"):
            return True
        follower = next_word.lower()
        if (likely or word.lower() in names.surnames) and follower in names.after_surname:
            return True
        if likely and not following.group(1) and follower in names.common_before:
            return False
        if likely and not following.group(1) and follower in names.function_words:
            return word.lower() in names.places
    if likely:
        return not _seen_in_lower_case(word, article)
    return _seen_as_name(word, article) and not _seen_in_lower_case(word, article)
