"""What the class, id and role names of an element say of it.

The words are data: `page_words.toml`. An element's names are taken apart once per spelling and remembered, since the
elements of a page, and the pages of a house, share them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from tomllib import loads
from typing import Final

from copydesk.transforms.draft import BlockKind

_TABLE: Final[dict[str, list[str]]] = loads(
    resources.files("copydesk.transforms").joinpath("page_words.toml").read_text("utf-8")
)
_OUTSIDE: Final = frozenset(_TABLE["outside"])
_SOCIAL: Final = frozenset(_TABLE["social"])
_OUTSIDE_BOXES: Final = frozenset(_TABLE["outside_boxes"])
_STANDFIRST: Final = frozenset(_TABLE["standfirst"])
_DECK: Final = frozenset(_TABLE["deck"])
_STORY: Final = re.compile("|".join(map(re.escape, _TABLE["story"])))
_OUTSIDE_PHRASES: Final = re.compile(f"(?:^|-)(?:{'|'.join(map(re.escape, _TABLE['outside_phrases']))})(?:$|[-0-9])")
_KINDS: Final[tuple[tuple[BlockKind, frozenset[str]], ...]] = (
    ("credit", frozenset(_TABLE["credit"])),
    ("caption", frozenset(_TABLE["caption"])),
    ("byline", frozenset(_TABLE["byline"])),
)
_NOT_ALNUM: Final = re.compile(r"[^a-z0-9]+")
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD: Final = re.compile(r"(?<![a-z0-9])[a-z]+(?=[0-9]*(?![a-z0-9]))")
"""Letters alone, perhaps with a number after them; the letters in an identifier such as `ad6ed79d` are no words."""
_FOR_THE_EAR: Final = re.compile(
    r"(?:^|[-_ ])(?:sr-?only|visually-?hidden|screen-?reader(?:-?(?:text|only))?|assistive-text)(?:$|[-_ ])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
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
    tokens = tuple(joined.lower().split())
    # A name such as `md:hidden` or `[.float_&]:mt-0` sets a style; it does not say what the box is.
    spaced = _CAMEL.sub("-", " ".join([name for name in joined.split() if ":" not in name])).lower()
    words = frozenset(_WORD.findall(spaced))
    phrase = _NOT_ALNUM.sub("-", spaced)
    return Names(
        tokens=tokens,
        unseen=_FOR_THE_EAR.search(joined) is not None,
        outside=not words.isdisjoint(_OUTSIDE) or _OUTSIDE_PHRASES.search(phrase) is not None,
        outside_box=not words.isdisjoint(_OUTSIDE_BOXES),
        standfirst=not words.isdisjoint(_STANDFIRST) or not words.isdisjoint(_DECK),
        deck=not words.isdisjoint(_DECK),
        story=_STORY.search(phrase) is not None or "articlebody" in tokens,
        social=not words.isdisjoint(_SOCIAL),
        kind=next((kind for kind, marks in _KINDS if not words.isdisjoint(marks)), None),
    )
