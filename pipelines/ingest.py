"""The graph: from files to committed Parquet. The logic is elsewhere; this is the way through the house.

splits ──► Open ──► Read ──► Edit ──► Pack ──► exchange ──► Write shards ──► Commit
             └────────┴────────┴── refused ──►
"""

from __future__ import annotations

from dataclasses import dataclass
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
from copydesk.pipelines.writing import Commit, Pack, WriteShard
from copydesk.schemas.article import Article
from copydesk.transforms.edit import Editor
from copydesk.transforms.read import Limits
from copydesk.transforms.routing import FAILED, TALLY, route
from copydesk.transforms.steps import EditStep, ReadStep


@dataclass(frozen=True)
class Job:
    """All that the steps must know. Everything in it can be sent to a worker.

    Attributes:
        store: The output.
        window: What is written and committed.
        splits: What is read.
        opening: How files are opened.
        limits: How large a document may be.
        seconds: How long a large document may take.
        editor: Turns drafts into articles.
        exchange: How rows travel from the workers that edit to those that write.
        on_unexpected: `dead-letter` or `raise`.
        progress: Where workers note what they have read.
    """

    store: Store
    window: WindowSpec
    splits: tuple[Split, ...]
    opening: OpenOptions
    limits: Limits
    seconds: float
    editor: Editor
    exchange: Exchange
    on_unexpected: str
    progress: Progress


def build(pipeline: beam.Pipeline, job: Job) -> Any:
    """Puts the job's steps into a pipeline.

    Returns:
        The PCollection of the one manifest that the window ends with.
    """
    vault = Vault(job.store, job.editor.pipeline_version)

    opened = (
        pipeline
        | "Splits" >> beam.Create([(split.number, split) for split in job.splits], reshuffle=False)
        | "Spread" >> beam.GroupByKey()
        | "Open" >> beam.ParDo(OpenSplit(job.opening, vault, job.progress)).with_outputs(FAILED, TALLY, main="main")
    )
    read_step = Guard(ReadStep(job.limits), ReadStep.size, job.seconds)
    edit_step = Guard(EditStep(job.editor), EditStep.size, job.seconds)
    read = opened.main | "Read" >> route(read_step, "read", vault.of_refusal, job.on_unexpected)
    edited = read.main | "Edit" >> route(edit_step, "edit", vault.of_refusal, job.on_unexpected, observe=count_edits)

    # Packed before they are flattened: a Flatten would end the fusion, and every row would pass through the driver.
    packed = [
        records | f"Pack {name}" >> beam.ParDo(Pack(job.window.shards, job.exchange))
        for name, records in {
            "articles": edited.main,
            "not opened": opened[FAILED],
            "not read": read[FAILED],
            "not edited": edited[FAILED],
        }.items()
    ]
    written = (
        packed
        | "Batches" >> beam.Flatten()
        | "Exchange" >> beam.GroupByKey()
        | "Write shards" >> beam.ParDo(WriteShard(job.store, job.window, job.exchange))
    )
    return (
        [written, opened[TALLY], read[TALLY], edited[TALLY]]
        | "Everything" >> beam.Flatten()
        | "By window" >> beam.WithKeys(job.window.id.name)
        | "Whole window" >> beam.GroupByKey()
        | "Commit" >> beam.ParDo(Commit(job.store, job.window))
    )


def count_edits(article: Article) -> None:
    """Counts the cuts of an article by kind, and its spelling changes, in Beam's metrics."""
    for cut in article.removed:
        Metrics.counter("copydesk", f"removed.{cut.kind}").inc()
    if article.respelled:
        Metrics.counter("copydesk", "respelled").inc(sum(change.count for change in article.respelled))
