"""Fetches one address: guarded, bounded in bytes and time, redirects by hand.

What an address leads to is decided by others: a list of feeds may name anything, a redirect may point anywhere, a DNS
answer may change between two questions, and an answer may be endless, slow, or unpack to a thousand times its size. So
each hop is resolved once, judged by `transforms.addresses`, and connected to at the address that was judged (the name
stays for TLS and the Host header); bodies are read in small pieces and counted as they unpack; the body of a redirect
is not read at all; and when the time is over the socket is shut, whatever it is waiting for.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from functools import cache
from queue import Empty, Queue
from typing import Any
from urllib.parse import urljoin

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, SSLError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Timeout

from copydesk.transforms.addresses import AddressError, Allowed, Place, place_of
from copydesk.transforms.archive import Exchange, Headers
from copydesk.transforms.content_coding import ACCEPTED, CodingError, unpacked

MIB = 1 << 20
REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024

Resolve = Callable[[str, int], Sequence[str]]
"""Gives the IP addresses of a host; raises OSError where it has none."""
Turn = Callable[[Place], AbstractContextManager[None]]
"""Held while a host is being asked."""
Check = Callable[[Place], None]
"""Raises FetchError where a place is not to be asked."""


class FetchError(Exception):
    """A fetch that gave no answer.

    Attributes:
        code: `address` (it may not be fetched), `dns`, `connect`, `tls`, `protocol` (no proper HTTP, or cut off),
            `encoding` (cannot be unpacked), `redirects`, `robots`, `too_large`, `timeout`.
        message: The reason in words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much one fetch may take.

    Attributes:
        max_bytes: Of the body, unpacked.
        connect_seconds: Until the connection stands.
        read_seconds: Between two pieces of the answer.
        total_seconds: For all hops together, without the time spent waiting for a turn.
        redirects: How many are followed.
    """

    max_bytes: int = 10 * MIB
    connect_seconds: float = 5.0
    read_seconds: float = 10.0
    total_seconds: float = 30.0
    redirects: int = 5


@dataclass(frozen=True, slots=True)
class Hop:
    """A redirect that was followed: the address asked, the status, the address it named."""

    url: str
    status: int
    target: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered.

    Attributes:
        url: The address that gave it, after redirects.
        status: The HTTP status.
        reason: The words beside it.
        headers: As received, in order.
        body: Unpacked; empty where the status is one that has no body of use.
        hops: The redirects before it.
    """

    url: str
    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    hops: tuple[Hop, ...] = ()

    def header(self, name: str) -> str | None:
        """The value of a header, byte for byte as Latin-1; the first, where there are several."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def exchange(self, url: str, tick: int, request: Headers, media_type: str, fields: Headers = ()) -> Exchange:
        """What is archived of it; the arguments are as in `Exchange`."""
        return Exchange(
            url=url,
            asked=self.url,
            tick=tick,
            request=request,
            status=self.status,
            reason=self.reason,
            headers=self.headers,
            body=self.body,
            hops=[(hop.status, hop.target) for hop in self.hops],
            media_type=media_type,
            fields=fields,
        )


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a host by the machine's resolver, which also reads numbers: `2130706433`, `0x7f.1`."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@cache
def _default_tls() -> ssl.SSLContext:
    return ssl.create_default_context()  # takes a tenth of a second


@dataclass(frozen=True)
class Client:
    """Fetches addresses.

    Attributes:
        user_agent: Who asks.
        allowed: Hosts that need no public address.
        bounds: Of each fetch.
        resolve: Names to addresses.
        clock: Seconds that only go forward.
        tls: How TLS is spoken; as the machine is set up where it is not given.
    """

    user_agent: str
    allowed: Allowed = field(default_factory=Allowed)
    bounds: Bounds = Bounds()
    resolve: Resolve = resolve
    clock: Callable[[], float] = time.monotonic
    tls: ssl.SSLContext | None = field(default=None, compare=False)

    def fetch(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        turn: Turn = lambda place: nullcontext(),
        check: Check = lambda place: None,
        max_bytes: int | None = None,
    ) -> Answer:
        """Asks for an address and follows its redirects.

        Args:
            url: Absolute.
            headers: Beside User-Agent and Accept-Encoding. They go to every hop.
            turn: Held while a host is asked.
            check: Asked before each hop.
            max_bytes: Of this body, instead of the client's own bound.

        Raises:
            FetchError: there is no answer.
        """
        left, hops = self.bounds.total_seconds, list[Hop]()
        said = {"User-Agent": self.user_agent, "Accept-Encoding": ACCEPTED, **(headers or {})}
        while True:
            try:
                place = place_of(url)
                self.allowed.check_port(place)
            except AddressError as error:
                raise FetchError("address", str(error)) from None
            check(place)
            with turn(place):
                start = self.clock()
                answer = self._hop(url, place, said, left, self.bounds.max_bytes if max_bytes is None else max_bytes)
                left -= self.clock() - start
            target = answer.header("Location")
            if answer.status not in REDIRECTS or not target:
                return Answer(url, answer.status, answer.reason, answer.headers, answer.body, tuple(hops))
            if len(hops) >= self.bounds.redirects:
                raise FetchError("redirects", f"more than {self.bounds.redirects} redirects")
            try:
                target = urljoin(url, _as_sent(target).strip())
            except ValueError as error:
                raise FetchError("address", f"a redirect to no address: {error}") from None
            hops.append(Hop(url, answer.status, target))
            url = target

    def _hop(self, url: str, place: Place, headers: Mapping[str, str], seconds: float, max_bytes: int) -> Answer:
        if seconds <= 0:
            raise FetchError("timeout", f"more than {self.bounds.total_seconds:g} s")
        connection = _Guarded(self, place, seconds)
        try:
            with connection.open() as pool, _asked(pool, place, headers) as response:
                bodiless = response.status in REDIRECTS or response.status == 304
                body = b"" if bodiless else self._body(response, max_bytes)
                connection.end()
                received = tuple(response.headers.iteritems())
                return Answer(url, response.status, response.reason or "", received, body)
        except FetchError:
            raise
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            raise connection.fault(error) from error

    def _body(self, response: BaseHTTPResponse, max_bytes: int) -> bytes:
        body = bytearray()
        try:
            for piece in unpacked(_pieces(response), response.headers.get("Content-Encoding")):
                body += piece
                if len(body) > max_bytes:
                    raise FetchError("too_large", f"more than {max_bytes:,} bytes once unpacked")
        except CodingError as error:
            raise FetchError("encoding", str(error)) from None
        return bytes(body)


def _pieces(response: BaseHTTPResponse) -> Iterator[bytes]:
    while piece := response.read1(_CHUNK, decode_content=False):
        yield piece


def _as_sent(header: str) -> str:
    """An address in a header: servers that do not percent-encode it send UTF-8, which is read as Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return header


