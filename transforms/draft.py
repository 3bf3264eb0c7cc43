"""The draft: what a reader makes of one document, before the desk edits it.

A reader (`text`, `page`, `feed`, `record`) gives the raw text, the blocks it falls into, and the metadata that came
with it. It cuts nothing: what a page's markup says of a block is kept on the block as evidence, and
`copydesk.transforms.boilerplate` decides.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from copydesk.schemas.article import Caption

BlockKind = Literal[
    "paragraph",
    "heading",
    "list_item",
    "quote",
    "caption",
    "credit",
    "byline",
    "standfirst",
    "table",
    "preformatted",
    "embed",
    "other",
]


class Block(NamedTuple):
    """A run of the raw text that stands alone: a paragraph, a heading, a caption.

    `raw[start:end]` is its text, without white space at its ends; blocks are in order and do not overlap; between
    them there is only white space. A block of a hard-wrapped text file may hold line breaks.

    Attributes:
        kind: What the markup says it is; in a text file always `paragraph`.
        start: First code point in the raw text.
        end: One past the last code point.
        tag: Name of the HTML element it came from, lower case; empty in a text file.
        tokens: Class, id and role tokens of that element and of its near ancestors, lower case, nearest first.
        link_density: Share of its characters that stand inside links, 0.0 to 1.0.
        in_story: False where the page reader holds the block to lie outside the story (navigation, footer, teasers).
    """

    kind: BlockKind
    start: int
    end: int
    tag: str = ""
    tokens: tuple[str, ...] = ()
    link_density: float = 0.0
    in_story: bool = True


@dataclass(frozen=True, slots=True)
class Metadata:
    """What came with the text: markup, feed fields, JSON fields. Nothing in here is guessed from the text.

    Times are microseconds since 1970 UTC, None where the raw string cannot be read with certainty.
    `guid` is set only where it is unique in its feed; `feed_url` scopes a guid that is not an address.
    """

    headline: str | None = None
    standfirst: str | None = None
    authors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    captions: tuple[Caption, ...] = ()
    url: str | None = None
    house: str | None = None
    guid: str | None = None
    feed_url: str | None = None
    published_raw: str | None = None
    published_at: int | None = None
    updated_at: int | None = None
    fetched_at: int | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """One story as read: raw text, blocks, metadata.

    Attributes:
        source_uri: As in RawDocument; a reader that finds several stories in one document adds `#entry=N`.
        media_type: As in RawDocument.
        raw: The decoded text (a text file) or the page's text view (blocks joined by line breaks). All offsets in
            the project count code points of this string.
        blocks: Where the text falls apart; together they cover all of `raw` but white space.
        metadata: What came with it.
    """

    source_uri: str
    media_type: str
    raw: str
    blocks: tuple[Block, ...]
    metadata: Metadata = field(default_factory=Metadata)
