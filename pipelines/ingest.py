"""The graph: from files to committed Parquet. The logic is elsewhere; this is the way through the house.

splits ──► Open ──► Read ──► Edit ──► Pack ──► exchange ──► Write shards ──► Commit
             └────────┴────────┴── refused ──►
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import apache_beam as beam
from apache_beam.metrics.metric import Metrics

from copydesk.pipelines.commit import WindowSpec
from copydesk.pipelines.exchange import Exchange
from copydesk.pipelines.guard import Guard
from copydesk.pipelines.opening import OpenOptions
from copydesk.pipelines.plan import Split
from copydesk.pipelines.progress import Progress
from copydesk.pipelines.splits import OpenSplit
from copydesk.pipelines.store import Store
from copydesk.pipelines.vault import Vault
from copydesk.pipelines.writing import Commit, OneWindow, Pack, WriteShard
from copydesk.schemas.article import Article
from copydesk.transforms.edit import Editor
from copydesk.transforms.read import Limits
from copydesk.transforms.routing import FAILED, TALLY, route
from copydesk.transforms.steps import EditStep, ReadStep


@dataclass(frozen=True)
class Desk:
    """What the steps on one document must know. Everything in it can be sent to a worker.

    Attributes:
        store: The output.
        opening: How files are opened.
        limits: How large a document may be.
        seconds: How long a large document may take.
        editor: Turns drafts into articles.
        on_unexpected: `dead-letter` or `raise`.
        progress: Where workers note what they have read.
    """

    store: Store
    opening: OpenOptions
    limits: Limits
    seconds: float
    editor: Editor
    on_unexpected: str
    progress: Progress = field(default_factory=Progress)


@dataclass(frozen=True)
class Job:
    """A bounded run.

    Attributes:
        desk: What the steps on one document must know.
        window: What is written and committed.
        splits: What is read.
        exchange: How rows travel from the workers that edit to those that write.
    """

    desk: Desk
    window: WindowSpec
    splits: tuple[Split, ...]
    exchange: Exchange


def build(pipeline: beam.Pipeline, job: Job) -> Any:
    """Puts the job's steps into a pipeline.

    Returns:
        The PCollection of the one manifest that the window ends with.
    """
    splits = (
        pipeline
        | "Splits" >> beam.Create([(split.number, split) for split in job.splits], reshuffle=False)
        | "Spread" >> beam.GroupByKey()
    )
    records, tallies = edit(splits, job.desk)
    # Packed before they are flattened: a Flatten would end the fusion, and every row would pass through the driver.
    packed = [part | f"Pack {name}" >> pack(job.window.shards, job.exchange) for name, part in records.items()]
    written = write(packed, WriteShard(job.desk.store, OneWindow(job.window), job.exchange))
    return commit([written, *tallies], Commit(job.desk.store, job.window))


def edit(splits: Any, desk: Desk) -> tuple[dict[str, Any], list[Any]]:
    """Opens, reads and edits.

    Args:
        splits: The PCollection of splits, each list of them under a number.
        desk: What the steps must know.

    Returns:
        The PCollections of articles and failures, each with a name, and those of what is counted.
    """
    vault = Vault(desk.store, desk.editor.pipeline_version)
    opened = splits | "Open" >> beam.ParDo(OpenSplit(desk.opening, vault, desk.progress)).with_outputs(
        FAILED, TALLY, main="main"
    )
    read_step = Guard(ReadStep(desk.limits), ReadStep.size, desk.seconds)
    edit_step = Guard(EditStep(desk.editor), EditStep.size, desk.seconds)
    read = opened.main | "Read" >> route(read_step, "read", vault.of_refusal, desk.on_unexpected)
    edited = read.main | "Edit" >> route(edit_step, "edit", vault.of_refusal, desk.on_unexpected, observe=count_edits)
    records = {
        "articles": edited.main,
        "not opened": opened[FAILED],
        "not read": read[FAILED],
        "not edited": edited[FAILED],
    }
    return records, [opened[TALLY], read[TALLY], edited[TALLY]]


def pack(shards: int, exchange: Exchange) -> beam.PTransform[Any, Any]:
    """Articles or failures to what stands for them in the exchange, under table and shard."""
    packed: beam.PTransform[Any, Any] = beam.ParDo(Pack(shards, exchange)).with_output_types(
        tuple[tuple[str, int], bytes]
    )
    return packed


def write(packed: list[Any], writer: WriteShard) -> Any:
    """What was packed to staged files, by window."""
    return packed | "Batches" >> beam.Flatten() | "Exchange" >> beam.GroupByKey() | "Write shards" >> beam.ParDo(writer)


def commit(parts: list[Any], committer: beam.DoFn) -> Any:
    """All there is to know of a window to its commit."""
    return (
        parts
        | "Everything" >> beam.Flatten()
        | "By window" >> beam.WithKeys("window")
        | "Whole window" >> beam.GroupByKey()
        | "Commit" >> beam.ParDo(committer)
    )


def count_edits(article: Article) -> None:
    """Counts the cuts of an article by kind, and its spelling changes, in Beam's metrics."""
    for cut in article.removed:
        Metrics.counter("copydesk", f"removed.{cut.kind}").inc()
    if article.respelled:
        Metrics.counter("copydesk", "respelled").inc(sum(change.count for change in article.respelled))
