"""The story's own object among a page's JSON-LD, whatever shape the publisher gave it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import orjson

_STORY_TYPE: Final = re.compile(r"(?:Article|BlogPosting|^Report|^SocialMediaPosting|^Review)$")
"""Types of schema.org that hold one story: Article with its kinds, and those publishers use in its place."""
_PAGE_TYPE: Final = frozenset({"WebPage", "ItemPage"})
_TRAILING_COMMA: Final = re.compile(r",\s*(?=[}\]])")
_WRAPPING: Final = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/)"
    r"|(?:-->|//\s*\]\]>|\]\]>|;)\s*$"
)
_MAX_OBJECTS: Final = 2_000
_MAX_TEXT: Final = 2_000_000


def story_object(scripts: Iterable[str]) -> dict[str, Any]:
    """Find the object that describes the story.

    Args:
        scripts: Contents of the page's `application/ld+json` elements, in order. Lists, `@graph` and objects inside
            `mainEntity` are searched; comments and CDATA around the JSON, control characters in strings and trailing
            commas are forgiven; what still cannot be read is passed over.

    Returns:
        The first object of a story type, completed by the fields that only a later one of the same type has; without
        one, the first of a page type; else an empty object.
    """
    story: dict[str, Any] = {}
    page: dict[str, Any] = {}
    for script in scripts:
        for item in _objects(_load(script)):
            types = _types(item)
            if any(_STORY_TYPE.search(kind) for kind in types):
                if not story:
                    story = dict(item)
                elif _same_story(story, item):
                    story = {**item, **story}
            elif not page and not _PAGE_TYPE.isdisjoint(types):
                page = item
    return story or page


def _types(item: dict[str, Any]) -> list[str]:
    given = item.get("@type")
    values = given if isinstance(given, list) else [given]
    return [value.rsplit("/", 1)[-1] for value in values if isinstance(value, str)]


def _same_story(story: dict[str, Any], other: dict[str, Any]) -> bool:
    return story.get("headline") == other.get("headline") or "headline" not in other


def _load(script: str) -> Any:
    text = script.strip()
    if not text or len(text) > _MAX_TEXT:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        pass
    text = _WRAPPING.sub("", text).strip()
    for attempt in (text, _TRAILING_COMMA.sub("", text)):
        try:
            return json.loads(attempt, strict=False)
        except (ValueError, RecursionError):
            continue
    return None


def _objects(loaded: Any) -> Iterator[dict[str, Any]]:
    """Every object at the top, in lists, in `@graph` and in `mainEntity`, in document order."""
    waiting = [loaded]
    for _ in range(_MAX_OBJECTS):
        if not waiting:
            return
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        elif isinstance(item, dict):
            yield item
            waiting.extend(item[key] for key in ("mainEntity", "mainEntityOfPage", "@graph") if key in item)
