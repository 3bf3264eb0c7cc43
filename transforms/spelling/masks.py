"""What is not running prose of the house's own: machine text, words talked about, written quotations, other languages.

All functions look at the surroundings of one hit, a bounded number of characters to each side, so that a document
costs no more than its hits do.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache

from copydesk.transforms.spelling.table import read_data

TOKEN_REACH = 300
"""Longest token looked at, in characters; what is glued to a longer one is not prose."""
SENTENCE_REACH = 240
"""How far a sentence, a quotation or a tag around a hit is looked for."""

OPENING, CLOSING = "“‘«\"'", "”’»\"'"
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_BREAK = re.compile(r"[.!?][\"'”’)\]]*\s|\n")
_CSS = re.compile(r"[a-z]+(?:-[a-z]+)+:\s*[^;\n]{0,40};")


@dataclass(frozen=True, slots=True)
class _Words:
    mention_before: frozenset[str]
    mention_sentence: frozenset[str]
    written_before: frozenset[str]
    foreign: frozenset[str]
    english: frozenset[str]


@lru_cache(maxsize=1)
def _words() -> _Words:
    data = tomllib.loads(read_data("masks.toml"))
    return _Words(
        frozenset(data["mention"]["before"].split()),
        frozenset(data["mention"]["sentence"].split()),
        frozenset(data["written"]["before"].split()),
        frozenset(data["foreign"]["words"].split()),
        frozenset(data["foreign"]["english"].split()),
    )


def sentence_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    """The sentence around a hit, or as much of it as lies within `SENTENCE_REACH`."""
    low = max(0, start - SENTENCE_REACH)
    first = low
    for match in _SENTENCE_BREAK.finditer(text, low, start):
        first = match.end()
    after = _SENTENCE_BREAK.search(text, end, min(len(text), end + SENTENCE_REACH))
    return first, after.start() + 1 if after else min(len(text), end + SENTENCE_REACH)


def is_machine_text(text: str, start: int, end: int) -> bool:
    """True if the hit is part of an address, a path, a file name, an option, an identifier, markup or code."""
    left, right = start, end
    low, high = max(0, start - TOKEN_REACH), min(len(text), end + TOKEN_REACH)
    while left > low and not text[left - 1].isspace():
        left -= 1
    while right < high and not text[right].isspace():
        right += 1
    if left == low > 0 or right == high < len(text):
        return True
    before, after = text[left:start], text[end:right]
    if (before or after) and _glued(before, after):
        return True
    return _in_code(text, start, end)


def _glued(before: str, after: str) -> bool:
    token = before + "x" + after
    if any(sign in token for sign in ("://", "www.", "@", "#", "_", "\\", "=", "{", "}", "()", "~", "::", "&")):
        return True
    if before.endswith(("--", "/.")) and not before.rstrip("-")[-1:].isalnum():
        return True
    bare = before.lstrip("\"'“‘([")
    if (bare.startswith(("/", "./", "-")) and bare != "-") or (bare + "x").count("/") + after.rstrip("/").count(
        "/"
    ) > 1:
        return True
    # A dot, a colon or a bracket with more of the word behind it: style.color, color.com, getColor(center).
    if len(after) > 1 and after[0] in ".:(" and (after[1].islower() or after[1].isdigit() or after[1] in ")_"):
        return True
    tail = before.rstrip("-/")
    return bool(re.search(r"[A-Za-z0-9][.:(\[]\w*-?$", before)) and not tail.endswith(("...", "…"))


def _in_code(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", 0, start) + 1
    low = max(line_start, start - SENTENCE_REACH)
    line = text[low:start]
    if "`" in line and line.count("`") % 2 == 1 and "`" in text[end : end + SENTENCE_REACH]:
        return True
    opened = line.rfind("<")
    if opened > line.rfind(">") and line[opened + 1 : opened + 2].strip() and not line[opened + 1].isdigit():
        closed = text.find(">", end, end + SENTENCE_REACH)
        if closed >= 0 and "<" not in text[end:closed]:
            return True
    window_end = min(len(text), end + 60)
    if ":" in text[low:window_end] and ";" in text[end:window_end]:
        return any(m.start() <= start and end <= m.end() for m in _CSS.finditer(text, max(low, start - 60), window_end))
    return False


def is_mention(text: str, start: int, end: int) -> bool:
    """True if the word is talked about (`the word colour`, `spelt 'colour'`) rather than used."""
    words = _words()
    before = _WORD.findall(text[max(0, start - 24) : start].lower())
    quoted = text[start - 1 : start] in OPENING and text[end : end + 1] in CLOSING + ",." and start > 0
    if (
        before
        and before[-1] in words.mention_before
        and (quoted or before[-1] in ("word", "term", "spelling", "spelt"))
    ):
        return text[start - 1 : start] != "." and not _crosses_sentence(text, start)
    if not quoted:
        return False
    first, last = sentence_bounds(text, start, end)
    return not words.mention_sentence.isdisjoint(_WORD.findall(text[first:last].lower()))


def _crosses_sentence(text: str, start: int) -> bool:
    gap = text[max(0, start - 3) : start]
    return any(sign in gap for sign in ".;:!?,\n")


def quotation_around(text: str, start: int, end: int) -> int | None:
    """Where the quotation that holds the hit opens (offset of its mark), or None if the hit is in none."""
    for opening, closing in (("“", "”"), ("«", "»"), ("„", "“")):
        opened = text.rfind(opening, max(0, start - 2000), start)
        if opened >= 0 and text.rfind(closing, opened + 1, start) < 0:
            return opened
    paragraph = text.rfind("\n", 0, start) + 1
    marks = text.count('"', paragraph, start)
    if marks % 2 == 1 and text.find('"', end, end + 2000) >= 0:
        return text.rfind('"', paragraph, start)
    opened = text.rfind("‘", max(0, start - 600), start)
    if opened >= 0 and not re.search(r"’(?!\w)", text[opened:start]):
        return opened
    return None


def is_written_quotation(text: str, opened: int) -> bool:
    """True if what stands before the opening mark says that the quotation was written, not spoken."""
    before = _WORD.findall(text[max(0, opened - 40) : opened].lower())
    if not before or _SENTENCE_BREAK.search(text, max(0, opened - 3), opened):
        return False
    return before[-1] in _words().written_before


def is_foreign(text: str, start: int, end: int) -> bool:
    """True if the words around the hit are of another language than English."""
    words = _words()
    near = _WORD.findall(text[max(0, start - 60) : end + 60].lower())
    foreign = sum(word in words.foreign for word in near)
    if foreign < 2:
        return False
    return foreign > sum(word in words.english for word in near)
