"""The pool that starts Python workers where Flink's TaskManagers ask for one.

python -m copydesk.pipelines.pool [PORT]

Beam has a pool of its own (`worker_pool_main`), which this one stands in for because that one, as of 2.77,

- starts whichever `python` is first on the path;
- tells its workers apart by their names, and two TaskManagers name theirs alike: what ends the one's ends the other's;
- says that a worker was started though it died at once, and the job then waits for it for ever.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any, Final, NoReturn

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc

PORT: Final = 50_000
READY: Final = b"ready\n"
PATIENCE: Final = 120
"""Seconds that a worker has to start in: it takes about three, and longer where many start at once."""


class Pool(beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolServicer):
    """Answers the two requests that Beam's runners make of a pool."""

    def __init__(self) -> None:
        self._workers: list[subprocess.Popen[bytes]] = []
        self._lock = threading.Lock()

    def StartWorker(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Starts a worker and answers once it is ready for work, or with what is wrong."""
        command = [sys.executable, "-m", "copydesk.pipelines.worker", "--for", str(os.getpid())]
        command += [request.worker_id, request.control_endpoint.url]
        worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        with self._lock:
            self._workers.append(worker)
        if _is_ready(worker):
            return beam_fn_api_pb2.StartWorkerResponse()
        worker.kill()
        return beam_fn_api_pb2.StartWorkerResponse(
            error=f"the Python worker ended before it could work, with status {worker.wait()}; why is in the pool's log"
        )

    def StopWorker(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Nothing is stopped: a worker ends by itself as soon as its runner hangs up, which comes next."""
        with self._lock:
            self._workers = [worker for worker in self._workers if worker.poll() is None]
        return beam_fn_api_pb2.StopWorkerResponse()


def _is_ready(worker: subprocess.Popen[bytes]) -> bool:
    assert worker.stdout is not None
    with worker.stdout, selectors.DefaultSelector() as selector:
        selector.register(worker.stdout, selectors.EVENT_READ)
        return bool(selector.select(PATIENCE)) and worker.stdout.readline() == READY


def serve(port: int, host: str = "localhost") -> tuple[grpc.Server, int]:
    """Starts a pool in this process.

    Args:
        port: Where it listens; 0 for any port that is free.
        host: The address it listens at.

    Returns:
        The server, and its port.

    Raises:
        RuntimeError: the port is taken.
    """
    options = [("grpc.http2.max_ping_strikes", 0), ("grpc.so_reuseport", 0)]
    server = grpc.server(ThreadPoolExecutor(max_workers=64), options=options)
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(Pool(), server)
    port = server.add_insecure_port(f"{host}:{port}")
    server.start()
    return server, port


def _end(number: int, frame: FrameType | None) -> NoReturn:
    os._exit(0)  # the workers follow


def main() -> None:
    """Serves until it is told to end; the workers end with it."""
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    server, port = serve(int(sys.argv[1]) if len(sys.argv) > 1 else PORT)
    print(f"starting workers for whoever asks at localhost:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
