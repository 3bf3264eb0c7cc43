"""Real feeds, where they lie beside the checkout: each entry that feedparser finds is read, and says as much."""

from __future__ import annotations

import gzip
import io
import time
from calendar import timegm
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedparser
import pytest
from lxml import etree

from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_feed

REAL = Path(__file__).parents[3] / "shared" / "data" / "feeds" / "real"
FEEDS = sorted(REAL.glob("*.xml.gz"))
UNSEEN = "script style template svg math iframe object audio video noscript button select textarea form".split()
"""Elements whose text no reader of the story sees."""


def plain(html: str) -> str:
    """What a reader sees of a text: no markup, no references, white space collapsed."""
    if "<" in html or "&" in html:
        try:
            tree = etree.HTML(f"<div>{html}</div>")
        except (etree.ParserError, ValueError):
            return ""
        etree.strip_elements(tree, *UNSEEN, with_tail=False)
        html = "".join(tree.itertext())
    return " ".join(html.split())


def shortfalls(ours: Draft, theirs: Any, *, is_unique: bool) -> Iterator[str]:
    """What feedparser has of an entry and we have not.

    An id that others of the feed have too is none, and a date before 1990 is no date.
    """
    known, get = ours.metadata, dict.get  # the dictionary of feedparser answers one field with another, and warns
    link = next((link.href for link in theirs.get("links", ()) if link.rel == "alternate"), None)
    if link and link.startswith("http") and known.url is None:
        yield f"no link: {link}"
    if is_unique and known.guid is None:
        yield f"no id: {get(theirs, 'id')}"
    if plain(get(theirs, "title") or "") and known.headline is None:
        yield f"no title: {get(theirs, 'title')}"
    parsed = get(theirs, "published_parsed")
    if parsed and parsed.tm_year >= 1990:
        if known.published_at is None:
            yield f"no date: {get(theirs, 'published')}"
        elif known.published_at // 1_000_000 != timegm(parsed):
            yield f"another date: {known.published_raw} is not {time.asctime(parsed)}"
    media = {plain(m.get("content", "")) for m in get(theirs, "media_text") or ()}
    media |= {plain(caption.text or "") for caption in known.captions}
    bodies = [get(theirs, "summary") or "", *(content.get("value", "") for content in get(theirs, "content") or ())]
    longest = max((text for text in map(plain, bodies) if text not in media), key=len, default="")
    read = "".join(ours.raw.split())
    if len(read) < 0.95 * len(longest.replace(" ", "")):
        yield f"a shorter body: {len(read)} of {len(longest)}: {longest[:80]}"


@pytest.mark.skipif(not FEEDS, reason="the real feeds do not lie beside the checkout")
@pytest.mark.parametrize("path", FEEDS, ids=lambda path: path.name.split(".")[0])
def test_each_entry_that_feedparser_finds_says_as_much(path: Path) -> None:
    data = gzip.decompress(path.read_bytes())
    theirs = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False).entries
    found = read_feed(data, source_uri=path.name)
    assert len(found) >= len(theirs)
    if len(found) > len(theirs):
        assert not theirs  # feedparser sees nothing in a JSON Feed, nor behind a declaration that is broken
        return
    ids = Counter(dict.get(its, "id") for its in theirs)
    for ours, its in zip(found, theirs, strict=True):
        if isinstance(ours, Reject):
            assert ours.code == "empty"
            assert not plain(dict.get(its, "title") or "")
            assert not plain(dict.get(its, "summary") or "")
        else:
            assert list(shortfalls(ours, its, is_unique="id" in its and ids[dict.get(its, "id")] == 1)) == []
