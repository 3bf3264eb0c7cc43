"""Put a text into one variety of English, and mark every change."""

from __future__ import annotations

from bisect import bisect
from functools import cache
from typing import Literal, NamedTuple

from copydesk.transforms.spelling import names
from copydesk.transforms.spelling.markup import SOFT_HYPHEN, marks_in_words, with_mark, without_markup
from copydesk.transforms.spelling.masks import Masks
from copydesk.transforms.spelling.scan import Scanner
from copydesk.transforms.spelling.sense import SenseRule, sense_rules
from copydesk.transforms.spelling.table import VARIETIES as TABLE_VARIETIES
from copydesk.transforms.spelling.table import (
    Hyphens,
    coined,
    coined_endings,
    data_version,
    prefixes,
    table,
    table_lines,
)

VARIETIES = (*TABLE_VARIETIES, "keep")
"""What a Speller can be asked for; `keep` leaves every text as it is."""

Names = Literal["keep", "official", "target"]
Quotes = Literal["house", "keep"]
Acronyms = Literal["keep", "word", "capitals"]

_ENGLISH_ACRONYMS = frozenset({"aids"})
"""Acronyms that are English words too: at the start of a sentence they may be either."""
_HYPHENS = "-‐‑"
_SPACES = " \u00a0\u202f\u2009"


class Change(NamedTuple):
    """One respelling.

    Attributes:
        start: Offset in the input, in code points.
        length: Length of `old`.
        old: What stood there, with its case, hyphens and soft hyphens.
        new: What stands there now.
        rule: Name of the rule: a family of `families.toml`, `word`, `hyphen`, `diaeresis`, `sense.NAME`,
            `name.official`, `name.target` or `acronym`.
    """

    start: int
    length: int
    old: str
    new: str
    rule: str


class Respelling(NamedTuple):
    """A text in the house's variety, and what was changed to get there.

    Attributes:
        text: The respelt text.
        changes: In order of `start`, not overlapping; replacing each in the input gives `text`.
    """

    text: str
    changes: tuple[Change, ...]


class _Form(NamedTuple):
    """What is known of one form."""

    new: str
    rule: str
    sense: SenseRule | None
    joint: tuple[int, str] | None


@cache
def _scanner(variety: str, hyphens: Hyphens, acronyms: Acronyms) -> tuple[Scanner, dict[str, _Form]]:
    """What a Speller works with; built once per process, variety and style."""
    entries = table(variety, hyphens)
    senses = sense_rules()
    known = {form: _Form(entry.new, entry.rule, senses.get(form), _joint(form)) for form, entry in entries.items()}
    for form, new in _acronyms(acronyms).items():
        known.setdefault(form, _Form(new, "acronym", None, None))
    by_ending = {form: entry.ending for form, entry in entries.items() if entry.ending}
    plain = (form for form in known if form not in by_ending)
    return Scanner(plain, by_ending, prefixes(), coined_endings(variety)), known


def _joint(form: str) -> tuple[int, str] | None:
    """Where a form has a hyphen or a space, and what may stand there: folded text does not tell them apart."""
    for joint, written in (("-", _HYPHENS), (" ", _SPACES)):
        if joint in form:
            return form.index(joint), written
    return None


def _acronyms(style: Acronyms) -> dict[str, str]:
    if style == "keep":
        return {}
    pairs = list(table_lines("acronyms.tsv"))
    return {capitals.lower(): word if style == "word" else capitals for capitals, word in pairs}


