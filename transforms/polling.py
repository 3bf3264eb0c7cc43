"""When a feed is asked again, and what is remembered of it: a pure function of what was remembered, an outcome, a time.

All times are whole seconds since 1970 UTC and come from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median
from typing import Any, Final

from copydesk.transforms.identity import digest

DAY: Final = 86_400
MAX_SECONDS: Final = DAY
"""The longest wait: whatever a server says, a feed is asked once a day."""
SIGHTINGS: Final = 3
"""So often a permanent redirect must lead to the same address before that is asked first."""
_REMEMBERED_ENTRIES: Final = 5_000
_REMEMBERED_DAYS: Final = 7
_MAX_AGE: Final = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,10})", re.IGNORECASE)
_NO_STORE: Final = re.compile(r"(?:^|[\s,])no-(?:store|cache)\b", re.IGNORECASE)
_SENDABLE: Final = re.compile(r"[\x20-\x7e\x80-\xff]{1,1000}")


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is remembered of a feed between two polls.

    Attributes:
        url: As it is listed; it names the feed for ever.
        moved_to: The address asked instead, once a permanent redirect has been seen SIGHTINGS times.
        moving_to: Where permanent redirects lead at present.
        sightings: How often in a row they led there.
        etag: To send back, byte for byte (as Latin-1).
        last_modified: The same.
        body: Fingerprint of the last body: what is the same says nothing new.
        next_poll: Not before this time.
        wait_until: The server asked not to be asked before this time.
        last_try: When it was last asked.
        last_success: When it last gave a feed, or said that nothing is new.
        last_new: When a body was last another than before.
        gap: Half the median gap between the entries of the last body, in seconds.
        ttl: Seconds that the feed itself asked for with its last body.
        errors: Failures in a row.
        error: The last of them, in words; "" after a success.
        gone: It answered 410; it is asked no more.
        entries: Digests of the keys of the entries of the last body.
        versions: Of the entries of the last body that had any new: all of them are archived.
        pages: Versions of the entries of the last body whose pages were read.
        new: Entries that were new, by day (`2026-01-31`).
    """

    url: str
    moved_to: str = ""
    moving_to: str = ""
    sightings: int = 0
    etag: str = ""
    last_modified: str = ""
    body: str = ""
    next_poll: int = 0
    wait_until: int = 0
    last_try: int = 0
    last_success: int = 0
    last_new: int = 0
    gap: int = 0
    ttl: int = 0
    errors: int = 0
    error: str = ""
    gone: bool = False
    entries: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    new: Mapping[str, int] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """What to ask."""
        return self.moved_to or self.url

    def conditions(self) -> dict[str, str]:
        """The headers by which a server may answer 304."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in given.items() if value}

    def is_due(self, now: int, *, asked_for: bool = False) -> bool:
        """True if it may be asked now.

        Args:
            now: The time.
            asked_for: A person asks for it, whatever the schedule; what the server said holds all the same.
        """
        return not self.gone and now >= (self.wait_until if asked_for else self.next_poll)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one poll.

    Attributes:
        status: Of the answer; 0 where there was none.
        headers: Of the answer, names in lower case.
        permanent_to: Where a chain of permanent redirects, from the address that was asked on, led.
        error: Why the answer, or the want of one, is no success; "" where it is one.
        body: Fingerprint of the body, where there was one.
        entries: Digests of the keys of its entries.
        times: When its entries were published.
        ttl: Seconds that the feed itself asks for.
        versions: Of its entries.
        pages: Versions of its entries whose pages were read, now or before.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    permanent_to: str = ""
    error: str = ""
    body: str = ""
    entries: Sequence[str] = ()
    times: Sequence[int] = ()
    ttl: int = 0
    versions: Sequence[str] = ()
    pages: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How often feeds are asked.

    Attributes:
        every: Never sooner than this, in seconds.
        at_most: Never later.
        seed: Of the jitter.
    """

    every: int
    at_most: int = MAX_SECONDS
    seed: str = ""


def after(before: Remembered, seen: Outcome, now: int, pace: Pace) -> Remembered:
    """What is remembered after a poll."""
    asked_until = retry_after(seen.headers, now)
    if seen.status == 410:
        return replace(before, gone=True, last_try=now, errors=before.errors + 1, error="410: gone for good")
    moved = _moved(before, seen)
    if seen.error:
        wait = max(_backed_off(moved, pace), asked_until)
        return replace(
            moved,
            last_try=now,
            errors=before.errors + 1,
            error="".join(char if char.isprintable() else " " for char in seen.error[:300]),
            wait_until=now + min(asked_until, pace.at_most) if asked_until else before.wait_until,
            next_poll=now + _clamped(wait, pace),
        )
    is_new = seen.status != 304 and seen.body != before.body
    known = set(before.entries)
    added = sum(entry not in known for entry in seen.entries) if is_new else 0
    gap = adaptive(seen.times) if is_new else before.gap
    ttl = before.ttl if seen.status == 304 else seen.ttl
    return replace(
        moved,
        etag=_sendable(seen.headers.get("etag")) or (before.etag if seen.status == 304 else ""),
        last_modified=_sendable(seen.headers.get("last-modified"))
        or (before.last_modified if seen.status == 304 else ""),
        body=seen.body if is_new else before.body,
        next_poll=now + _clamped(max(gap, ttl, fresh_for(seen.headers, now), asked_until), pace),
        wait_until=now + min(asked_until, pace.at_most) if asked_until else 0,
        last_try=now,
        last_success=now,
        last_new=now if is_new else before.last_new,
        gap=gap,
        ttl=ttl,
        errors=0,
        error="",
        # A feed that is empty for a while has not forgotten what it had.
        entries=tuple(seen.entries)[:_REMEMBERED_ENTRIES] if is_new and seen.entries else before.entries,
        versions=tuple(seen.versions)[:_REMEMBERED_ENTRIES] if is_new and seen.entries else before.versions,
        pages=tuple(seen.pages)[:_REMEMBERED_ENTRIES] if is_new and seen.entries else before.pages,
        new=_counted(before.new, now, added),
    )


