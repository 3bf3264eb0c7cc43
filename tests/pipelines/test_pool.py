"""The pool of workers for Flink, asked as a TaskManager asks it; the runner that the workers call is made here."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

from copydesk.pipelines import pool

PATIENCE = 60


class Engine(beam_fn_api_pb2_grpc.BeamFnControlServicer):
    """A TaskManager that has no work: it keeps its workers waiting until it hangs up."""

    def __init__(self) -> None:
        self.hung_up = threading.Event()
        self.server = grpc.server(ThreadPoolExecutor(4))
        beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(self, self.server)
        self.address = f"localhost:{self.server.add_insecure_port('localhost:0')}"
        self.server.start()

    def Control(self, responses: Any, context: Any) -> Iterator[Any]:
        self.hung_up.wait(PATIENCE)
        yield from ()

    def ask(self, workers: Any) -> Any:
        request = beam_fn_api_pb2.StartWorkerRequest(worker_id="1-1")
        request.control_endpoint.url = self.address
        return workers.StartWorker(request)


@pytest.fixture
def workers() -> Iterator[Any]:
    server, port = pool.serve(0)
    with grpc.insecure_channel(f"localhost:{port}") as channel:
        yield beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel)
    server.stop(None)


def alive(engine: Engine) -> int:
    found = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found += engine.address.encode() in (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_workers_of_two_engines_with_one_name_end_with_their_own_engine(
    workers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")  # the Python of the pool is started, not the first on the path
    one, two = Engine(), Engine()
    with ThreadPoolExecutor(2) as both:
        assert [answer.error for answer in both.map(lambda engine: engine.ask(workers), (one, two))] == ["", ""]
    assert (alive(one), alive(two)) == (1, 1)
    stop = beam_fn_api_pb2.StopWorkerRequest(worker_id="1-1")
    for engine, left in ((one, 1), (two, 0)):
        workers.StopWorker(stop)
        assert alive(two) == 1
        engine.hung_up.set()
        until = time.monotonic() + PATIENCE
        while alive(engine) and time.monotonic() < until:
            time.sleep(0.05)
        assert (alive(engine), alive(two)) == (0, left)
        engine.server.stop(None)
    workers.StopWorker(stop)  # those that have ended are forgotten


def test_the_engine_is_told_of_a_worker_that_cannot_start(
    workers: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    engine = Engine()
    (tmp_path / "python").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "python").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    start = time.monotonic()
    assert "with status 7" in engine.ask(workers).error
    assert time.monotonic() - start < PATIENCE
    engine.server.stop(None)
