"""Sends what a step makes of a document one way and what it refuses another.

Every step between the sources and the exchange is a function that is given a document and yields what becomes of it:
results, or a Refusal. `Route` runs such a function in Beam. It is all the error handling the graph has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from copydesk.schemas.failure import Failure
from copydesk.schemas.source import RawDocument
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.errors import Reject
from copydesk.transforms.read import Limits, read

FAILED, TALLY = "failed", "tally"
"""Tags of the outputs beside the main one."""

T = TypeVar("T")


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


Refuse = Callable[[Refusal, str], Failure]
"""Makes the Failure of a refusal by the step of that name; may keep a large payload elsewhere."""


@dataclass(frozen=True)
class ReadStep:
    """A document to the stories in it."""

    limits: Limits

    def __call__(self, opened: Opened) -> Iterator[Taken | Refusal]:
        """Yields one outcome for each story, or one refusal for the whole document."""
        document = opened.document
        try:
            stories = read(document, self.limits)
        except Reject as reject:
            yield Refusal(document, reject, document.source_uri, True)
            return
        sole = len(stories) == 1
        for number, story in enumerate(stories):
            if isinstance(story, Draft):
                yield Taken(document, story, sole)
            else:
                yield Refusal(document, story, f"{document.source_uri}#entry={number}", sole)


@dataclass(frozen=True)
class EditStep:
    """A draft to an article."""

    editor: Editor

    def __call__(self, taken: Taken) -> Iterator[Any]:
        """Yields the article, or the refusal of it."""
        try:
            yield self.editor.edit(taken.draft)
        except Reject as reject:
            yield Refusal(taken.document, reject, taken.draft.source_uri, taken.sole)


class Route(beam.DoFn, Generic[T]):
    """Runs a step; refusals go to the output FAILED, differences in number to TALLY.

    Args:
        step: A function that yields results and refusals.
        stage: Its name, as it goes into the Failure.
        refuse: Makes the Failure.
        on_unexpected: `dead-letter` makes a Failure of a fault in the step; `raise` lets it end the run.
        observe: Called with each result: for counters.
    """

    def __init__(
        self,
        step: Callable[[Any], Iterable[T | Refusal]],
        stage: str,
        refuse: Refuse,
        on_unexpected: str = "dead-letter",
        observe: Callable[[T], None] | None = None,
    ) -> None:
        self.step, self.stage, self.refuse = step, stage, refuse
        self.on_unexpected, self.observe = on_unexpected, observe

    def process(self, element: HasDocument) -> Iterator[Any]:
        """Yields the results, and the rest with its tag."""
        outcomes = 0
        for outcome in self._outcomes(element):
            outcomes += 1
            if isinstance(outcome, Refusal):
                yield TaggedOutput(FAILED, self.refuse(outcome, self.stage))
            else:
                if self.observe is not None:
                    self.observe(outcome)
                yield outcome
        if outcomes != 1:
            yield TaggedOutput(TALLY, FannedOut(outcomes - 1))

    def _outcomes(self, element: HasDocument) -> Iterable[T | Refusal]:
        try:
            return list(self.step(element))
        except Exception as error:
            if self.on_unexpected == "raise":
                raise
            words = f"{type(error).__name__}: {error}"
            document = element.document
            uri = element.draft.source_uri if isinstance(element, Taken) else document.source_uri
            sole = element.sole if isinstance(element, Taken) else True
            return [Refusal(document, Reject("unexpected", words[:500]), uri, sole)]


def route(
    step: Callable[[Any], Iterable[Any]],
    stage: str,
    refuse: Refuse,
    on_unexpected: str = "dead-letter",
    observe: Callable[[Any], None] | None = None,
) -> beam.PTransform[Any, Any]:
    """`Route` as a transform with three outputs: the results (`main`), FAILED and TALLY."""
    routed: beam.PTransform[Any, Any] = beam.ParDo(Route(step, stage, refuse, on_unexpected, observe)).with_outputs(
        FAILED, TALLY, main="main"
    )
    return routed
