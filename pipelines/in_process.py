"""A Beam runner for one worker: the graph's own steps, called one after another in this process.

Beam's local runner takes 0.3 s to translate a graph, start a worker in this process and talk to it through queues,
however little there is to do; a round of a watch has a few documents. What this runner does not know it refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pipeline import AppliedPTransform, PipelineVisitor
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState
from apache_beam.utils.windowed_value import WindowedValue


class InProcessRunner(PipelineRunner):
    """Runs bounded graphs of Impulse, ParDo, Flatten and GroupByKey in the global window.

    Elements are pushed through the steps one at a time, as in Beam's fused stages, so that nothing is held but what a
    GroupByKey collects. All that one of these gives out is one bundle.
    """

    def run_pipeline(self, pipeline: beam.Pipeline, options: PipelineOptions) -> PipelineResult:
        """Runs to the end.

        Raises:
            NotImplementedError: the graph has something else in it.
            Exception: whatever a step raises.
        """
        graph = _Graph()
        pipeline.visit(graph)
        for fn in graph.fns.values():
            fn.setup()
        try:
            for source in graph.sources:
                graph.run(source)
        finally:
            for fn in graph.fns.values():
                fn.teardown()
        return _Done()


class _Done(PipelineResult):
    def __init__(self) -> None:
        super().__init__(PipelineState.DONE)  # type: ignore[no-untyped-call]

    def wait_until_finish(self, duration: int | None = None) -> str:
        return PipelineState.DONE


class _Graph(PipelineVisitor):
    """The steps of a pipeline and who takes what from whom."""

    def __init__(self) -> None:
        self.sources: list[AppliedPTransform] = []
        self.fns: dict[AppliedPTransform, beam.DoFn] = {}
        self._steps: list[AppliedPTransform] = []
        self._consumers: dict[Any, list[AppliedPTransform]] = {}
        self._groups: dict[AppliedPTransform, dict[Any, list[Any]]] = {}

    def visit_transform(self, applied: AppliedPTransform) -> None:
        """Takes a step; they come in an order in which each stands after those it takes from."""
        transform = applied.transform
        if isinstance(transform, beam.ParDo) and not applied.side_inputs:
            self.fns[applied] = transform.fn
        elif isinstance(transform, beam.Impulse | beam.GroupByKey):
            self.sources.append(applied)
        elif not isinstance(transform, beam.Flatten):
            raise NotImplementedError(f"{applied.full_label}: {type(transform).__name__} is for a runner of Beam's")
        self._steps.append(applied)
        for taken in applied.inputs:
            self._consumers.setdefault(taken, []).append(applied)

    def run(self, source: AppliedPTransform) -> None:
        """Pushes what a source gives out through all steps up to the next GroupByKeys, as one bundle."""
        bundle = self._behind(source)
        for step in bundle:
            self.fns[step].start_bundle()
        if isinstance(source.transform, beam.Impulse):
            self._give(source, None, b"")
        for grouped in self._groups.pop(source, {}).items():
            self._give(source, None, grouped)
        for step in bundle:
            self._give_all(step, self.fns[step].finish_bundle())

    def _behind(self, source: AppliedPTransform) -> list[AppliedPTransform]:
        """The ParDos that what a source gives out comes to before it is grouped again, in order."""
        reached = {source}
        for step in self._steps:
            if step not in self.sources and any(taken.producer in reached for taken in step.inputs):
                reached.add(step)
        return [step for step in self._steps if step in reached and step in self.fns]

    def _give_all(self, step: AppliedPTransform, outputs: Iterable[Any] | None) -> None:
        for output in outputs or ():
            value = output.value if isinstance(output, WindowedValue) else output
            if isinstance(value, TaggedOutput):
                self._give(step, value.tag, value.value)
            else:
                self._give(step, None, value)

    def _give(self, step: AppliedPTransform, tag: str | None, value: Any) -> None:
        for consumer in self._consumers.get(step.outputs.get(tag), ()):
            if consumer in self.fns:
                self._give_all(consumer, self.fns[consumer].process(value))
            elif isinstance(consumer.transform, beam.Flatten):
                self._give(consumer, None, value)
            else:
                key, grouped = value
                self._groups.setdefault(consumer, {}).setdefault(key, []).append(grouped)
