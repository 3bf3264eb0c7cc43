"""From a parsed page to its text view: passages of visible text, each with what the markup knows of it.

The tree is walked once, in document order and without recursion. A passage ends where a browser would break the line:
at the edges of every element that is not inline, and at two `<br>` in a row. White space of any kind inside a passage
becomes one space; what no browser shows (scripts, styles, form fields, text for screen readers) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, Self

from copydesk.transforms.draft import Block, BlockKind
from copydesk.transforms.page_names import Names, names_of

INLINE: Final = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark nobr o:p output q s samp "
    "small span strike strong sub sup time tt u var wbr rb rt rp rtc ruby".split()
)
"""Elements that do not break the line: those the HTML Standard's rendering section gives no `display: block`."""

UNSEEN: Final = frozenset(
    "script style noscript template svg math iframe object embed video audio canvas select datalist option textarea "
    "input head title meta link base map progress meter frameset noframes noembed param source track img "
    "-comment -doctype".split()
)
"""Nodes whose content is not text of the page, or is shown only where something else fails."""

HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_PICTURES: Final = frozenset({"img", "video", "iframe", "amp-img", "amp-video", "audio"})
_BARE: Final = frozenset({"b", "i", "em", "strong", "u", "wbr", "sub", "sup", "s"})
_NAMED: Final = (
    "class",
    "id",
    "role",
    "itemprop",
    "data-testid",
    "data-component",
    "data-cy",
    "data-type",
    "data-module",
)
_UNPRINTED: Final = {0x00AD: None, 0x200B: None, 0x2060: None, 0xFEFF: None}
_MAX_TOKENS: Final = 24
_NAMELESS: Final = names_of("")
_Way = Literal["", "inline", "link", "bold", "box", "figure"]
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


class _Walker:
    """One walk over one tree. The state is what is open at the current node."""

    def __init__(self) -> None:
        self.page = PageText()
        self.pieces: list[str] = []
        self.linked = self.bold = self.breaks = 0  # of the passage under way
        self.in_link = self.in_bold = self.in_figure = 0  # open elements
        self.box = -1

    def walk(self, body: Node) -> PageText:
        """Visit every node below `body`, itself included."""
        node: Node = body
        opened: list[tuple[_Way, int]] = []
        while True:
            tag = node.tag or ""
            if tag == "-text":
                self._text(node.text_content or "")
            elif tag == "br":
                self._break()
            elif tag in _PICTURES:
                if self.box >= 0:
                    self.page.boxes[self.box].pictured = True
            elif tag not in UNSEEN:
                outer = self.box
                way = self._enter(node, tag)
                if way:
                    child = node.first_child
                    if child is not None:
                        opened.append((way, outer))
                        node = child
                        continue
                    self._leave(way, outer)
            while opened:
                following = node.next
                if following is not None:
                    node = following
                    break
                parent = node.parent
                if parent is None:  # pragma: no cover - every opened node is a parent
                    return self.page
                node = parent
                self._leave(*opened.pop())
            if not opened:
                return self.page

    def _text(self, text: str) -> None:
        self.pieces.append(text)
        if self.in_link or self.in_bold or self.breaks:
            length = len(text.strip())
            if length:
                self.breaks = 0
            if self.in_link:
                self.linked += length
            if self.in_bold:
                self.bold += length

    def _break(self) -> None:
        self.breaks += 1
        if self.breaks > 1:
            self._flush()
        else:
            self.pieces.append("\n")

    def _enter(self, node: Node, tag: str) -> _Way:
        """Open an element and say how, so that `_leave` can undo it; "" where nothing of it is seen."""
        if tag in _BARE:
            if tag == "b" or tag == "strong":
                self.in_bold += 1
                return "bold"
            return "inline"
        given = node.attributes
        names = names_of(" ".join([value for key in _NAMED if (value := given.get(key))])) if given else _NAMELESS
        hidden = "hidden" in given or ("style" in given and _NOT_SHOWN.search(given["style"] or "") is not None)
        if names.unseen:
            return ""
        way: _Way = "box"
        if tag in INLINE:
            if hidden:
                return ""
            if names.tokens and "br" in names.tokens and node.first_child is None:
                self._flush()  # a line break drawn by a style
                return ""
            if names.kind != "credit" or not self.in_figure:
                if tag != "a":
                    return "inline"
                self.in_link += 1
                return "link"
        elif tag == "figure" or tag == "figcaption" or names.kind == "caption":
            self.in_figure += 1
            way = "figure"
        self._flush()
        self.page.boxes.append(Box(self.box, tag, names, hidden))
        self.box = len(self.page.boxes) - 1
        return way

    def _leave(self, way: _Way, outer: int) -> None:
        if way == "link":
            self.in_link -= 1
        elif way == "bold":
            self.in_bold -= 1
        elif way != "inline":
            self._flush()
            self.box = outer
            if way == "figure":
                self.in_figure -= 1

    def _flush(self) -> None:
        if self.pieces:
            text = " ".join("".join(self.pieces).split())
            self.pieces.clear()
            if text and not text.isascii():
                text = text.translate(_UNPRINTED).strip()
            if text:
                self.page.passages.append(Passage(text, self.box, self.linked, self.bold))
        self.linked = self.bold = self.breaks = 0


def read_passages(body: Node) -> PageText:
    """Read the visible text of a page.

    Args:
        body: The body element of a parsed page.

    Returns:
        Its passages and boxes; the first box is the body. Time and memory grow linearly with the number of nodes.
    """
    return _Walker().walk(body)


def lay_out(page: PageText, kinds: Sequence[BlockKind], in_story: Sequence[bool]) -> tuple[str, tuple[Block, ...]]:
    """Join the passages of a page to its raw text.

    Args:
        page: The passages.
        kinds: What each of them is.
        in_story: Whether each of them belongs to the story.

    Returns:
        The passages joined by line breaks, and one block for each.
    """
    tokens = _tokens_around(page.boxes)
    blocks = []
    start = 0
    for passage, kind, inside in zip(page.passages, kinds, in_story, strict=True):
        end = start + len(passage.text)
        density = min(1.0, passage.linked / len(passage.text))
        blocks.append(Block(kind, start, end, page.boxes[passage.box].tag, tokens[passage.box], density, inside))
        start = end + 1
    return "\n".join([passage.text for passage in page.passages]), tuple(blocks)


def _tokens_around(boxes: Sequence[Box]) -> list[tuple[str, ...]]:
    """For each box its own tokens, then those of the boxes around it, nearest first."""
    tokens: list[tuple[str, ...]] = []
    for box in boxes:
        own = box.names.tokens
        outer = tokens[box.parent] if box.parent >= 0 else ()
        tokens.append((own + outer)[:_MAX_TOKENS] if own else outer)
    return tokens
