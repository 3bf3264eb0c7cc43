"""The Article: one clean news story and the record of every edit made to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.schemas.columns import column, list_of

SCHEMA_VERSION = "1.0"
"""Major.minor of both schemas. Within a major version columns are only added, and added nullable."""

_TIME = pa.timestamp("us", tz="UTC")

_CAPTION = pa.struct(
    [
        column(40, "text", pa.string(), "What the caption says, without the credit."),
        column(41, "credit", pa.string(), "Who took or owns the picture, as printed."),
    ]
)
_DATELINE = pa.struct(
    [
        column(42, "place", pa.string(), "The place as printed: `WASHINGTON`, `LA CROSSE, Wis.`"),
        column(43, "date", pa.string(), "The date as printed inside the dateline, if any."),
        column(44, "agency", pa.string(), "Code of the agency named inside the dateline, if any."),
    ]
)
_EMBED = pa.struct(
    [
        column(
            45,
            "kind",
            pa.string(),
            "What kind of token it was: `nid`, `caption`, `video` ...",
            nullable=False,
        ),
        column(46, "ref", pa.string(), "What it points to, as printed: `720192`."),
    ]
)
_CUT = pa.struct(
    [
        column(47, "kind", pa.string(), "Why it was cut: `newsletter`, `photo_credit` ...", nullable=False),
        column(48, "rule", pa.string(), "The id of the rule that cut it.", nullable=False),
        column(49, "text", pa.string(), "What was cut, to the letter.", nullable=False),
        column(
            50,
            "start",
            pa.int32(),
            "Where it stood: code points from the start of the raw text.",
            nullable=False,
        ),
        column(51, "length", pa.int32(), "How long it was, in code points.", nullable=False),
    ]
)
_RESPELLED = pa.struct(
    [
        column(52, "from", pa.string(), "The word as it was printed.", nullable=False),
        column(53, "to", pa.string(), "The word as it is now.", nullable=False),
        column(54, "count", pa.int32(), "How often.", nullable=False),
    ]
)

ARTICLE_SCHEMA: pa.Schema = pa.schema(
    [
        column(
            1,
            "article_id",
            pa.string(),
            "Stable identity: the feed's guid where unique in its feed, else the canonical URL, else the source URI.",
            nullable=False,
        ),
        column(
            2,
            "revision",
            pa.string(),
            "Hash of headline and text (BLAKE2b, 128 bits, hex): a new value is a new version of the article.",
            nullable=False,
        ),
        column(3, "source_uri", pa.string(), "Where the bytes came from.", nullable=False),
        column(4, "media_type", pa.string(), "What the bytes were.", nullable=False),
        column(5, "url", pa.string(), "Canonical URL, without tracking parameters."),
        column(
            6,
            "house",
            pa.string(),
            "The publisher: registrable domain of the URL, or the name given with --house.",
        ),
        column(7, "headline", pa.string(), "The headline."),
        column(8, "standfirst", pa.string(), "The summary printed under the headline."),
        column(9, "authors", list_of(60, pa.string()), "Names from the byline or the metadata.", nullable=False),
        column(
            10,
            "agencies",
            list_of(61, pa.string()),
            "Codes of the agencies credited: REUTERS, AFP, AP ...",
            nullable=False,
        ),
        column(11, "topics", list_of(62, pa.string()), "Topics, sections and tags, as printed.", nullable=False),
        column(12, "dateline", _DATELINE, "Taken out of the start of the first paragraph."),
        column(13, "published_at", _TIME, "When it was published; never invented."),
        column(14, "published_raw", pa.string(), "The publication date as printed, parsed or not."),
        column(15, "updated_at", _TIME, "When it was last changed, as the source says."),
        column(16, "fetched_at", _TIME, "When the bytes were fetched, where the source says."),
        column(
            17,
            "language",
            pa.string(),
            "BCP 47 tag, as the source declares it or, undeclared, where it is plain.",
        ),
        column(18, "text", pa.string(), "The clean text; paragraphs are parted by a blank line.", nullable=False),
        column(19, "word_count", pa.int32(), "Words in `text`, parted by white space.", nullable=False),
        column(
            20,
            "captions",
            list_of(63, _CAPTION),
            "Photo captions and credits, taken out of the text.",
            nullable=False,
        ),
        column(21, "embeds", list_of(64, _EMBED), "CMS tokens, taken out of the text.", nullable=False),
        column(
            22,
            "removed",
            list_of(65, _CUT),
            "Every cut, those taken to a column included, with its reason and its place in the raw text.",
            nullable=False,
        ),
        column(23, "respelled", list_of(66, _RESPELLED), "Every spelling change.", nullable=False),
        column(24, "spelling", pa.string(), "The variety the text is now in; null where it was left as it was."),
        column(
            25,
            "content_hash",
            pa.string(),
            "Hash of the words of `text`, case, space and punctuation aside: equal for copies of one text.",
            nullable=False,
        ),
        column(26, "pipeline_version", pa.string(), "The copydesk release that wrote the row.", nullable=False),
        column(
            27,
            "rules_version",
            pa.string(),
            "Hash of the rules and tables that edited the row.",
            nullable=False,
        ),
    ],
    metadata={b"copydesk.record": b"article", b"copydesk.schema_version": SCHEMA_VERSION.encode()},
)


@dataclass(frozen=True, slots=True)
class Caption:
    """A photo caption: its text, its credit, or both."""

    text: str | None
    credit: str | None


@dataclass(frozen=True, slots=True)
class Dateline:
    """Place, date and agency that opened the first paragraph."""

    place: str | None
    date: str | None = None
    agency: str | None = None


@dataclass(frozen=True, slots=True)
class Embed:
    """A CMS token that stood in the text."""

    kind: str
    ref: str | None


@dataclass(frozen=True, slots=True)
class Cut:
    """One span taken out of the raw text, to the letter, with its reason."""

    kind: str
    rule: str
    text: str
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Respelled:
    """One spelling change and how often it was made."""

    old: str
    new: str
    count: int


@dataclass(frozen=True, slots=True)
class Article:
    """One row of `articles/`. The columns, their types and meanings are those of `ARTICLE_SCHEMA`.

    Times are microseconds since 1970 UTC.
    """

    article_id: str
    revision: str
    source_uri: str
    media_type: str
    text: str
    word_count: int
    content_hash: str
    pipeline_version: str
    rules_version: str
    url: str | None = None
    house: str | None = None
    headline: str | None = None
    standfirst: str | None = None
    authors: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    dateline: Dateline | None = None
    published_at: int | None = None
    published_raw: str | None = None
    updated_at: int | None = None
    fetched_at: int | None = None
    language: str | None = None
    captions: tuple[Caption, ...] = ()
    embeds: tuple[Embed, ...] = ()
    removed: tuple[Cut, ...] = ()
    respelled: tuple[Respelled, ...] = ()
    spelling: str | None = None

    def row(self) -> dict[str, Any]:
        """The article as a row of `ARTICLE_SCHEMA`."""
        return {
            "article_id": self.article_id,
            "revision": self.revision,
            "source_uri": self.source_uri,
            "media_type": self.media_type,
            "url": self.url,
            "house": self.house,
            "headline": self.headline,
            "standfirst": self.standfirst,
            "authors": self.authors,
            "agencies": self.agencies,
            "topics": self.topics,
            "dateline": self.dateline
            and {"place": self.dateline.place, "date": self.dateline.date, "agency": self.dateline.agency},
            "published_at": self.published_at,
            "published_raw": self.published_raw,
            "updated_at": self.updated_at,
            "fetched_at": self.fetched_at,
            "language": self.language,
            "text": self.text,
            "word_count": self.word_count,
            "captions": [{"text": c.text, "credit": c.credit} for c in self.captions],
            "embeds": [{"kind": e.kind, "ref": e.ref} for e in self.embeds],
            "removed": [
                {"kind": c.kind, "rule": c.rule, "text": c.text, "start": c.start, "length": c.length}
                for c in self.removed
            ],
            "respelled": [{"from": r.old, "to": r.new, "count": r.count} for r in self.respelled],
            "spelling": self.spelling,
            "content_hash": self.content_hash,
            "pipeline_version": self.pipeline_version,
            "rules_version": self.rules_version,
        }
