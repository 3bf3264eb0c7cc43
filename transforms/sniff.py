"""Which kind of document bytes are, told from the bytes; the name only breaks ties."""

from __future__ import annotations

import re
from typing import Any

import orjson

from copydesk.transforms.decode import is_binary, mark_of, utf16_without_mark
from copydesk.transforms.errors import Reject

SNIFF_BYTES = 64 * 1024
"""How many bytes of the start are enough."""

CONTAINERS = frozenset(
    {"application/gzip", "application/zstd", "application/x-bzip2", "application/zip", "application/vnd.apache.parquet"}
)
"""The media types that hold documents and are none themselves."""

_CONTAINER_SIGNATURES = (
    (b"\x1f\x8b\x08", "application/gzip"),
    (b"\x28\xb5\x2f\xfd", "application/zstd"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),  # a zip without members
    (b"PAR1", "application/vnd.apache.parquet"),
)
_BZIP2 = re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)")
_SKIPPABLE_ZSTD = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18")
_UNSUPPORTED_SIGNATURES = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"%!PS", "a PostScript document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Microsoft Office document"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x89PNG\r\n\x1a\n", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1\x00\x00", "an Arrow file"),
    (b"ORC\x08", "an ORC file"),
)
_OFFICE_MEMBERS = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"word/", b"META-INF/MANIFEST.MF")
_ZIP_NAME_AT = 30
_TAR_MAGIC_AT = 257

_WARC = re.compile(rb"WARC/[01]\.\d")
# What may stand before the root element: white space, comments, processing instructions and declarations, closed or
# (a broken XML declaration) not. Each is taken off by itself, so that the whole stays linear.
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)(?=[\s/>])")
_PROLOG_ITEM = re.compile(r"\s+|<!--|<\?|<!(?=[A-Za-z])")
_PAGE_TAG = re.compile(
    r"</?(?:html|head|body|title|meta|link|script|style|div|p|article|section|table|h[1-6]|br|ul|a|span|img)(?=[\s/>])",
    re.IGNORECASE,
)
_PAGE_ROOTS = frozenset({"html", "head", "body", "title", "meta", "link", "script", "style"})
_FRAGMENT_ROOTS = frozenset(
    "a abbr article aside b blockquote br center div em figure font footer h1 h2 h3 h4 h5 h6 header hr i iframe img li "
    "main nav ol p picture pre section span strong table u ul video".split()
)
_DOCTYPE_HTML = re.compile(r"<!doctype\s+html\b", re.IGNORECASE)
_JSON_OBJECT_START = re.compile(r'\{\s*(?:"(?:[^"\\]|\\.)*"\s*:\s*(?:["{\[\d-]|true|false|null)|\}\s*$)')
_JSON_LIST_START = re.compile(r'\[\s*\{\s*"(?:[^"\\]|\\.)*"\s*:')
_JSON_FEED = re.compile(r'"version"\s*:\s*"https?:\\?/\\?/jsonfeed\.org\\?/')
_PAGE_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx")
_RECORD_NAMES = (".jsonl", ".ndjson", ".jl", ".jsonlines")
_OPML_NAMES = (".opml",)


def sniff(head: bytes, name: str) -> str:
    """The media type of a document.

    Args:
        head: The first bytes of it, decompressed; `SNIFF_BYTES` are enough.
        name: The name of its file or the path of its URL; used only where the bytes leave two readings open.

    Returns:
        `text/plain`, `text/html`, `application/json` (one object, or one array), `application/x-ndjson` (an object on
        each line), `application/feed+json`, `application/rss+xml` (RSS, Atom or RDF), `text/x-opml`,
        `application/warc`, or one of `CONTAINERS`.

    Raises:
        Reject: `empty` without bytes; `unsupported` for a known format that holds no article or is not read;
            `binary` for any other bytes that are not text.
    """
    if not head:
        raise Reject("empty", "0 bytes")
    if _WARC.match(head.lstrip(b"\xef\xbb\xbf \t\r\n\v\f\0")):  # its first record may hold bytes of any kind
        return "application/warc"
    container = _container(head)
    if container:
        return container
    _refuse_unsupported(head)
    text = _text_view(head)
    name = name.lower()
    start = text.lstrip("\ufeff \t\r\n\v\f\0")
    if start.startswith(("{", "[")):
        return _sniff_json(start, name, whole=len(head) < SNIFF_BYTES)
    if start.startswith("<"):
        return _sniff_markup(start, name)
    if name.endswith(_RECORD_NAMES) and any(_JSON_OBJECT_START.match(line) for line in start.splitlines()):
        return "application/x-ndjson"
    if name.endswith(_PAGE_NAMES) and _PAGE_TAG.search(start):
        return "text/html"
    return "text/plain"


def _container(head: bytes) -> str | None:
    for signature, media_type in _CONTAINER_SIGNATURES:
        if head.startswith(signature):
            if media_type == "application/zip" and head[_ZIP_NAME_AT:].startswith(_OFFICE_MEMBERS):
                raise Reject("unsupported", "an office document, an e-book or a program in a zip archive")
            return media_type
    if _BZIP2.match(head):
        return "application/x-bzip2"
    return "application/zstd" if _SKIPPABLE_ZSTD.match(head) else None


