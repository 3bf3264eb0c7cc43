"""A fragment of HTML, the body of a feed entry or of a JSON record, to its text view and blocks."""

from __future__ import annotations

import re
from typing import Final

from bs4 import BeautifulSoup
from bs4.element import NavigableString, PageElement, PreformattedString, Tag

from copydesk.transforms.draft import Block
from copydesk.transforms.page.blocks import lay_out, read_passages
from copydesk.transforms.page.guard import MAX_FRAGMENT_TAGS, check_page
from copydesk.transforms.page.kinds import kinds_of

_LISTED: Final = " "
_HIDING: Final = re.compile(
    r"<(/?)(object|embed|audio|video|iframe|canvas|svg|math|noscript|template|select|textarea)\b[^<>]*?(/?)>",
    re.IGNORECASE,
)
"""Tags of the elements whose content no reader sees."""


class _SoupNode:
    """A node of BeautifulSoup's tree with the face of the node that the walk over a page expects."""

    __slots__ = ("element",)

    def __init__(self, element: PageElement) -> None:
        self.element = element

    @property
    def tag(self) -> str:
        if isinstance(self.element, Tag):
            return self.element.name
        return "-comment"

    @property
    def text_content(self) -> str | None:
        text = isinstance(self.element, NavigableString) and not isinstance(self.element, PreformattedString)
        return str(self.element) if text else None

    @property
    def attributes(self) -> dict[str, str | None]:
        if not isinstance(self.element, Tag):
            return {}
        return {
            name: _LISTED.join(value) if isinstance(value, list) else value
            for name, value in self.element.attrs.items()
        }

    @property
    def first_child(self) -> _SoupNode | None:
        if isinstance(self.element, Tag) and self.element.contents:
            return _SoupNode(self.element.contents[0])
        return None

    @property
    def next(self) -> _SoupNode | None:
        following = self.element.next_sibling
        return None if following is None else _SoupNode(following)


def read_fragment(html: str) -> tuple[str, tuple[Block, ...]]:
    """Read a fragment of HTML as one story: nothing in it lies outside.

    Args:
        html: The markup; text without any is read as one paragraph.

    Returns:
        The text view, white space collapsed and blocks joined by line breaks, and its blocks; "" and no block where
        the fragment shows no text.

    Raises:
        Reject: `too_large` or `too_deep`, as for pages.
    """
    check_page(html.encode("utf-8", "surrogatepass"), MAX_FRAGMENT_TAGS)
    html = _without_open_ends(html)
    body = BeautifulSoup(f"<body>{html}", "lxml").body
    if body is None:
        return "", ()
    page = read_passages(_SoupNode(body))
    return lay_out(page, kinds_of(page), [True] * len(page.passages))


def _without_open_ends(html: str) -> str:
    """The markup without the tags of elements that would hide all that follows: those whose end is missing.

    A player is often pasted in without its end tag; `embed` has none, but libxml2 waits for one.
    """
    open_at: dict[str, list[tuple[int, int]]] = {}
    for tag in _HIDING.finditer(html):
        if tag[1]:
            if tags := open_at.get(tag[2].lower()):
                tags.pop()
        elif not tag[3]:
            open_at.setdefault(tag[2].lower(), []).append(tag.span())
    cuts = sorted(span for spans in open_at.values() for span in spans)
    if not cuts:
        return html
    starts, ends = [0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(html)]
    return "".join(html[start:end] for start, end in zip(starts, ends, strict=True))
