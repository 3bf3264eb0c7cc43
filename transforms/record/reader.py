"""JSON records to drafts: the rows of a dump, the answers of an API, whatever their fields are called.

What the fields mean is data: `fields.toml`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Draft, Metadata
from copydesk.transforms.errors import Reject
from copydesk.transforms.identity import house_of
from copydesk.transforms.language import well_formed
from copydesk.transforms.record.body import body_markup, read_body
from copydesk.transforms.record.fields import Record, entries_of
from copydesk.transforms.record.values import address, inline, names, plain, strings, topics

MAX_GUID = 1_000
"""Code points of an id; a longer one is a text that stands in the wrong field."""
_BOM = b"\xef\xbb\xbf"


def read_record(data: bytes, *, source_uri: str, media_type: str = "application/json") -> list[Draft | Reject]:
    """Read one JSON record, an array of records, or an object that holds a list of them.

    Forgiven are a byte order mark, an encoding other than UTF-8, `NaN`, control characters and lone surrogates in
    strings. A record whose text is the empty string is read, with an empty `raw`, if it has a headline (a news flash);
    one whose text is null or missing is refused, since what was there is not known.

    Args:
        data: The bytes of one JSON document.
        source_uri: Where it came from; for the entries of an array or a list, `#entry=N` is added, N from 0.
        media_type: Goes into the drafts.

    Returns:
        A draft for each record, in order; a Reject stands for an entry that alone cannot be read.

    Raises:
        Reject: `bad_json`; `bad_record` where there is no field that holds a text; `empty` where there is no entry; or
            the codes of `decode` and of `read_fragment`.
    """
    loaded = _load(data)
    entries = entries_of(loaded)
    if entries is None:
        return [_draft(loaded, source_uri, media_type)]
    if not entries:
        raise Reject("empty", "the list of records has no entry")
    stories: list[Draft | Reject] = []
    for number, entry in enumerate(entries):
        try:
            stories.append(_draft(entry, f"{source_uri}#entry={number}", media_type))
        except Reject as reject:
            stories.append(reject)
    return _without_repeated_guids(stories)


def _load(data: bytes) -> Any:
    try:
        return orjson.loads(data[len(_BOM) :] if data.startswith(_BOM) else data)
    except orjson.JSONDecodeError as error:
        fault = str(error)
    text, _ = decode(data)
    try:
        return json.loads(text, strict=False)
    except RecursionError:
        raise Reject("bad_json", "it is nested too deeply") from None
    except ValueError:
        raise Reject("bad_json", fault[:300]) from None


def _draft(loaded: Any, source_uri: str, media_type: str) -> Draft:
    if not isinstance(loaded, dict):
        raise Reject("bad_record", f"a JSON {type(loaded).__name__}, not an object")
    record = Record(loaded)
    markup = body_markup(record)
    if markup is None:
        some = ", ".join(sorted(str(key)[:40] for key in list(loaded)[:20]))
        raise Reject("bad_record", f"no field holds the text of an article; there are: {plain(some) or 'none'}")
    draft = read_body(markup, source_uri, media_type)
    metadata = _completed(_metadata(record), draft.metadata)
    if not draft.raw.strip() and not metadata.headline:
        raise Reject("bad_record", "the field of the text is empty, and there is no headline")
    return replace(draft, metadata=metadata)


def _metadata(record: Record) -> Metadata:
    published_raw, published_at = _date(record, "published")
    return Metadata(
        headline=_first(record, "headline"),
        standfirst=_first(record, "standfirst"),
        authors=next(filter(None, map(names, record.values("authors"))), ()),
        topics=tuple(dict.fromkeys(topic for value in record.values("topics") for topic in topics(value))),
        url=next(filter(None, map(address, _strings(record, "url"))), None),
        house=next(filter(None, map(_house, _strings(record, "house"))), None),
        guid=next((guid for guid in _strings(record, "guid") if len(guid) <= MAX_GUID), None),
        feed_url=next(filter(None, map(address, _strings(record, "feed_url"))), None),
        published_raw=published_raw,
        published_at=published_at,
        updated_at=_date(record, "updated")[1],
        fetched_at=_date(record, "fetched")[1],
        language=next(filter(None, map(well_formed, _strings(record, "language"))), None),
    )


def _strings(record: Record, meaning: str) -> Iterator[str]:
    for value in record.values(meaning):
        for string in strings(value):
            if found := plain(string):
                yield found


def _first(record: Record, meaning: str) -> str | None:
    return next(filter(None, map(inline, _strings(record, meaning))), None)


def _date(record: Record, meaning: str) -> tuple[str | None, int | None]:
    """The first date that can be read, and as what it was read; failing that, the first there is."""
    given: str | None = None
    for raw in _strings(record, meaning):
        moment = parse_date(raw)
        if moment is not None:
            return raw, moment
        given = given or raw
    return given, None


def _house(value: str) -> str | None:
    """The publisher: a name as given, an address or a host as its registrable domain."""
    if "://" in value:
        return house_of(value)
    if "." in value.strip(".") and " " not in value and "/" not in value:
        return house_of(f"http://{value}")
    return inline(value)


def _completed(metadata: Metadata, page: Metadata) -> Metadata:
    """The metadata of a record, and where it says nothing, those of the page it holds."""
    missing = {
        name: getattr(page, name)
        for name in Metadata.__dataclass_fields__
        if getattr(metadata, name) in (None, ()) and getattr(page, name) not in (None, ())
    }
    return replace(metadata, **missing) if missing else metadata


def _without_repeated_guids(stories: list[Draft | Reject]) -> list[Draft | Reject]:
    """An id that several entries share identifies none of them."""
    seen = Counter(story.metadata.guid for story in stories if isinstance(story, Draft))
    return [
        replace(story, metadata=replace(story.metadata, guid=None))
        if isinstance(story, Draft) and seen[story.metadata.guid] > 1
        else story
        for story in stories
    ]
