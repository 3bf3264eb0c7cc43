"""Feeds of our own, format by format, and what the reader makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from copydesk.schemas.source import RawDocument
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import glance, read_feed, ttl_of
from copydesk.transforms.feed.entry import Entry
from copydesk.transforms.read import Limits, read

EXAMPLES = Path(__file__).parents[2] / "examples/raw/feeds"


def drafts(data: bytes, **options: object) -> list[Draft]:
    read = read_feed(data, source_uri="file:///feed", **options)
    assert all(isinstance(outcome, Draft) for outcome in read)
    return read


@pytest.mark.parametrize("name", ["causeway-post.json", "harbour-ledger.rss", "mount-arden.atom"])
def test_the_examples_are_read_whole(name: str) -> None:
    read = drafts((EXAMPLES / name).read_bytes())
    assert [draft.source_uri for draft in read] == [f"file:///feed#entry={n}" for n in range(len(read))]
    for draft in read:
        assert len(draft.raw) > 150
        assert draft.metadata.headline
        assert draft.metadata.url
        assert draft.metadata.guid
        assert draft.metadata.published_at or draft.metadata.updated_at


def test_an_error_page_is_no_feed() -> None:
    with pytest.raises(Reject, match="bad_feed"):
        read_feed(b"<!DOCTYPE html><html><body><h1>403 Forbidden</h1></body></html>", source_uri="x")


def test_a_feed_may_be_empty() -> None:
    assert read_feed(b"<rss version='2.0'><channel><title>Quiet</title></channel></rss>", source_uri="x") == []


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><entry>
<id>tag:ledger.example,2026:1</id><title type="application/octet-stream">VGhlIDxiPnRpZGU8L2I+</title>
<content type="application/octet-stream" xml:lang="">PHA+VGhlIHRpZGUgdHVybmVkLjwvcD4=</content>
</entry></feed>"""


def test_base64_of_a_type_that_is_no_text_is_read() -> None:
    (draft,) = drafts(ATOM.encode())
    assert (draft.metadata.headline, draft.raw) == ("The tide", "The tide turned.")


def test_an_entry_that_says_its_language_is_not_known_does_not_take_that_of_the_feed() -> None:
    assert [draft.metadata.language for draft in drafts(ATOM.encode())] == [None]
    assert [draft.metadata.language for draft in drafts(ATOM.replace(' xml:lang=""', "").encode())] == ["en"]


def test_topics_and_titles_of_media_and_podcasts_are_read() -> None:
    feed = """<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"
    xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel><item><media:title>Ferries</media:title>
    <itunes:category text="Transport"/><media:category>Harbours</media:category></item></channel></rss>"""
    (draft,) = drafts(feed.encode())
    assert (draft.metadata.headline, draft.metadata.topics) == ("Ferries", ("Transport", "Harbours"))


def rss(*items: str) -> bytes:
    return f"<rss version='2.0'><channel>{''.join(f'<item>{item}</item>' for item in items)}</channel></rss>".encode()


def test_a_guid_of_several_articles_is_none_and_that_of_an_entry_listed_twice_is_one() -> None:
    again = "<guid>7</guid><link>https://a.example/7</link><title>Storm</title>"
    edited = again.replace("Storm", "Storm passes").replace("/7<", "/7?utm_source=rss<")
    assert [draft.metadata.guid for draft in drafts(rss(again, again, edited))] == ["7", "7", "7"]
    other = again.replace("a.example/7", "a.example/8")
    assert [draft.metadata.guid for draft in drafts(rss(again, other))] == [None, None]
    assert [draft.metadata.guid for draft in drafts(rss("<guid>7</guid><title>A</title>", other))] == [None, None]


def test_entries_without_guid_and_link_are_known_by_their_headlines_whatever_they_are_read_from() -> None:
    feed = rss("<title>Tide</title><description>In.</description>", "<title>Wind</title>")
    ids = []
    for source in ("file:///1.warc.gz", "file:///2.warc.gz"):
        document = RawDocument(source, "application/rss+xml", feed, url="https://a.example/feed")
        for draft in read(document, Limits()):
            assert isinstance(draft, Draft)
            assert draft.metadata.url is None
            ids.append(Editor("0").edit(draft).article_id)
    assert ids[:2] == ids[2:]
    assert len(set(ids)) == 2
    assert all(found.startswith("https://a.example/feed#") for found in ids)


def test_a_glance_sees_the_entries_and_leaves_what_is_hard() -> None:
    feed = glance(rss("<title>Tide &amp; wind & weather</title>"))
    assert feed is not None
    assert len(feed.entries) == 1
    assert glance(b"<html><p>403</p></html>") is None
    assert glance(b'{"items": [{"id": "1"}]}') is not None
    assert [ttl_of(data) for data in (b"<rss><ttl> 60 </ttl>", b"<rss><ttl>soon</ttl>", b"")] == [3600, 0, 0]


def test_entries_that_are_read_from_elsewhere_are_left_out() -> None:
    items = ["<title>Tide</title><pubDate>Mon, 21 Sep 2026 10:00:00 GMT</pubDate>", "<title>Wind</title>"]
    feed = glance(rss(*items))
    assert feed is not None
    tide, wind = (entry.version for entry in feed.entries if isinstance(entry, Entry))
    later = rss(items[0].replace("10:00", "11:00"), items[1])  # another date is no other version
    assert [draft.metadata.headline for draft in drafts(later, leave_out=frozenset({tide}))] == ["Wind"]
    assert drafts(later, leave_out=frozenset({tide, wind})) == []
    edited = rss(items[0].replace("Tide", "High tide"))
    assert [draft.metadata.headline for draft in drafts(edited, leave_out=frozenset({tide}))] == ["High tide"]
