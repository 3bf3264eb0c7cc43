"""The graph of a stream, which runs until it is told to stop, and how it is handed to an engine.

ticks ──► Look ──► Poll ──► [Open ──► Read ──► Edit] ──► Known ──► by time ──► [Pack ──► Write shards] ──► Commit
                                                           ▲
start ──► Recover ──► unread archives, committed ──────────┘

What stands in brackets are the steps of `ingest`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.transforms.trigger import AccumulationMode, AfterCount, AfterWatermark
from apache_beam.transforms.window import FixedWindows
from apache_beam.utils.timestamp import Duration, Timestamp

from copydesk.pipelines import feeds, flink, ingest
from copydesk.pipelines.exchange import Inline
from copydesk.pipelines.fetch import Fetcher
from copydesk.pipelines.in_time import CommitInTime, InTime, horizon
from copydesk.pipelines.known import Known, keyed
from copydesk.pipelines.options import LEARN, JobOptions, OptionsError
from copydesk.pipelines.plan import Piece, Split
from copydesk.pipelines.polls import Look, LookAround, Poll
from copydesk.pipelines.recover import UNREAD, Recover
from copydesk.pipelines.run import desk_for, editor_for, facts
from copydesk.pipelines.store import open_store
from copydesk.pipelines.writing import WriteShard
from copydesk.transforms.routing import TALLY

END: Final = 253_402_300_800
"""The year 10000: a stream has no end, but Beam's impulse wants one."""


@dataclass(frozen=True)
class Stream:
    """All that the steps must know. Everything in it can be sent to a worker.

    Attributes:
        names: What is looked at: lists of feeds, addresses of feeds, files, folders, globs.
        options: Checked.
        desk: What the steps on one document must know.
        window_of: What is written for a span of time.
        start: The first tick, seconds since 1970 UTC.
        now: The time, the same.
        fetcher_of: Makes what asks for feeds.
    """

    names: tuple[str, ...]
    options: JobOptions
    desk: ingest.Desk
    window_of: InTime
    start: int
    now: Callable[[], float] = time.time
    fetcher_of: Callable[[JobOptions], Fetcher] = feeds.fetcher_of


def stream_of(names: Sequence[str], options: JobOptions, start: int, as_of: str | None = None) -> Stream:
    """The stream that the options ask for.

    Args:
        names: As for `feeds.watch`.
        options: Checked.
        start: The first tick is the next multiple of `options.every` from this time on, seconds since 1970 UTC.
        as_of: The day to file under; that of each window where it is None.

    Raises:
        OptionsError: an input is not there, or is of no use to a stream.
    """
    if options.house_lines == LEARN:
        raise OptionsError(["--house-lines learn: learn first: copydesk learn INPUT... --output FILE"])
    feeds.listed(feeds.sources_of(names))
    editor, store = editor_for(options), open_store(options.output)
    window_of = InTime(facts(editor, options), as_of)
    first = -(-start // options.every) * options.every
    return Stream(tuple(names), options, desk_for(store, options, editor), window_of, first)


def submit(names: Sequence[str], options: JobOptions, as_of: str | None = None) -> str:
    """Hands a stream to Flink, where it runs until it is told to stop, and returns once it does.

    Args:
        names: As for `feeds.watch`.
        options: Checked.
        as_of: As in `stream_of`.

    Returns:
        The name of the job at the job server.

    Raises:
        OptionsError: an input or an option is wrong, or the stream would lose rows.
        JobFailedError: it could not be started.
    """
    flink.check_stream(options)
    stream = stream_of(names, options, int(time.time()), as_of)
    flink.check(options)
    flink.check_alone(options)
    pipeline = beam.Pipeline(options=PipelineOptions(flink.stream_arguments(options)))
    build(pipeline, stream)
    return flink.start(pipeline)


def ticks(pipeline: beam.Pipeline, stream: Stream) -> Any:
    """The PCollection of ticks: whole multiples of `--every`, each at its time."""
    return (
        pipeline
        | "Ticks" >> PeriodicImpulse(Timestamp(stream.start), Timestamp(END), stream.options.every)
        | "As seconds" >> beam.Map(int).with_output_types(int)
    )


def build(pipeline: beam.Pipeline, stream: Stream, ticked: Any = None) -> Any:
    """Puts the stream's steps into a pipeline.

    Args:
        pipeline: The pipeline.
        stream: What the steps must know.
        ticked: The PCollection of ticks; those of the clock where it is None.

    Returns:
        The PCollection of manifests.
    """
    desk, every = stream.desk, stream.options.every
    ticked = ticks(pipeline, stream) if ticked is None else ticked
    new = (
        ticked
        | "Look" >> beam.ParDo(LookAround(stream.names, stream.options, stream.now)).with_output_types(tuple[int, Look])
        | "Poll" >> beam.ParDo(Poll(stream.options, stream.fetcher_of)).with_output_types(Piece)
    )
    begun = (
        pipeline
        | "Start" >> beam.Create([stream.start])
        | "Recover" >> beam.ParDo(Recover(desk.store)).with_outputs(UNREAD, main="committed")
    )
    splits = (
        [new, begun[UNREAD]]
        | "New and unread" >> beam.Flatten()
        | "Spread" >> beam.Reshuffle()
        | "As splits" >> beam.Map(_split)
    )
    records, tallies = ingest.edit(splits, desk)
    by_identity = [
        part | f"Identify {name}" >> beam.Map(keyed).with_output_types(tuple[bytes, Any])
        for name, part in records.items()
    ]
    committed = begun.committed | "Committed" >> beam.Map(_same).with_output_types(tuple[bytes, Any])
    known = (
        [*by_identity, committed]
        | "By identity" >> beam.Flatten()
        | "Known" >> beam.ParDo(Known(every, stream.options.remember)).with_outputs(TALLY, main="new")
    )
    packed = known.new | "In time" >> in_time(every) | "Pack" >> ingest.pack(stream.window_of.shards, Inline())
    written = ingest.write([packed], WriteShard(desk.store, stream.window_of, Inline()))
    counted = [
        tally | f"In time {number}" >> in_time(every) for number, tally in enumerate([*tallies, known[TALLY]], start=1)
    ]
    return ingest.commit([written, *counted], CommitInTime(desk.store, stream.window_of, every))


def in_time(every: int) -> beam.PTransform[Any, Any]:
    """Windows of time; what comes late for one is handed on at once, in a pane of its own.

    Args:
        every: Length of a window in seconds.
    """
    windows: beam.PTransform[Any, Any] = beam.WindowInto(
        FixedWindows(every),
        trigger=AfterWatermark(late=AfterCount(1)),
        accumulation_mode=AccumulationMode.DISCARDING,
        allowed_lateness=Duration(horizon(every)),
    )
    return windows


def _split(piece: Piece) -> tuple[int, list[Split]]:
    return 0, [Split(0, (piece,))]


def _same(element: tuple[bytes, Any]) -> tuple[bytes, Any]:
    return element
