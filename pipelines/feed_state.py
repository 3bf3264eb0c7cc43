"""What is remembered of feeds, and which rounds of polls are not committed yet: small files below `_state/`."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from copydesk.pipelines.store import Store
from copydesk.transforms.archive import FOLDER, tick_name
from copydesk.transforms.polling import Remembered, from_json, to_json

STATE = "_state/feeds.json"
OPEN = "_state/ticks"
CLAIMS = "_state/polling"
"""Where who polls for an output puts its claim; the runs that commit have their own."""


def load(store: Store) -> dict[str, Remembered]:
    """What is remembered, by the address that a feed is listed under.

    Raises:
        OSError: it cannot be read, or was changed from outside.
    """
    try:
        data = store.read(STATE)
    except FileNotFoundError:
        return {}
    try:
        return {values["url"]: from_json(values) for values in orjson.loads(data)["feeds"]}
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"{store.url}/{STATE}: {error}; remove it, and all feeds are asked anew") from error


def save(store: Store, states: Mapping[str, Remembered]) -> None:
    """Replaces what is remembered, whole or not at all."""
    feeds = [to_json(states[url]) for url in sorted(states)]
    store.replace(STATE, orjson.dumps({"version": 1, "feeds": feeds}, option=orjson.OPT_INDENT_2))


def begin(store: Store, tick: int) -> None:
    """Notes that a round has begun: until `end`, what is archived of it may not have been read."""
    store.create(f"{OPEN}/{tick_name(tick)}.json", b"{}")


def archived(store: Store) -> list[str]:
    """The archives of all rounds that have begun and not ended, in order."""
    names = [path.rsplit("/", 1)[-1].removesuffix(".json") for path in store.list(OPEN)]
    return [path for name in sorted(names) for path in store.list(f"{FOLDER}/{name}") if path.endswith(".warc.gz")]


def end(store: Store) -> None:
    """Notes that all that was archived is committed."""
    for path in store.list(OPEN):
        store.delete(path)
