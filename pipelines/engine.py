"""Runs the graph on an engine: on this machine, or wherever the options say."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import apache_beam as beam
from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions, TestOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner

from copydesk.pipelines import flink, worker
from copydesk.pipelines.options import HandedOverError, JobOptions

SMALL_BYTES = 48 << 20
"""A job of less input than this runs in one process: starting more costs as much as it gains (about 4 s)."""


def run_pipeline(build: Callable[[beam.Pipeline], Any], options: JobOptions, size: int) -> None:
    """Runs a graph and waits for its end.

    Args:
        build: Puts the graph into a pipeline.
        options: They name the runner.
        size: Bytes of unpacked input: how much a job must have for more than one process to pay.

    Raises:
        HandedOverError: the options ask for a template of a job (Dataflow's `--template_location`), or for a trial of
            making one (`--dry_run`).
    """
    if options.is_flink:
        pipeline = beam.Pipeline(options=PipelineOptions(flink.beam_arguments(options)))
    elif not options.is_local:
        arguments = [f"--runner={options.runner}", *options.beam_args]
        pipeline = beam.Pipeline(options=PipelineOptions(arguments))
    else:
        workers = options.workers or (available_cores() if size > SMALL_BYTES else 1)
        runner = FnApiRunner(default_environment=worker.environment()) if workers > 1 else FnApiRunner()
        arguments = [f"--direct_num_workers={workers}", *options.beam_args]
        pipeline = beam.Pipeline(runner=runner, options=PipelineOptions(arguments))
    build(pipeline)
    if options.is_flink:
        flink.run(pipeline)
        return
    result = pipeline.run()
    if pipeline.options.view_as(GoogleCloudOptions).template_location or pipeline.options.view_as(TestOptions).dry_run:
        raise HandedOverError
    result.wait_until_finish()


def available_cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
