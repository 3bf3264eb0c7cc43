"""What Media RSS says of pictures and films: captions with their credits, and texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from copydesk.schemas.article import Caption
from copydesk.transforms.feed.names import NAMES
from copydesk.transforms.feed.texts import html_of_plain, is_markup, plain_title
from copydesk.transforms.feed.values import children, text_of, topics

if TYPE_CHECKING:
    from lxml.etree import _Element


def captions(elements: Iterable[_Element]) -> list[Caption]:
    """One caption for what is said in one place, and those of the pictures in it."""
    texts, credits, nested = [], [], []
    for element in elements:
        name = NAMES[str(element.tag)]
        if name in ("media:content", "media:group"):
            if len(element):
                nested += captions(element)
        elif text := plain_title(text_of(element) or ""):
            if name == "media:credit":
                credits.append(text)
            elif name in ("media:description", "media:text"):
                texts.append(text)
    if texts and not credits and not any(caption.text for caption in nested):
        credits, nested = [caption.credit for caption in nested if caption.credit], []
    own = [Caption(" ".join(texts) or None, ", ".join(dict.fromkeys(credits)) or None)] if texts or credits else []
    return own + nested


def media_texts(element: _Element) -> Iterator[str]:
    """What is said of a picture or a film, as HTML."""
    name = NAMES[str(element.tag)]
    if name in ("media:description", "media:text"):
        if text := text_of(element):
            yield text if element.get("type") == "html" or is_markup(text) else html_of_plain(text)
    elif name in ("media:content", "media:group"):
        for child in element:
            yield from media_texts(child)


def media_title(element: _Element) -> str | None:
    """The title of a picture or a film, or of the first of a group."""
    for child in element:
        title = text_of(child) if NAMES[str(child.tag)] == "media:title" else media_title(child)
        if title:
            return plain_title(title)
    return None


def media_topics(element: _Element) -> list[str]:
    """What the pictures or films of a group are filed under."""
    if NAMES[str(element.tag)] not in ("media:content", "media:group") or not len(element):
        return []
    nested = [topic for child in element for topic in media_topics(child)]
    return topics(children(element), element) + nested
