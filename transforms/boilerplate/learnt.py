"""Lines that a house prints on many of its pages: boilerplate that no rule names, learnt by counting.

What counts is in how many different stories of one house a line stands. The same story printed twice says nothing, so
copies and revisions are one; nor does a line that two houses share, so that houses are counted apart. A sentence may
well stand in several stories (background is copied from one to the next), and so may a heading of a word or two, so
that both need far more evidence than a line in between. Menus are lines of a word or two as well: they are known by
their neighbours, so that two short lines in a row are counted, too, and cut where they stand in a row.

    seen(draft, key)  for each article of a house
    count(articles)   how many stories there are, and in how many of them each line stands
    learn(counts)     the lines that this is evidence enough for
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from copydesk.transforms.boilerplate.lines import fold
from copydesk.transforms.draft import Draft

LONGEST: Final = 400
"""A line of more code points is not counted."""

FEWEST: Final = 2
"""A line stands in so many stories at least ..."""

SHARE: Final = 0.25
"""... and in so large a part of the house's stories."""

FEWEST_DOUBTFUL: Final = 4
"""A line that may well be running text or a heading stands in so many stories at least ..."""

SHARE_DOUBTFUL: Final = 0.5
"""... and in so large a part of them."""

FEWEST_RUN: Final = 3
"""Short lines of a menu stand next to each other in so many stories at least ..."""

SHARE_RUN: Final = 0.5
"""... and in so large a part of them, with a third line above or below that does."""

FEWEST_STORIES: Final = 3
"""Of a house with fewer stories nothing is learnt."""

SAME_STORY: Final = 0.4
"""Two articles that have so large a part of their runs of words in common are one story."""

SHORT_WORDS: Final = 10
"""A line of fewer words may be part of a menu; what is longer may be running text."""

