"""The desk: a draft in, an edited story out."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, Final

from copydesk.schemas.article import Caption, Cut, Dateline, Embed
from copydesk.transforms.boilerplate.agencies import agency_codes, codes_in
from copydesk.transforms.boilerplate.credits import (
    add_credit,
    authors_in,
    clean_credit,
    topics_in,
)
from copydesk.transforms.boilerplate.edited import Edited, Paragraph
from copydesk.transforms.boilerplate.galley import Galley
from copydesk.transforms.boilerplate.learnt import Counts
from copydesk.transforms.boilerplate.lines import Line, Lines
from copydesk.transforms.boilerplate.marks import Mark
from copydesk.transforms.boilerplate.matcher import Matcher, matcher_of
from copydesk.transforms.boilerplate.rules import Rule, default_rules, version_of
from copydesk.transforms.draft import Draft

_BREAK: Final = re.compile(r"</?(?:br|hr|p|div)\b|&(?:amp;)?(?:nbsp|#160|#xa0);", re.IGNORECASE)
"""A left-over tag that parts words."""

_paragraph_of: Final = partial(tuple.__new__, Paragraph)
"""A paragraph from a pair of its members. Most of a story passes here: by name it takes twice as long."""


class Desk:
    """Edits drafts: cuts what is not the story and takes fields out of it, with a reason for every cut.

    Build it once a worker. It can be pickled; patterns are compiled on first use, in each process.

    Args:
        rules: From `load_rules`; the package's own if not given.
        keep: Kinds (`copydesk.transforms.boilerplate.rules.KINDS`) that stay in the text; what they say still goes
            to its column.
        cut: Kinds that are cut only on request.
        learnt: By house, what `copydesk.transforms.boilerplate.learnt.learn` says of its lines.
    """

    def __init__(
        self,
        rules: Sequence[Rule] | None = None,
        keep: Collection[str] = (),
        cut: Collection[str] = (),
        learnt: Mapping[str, Counts] | None = None,
    ) -> None:
        self.rules = tuple(default_rules() if rules is None else rules)
        self.keep = frozenset(keep)
        self.cut = frozenset(cut)
        self.learnt = dict(learnt or {})
        self._matcher: Matcher | None = None
        self._version: str | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_matcher": None}

    @property
    def version(self) -> str:
        """A hash of all that decides what is cut: rules, agencies, kinds kept and cut, lines learnt."""
        if self._version is None:
            agencies = [f"{name}={code}" for name, code in sorted(agency_codes().items())]
            learnt = [f"{house}={known}" for house, known in sorted(self.learnt.items()) if known.lines]
            kinds = [*sorted(self.keep), "|", *sorted(self.cut)]
            self._version = version_of(self.rules, *kinds, "|", *agencies, "|", *learnt)
        return self._version

    def edit(self, draft: Draft, house: str | None = None) -> Edited:
        """Edits one story.

        Args:
            draft: The story as read.
            house: Its house, where its metadata does not name it.

        Returns:
            The story, its fields and every cut. Depends on nothing but the draft and the desk.
        """
        if self._matcher is None:
            self._matcher = matcher_of(self.rules)
        house = draft.metadata.house or house
        galley = Galley(draft, house, self._matcher, self.keep, self.cut, self.learnt.get(house) if house else None)
        galley.mark_up()
        return _compose(galley)


def _compose(galley: Galley) -> Edited:
    """Puts the result together from the marks."""
    draft = galley.draft
    given = draft.metadata
    raw = draft.raw
    paragraphs = tuple(_paragraphs(raw, galley.lines))
    if not galley.marks.cuts and not galley.marks.kept:
        return Edited(
            galley.headline,
            given.standfirst,
            paragraphs,
            (),
            captions=given.captions,
            authors=given.authors,
            topics=_unique(given.topics),
        )
    cuts = sorted(galley.marks.cuts, key=lambda mark: mark.start)
    marks = sorted([*cuts, *galley.marks.kept], key=lambda mark: mark.start) if galley.marks.kept else cuts
    authors = _authors(marks)
    return Edited(
        headline=galley.headline,
        standfirst=given.standfirst or _first_part(marks, "standfirst", "text"),
        paragraphs=paragraphs,
        cuts=tuple([Cut(m.kind, m.rule, raw[m.start : m.end], m.start, m.end - m.start) for m in cuts]),
        captions=(*given.captions, *_captions(marks)),
        dateline=_dateline(marks),
        agencies=_agencies(marks),
        authors=given.authors or authors,
        topics=_unique([*given.topics, *_topics(marks)]),
        embeds=tuple([_embed(m) for m in marks if m.kind == "embed" and m.parts]),
    )


def _paragraphs(raw: str, lines: Lines) -> list[Paragraph]:
    """What is left of the blocks."""
    paragraphs = []
    for block, printed, line in zip(lines.blocks, lines.printed, lines.made, strict=True):
        if line is None or not line.touched:
            paragraphs.append(_paragraph_of((((block.start, block.end),), printed)))
        elif line.spans:
            paragraphs.append(_paragraph(raw, line))
    return paragraphs


def _paragraph(raw: str, line: Line) -> Paragraph:
    """The clean text of what is left of a block."""
    spans = line.spans
    if len(spans) == 1:
        start, end = spans[0]
        text = raw[start:end]
        return Paragraph((spans[0],), text if line.plain and text == line.text else _unwrap(text))
    text = _unwrap(raw[spans[0][0] : spans[0][1]])
    ends = dict(spans)
    for (_, before), (start, _) in pairwise(spans):
        apart = raw[before].isspace() or raw[start - 1].isspace() or _BREAK.search(raw, before, start)
        text += (" " if apart else "") + _unwrap(raw[start : ends[start]])
    return Paragraph(tuple(spans), text)


def _unwrap(text: str) -> str:
    lines = text.splitlines()
    return text if len(lines) == 1 else " ".join([part for line in lines if (part := line.strip())])


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _first_part(marks: Sequence[Mark], kind: str, part: str) -> str | None:
    return next((mark.parts[part] for mark in marks if mark.kind == kind and part in mark.parts), None)


def _dateline(marks: Sequence[Mark]) -> Dateline | None:
    return next((mark.dateline for mark in marks if mark.dateline is not None), None)


def _agencies(marks: Sequence[Mark]) -> tuple[str, ...]:
    """Agencies of the credits in the text, then the one in the dateline."""
    found: list[str] = []
    for mark in marks:
        found += mark.codes
        if mark.kind == "agency" and not mark.codes:
            found += codes_in(" ".join(mark.parts.values()))
        if mark.dateline is not None and mark.dateline.agency:
            found.append(mark.dateline.agency)
    return _unique(found)


def _authors(marks: Sequence[Mark]) -> tuple[str, ...]:
    """The names in the bylines; where there is none, those that a line about the author gives."""
    bylines: list[str] = []
    bios: list[str] = []
    for mark in marks:
        if mark.kind == "byline":
            bylines += authors_in(mark.parts.get("name") or mark.parts.get("") or "")
        elif mark.kind == "author_bio" and "name" in mark.parts:
            bios += authors_in(mark.parts["name"])
    return _unique(bylines or bios)


def _topics(marks: Sequence[Mark]) -> list[str]:
    topics: list[str] = []
    for mark in marks:
        if mark.kind == "topics":
            topics += topics_in(mark.parts.get("topics") or mark.parts.get("") or "")
    return topics


def _captions(marks: Sequence[Mark]) -> list[Caption]:
    captions: list[Caption] = []
    last = -2
    for mark in marks:
        if mark.kind not in ("caption", "photo_credit") or not mark.parts:
            continue
        text = (mark.parts.get("text") or "").strip() or None
        credit = clean_credit(mark.parts.get("credit"))
        if text:
            captions.append(Caption(text, credit))
            last = mark.line
        elif credit:
            captions = add_credit(captions, credit, adjoining=mark.line == last + 1)
    return captions


def _embed(mark: Mark) -> Embed:
    return Embed(mark.parts.get("kind", "token"), mark.parts.get("ref"))
