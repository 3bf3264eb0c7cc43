"""What the elements of feeds mean; the table is `names.toml`."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Any, Final

_TABLE: Final[dict[str, dict[str, Any]]] = tomllib.loads(
    resources.files("copydesk.transforms.feed").joinpath("names.toml").read_text("utf-8")
)
_MAX_REMEMBERED: Final = 10_000
_ATOM: Final = ("{http://www.w3.org/2005/Atom}", "{http://purl.org/atom/ns#}")


def _plain_uri(uri: str) -> str:
    return uri.lower().removeprefix("https://").removeprefix("http://").rstrip("/")


_PREFIXES: Final = {
    _plain_uri(uri): "" if prefix == "core" else f"{prefix}:"
    for prefix, uris in _TABLE["namespaces"].items()
    for uri in uris
}
USUAL: Final[dict[str, str]] = {prefix: uris[0] for prefix, uris in _TABLE["namespaces"].items() if prefix != "core"}
"""The namespaces that prefixes stand for where a feed forgets to declare them."""


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
            name = tag.lower() if not colon or head.lower() in USUAL else ""
        if len(self) < _MAX_REMEMBERED:
            self[tag] = name
        return name


class Roles(dict[str, tuple[str, int, bool] | None]):
    """The roles of the children of an entry by their tags: the role, the rank of the name in it, whether it is Atom's.

    None for an element that has none.
    """

    def __missing__(self, tag: str) -> tuple[str, int, bool] | None:
        found = _ROLE_OF_NAME.get(NAMES[tag])
        role = (*found, tag.startswith(_ATOM)) if found else None
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
LISTS: Final = frozenset(_TABLE["shapes"]["lists"])
ENTRIES: Final = frozenset(_TABLE["shapes"]["entries"])
