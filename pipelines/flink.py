"""How a job gets to Flink: through Beam's job server, with workers from the pool beside each TaskManager."""

from __future__ import annotations

import argparse
import logging
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import grpc
from apache_beam.options.pipeline_options import PortableOptions
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from copydesk.pipelines.options import HandedOverError, JobOptions, OptionsError
from copydesk.transforms.identity import digest

if TYPE_CHECKING:
    import apache_beam as beam

POOL = "localhost:50000"
"""Where a TaskManager finds its pool of workers: on its own machine, or in its own pod."""
PATIENCE = 5
"""Seconds that whoever should be listening has to answer in."""
IDLE_MILLISECONDS = 10_000
"""How long a worker is kept that has nothing to do: without it each stage of a job starts its workers anew."""


class JobFailedError(RuntimeError):
    """A job did not end well on Flink; the message is the last that was heard of it."""


def failure(error: Exception) -> JobFailedError:
    """What a job failed of, in a line: the traces of two languages lie around it."""
    if isinstance(error, grpc.RpcError):
        return JobFailedError(f"Beam's job server cannot be reached any more: {getattr(error, 'details', str)()}")
    _, _, told = str(error).partition("failed in state ")
    lines = [line for line in (told or str(error)).splitlines() if line and not line[0].isspace()]
    words = lines[-1].removeprefix("FAILED: ") if lines else "it does not say why"
    return JobFailedError(f"the job failed on Flink: {words}")


def run(pipeline: beam.Pipeline) -> None:
    """Runs a pipeline that has `beam_arguments`, and waits for its end.

    Raises:
        JobFailedError: it failed, or the job server went away.
    """
    logging.getLogger().addFilter(quieten_messages)
    try:
        pipeline.run().wait_until_finish()
    except (RuntimeError, grpc.RpcError) as error:
        raise failure(error) from error


def quieten_messages(record: logging.LogRecord) -> bool:
    """A filter for the root logger: a job's messages come there with all their traces, and again as the fault."""
    return record.module != "portable_runner"


def beam_arguments(options: JobOptions) -> list[str]:
    """What the options say in Beam's words; Beam options of the user's own come last and win."""
    return [
        "--runner=PortableRunner",
        f"--job_endpoint={options.job_server}",
        "--environment_type=EXTERNAL",
        f"--environment_config={POOL}",
        f"--environment_cache_millis={IDLE_MILLISECONDS}",
        *options.beam_args,
    ]


CHECKPOINT_MILLISECONDS: Final = 10_000
"""Between two checkpoints of a stream, unless the options say otherwise: what a fault makes it do again."""
CHECKPOINT_TIMEOUT_MILLISECONDS: Final = 3_600_000
"""A checkpoint waits for a bundle, and a bundle for servers that are slow, with gaps between requests."""
RETRIES, RETRY_MILLISECONDS = 1_000_000, 5_000
"""A stream begins again from its last checkpoint until it is stopped; that it must is for the alerts to tell."""
_SAFE: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "checkpointing_interval": (
        lambda value: value.isdigit() and int(value) > 0,
        "without checkpoints a stream loses rows; give milliseconds, such as --checkpointing_interval=10000, or leave "
        "it out",
    ),
    "finish_bundle_before_checkpointing": (
        lambda value: value == "true",
        "a stream whose bundles are not finished before each checkpoint loses rows; give the bare flag, or leave it "
        "out",
    ),
    "shutdown_sources_after_idle_ms": (
        lambda value: value == "-1",
        "a stream whose sources are shut down takes no checkpoints and loses rows; leave it out",
    ),
}
"""Options of the runner that decide whether rows are lost, in the order they are looked at."""


_ENDED: Final = tuple(map(beam_job_api_pb2.JobState.Enum.Value, ("STOPPED", "DONE", "FAILED", "CANCELLED", "DRAINED")))


