"""The values of a JSON record's fields: strings, names, topics and addresses, in whatever shape they come."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from copydesk.transforms.decode import repair_mojibake
from copydesk.transforms.record.fields import table_of_fields

MAX_ITEMS = 100
MAX_NAME = 120
"""Code points of an author's name or a topic; what is longer is a text in the wrong field."""
_MAX_DEPTH = 4
_CONTROLS = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_TAG = re.compile(r"</?[A-Za-z][\w:-]{0,20}(?:\s[^<>]{0,2000})?/?>")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_QUOTED = r"(?:'[^'\n]*'|\"[^\"\n]*\")"
_PRINTED_LIST = re.compile(rf"\[\s*{_QUOTED}(?:\s*,\s*{_QUOTED})*\s*\]")
_MAX_PRINTED = 10_000
_PRINTED_ITEM = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"")
_BY = re.compile(r"by:?\s+(?=\S)", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*[;|\n]\s*|,?\s+(?:and|&)\s+")
_MAIL_NAME = re.compile(r"\S+@\S+\s+\(([^()]+)\)|([^<>()]+?)\s*[<(]\S+@\S+[>)]")
_NO_NAME = re.compile(r"(?:https?://|www\.|[@/])|\S+@\S+$", re.IGNORECASE)
_BETWEEN_TOPICS = re.compile(r"[,;|\n]")


@cache
def _value_keys() -> tuple[str, ...]:
    return tuple(table_of_fields()["shape"]["values"].split())


def plain(text: str) -> str:
    """A string without what no text holds (NUL, other controls, halves of a character), misread UTF-8 set right."""
    if not text.isascii():
        # Pairs of surrogates are one character; what is left of them alone is none.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        text = repair_mojibake(text)
    return _CONTROLS.sub("", text)


def unescaped(text: str) -> str:
    """A string with its HTML entities read, those without a semicolon (`&copy` in a query) left as they stand."""
    return _ENTITY.sub(lambda match: html.unescape(match[0]), text) if "&" in text else text


def inline(text: str) -> str | None:
    """A string as one line a reader sees: entities read, markup out, white space collapsed; None where it is empty."""
    text = unescaped(text)
    if "<" in text:
        text = _TAG.sub("", text)
    return " ".join(text.split()) or None


def strings(value: Any, depth: int = 0) -> Iterator[str]:
    """The strings that a value holds: itself, or those of its items; a number is its digits, an object its value.

    An object's value stands under `rendered` (WordPress), `value`, `name`, `$date` (MongoDB) and the like; true and
    false are no strings.
    """
    if depth > _MAX_DEPTH:
        return
    if isinstance(value, str):
        if value.strip():
            yield value.strip()
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    elif isinstance(value, list):
        for item in value[:MAX_ITEMS]:
            yield from strings(item, depth + 1)
    elif isinstance(value, dict):
        for key in _value_keys():
            found = list(strings(value.get(key), depth + 1))
            if found:
                yield from found
                return


def names(value: Any) -> tuple[str, ...]:
    """The names in a byline or an author field, without "By" and without addresses, each once.

    `Ida Moss, Tom Reyes and Kai Lund` are three, `Moss, Ida` is one. A list that was printed as Python prints it, as
    in tables that went through CSV, is read as a list.
    """
    found: list[str] = []
    for string in _items(value):
        line = inline(plain(string.replace("\n", ";")))
        if line:
            found += [name for part in _BETWEEN_NAMES.split(_BY.sub("", line, count=1)) for name in _parted(part)]
    kept = (_BY.sub("", name).strip(" ,.") if _BY.match(name) else name.strip(" ,") for name in found)
    return _unique(name for name in kept if 1 < len(name) <= MAX_NAME and not _NO_NAME.match(name))


def _parted(part: str) -> list[str]:
    mail = _MAIL_NAME.fullmatch(part.strip()) if len(part) <= 2 * MAX_NAME else None
    if mail:
        return [mail[1] or mail[2]]
    pieces = [piece.strip() for piece in part.split(",")]
    # "Moss, Ida" and "Ida Moss, Berlin" are no lists of names; "Ida Moss, Tom Reyes" is one.
    return pieces if all(" " in piece for piece in pieces) else [part]


def topics(value: Any) -> tuple[str, ...]:
    """The topics in a field of tags, keywords, subjects or sections, each once; bare numbers (term ids) are none."""
    parts = (part for string in _items(value) for part in _BETWEEN_TOPICS.split(string))
    lines = (inline(plain(part)) for part in parts)
    kept = (line for line in lines if line and len(line) <= MAX_NAME)
    return _unique(line for line in kept if not line.isdigit() and "://" not in line)


def address(text: str) -> str | None:
    """The http(s) address that a string is, None where it is none."""
    text = text.strip()
    if not text.lower().startswith(("http://", "https://")) or len(text.split()) != 1:
        return None
    return text


def _items(value: Any) -> Iterator[str]:
    for string in strings(value):
        if string.startswith("[") and len(string) < _MAX_PRINTED and _PRINTED_LIST.fullmatch(string):
            yield from (first or second for first, second in _PRINTED_ITEM.findall(string))
        else:
            yield string


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))[:MAX_ITEMS]
