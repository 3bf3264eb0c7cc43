"""Entries in every dialect of feeds, and what is read of each: the cases are `feeds/*.toml`."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_feed

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((Path(__file__).parent / "feeds").glob("*.toml"))
    for case in tomllib.loads(path.read_text("utf-8"))["case"]
]
RSS = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/"
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/"
xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Ledger</title><item>{}</item></channel></rss>"""
ATOM = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Ledger</title><entry>{}</entry></feed>'


def document(case: dict[str, Any]) -> str:
    """The whole feed of a case."""
    if "item" in case:
        return RSS.replace("{}", case["item"])
    return ATOM.replace("{}", case["entry"]) if "entry" in case else case["feed"]


def moment(at: int | None) -> str:
    """A time as the cases write it, "" for none."""
    return "" if at is None else str(datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)).removesuffix("+00:00")


def seen(draft: Draft) -> dict[str, Any]:
    """What is read of an entry, under the names that the cases use."""
    said = draft.metadata
    return {
        "headline": said.headline or "",
        "url": said.url or "",
        "guid": said.guid or "",
        "text": draft.raw,
        "standfirst": said.standfirst or "",
        "authors": list(said.authors),
        "topics": list(said.topics),
        "captions": [[caption.text or "", caption.credit or ""] for caption in said.captions],
        "published": moment(said.published_at),
        "published_raw": said.published_raw or "",
        "updated": moment(said.updated_at),
        "language": said.language or "",
    }


def check(data: bytes, expect: dict[str, Any]) -> None:
    """Compares what is read of a feed with what is expected of its first entry and of the titles of all."""
    read = read_feed(data, source_uri="file:///feed")
    expected = dict(expect)
    if titles := expected.pop("titles", None):
        assert [one.code if isinstance(one, Reject) else one.metadata.headline for one in read] == titles
    else:
        assert len(read) == 1
    first = read[0]
    assert isinstance(first, Draft)
    found = seen(first)
    assert {name: found[name] for name in expected} == expected


@pytest.mark.parametrize("case", CASES)
def test_an_entry_is_read_as_its_dialect_means_it(case: dict[str, Any]) -> None:
    check(document(case).encode(), case["expect"])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "iso-8859-1", "windows-1252"])
def test_a_feed_is_read_in_the_encoding_that_it_has(encoding: str) -> None:
    text = f"<?xml version='1.0' encoding='{encoding}'?>{RSS.replace('{}', '<title>Café au port</title>')}"
    check(text.encode(encoding), {"headline": "Café au port"})


def test_utf8_is_read_as_that_whatever_the_feed_declares() -> None:
    text = f"<?xml version='1.0' encoding='iso-8859-1'?>{RSS.replace('{}', '<title>Der Fährhafen öffnet für Gäste</title>')}"
    check(text.encode(), {"headline": "Der Fährhafen öffnet für Gäste"})


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "iso-8859-1"])
def test_a_json_feed_is_read_in_the_encoding_that_it_has(encoding: str) -> None:
    feed = '{"items": [{"id": "7", "title": "Café au port"}]}'
    check(feed.encode(encoding), {"headline": "Café au port", "guid": "7"})