def stream_arguments(options: JobOptions) -> list[str]:
    """What the options say of a stream in Beam's words, with the settings without which it would lose rows."""
    return [
        "--streaming",
        f"--job_name={job_name(options)}",
        f"--checkpointing_interval={CHECKPOINT_MILLISECONDS}",
        "--finish_bundle_before_checkpointing",
        f"--checkpoint_timeout_millis={CHECKPOINT_TIMEOUT_MILLISECONDS}",
        f"--number_of_execution_retries={RETRIES}",
        f"--execution_retry_delay={RETRY_MILLISECONDS}",
        *beam_arguments(options),
    ]


def check_stream(options: JobOptions) -> None:
    """Looks whether a stream would lose rows under the options of the user's own.

    Raises:
        OptionsError: it would; each message names the option to set.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    for name in _SAFE:
        parser.add_argument(f"--{name}", nargs="?", const="true")
    given, _ = parser.parse_known_args(options.beam_args)
    problems = []
    for name, (is_safe, words) in _SAFE.items():
        value = getattr(given, name)
        if value is not None and not is_safe(value.lower()):
            problems.append(f"--{name} {value}: {words}")
    if problems:
        raise OptionsError(problems)


def job_name(options: JobOptions) -> str:
    """What a stream to an output is called, by whomever it is handed over."""
    return f"copydesk-{digest(options.output)[:8]}"


def check_alone(options: JobOptions) -> None:
    """Looks whether the job server knows of a stream to the same output that has not ended.

    Raises:
        OptionsError: it does.
    """
    with grpc.insecure_channel(options.job_server) as channel:
        service = beam_job_api_pb2_grpc.JobServiceStub(channel)
        jobs = service.GetJobs(beam_job_api_pb2.GetJobsRequest(), timeout=PATIENCE).job_info
    running = [job for job in jobs if job.job_name == job_name(options) and job.state not in _ENDED]
    if running:
        raise OptionsError(
            [f"--output {options.output}: the stream {running[0].job_id} writes to it already; stop that one first"]
        )


def start(pipeline: beam.Pipeline) -> str:
    """Hands over a pipeline that has `stream_arguments` and returns once it runs, with its name at the job server.

    Raises:
        JobFailedError: it could not be started, or the job server went away.
        HandedOverError: it was written down as a jar (`--output_executable_path`), to be started by Flink.
    """
    logging.getLogger().addFilter(quieten_messages)
    written_down = pipeline.options.view_as(PortableOptions).output_executable_path
    try:
        result = pipeline.run()
        if written_down:
            result.wait_until_finish()
            raise HandedOverError
        while result.state in ("STARTING", "STOPPED", "UNKNOWN"):
            time.sleep(0.2)
        if result.state != "RUNNING":
            result.wait_until_finish()
            raise JobFailedError(f"the job is {result.state.lower()}")
    except (RuntimeError, grpc.RpcError) as error:
        raise error if isinstance(error, JobFailedError) else failure(error) from error
    return str(getattr(result, "_job_id", "the job"))


def check(options: JobOptions) -> None:
    """Looks whether the job could run at all: Beam's client and runner would wait for what is not there.

    Raises:
        OptionsError: the job server does not answer, or the pool on this machine does not.
    """
    if not _answers(options.job_server):
        raise OptionsError(
            [
                f"--job-server: nothing answers at {options.job_server}; give the address of Beam's job server for "
                "Flink, or bring up a cluster on this machine with deploy/flink/up"
            ]
        )
    on_this_machine = options.job_server.startswith(("localhost:", "127.0.0.1:"))
    own_workers = any(word.startswith("--environment_") for word in options.beam_args)
    if on_this_machine and not own_workers and not _answers(POOL):
        raise OptionsError(
            [f"--runner flink: nothing answers at {POOL}; start workers' pool: python -m copydesk.pipelines.pool"]
        )


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE):
            return True
    except OSError:
        return False
