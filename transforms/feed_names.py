"""What the elements of feeds mean; the table is `feed_names.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

_TABLE: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    resources.files("copydesk.transforms").joinpath("feed_names.toml").read_text("utf-8")
)
_MAX_REMEMBERED: Final = 10_000


def _plain_uri(uri: str) -> str:
    return uri.lower().removeprefix("https://").removeprefix("http://").rstrip("/")


_PREFIXES: Final = {
    _plain_uri(uri): "" if prefix == "core" else f"{prefix}:"
    for prefix, uris in _TABLE["namespaces"].items()
    for uri in uris
}
_USUAL: Final = frozenset(_TABLE["namespaces"])


class Names(dict[str, str]):
    """The names that elements go by here, remembered: `{http://purl.org/dc/elements/1.1/}Creator` is `dc:creator`.

    An element of another namespace has the name "". One whose prefix is not declared is known by the prefix.
    """

    def __missing__(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        if uri:
            prefix = _PREFIXES.get(_plain_uri(uri[1:]))
            name = "" if prefix is None else prefix + local.lower()
        else:
            head, colon, _ = tag.partition(":")
            name = tag.lower() if not colon or head.lower() in _USUAL else ""
        if len(self) < _MAX_REMEMBERED:
            self[tag] = name
        return name


class Roles(dict[str, tuple[str, int] | None]):
    """The roles of the children of an entry by their tags: the role and the rank of the name in it, None for others."""

    def __missing__(self, tag: str) -> tuple[str, int] | None:
        role = _ROLE_OF_NAME.get(NAMES[tag])
        if len(self) < _MAX_REMEMBERED:
            self[tag] = role
        return role


_ROLE_OF_NAME: Final = {
    name: (role, rank) for role, names in _TABLE["roles"].items() for rank, name in enumerate(names)
}
NAMES: Final = Names()
ROLES: Final = Roles()
ROOTS: Final = frozenset(_TABLE["shapes"]["roots"])
CHANNEL: Final = frozenset(_TABLE["shapes"]["channel"])
ENTRIES: Final = frozenset(_TABLE["shapes"]["entries"])
