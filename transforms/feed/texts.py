"""Repairs to the short strings and the markup that feeds carry: control characters, double encoding, stray escapes."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import Final
from urllib.parse import urljoin, urlsplit

from copydesk.transforms.decode import repair_mojibake

_UNFIT: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
"""What XML 1.0 forbids (section 2.2), and DEL."""
_DOUBTFUL: Final = re.compile("[\x80-\x9f]|[\xc2-\xf4][^\x00-\x7f]")
"""A control of ISO-8859-1, or what the first two bytes of a character in UTF-8 look like when read as that."""
_BROKEN_ENTITY: Final = re.compile(r"&([A-Za-z0-9_]+);(?=[_=])")
"""`&utm;_medium=`: what a parser of SGML makes of an ampersand that was not escaped."""
_INLINE_TAG: Final = re.compile(
    r"</?(?:a|abbr|acronym|b|bdi|bdo|big|blink|blockquote|br|center|cite|code|del|dfn|div|em|embed|font|h[1-6]|hr|i|iframe|"
    r"img|ins|kbd|label|li|mark|nobr|object|ol|p|param|q|s|samp|script|small|span|strike|strong|style|sub|sup|time|tt|u|ul|"
    r"var|wbr)(?:\s[^<>]{0,2000})?/?>",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"<(script|style)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_MAX_CODE: Final = 10_000
"""Code points of a title in which scripts are looked for."""
_BLOCK_TAG: Final = re.compile(
    r"<(?:p|br|div|ul|ol|li|table|h[1-6]|blockquote|section|article|figure|pre|dl|hr)\b", re.IGNORECASE
)
_BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n\s*")
_ESCAPED_TAG: Final = re.compile(r"&lt;/?(?:p|br|div|a|span|strong|em|b|i|img|ul|li|h[1-6]|figure)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(
    r"</(?:p|a|b|i|em|strong|div|span|ul|ol|li|h[1-6]|blockquote|figure|table|u|sup|sub|small|font)>|"
    r"<(?:p|br|img|hr)(?:\s[^<>]*)?/?>|&(?:#[0-9]{2,6}|#[xX][0-9a-fA-F]{2,5}|nbsp|amp|quot|[lr][sd]quo|[nm]dash|hellip);",
    re.IGNORECASE,
)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8}){0,4}")
_MAX_URL: Final = 8_000


def repair(text: str) -> str:
    """The text without control characters, and read once more where UTF-8 was taken for ISO-8859-1 before it was sent.

    The whole of a text that reads back as UTF-8 is repaired, as feedparser does; of a longer one the lines are.
    """
    if not text.isprintable() and _UNFIT.search(text):
        text = _UNFIT.sub("", text)
    if text.isascii() or not _DOUBTFUL.search(text):
        return text
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return repair_mojibake(text)


def plain_title(text: str, *, is_html: bool = True) -> str | None:
    """A title as a reader sees it.

    Args:
        text: As the feed has it once XML is read.
        is_html: Whether it may hold markup; elsewhere only character references are read, which no headline prints.

    Returns:
        Without inline markup and character references, white space collapsed; None where nothing is left. What looks
        like a tag but is none of HTML's stays.
    """
    text = repair(text)
    if is_html and "<" in text:
        if len(text) <= _MAX_CODE:
            text = _CODE.sub("", text)
        text = _INLINE_TAG.sub(" ", text) if _BLOCK_TAG.search(text) else _INLINE_TAG.sub("", text)
    if "&" in text:
        text = unescape(text)
    return " ".join(text.split()) or None


def is_markup(text: str) -> bool:
    """Whether a text that is declared to be plain is HTML all the same: it has a tag or a reference none prints."""
    return _MARKUP.search(text) is not None


def html_of_plain(text: str) -> str:
    """Plain text as HTML: a paragraph for what stands between blank lines, a line break for each line end."""
    paragraphs = _BLANK_LINE.split(text.replace("\r\n", "\n").strip())
    return "".join(f"<p>{escape(part, quote=False)}</p>".replace("\n", "<br>") for part in paragraphs if part.strip())


def repair_html(html: str) -> str:
    """Markup of an entry: repaired as text, escaped once too often set right, blank lines as paragraphs.

    Blank lines part paragraphs only where no element of HTML does.
    """
    html = repair(html)
    if "<" not in html and _ESCAPED_TAG.search(html):
        html = unescape(html)
    if "\n" in html and _BLANK_LINE.search(html.strip()) and not _BLOCK_TAG.search(html):
        html = "".join(f"<p>{part}</p>" for part in _BLANK_LINE.split(html.strip()))
    return html


def web_address(link: str | None, base: str | None) -> str | None:
    """An absolute http(s) address, None where the link is none.

    Args:
        link: As the feed gives it.
        base: What a relative one is resolved against.
    """
    if not link:
        return None
    link = "".join(_UNFIT.sub("", link).split("\n")).strip()
    if "&" in link:
        link = _BROKEN_ENTITY.sub(r"&\1", link.replace("&amp;", "&"))
    if not link or len(link) > _MAX_URL or link.startswith("#"):
        return None
    try:
        address = link if link.startswith(("https://", "http://")) else urljoin(base or "", link)
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in ("http", "https") and parts.netloc else None


def language_tag(given: str | None) -> str | None:
    """A language as BCP 47 writes it (`en_us` is `en-US`), None where it is no tag."""
    if not given or not (match := _LANGUAGE.fullmatch(given.strip())):
        return None
    first, *rest = match[0].replace("_", "-").split("-")
    cased = (part.upper() if len(part) == 2 else part.title() if len(part) == 4 else part.lower() for part in rest)
    return "-".join([first.lower(), *cased])  # as RFC 5646 writes them, section 2.1.1
