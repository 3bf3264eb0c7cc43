"""Datelines: the place, date and agency that open a story.

    WASHINGTON - ...            LA CROSSE, Wis. (AP) — ...        BEIJING, July 31 (Xinhua) -- ...
    (Reuters) - ...             Hong Kong (CNN Business) ...      KUALA LUMPUR: ...

A place in capitals before a dash is also how a sentence may begin (`NASA - the space agency - said`), so a form that
says little by itself is taken only where the place is known, or looks like nothing else.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from importlib import resources
from typing import Final

from copydesk.schemas.article import Dateline
from copydesk.transforms.boilerplate.agencies import agency_pattern, codes_in

LONGEST: Final = 120
"""The longest dateline, code points."""

_MONTH = (
    r"(?:Jan(?:uary|\.)?|Feb(?:ruary|\.)?|Mar(?:ch|\.)?|Apr(?:il|\.)?|May|June?|July?|Aug(?:ust|\.)?|"
    r"Sept?(?:ember|\.)?|Oct(?:ober|\.)?|Nov(?:ember|\.)?|Dec(?:ember|\.)?|JAN\w*|FEB\w*|MAR(?:CH)?|APR(?:IL)?|MAY|"
    r"JUNE?|JULY?|AUG\w*|SEPT?\w*|OCT\w*|NOV\w*|DEC\w*)"
)
_DAY = r"(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day,? )?"
_DATE = rf"(?P<date>{_DAY}(?:{_MONTH} \d{{1,2}}|\d{{1,2}} {_MONTH})(?:,? (?:19|20)\d\d)?)"
_UPPER = "A-ZÀ-ÖØ-ÞŁŚŞŠŽČĆĐĞİ"
_LOWER = "a-zß-öø-ÿąćčďđęěğıłńňőřśşšťůűźżž"
_CAPS_WORD = rf"[{_UPPER}][{_UPPER}'.-]*"
_CAPS = rf"(?:{_CAPS_WORD}|OF|ON|AND)(?:[ /]{{1,3}}{_CAPS_WORD}){{0,5}}"
_TITLE_WORD = rf"[{_UPPER}][{_LOWER}'.-]+"
_TITLE = rf"{_TITLE_WORD}(?:[ /-](?:{_TITLE_WORD}|de|of|on|upon|the|al|el|la)){{0,3}}"
_REGION = rf"(?:, (?:{_TITLE_WORD}|[A-Z]\.[A-Z]\.|{_CAPS_WORD})(?: (?:{_TITLE_WORD}|{_CAPS_WORD})){{0,2}}){{1,2}}"
_PAREN = r"\((?P<paren>[^()]{2,40})\)"
_SLASHED = r"[.,]? ?/(?P<slashed>[^/]{2,20})/\.?"
_DASH = r"(?: ?(?:—|–|--) ?| - )"

_DATELINE: Final = re.compile(
    rf"(?:(?P<place>(?P<caps>{_CAPS})(?P<capsregion>{_REGION})??|(?P<title>{_TITLE})(?P<titleregion>{_REGION})??))"
    rf"(?:(?:,? | ?[-–—]{{1,2}} ?){_DATE})?"
    rf"(?:,? ?{_PAREN}|{_SLASHED})?"
    rf"(?P<end>{_DASH}|: ?|(?<=\)) ?|(?<=/) |(?<=/\.) ?|$)"
)
_AGENCY_ONLY: Final = re.compile(
    rf"(?:\((?P<paren>{agency_pattern()})\)(?: ?(?:—|–|--|-) ?| )|(?P<bare>{agency_pattern()})(?: ?(?:—|–|--) ?| - |$))"
)
_AGENCY: Final = re.compile(agency_pattern() + r"(?:[/, ]+(?:and )?(?:" + agency_pattern() + r"|[A-Z][\w.]+)){0,3}")
_OPENS: Final = re.compile(rf"[\"'(]*(?:[{_UPPER}0-9$€£¥]|[^\W\d_a-zA-Z])")
_DASH_LATER: Final = re.compile(r" (?:-|–|—|--) |—")

# Words in capitals that open a line and are no place.
_NOT_PLACES: Final = frozenset(
    """ALERT ANALYSIS BACKGROUND BREAKING BRIEF BRIEFLY BUSINESS COLUMN COMMENT CORRECTED CORRECTION CORRECTIONS
    DEVELOPING EDITORIAL EXCLUSIVE EXPLAINER EXPLAINED FACTBOX FEATURE FLASH FOCUS GALLERY GRAPHIC HEADLINES INSIGHT
    INTERVIEW INTRODUCTION KEY LATEST LIVE NEWS NEWSALERT NOTE NOW OBITUARY OPINION PHOTO PHOTOS PICTURES PODCAST
    POLL PREVIEW PROFILE QUIZ READ RECAP REPORT RESULTS REVIEW SPECIAL SPORT SPORTS SUMMARY TIMELINE UPDATE UPDATED
    URGENT VIDEO VIDEOS WARNING WATCH WHO WHAT WHEN WHERE WHY HOW YES NO THE AND BUT FOR NOT ASEAN BREXIT COVID
    INTERPOL NASDAQ NATO OPEC UNESCO UNICEF UNHCR UNRWA FIFA UEFA NASA BTS IKEA NVIDIA TESLA GOOGLE APPLE AMAZON
    HUAWEI SAMSUNG TIKTOK BITCOIN MH370""".split()
)
_NO_PLACE: Final = re.compile(r"(?:ED|ING|LY|IVE|TION|NESS|MENT)$")
"""Words in capitals that end so are no place, unless they are known as one: `DEPRECATED - `, `REVEALED - `."""

# A sentence that begins so speaks of the place named before it, which then is no dateline.
_HERE: Final = frozenset(
    "Here There Where Hier Dort Wo Da Ici Là Où Aquí Allí Donde Aqui Ali Onde Qui Lì Dove Daar".split()
)


@dataclass(frozen=True, slots=True)
class Found:
    """A dateline and how much of the line it takes.

    Attributes:
        dateline: The place, date and agency.
        length: Code points of the line, the dash and the space after it included.
        strong: It names an agency or a date, so that it can be nothing else.
    """

    dateline: Dateline
    length: int
    strong: bool


@dataclass(frozen=True, slots=True)
class Places:
    """Names of places, in capitals.

    Attributes:
        towns: Towns, and what datelines treat as one (`UNITED NATIONS`).
        large: Those of them that are taken in mixed case too.
        lands: Countries and their states.
    """

    towns: frozenset[str]
    large: frozenset[str]
    lands: frozenset[str]


@functools.cache
def known_places() -> Places:
    """The names in `places.txt`."""
    text = resources.files("copydesk.transforms.boilerplate").joinpath("places.txt").read_text("utf-8")
    before, _, after = text.partition("# lands\n")
    towns = [line for line in before.splitlines() if not line.startswith("#")]
    large = frozenset(line[:-2] for line in towns if line.endswith(" *"))
    return Places(frozenset(line.removesuffix(" *") for line in towns), large, frozenset(after.splitlines()))


def find_dateline(text: str) -> Found | None:
    """The dateline that opens a line.

    Args:
        text: The line, quotes folded, runs of white space made one space.

    Returns:
        What was found, or None where the line opens with none, or with what may be part of a sentence.
    """
    head = text[:LONGEST]
    if (len(text) > LONGEST or text[-1:] == ".") and not _may_close(head):
        return None
    alone = _AGENCY_ONLY.match(head)
    if alone:
        name = alone["paren"] or alone["bare"]
        if not alone["paren"] and text[alone.end() :] and not _is_apart(text, alone.end(), weak=True):
            return None
        return Found(Dateline(None, None, _code(name)), alone.end(), strong=True)
    found = _DATELINE.match(head)
    if not found or found.end() == LONGEST:
        return None
    rest = text[found.end() :]
    named = found["paren"] or found["slashed"]
    is_agency = bool(named and _AGENCY.fullmatch(named))
    end = found["end"].strip()
    if named and not is_agency and not (found["caps"] and end and _looks_like_name(named)):
        return None
    if not named and not end:
        return None
    if rest and not _OPENS.match(rest):
        return None
    strong = is_agency or bool(found["date"] and (found["caps"] or named))
    if not strong and not (rest and _is_place(found, end, text)):
        return None
    dateline = Dateline(found["place"].strip(" ,-"), found["date"], _code(named) if is_agency and named else None)
    return Found(dateline, found.end(), strong)


def find_lone_dateline(text: str, after: str) -> Found | None:
    """The dateline that fills a line above the paragraph that it opens, such as `AUBURN, Wash. —`.

    Args:
        text: The line, as for `find_dateline`.
        after: The paragraph under it.

    Returns:
        What was found, all of the line, or None.
    """
    if text.endswith("."):
        place = text[:-1]
        known = place.upper() in known_places().large and _OPENS.match(after)
        return Found(Dateline(place, None, None), len(text), strong=False) if known else None
    if len(text) > LONGEST or not _may_close(text + " "):
        return None
    found = find_dateline(f"{text} {after}")
    if not found or found.length != len(text) + 1 or (text[-1] == ":" and not found.strong):
        return None
    return Found(found.dateline, len(text), found.strong)


def _may_close(head: str) -> bool:
    """Whether a sign stands there that closes a dateline which is not all of a line."""
    return " - " in head or "—" in head or "–" in head or "--" in head or ":" in head or "(" in head or "/" in head


def _code(name: str) -> str | None:
    codes = codes_in(name)
    return codes[0] if codes else None


def _looks_like_name(named: str) -> bool:
    words = named.split()
    return len(words) <= 4 and all(word[0].isupper() or word in ("of", "and", "the", "/") for word in words)


def _is_apart(text: str, start: int, weak: bool) -> bool:
    """Whether the text after a dash goes on as a sentence of its own, and no second dash closes a parenthesis."""
    rest = text[start : start + 400]
    sentence = re.split(r"(?<=[.?!])[\"']? ", rest, maxsplit=1)[0]
    return bool(_OPENS.match(rest)) and not (weak and _DASH_LATER.search(sentence))


def _is_place(found: re.Match[str], end: str, text: str) -> bool:
    """Whether what stands before the dash or the colon is a place, though neither agency nor date says so."""
    places = known_places()
    start = found.end()
    if found["caps"]:
        parts = [part.strip() for part in found["caps"].split("/")]
        if found["paren"]:
            return True
        if all(part in places.towns or part in places.lands for part in parts):
            return _is_apart(text, start, weak=False)
        words = found["caps"].replace("/", " ").split()
        if end == ":" or any(word.strip(".'-") in _NOT_PLACES for word in words):
            return False
        if any(_NO_PLACE.search(word) for word in words):
            return False
        if found["capsregion"]:
            return _is_apart(text, start, weak=True)
        letters = sum(map(str.isalpha, found["caps"]))
        shaped = len(words) <= 3 and letters >= 6 and all(re.search("[AEIOUYÀ-Þ]", word) for word in words)
        return shaped and end in ("-", "—", "–", "--") and _is_apart(text, start, weak=True)
    name = found["title"].upper()
    if name not in places.large or found["titleregion"]:
        return False
    first = re.match(r"[\w'-]+", text[start:])
    if first and (first[0] in _HERE or first[0].upper() in places.large or first[0].upper() in places.lands):
        return False
    return len(text) - start >= 40 and " " in found["end"] and _is_apart(text, start, weak=True)
