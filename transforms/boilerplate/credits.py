"""Credits inside a line: the agency that closes the last paragraph, the names in a byline, the parts of a caption."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from copydesk.schemas.article import Caption
from copydesk.transforms.boilerplate.agencies import agency_pattern, codes_in

_TAIL: Final = 100
_BY: Final = re.compile(r"^(?:by|von|par|por|di|door|av|af|text|words|story)\b[: ]*", re.IGNORECASE)
_NAME_BREAK: Final = re.compile(r" *(?:,| and | & |;|\||/| und | et | y ) *")
_NOT_NAMES: Final = re.compile(
    r"\d|@|\b(?:staff|writer|reporter|correspondent|editor|columnist|contributor|bureau|desk|chief|in|at|for|the|of)\b",
    re.IGNORECASE,
)
_BRACKETED: Final = re.compile(r"([^()\[\]].*?)[(\[]([^()\[\]]{2,120})[)\]]\.?", re.DOTALL)
_CREDIT_SIGN: Final = re.compile(
    r"[^\d\s] ?/ ?[^\d\s]|^(?:photo|picture|image|credit|courtesy|foto|bild|crédit)\b|©", re.IGNORECASE
)
_CAPITALISED: Final = re.compile(r"\b[^\W\d_a-zß-öø-ÿ][\w'-]+")
_FRAME: Final = " ()[]:;,.|-–—"


@dataclass(frozen=True, slots=True)
class AgencyTail:
    """An agency credit that closes a paragraph.

    Attributes:
        start: Where in the line it begins, the space or dash before it included.
        codes: The agencies.
    """

    start: int
    codes: tuple[str, ...]


@functools.cache
def _agency_tail() -> re.Pattern[str]:
    name = agency_pattern()
    names = rf"(?P<names>{name}(?:(?:, ?| ?/ ?| and | & |-){name}){{0,3}}|AGENCIES|Agencies|agencies)"
    initials = r"(?:/[a-z]{2,3}(?:\([a-z]{2,3}\))?)?"
    return re.compile(
        rf"[.!?…][\"')\]]{{0,2}}(?P<cut>(?: |(?= ?[-–—(/]))(?: ?(?:--?|–|—) ?|/)?(?:\({names}{initials}\)|"
        rf"{names.replace('?P<names>', '?P<bare>')}{initials})\.?)$"
    )


def find_agency_tail(text: str) -> AgencyTail | None:
    """The credit of an agency after the last sentence of a line: `... said. REUTERS`, `... said. - AFP`, `(AP)`."""
    # Most lines end with a sentence; the credit is a name, a bracket or initials.
    if text[-1:] in "\"'?!…" or (text[-1:] == "." and not text[-3:-1].isupper()):
        return None
    base = max(0, len(text) - _TAIL)
    found = _agency_tail().search(text[base:])
    if not found:
        return None
    names = found["names"] or found["bare"]
    if names == "agencies" and "(" not in found["cut"]:
        return None
    return AgencyTail(base + found.start("cut"), codes_in(names))


def authors_in(byline: str) -> tuple[str, ...]:
    """The names in a byline: `By Jane Doe and John Roe, Staff Writers` gives two."""
    names = []
    for part in _NAME_BREAK.split(_BY.sub("", byline.strip(_FRAME))):
        name = part.strip(_FRAME)
        if 2 <= len(name.split()) <= 5 and not _NOT_NAMES.search(name):
            names.append(name)
    return tuple(dict.fromkeys(names))


def topics_in(line: str) -> tuple[str, ...]:
    """The topics that a line lists after its label."""
    _, _, listed = line.partition(":")
    return tuple(dict.fromkeys(part.strip() for part in re.split(r"[,|•#;]", listed) if part.strip()))


def split_caption(caption: str) -> tuple[str, str | None]:
    """The text and the credit of what the markup says is a caption: `The quay at dawn (Jane Doe/Harbour News)`.

    A credit in brackets at its end has a slash, a label, or the name of an agency; any other bracket is text.
    """
    found = _BRACKETED.fullmatch(caption)
    if found and (_CREDIT_SIGN.search(found[2]) or codes_in(found[2])):
        return found[1].rstrip(), found[2].strip()
    return caption, None


class Mentions:
    """How often the capitalised words of a story stand in it: whether it speaks of a person."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._counts: Counter[str] = Counter()
        for text in texts:
            self._counts.update(_CAPITALISED.findall(text))

    def narrowed(self, before: str, after: str) -> None:
        """Takes note of a line whose text has become another."""
        self._counts.subtract(_CAPITALISED.findall(before))
        self._counts.update(_CAPITALISED.findall(after))

    def elsewhere(self, name: str, line: str) -> bool:
        """Whether the last word of a name stands in the story, this line aside."""
        words = _CAPITALISED.findall(name)
        return bool(words) and self._counts[words[-1]] > _CAPITALISED.findall(line).count(words[-1])


def clean_credit(credit: str | None) -> str | None:
    """A credit without the brackets and signs around it; None where nothing is left."""
    return (credit or "").strip(_FRAME) or None


def add_credit(captions: Sequence[Caption], credit: str, adjoining: bool) -> list[Caption]:
    """Puts a credit that stood on a line of its own with the captions.

    Args:
        captions: Those found so far in the text.
        credit: The credit as printed, without its label.
        adjoining: The line before it in the text was the last of these captions.

    Returns:
        The captions: the last one credited where it adjoins and has no credit; else one more, unless one of them names
        the same credit already.
    """
    made = list(captions)
    if made and adjoining and made[-1].credit is None:
        made[-1] = Caption(made[-1].text, credit)
    elif not any(credit.casefold() in (caption.credit or "").casefold() for caption in made):
        made.append(Caption(None, credit))
    return made
