"""While a stream writes to an output nothing else may: it would not know what the other has committed.

A stream lives elsewhere and has no process that could hold a claim. It renews a lease at each tick instead.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import orjson

from copydesk.pipelines.claim import HeldError
from copydesk.pipelines.manifests import STREAMING
from copydesk.pipelines.store import Store

TICKS, SECONDS = 3, 60
"""How long a lease lasts: a stream that restores a checkpoint may miss a tick or two."""


def renew(store: Store, tick: int, every: int) -> None:
    """Notes that a stream is at work on an output.

    Args:
        store: The output.
        tick: The time, seconds since 1970 UTC.
        every: Seconds from one tick to the next.
    """
    store.replace(STREAMING, orjson.dumps({"until": tick + max(SECONDS, TICKS * every)}))


def await_end(
    store: Store,
    *,
    wait: bool,
    on_wait: Callable[[str], None],
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Returns once no stream is at work on an output.

    Args:
        store: The output.
        wait: Wait for its end; otherwise refuse at once.
        on_wait: Told whom it waits for.
        now: The time, seconds since 1970 UTC.
        sleep: Waits so many seconds.

    Raises:
        HeldError: a stream is at work and `wait` is false.
    """
    words = f"{store.url} is being written by a stream"
    told = False
    while (left := _until(store) - now()) > 0:
        if not wait:
            raise HeldError(words)
        if not told:
            on_wait(f"{words}; waiting for its end, at least {left:.0f} s")
            told = True
        sleep(min(left, 5.0))


def _until(store: Store) -> float:
    try:
        return float(orjson.loads(store.read(STREAMING))["until"])
    except FileNotFoundError:
        return 0.0
