"""What a page must not be if it is to be parsed: checks on its markup in linear time, before any tree is built.

Parsers of HTML grow quadratic, and worse, on markup that no publisher writes: lexbor takes more than 40 s for 200,000
nested `<div>` or for 200,000 attributes on one tag, and a minute for 20,000 `<font>` and `<table>` inside each other.
The limits stand far above anything honest pages hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate
from operator import sub
from typing import Final

import re2

from copydesk.transforms.errors import Reject

MAX_LENGTH: Final = 5_000_000
"""Characters of a page; the longest of the 439 pages of two public test sets has 2.2 MB."""
MAX_TAGS: Final = 100_000
"""Signs `<` on a page; the most that any of the 439 pages holds is 8,093, half of them of tags that end."""
MAX_FRAGMENT_TAGS: Final = 20_000
"""The same for the body of a feed entry or of a record."""
MAX_OPEN: Final = 2_000
"""Elements that may be open at one time while a page is parsed, end tags left out counted in."""
FEW_TAGS: Final = 4_000
"""Up to so many the parser is quick whatever they are: at worst half a second."""
MAX_DEPTH: Final = 512
"""Elements inside each other once a page is parsed: as deep as Chromium and WebKit build a tree."""
MAX_ATTRIBUTES: Final = 500
"""Attributes of one tag; each is compared with all before it."""
MAX_MERGED: Final = 20_000
"""Bytes of all `<html>` and `<body>` tags together: the attributes of all of them go to one element."""

_TAG: Final = re.compile(rb"<(/?[a-zA-Z][^\s/>]{0,40})")
_LONG_TAG: Final = 4_000
"""A tag long enough for its attributes to cost: 1 MB of shorter ones takes no second."""
_TAG_START: Final = re.compile(rb"<[a-zA-Z]")
# RE2 takes a third of the time of `re`, and this is looked for on every page.
_MERGED: Final = re2.compile(rb"<(?:[bB][oO][dD][yY]|[hH][tT][mM][lL])[\s/]")
_ATTRIBUTE: Final = re.compile(rb"[^\s=\"'/]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s\"']*))?")
_NOT_NESTED: Final = frozenset(
    b"area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr "
    b"p li dt dd tr td th thead tbody tfoot colgroup option optgroup rp rt html head body "
    b"path circle rect use line polygon".split()
)
"""Elements that are void, that end where the next of their kind starts, or that SVG closes in the tag itself."""


class _Step(dict[bytes, int]):
    """What a tag does to the depth: the name of the tag, with its slash, to -1, 0 or 1."""

    def __missing__(self, name: bytes) -> int:
        bare = name.lstrip(b"/").lower()
        step = 0 if bare in _NOT_NESTED else -1 if name.startswith(b"/") else 1
        if len(self) < 10_000:
            self[name] = step
        return step


_STEP: Final = _Step()


def check_page(markup: bytes, max_tags: int = MAX_TAGS) -> None:
    """Refuse markup that would be dear to parse.

    Args:
        markup: The page, in UTF-8.
        max_tags: The most signs `<` it may hold.

    Raises:
        Reject: `too_large` or `too_deep`.
    """
    if len(markup) > MAX_LENGTH and (length := len(markup.decode("utf-8", "replace"))) > MAX_LENGTH:
        raise Reject("too_large", f"the page has {length:,} characters; {MAX_LENGTH:,} are allowed")
    tags = markup.count(b"<")
    if tags > max_tags:
        raise Reject("too_large", f"the page has {tags:,} tags; {max_tags:,} are allowed")
    if tags > FEW_TAGS and (depth := _depth(markup)) > MAX_OPEN:
        raise Reject("too_deep", f"{depth:,} elements are open at one time; {MAX_OPEN:,} are allowed")
    if _has_too_many_attributes(markup):
        raise Reject("too_deep", f"a tag has more than {MAX_ATTRIBUTES} attributes")


def _depth(markup: bytes) -> int:
    """An upper estimate of how many elements are open at one time, end tags that close nothing left out."""
    names = _TAG.findall(markup)
    depths = list(accumulate(map(_STEP.__getitem__, names), initial=0))
    deepest: int = max(map(sub, depths, accumulate(depths, min)))
    return deepest


def _has_too_many_attributes(markup: bytes) -> bool:
    for start, end in _long_tags(markup):
        if len(_ATTRIBUTE.findall(markup, start + 2, end)) > MAX_ATTRIBUTES and not _in_raw_text(markup, start):
            return True
    merged = [found.start() for found in _MERGED.finditer(markup)]
    return len(merged) > 2 and sum(markup.find(b">", start) - start for start in merged) > MAX_MERGED


def _long_tags(markup: bytes) -> Iterator[tuple[int, int]]:
    """Where long tags start and end: of a run of characters without `>` all tags are one."""
    start = 0
    while start + _LONG_TAG < len(markup):
        # Looked for from the far end of the window, most of the page is never looked at.
        last = markup.rfind(b">", start, start + _LONG_TAG)
        if last >= 0:
            start = last + 1
            continue
        end = markup.find(b">", start + _LONG_TAG)
        end = end if end >= 0 else len(markup)
        tag = _TAG_START.search(markup, start, end)
        if tag is not None and end - tag.start() > _LONG_TAG:
            yield tag.start(), end
        start = end + 1


def _in_raw_text(markup: bytes, position: int) -> bool:
    """Whether a script, a style or a comment is open at a position."""
    return any(
        markup.rfind(opening, 0, position) > markup.rfind(closing, 0, position)
        for opening, closing in ((b"<script", b"</script"), (b"<style", b"</style"), (b"<!--", b"-->"))
    )
