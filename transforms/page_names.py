"""What the class, id and role names of an element say of it.

The words are data: `page_words.toml`. An element's names are taken apart once per spelling and remembered, since the
elements of a page, and the pages of a house, share them.
"""

from __future__ import annotations

import re
from functools import lru_cache
from importlib import resources
from tomllib import loads
from typing import Final, NamedTuple

from copydesk.transforms.draft import BlockKind

_TABLE: Final[dict[str, list[str]]] = loads(
    resources.files("copydesk.transforms").joinpath("page_words.toml").read_text("utf-8")
)
_OUTSIDE, _OUTSIDE_BOX, _STANDFIRST, _DECK, _STORY, _PICTURE, _SOCIAL, _CREDIT, _CAPTION, _BYLINE = (
    1 << place for place in range(10)
)
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


class Names(NamedTuple):
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
    if not joined:
        return Names()
    lower = joined.lower()
    tokens = tuple(lower.split())
    names = joined
    if ":" in names:
        # A name such as `md:hidden` or `[.float_&]:mt-0` sets a style; it does not say what the box is.
        names = " ".join([name for name in names.split() if ":" not in name])
    if names != lower:
        names = _CAMEL.sub("-", names).lower()
    says = 0
    runs = _RUN.findall(names)
    for place, run in enumerate(runs):
        # Letters with a number after them are a word; the letters in an identifier such as `ad6ed79d` are none.
        word = run.rstrip("0123456789")
        says |= _MEANING.get(word, 0)
        if run in _BEGINS_PHRASE:
            says |= _phrases(runs, place)
    heard = "only" in lower or "hidden" in lower or "reader" in lower or "assistive" in lower
    unseen = heard and _FOR_THE_EAR.search(lower) is not None
    if not says and not unseen and "hidden" not in tokens:
        return Names(tokens)
    return Names(
        tokens=tokens,
        unseen=unseen,
        outside=bool(says & _OUTSIDE) or _is_hidden(tokens),
        outside_box=bool(says & _OUTSIDE_BOX),
        standfirst=bool(says & _STANDFIRST),
        deck=bool(says & _DECK),
        story=bool(says & _STORY),
        picture=bool(says & _PICTURE),
        social=bool(says & _SOCIAL),
        kind=next((kind for sign, kind in _KINDS if says & sign), None),
    )


def _phrases(runs: list[str], place: int) -> int:
    """What the phrases of two and three words that begin at a place mean."""
    says = 0
    phrase = runs[place]
    for run in runs[place + 1 : place + 3]:
        says |= _MEANING.get(f"{phrase}-{run.rstrip('0123456789')}", 0)
        phrase = f"{phrase}-{run}"
    return says


def _is_hidden(tokens: tuple[str, ...]) -> bool:
    """Whether a class hides the box at every width: not so where another shows it, as in `hidden md:block`."""
    return "hidden" in tokens and not any(_SHOWS.search(token) for token in tokens)