class Speller:
    """Respells English text into one variety, leaving names, machine text, quotations of writing and mentions alone.

    A Speller holds only its options, so it pickles to a few bytes; its tables are built on first use in each process.

    Args:
        variety: One of `VARIETIES`.
        names: `keep` leaves names as they are; `official` also puts names of the gazetteer back into their official
            spelling; `target` respells the institution words (Centre, Organisation, Defence, ...) in names too.
        quotes: `house` respells quotations like the rest; `keep` leaves text in quotation marks alone.
        hyphens: `variety` closes up what the varieties part over (co-operate, coöperate); `modern` also what houses of
            any variety once wrote apart (e-mail, on-line, web site); `keep` leaves hyphens as they are.
        acronyms: `keep`, or how acronyms said as words are written: `word` (Nasa) or `capitals` (NASA).

    Raises:
        ValueError: An option that is none of those.
    """

    def __init__(
        self,
        variety: str,
        names: Names = "keep",
        quotes: Quotes = "house",
        hyphens: Hyphens = "variety",
        acronyms: Acronyms = "keep",
    ) -> None:
        for option, value, allowed in (
            ("variety", variety, VARIETIES),
            ("names", names, ("keep", "official", "target")),
            ("quotes", quotes, ("house", "keep")),
            ("hyphens", hyphens, ("variety", "modern", "keep")),
            ("acronyms", acronyms, ("keep", "word", "capitals")),
        ):
            if value not in allowed:
                raise ValueError(f"{option} is {value!r}; it can be {', '.join(allowed)}")
        self.variety = variety
        self.names = names
        self.quotes = quotes
        self.hyphens = hyphens
        self.acronyms = acronyms

    @property
    def version(self) -> str:
        """A digest of the rules, the same for the same rules on any machine, whatever the options."""
        return data_version()

    def __repr__(self) -> str:
        options = ("names", "quotes", "hyphens", "acronyms")
        return f"Speller({self.variety!r}, {', '.join(f'{name}={getattr(self, name)!r}' for name in options)})"

    def apply(self, text: str, *, title: bool = False, context: str = "") -> Respelling:
        """Respell a text.

        Args:
            text: The text; anything is accepted.
            title: It is a headline: capitals are no sign of a name.
            context: The article the headline belongs to, where evidence for names is looked for.

        Returns:
            The text in the variety, and the changes. Applying it again changes nothing.
        """
        if self.variety == "keep" or not text:
            return Respelling(text, ())
        plain = without_markup(text)
        marks = marks_in_words(plain)
        changes = self._changes_around(plain, marks, title, context) if marks else self._changes(plain, title, context)
        if not changes:
            return Respelling(text, ())
        return Respelling(rebuild(text, changes), tuple(changes))

    def _changes_around(self, text: str, marks: list[int], title: bool, context: str) -> list[Change]:
        """The changes of a text with marks inside its words: those of the text without them, counted back in."""
        left_out = set(marks)
        kept = [at for at in range(len(text)) if at not in left_out]
        changes = []
        for change in self._changes("".join([text[at] for at in kept]), title, context):
            start, stop = kept[change.start], kept[change.start + change.length - 1] + 1
            new = change.new
            for at in marks[bisect(marks, start) : bisect(marks, stop)]:
                if text[at] != SOFT_HYPHEN:
                    new = with_mark(change.old, new, at - start, text[at])
            changes.append(Change(start, stop - start, text[start:stop], new, change.rule))
        return changes

    def _changes(self, text: str, title: bool, context: str) -> list[Change]:
        scanner, forms = _scanner(self.variety, self.hyphens, self.acronyms)
        changes: list[Change] = []
        ascii_only = text.isascii()
        masks: Masks | None = None
        evidence: names.Evidence | None = None
        for start, end, form, prefix in scanner.find(text):
            old = text[start:end]
            if not form:
                # No table holds the word, it only ends like a verb in -ize.
                coinage = coined(self.variety, old.lower())
                if coinage is None:
                    continue
                new, rule, sense, joint = coinage, "ize", None, None
            else:
                new, rule, sense, joint = forms[form]
            if joint is not None and old[joint[0]] not in joint[1]:
                continue
            # Letters beyond Latin-1 look like spaces to the scanner.
            if not ascii_only and ((start and text[start - 1].isalnum()) or text[end : end + 1].isalnum()):
                continue
            if sense is not None:
                if not sense.changes(text, start, end):
                    continue
                rule = f"sense.{sense.name}"
            if masks is None:
                masks = Masks(text, quotations=self.quotes == "keep")
            if masks.covers(start, end):
                continue
            if rule == "acronym":
                if _is_acronym(text, start, end, old) and old != new:
                    changes.append(Change(start, end - start, old, new, rule))
                continue
            new = prefix + new
            if not old.islower():
                if _is_abbreviation(text, start, end):
                    continue
                headline = title or names.is_headline(text, start, end)
                if evidence is None:
                    evidence = names.Evidence(context or text)
                if names.is_name(text, start, end, evidence, headline):
                    named = self._named(text, start, end, old, new)
                    if named is not None and named[0] != old:
                        changes.append(Change(start, end - start, old, *named))
                    continue
                new = _with_case(old, new)
            if new:
                changes.append(Change(start, end - start, old, new, rule))
        return changes

    def _named(self, text: str, start: int, end: int, old: str, new: str) -> tuple[str, str] | None:
        if self.names == "official":
            official = names.official_spelling(text, start, end)
            if official is not None and not old.isupper():
                return official, "name.official"
        if self.names == "target" and names.is_institution_word(old):
            return _with_case(old, new) or old, "name.target"
        return None


def _is_acronym(text: str, start: int, end: int, old: str) -> bool:
    """True if the hit can only be the acronym: `NASA` among words in lower case, `Nasa` where no sentence starts."""
    if old.isupper():
        bounds = names.line_bounds(text, start, end)
        return bounds is None or not text[bounds[0] : bounds[1]].isupper()
    return old.istitle() and (not names.starts_sentence(text, start) or old.lower() not in _ENGLISH_ACRONYMS)


def _is_abbreviation(text: str, start: int, end: int) -> bool:
    """True for two or three capitals in a line that has other letters: `AX` is no axe."""
    if end - start > 3 or not text[start:end].isupper():
        return False
    bounds = names.line_bounds(text, start, end)
    return bounds is None or not text[bounds[0] : bounds[1]].isupper()


def _with_case(old: str, new: str) -> str:
    """`new` in the case of `old` (Title or UPPER); empty where `old` mixes its case."""
    if old.isupper() and len(old) > 1:
        return new.upper()
    if old[0].isupper() and (old[1:].islower() or old.istitle()):
        return new[0].upper() + new[1:]
    return ""


def rebuild(text: str, changes: list[Change] | tuple[Change, ...]) -> str:
    """The text with the changes made."""
    pieces = []
    at = 0
    for change in changes:
        pieces.append(text[at : change.start])
        pieces.append(change.new)
        at = change.start + change.length
    pieces.append(text[at:])
    return "".join(pieces)
