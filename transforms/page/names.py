"""What the class, id and role names of an element say of it.

The words are data: `words.toml`. What a name says is worked out once per spelling and remembered, and so is what
all names of an element say, since the elements of a page, and the pages of a house, share them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from importlib import resources
from operator import or_
from tomllib import loads
from typing import Any, Final

from copydesk.transforms.draft import BlockKind

_TABLE: Final[dict[str, list[str]]] = loads(
    resources.files("copydesk.transforms.page").joinpath("words.toml").read_text("utf-8")
)
_OUTSIDE, _OUTSIDE_BOX, _STANDFIRST, _DECK, _STORY, _PICTURE, _SOCIAL, _CREDIT, _CAPTION, _BYLINE = (
    1 << place for place in range(10)
)
# What takes a closer look: a phrase may begin at its end, it may be for the ear, it may hide the box.
_PHRASE, _HEARD, _HIDDEN = (1 << place for place in range(10, 13))
_MEANS: Final = {
    "outside": _OUTSIDE,
    "outside_phrases": _OUTSIDE,
    "outside_boxes": _OUTSIDE_BOX,
    "standfirst": _STANDFIRST,
    "deck": _DECK | _STANDFIRST,
    "story": _STORY,
    "picture": _PICTURE,
    "social": _SOCIAL,
    "credit": _CREDIT,
    "caption": _CAPTION,
    "byline": _BYLINE,
}
_KINDS: Final[tuple[tuple[int, BlockKind], ...]] = ((_CREDIT, "credit"), (_CAPTION, "caption"), (_BYLINE, "byline"))
_RUN: Final = re.compile(r"[a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FOR_THE_EAR: Final = re.compile(
    r"(?:^|[-_ ])(?:sr-?only|visually-?hidden|screen-?reader(?:-?(?:text|only))?|assistive-text)(?:$|[-_ ])"
)
_SHOWS: Final = re.compile(
    r":(?:!?block|!?flex|!?grid|!?inline|!?table|!?contents|!?visible)|^(?:visible|show|open|active)"
)


def _meanings() -> tuple[dict[str, int], frozenset[str]]:
    """What each word and each phrase of the table means, and the words that phrases begin with."""
    meanings: dict[str, int] = {}
    for group, words in _TABLE.items():
        for word in words:
            meanings[word] = meanings.get(word, 0) | _MEANS[group]
    return meanings, frozenset(word.partition("-")[0] for word in meanings if "-" in word)


_MEANING, _BEGINS_PHRASE = _meanings()


@dataclass(slots=True)
class Names:
    """The names of one element, and what they say it is.

    Attributes:
        tokens: As they stand, lower case.
        unseen: The text is for screen readers only.
        outside: It is a part of the page that no story is in: navigation, sharing, comments, related stories.
        outside_box: The same, said by a word that also stands on paragraphs and headings of stories.
        standfirst: It is the summary above the story, or the first paragraph.
        deck: It is the summary above the story.
        story: It is the box that holds the story.
        picture: It holds a picture and what belongs to it.
        social: It is a post on a social network, if it is a quotation.
        kind: It is a caption, a credit, a byline.
    """

    tokens: tuple[str, ...] = ()
    unseen: bool = False
    outside: bool = False
    outside_box: bool = False
    standfirst: bool = False
    deck: bool = False
    story: bool = False
    picture: bool = False
    social: bool = False
    kind: BlockKind | None = None


@lru_cache(maxsize=1 << 15)
def names_of(joined: str) -> Names:
    """Take the names of an element apart.

    Args:
        joined: All its class, id and role names with spaces between; "" gives empty names.
    """
    names = joined.split()
    says = reduce(or_, map(_sense, names), 0)
    lower = joined.lower()
    tokens = tuple(lower.split())
    if not says:
        return Names(tokens)
    if says & _PHRASE and len(names) > 1:
        says |= _phrases([run for name in names for run in _runs(name)])
    unseen = bool(says & _HEARD) and _FOR_THE_EAR.search(lower) is not None
    return Names(tokens, *_meant(says & ~(_PHRASE | _HEARD | _HIDDEN), unseen, bool(says & _HIDDEN) and _hides(tokens)))


@lru_cache(maxsize=1 << 10)
def _meant(says: int, unseen: bool, hidden: bool) -> tuple[Any, ...]:
    """The members of Names after its first."""
    return (
        unseen,
        bool(says & _OUTSIDE) or hidden,
        *(bool(says & sign) for sign in (_OUTSIDE_BOX, _STANDFIRST, _DECK, _STORY, _PICTURE, _SOCIAL)),
        next((kind for sign, kind in _KINDS if says & sign), None),
    )


@lru_cache(maxsize=1 << 16)
def _sense(name: str) -> int:
    """What one name says, and what it may say together with others."""
    lower = name.lower()
    says = _HIDDEN if lower == "hidden" else 0
    if "only" in lower or "hidden" in lower or "reader" in lower or "assistive" in lower:
        says |= _HEARD
    runs = _runs(name)
    for run in runs:
        # Letters with a number after them are a word; the letters in an identifier such as `ad6ed79d` are none.
        says |= _MEANING.get(run.rstrip("0123456789"), 0)
    if not _BEGINS_PHRASE.isdisjoint(runs):
        says |= _phrases(runs)
        if not _BEGINS_PHRASE.isdisjoint(runs[-2:]):
            says |= _PHRASE
    return says


def _runs(name: str) -> list[str]:
    """The runs of letters and digits in a name, lower case, parted at capitals."""
    if ":" in name:  # a name such as `md:hidden` or `[.float_&]:mt-0` sets a style; it does not say what the box is
        return []
    return _RUN.findall(name if name.islower() else _CAMEL.sub("-", name).lower())


def _phrases(runs: Sequence[str]) -> int:
    """What the phrases of two and three words mean."""
    says = 0
    for place, phrase in enumerate(runs):
        if phrase in _BEGINS_PHRASE:
            for run in runs[place + 1 : place + 3]:
                says |= _MEANING.get(f"{phrase}-{run.rstrip('0123456789')}", 0)
                phrase = f"{phrase}-{run}"
    return says


def _hides(tokens: Iterable[str]) -> bool:
    """Whether a class `hidden` hides the box at every width: not so where another shows it, as in `hidden md:block`."""
    return not any(_SHOWS.search(token) for token in tokens)
