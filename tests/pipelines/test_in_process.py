"""The runner for one worker does what Beam's local runner does, and refuses what it does not know."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.transforms.window import GlobalWindow
from apache_beam.utils.windowed_value import WindowedValue

from copydesk.pipelines.in_process import InProcessRunner


class Gather(beam.DoFn):
    """Counts its elements out in pairs, what is left with its bundle, and gives odd ones a tag as well."""

    def setup(self) -> None:
        self.set_up = True

    def start_bundle(self) -> None:
        assert self.set_up
        self.held: list[int] = []

    def process(self, element: int) -> Iterator[Any]:
        if element % 2:
            yield TaggedOutput("odd", element)
        self.held.append(element)
        if len(self.held) == 2:
            yield "pair", len(self.held)
            self.held = []

    def finish_bundle(self) -> Iterator[WindowedValue]:
        yield WindowedValue(("left", len(self.held)), GlobalWindow().max_timestamp(), (GlobalWindow(),))
        self.held = []


def build(pipeline: beam.Pipeline, out: Path) -> None:
    numbers = pipeline | "Numbers" >> beam.Create([("a", 1), ("b", 2), ("a", 3)], reshuffle=False)
    grouped = numbers | "By letter" >> beam.GroupByKey()
    sums = grouped | "Sum" >> beam.MapTuple(lambda key, values: sum(values))
    more = pipeline | "More" >> beam.Create([7, 8, 9], reshuffle=False)
    gathered = [sums, more] | beam.Flatten()
    single = (
        gathered | "One key" >> beam.WithKeys("all") | "Group" >> beam.GroupByKey() | beam.FlatMap(lambda kv: kv[1])
    )
    given = single | "Gather" >> beam.ParDo(Gather()).with_outputs("odd", "nobody takes it", main="main")
    named = [given.main | "main" >> beam.WithKeys("main"), given.odd | "odd" >> beam.WithKeys("odd")]
    named | "Both" >> beam.Flatten() | beam.Map(lambda found: (out / str(uuid.uuid4())).write_text(str(found)))


def ran(runner: Any, out: Path) -> list[str]:
    out.mkdir()
    pipeline = beam.Pipeline(runner=runner, options=PipelineOptions([]))
    build(pipeline, out)
    pipeline.run(test_runner_api=False).wait_until_finish()
    return sorted(path.read_text() for path in out.iterdir())


def test_it_does_what_the_local_runner_does(tmp_path: Path) -> None:
    expected = ["('main', ('left', 1))", "('main', ('pair', 2))", "('main', ('pair', 2))", "('odd', 7)", "('odd', 9)"]
    assert ran(FnApiRunner(), tmp_path / "beam") == expected
    assert ran(InProcessRunner(), tmp_path / "own") == expected


def test_what_it_does_not_know_it_refuses() -> None:
    pipeline = beam.Pipeline(runner=InProcessRunner(), options=PipelineOptions([]))
    numbers = pipeline | beam.Create([1, 2], reshuffle=False)
    side = pipeline | "Side" >> beam.Create([3], reshuffle=False)
    _ = numbers | beam.Map(lambda number, more: number + more, beam.pvalue.AsSingleton(side))
    with pytest.raises(NotImplementedError, match="Map"):
        pipeline.run(test_runner_api=False)


def test_what_a_step_raises_ends_the_run() -> None:
    class Ended(beam.DoFn):
        ended = False

        def process(self, element: int) -> None:
            raise KeyError(element)

        def teardown(self) -> None:
            Ended.ended = True

    pipeline = beam.Pipeline(runner=InProcessRunner(), options=PipelineOptions([]))
    _ = pipeline | beam.Create([1], reshuffle=False) | beam.ParDo(Ended())
    with pytest.raises(KeyError):
        pipeline.run(test_runner_api=False)
    assert Ended.ended
