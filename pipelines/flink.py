"""How a job gets to Flink: through Beam's job server, with workers from the pool beside each TaskManager."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import grpc

from copydesk.pipelines.options import JobOptions, OptionsError

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
