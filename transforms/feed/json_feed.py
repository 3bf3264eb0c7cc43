"""Reads a JSON Feed, versions 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1/)."""

from __future__ import annotations

from typing import Any

import orjson

from copydesk.transforms.decode import decode
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.texts import html_of_plain, is_markup, plain_title


def read_json_feed(data: bytes, *, charset: str | None, max_entries: int) -> Feed:
    """Read a JSON Feed.

    Args:
        data: Its bytes.
        charset: The encoding that came with them, if any.
        max_entries: So many entries are read; the rest is counted.

    Returns:
        The feed; a Reject stands for an item that is no object.

    Raises:
        Reject: `bad_feed` where it is no JSON or has no list of items; `undecodable`, `binary`.
    """
    found = _json(data, charset)
    items = found.get("items") if isinstance(found, dict) else None
    if not isinstance(items, list):
        raise Reject("bad_feed", "the JSON has no list of items")
    return Feed(
        [_entry(item) for item in items[:max_entries]],
        url=_string(found.get("feed_url")),
        site=_string(found.get("home_page_url")),
        language=_string(found.get("language")),
        authors=_authors(found),
        surplus=max(0, len(items) - max_entries),
    )


def _json(data: bytes, charset: str | None) -> Any:
    try:
        return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        pass
    text, _ = decode(data, declared=charset)
    try:
        return orjson.loads(text.encode("utf-8", "replace"))
    except orjson.JSONDecodeError as error:
        raise Reject("bad_feed", f"not JSON: {error}"[:300]) from None


def _entry(item: Any) -> Entry | Reject:
    if not isinstance(item, dict):
        return Reject("bad_feed", f"an item of the JSON feed is no object but {type(item).__name__}")
    bodies = [html] if (html := _string(item.get("content_html"))) else []
    if text := _string(item.get("content_text")):
        bodies.append(_html(text))
    title = _string(item.get("title"))
    guid = _string(item.get("id"))
    page = guid if guid and guid.startswith(("http://", "https://")) else None
    return Entry(
        title=plain_title(title, is_html=False) if title else None,
        guid=guid,
        link=_string(item.get("url")) or page or _string(item.get("external_url")),
        bodies=bodies,
        summaries=[_html(summary)] if (summary := _string(item.get("summary"))) else [],
        authors=_authors(item),
        topics=[topic for tag in _list(item.get("tags")) if (topic := _string(tag))],
        published_raw=_string(item.get("date_published")),
        updated_raw=_string(item.get("date_modified")),
        language=_string(item.get("language")),
    )


def _html(text: str) -> str:
    """A text that the format calls plain, as HTML: many houses put markup there all the same."""
    return text if is_markup(text) else html_of_plain(text)


def _authors(of: dict[str, Any]) -> list[str]:
    """The names in `authors` (1.1) or `author` (1.0), which some give as bare strings."""
    people = _list(of.get("authors")) or _list(of.get("author"))
    named = (_string(person.get("name") if isinstance(person, dict) else person) for person in people)
    return [name for name in named if name]


def _list(value: Any) -> list[Any]:
    """A list; what stands for itself where a list should is a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _string(value: Any) -> str | None:
    """A string that is not blank; the version 1.0 wants a number as an id read as one."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and value.strip() else None
