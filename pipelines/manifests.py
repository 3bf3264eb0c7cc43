"""All windows of an output, of bounded runs and of streams, told by listing them and read many at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import orjson

from copydesk.pipelines.commit import DECIDED, MANIFESTS, publish, seal
from copydesk.pipelines.store import Store

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


def finish(store: Store) -> None:
    """Publishes and seals whatever was decided on, whoever decided it."""
    sealed = set(store.list(MANIFESTS))
    for path in store.list(DECIDED):
        if path.replace(DECIDED, MANIFESTS, 1) not in sealed:
            decision = orjson.loads(store.read(path))
            publish(store, decision)
            seal(store, decision)
