"""From a parsed page to its text view: passages of visible text, each with what the markup knows of it.

The tree is walked once, in document order and without recursion. A passage ends where a browser would break the line:
at the edges of every element that is not inline, and at a `<br>` in loose text; inside a paragraph at two in a row, and
at one between long lines where a sentence ends.
White space of any kind inside a passage becomes one space; what no browser shows (scripts, styles, form fields, text
for screen readers) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

from copydesk.transforms.draft import Block, BlockKind
from copydesk.transforms.errors import Reject
from copydesk.transforms.page.guard import MAX_DEPTH
from copydesk.transforms.page.names import Names, names_of

# How an element is taken on the walk. Plain numbers: the members of an Enum would cost more than all the rest.
_UNSEEN, _BREAK, _PICTURE, _BARE, _BOLD, _INLINE, _LINK, _FIGURE, _BOX = range(9)

_TAGS: Final[dict[int, str]] = {
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
_LINE_BREAK: Final = "\x1e"
"""Stands for a `<br>` in the passage under way: white space, so that it goes if the passage stays whole."""
_ENDS_SENTENCE: Final = frozenset(".!?…\"'”’»。！？")
_LONG_LINE: Final = 60
"""Code points of a line that is no verse and no line of an address."""
_MAX_TOKENS: Final = 24
_NAMELESS: Final = names_of("")
_NOT_SHOWN: Final = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class Node(Protocol):
    """A node of a parsed page, as lexbor shows it: a comment has the tag `-comment`."""

    @property
    def tag(self) -> str | None:
        """Name of the element, lower case."""

    @property
    def text_content(self) -> str | None:
        """Text of a text node; None for every other node."""

    @property
    def attributes(self) -> Mapping[str, str | None]:
        """Attributes of the element; None for one without a value."""

    @property
    def first_child(self) -> Self | None:
        """The first node inside."""

    @property
    def next(self) -> Self | None:
        """The node after it under the same parent."""


@dataclass(slots=True)
class Box:
    """An element that breaks the line, seen as a box that passages lie in.

    Attributes:
        parent: The index of the box around it, -1 for the body; a parent's index is always the smaller one.
        tag: Lower case.
        names: Its own names.
        hidden: The markup says that it is not shown.
    """

    parent: int
    tag: str
    names: Names
    hidden: bool


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
    """All passages of a page and the boxes they lie in, both in document order.

    Attributes:
        boxes: The boxes; the first is the body.
        passages: The passages.
        pictured: Indexes of the boxes that a picture, a video or a frame lies right in, no other box between.
    """

    boxes: list[Box] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)
    pictured: set[int] = field(default_factory=set)


def read_passages(body: Node) -> PageText:
    """Read the visible text of a page.

    Args:
        body: The body element of a parsed page.

    Returns:
        Its passages and boxes; the first box is the body. Time and memory grow linearly with the number of nodes.

    Raises:
        Reject: `too_deep`.
    """
    boxes: list[Box] = []
    pictured: set[int] = set()
    found: list[tuple[str, int, int, int]] = []  # passages as they stand in the markup
    pieces: list[str] = []  # the passage under way
    linked = bold = breaks = 0  # of that passage
    in_link = in_bold = in_figure = 0  # elements open
    box = -1
    opened: list[tuple[Node, int, int]] = []  # the open elements, how each was entered, and the box around it
    node = body
    way_of = _WAYS.get
    # One loop with its state in local names, and the rarest questions last: half of a page's time is spent here.
    while True:
        text = node.text_content
        if text is not None:
            if pieces or not text.isspace():
                pieces.append(text)
                if (in_link or in_bold or breaks) and (length := len(text.strip())):
                    breaks = 0
                    if in_link:
                        linked += length
                    if in_bold:
                        bold += length
        elif (way := way_of(tag := node.tag or "", _BOX)) >= _BARE:
            outer = box
            ends = False  # whether the passage under way ends here
            if way > _BOLD:
                names = _NAMELESS
                hidden = False
                if given := node.attributes:
                    joined = ""
                    for key, value in given.items():
                        if key in _NAMED:
                            if value:
                                joined = f"{joined} {value}" if joined else value
                        elif key == "hidden" or (key == "style" and _NOT_SHOWN.search(value or "")):
                            hidden = True
                    if joined:
                        names = names_of(joined)
                if names.unseen or (hidden and way < _FIGURE):
                    way = _UNSEEN
                elif way >= _FIGURE:
                    ends = True
                    way = _FIGURE if way == _FIGURE or names.kind == "caption" else _BOX
                elif way == _INLINE and names.tokens:
                    if "br" in names.tokens and node.first_child is None:  # a line break drawn by a style
                        found.append(("".join(pieces), box, linked, bold))
                        pieces.clear()
                        linked = bold = breaks = 0
                    elif in_figure and names.kind == "credit":
                        ends = True
                        way = _BOX
            if ends:
                if pieces:
                    found.append(("".join(pieces), box, linked, bold))
                    pieces.clear()
                    linked = bold = breaks = 0
                box = len(boxes)
                boxes.append(Box(outer, tag, names, hidden))
            child = node.first_child if way else None
            if child is not None:
                opened.append((node, way, outer))
                if len(opened) > MAX_DEPTH:
                    raise Reject("too_deep", f"more than {MAX_DEPTH:,} elements lie inside each other")
                if way == _LINK:
                    in_link += 1
                elif way == _BOLD:
                    in_bold += 1
                elif way == _FIGURE:
                    in_figure += 1
                node = child
                continue
            box = outer
        elif way == _BREAK:
            breaks += 1
            if breaks > 1 or boxes[box].tag not in _HOLDS_A_BREAK:
                found.append(("".join(pieces), box, linked, bold))
                pieces.clear()
                linked = bold = breaks = 0
            else:
                pieces.append(_LINE_BREAK)
        elif way == _PICTURE:
            pictured.add(box)
        following = node.next if opened else None
        while following is None:
            if not opened:
                return PageText(boxes, _passages(found), pictured)
            node, way, outer = opened.pop()
            if way >= _FIGURE:
                if pieces:
                    found.append(("".join(pieces), box, linked, bold))
                    pieces.clear()
                    linked = bold = breaks = 0
                box = outer
                in_figure -= way == _FIGURE
            elif way == _LINK:
                in_link -= 1
            elif way == _BOLD:
                in_bold -= 1
            following = node.next if opened else None
        node = following


def _passages(found: Iterable[tuple[str, int, int, int]]) -> list[Passage]:
    """The passages as they are printed: parted where paragraphs end, without those that nothing is left of."""
    printed = []
    for text, box, linked, bold in found:
        if _LINE_BREAK in text:
            lines = _paragraphs(text.split(_LINE_BREAK))
            if len(lines) > 1:
                whole = max(1, sum(map(len, lines)))
                shares = [(line, len(line) / whole) for line in lines]
                printed += [Passage(line, box, int(linked * share), int(bold * share)) for line, share in shares]
                continue
        printed.append(Passage(_printed(text), box, linked, bold))
    return [passage for passage in printed if passage.text]


def _paragraphs(lines: list[str]) -> list[str]:
    """The lines between line breaks: a paragraph ends where a sentence does, if the lines are long."""
    paragraphs: list[str] = []
    for line in map(_printed, lines):
        if not line:
            continue
        before = paragraphs[-1] if paragraphs else ""
        if before and not (before[-1] in _ENDS_SENTENCE and min(len(before), len(line)) >= _LONG_LINE):
            paragraphs[-1] = f"{before} {line}"
        else:
            paragraphs.append(line)
    return paragraphs


def _printed(text: str) -> str:
    """The text with white space collapsed and without what is not printed."""
    text = " ".join(text.split())
    if not text.isascii():
        for character in _UNPRINTED:
            if character in text:
                text = text.replace(character, "").strip()
    return text


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