def _refuse_unsupported(head: bytes) -> None:
    for signature, what in _UNSUPPORTED_SIGNATURES:
        if head.startswith(signature):
            raise Reject("unsupported", f"this is {what}")
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        raise Reject("unsupported", "this is a tar archive")


def _text_view(head: bytes) -> str:
    """The head as text that is good enough to look for ASCII in: an 8-bit encoding is read byte by byte."""
    if mark := mark_of(head):
        codec, length = mark
        if codec != "utf_8":
            return head[length:].decode(codec, "replace")
        head = head[length:]
    elif wide := utf16_without_mark(head):
        return head.decode(wide, "replace")
    if is_binary(head):
        raise Reject("binary", "more than one byte in a hundred is a control character")
    return head.decode("latin-1")


def _sniff_markup(start: str, name: str) -> str:
    root, doctype = _root_element(start)
    if root is None:
        return "text/html" if doctype and name.endswith(_PAGE_NAMES) else "text/plain"
    kind = root.lower()
    if kind in ("rss", "rdf") or (kind == "feed" and _is_feed(start, name)) or _is_rare_feed(start, kind):
        return "application/rss+xml"
    if kind == "opml":
        return "text/x-opml"
    if start.startswith("<?xml") and kind not in _PAGE_ROOTS and not doctype:
        raise Reject("unsupported", f"an XML document whose root element is <{root}>")
    return _sniff_page(start, name, kind, doctype)


def _sniff_page(start: str, name: str, root: str, doctype: bool) -> str:
    tags = len(_PAGE_TAG.findall(start))
    if doctype or root in _PAGE_ROOTS:
        # "<html> is the root element of a page": one tag and then prose.
        return "text/html" if tags > 1 else "text/plain"
    if name.endswith(_PAGE_NAMES):
        return "text/html" if tags else "text/plain"
    if root not in _FRAGMENT_ROOTS or name.endswith((".txt", ".text", ".md")):
        return "text/plain"
    # A fragment is marked up to its end: prose that opens with a tag it speaks of is not.
    return "text/html" if f"</{root}" in start.lower() and start.rstrip().endswith(">") else "text/plain"


def _root_element(start: str) -> tuple[str | None, bool]:
    """The name of the first element, without its prefix, and whether a doctype says HTML before it."""
    position, doctype = 0, False
    while match := _PROLOG_ITEM.match(start, position):
        item = match[0]
        if item.isspace():
            position = match.end()
            continue
        if item == "<!":
            doctype = doctype or bool(_DOCTYPE_HTML.match(start, match.start()))
            if (end := _end_of_doctype(start, match.end())) is None:
                return None, doctype
            position = end
            continue
        closing = "-->" if item == "<!--" else ">"
        end = start.find(closing, match.end())
        if end < 0:
            return None, doctype
        position = end + len(closing)
    found = _ROOT.match(start, position)
    return (found[1] if found else None), doctype


def _end_of_doctype(start: str, position: int) -> int | None:
    """Past the end of a declaration, whose internal subset may hold other declarations; None where it has no end."""
    end = start.find(">", position)
    subset = start.find("[", position, end if end >= 0 else len(start))
    if subset >= 0:
        close = start.find("]", subset)
        end = start.find(">", close) if close >= 0 else -1
    return end + 1 if end >= 0 else None


def _is_feed(start: str, name: str) -> bool:
    """Whether a `<feed>` is Atom's: by its namespace, an entry of it, or the name of the file."""
    lower = start.lower()
    return "/atom" in lower or "<entry" in lower or name.endswith((".atom", ".xml", ".rss"))


def _is_rare_feed(start: str, root: str) -> bool:
    """Whether it is a channel of CDF or of RSS 1.1, or an entry of Atom alone."""
    if root == "channel":
        return "<item" in start.lower()
    return root == "entry" and "www.w3.org/2005/Atom" in start


def _sniff_json(start: str, name: str, *, whole: bool) -> str:
    first, _, rest = start.partition("\n")
    if _looks_like_records(first, rest, name, whole=whole):
        return "application/x-ndjson"
    if start.startswith("{"):
        if not _JSON_OBJECT_START.match(start):
            return "application/x-ndjson" if name.endswith(_RECORD_NAMES) else "text/plain"
        if _JSON_FEED.search(start, 0, 8192) and _is_json_feed(start):
            return "application/feed+json"
        return "application/json"
    if _JSON_LIST_START.match(start):
        return "application/json"
    return "application/json" if whole and isinstance(_parsed(start), list) else "text/plain"


def _is_json_feed(start: str) -> bool:
    """Whether the version that was found belongs to the document itself, as far as the head can tell."""
    document = _parsed(start)
    if document is None:
        return True
    return isinstance(document, dict) and "jsonfeed.org" in str(document.get("version", ""))


def _looks_like_records(first: str, rest: str, name: str, *, whole: bool) -> bool:
    """Whether the head is a row of JSON objects, one on each line."""
    rest = rest.strip()
    if not first.lstrip().startswith("{"):
        return False
    if isinstance(_parsed(first), dict):
        if rest:
            return rest.startswith("{")
        return name.endswith(_RECORD_NAMES)
    if not name.endswith(_RECORD_NAMES):
        return False
    # A broken first record, or one longer than the head.
    return bool(_JSON_OBJECT_START.match(first)) and (
        not whole or not rest or not isinstance(_parsed(first + rest), dict)
    )


def _parsed(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
