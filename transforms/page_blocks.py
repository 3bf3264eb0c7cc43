"""From a parsed page to its text view: passages of visible text, each with what the markup knows of it.

The tree is walked once, in document order and without recursion. A passage ends where a browser would break the line:
at the edges of every element that is not inline, and at a `<br>` in loose text, at two in a row inside a paragraph.
White space of any kind inside a passage becomes one space; what no browser shows (scripts, styles, form fields, text
for screen readers) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from copydesk.transforms.draft import Block, BlockKind
from copydesk.transforms.page_names import Names, names_of

# How a node is taken on the walk. Plain numbers: the members of an Enum would cost more than all the rest.
_UNSEEN, _TEXT, _BREAK, _PICTURE, _BARE, _BOLD, _INLINE, _LINK, _FIGURE, _BOX = range(10)

_INLINES: Final = (_INLINE, _LINK)
_TAGS: Final[dict[int, str]] = {
    _TEXT: "-text",
    _BREAK: "br",
    _PICTURE: "img video iframe amp-img amp-video",
    # Content that is not text of the page, or is shown only where something else fails.
    _UNSEEN: "script style noscript template svg math object embed audio canvas select datalist option textarea "
    "input head title meta link base map progress meter frameset noframes noembed param source track "
    "-comment -doctype",
    # What the rendering section of the HTML Standard gives no `display: block`; the names of the first are not read.
    _BARE: "i em u wbr sub sup s",
    _BOLD: "b strong",
    _LINK: "a",
    _INLINE: "abbr acronym bdi bdo big cite code data del dfn font ins kbd label mark nobr o:p output q samp "
    "small span strike time tt var rb rt rp rtc ruby",
    _FIGURE: "figure figcaption",
}
_WAYS: Final = {tag: way for way, tags in _TAGS.items() for tag in tags.split()}
HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_HOLDS_A_BREAK: Final = HEADINGS | {"p", "li", "td", "figcaption", "blockquote"}
"""Elements that are one passage even with a `<br>` in them; in loose text it stands between paragraphs."""
_NAMED: Final = frozenset(
    {"class", "id", "role", "itemprop", "data-testid", "data-component", "data-cy", "data-type", "data-module"}
)
_UNPRINTED: Final = ("\u00ad", "\u200b", "\u2060", "\ufeff")
_MAX_TOKENS: Final = 24
_NAMELESS: Final = names_of("")
_NOT_SHOWN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class Node(Protocol):
    """A node of a parsed page, as lexbor shows it: a text node has the tag `-text`, a comment `-comment`."""

    @property
    def tag(self) -> str | None:
        """Name of the element, lower case."""

    @property
    def text_content(self) -> str | None:
        """Text of a text node."""

    @property
    def attributes(self) -> Mapping[str, str | None]:
        """Attributes of the element; None for one without a value."""

    @property
    def first_child(self) -> Self | None:
        """The first node inside."""

    @property
    def next(self) -> Self | None:
        """The node after it under the same parent."""

    @property
    def parent(self) -> Self | None:
        """The node around it."""


@dataclass(slots=True)
class Box:
    """An element that breaks the line, seen as a box that passages lie in.

    Attributes:
        parent: The index of the box around it, -1 for the body; a parent's index is always the smaller one.
        tag: Lower case.
        names: Its own names.
        hidden: The markup says that it is not shown.
        pictured: A picture, a video or a frame lies right in it, no other box between.
    """

    parent: int
    tag: str
    names: Names
    hidden: bool
    pictured: bool = False


@dataclass(slots=True)
class Passage:
    """A run of text that stands alone on the page.

    Attributes:
        text: White space collapsed.
        box: Index of the innermost box around it.
        linked: How many of its code points stand inside links.
        bold: How many of them stand inside `<b>` or `<strong>`.
    """

    text: str
    box: int
    linked: int
    bold: int


@dataclass(slots=True)
class PageText:
    """All passages of a page and the boxes they lie in, both in document order."""

    boxes: list[Box] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)


def read_passages(body: Node) -> PageText:
    """Read the visible text of a page.

    Args:
        body: The body element of a parsed page.

    Returns:
        Its passages and boxes; the first box is the body. Time and memory grow linearly with the number of nodes.
    """
    page = PageText()
    boxes, passages = page.boxes, page.passages
    pieces: list[str] = []  # the passage under way
    linked = bold = breaks = 0  # of that passage
    in_link = in_bold = in_figure = 0  # elements open
    box = -1
    opened: list[tuple[int, int]] = []  # how each open element was entered, and the box around it
    node = body
    # One loop with its state in local names: a method for each kind of node takes three times as long.
    while True:
        tag = node.tag or ""
        way = _WAYS.get(tag, _BOX)
        if way == _TEXT:
            text = node.text_content or ""
            if pieces or not text.isspace():
                pieces.append(text)
                if in_link or in_bold or breaks:
                    length = len(text.strip())
                    breaks = 0 if length else breaks
                    linked += length if in_link else 0
                    bold += length if in_bold else 0
            way = _UNSEEN
        elif way == _BREAK:
            breaks += 1
            if breaks > 1 or boxes[box].tag not in _HOLDS_A_BREAK:
                _flush(pieces, passages, box, linked, bold)
                linked = bold = breaks = 0
            else:
                pieces.append("\n")
            way = _UNSEEN
        elif way == _PICTURE:
            boxes[box].pictured = True
            way = _UNSEEN
        elif way != _UNSEEN and way != _BARE and way != _BOLD:
            given = node.attributes
            if not given:
                names = _NAMELESS
            elif len(given) == 1 and "class" in given:
                names = names_of(given["class"] or "")
            else:
                names = names_of(" ".join([value for key, value in given.items() if key in _NAMED and value]))
            hidden = "hidden" in given or ("style" in given and _NOT_SHOWN.search(given["style"] or "") is not None)
            if names.unseen or (hidden and way in _INLINES):
                way = _UNSEEN
            elif way == _INLINE and names.tokens and "br" in names.tokens and node.first_child is None:
                _flush(pieces, passages, box, linked, bold)  # a line break drawn by a style
                linked = bold = breaks = 0
            elif way != _LINK and (way != _INLINE or (in_figure and names.kind == "credit")):
                if pieces:
                    _flush(pieces, passages, box, linked, bold)
                    linked = bold = breaks = 0
                way = _FIGURE if way == _FIGURE or names.kind == "caption" else _BOX
                boxes.append(Box(box, tag, names, hidden))
        if way != _UNSEEN:
            child = node.first_child
            outer = box
            if way >= _FIGURE:
                box = len(boxes) - 1
            if child is not None:
                opened.append((way, outer))
                in_link += way == _LINK
                in_bold += way == _BOLD
                in_figure += way == _FIGURE
                node = child
                continue
            box = outer
        following = node.next if opened else None
        while following is None:
            if not opened:
                return page
            way, outer = opened.pop()
            if way == _LINK:
                in_link -= 1
            elif way == _BOLD:
                in_bold -= 1
            elif way >= _FIGURE:
                if pieces:
                    _flush(pieces, passages, box, linked, bold)
                    linked = bold = breaks = 0
                box = outer
                in_figure -= way == _FIGURE
            node = node.parent or body
            following = node.next if opened else None
        node = following


def _flush(pieces: list[str], passages: list[Passage], box: int, linked: int, bold: int) -> None:
    text = " ".join("".join(pieces).split())
    pieces.clear()
    if not text.isascii():
        for character in _UNPRINTED:
            if character in text:
                text = text.replace(character, "").strip()
    if text:
        passages.append(Passage(text, box, linked, bold))


def lay_out(page: PageText, kinds: Sequence[BlockKind], in_story: Sequence[bool]) -> tuple[str, tuple[Block, ...]]:
    """Join the passages of a page to its raw text.

    Args:
        page: The passages.
        kinds: What each of them is.
        in_story: Whether each of them belongs to the story.

    Returns:
        The passages joined by line breaks, one block for each of the story, and one for each run of others.
    """
    blocks = []
    start = 0
    outside = -1  # where the run of passages outside the story began
    for passage, kind, inside in zip(page.passages, kinds, in_story, strict=True):
        end = start + len(passage.text)
        if inside:
            if outside >= 0:
                blocks.append(Block("other", outside, start - 1, in_story=False))
                outside = -1
            density = min(1.0, passage.linked / len(passage.text))
            tag = page.boxes[passage.box].tag
            blocks.append(Block(kind, start, end, tag, _tokens_around(page.boxes, passage.box), density))
        elif outside < 0:
            outside = start
        start = end + 1
    if outside >= 0:
        blocks.append(Block("other", outside, start - 1, in_story=False))
    return "\n".join([passage.text for passage in page.passages]), tuple(blocks)


def _tokens_around(boxes: Sequence[Box], box: int) -> tuple[str, ...]:
    """The tokens of a box, then those of the boxes around it, nearest first."""
    tokens: list[str] = []
    while box >= 0 and len(tokens) < _MAX_TOKENS:
        tokens += boxes[box].names.tokens
        box = boxes[box].parent
    return tuple(tokens[:_MAX_TOKENS])
