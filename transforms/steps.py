"""What is done to one document between the sources and the exchange, as functions that can be sent to any process.

A step is given a document, or what was made of it, and yields what becomes of it: results, or a Refusal for one of
several stories. It raises a Reject where the document as a whole is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from copydesk.schemas.article import Article
from copydesk.schemas.source import RawDocument
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.errors import Reject
from copydesk.transforms.read import Limits, read


class HasDocument(Protocol):
    """What carries the document it was made of."""

    @property
    def document(self) -> RawDocument:
        """The document as it was opened."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A document as it was opened."""

    document: RawDocument


@dataclass(frozen=True, slots=True)
class Taken:
    """A draft and the document it was read from.

    Attributes:
        document: The document.
        draft: What was read.
        sole: True if the document holds nothing else, so that its bytes are this draft's alone.
    """

    document: RawDocument
    draft: Draft
    sole: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """A document, or one of several stories in it, that a step refused.

    Attributes:
        document: The document.
        reject: Why.
        source_uri: Which story of the document.
        sole: True if the document holds nothing else.
    """

    document: RawDocument
    reject: Reject
    source_uri: str
    sole: bool


@dataclass(frozen=True, slots=True)
class FannedOut:
    """How many more stories than documents came out of a step; -1 for a document without any."""

    more: int


@dataclass(frozen=True)
class ReadStep:
    """A document to the stories in it."""

    limits: Limits

    def __call__(self, opened: Opened) -> Iterator[Taken | Refusal]:
        """Yields one outcome for each story.

        Raises:
            Reject: The document as a whole cannot be read.
        """
        document = opened.document
        stories = read(document, self.limits)
        sole = len(stories) == 1
        for number, story in enumerate(stories):
            if isinstance(story, Draft):
                yield Taken(document, story, sole)
            else:
                yield Refusal(document, story, f"{document.source_uri}#entry={number}", sole)

    @staticmethod
    def size(opened: Opened) -> int:
        """Bytes of the document."""
        return len(opened.document.data)


@dataclass(frozen=True)
class EditStep:
    """A draft to an article."""

    editor: Editor

    def __call__(self, taken: Taken) -> Iterator[Article]:
        """Yields the article.

        Raises:
            Reject: The draft is no article.
        """
        yield self.editor.edit(taken.draft)

    @staticmethod
    def size(taken: Taken) -> int:
        """Code points of the draft."""
        return len(taken.draft.raw)
