"""How the lines begin that a pattern matches: what can be looked for first, at next to no cost.

All patterns together make an automaton of so many states that it is never done with building them; the beginnings
alone make a small one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 14
"""How much of a beginning is worked out, code points."""

FEW: Final = 300
"""So many beginnings are few enough; where there are more, they are made shorter."""

_TWICE: Final = 8  # beginnings of what is repeated: so few are followed into the second time

_Heads = frozenset[tuple[str, bool]]
"""Beginnings, and whether what follows in the pattern follows them at once (else anything may)."""

_ANYTHING: Final[_Heads] = frozenset([("", False)])
_NOTHING: Final[_Heads] = frozenset([("", True)])
_DIGITS: Final = "0123456789"
QUANTITY: Final = re.compile(r"[*+?]|\{(\d+)(?:,\d*)?\}")
GROUP: Final = re.compile(r"\((?:\?(?:P?<\w+>|[a-zA-Z]*(?:-[a-zA-Z]+)?(?::|(?=\)))))?")
CLASS: Final = re.compile(r"\[(\^?)((?:\]|\[:\^?\w+:\]|\\.|[^\]\\])(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]", re.DOTALL)
_WHOLE: Final = re.compile(rf"\\.|{CLASS.pattern}|.", re.DOTALL)
LISTED: Final = re.compile(r"(?:\\d|\\[^\w\s]|[^\\\[-](?!-.)|^-|-$)*")
"""The inside of a class that names its signs one by one, but for the digits."""


def heads(pattern: str) -> frozenset[str] | None:
    """The beginnings, in lower case, of all that a pattern matches.

    Args:
        pattern: RE2, taken to be matched from the start of a line, upper and lower case alike.

    Returns:
        Every match begins with one of them; a line feed at the end stands for the end of the line. None where a match
        may begin with anything.
    """
    found = {head for head, _ in _Reader(pattern).read()}
    if "" in found:
        return None
    return frozenset(head for head in found if not any(head[:end] in found for end in range(1, len(head))))


class _Reader:
    """Reads a pattern from left to right. What it does not know may be anything."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def read(self) -> _Heads:
        found = self._either()
        return found if self.at == len(self.pattern) else _ANYTHING

    def _either(self) -> _Heads:
        found = self._row()
        while self.pattern.startswith("|", self.at):
            self.at += 1
            found = _few(found | self._row())
        return found

    def _row(self) -> _Heads:
        found = _NOTHING
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            if any(goes_on for _, goes_on in found):
                found = _then(found, self._repeated())
            else:
                self._skip_row()
        return found

    def _skip_row(self) -> None:
        depth = 0
        while self.at < len(self.pattern) and (depth or self.pattern[self.at] not in "|)"):
            depth += {"(": 1, ")": -1}.get(self.pattern[self.at], 0)
            sign = _WHOLE.match(self.pattern, self.at)
            self.at = sign.end() if sign else len(self.pattern)

    def _repeated(self) -> _Heads:
        found = self._one()
        while quantity := QUANTITY.match(self.pattern, self.at):
            self.at = quantity.end()
            if quantity[0] != "?":
                again = _then(found, found) if len(found) <= _TWICE else found
                found = (found if len(found) <= _TWICE else _NOTHING - _NOTHING) | {
                    (head, goes_on and not head) for head, goes_on in again
                }
            if quantity[0] in "*?" or quantity[1] == "0":
                found |= _NOTHING
            if self.pattern.startswith("?", self.at):
                self.at += 1
        return found

    def _one(self) -> _Heads:
        sign = self.pattern[self.at]
        if sign == "(" and (opened := GROUP.match(self.pattern, self.at)):
            self.at = opened.end()
            found = self._either()
            self.at += 1
            return found
        if sign == "[" and (signs := CLASS.match(self.pattern, self.at)):
            self.at = signs.end()
            return _ANYTHING if signs[1] else _members(signs[2])
        if sign == "\\":
            return self._escape()
        self.at += 1
        if sign in "^$":
            return _NOTHING if sign == "^" else frozenset([("\n", False)])
        return _ANYTHING if sign in ".([" else frozenset([(sign.lower(), True)])

    def _escape(self) -> _Heads:
        sign = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if sign in ("b", "B"):
            return _NOTHING
        if sign == "d":
            return frozenset((digit, False) for digit in _DIGITS)
        if sign and not sign.isalnum():
            return frozenset([(sign, True)])
        if self.pattern.startswith("{", self.at):  # \p{Lu}, \x{2019}
            self.at = self.pattern.find("}", self.at) + 1 or len(self.pattern)
        elif sign in ("p", "P"):
            self.at += 1
        elif sign == "x":
            self.at += 2
        elif sign == "Q":
            self.at = len(self.pattern) + 1  # rare: not worth reading
        return _ANYTHING


def _members(inside: str) -> _Heads:
    """The signs of a class."""
    if not LISTED.fullmatch(inside):
        return _ANYTHING
    listed = inside.replace("\\d", "")
    goes_on = listed == inside and len(inside) <= 12
    signs = set(re.sub(r"\\(.)", r"\1", listed)) | (set(_DIGITS) if listed != inside else set())
    return frozenset((sign.lower(), goes_on) for sign in signs)


def _then(first: _Heads, second: _Heads) -> _Heads:
    """Beginnings of one thing and another after it."""
    made = {(head, False) for head, goes_on in first if not goes_on}
    for head, goes_on in first:
        if goes_on:
            for more, on in second:
                text = head + more
                made.add((text[:LONGEST], on and len(text) < LONGEST))
    return _few(made)


def _few(found: Iterable[tuple[str, bool]]) -> _Heads:
    kept = frozenset(found)
    length = LONGEST
    while len(kept) > FEW:
        length -= 1
        kept = frozenset((head[:length], goes_on and len(head) < length) for head, goes_on in kept)
    return kept