_SKETCH: Final = 64
_RUN: Final = 4
_DOUBTLESS_WORDS: Final = range(4, SHORT_WORDS)
_ADDRESS: Final = re.compile(r"https?:|www\.|@\w")
_DIGITS: Final = re.compile(r"\d+")
_WORD: Final = re.compile(r"\w+")
_LABEL: Final = re.compile(r"[^\w\s'-]")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one article says about its house.

    Attributes:
        key: What all revisions of the article have in common: its id or address.
        forms: The forms of its lines, and of short lines in a row.
        sketch: The smallest hashes of its runs of words, ascending: alike for articles that are alike.
    """

    key: str
    forms: frozenset[str]
    sketch: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Counts:
    """The lines of one house.

    Attributes:
        stories: How many different stories were counted.
        lines: In how many of them each form stands; the form of two lines in a row has a line break in it.
    """

    stories: int
    lines: Mapping[str, int] = field(default_factory=dict)


def form_of(line: str) -> str | None:
    """A line with its digits masked, case and white space aside: what copies of a line have in common.

    Returns:
        The form; None for a line that is too long, or has no letter.
    """
    if len(line) > LONGEST:
        return None
    form = _DIGITS.sub("0", " ".join(fold(line).casefold().split()))
    return form if any(map(str.isalpha, form)) else None


def row_of(above: str | None, below: str | None) -> str | None:
    """The form of two lines in a row, of their forms; None where one of them is none, or is not short."""
    if above is None or below is None or max(above.count(" "), below.count(" ")) >= SHORT_WORDS - 1:
        return None
    return f"{above}\n{below}"


def seen(draft: Draft, key: str) -> Seen:
    """What one article says about its house.

    Args:
        draft: The article as read, nothing cut. Its paragraphs are counted: headings, lists and what is set apart are
            held to be part of the story.
        key: What its revisions have in common: its id or address.
    """
    story = [block for block in draft.blocks if block.in_story]
    text = "\n".join([draft.raw[block.start : block.end] for block in story])
    words = _WORD.findall(_DIGITS.sub("0", text.casefold()))
    runs = {" ".join(words[place : place + _RUN]) for place in range(max(1, len(words) - _RUN + 1))}
    lines = [form_of(draft.raw[block.start : block.end]) for block in story if block.kind == "paragraph"]
    rows = [row_of(above, below) for above, below in pairwise(lines)]
    forms = frozenset([form for form in (*lines, *rows) if form])
    return Seen(key, forms, tuple(sorted(map(_hash, runs))[:_SKETCH]))


def count(articles: Iterable[Seen]) -> Counts:
    """Counts the lines of one house, every story once, whatever order its articles come in."""
    ordered = sorted(articles, key=lambda one: (one.key, one.sketch))
    story = list(range(len(ordered)))

    def first(place: int) -> int:
        while story[place] != place:
            story[place] = place = story[story[place]]
        return place

    # Articles of one story share most hashes, so that they are neighbours in some of these lists; to compare
    # neighbours alone keeps the work linear where a line of the house stands in all articles.
    holders: defaultdict[object, list[int]] = defaultdict(list)
    for place, article in enumerate(ordered):
        for mark in (article.key, *article.sketch):
            holders[mark].append(place)
    pairs = sorted({pair for places in holders.values() for pair in pairwise(places)})
    for one, other in pairs:
        if first(one) != first(other) and is_same_story(ordered[one], ordered[other]):
            story[max(first(one), first(other))] = min(first(one), first(other))
    stands = {(first(place), form) for place, article in enumerate(ordered) for form in article.forms}
    return Counts(len({first(place) for place in range(len(ordered))}), Counter(form for _, form in stands))


def is_same_story(one: Seen, other: Seen) -> bool:
    """Whether two articles are revisions or copies of one story."""
    if one.key == other.key:
        return True
    least = sorted({*one.sketch, *other.sketch})[: min(len(one.sketch), len(other.sketch))]
    shared = {*one.sketch}.intersection(other.sketch).intersection(least)
    return bool(least) and len(shared) >= SAME_STORY * len(least)


def learn(counts: Counts) -> Counts:
    """What is left of the counts of a house: the lines that there is evidence enough to cut, in order."""
    if counts.stories < FEWEST_STORIES:
        return Counts(counts.stories)
    enough = {form: number for form, number in sorted(counts.lines.items()) if number >= _needed(form, counts.stories)}
    rows = [form.split("\n") for form in enough if "\n" in form]
    above, below = {row[0] for row in rows}, {row[1] for row in rows}
    alone = ["\n".join(row) for row in rows if row[0] not in below and row[1] not in above]
    return Counts(counts.stories, {form: number for form, number in enough.items() if form not in {*alone}})


def find(learnt: Counts, lines: Sequence[str]) -> list[int]:
    """In how many stories each line of an article stands, by what was learnt; 0 for a line that is to stay.

    Args:
        learnt: Of the article's house.
        lines: The article's, in order.
    """
    forms = [form_of(line) for line in lines]
    found = [learnt.lines.get(form or "", 0) for form in forms]
    for place, (above, below) in enumerate(pairwise(forms)):
        number = learnt.lines.get(row_of(above, below) or "", 0)
        for at in (place, place + 1):
            found[at] = max(found[at], number)
    return found


def _needed(form: str, stories: int) -> int:
    """In how many stories a line must stand to be boilerplate."""
    if "\n" in form:
        return max(FEWEST_RUN, math.ceil(SHARE_RUN * stories))
    words = form.count(" ") + 1
    doubtless = words in _DOUBTLESS_WORDS or _ADDRESS.search(form) or (words < 4 and _LABEL.search(form))
    fewest, share = (FEWEST, SHARE) if doubtless else (FEWEST_DOUBTFUL, SHARE_DOUBTFUL)
    return max(fewest, math.ceil(share * stories))


def _hash(run: str) -> int:
    return int.from_bytes(hashlib.blake2b(run.encode("utf-8", "replace"), digest_size=8).digest())
