"""The language of a text: as its source declares it, unless the text is plainly of another."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources

SAMPLE_CHARACTERS = 2048
"""How much of a text is looked at: some 300 words tell one language from another as well as all of them."""

_TAG = re.compile(
    r"(?P<language>[a-z]{2,3})(?P<extended>(?:-[a-z]{3}){0,3})(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?P<rest>(?:-(?:[a-z\d]{5,8}|\d[a-z\d]{3}))*(?:-[a-wyz\d](?:-[a-z\d]{2,8})+)*(?:-x(?:-[a-z\d]{1,8})+)?)",
    re.IGNORECASE,
)
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_MAX_TAG = 35  # RFC 5646 section 4.4.1: room for every tag that is in use
_WORD = re.compile(r"[^\W\d_]+")
_MIN_LETTERS = 20
_OTHER_SCRIPT = 0.8
_PLAIN_SHARE = 0.12
_PLAIN_DISTINCT = 3
_OTHER_WORDS = 4  # times as many function words of another language as of the declared one
# Blocks of Unicode by first and last code point. Han is read by Chinese and Japanese, and now and then by Korean.
_RANGES = {
    "Latn": "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u1e00-\u1eff",
    "Cyrl": "\u0400-\u052f",
    "Grek": "\u0370-\u03ff\u1f00-\u1fff",
    "Arab": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff",
    "Hebr": "\u0590-\u05ff",
    "Deva": "\u0900-\u097f",
    "Beng": "\u0980-\u09ff",
    "Guru": "\u0a00-\u0a7f",
    "Gujr": "\u0a80-\u0aff",
    "Orya": "\u0b00-\u0b7f",
    "Taml": "\u0b80-\u0bff",
    "Telu": "\u0c00-\u0c7f",
    "Knda": "\u0c80-\u0cff",
    "Mlym": "\u0d00-\u0d7f",
    "Sinh": "\u0d80-\u0dff",
    "Thai": "\u0e00-\u0e7f",
    "Laoo": "\u0e80-\u0eff",
    "Mymr": "\u1000-\u109f",
    "Geor": "\u10a0-\u10ff",
    "Armn": "\u0530-\u058f",
    "Ethi": "\u1200-\u137f",
    "Khmr": "\u1780-\u17ff",
    "Hang": "\u1100-\u11ff\uac00-\ud7af",
    "Jpan": "\u3040-\u30ff",
    "Hans": "\u3400-\u4dbf\u4e00-\u9fff",
}
_SCRIPTS = {script: re.compile(f"[{span}]+") for script, span in _RANGES.items()}
_READ_WITH = {"ja": {"Jpan", "Hans"}, "ko": {"Hang", "Hans"}, "sr": {"Cyrl", "Latn"}}
_SEVERAL_SCRIPTS = frozenset("sr bs me kk ky mn tg tt ku pa az uz tk sd ug ks ms ha mni".split())


def language_of(text: str, declared: str | None) -> str | None:
    """The language of a text.

    Args:
        text: The text; its first `SAMPLE_CHARACTERS` are looked at.
        declared: What its source says: a BCP 47 tag, also with underscores.

    Returns:
        The declared tag in the case of RFC 5646 (`en-GB`, `zh-Hant-TW`), unless the text is plainly of another script
        or language. Without a tag that holds, "en" where the commonest words of English say so plainly, else None.
    """
    sample = text[:SAMPLE_CHARACTERS]
    tag = well_formed(declared) if declared else None
    if tag and not _contradicts(sample, tag):
        return tag
    shares = _shares(sample)
    return "en" if _is_plain(shares, "en") else None


@lru_cache(maxsize=4096)
def well_formed(declared: str) -> str | None:
    """A language tag in the case of RFC 5646 section 2.1.1, None where it is not well formed or names no language."""
    declared = declared.strip().replace("_", "-")
    match = _TAG.fullmatch(declared) if len(declared) <= _MAX_TAG else None
    if match is None or match["language"].lower() in _NO_LANGUAGE:
        return None
    script, region = match["script"], match["region"]
    return (
        match["language"].lower()
        + match["extended"].lower()
        + (f"-{script.title()}" if script else "")
        + (f"-{region.upper()}" if region else "")
        + match["rest"].lower()
    )


def _contradicts(sample: str, tag: str) -> bool:
    """Whether the text is plainly not in the language of a tag."""
    language = tag.partition("-")[0]
    if language not in _SEVERAL_SCRIPTS and _is_of_other_script(sample, language):
        return True
    if language not in _table().words:
        return False
    shares = _shares(sample)
    own = shares[language][0]
    return any(_is_plain(shares, other) and share > _OTHER_WORDS * own for other, (share, _) in shares.items())


def _is_of_other_script(sample: str, language: str) -> bool:
    expected = _READ_WITH.get(language) or {_table().scripts.get(language, "Latn")}
    if sample.isascii() and "Latn" in expected:
        return False
    own = sum(_letters(script, sample) for script in expected)
    if own >= _MIN_LETTERS and own * 2 > len(sample):
        return False
    others = sum(_letters(script, sample) for script in _SCRIPTS if script not in expected)
    return own + others >= _MIN_LETTERS and others > _OTHER_SCRIPT * (own + others)


def _letters(script: str, sample: str) -> int:
    return sum(map(len, _SCRIPTS[script].findall(sample)))


def _shares(sample: str) -> Mapping[str, tuple[float, int]]:
    """For each language of the table, the share of its function words in the text, and how many distinct ones."""
    words = _WORD.findall(sample.lower())
    table = _table()
    counted = Counter(filter(table.any_word.__contains__, words))
    total = len(words) or 1
    found: dict[str, tuple[float, int]] = {}
    for language, known in table.words.items():
        present = known.intersection(counted)
        found[language] = (sum(map(counted.__getitem__, present)) / total, len(present))
    return found


def _is_plain(shares: Mapping[str, tuple[float, int]], language: str) -> bool:
    """Whether the function words of a language are many, of several kinds, and more than those of any other."""
    share, distinct = shares[language]
    return (
        share >= _PLAIN_SHARE
        and distinct >= _PLAIN_DISTINCT
        and all(share > other for name, (other, _) in shares.items() if name != language)
    )


@dataclass(frozen=True, slots=True)
class _Table:
    words: Mapping[str, frozenset[str]]
    any_word: frozenset[str]
    scripts: Mapping[str, str]


@cache
def _table() -> _Table:
    """Function words by language, and scripts by language."""
    text = resources.files("copydesk.transforms").joinpath("language_words.toml").read_text("utf-8")
    table = tomllib.loads(text)
    words = {language: frozenset(row.split()) for language, row in table["words"].items()}
    scripts = {language: script for script, row in table["scripts"].items() for language in row.split()}
    return _Table(words, frozenset().union(*words.values()), scripts)
