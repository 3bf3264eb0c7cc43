"""Shows what was done to one story: every cut and every change of spelling, where it stands in the raw text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from copydesk.schemas.article import Article
from copydesk.transforms.boilerplate.edited import Edited, Paragraph
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.errors import Reject

RESPELLED = "respelled"
"""The kind of a mark that is a change of spelling; no kind of cut has that name."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place of the raw text that is not in the story as it stood.

    Attributes:
        start: First code point in the raw text.
        length: Code points.
        text: What stands there.
        kind: The kind of cut, or `respelled`.
        rule: Why.
        new: What the story has in its stead; None for a cut.
    """

    start: int
    length: int
    text: str
    kind: str
    rule: str
    new: str | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """One story and what was done to it.

    Attributes:
        source_uri: Which story.
        raw: The raw text.
        marks: In order, not overlapping. Without the cuts and with the changes made, `raw` is the clean text but for
            white space.
        article: What became of it; None where it was refused.
        refused: Why it was refused, None where it was not.
    """

    source_uri: str
    raw: str
    marks: tuple[Mark, ...]
    article: Article | None
    refused: str | None = None

    def runs(self) -> Iterator[str | Mark]:
        """The raw text in order, parted at the marks."""
        at = 0
        for mark in self.marks:
            if mark.start > at:
                yield self.raw[at : mark.start]
            yield mark
            at = mark.start + mark.length
        if at < len(self.raw):
            yield self.raw[at:]

    def as_json(self) -> dict[str, Any]:
        """Everything, as values that JSON has."""
        return {
            "source_uri": self.source_uri,
            "refused": self.refused,
            "raw": self.raw,
            "marks": [asdict(mark) for mark in self.marks],
            "article": self.article.row() if self.article else None,
        }


def explain(draft: Draft, editor: Editor) -> Explained:
    """Edits a draft and says what was done.

    Args:
        draft: As read.
        editor: With the options to explain.
    """
    edited = editor.cut_down(draft)
    marks = [Mark(cut.start, cut.length, cut.text, cut.kind, cut.rule) for cut in edited.cuts]
    try:
        article = editor.write_up(draft, edited)
    except Reject as reject:
        return Explained(draft.source_uri, draft.raw, tuple(marks), None, str(reject))
    if article.spelling is not None:
        marks += _changes(draft.raw, edited, editor)
    marks.sort(key=lambda mark: mark.start)
    return Explained(draft.source_uri, draft.raw, tuple(marks), article)


def _changes(raw: str, edited: Edited, editor: Editor) -> Iterator[Mark]:
    text = edited.text
    places = _places(text, raw, edited.paragraphs)
    for change in editor.speller.apply(text).changes:
        start, end = places[change.start], places[change.start + change.length - 1] + 1
        yield Mark(start, end - start, raw[start:end], RESPELLED, change.rule, change.new)


def _places(text: str, raw: str, paragraphs: Sequence[Paragraph]) -> list[int]:
    """Where each code point of the clean text stands in the raw text; white space has the place of what follows.

    The two differ in white space alone, so their other code points are the same ones in the same order.
    """
    kept = (
        at
        for paragraph in paragraphs
        for start, end in paragraph.spans
        for at in range(start, end)
        if not raw[at].isspace()
    )
    places: list[int] = []
    waiting = 0
    for char in text:
        if char.isspace():
            waiting += 1
        else:
            places += [next(kept)] * (waiting + 1)
            waiting = 0
    return places
