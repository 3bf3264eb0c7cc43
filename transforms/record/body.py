"""The text of a JSON record to raw text and blocks: plain text, a fragment of HTML, or a whole page."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from copydesk.transforms.draft import Draft
from copydesk.transforms.page import read_page
from copydesk.transforms.page.fragment import read_fragment
from copydesk.transforms.record.fields import Record, table_of_fields
from copydesk.transforms.record.values import plain, unescaped
from copydesk.transforms.text import read_text

_MAX_PARTS = 10_000
_PAGE = re.compile(
    r"\s*(?:<!--.{0,2000}?-->\s*)?(?:<\?xml[^>]{0,200}>\s*)?<(?:!doctype\s+html|html|head|body)\b",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(
    r"<(/?)(a|abbr|article|aside|b|blockquote|br|cite|code|dd|div|dl|dt|em|figcaption|figure|font|footer|h[1-6]|header|"
    r"hr|i|iframe|img|li|main|ol|p|pre|q|s|section|small|span|strong|sub|sup|table|tbody|td|th|tr|u|ul|video)"
    r"(?:\s[^<>]{0,4000})?/?>",
    re.IGNORECASE,
)
_ALONE = frozenset({"br", "p", "hr", "img", "li"})
"""Elements that need no end tag."""
_PARTING = re.compile(r"<(?:p|br|div|section|article)[\s/>]", re.IGNORECASE)
_BLOCK = re.compile(r"<(?:h[1-6]|ul|ol|li|blockquote|figure|table|pre|hr)[\s/>]", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n\s*")


def body_markup(record: Record) -> str | None:
    """The text of a record as it was given, plain or marked up; None where no field holds one.

    A field that is there and empty gives "". Markup wins over plain text, the longest plain text over the others, and
    a whole page (`html`) is used only without both.
    """
    found: str | None = None
    for meaning in ("markup", "body", "page"):
        texts = [text for value in record.values(meaning) if (text := _text_of(value)) is not None]
        longest = max(texts, key=lambda text: len(text.strip()), default=None)
        if longest is not None and longest.strip():
            return longest
        found = longest if found is None else found
    return found


def _text_of(value: Any) -> str | None:
    """The text in the value of a field: a string, WordPress' `rendered`, or a list of paragraphs or parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and isinstance(value.get("rendered"), str):
        return str(value["rendered"])
    if isinstance(value, list):
        parts = [part for item in value[:_MAX_PARTS] if (part := _part(item)) is not None]
        return _joined(parts) if parts or not value else None
    return None


def _part(item: Any) -> str | None:
    if isinstance(item, str):
        return item
    if not isinstance(item, dict):
        return None
    kind = item.get("type") or item.get("contenttype") or item.get("contentType") or "text"
    if not isinstance(kind, str) or kind.lower() not in _text_types():
        return None
    given = (item.get(key) for key in ("content", "text", "value", "html"))
    return next((text for text in given if isinstance(text, str)), None)


@cache
def _text_types() -> frozenset[str]:
    return frozenset(table_of_fields()["shape"]["text_types"].split())


def _joined(parts: list[str]) -> str:
    """Parts as paragraphs; if one of them is marked up, all are."""
    if not any(map(has_markup, parts)):
        return "\n\n".join(parts)
    return "\n".join(map(_paragraph, parts))


def _paragraph(part: str) -> str:
    if _BLOCK.search(part) or _PARTING.search(part):
        return part
    return f"<p>{part if has_markup(part) else html.escape(unescaped(part), quote=False)}</p>"


def has_markup(text: str) -> bool:
    """Whether a text is marked up: it closes an element that it opened, or has elements that need no end tag.

    One tag that is spoken of (`the <b> tag`), a comparison (`a < b`) or an address in angle brackets is no markup.
    """
    opened: set[str] = set()
    for match in _TAG.finditer(text):
        closing, name = match[1], match[2].lower()
        if name in _ALONE or (closing and name in opened):
            return True
        if not closing:
            opened.add(name)
    return False


def read_body(given: str, source_uri: str, media_type: str) -> Draft:
    """Read the text of a record.

    Args:
        given: As `body_markup` found it. Text whose markup is escaped as a whole (`&lt;p&gt;`) is unescaped first.
        source_uri: Goes into the draft.
        media_type: Goes into the draft.

    Returns:
        The draft; with metadata only where the text is a whole page.

    Raises:
        Reject: as `read_fragment` and, for a whole page, `read_page`.
    """
    text = plain(given)
    if _PAGE.match(text):
        return read_page(text.encode(), charset="utf-8", source_uri=source_uri, media_type=media_type)
    if has_markup(text):
        return _fragment(text, source_uri, media_type)
    unpacked = unescaped(text)
    if unpacked is not text and unpacked.lstrip().startswith("<") and has_markup(unpacked):
        return _fragment(unpacked, source_uri, media_type)
    return read_text(unpacked, source_uri=source_uri, media_type=media_type)


def _fragment(markup: str, source_uri: str, media_type: str) -> Draft:
    raw, blocks = read_fragment("".join(_with_paragraphs(markup)))
    return Draft(source_uri, media_type, raw, blocks)


def _with_paragraphs(markup: str) -> Iterator[str]:
    """Markup whose paragraphs are parted by line breaks alone, as editors of older systems store it, gets its tags.

    Where headings or lists are marked up and paragraphs are not, a blank line parts paragraphs; where nothing but
    links and emphasis is, any line break does.
    """
    if "\n" not in markup or _PARTING.search(markup):
        yield markup
        return
    lines = _BLANK_LINE.split(markup) if _BLOCK.search(markup) else markup.splitlines()
    for line in lines:
        yield f"<p>{line}\n"
