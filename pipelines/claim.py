"""One run at a time on one output.

The claim keeps two runs from doing the same work; it is not what makes the commit safe (`commit.py` is, with or
without it). A holder renews its claim while it lives. A claim that is not renewed for LEASE seconds, as watched by
whoever wants it, or whose process is gone from this machine, has ended.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from types import TracebackType

import orjson

from copydesk.pipelines.store import Store

CLAIMS = "_state/claim"
LEASE = 30.0
RENEWAL = 5.0
_POLL = 0.5

_LIVE: set[tuple[str, int]] = set()
"""The claims that this process holds: without it, a claim that could not be dropped would look alive for ever."""


class HeldError(RuntimeError):
    """Another run holds the output; the message says which."""


class Claim:
    """The right to write to an output, as a context manager.

    Args:
        store: The output.
        wait: Wait for the holder to finish; otherwise refuse at once.
        on_wait: Called once, with words that say who holds the output, before waiting.
        place: Where claims of this kind are put; those of another kind do not meet them.

    Raises:
        HeldError: on entry, where another run holds the output and `wait` is false.
    """

    def __init__(
        self, store: Store, *, wait: bool, on_wait: Callable[[str], None] | None = None, place: str = CLAIMS
    ) -> None:
        self._store, self._wait, self._on_wait, self._place = store, wait, on_wait, place
        self._name = f"{store.url}/{place}"
        self._number = 0
        self._beat = 0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Claim:
        told = False
        watched: tuple[int, bytes, float] | None = None
        while not self._take():
            number, holder = self._holder()
            if number == 0:
                continue
            content = self._renewals(number)
            if watched is None or watched[:2] != (number, content):
                watched = (number, content, time.monotonic())
            if _gone(holder, (self._name, number)) or time.monotonic() - watched[2] > LEASE:
                if self._create(number + 1):
                    self._drop(number)
                    break
                continue
            if not self._wait:
                raise HeldError(f"{self._store.url} is being written by {_words(holder)}")
            if not told and self._on_wait is not None:
                self._on_wait(f"{self._store.url} is being written by {_words(holder)}; waiting for it to finish")
                told = True
            time.sleep(_POLL)
        self._thread = threading.Thread(target=self._renew, name="claim", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        _LIVE.discard((self._name, self._number))
        # A claim that cannot be dropped ends by itself; the run's own outcome matters more.
        with contextlib.suppress(Exception):
            self._drop(self._number)

    def _take(self) -> bool:
        return self._holder()[0] == 0 and self._create(1)

    def _create(self, number: int) -> bool:
        me = {"host": socket.gethostname(), "pid": os.getpid(), "started": _started(os.getpid())}
        if not self._store.create(f"{self._place}/{number:09d}.json", orjson.dumps(me)):
            return False
        self._number = number
        _LIVE.add((self._name, number))
        return True

    def _holder(self) -> tuple[int, dict[str, object]]:
        """The newest claim and who made it; 0 where there is none."""
        paths = [path for path in self._store.list(self._place) if path.endswith(".json")]
        for path in reversed(paths):
            with contextlib.suppress(FileNotFoundError):
                return int(path.rsplit("/", 1)[-1].removesuffix(".json")), orjson.loads(self._store.read(path))
        return 0, {}

    def _renewals(self, number: int) -> bytes:
        try:
            return self._store.read(f"{self._place}/{number:09d}.beat")
        except FileNotFoundError:
            return b""

    def _renew(self) -> None:
        while not self._stop.wait(RENEWAL):
            self._beat += 1
            # A renewal that fails is made up for by the next; if none succeeds, the claim is lost, which is safe.
            with contextlib.suppress(Exception):
                self._store.replace(f"{self._place}/{self._number:09d}.beat", str(self._beat).encode())

    def _drop(self, number: int) -> None:
        self._store.delete(f"{self._place}/{number:09d}.beat")
        self._store.delete(f"{self._place}/{number:09d}.json")


def _words(holder: dict[str, object]) -> str:
    return f"process {holder.get('pid')} on {holder.get('host')}"


def _gone(holder: dict[str, object], claim: tuple[str, int]) -> bool:
    """True if the holder ran on this machine and does not any more."""
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or not isinstance(pid, int):
        return False
    if pid == os.getpid():
        return claim not in _LIVE
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return _started(pid) != holder.get("started")


def _started(pid: int) -> str:
    """When a process started, in kernel ticks since boot, so that a reused pid is told apart; empty where unknown."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[-1].split()[19]
    except (OSError, IndexError):
        return ""
