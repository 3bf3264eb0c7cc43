"""All windows of an output, of bounded runs and of streams, told by listing them and read many at a time."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from copydesk.pipelines.commit import DECIDED, MANIFESTS, publish, seal
from copydesk.pipelines.store import Store

STREAMING: Final = "_state/streaming.json"
"""Where a stream says that it is at work, or was."""
THREADS: Final = 32
"""An object store answers in tens of milliseconds, and a stream of a year has a hundred thousand windows."""
_AT_ONCE: Final = 1_000


def read_all(store: Store, paths: Sequence[str]) -> Iterator[bytes]:
    """The bytes of many files, in their order."""
    with ThreadPoolExecutor(THREADS, thread_name_prefix="read") as pool:
        for start in range(0, len(paths), _AT_ONCE):
            yield from pool.map(store.read, paths[start : start + _AT_ONCE])


def manifests(store: Store) -> Iterator[dict[str, Any]]:
    """Every manifest, in the order of the names."""
    for data in read_all(store, store.list(MANIFESTS)):
        yield orjson.loads(data)


def of_streams(store: Store, known: Container[str] = ()) -> Iterator[dict[str, Any]]:
    """The manifests of streams; what they decided on and did not seal is sealed first.

    Args:
        store: The output.
        known: Names of windows to leave out.
    """
    if store.size(STREAMING) is None:  # no stream was ever here, so there is nothing to list
        return
    finish(store, lambda name: not name.isdigit())
    names = (path.rsplit("/", 1)[-1].removesuffix(".json") for path in store.list(MANIFESTS))
    wanted = [f"{MANIFESTS}/{name}.json" for name in names if not name.isdigit() and name not in known]
    for data in read_all(store, wanted):
        yield orjson.loads(data)


def finish(store: Store, is_wanted: Callable[[str], bool] = lambda name: True) -> None:
    """Publishes and seals whatever was decided on, whoever decided it.

    Args:
        store: The output.
        is_wanted: Tells by its name whether a window is to be looked at.
    """
    sealed = set(store.list(MANIFESTS))
    for path in store.list(DECIDED):
        name = path.rsplit("/", 1)[-1].removesuffix(".json")
        if path.replace(DECIDED, MANIFESTS, 1) not in sealed and is_wanted(name):
            decision = orjson.loads(store.read(path))
            publish(store, decision)
            seal(store, decision)