def _moved(before: Remembered, seen: Outcome) -> Remembered:
    """A permanent redirect that leads to a feed again and again is believed; an error page is no new home."""
    if seen.error:
        return before
    if not seen.permanent_to:
        return replace(before, moving_to="", sightings=0)
    sightings = before.sightings + 1 if seen.permanent_to == before.moving_to else 1
    if sightings < SIGHTINGS:
        return replace(before, moving_to=seen.permanent_to, sightings=sightings)
    return replace(before, moved_to=seen.permanent_to, moving_to="", sightings=0)


def _backed_off(before: Remembered, pace: Pace) -> int:
    """Twice as long after each failure, within a tenth more or less so that feeds that fell together do not rise so."""
    wait = min(pace.every * 2 ** min(before.errors + 1, 16), pace.at_most)
    share = int(digest(pace.seed, before.url, str(before.errors))[:8], 16) / 0xFFFFFFFF
    return int(wait * (0.9 + 0.2 * share))


def _clamped(wait: float, pace: Pace) -> int:
    return int(min(max(wait, pace.every), max(pace.every, pace.at_most)))


def adaptive(times: Sequence[int]) -> int:
    """Half the median gap between entries, in seconds; 0 where there are too few to tell.

    Args:
        times: When they were published, in any order.
    """
    ordered = sorted(set(times))
    gaps = [later - sooner for sooner, later in pairwise(ordered)]
    return int(median(gaps) / 2) if gaps else 0


def fresh_for(headers: Mapping[str, str], now: int) -> int:
    """For how many seconds the answer is fresh, by Cache-Control, or else by Expires (RFC 9111, 4.2.1)."""
    control = headers.get("cache-control", "")
    if _NO_STORE.search(control):
        return 0
    if match := _MAX_AGE.search(control):
        return max(0, int(match[1]) - _number(headers.get("age")))
    expires = http_time(headers.get("expires"))
    if expires is None:
        return 0
    return max(0, expires - (http_time(headers.get("date")) or now))


def retry_after(headers: Mapping[str, str], now: int) -> int:
    """Seconds that the server asks to be left alone: a number, or the time of a date; 0 where it does not."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal() and said.isascii():
        return int(said[:10])
    moment = http_time(said)
    return max(0, moment - now) if moment is not None else 0


def http_time(said: str | None) -> int | None:
    """The time of an HTTP date; None where it is none."""
    try:
        moment = parsedate_to_datetime(said or "")
    except (ValueError, OverflowError, TypeError):
        return None
    try:
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        return None


def _number(said: str | None) -> int:
    said = (said or "").strip()
    return int(said[:10]) if said.isdecimal() and said.isascii() else 0


def _sendable(value: str | None) -> str:
    """A validator that can be sent back as it came; "" where that is not so."""
    return value if value and _SENDABLE.fullmatch(value) else ""


def _counted(new: Mapping[str, int], now: int, added: int) -> dict[str, int]:
    first = datetime.fromtimestamp(max(0, now - _REMEMBERED_DAYS * DAY), UTC).date().isoformat()
    today = datetime.fromtimestamp(now, UTC).date().isoformat()
    kept = {day: count for day, count in new.items() if day > first}
    return {**kept, today: kept.get(today, 0) + added} if added else kept


def per_day(state: Remembered, now: int) -> float:
    """New entries a day over the last week, as far as they were counted."""
    first = datetime.fromtimestamp(max(0, now - _REMEMBERED_DAYS * DAY), UTC).date().isoformat()
    return sum(count for day, count in state.new.items() if day > first) / _REMEMBERED_DAYS


def to_json(state: Remembered) -> dict[str, Any]:
    """What is not as at first, as JSON values."""
    fresh = Remembered(state.url)
    values = {name: getattr(state, name) for name in Remembered.__slots__}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if name == "url" or value != getattr(fresh, name)
    }


def from_json(values: Mapping[str, Any]) -> Remembered:
    """What `to_json` wrote; names that a later release added are passed over."""
    known = {name: value for name, value in values.items() if name in Remembered.__slots__}
    known.update({name: tuple(known[name]) for name in ("entries", "versions", "pages") if name in known})
    return Remembered(**known)
