"""Manners: one request at a time to a publisher, with a gap between them, and what robots.txt forbids is not asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from protego import Protego

from copydesk.pipelines.client import Client, FetchError
from copydesk.transforms.addresses import Place
from copydesk.transforms.identity import house_of

PRODUCT = "copydesk"
"""The name that robots.txt may address."""
GAP = 2.0
"""Seconds between two requests to one publisher."""
MAX_GAP = 30.0
"""The longest Crawl-delay that is kept to; who asks for more is asked this seldom."""
ROBOTS_BYTES = 512 * 1024
"""RFC 9309, 2.5: a crawler reads at least 500 KiB."""
ROBOTS_SECONDS = 86_400.0
"""RFC 9309, 2.4: not used for longer than a day."""


@dataclass
class _Host:
    lock: threading.Lock = field(default_factory=threading.Lock)
    free_at: float = 0.0
    gap: float = GAP


@dataclass
class _Robots:
    rules: Protego | None
    read_at: float
    problem: FetchError | None = None


class Politeness:
    """Keeps the manners of one process towards all hosts. Safe to share between threads.

    Args:
        client: Fetches robots.txt.
        sleep: Waits so many seconds.
    """

    def __init__(self, client: Client, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client, self._sleep = client, sleep
        self._hosts: dict[str, _Host] = {}
        self._robots: dict[str, _Robots] = {}
        self._lock = threading.Lock()

    def _host(self, place: Place) -> _Host:
        key = house_of(place.origin) or place.host
        with self._lock:
            if key not in self._hosts:
                # Who allows a host by name answers for it: an intranet, a test.
                gap = 0.0 if self._client.allowed.allows(place) else GAP
                self._hosts[key] = _Host(gap=gap)
            return self._hosts[key]

    @contextmanager
    def turn(self, place: Place) -> Iterator[None]:
        """Holds a publisher while it is asked; waits until it may be."""
        host = self._host(place)
        with host.lock:
            wait = host.free_at - self._client.clock()
            if wait > 0:
                self._sleep(wait)
            try:
                yield
            finally:
                host.free_at = self._client.clock() + host.gap

    def begin_round(self) -> None:
        """Forgets which robots.txt could not be read: a host that is down is asked once a round, and the next again."""
        self._robots = {origin: robots for origin, robots in self._robots.items() if robots.problem is None}

    def check(self, place: Place) -> None:
        """Sees to it that robots.txt lets a place be asked; fetches it where it is not known.

        Raises:
            FetchError: `robots` where it is forbidden; the fault of reading robots.txt where there was one, since then
                all is forbidden (RFC 9309, 2.3.1.4).
        """
        robots = self._robots_of(place)
        if robots.problem is not None:
            raise robots.problem
        if robots.rules is not None and not robots.rules.can_fetch(place.origin + place.target, PRODUCT):
            raise FetchError("robots", f"{place.origin}/robots.txt forbids {place.target}")

    def _robots_of(self, place: Place) -> _Robots:
        now = self._client.clock()
        known = self._robots.get(place.origin)
        if known is None or now - known.read_at > ROBOTS_SECONDS:
            known = self._read_robots(place, now)
            self._robots[place.origin] = known
        return known

    def _read_robots(self, place: Place, now: float) -> _Robots:
        url = f"{place.origin}/robots.txt"
        try:
            answer = self._client.fetch(url, turn=self.turn, max_bytes=ROBOTS_BYTES)
        except FetchError as error:
            if error.code in ("too_large", "redirects"):  # as if there were none: RFC 9309, 2.3.1.2 and 2.5
                return _Robots(None, now)
            return _Robots(None, now, error)
        if answer.status >= 500 or answer.status == 429:
            return _Robots(None, now, FetchError("robots", f"{url} answered {answer.status}"))
        if not 200 <= answer.status < 300:
            return _Robots(None, now)
        rules = Protego.parse(answer.body.decode("utf-8", "replace"))
        if delay := rules.crawl_delay(PRODUCT):
            host = self._host(place)
            host.gap = max(host.gap, min(float(delay), MAX_GAP))
        return _Robots(rules, now)
