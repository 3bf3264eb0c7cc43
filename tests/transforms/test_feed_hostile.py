"""Feeds that are made to hurt: none takes more than linear time, none ends in anything but entries or a refusal."""

from __future__ import annotations

import time

import pytest

from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_feed

SIZE = 250_000
LIMIT = 5.0
"""Seconds of the processor; what is linear takes well under one, what was quadratic took from seven up."""
ITEM = ("<rss><channel><item>", "</item></channel></rss>")
MEDIA = ("<rss xmlns:media='http://search.yahoo.com/mrss/'><channel><item>", "</item></channel></rss>")
TITLE = ("<rss><channel><item><title>", "</title></item></channel></rss>")
BODY = ("<rss><channel><item><description>x", "x</description></item></channel></rss>")
RSS = ("<rss><channel>", "</channel></rss>")
ATOM = ("<feed xmlns='http://www.w3.org/2005/Atom'><entry>", "</entry></feed>")
BARE = ("", "<rss><channel><item><title>x</title></item></channel></rss>")


def many(unit: str, around: tuple[str, str]) -> str:
    """A feed that is full of the unit."""
    return around[0] + unit * (SIZE // len(unit)) + around[1]


def numbered(unit: str, around: tuple[str, str], count: int) -> str:
    """A feed with so many units, each with its number for the `#`."""
    return around[0] + "".join(unit.replace("#", str(number)) for number in range(count)) + around[1]


LAUGHS = "<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
CASES = {
    "billion laughs": f"<!DOCTYPE r [{LAUGHS}]>{TITLE[0]}&a11;{TITLE[1]}",
    "quadratic blowup": f"<!DOCTYPE r [<!ENTITY a '{'x' * 900}'>]>{many('&a;', TITLE)}",
    "many entities": numbered("<!ENTITY e# 'v'>", ("<!DOCTYPE r [", f"]>{many('&e1;', TITLE)}"), 10_000),
    "open document types": many("<!DOCTYPE[", BARE),
    "open comments": many("<!--", BARE),
    "open comments in an item": many("<!--", ITEM),
    "declarations": many("<?xml ", RSS),
    "roots": many("<rss>", RSS),
    "roots that are no tags": many("<rss ", BARE),
    "nested items": many("<item>", RSS),
    "nested entries and items": many("<entry><item>", RSS),
    "nested elements": many("<a>", RSS),
    "nested categories": many("<category>", ITEM),
    "nested groups of media": many("<media:group>", MEDIA),
    "nested markup of a body": many("<b>", BODY),
    "nested markup of a body, escaped": many("&lt;b&gt;", BODY),
    "nested divisions": many("<div>", (ATOM[0] + "<content type='xhtml'>", "")),
    "ends of nothing": many("</a>", RSS),
    "ends of items": many("</item>", ("<rss>", "")),
    "titles": many("<title>a</title>", ITEM),
    "open titles": many("<title>", ITEM),
    "open links": many("<link>", ITEM),
    "open bodies": many("<description>", ITEM),
    "open sections": many("<![CDATA[", BODY),
    "open sections in open bodies": many("<description><![CDATA[", ITEM),
    "signs": many("<", TITLE),
    "ampersands": many("&", TITLE),
    "half references": many("&#", TITLE),
    "named references": many("&a", TITLE),
    "escaped references": many("&amp;lt;", TITLE),
    "a long name": many("a", ("<rss><item><", "></item></rss>")),
    "a long name with prefixes": many("a:", ("<rss><item><", "></item></rss>")),
    "a name without its end": many("a", ("<rss><item><", "</title></item></rss>")),
    "attributes": numbered("a#='1' ", ("<rss><item ", "></item></rss>"), 25_000),
    "one attribute": many("a='1' ", ("<rss><item ", "></item></rss>")),
    "bare attributes": many("a ", ("<rss><item ", "></item></rss>")),
    "quotes in a tag": many('"a', ("<rss><item ", "></item></rss>")),
    "open attributes": many('<a "', TITLE),
    "namespaces": numbered("<item xmlns:a#='u'><a#:b>x</item>", RSS, 6_000),
    "undeclared prefixes": numbered("<item><a#:b>x</item>", RSS, 10_000),
    "bases": "<rss>" + "<a xml:base='a/'>" * 240 + "<item><link>x</link></item></rss>",
    "items without ends": many("<item><title>a</item>", RSS),
    "empty items": many("<item/>", RSS),
    "categories": many("<category>a</category>", ITEM),
    "dates that are none": many("<pubDate>x</pubDate>", ITEM),
    "a long date": many("1 ", ("<rss><item><title>x</title><pubDate>", "</pubDate></item></rss>")),
    "names": many("Ida Moss and ", ("<rss><item><author>", "</author></item></rss>")),
    "signs in a name": many("a <", ("<rss><item><author><![CDATA[", "]]></author></item></rss>")),
    "spaces in a name": many("   ", ("<rss><item><author>a", "b</author></item></rss>")),
    "addresses in a name": many("a@a (", ("<rss><item><author>", "</author></item></rss>")),
    "half tags in a title": many("&lt;b     ", TITLE),
    "scripts in a title": many("&lt;script&gt;", TITLE),
    "blank lines": many("\n \n", BODY),
    "open players": many("&lt;video&gt;", BODY),
    "half tags in plain text": many("&lt;br ", (ATOM[0] + "<content>x", "x</content></entry></feed>")),
    "base64": many("AAAA", (ATOM[0] + "<content type='image/png'>", "</content></entry></feed>")),
    "controls": many("\1a", TITLE),
    "JSON, nested": many("[", ('{"items":', "")),
    "JSON, items that are none": many("1,", ('{"items":[', "1]}")),
    "JSON, tags": many('"a",', ('{"items":[{"id":"1","title":"x","tags":[', '"b"]}]}')),
}


@pytest.mark.parametrize("name", CASES)
def test_a_hostile_feed_is_read_or_refused_in_linear_time(name: str) -> None:
    data = CASES[name].encode()
    start = time.process_time()
    try:
        read = read_feed(data, source_uri="file:///feed")
    except Reject:
        read = []
    assert time.process_time() - start < LIMIT
    assert len(read) <= 5_001
    assert (
        sum(len(one.raw) + len(one.metadata.headline or "") for one in read if not isinstance(one, Reject)) < 10 << 20
    )


def test_no_file_is_opened_and_no_address_is_asked_for_an_entity() -> None:
    feed = """<!DOCTYPE rss [<!ENTITY file SYSTEM "file:///etc/hostname"> <!ENTITY % far SYSTEM "http://127.0.0.1:9/x"> %far;]>
<rss><channel><item><title>[&file;]</title></item></channel></rss>"""
    (read,) = read_feed(feed.encode(), source_uri="file:///feed")
    assert not isinstance(read, Reject)
    assert read.metadata.headline == "[&file;]"
