"""What the desk hands back: the story, the fields taken out of it, and every cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from copydesk.schemas.article import Caption, Cut, Dateline, Embed


class Paragraph(NamedTuple):
    """One paragraph of the story.

    Attributes:
        spans: Where its text stands in the raw text, as (start, end) in code points, in order.
        text: Its clean text: the spans, with one space where something between them was cut out of running text.
            Line breaks inside a hard-wrapped paragraph are one space; other inner white space is as it was.
    """

    spans: tuple[tuple[int, int], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Edited:
    """One edited story.

    The spans of the paragraphs and the cuts are disjoint, and together they cover all of the raw text but white space.

    Attributes:
        headline: From the metadata, else the first line of the text where it is plainly a headline.
        standfirst: From the metadata, else a summary that the text prints above the story and again in it.
        paragraphs: The story.
        cuts: Every cut in the order of the raw text, those taken to a field included.
        captions: Of the metadata, then those taken out of the text.
        dateline: Taken out of the start of the story.
        agencies: Codes of the agencies credited, each once, in order of appearance.
        authors: Of the metadata, else from a byline in the text.
        topics: Of the metadata, then those taken out of the text.
        embeds: CMS tokens taken out of the text.
    """

    headline: str | None
    standfirst: str | None
    paragraphs: tuple[Paragraph, ...]
    cuts: tuple[Cut, ...]
    captions: tuple[Caption, ...] = ()
    dateline: Dateline | None = None
    agencies: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    embeds: tuple[Embed, ...] = ()

    @property
    def text(self) -> str:
        """The clean text: the paragraphs, parted by a blank line."""
        return "\n\n".join([paragraph.text for paragraph in self.paragraphs])
