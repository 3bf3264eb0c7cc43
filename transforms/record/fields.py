"""The fields of a JSON record by meaning; the names are data: `fields.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from math import isnan
from typing import Any

MAX_DEPTH = 3
"""Wrappers within wrappers: Elasticsearch's `hits.hits[]._source` is the deepest that is in use."""
MAX_LAYERS = 12
_PREFIX = re.compile(r"^(?:dc|dcterms|og|schema|article|ex|rdf):", re.IGNORECASE)
_SIGNS = re.compile(r"[_\-\s.]+")


@dataclass(frozen=True, slots=True)
class _Names:
    fields: Mapping[str, tuple[str, ...]]
    wrappers: frozenset[str]
    lists: tuple[str, ...]


@cache
def _names() -> _Names:
    table = table_of_fields()
    fields = {meaning: tuple(dict.fromkeys(map(_key, row.split()))) for meaning, row in table["fields"].items()}
    shape = {name: tuple(map(_key, row.split())) for name, row in table["shape"].items()}
    return _Names(fields, frozenset(shape["wrappers"]), shape["lists"])


@cache
def table_of_fields() -> dict[str, dict[str, str]]:
    """The table as written: meanings in `fields`, the rest in `shape`."""
    text = resources.files("copydesk.transforms.record").joinpath("fields.toml").read_text("utf-8")
    return tomllib.loads(text)


@lru_cache(maxsize=4096)
def _key(name: str) -> str:
    """A field's name without what writers differ in: case, signs between its words, a namespace."""
    return _SIGNS.sub("", _PREFIX.sub("", name[:100])).lower()


def _keyed(item: Mapping[str, Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name, value in item.items():
        if value is not None and not (isinstance(value, float) and isnan(value)):  # pandas writes NaN for "missing"
            found.setdefault(_key(name), []).append(value)
    return found


class Record:
    """One record: its own fields, and those of the objects it wraps the article in.

    The object that holds the text speaks first, then those it stands in, then those beside it: in a row such as
    `{"id": 7, "article": {"id": "a-1", "text": ...}}` the article's own id counts.
    """

    def __init__(self, item: Mapping[str, Any]) -> None:
        self._layers = list(_layers(item))
        bodies = [layer for layer in self._layers if _has_text(layer)]
        if bodies:
            self._layers.sort(key=lambda layer: layer is not bodies[0])

    def values(self, meaning: str) -> Iterator[Any]:
        """All values of the fields of a meaning: names in the order of the table, within a name nearest first."""
        for layer in self._layers:
            for name in _names().fields[meaning]:
                yield from layer.get(name, ())


def _layers(item: Mapping[str, Any]) -> Iterator[dict[str, list[Any]]]:
    waiting = [(item, 0)]
    for _ in range(MAX_LAYERS):
        if not waiting:
            return
        current, depth = waiting.pop(0)
        keyed = _keyed(current)
        yield keyed
        if depth < MAX_DEPTH:
            wrapped = [value for name, values in keyed.items() if name in _names().wrappers for value in values]
            waiting += [(value, depth + 1) for value in wrapped if isinstance(value, dict)]


def _has_text(layer: Mapping[str, list[Any]]) -> bool:
    fields = _names().fields
    return any(
        isinstance(value, str | list) or (isinstance(value, dict) and "rendered" in value)
        for meaning in ("markup", "body", "page")
        for name in fields[meaning]
        for value in layer.get(name, ())
    )


def entries_of(loaded: Any) -> list[Any] | None:
    """The records in a JSON document that is a list of them, or an object around such a list; None where it is one."""
    if isinstance(loaded, list):
        return loaded
    item = loaded
    for _ in range(MAX_DEPTH):
        if not isinstance(item, dict):
            return None
        keyed = _keyed(item)
        if _has_text_itself(keyed):
            return None
        inner: Any = None
        for name in _names().lists:
            for value in keyed.get(name, ()):
                if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
                    return value
                if isinstance(value, dict):
                    inner = inner or value
        item = inner
    return None


def _has_text_itself(layer: Mapping[str, list[Any]]) -> bool:
    names = (name for meaning in ("markup", "body") for name in _names().fields[meaning])
    return any(isinstance(value, str) for name in names for value in layer.get(name, ()))
