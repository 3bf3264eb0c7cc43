"""What is settled is well-formed, and a feed without faults says the same once it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_feed
from copydesk.transforms.feed.mend import document_in
from copydesk.transforms.feed.settle import settled
from copydesk.transforms.feed.xml_feed import parse, read_clean_feed

RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Ledger</title><!-- tide -->
<item><title>High &amp; low</title><link>https://ledger.example/1?a=1&amp;b=2</link><dc:creator>Ida Moss</dc:creator>
<description><![CDATA[<p>One <b>two</b>]]> three</description><guid isPermaLink="false">1</guid></item>
<item><title>Wind</title><content:encoded>&lt;p&gt;Gale&lt;/p&gt;</content:encoded><enclosure url="x"/></item>
</channel></rss>"""
ATOM = """<a:feed xmlns:a="http://www.w3.org/2005/Atom" xml:lang="en"><a:entry><a:title type="html">&lt;i&gt;Tide&lt;/i&gt;</a:title>
<a:link rel='alternate' href='https://ledger.example/1'/><a:author><a:name>Ida Moss</a:name></a:author>
<a:content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One <b>two</b></p><br/></div></a:content></a:entry></a:feed>"""
PIECES = st.sampled_from(
    ["<", ">", "&", "'", '"', "]]>", "<![CDATA[", "<!--", "-->", "<item>", "</item>", "<b>", "</b>", "<br>", "<x:y z:w=1>",
     "</title>", "<a b='", "<?x", "<!D", "</rss>", "<rss>", "&#0;", "&nbsp;", "\0", "é", "<title/>", "<:a>", "<a:>", "<-"]
)  # fmt: skip


@given(st.sampled_from([RSS, ATOM]), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 30), PIECES), max_size=6))
def test_what_is_settled_is_well_formed(text: str, faults: list[tuple[float, int, str]]) -> None:
    for place, length, piece in faults:
        start = int(place * len(text))
        text = text[:start] + piece + text[start + length :]
    try:
        document = document_in(text)
    except Reject:
        return
    made = settled(document)
    assert parse(made.encode("utf-8", "replace")) is not None, made
    try:
        read_feed(text.encode("utf-8", "replace"), source_uri="file:///feed")
    except Reject as reject:
        assert reject.code in {"bad_feed", "too_deep", "binary"}


@pytest.mark.parametrize("text", [RSS.replace("content:", "dc:"), ATOM])
def test_a_feed_without_faults_says_the_same_once_it_is_settled(text: str) -> None:
    plain = read_clean_feed(text.encode(), max_entries=10)
    again = read_clean_feed(settled(document_in(text)).encode(), max_entries=10)
    assert plain is not None
    assert again is not None
    for before, after in zip(plain.entries, again.entries, strict=True):
        assert (before.title, before.link, before.authors, before.guid) == (
            after.title, after.link, after.authors, after.guid,
        )  # fmt: skip
    assert plain.language == again.language
