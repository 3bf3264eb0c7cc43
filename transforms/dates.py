"""Dates as sources print them, read with certainty or not at all."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, lru_cache
from importlib import resources

MIN_YEAR = 1990
MAX_YEAR = 2100
"""Years outside are not of news on the web: most are zero values of a database, such as Go's 0001-01-01."""

_MAX_LENGTH = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{1,2})(?:[:.](?P<second>\d{1,2})(?:[.,:](?P<fraction>\d{1,9}))?)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?(?:\s*(?:uhr|hrs?|h)\b)?"
)
_ZONE = (
    r"\s*\(?(?P<zone>[a-z]{1,5}\s?[+-]\s?\d{1,2}(?::?\d\d)?|[+-]\s?\d{1,2}(?::?\d\d)?|[a-z]{1,5})?\)?(?:\s*\([^()]*\))?"
)
_BEFORE_CLOCK = r"(?:,|\s|-|–|\||t|at|um|à|kl\.?|ore|alle|a las)*?"
_TIME = rf"(?:{_BEFORE_CLOCK}[\s,t-]+{_CLOCK}{_ZONE})?"
_WEEKDAY = r"(?:[^\W\d_]{2,12}\.?(?:-feira)?(?:\s*,\s*|\s+|(?=\d)))?"
_MONTH_WORD = r"(?P<word>[^\W\d_]{3,13})\.?"
_ISO_ZONE = r"\s*(?P<zone>z|utc|gmt|[+-]\d{1,2}(?::?\d\d)?)?"

_SHAPES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 2026-02-17T18:29:05.916-05:00, 2020/1/10 14:33:00, 2026-02-17 18:29 GMT+9, 20021231T192030Z, 2002-12-31T192030
        rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_TIME}",
        r"(?P<year>\d{4})-?(?P<month>\d\d)-?(?P<day>\d\d)"
        rf"(?:[t ](?P<hour>\d\d)(?P<minute>\d\d)(?:(?P<second>\d\d)(?:[.,](?P<fraction>\d{{1,9}}))?)?{_ISO_ZONE})?",
        # Tue, 17 Feb 2026 18:29:05 +0000, Thu,28 Jul 2022 4:35:5 GMT+9, Mi, 04 Jan 2023, mer, 16 nov 2022, 17. März 2026
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|er|º)?(?:\.|\s|-|/|de\s|of\s|,)*{_MONTH_WORD}"
        rf"(?:\s|\.|-|/|,|de\s|del\s)*(?P<year>\d{{4}}|\d\d(?=\s)|\d\d$){_TIME}",
        # February 17, 2026 6:29 pm EST, Tue, Feb 17th 2026 at 6:29 p.m.
        rf"{_WEEKDAY}{_MONTH_WORD}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,|\s)+(?P<year>\d{{4}}){_TIME}",
        # Tue Feb 17 18:29:05 EST 2026
        rf"{_WEEKDAY}{_MONTH_WORD}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}{_ZONE}\s+(?P<year>\d{{4}})",
        # 17.02.2026, 18:29 Uhr
        rf"{_WEEKDAY}(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?(?P<year>\d{{4}}){_TIME}",
        # 02/17/2026 - 18:29: day or month first, and read only where one of them cannot be a month
        rf"{_WEEKDAY}(?P<first>\d{{1,2}})(?P<mark>[/-])(?P<second_number>\d{{1,2}})(?P=mark)(?P<year>\d{{4}}){_TIME}",
    )
)
_EPOCH_NUMBER = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?|(\d{12,13})|(\d{15,16})")
_OFFSET = re.compile(r"(?:[a-z]{1,5}\s?)?([+-])\s?(\d{1,2})(?::?(\d\d))?$", re.IGNORECASE)
# The two shapes of nearly all feeds, ahead of the table.
_RFC_822 = re.compile(r"[A-Z][a-z]{2}, (\d\d?) ([A-Z][a-z]{2}) (\d{4}) (\d\d):(\d\d):(\d\d) (GMT|[+-]\d{4})")
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3}(?:\d{3})?)?(?:Z|[+-]\d\d:\d\d)")