@contextmanager
def _asked(pool: HTTPConnectionPool, place: Place, headers: Mapping[str, str]) -> Iterator[BaseHTTPResponse]:
    response = pool.urlopen(
        "GET",
        place.target,
        headers=headers,
        retries=False,
        redirect=False,
        preload_content=False,
        assert_same_host=False,
    )
    try:
        yield response
    finally:
        response.close()


class _Guarded:
    """One connection to one place, to a judged address, shut when its time is over."""

    def __init__(self, client: Client, place: Place, seconds: float) -> None:
        self.client, self.place, self.seconds = client, place, seconds
        # A handle of our own on the connection: TLS takes the socket itself away.
        self._handle: socket.socket | None = None
        self._over = False
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    @contextmanager
    def open(self) -> Iterator[HTTPConnectionPool]:
        """A pool of the one connection, for one request."""
        bounds = self.client.bounds
        timeout = Timeout(connect=min(bounds.connect_seconds, self.seconds), read=bounds.read_seconds)
        host = f"[{self.place.host}]" if ":" in self.place.host else self.place.host
        named: dict[str, Any] = {"timeout": timeout, "maxsize": 1, "guard": self}
        made: HTTPConnectionPool = (
            _HTTPSPool(host, self.place.port, ssl_context=self.client.tls or _default_tls(), **named)
            if self.place.scheme == "https"
            else _HTTPPool(host, self.place.port, **named)
        )
        self._timer.start()
        try:
            with made as pool:
                yield pool
        finally:
            self._timer.cancel()
            with self._lock:
                self._drop()

    def connect(self, timeout: Any) -> socket.socket:
        """A socket to the first judged address that takes it.

        Raises:
            FetchError: `dns`, `address`, or, where none takes it, `connect` or `timeout`.
        """
        addresses = self._resolved()
        try:
            addresses = self.client.allowed.check(self.place, addresses)
        except AddressError as error:
            raise FetchError("address", str(error)) from None
        fault = FetchError("dns", f"{self.place.host} has no address")
        for address in addresses:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            made = socket.socket(family, socket.SOCK_STREAM)
            try:
                made.settimeout(timeout)
                with self._lock:
                    self._drop()
                    self._handle = made.dup()
                made.connect((address, self.place.port))
            except OSError as error:
                made.close()
                code = "timeout" if self._over or isinstance(error, TimeoutError) else "connect"
                fault = FetchError(code, f"{self.place.host} at {address}: {error}")
                if self._over:
                    break
            else:
                return made
        raise fault

    def _resolved(self) -> Sequence[str]:
        """The addresses of the host. A resolver cannot be hurried: one that hangs is left behind in its thread."""
        found: Queue[Sequence[str] | Exception] = Queue()

        def ask() -> None:
            try:
                found.put(self.client.resolve(self.place.host, self.place.port))
            except Exception as error:
                found.put(error)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        try:
            addresses = found.get(timeout=self.seconds)
        except Empty:
            raise FetchError("timeout", f"{self.place.host} was not resolved in {self.seconds:.3g} s") from None
        if isinstance(addresses, OSError | UnicodeError):
            raise FetchError("dns", f"{self.place.host}: {addresses}")
        if isinstance(addresses, Exception):
            raise addresses
        self.end()
        return addresses

    def _shut(self) -> None:
        with self._lock:
            self._over = True
            if self._handle is not None:
                # Reads on the socket end, whoever holds it by now; one that is closed or not yet connected is none.
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def _drop(self) -> None:
        if self._handle is not None:
            self._handle.close()
            self._handle = None

    def end(self) -> None:
        """Sees to it that the time is not over: a body without a length ends where its socket is shut.

        Raises:
            FetchError: `timeout`.
        """
        if self._over:
            raise FetchError("timeout", f"more than {self.client.bounds.total_seconds:g} s")

    def fault(self, error: Exception) -> FetchError:
        """What a fault of the libraries means."""
        words = f"{type(error).__name__}: {error}"[:300]
        if self._over or isinstance(error, TimeoutError) or "timed out" in str(error).lower():
            return FetchError("timeout", words)
        if isinstance(error, SSLError | ssl.SSLError):
            return FetchError("tls", words)
        return FetchError("protocol", words)


class _ConnectsToJudged:
    """Mixed into urllib3's connections: where they would resolve the name, the guard does."""

    def __init__(self, *given: Any, guard: _Guarded, **named: Any) -> None:
        super().__init__(*given, **named)
        self._guard = guard

    def _new_conn(self) -> socket.socket:
        return self._guard.connect(self.timeout)  # type: ignore[attr-defined]


class _HTTPConnection(_ConnectsToJudged, HTTPConnection):
    pass


class _HTTPSConnection(_ConnectsToJudged, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection
