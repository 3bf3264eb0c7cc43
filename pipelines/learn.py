"""Learns the lines that each house prints around its stories, from a look at all inputs.

splits ──► Open and read ──► a sample by house ──► count ──► one file
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import apache_beam as beam

from copydesk.pipelines.engine import run_pipeline
from copydesk.pipelines.guard import Guard
from copydesk.pipelines.opening import OpenOptions, open_piece
from copydesk.pipelines.options import JobOptions
from copydesk.pipelines.plan import Piece, Split, splits, unpacked_size
from copydesk.schemas.source import RawDocument
from copydesk.transforms.boilerplate.house_lines import to_file
from copydesk.transforms.boilerplate.learnt import Counts, Seen, count, learn, seen
from copydesk.transforms.errors import is_panic
from copydesk.transforms.identity import digest, identify
from copydesk.transforms.read import Limits
from copydesk.transforms.steps import Opened, ReadStep, Taken

SAMPLE: Final = 1_000
"""Articles of a house that are counted, the same ones whatever their order: a share is known well enough from them."""


class Look(beam.DoFn):
    """Yields (house, Seen) for each article of a split. What cannot be read is a matter for `ingest`."""

    def __init__(self, opening: OpenOptions, read: Guard) -> None:
        self.opening, self.read = opening, read

    def process(self, element: tuple[int, Iterable[Split]]) -> Iterator[tuple[str, Seen]]:
        """Takes a split under its number."""
        for split in element[1]:
            for piece in split.pieces:
                for found in open_piece(piece, self.opening):
                    if isinstance(found, RawDocument):
                        yield from self._of_document(found)

    def _of_document(self, document: RawDocument) -> Iterator[tuple[str, Seen]]:
        try:
            stories = list(self.read(Opened(document)))
        except BaseException as error:
            if isinstance(error, Exception) or is_panic(error):
                return
            raise
        for story in stories:
            if isinstance(story, Taken):
                who = identify(story.draft)
                if who.house:
                    yield who.house, seen(story.draft, who.article_id)


class Sample(beam.CombineFn):
    """Keeps the SAMPLE articles of a house whose keys hash least."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def create_accumulator(self) -> list[tuple[str, Seen]]:
        """None yet."""
        return []

    def add_input(self, accumulator: list[tuple[str, Seen]], element: Seen) -> list[tuple[str, Seen]]:
        """With one more article."""
        accumulator.append((digest(element.key), element))
        return self._least(accumulator) if len(accumulator) >= 2 * SAMPLE else accumulator

    def merge_accumulators(self, accumulators: Iterable[list[tuple[str, Seen]]]) -> list[tuple[str, Seen]]:
        """Of several."""
        return self._least(one for accumulator in accumulators for one in accumulator)

    def extract_output(self, accumulator: list[tuple[str, Seen]]) -> Counts:
        """What is learnt of the house."""
        return learn(count(one for _, one in self._least(accumulator)))

    @staticmethod
    def _least(articles: Iterable[tuple[str, Seen]]) -> list[tuple[str, Seen]]:
        return heapq.nsmallest(SAMPLE, articles, key=lambda one: (one[0], one[1].sketch))


def learn_lines(pieces: Sequence[Piece], options: JobOptions, opening: OpenOptions) -> bytes:
    """The file of house lines that the pieces give, as `house_lines.to_file` makes it.

    Args:
        pieces: All of the input, whether it is committed anywhere or not.
        options: Checked; the runner is this machine's.
        opening: How files are opened.
    """
    read = Guard(ReadStep(Limits(options.max_document_bytes)), ReadStep.size, options.max_document_seconds)
    with TemporaryDirectory(prefix="copydesk-learn-") as folder:
        target = Path(folder, "house-lines.parquet")
        graph = partial(_build, splits=tuple(splits(pieces)), look=Look(opening, read), target=str(target))
        run_pipeline(graph, options, unpacked_size(pieces))
        return target.read_bytes() if target.exists() else to_file({})


def _build(pipeline: beam.Pipeline, splits: Sequence[Split], look: Look, target: str) -> Any:
    return (
        pipeline
        | "Splits" >> beam.Create([(split.number, split) for split in splits])
        | "Spread" >> beam.GroupByKey()
        | "Open and read" >> beam.ParDo(look)
        | "Count by house" >> beam.CombinePerKey(Sample())
        | "All houses" >> beam.GroupBy(lambda _: 0)
        | "Write" >> beam.MapTuple(partial(_write, target))
    )


def _write(target: str, key: int, houses: Iterable[tuple[str, Counts]]) -> None:
    Path(target).write_bytes(to_file(dict(houses)))
