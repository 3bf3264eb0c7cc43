"""Jobs for Flink: what is refused before they are sent, how a fault is told, and a real cluster where there is one."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc

from copydesk.pipelines import flink
from copydesk.pipelines.flink import beam_arguments, check_stream, failure, stream_arguments
from copydesk.pipelines.options import JobOptions, OptionsError

Run = Callable[..., Any]
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def deaf() -> Iterator[str]:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("localhost", 0))
        yield f"localhost:{taken.getsockname()[1]}"


@pytest.fixture
def listening() -> Iterator[str]:
    with socket.create_server(("localhost", 0)) as server:
        yield f"localhost:{server.getsockname()[1]}"


def test_a_job_server_that_is_not_there_is_told_and_nothing_is_written(
    copydesk: Run, examples: Path, tmp_path: Path, deaf: str
) -> None:
    job = ("ingest", examples, "--output", tmp_path / "out", "--runner", "flink", "--job-server")
    ran = copydesk(*job, deaf)
    assert ran.status == 2
    assert ran.err.startswith(f"copydesk: --job-server: nothing answers at {deaf}; give the address")
    assert copydesk(*job, "8099").err == "copydesk: --job-server: '8099' is not an address such as localhost:8099\n"
    assert not (tmp_path / "out").exists()


def test_a_pool_of_workers_that_is_not_there_is_told(
    copydesk: Run, examples: Path, tmp_path: Path, deaf: str, listening: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flink, "POOL", deaf)
    ran = copydesk("ingest", examples, "--output", tmp_path / "out", "--runner", "flink", "--job-server", listening)
    assert (ran.status, ran.err) == (
        2,
        f"copydesk: --runner flink: nothing answers at {deaf}; start workers' pool: python -m copydesk.pipelines.pool\n",
    )
    assert not (tmp_path / "out").exists()


def test_options_of_beam_come_after_those_they_may_change() -> None:
    own = ("--environment_config=workers:50000",)
    arguments = beam_arguments(JobOptions("out", "2026-01-31", runner="flink", job_server="jobs:1", beam_args=own))
    assert "--job_endpoint=jobs:1" in arguments
    assert arguments[-1] == own[0]


@pytest.mark.parametrize(("given", "words"), [
    (["--runner", "flink", "--", "--checkpointing_interval=0"],
     "--checkpointing_interval 0: without checkpoints a stream loses rows; give milliseconds, such as "
     "--checkpointing_interval=10000, or leave it out"),
    (["--runner", "flink", "--", "--checkpointing_interval", "-1"], "--checkpointing_interval -1: without checkpoints"),
    (["--runner", "flink", "--", "--finish_bundle_before_checkpointing=false"],
     "--finish_bundle_before_checkpointing false: a stream whose bundles are not finished"),
    (["--runner", "flink", "--", "--shutdown_sources_after_idle_ms=0"],
     "--shutdown_sources_after_idle_ms 0: a stream whose sources are shut down"),
    (["--runner", "flink", "--house-lines", "learn"], "--house-lines learn: learn first"),
    (["--streaming"], "--streaming: this machine's runner cannot stream and would lose rows; leave it out, or"),
    (["--runner", "PrismRunner"], "--runner PrismRunner: a watch runs on this machine, or as a stream on Flink"),
])  # fmt: skip
def test_a_stream_that_would_lose_rows_is_refused(
    copydesk: Run, examples: Path, tmp_path: Path, listening: str, given: list[str], words: str
) -> None:
    ran = copydesk("watch", examples, "--output", tmp_path / "out", "--job-server", listening, *given)
    assert ran.status == 2
    assert ran.err.startswith(f"copydesk: {words}")
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("name", "state", "refused"), [
    ("own", "RUNNING", True), ("own", "STARTING", True), ("own", "CANCELLED", False), ("other", "RUNNING", False),
])  # fmt: skip
def test_a_second_stream_to_an_output_is_refused(name: str, state: str, refused: bool) -> None:
    options = JobOptions("file:///out", "2026-01-31", runner="flink")
    told = beam_job_api_pb2.JobInfo(
        job_id="job_1",
        job_name=flink.job_name(options if name == "own" else replace(options, output="file:///other")),
        state=beam_job_api_pb2.JobState.Enum.Value(state),
    )

    class Jobs(beam_job_api_pb2_grpc.JobServiceServicer):
        def GetJobs(self, request: Any, context: Any) -> Any:
            return beam_job_api_pb2.GetJobsResponse(job_info=[told])

    server = grpc.server(ThreadPoolExecutor(1))
    beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(Jobs(), server)
    options = replace(options, job_server=f"localhost:{server.add_insecure_port('localhost:0')}")
    server.start()
    try:
        if refused:
            with pytest.raises(OptionsError, match="the stream job_1 writes to it already; stop that one first"):
                flink.check_alone(options)
        else:
            flink.check_alone(options)
    finally:
        server.stop(None)


def test_a_stream_has_the_settings_without_which_it_would_lose_rows() -> None:
    own = ("--checkpointing_interval=60000",)
    options = JobOptions("out", "2026-01-31", runner="flink", beam_args=own)
    check_stream(options)
    arguments = stream_arguments(options)
    assert {"--streaming", "--finish_bundle_before_checkpointing"} < set(arguments)
    intervals = [word for word in arguments if word.startswith("--checkpointing_interval=")]
    assert intervals[0] == "--checkpointing_interval=10000"
    assert arguments[-1] == own[0]


@pytest.mark.parametrize(("told", "words"), [
    (
        "Pipeline x failed in state FAILED: java.lang.RuntimeException: Error received from SDK harness for "
        "instruction 2: Traceback (most recent call last):\n  File ...\ncopydesk.CommitError: one\n\n"
        "During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n"
        "  File ...\n    raise\ncopydesk.CommitError: one [while running 'Commit']\n",
        "copydesk.CommitError: one [while running 'Commit']",
    ),
    ("Pipeline x failed in state FAILED: java.net.ConnectException: refused", "java.net.ConnectException: refused"),
    ("Pipeline x failed in state CANCELLED: None", "CANCELLED: None"),
    ("", "it does not say why"),
])  # fmt: skip
def test_a_fault_is_told_in_one_line(told: str, words: str) -> None:
    assert str(failure(RuntimeError(told))) == f"the job failed on Flink: {words}"


needs_flink = pytest.mark.skipif(
    not (PROJECT / ".flink/jars").is_dir() or not all(map(shutil.which, ("java", "mvn", "curl"))),
    reason="needs Java, Maven, curl and what deploy/flink/up fetches when it is first run",
)


@pytest.mark.slow
@needs_flink
@pytest.mark.timeout(1500)
@pytest.mark.xdist_group("flink")
def test_flink_writes_what_the_local_runner_writes() -> None:
    ran = subprocess.run([PROJECT / "scripts/flink-test"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("the same bytes everywhere\n")


@pytest.mark.slow
@needs_flink
@pytest.mark.timeout(1500)
@pytest.mark.xdist_group("flink")
def test_a_stream_on_flink_survives_kills() -> None:
    ran = subprocess.run([PROJECT / "scripts/stream-test", "--short"], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("nothing is missing, twice or stray\n")
