"""Reads the dates that feeds, pages and records carry, and refuses what can be read in two ways."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources

MIN_YEAR = 1990
"""The oldest year that is believed: below it stand nearly only the zero dates of programs (0001, 1970)."""
MAX_YEAR = 2100
MAX_LENGTH = 100
"""Code points of a date, white space collapsed; the longest that browsers write has about 70."""

_Clock = tuple[int, int, int, int]  # hour, minute, second, microsecond
_MIDNIGHT: _Clock = (0, 0, 0, 0)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MAX_OFFSET = 14 * 60  # Kiribati; the westernmost zone is at -12

_ENGLISH = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_RFC_2822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? )?([0-9]{1,2}) ([A-Za-z]{3}) ([0-9]{4}) "
    r"([0-9]{2}):([0-9]{2})(?::([0-9]{2}))? (?:([+-])([0-9]{2})([0-9]{2})|(?:GMT|UTC|UT|Z))(?: \([^()]*\))?"
)
# ISO 8601 extended or basic, date and time each for itself; also with a space or nothing for the T, as many write.
_ISO = re.compile(
    r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})"
    r"(?:[Tt ]?([0-9]{2})(:?)([0-9]{2})(?:\6([0-9]{2})(?:[.,]([0-9]+))?)?"
    r"(?: ?(?:([Zz])|([+\u2212-])([0-9]{2})(?::?([0-9]{2}))?(?:\[[\w/+-]+\])?))?)?",
    re.ASCII,
)
_WEEK_DATE = re.compile(r"([0-9]{4})(-?)W([0-9]{2})\2([1-7])")
_DAY_OF_YEAR = re.compile(r"([0-9]{4})-([0-9]{3})")
_EPOCH = re.compile(r"([0-9]{10})(?:([0-9]{3})|\.([0-9]{1,9}))?")
_LIKE_HOUR = re.compile(r"20[0-9]{2}(?:0[1-9]|1[0-2])(?:[0-2][0-9]|3[01])(?:[01][0-9]|2[0-3])")  # 2025011412

# The rest works on folded text: lower case, no accents, single spaces.
_HALF = r"(?: ?(?P<half>[ap])\.? ?m\b\.?)"
_TIMES = tuple(
    re.compile(pattern)
    for pattern in (
        rf"(?<![0-9:.])(?P<h>[0-9]{{1,2}}):(?P<m>[0-9]{{1,2}})(?::(?P<s>[0-9]{{1,2}})(?:[.,](?P<f>[0-9]+))?)?(?![0-9:]){_HALF}?",
        rf"(?<![0-9.])(?P<h>[0-9]{{1,2}}) ?h ?(?P<m>[0-9]{{2}})(?![0-9])(?P<s>)(?P<f>){_HALF}?",
        rf"(?<![0-9.])(?P<h>[0-9]{{1,2}})\.(?P<m>[0-9]{{2}})(?![0-9]|\. ?[0-9])(?P<s>)(?P<f>){_HALF}?",
        rf"(?<![0-9.])(?P<h>[0-9]{{1,2}})(?P<m>)(?P<s>)(?P<f>){_HALF}",
    )
)
_ZONE = re.compile(
    r" ?(?:uhr |hrs )?\(?(?P<name>[a-z]{1,5}(?![^\W\d_]))? ?"
    r"(?P<offset>(?P<sign>[+\u2212-])(?P<h>[0-9]{1,2})(?::?(?P<m>[0-9]{2}))?(?![0-9/.:])"
    r"(?: \(?(?P<after>[a-z]{2,5})\b\)?)?)?"
    r"\)?"
)
_COMMENT = re.compile(r" ?\([^()]*\)$")
_WORD = re.compile(r"[^\W\d_]+\.?")
_BETWEEN = re.compile(r"[,;|@'()\u00b7\u2022\u2013\u2014\u2019]|--+")
_ORDINAL = re.compile(r"\b([0-9]{1,2})(?:st|nd|rd|th|er|re|e|o|a)\b\.?")
_NAMED = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<d>[0-9]{1,2})[ ./-]*<(?P<m>[0-9]+)>[ ./-]*(?P<y>[0-9]{4}|[0-9]{2})",
        r"<(?P<m>[0-9]+)>[ ./-]*(?P<d>[0-9]{1,2})[ ./-]+(?P<y>[0-9]{4})",
        r"(?P<y>[0-9]{4})[ ./-]*<(?P<m>[0-9]+)>[ ./-]*(?P<d>[0-9]{1,2})",
    )
)
_YEAR_FIRST = re.compile(r"([0-9]{4}) ?([/.-]) ?([0-9]{1,2}) ?\2 ?([0-9]{1,2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2}) ?([/.-]) ?([0-9]{1,2}) ?\2 ?([0-9]{4})")


def parse_date(raw: str) -> int | None:
    """Read a date, or a date with a time.

    Read are RFC 2822 and its older forms, ISO 8601 (calendar, week and day-of-year dates, extended and basic), seconds
    and milliseconds since 1970, and what pages print, in the languages of Europe: `July 31, 2025, 3:45 p.m. ET`,
    `Mi, 04. Jan 2023 15.45 Uhr`, `2020/1/10 14:33:00`, `3:27 am PST, Wednesday, November 20, 2019`.

    A time without a zone, and a date without a time (its midnight), are taken as UTC. A weekday is not checked: where
    it contradicts the date, programs get the weekday wrong.

    Args:
        raw: As the document has it, without words before it (`Published:`).

    Returns:
        Microseconds since 1970 UTC. None where the string is no date, lacks the day, the month or the year, names a
        day or an hour that does not exist (nothing is rolled over; neither leap seconds nor 24:00 are read), can be
        read in two ways (`03/04/2024`, a two-digit year without the name of the month), has a time zone that is
        unknown or shares its name with another, or has a year before `MIN_YEAR` or after `MAX_YEAR`.
    """
    if len(raw) > 10 * MAX_LENGTH:
        return None
    text = " ".join(raw.split())
    if not 6 <= len(text) <= MAX_LENGTH:
        return None
    if match := _ISO.fullmatch(text):
        return _iso(match)
    if match := _RFC_2822.fullmatch(text):
        return _rfc_2822(match)
    if match := _EPOCH.fullmatch(text):
        return _epoch(match)
    if day := _other_iso_day(text):
        return _instant(day, _MIDNIGHT, 0)
    return _printed(text)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if MIN_YEAR <= year <= MAX_YEAR else None
    except ValueError:
        return None


def _instant(day: date | None, clock: _Clock, offset: int | None) -> int | None:
    """The instant of a local time that is `offset` minutes ahead of UTC."""
    hour, minute, second, microsecond = clock
    if day is None or offset is None or hour > 23 or minute > 59 or second > 59 or abs(offset) > _MAX_OFFSET:
        return None
    minutes = ((day.toordinal() - _EPOCH_DAY) * 24 + hour) * 60 + minute - offset
    return (minutes * 60 + second) * 1_000_000 + microsecond


def _offset(sign: str, hours: str, minutes: str | None) -> int | None:
    """Minutes ahead of UTC."""
    past = int(minutes or 0)
    if past >= 60:
        return None
    return (60 * int(hours) + past) * (1 if sign == "+" else -1)


def _fraction(digits: str | None) -> int:
    """Microseconds in a decimal fraction of a second, further digits cut."""
    return int(digits[:6].ljust(6, "0")) if digits else 0


def _iso(match: re.Match[str]) -> int | None:
    year, _, month, day, hour, _, minute, second, fraction, _, sign, off_hours, off_minutes = match.groups()
    whole = _day(int(year), int(month), int(day))
    if hour is None:
        return _instant(whole, _MIDNIGHT, 0)
    clock = (int(hour), int(minute), int(second or 0), _fraction(fraction) if fraction else 0)
    return _instant(whole, clock, _offset(sign, off_hours, off_minutes) if sign else 0)


def _rfc_2822(match: re.Match[str]) -> int | None:
    day, name, year, hour, minute, second, sign, off_hours, off_minutes = match.groups()
    month = _ENGLISH.get(name.lower())
    if month is None:
        return None
    clock = (int(hour), int(minute), int(second or 0), 0)
    return _instant(_day(int(year), month, int(day)), clock, _offset(sign, off_hours, off_minutes) if sign else 0)


def _epoch(match: re.Match[str]) -> int | None:
    """Seconds since 1970, with a fraction or not, or milliseconds."""
    seconds, millis, fraction = match.groups()
    if not millis and not fraction and _LIKE_HOUR.fullmatch(seconds):
        return None
    day = date.fromordinal(_EPOCH_DAY + int(seconds) // 86_400)
    if not MIN_YEAR <= day.year <= MAX_YEAR:
        return None
    return int(seconds) * 1_000_000 + _fraction(millis or fraction)


def _other_iso_day(text: str) -> date | None:
    """The day of a week date (`2024-W05-3`) or of a day of the year (`2024-366`)."""
    if match := _WEEK_DATE.fullmatch(text):
        try:
            day = date.fromisocalendar(int(match[1]), int(match[3]), int(match[4]))
        except ValueError:
            return None
    elif match := _DAY_OF_YEAR.fullmatch(text):
        first = _day(int(match[1]), 1, 1)
        if first is None or not 1 <= int(match[2]) <= 366:
            return None
        day = date.fromordinal(first.toordinal() + int(match[2]) - 1)
        if day.year != first.year:
            return None
    else:
        return None
    return day if MIN_YEAR <= day.year <= MAX_YEAR else None


@dataclass(frozen=True, slots=True)
class _Words:
    """What the words of a date mean; all folded."""

    months: dict[str, int]
    weekdays: frozenset[str]
    offsets: dict[str, int]
    american: dict[str, int]
    passed_over: frozenset[str]
    signs: dict[int, str]


@cache
def _words() -> _Words:
    files = resources.files("copydesk.transforms")
    table = tomllib.loads(files.joinpath("dates.toml").read_text("utf-8"))
    months: dict[str, int] = {}
    weekdays: frozenset[str] = frozenset()
    for line in files.joinpath("dates.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            number, words = line.split("\t")
            if number == "weekday":
                weekdays = frozenset(words.split())
            else:
                months.update(dict.fromkeys(words.split(), int(number)))
    signs = str.maketrans(table["signs"])
    passed_over = frozenset(table["passed_over"]["words"].split())
    return _Words(months, weekdays, table["offsets"], table["american"], passed_over, signs)


def _folded(text: str) -> str:
    """Lower case without accents; compatibility forms (full-width digits, no-break spaces) as the plain ones."""
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).translate(_words().signs).casefold())
    bare = "".join(character for character in text if not unicodedata.combining(character))
    return " ".join(unicodedata.normalize("NFC", bare).replace("ı", "i").split())


def _printed(text: str) -> int | None:
    """A date as a page prints it: first the time and its zone are taken out, then the rest must be a date."""
    text = _folded(text)
    time = next((match for pattern in _TIMES if (match := pattern.search(text))), None)
    if time is None:
        return _instant(_printed_day(text), _MIDNIGHT, 0)
    clock = _clock(time)
    if clock is None:
        return None
    zone = _zone(text, time.end(), is_american=bool(time["half"]))
    if zone is None:
        return None
    rest = text[zone.end :]
    if zone.is_named:
        rest = _COMMENT.sub("", rest)
    day = _printed_day(f"{text[: time.start()]} {rest}", is_american=bool(time["half"]))
    if day is None:
        return None
    return _instant(day, clock, _american_offset(zone.offset, day, clock) if zone.is_american else zone.offset)


def _clock(match: re.Match[str]) -> _Clock | None:
    """The time of day; None where it does not exist or says two things (`15:45 am`)."""
    hour, minute, second = int(match["h"]), match["m"] or "0", match["s"] or "0"
    if len(minute) == 1 and not match["s"] and match["m"]:
        return None  # 3:4 may be a score, a ratio or a date
    if half := match["half"]:
        if (hour > 12 and half == "a") or (hour == 0 and half == "p"):
            return None
        if hour == 12:
            hour = 0 if half == "a" else 12
        elif half == "p" and hour < 12:
            hour += 12
    return hour, int(minute), int(second), _fraction(match["f"])


@dataclass(frozen=True, slots=True)
class _Zone:
    """The time zone after a time: minutes ahead of UTC (for an American name in winter), where it ends in the text."""

    offset: int
    end: int
    is_named: bool = True
    is_american: bool = False


def _zone(text: str, position: int, *, is_american: bool) -> _Zone | None:
    """The zone that stands at the position, UTC where none does; None where it cannot be."""
    words = _words()
    match = _ZONE.match(text, position)
    name = match["name"] if match else None
    if match and match["offset"]:
        if name and words.offsets.get(name) != 0:
            return None  # EST+1 is read as one hour more or, by POSIX, as one hour west of Greenwich
        offset = _offset(match["sign"], match["h"], match["m"])
        is_date = match["after"] in words.months or match["after"] in words.weekdays
        return None if offset is None else _Zone(offset, match.start("after") if is_date else match.end())
    if match and name in words.offsets:
        return _Zone(words.offsets[name], match.end())
    if match and name in words.american and is_american:
        return _Zone(words.american[name], match.end(), is_american=True)
    return _Zone(0, position, is_named=False)


def _american_offset(winter: int, day: date, clock: _Clock) -> int | None:
    """Minutes ahead of UTC of standard or daylight time, whichever is in force in the United States.

    Daylight time runs from 2:00 on the first Sunday of April to 2:00 on the last of October, by the Uniform Time Act
    as amended in 1986; since 2007 from the second Sunday of March to the first of November, by the Energy Policy Act
    of 2005. None for the hour that does not exist in spring, and for the one that comes twice in autumn.
    """
    if day.year >= 2007:
        begin, end = _sunday(day.year, 3, 8), _sunday(day.year, 11, 1)
    else:
        begin, end = _sunday(day.year, 4, 1), _sunday(day.year, 10, 25)
    if (day == begin and clock[0] == 2) or (day == end and clock[0] == 1):
        return None
    is_daylight = begin <= day <= end and not (day == begin and clock[0] < 2) and not (day == end and clock[0] >= 2)
    return winter + 60 if is_daylight else winter


def _sunday(year: int, month: int, earliest: int) -> date:
    """The first Sunday on or after a day of the month."""
    day = date(year, month, earliest)
    return date.fromordinal(day.toordinal() + 6 - day.weekday())


def _printed_day(text: str, *, is_american: bool = False) -> date | None:
    """The day that a text names; None where it holds anything else beside weekdays and words without meaning.

    Args:
        text: Folded, without the time.
        is_american: Whether a time with am or pm stood beside it.
    """
    numbered = _with_months_as_numbers(_ORDINAL.sub(r"\1", text))
    if numbered is None:
        return None
    text = " ".join(_BETWEEN.sub(" ", numbered).split()).strip(" ./-")
    for pattern in _NAMED:
        if match := pattern.fullmatch(text):
            year = int(match["y"])
            if len(match["y"]) == 2:
                year += 2000 if year < 50 else 1900  # RFC 5322, section 4.3
            return _day(year, int(match["m"]), int(match["d"]))
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _YEAR_LAST.fullmatch(text):
        return _year_last(int(match[1]), int(match[3]), int(match[4]), is_dotted=match[2] == "." and not is_american)
    return None


def _with_months_as_numbers(text: str) -> str | None:
    """The text with `<7>` for July and without weekdays and words to pass over; None where any other word is in it."""
    words = _words()
    found = [word.rstrip(".") for word in _WORD.findall(text)]
    months = [word for word in found if word in words.months]
    # `mar` is March and, in French, Italian and Spanish, Tuesday: before another month it is the weekday.
    weekday = months[0] if len(months) == 2 and months[0] in words.weekdays else None
    if len(months) - (weekday is not None) > 1:
        return None
    if not all(word in words.months or word in words.weekdays or word in words.passed_over for word in found):
        return None
    passed = 0

    def replacement(match: re.Match[str]) -> str:
        nonlocal passed
        word = match[0].rstrip(".")
        if word not in words.months:
            return " "
        passed += 1
        return " " if weekday and passed == 1 else f"<{words.months[word]}>"

    return _WORD.sub(replacement, text)


def _year_last(first: int, second: int, year: int, *, is_dotted: bool) -> date | None:
    """The day of `first/second/year`; None where both readings are a day.

    No locale of the CLDR writes month.day.year with points, so points mean day first, unless beside
    a time with am or pm.
    """
    if is_dotted and second <= 12:
        return _day(year, second, first)
    if first <= 12 and second <= 12 and first != second:
        return None
    return _day(year, first, second) if second > 12 else _day(year, second, first)
