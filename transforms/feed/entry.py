"""What the readers of the several feed formats agree on: a feed and its entries, before they become drafts."""

from __future__ import annotations

from dataclasses import dataclass, field

from copydesk.schemas.article import Caption
from copydesk.transforms.errors import Reject
from copydesk.transforms.identity import digest


@dataclass(slots=True)
class Entry:
    """One entry of a feed, as its format gives it.

    Attributes:
        title: Plain text; not yet repaired.
        guid: The identifier as it stands in the feed: never resolved, never made up.
        link: Address of the article as given, resolved only against `xml:base`.
        bodies: HTML of the elements that are meant to hold the whole story (`content:encoded`, Atom's `content`).
        summaries: HTML of the elements that are meant to hold a summary, though many houses put the story there.
        media_texts: HTML of what is said of a picture or a film; the body only where there is nothing else.
        captions: What is said of pictures and films, with the credits.
        authors: As given, one string for each element.
        topics: As given.
        published_raw: When it was published, as given.
        updated_raw: When it was last changed, as given.
        language: As given, of the entry itself.
    """

    title: str | None = None
    guid: str | None = None
    link: str | None = None
    bodies: list[str] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    media_texts: list[str] = field(default_factory=list)
    captions: list[Caption] = field(default_factory=list)
    authors: list[str] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    published_raw: str | None = None
    updated_raw: str | None = None
    language: str | None = None

    @property
    def version(self) -> str:
        """Tells this state of the entry from all others: another date is no other state."""
        texts = (*self.bodies, *self.summaries, *self.media_texts)
        return digest(self.guid or "", self.link or "", self.title or "", *texts)[:16]

    @property
    def size(self) -> int:
        """How many bytes of UTF-8 its texts take, or a little more."""
        texts = (*self.bodies, *self.summaries, *self.media_texts, self.title or "")
        return sum(len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")) for text in texts)


@dataclass(slots=True)
class Feed:
    """A feed as its format gives it.

    Attributes:
        entries: In the order of the feed; a Reject stands for one that cannot be read.
        url: Its own address as it names it, if it does.
        site: The address of the pages that it is about.
        language: As given, of the feed as a whole.
        authors: Of the feed as a whole, where its format says that they are those of an entry that names none.
        surplus: How many entries come after those, beyond the number asked for.
    """

    entries: list[Entry | Reject] = field(default_factory=list)
    url: str | None = None
    site: str | None = None
    language: str | None = None
    authors: list[str] = field(default_factory=list)
    surplus: int = 0
