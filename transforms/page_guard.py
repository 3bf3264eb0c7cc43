"""What a page must not be if it is to be parsed: checks on its text in linear time, before any tree is built.

Parsers of HTML grow quadratic on markup that no publisher writes: lexbor takes more than 40 s for 200,000 nested
`<div>` or for 200,000 attributes on one tag. The limits stand far above anything honest pages hold.
"""

from __future__ import annotations

import re
from itertools import accumulate
from operator import sub
from typing import Final

from copydesk.transforms.errors import Reject

MAX_BYTES: Final = 5_000_000
"""Size of a page; the longest of the 439 pages of two public test sets has 2.2 MB."""
MAX_DEPTH: Final = 2_000
"""Elements open at one time."""
MAX_ATTRIBUTES: Final = 500
"""Attributes of one tag; each is compared with all before it."""

_TAG: Final = re.compile(r"<(/?[a-zA-Z][^\s/>]{0,40})")
_LONG_TAG: Final = re.compile(rf"<[a-zA-Z][^>]{{{2 * MAX_ATTRIBUTES},}}")
"""A tag that is long enough for so many attributes; of a run of 1,000 characters without `>` all tags are one."""
_ATTRIBUTE: Final = re.compile(r"[^\s=\"'/]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s\"']*))?")
_NOT_NESTED: Final = frozenset(
    "area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr "
    "p li dt dd tr td th thead tbody tfoot colgroup option optgroup rp rt html head body "
    "path circle rect use line polygon".split()
)
"""Elements that are void, that end where the next of their kind starts, or that SVG closes in the tag itself."""


class _Step(dict[str, int]):
    """What a tag does to the depth: the name of the tag, with its slash, to -1, 0 or 1."""

    def __missing__(self, name: str) -> int:
        bare = name.lstrip("/").lower()
        step = 0 if bare in _NOT_NESTED else -1 if name.startswith("/") else 1
        if len(self) < 10_000:
            self[name] = step
        return step


_STEP: Final = _Step()


def check_page(html: str) -> None:
    """Refuse markup that would be dear to parse.

    Args:
        html: The decoded page.

    Raises:
        Reject: `too_large` or `too_deep`.
    """
    if len(html) > MAX_BYTES:
        raise Reject("too_large", f"the page has {len(html):,} characters; {MAX_BYTES:,} are allowed")
    depth = _depth(html)
    if depth > MAX_DEPTH:
        raise Reject("too_deep", f"{depth:,} elements are open at one time; {MAX_DEPTH:,} are allowed")
    if _has_too_many_attributes(html):
        raise Reject("too_deep", f"a tag has more than {MAX_ATTRIBUTES} attributes")


def _depth(html: str) -> int:
    """An upper estimate of how many elements are open at one time, end tags that close nothing left out."""
    names = _TAG.findall(html)
    if len(names) <= MAX_DEPTH:
        return 0
    depths = list(accumulate(map(_STEP.__getitem__, names), initial=0))
    deepest: int = max(map(sub, depths, accumulate(depths, min)))
    return deepest


def _has_too_many_attributes(html: str) -> bool:
    return any(
        len(_ATTRIBUTE.findall(tag[0], 2)) > MAX_ATTRIBUTES and not _in_raw_text(html, tag.start())
        for tag in _LONG_TAG.finditer(html)
    )


def _in_raw_text(html: str, position: int) -> bool:
    """Whether a script, a style or a comment is open at a position."""
    return any(
        html.rfind(opening, 0, position) > html.rfind(closing, 0, position)
        for opening, closing in (("<script", "</script"), ("<style", "</style"), ("<!--", "-->"))
    )
