"""Runs a step on a document that looks risky in a process that can be killed.

The readers check size and depth before they parse, so that nothing known to be dear is begun. What is left is what
nobody knows of: an input that a parser written in C hangs on, or dies of. No thread can stop that; a process can. It
costs 0.1 ms and what it takes to send the document there and back, so only large documents go this way.
"""

from __future__ import annotations

import atexit
import gc
import multiprocessing
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from pebble import ProcessExpired, ProcessPool

from copydesk.transforms.errors import Reject

RISKY_BYTES: Final = 512 << 10
"""From this size on a document is guarded: 3 of 100 news pages, and no article of plain text that was met."""
PRELOADED: Final = ("copydesk.transforms.edit", "copydesk.transforms.read", "copydesk.transforms.steps")
"""What every such process needs, imported once in the process that they are forked from."""


@dataclass(frozen=True)
class Guard:
    """A step that ends.

    Attributes:
        step: A function that can be pickled; it may raise a Reject.
        size: How large what it is given is, in bytes.
        seconds: How long it may take on one that is guarded; 0 for as long as it likes.
    """

    step: Callable[[Any], Iterable[Any]]
    size: Callable[[Any], int]
    seconds: float

    def __call__(self, element: Any) -> Iterable[Any]:
        """What the step makes of `element`.

        Raises:
            Reject: `timeout` or `crashed`; or what the step itself raises.
        """
        if self.size(element) < RISKY_BYTES:
            return self.step(element)
        outcome = _POOL.get().schedule(_all_of, args=(self.step, element), timeout=self.seconds or None)
        try:
            return outcome.result()
        except TimeoutError:
            raise Reject("timeout", f"it took longer than {self.seconds:g} s") from None
        except ProcessExpired as error:
            raise Reject("crashed", f"the process ended with exit code {error.exitcode}") from None


def _all_of(step: Callable[[Any], Iterable[Any]], element: Any) -> list[Any]:
    gc.disable()  # of a large document hundreds of thousands of objects live: it would go through them again and again
    try:
        return list(step(element))
    finally:
        gc.enable()


class _Pool:
    """One process for all guarded steps of this one, started when the first risky document comes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None

    def get(self) -> ProcessPool:
        """The pool, with its process."""
        with self._lock:
            if self._pool is None:
                # Forked from a clean server: this process has threads, and they may hold locks.
                context = multiprocessing.get_context("forkserver")
                context.set_forkserver_preload(list(PRELOADED))
                self._pool = ProcessPool(max_workers=1, context=context)
                atexit.register(self._pool.stop)
            return self._pool


_POOL: Final = _Pool()
