"""Sends what a step makes of a document one way and what it refuses another.

`Route` runs a step of steps.py in Beam. It is all the error handling the graph has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from copydesk.schemas.failure import Failure
from copydesk.transforms.errors import Reject, is_panic
from copydesk.transforms.steps import FannedOut, HasDocument, Refusal, Taken

FAILED, TALLY = "failed", "tally"
"""Tags of the outputs beside the main one."""

T = TypeVar("T")

Refuse = Callable[[Refusal, str], Failure]
"""Makes the Failure of a refusal by the step of that name; may keep a large payload elsewhere."""


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
        except Reject as reject:
            return [_refusal(element, reject)]
        except BaseException as error:
            if self.on_unexpected == "raise" or not (isinstance(error, Exception) or is_panic(error)):
                raise
            return [_refusal(element, Reject("unexpected", f"{type(error).__name__}: {error}"[:500]))]


def _refusal(element: HasDocument, reject: Reject) -> Refusal:
    document = element.document
    if isinstance(element, Taken):
        return Refusal(document, reject, element.draft.source_uri, element.sole)
    return Refusal(document, reject, document.source_uri, True)


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
