"""The words of which one stands in all that a pattern matches: a line without any of them need not be looked at.

Words are looked for with one automaton, at a cost that does not grow with their number. The patterns themselves,
searched for together, would need an automaton of so many states that it is never done with building them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from copydesk.transforms.boilerplate.heads import CLASS, GROUP, LISTED, QUANTITY

MANY: Final = 4_000
"""So many words are still looked for; a pattern with more is read as fewer and shorter ones."""

RARE: Final = 4.5
"""What a literal must weigh for lines with it to be few; see `_weight`."""

_COMMON: Final = frozenset(" .,'\"-0123456789")

_FLAGS: Final = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]*))?[:)]")


class Literal(NamedTuple):
    """A run of signs.

    Attributes:
        text: In lower case unless `cased`.
        cased: It stands in a text as it is written here; else upper and lower case are alike.
    """

    text: str
    cased: bool


_Literals = frozenset[Literal]
_EMPTY: Final = frozenset([Literal("", True)])


class _Found(NamedTuple):
    """What is known of a part of a pattern.

    Attributes:
        exact: All that it matches, None where that is too much.
        needed: Literals of which one stands in all that it matches, None where none are known.
    """

    exact: _Literals | None
    needed: _Literals | None


_ANYTHING: Final = _Found(None, None)
_NOTHING: Final = _Found(_EMPTY, None)


def literals(pattern: str, cased: bool = False) -> frozenset[Literal] | None:
    """The literals of which one stands in all that a pattern matches.

    Args:
        pattern: RE2.
        cased: Upper and lower case differ where the pattern does not say otherwise.

    Returns:
        Literals that are rare in prose; None where there are none, or where the pattern is not understood.
    """
    found = _Reader(pattern, cased).read()
    best = _best([found.exact, found.needed])
    return best if best is not None and _weight(best) >= RARE else None


class _Reader:
    """Reads a pattern from left to right. What it does not know may be anything."""

    def __init__(self, pattern: str, cased: bool) -> None:
        self.pattern = pattern
        self.cased = cased
        self.at = 0

    def read(self) -> _Found:
        found = self._either()
        return found if self.at == len(self.pattern) else _ANYTHING

    def _either(self) -> _Found:
        found = [self._row()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            found.append(self._row())
        if len(found) == 1:
            return found[0]
        exact = [one.exact for one in found]
        needed = [_best([one.exact, one.needed]) for one in found]
        return _Found(_union(exact), _union(needed))

    def _row(self) -> _Found:
        cased = self.cased
        run: _Literals | None = _EMPTY  # what the parts just read match together
        whole = True
        known: list[_Literals | None] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            part = self._repeated()
            joined = _product(run, part.exact)
            if joined is None:
                whole = False
                known += [run, part.needed, part.exact]
                run = part.exact if part.exact is not None else _EMPTY
            else:
                run = joined
        self.cased = cased
        return _Found(run if whole else None, _best([*known, run]))

    def _repeated(self) -> _Found:
        found = self._one()
        while quantity := QUANTITY.match(self.pattern, self.at):
            self.at = quantity.end()
            if quantity[0] == "?":
                found = _Found(_union([found.exact, _EMPTY]), None)
            elif quantity[0] == "*" or quantity[1] == "0":
                found = _ANYTHING
            elif quantity[0] != "{1}":
                found = _Found(None, _best([found.exact, found.needed]))
            if self.pattern.startswith("?", self.at):
                self.at += 1
        return found

    def _one(self) -> _Found:
        sign = self.pattern[self.at]
        if sign == "(" and (opened := GROUP.match(self.pattern, self.at)):
            cased = self.cased
            if flags := _FLAGS.match(self.pattern, self.at):
                self.cased = (cased or "i" in (flags[2] or "")) and "i" not in flags[1]
            self.at = opened.end()
            if opened[0].endswith("?") or self.pattern.startswith(")", self.at):  # `(?i)`: for the rest of its group
                self.at += 1
                return _NOTHING
            found = self._either()
            self.cased = cased
            self.at += 1
            return found
        if sign == "[" and (signs := CLASS.match(self.pattern, self.at)):
            self.at = signs.end()
            if signs[1] or not LISTED.fullmatch(signs[2]) or "\\d" in signs[2]:
                return _ANYTHING
            return self._any_of(re.sub(r"\\(.)", r"\1", signs[2]))
        if sign == "\\":
            return self._escape()
        self.at += 1
        if sign in "^$":
            return _NOTHING
        return _ANYTHING if sign in ".([" else self._any_of(sign)

    def _escape(self) -> _Found:
        sign = self.pattern[self.at + 1 : self.at + 2]
        self.at += 2
        if sign in ("b", "B"):
            return _NOTHING
        if sign and not sign.isalnum():
            return self._any_of(sign)
        if self.pattern.startswith("{", self.at):  # \p{Lu}, \x{2019}
            self.at = self.pattern.find("}", self.at) + 1 or len(self.pattern)
        elif sign in ("p", "P"):
            self.at += 1
        elif sign == "x":
            self.at += 2
        elif sign == "Q":
            self.at = len(self.pattern) + 1  # rare: not worth reading
        return _ANYTHING

    def _any_of(self, signs: Iterable[str]) -> _Found:
        return _Found(frozenset(Literal(sign if self.cased else sign.lower(), self.cased) for sign in signs), None)


def _union(parts: Iterable[_Literals | None]) -> _Literals | None:
    together: set[Literal] = set()
    for part in parts:
        if part is None:
            return None
        together |= part
    return frozenset(together) if len(together) <= MANY else None


def _product(first: _Literals | None, second: _Literals | None) -> _Literals | None:
    """Each of the first with each of the second after it."""
    if first is None or second is None or len(first) * len(second) > MANY:
        return None
    return frozenset(_joined(one, other) for one in first for other in second)


def _joined(one: Literal, other: Literal) -> Literal:
    if one.cased == other.cased:
        return Literal(one.text + other.text, one.cased)
    if all(literal.cased or literal.text.upper() == literal.text for literal in (one, other)):
        return Literal(one.text + other.text, True)
    return Literal((one.text + other.text).lower(), False)


def _best(choices: Iterable[_Literals | None]) -> _Literals | None:
    """The literals that are rarest in prose."""
    known = [choice for choice in choices if choice]
    return max(known, key=lambda choice: (_weight(choice), -len(choice)), default=None)


def _weight(choice: _Literals) -> float:
    """How rare the least rare of them is: a letter weighs 1, in its case 1.5 or 2.5, a sign 3, a common one 0.5."""
    return min(sum(_weight_of(sign, cased) for sign in text) for text, cased in choice)


def _weight_of(sign: str, cased: bool) -> float:
    if sign in _COMMON:
        return 0.5
    if not sign.isalpha():
        return 3.0
    return (2.5 if sign.isupper() else 1.5) if cased else 1.0
