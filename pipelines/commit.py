"""The commit: stage, decide, publish, seal.

Every step may be run again, by the same process or by another, and after a crash at any point, and the outcome is the
same. That rests on one thing: the store's `create` writes a whole object only where there is none, so of all runs
that decide on one window exactly one decision stands, and the others are told which.

    stage    _staging/<window>/<name>       files no reader looks at, named by their digest
    decide   _state/decided/<window>.json   the first decision stands
    publish  articles/date=.../<name>       each decided file is moved to its place
    seal     _manifests/<window>.json       the manifest is the commit
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from copydesk.pipelines.store import STAGING, Store

DECIDED, MANIFESTS, INPUTS, SEEN, PAYLOADS = (
    "_state/decided",
    "_manifests",
    "_state/inputs",
    "_state/seen",
    "payloads",
)


class CommitError(RuntimeError):
    """The output is not what a decision says, and no rerun can mend it: a file was lost or changed from outside."""


class DoesNotAddUpError(RuntimeError):
    """What went in is not what came out. Nothing of the window is published."""


@dataclass(frozen=True, slots=True)
class WindowId:
    """Which window, and the day its rows are filed under (`YYYY-MM-DD`)."""

    name: str
    date: str


@dataclass(frozen=True)
class WindowSpec:
    """What the writing steps must know of a window.

    Attributes:
        id: Its name and day.
        shards: Files for each table.
        seen: Paths of the key files of all earlier windows.
        facts: What goes into the manifest as it is: versions and options.
    """

    id: WindowId
    shards: int
    seen: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is staged, and where it belongs.

    Attributes:
        kind: `articles`, `failures`, `seen` or `inputs`.
        path: Its place, once published.
        rows: Rows in it.
        bytes: Its size.
        sha256: Of its bytes.
    """

    kind: str
    path: str
    rows: int
    bytes: int
    sha256: str


def stage(store: Store, window: WindowId, kind: str, label: str, data: bytes, rows: int) -> Staged:
    """Writes a file where no reader looks; its place is given by what it is and by its digest.

    Args:
        store: The output.
        window: What it belongs to.
        kind: `articles`, `failures`, `seen` or `inputs`.
        label: Tells it from the other files of its kind in the window: the shard.
        data: Its bytes.
        rows: Rows in it.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    name = f"{window.name}-{label}-{sha256[:16]}.parquet"
    folder = {"seen": SEEN, "inputs": INPUTS}.get(kind, f"{kind}/date={window.date}")
    staged = Staged(kind, f"{folder}/{name}", rows, len(data), sha256)
    store.create(staging_path(window.name, staged.path), data)
    return staged


def staging_path(window: str, path: str) -> str:
    """Where a file of a window is staged whose place is `path`."""
    return f"{STAGING}/{window}/{path.replace('/', '~')}"


def decide(store: Store, decision: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """Puts a decision on record if the window has none yet.

    Args:
        store: The output.
        decision: JSON values; `window` names the window and `files` lists what is staged, as `asdict(Staged)`.

    Returns:
        The decision that stands, and whether it is the one given here (or equal to it).
    """
    path = f"{DECIDED}/{decision['window']}.json"
    data = orjson.dumps(decision, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    if store.create(path, data):
        return decision, True
    standing = store.read(path)
    return orjson.loads(standing), standing == data


def publish(store: Store, decision: dict[str, Any]) -> None:
    """Moves every decided file to its place; what is there already is left.

    Raises:
        CommitError: a file is in neither place, or not of the size that was decided.
    """
    for file in decision["files"]:
        path = file["path"]
        size = store.size(path)
        if size is None:
            try:
                store.move(staging_path(decision["window"], path), path)
            except FileNotFoundError:
                size = store.size(path)  # another run may have moved it meanwhile
                if size is None:
                    raise CommitError(
                        f"{path} was decided on and is in neither place: it was removed from outside"
                    ) from None
            else:
                size = store.size(path)
        if size != file["bytes"]:
            raise CommitError(
                f"{path} has {size} bytes and was decided on with {file['bytes']}: it was changed from outside"
            )


def seal(store: Store, decision: dict[str, Any]) -> None:
    """Writes the manifest. From here on the window is committed."""
    store.sync()
    data = orjson.dumps(decision, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
    store.create(f"{MANIFESTS}/{decision['window']}.json", data)
    store.sync()


def window_name(number: int) -> str:
    """The name of a window: they are numbered without a gap, from 1, in the order in which they are sealed."""
    return f"{number:06d}"


def finish(store: Store, after: int = 0) -> list[str]:
    """Publishes and seals what a killed run decided on.

    Args:
        store: The output.
        after: The number of a window up to which all are known to be sealed.

    Returns:
        The windows that were finished.
    """
    finished = []
    for number in itertools.count(after + 1):
        window = window_name(number)
        try:
            decision = orjson.loads(store.read(f"{DECIDED}/{window}.json"))
        except FileNotFoundError:
            break
        if store.size(f"{MANIFESTS}/{window}.json") is None:
            publish(store, decision)
            seal(store, decision)
            finished.append(window)
    return finished


def manifests(store: Store) -> Iterator[dict[str, Any]]:
    """Every manifest of an output, in the order of the windows."""
    for path in store.list(MANIFESTS):
        yield orjson.loads(store.read(path))


def sweep(store: Store) -> None:
    """Empties the staging folder. Only what lost a decision, or was never decided on, is still there."""
    for path in store.list(STAGING):
        store.delete(path)
    store.sweep()


def file_entry(staged: Staged) -> dict[str, Any]:
    """A staged file as it stands in a decision."""
    return asdict(staged)