@lru_cache(maxsize=65536)
def parse_date(raw: str) -> int | None:
    """Read a date, or a date and time, as a feed, a page or a record prints it.

    Read are RFC 822 and RFC 3339 and what houses make of them, ISO 8601 dates, Unix time in seconds, milliseconds or
    microseconds, and dates with the name of a month in about twenty European languages. A date without a zone is
    taken to be UTC, one without a time to be midnight: the error is below a day, and the raw string is kept beside.
    Nothing is filled in from today.

    Args:
        raw: The string to the letter.

    Returns:
        Microseconds since 1970 UTC. None where the string is no date, where it can be read in two ways (`03/04/2026`),
        where a part is impossible (month 13, 25:51), where its zone is unknown, and for years outside
        `MIN_YEAR` to `MAX_YEAR`.
    """
    text = " ".join(raw.split()) if len(raw) <= _MAX_LENGTH else ""
    if not text:
        return None
    try:
        moment = _common(text) or _epoch(text) or _shaped(text)
    except (ValueError, OverflowError):
        return None
    if moment is None or not MIN_YEAR <= moment.year <= MAX_YEAR:
        return None
    return (moment - _EPOCH) // _MICROSECOND


def _common(text: str) -> datetime | None:
    if match := _RFC_822.fullmatch(text):
        day, month, year, hour, minute, second, zone = match.groups()
        number = _words()[0].get(month.lower())
        # A leap second and a strange month go the slow way.
        if number is None or second == "60":
            return None
        offset = UTC if zone == "GMT" else _zone(zone)
        return datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=offset)
    return datetime.fromisoformat(text) if _RFC_3339.fullmatch(text) and text[17:19] != "60" else None


def _epoch(text: str) -> datetime | None:
    match = _EPOCH_NUMBER.fullmatch(text)
    if not match:
        return None
    seconds, fraction, milliseconds, microseconds = match.groups()
    if seconds:
        return _EPOCH + timedelta(seconds=int(seconds), microseconds=_microseconds(fraction))
    unit = timedelta(milliseconds=int(milliseconds)) if milliseconds else timedelta(microseconds=int(microseconds))
    return _EPOCH + unit


def _shaped(text: str) -> datetime | None:
    for shape in _SHAPES:
        match = shape.fullmatch(text)
        if match and (moment := _moment(match.groupdict())) is not None:
            return moment
    return None


def _moment(parts: dict[str, str | None]) -> datetime | None:
    day_and_month = _day_and_month(parts)
    zone = _zone(parts.get("zone"))
    if day_and_month is None or zone is None:
        return None
    day, month = day_and_month
    hour, minute, second = (int(parts.get(name) or 0) for name in ("hour", "minute", "second"))
    half = (parts.get("half") or "").replace(".", "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "pm" else 0)
    # A leap second is the last second of its minute to all who do not count them.
    leap = timedelta(seconds=1) if second == 60 else timedelta()
    year = _year(parts["year"] or "")
    return (
        datetime(year, month, day, hour, minute, min(second, 59) if leap else second, tzinfo=zone)
        + leap
        + timedelta(microseconds=_microseconds(parts.get("fraction")))
    )


def _day_and_month(parts: dict[str, str | None]) -> tuple[int, int] | None:
    if word := parts.get("word"):
        month = _words()[0].get(word.lower())
        return None if month is None else (int(parts["day"] or 0), month)
    if first := parts.get("first"):
        one, two = int(first), int(parts["second_number"] or 0)
        if one > 12 or one == two:
            return one, two
        return (two, one) if two > 12 else None
    return int(parts["day"] or 0), int(parts["month"] or 0)


def _year(digits: str) -> int:
    """Two digits are of RFC 822: 90 to 99 mean the nineties, the rest this century."""
    return int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) >= 90 else 2000)


def _zone(name: str | None) -> timezone | None:
    """The zone of a name or an offset, UTC without one; None where it is unknown."""
    if name is None or not name.strip():
        return UTC
    if match := _OFFSET.fullmatch(name.strip()):
        sign, hours, minutes = match.groups()
        digits = int(hours) * 60 + int(minutes or 0)
        # No zone is further than 14 hours from Greenwich.
        if digits > 14 * 60 or int(minutes or 0) > 59:
            return None
        return timezone(timedelta(minutes=digits if sign == "+" else -digits))
    return _words()[1].get(name.strip().lower())


def _microseconds(fraction: str | None) -> int:
    return int((fraction or "0")[:6].ljust(6, "0"))


@cache
def _words() -> tuple[dict[str, int], dict[str, timezone]]:
    """Months by name and zones by name."""
    table = tomllib.loads(resources.files("copydesk.transforms").joinpath("date_words.toml").read_text("utf-8"))
    months = {word: int(number) for number, words in table["months"].items() for word in words.split()}
    zones: dict[str, timezone] = {}
    for offset, names in table["zones"].items():
        sign = -1 if offset.startswith("-") else 1
        hours, minutes = offset[1:].split(":")
        for name in names.split():
            zones[name] = timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))
    return months, zones
