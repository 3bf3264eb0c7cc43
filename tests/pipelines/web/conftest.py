"""A web of our own: servers on loopback addresses that answer as tests say, and names that lead to them."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Answer = Callable[[BaseHTTPRequestHandler], None]


def reply(status: int = 200, body: bytes = b"", **headers: str) -> Answer:
    """An answer of a status, a body and headers (`retry_after="5"` is `Retry-After: 5`)."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            handler.send_header(name.replace("_", "-").title(), value)
        handler.end_headers()
        if status != 304:
            handler.wfile.write(body)

    return answer


@dataclass
class Web:
    """What the server answers and what it was asked.

    Attributes:
        host: The name that is allowed and leads to it, with its port.
        answers: By host name without port, or "", and path. A list is worked off; its last answer stays.
        asked: Every request: path and headers.
    """

    host: str = ""
    answers: dict[str, Answer | list[Answer]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def paths(self) -> list[str]:
        """What was asked for, robots.txt apart."""
        return [path for path, _ in self.asked if path != "/robots.txt"]

    def handle(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}))
        given = self.answers.get(handler.path, reply(404, b"not here"))
        if isinstance(given, list):
            given = given.pop(0) if len(given) > 1 else given[0]
        handler.close_connection = True
        with contextlib.suppress(ConnectionError):
            given(handler)


@pytest.fixture
def web() -> Iterator[Web]:
    """A server on 127.0.0.1 that is known as `feeds.test`."""
    found = Web()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.handle(self)

        def log_message(self, *words: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *request: Any) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        found.host = f"feeds.test:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield found
        server.shutdown()
        thread.join()


def names(host: str, port: int) -> list[str]:
    """A resolver: names under `.test` lead to the server, numbers to what they are; nothing is asked of the network."""
    if host.endswith(".test"):
        return ["127.0.0.1"]
    if host == "localhost" or not host.strip("0123456789abcdefx.:"):
        return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    raise OSError(f"no such host in a test: {host}")


@pytest.fixture
def resolver() -> Callable[[str, int], list[str]]:
    """Names to addresses, without a network."""
    return names


@pytest.fixture
def answer() -> Callable[..., Answer]:
    """Makes answers."""
    return reply
