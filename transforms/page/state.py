"""The story among the data that a page's scripts are to draw it from, for a page whose markup shows none.

Frameworks that draw a page in the browser put what is to be drawn into a script of the page, as JSON, or as JSON inside
a string of JSON (Next.js, Nuxt, and many a house's own). The story stands there as one string of HTML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from copydesk.transforms.page.guard import MAX_FRAGMENT_TAGS

MIN_STORY: Final = 400
"""Code points of running text that a string holds at least to be the story; as for a story in the metadata."""
MIN_PARAGRAPHS: Final = 3
"""Paragraphs that it has at least."""
MAX_SCRIPT: Final = 2_000_000
"""Code points of a script that is looked at."""

_STRING: Final = re.compile(r'"((?:[^"\\]+|\\.)*)"', re.DOTALL)
_PARAGRAPH: Final = re.compile(r"<p(?:\s[^<>]*)?>(.*?)(?=</?p[\s>]|$)", re.DOTALL | re.IGNORECASE)
_TAG: Final = re.compile(r"<[^<>]*>")
_DEPTH: Final = 2


def story_in_scripts(scripts: Iterable[str]) -> str:
    """Find the story in the data of a page's scripts.

    Args:
        scripts: Contents of the page's scripts, in order.

    Returns:
        The HTML of the string with most running text in paragraphs, the first of these; "" where none has enough.
    """
    best, most = "", MIN_STORY - 1
    for script in scripts:
        if len(script) <= MAX_SCRIPT and ("<p" in script or "u003cp" in script.casefold()):
            for text in _strings(script, _DEPTH):
                if text.count("<") > MAX_FRAGMENT_TAGS:
                    continue
                paragraphs = [_TAG.sub("", found[1]).strip() for found in _PARAGRAPH.finditer(text)]
                length = sum(map(len, paragraphs))
                if len(paragraphs) >= MIN_PARAGRAPHS and length > most:
                    best, most = text, length
    return best


def _strings(text: str, depth: int) -> Iterator[str]:
    """The strings of JSON in a text, and those in them."""
    for found in _STRING.finditer(text):
        if len(found[1]) < MIN_STORY:
            continue
        try:
            value = json.loads(found[0], strict=False)
        except ValueError:
            continue
        if depth > 1 and value.count('"') > 1:
            yield from _strings(value, depth - 1)
        yield value
