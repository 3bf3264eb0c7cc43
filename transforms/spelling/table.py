"""The table: which word is written how in which variety, read from the data files beside this module.

`families.toml`, `words.tsv` and `hyphens.tsv` hold the facts; their headers say how they are written. This module
expands them into one mapping per variety: from a form that the variety does not write to the one that it does.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple

from copydesk.transforms.spelling.inflect import inflect

VARIETIES = ("en-US", "en-GB", "en-GB-oxendict", "en-CA", "en-AU")
"""The varieties a text can be put into, in the order of the columns of `words.tsv`."""

DATA_FILES = (
    "families.toml",
    "words.tsv",
    "hyphens.tsv",
    "sense.toml",
    "names.toml",
    "interface.toml",
    "masks.toml",
    "acronyms.tsv",
)
"""Every file that decides what is changed: their content is the version of the rules."""


class Entry(NamedTuple):
    """What becomes of one form.

    Attributes:
        new: The form the variety writes, lower case.
        rule: Name of the family, or `word`, `hyphen`, `diaeresis`.
        ending: What the form is found by, where its family is found by endings; else empty.
    """

    new: str
    rule: str
    ending: str = ""


def read_data(name: str) -> str:
    """The text of a data file of this package."""
    return files("copydesk.transforms.spelling").joinpath(name).read_text(encoding="utf-8")


@cache
def data_version() -> str:
    """A digest of the data files, 12 hex digits: the same files give the same digest on any machine."""
    digest = hashlib.sha256()
    for name in DATA_FILES:
        digest.update(name.encode() + b"\0" + read_data(name).encode() + b"\0")
    return digest.hexdigest()[:12]


def table_lines(name: str) -> Iterator[list[str]]:
    """Cells of the rows of a tab-separated data file, without comments and blank lines."""
    for line in read_data(name).splitlines():
        if line.strip() and not line.startswith("#"):
            yield line.split("\t")


@cache
def prefixes() -> frozenset[str]:
    """The productive prefixes, lower case, without hyphen."""
    return frozenset(tomllib.loads(read_data("families.toml"))["productive_prefixes"].split())


def _doubled(word: str, agent: bool) -> Iterator[tuple[str, str]]:
    endings = ("er", "ers") if agent else ("ed", "ing", "ings")
    for ending in endings:
        yield word + ending, word + word[-1] + ending


def _pairs(family: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    """Left form, right form and length of their common stem, of every member of a family, inflected and prefixed."""
    prefixes = family.get("prefixes", "").split()
    for kinds, members in family["words"].items():
        for member in members.split():
            stem = len(member.partition("~")[0])
            if kinds in ("double", "doubler"):
                pairs = _doubled(member, agent=kinds == "doubler")
            else:
                template = member if "~" in member else member + "~"
                left, right = (template.replace("~", family[side]) for side in ("left", "right"))
                pairs = zip(inflect(left, kinds), inflect(right, kinds), strict=True)
            for left, right in pairs:
                yield left, right, stem
                for prefix in prefixes:
                    yield prefix + left, prefix + right, stem + len(prefix)


@cache
def _families() -> tuple[tuple[str, dict[str, Any], tuple[tuple[str, str, int], ...]], ...]:
    families = tomllib.loads(read_data("families.toml"))["family"]
    return tuple((name, family, tuple(_pairs(family))) for name, family in families.items())


@cache
def _words() -> tuple[tuple[dict[str, str], frozenset[str]], ...]:
    """Of every word of `words.tsv`, inflected: its form in each variety, and the varieties that accept the others."""
    found = []
    for cells in table_lines("words.tsv"):
        *cells, kinds = [cell.strip() for cell in cells]
        us, gb, oxendict, canada, australia = cells
        gb = gb or us
        oxendict = oxendict or gb
        filled = (us, gb, oxendict, canada or oxendict, australia or gb)
        written = [us if cell == "<" else cell for cell in filled]
        lenient = frozenset(v for v, cell in zip(VARIETIES, written, strict=True) if cell.endswith("?"))
        columns = [inflect(cell.rstrip("?"), kinds) for cell in written]
        found += [(dict(zip(VARIETIES, forms, strict=True)), lenient) for forms in zip(*columns, strict=True)]
    return tuple(found)


def _hyphen_rows(modern: bool) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    for old, new, kinds, varieties in table_lines("hyphens.tsv"):
        if varieties == "modern" and not modern:
            continue
        users = frozenset(VARIETIES if varieties in ("all", "modern") else varieties.split())
        rule = "hyphen" if "-" in old or " " in old else "diaeresis"
        for old_form, new_form in zip(inflect(old, kinds), inflect(new, kinds), strict=True):
            yield old_form, new_form, rule, users


Hyphens = Literal["variety", "modern", "keep"]


@cache
def table(variety: str, hyphens: Hyphens = "variety") -> dict[str, Entry]:
    """What is changed in a text that is put into this variety.

    Args:
        variety: One of `VARIETIES`.
        hyphens: Which words that have grown together are written so: those that the varieties part over (co-operate,
            coöperate), `modern` ones too (e-mail), or none (`keep`).

    Returns:
        Lower-case form -> Entry. A key may hold a hyphen or a space (`co-operate`, `per cent`). Forms that are right
        in one sense and wrong in another are in here too: `sense.toml` decides those in context.
    """
    entries: dict[str, Entry] = {}
    for name, family, pairs in _families():
        if variety in family.get("lenient", ()):
            continue
        to_left = variety in family["left_used_by"]
        by_ending = bool(family.get("by_ending"))
        for left, right, stem in pairs:
            old, new = (right, left) if to_left else (left, right)
            if old not in entries and old != new:
                entries[old] = Entry(new, name, old[stem:] if by_ending else "")
    for forms, lenient in _words():
        if variety not in lenient:
            new = forms[variety]
            for old in forms.values():
                if old != new:
                    entries.setdefault(old, Entry(new, "word"))
    if hyphens != "keep":
        for old, new, rule, users in _hyphen_rows(hyphens == "modern"):
            if variety in users:
                entries[old] = Entry(new, rule)
    return entries


COINED = {"iz": ("ize", "izes", "ized", "izing", "ization", "izations"), "is": ("isation", "isations")}
"""Endings that tell a verb in -ize or its noun, whatever the word is: in -is- those that no other word has."""
# `oversize`, `filesizes`, `seized`, `baize`, `apprize`; `improvisation`.
_NO_VERB = ("s", "e", "a", "z", "pr", "improv")


@cache
def coined_endings(variety: str) -> tuple[str, ...]:
    """The endings of words that no table holds and that this variety writes the other way."""
    writes_ize = variety in tomllib.loads(read_data("families.toml"))["family"]["ize"]["left_used_by"]
    return COINED["is" if writes_ize else "iz"]


def coined(variety: str, word: str) -> str | None:
    """How a variety writes a lower-case verb in -ize that no table holds (`ellipsize`), or its noun.

    Returns:
        The other spelling, or None if the word is not of this kind (`downsized`, `improvisation`).
    """
    for ending in coined_endings(variety):
        stem = word.removesuffix(ending)
        if stem != word and not stem.endswith(_NO_VERB):
            return stem + ("is" if ending.startswith("iz") else "iz") + ending[2:]
    return None


@cache
def american() -> dict[str, str]:
    """Any form of any variety -> its American form: the common key under which spellings of a word meet."""
    keys: dict[str, str] = {}
    for _, _, pairs in _families():
        for left, right, _ in pairs:
            keys.setdefault(right, left)
    for forms, _ in _words():
        for form in forms.values():
            keys.setdefault(form, forms["en-US"])
    return keys


def canonical(word: str) -> str:
    """A word as the key under which all its spellings meet: its American form in lower case, without possessive."""
    lower = word.lower().replace("’", "'").removesuffix("'s")
    if lower.startswith("co-op"):
        lower = lower.replace("-", "", 1)
    return american().get(lower, lower)
