"""What a document is, told from its bytes: the right kinds, and prose that only looks like one of them."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import zipfile

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.errors import Reject
from copydesk.transforms.sniff import CONTAINERS, SNIFF_BYTES, sniff

RSS = b"<rss version='2.0'><channel><title>Ledger</title></channel></rss>"
ATOM = b"<feed xmlns='http://www.w3.org/2005/Atom'><title>Ledger</title></feed>"
PAGE = b"<!DOCTYPE html>\n<html><head><title>x</title></head><body><p>Words.</p></body></html>"
RECORD = b'{"title": "x", "text": "y"}'
KINDS = CONTAINERS | {
    "text/plain", "text/html", "application/json", "application/x-ndjson", "application/feed+json", "application/rss+xml",
    "text/x-opml", "application/warc",
}  # fmt: skip


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"The harbour board met on Monday.", "text/plain"),
        (PAGE, "text/html"),
        (b"<CHANNEL HREF='http://ledger.example/'><ITEM HREF='tide.html'/></CHANNEL>", "application/rss+xml"),
        (b"<channel is a word that this sentence opens with", "text/plain"),
        (
            b"<?xml version='1.0'?><entry xmlns='http://www.w3.org/2005/Atom'><title>x</title></entry>",
            "application/rss+xml",
        ),
        (b"\n <html lang=en><body><p>Hi", "text/html"),
        (b"<!-- served by 3 --><!doctype html><html><head>", "text/html"),
        (
            b"<?xml version='1.0'?><!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'><html><head/></html>",
            "text/html",
        ),
        (b"<div class='story'><p>One.</p><p>Two.</p></div>\n", "text/html"),
        (b"<p>One.</p>\n<p>Two.</p>", "text/html"),
        (RSS, "application/rss+xml"),
        (b"\xef\xbb\xbf \n<?xml version='1.0'?>" + RSS, "application/rss+xml"),
        (b"<!-- made by hand --><?xml version='1.0' encoding='utf-8'?>\n" + RSS, "application/rss+xml"),
        (b"<?xml version='1.0' encoding='utf-8'>\n" + RSS, "application/rss+xml"),
        (b"<?xml-stylesheet href='x'?><!DOCTYPE rss [<!ENTITY nbsp '&#160;'>]>" + RSS, "application/rss+xml"),
        (ATOM, "application/rss+xml"),
        (b"<a:feed xmlns:a='http://www.w3.org/2005/Atom'/>", "application/rss+xml"),
        (b"<rdf:RDF xmlns:rdf='x' xmlns='http://purl.org/rss/1.0/'>", "application/rss+xml"),
        (b"<?xml version='1.0'?><opml version='2.0'><body/></opml>", "text/x-opml"),
        (RECORD, "application/json"),
        (b'{\n  "title": "x",\n  "text": "y"\n}\n', "application/json"),
        (b"[" + RECORD + b"]", "application/json"),
        (b"{}", "application/json"),
        (b'{"title": "cut off', "application/json"),
        (RECORD + b"\n" + RECORD + b"\n", "application/x-ndjson"),
        (RECORD + b"\r\n\r\n" + RECORD[:5], "application/x-ndjson"),
        (b'{"version": "https://jsonfeed.org/version/1.1", "title": "L", "items": []}', "application/feed+json"),
        (b'{"title": "L", "version": "https:\\/\\/jsonfeed.org\\/version\\/1", "items": []}', "application/feed+json"),
        (b"WARC/1.1\r\nWARC-Type: warcinfo\r\n", "application/warc"),
        (b"WARC/1.1\r\nWARC-Type: resource\r\n\r\n\x1f\x8b" + bytes(32), "application/warc"),
        (gzip.compress(b"x", mtime=0), "application/gzip"),
        (zstandard.compress(b"x"), "application/zstd"),
        (bz2.compress(b"x"), "application/x-bzip2"),
        (bz2.compress(b""), "application/x-bzip2"),
        (b"PAR1\x15\x04", "application/vnd.apache.parquet"),
    ],
)
def test_the_kind_is_in_the_bytes(data: bytes, kind: str) -> None:
    assert sniff(data, "") == kind
    assert sniff(data, "story.txt") == kind or (kind == "text/html" and b"<html" not in data)


@pytest.mark.parametrize(
    "text",
    [
        "<Reuters> - The board met.",
        "<3 is what they wrote on the wall.",
        "<p> is the tag of a paragraph; it needs no end tag.",
        "<html> is the root of a page.",
        "<b>Breaking</b> The harbour board met on Monday. The mayor did not come.",
        "<rssfeed> is no feed",
        "{Editor's note: this was corrected.}\nThe board met.",
        '{"Quoted" words begin this story}',
        "[UPDATED] The board met.",
        '["Hello," he said]',
        "[[nid:720192]]",
        "[1] The first note.",
        "How to write a page: <!DOCTYPE html><html><head></head><body><p>x</p></body></html>",
        "WARC/ is how it begins",
        "BZh is how a bzip2 file begins",
        "PARIS - The board met.",
    ],
)
def test_an_article_that_looks_like_markup_is_text(text: str) -> None:
    assert sniff(text.encode(), "") == "text/plain"
    assert sniff(text.encode(), "story.txt") == "text/plain"


def test_the_name_only_breaks_ties() -> None:
    assert sniff(RECORD, "dump.jsonl") == "application/x-ndjson"
    assert sniff(RECORD, "dump.json") == "application/json"
    assert sniff(b"broken\n" + RECORD, "dump.jsonl") == "application/x-ndjson"
    assert sniff(b"Words first. <p>Then a paragraph.", "story.html") == "text/html"
    assert sniff(b"No tag at all.", "story.html") == "text/plain"
    assert sniff(PAGE, "story.txt") == "text/html"
    assert sniff(b"The harbour board met.", "feed.xml") == "text/plain"


def test_a_record_longer_than_the_head_is_told_by_its_name() -> None:
    head = (b'{"title": "x", "text": "' + b"words " * SNIFF_BYTES)[:SNIFF_BYTES]
    assert sniff(head, "dump.jsonl") == "application/x-ndjson"
    assert sniff(head, "record.json") == "application/json"


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_unicode_of_any_width_is_looked_through(codec: str) -> None:
    assert sniff(RSS.decode().encode(codec), "") in ({"application/rss+xml"} if codec != "utf-32" else KINDS)
    assert sniff(PAGE.decode().encode(codec), "") == "text/html"
    assert sniff("The harbour board met.".encode(codec), "") == "text/plain"


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "x")
    return buffer.getvalue()


def test_a_zip_is_a_container_and_an_office_document_is_not() -> None:
    assert sniff(zipped("a.txt"), "x.zip") == "application/zip"
    assert sniff(zipped("wordless/a.txt"), "x.zip") == "application/zip"
    for name in ("[Content_Types].xml", "mimetype"):
        with pytest.raises(Reject, match="unsupported"):
            sniff(zipped(name), "x.docx")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"%PDF-1.7\n%\xe2\xe3", "unsupported"),
        (b"{\\rtf1\\ansi", "unsupported"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "unsupported"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "unsupported"),
        (b"a.txt".ljust(257, b"\0") + b"ustar\x0000", "unsupported"),
        (b"<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "unsupported"),
        (bytes(range(256)) * 4, "binary"),
        (b"\x7fELF\x02\x01\x01\x00\x00\x00", "binary"),
    ],
)
def test_what_is_no_text_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(Reject, match=code):
        sniff(data, "story.txt")


@given(st.binary(max_size=300), st.sampled_from(["", "a.txt", "a.html", "a.jsonl", "a.xml"]))
def test_any_bytes_have_a_kind_or_a_reason(data: bytes, name: str) -> None:
    try:
        kind = sniff(data, name)
    except Reject as reject:
        kind = reject.code
    assert kind in KINDS | {"empty", "binary", "unsupported"}


@given(
    st.lists(
        st.sampled_from(
            [
                "<",
                "<?xml ",
                "?>",
                "<!--",
                "-->",
                "<!DOCTYPE ",
                "[",
                "]",
                ">",
                "<rss",
                "<feed ",
                "{",
                '"',
                ":",
                "\n",
                "a",
            ]
        )
    )
)
def test_any_row_of_tokens_has_a_kind_or_a_reason(tokens: list[str]) -> None:
    try:
        kind = sniff("".join(tokens).encode(), "")
    except Reject as reject:
        kind = reject.code
    assert kind in KINDS | {"empty", "unsupported"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_every_json_object_is_json(value: object) -> None:
    for text in (json.dumps({"a": value}), json.dumps({"a": value}, indent=1)):
        assert sniff(text.encode(), "a.json") == "application/json"
