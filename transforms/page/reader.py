"""A news page, or a fragment of one, to a draft: its text view, and for every block what the markup knows of it."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from selectolax.lexbor import LexborHTMLParser

from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode_markup
from copydesk.transforms.draft import Block, Draft, Metadata
from copydesk.transforms.errors import Reject
from copydesk.transforms.page.blocks import PageText, lay_out, read_passages
from copydesk.transforms.page.fragment import read_fragment
from copydesk.transforms.page.guard import check_page
from copydesk.transforms.page.metadata import PageMetadata, read_metadata
from copydesk.transforms.page.parts import APART
from copydesk.transforms.page.state import story_in_scripts
from copydesk.transforms.page.story import Hints, Verdict, judge

MIN_BODY: Final = 400
"""Code points of a story in the metadata; what is shorter is a summary."""
_SET_OFF: Final = re.compile(r"\s+[|\u2013\u2014\u00b7\u00bb-]\s+\S")

__all__ = ["read_fragment", "read_page"]


def read_page(
    data: bytes,
    *,
    charset: str | None = None,
    source_uri: str,
    media_type: str = "text/html",
    url: str | None = None,
) -> Draft:
    """Read a web page.

    Args:
        data: The bytes of the page.
        charset: The encoding that came with them (an HTTP header), if any.
        source_uri: Where they came from; goes into the draft.
        media_type: Goes into the draft.
        url: The address they were fetched from, if known.

    Returns:
        The draft. Its raw text is the page's text view: every visible block of the page, navigation included, white
        space collapsed, blocks joined by line breaks. What lies outside the story is marked, none is left out: each
        run of it is one block.

        A page whose text shows no story but whose metadata hold it, or the data of its scripts, is read as that: the
        raw text is theirs.

    Raises:
        Reject: `empty`, `too_large`, `too_deep`, `bad_page`, or `no_story` where the page has text but no story.
    """
    if not data.strip():
        raise Reject("empty", "the page has no bytes but white space")
    markup = decode_markup(data, declared=charset)
    check_page(markup)
    tree = LexborHTMLParser(markup)
    body = tree.body
    page = read_passages(body) if body is not None else PageText()
    said = read_metadata(tree, url)
    verdict = judge(page, Hints(said.titles, said.standfirst or ""))
    if any(yes and kind not in APART for yes, kind in zip(verdict.in_story, verdict.kinds, strict=True)):
        raw, blocks = lay_out(page, verdict.kinds, verdict.in_story)
    elif len(said.body) >= MIN_BODY:
        raw, blocks = _told(said.body)
    elif said.titles and (drawn := story_in_scripts(node.text() for node in tree.css("script"))):
        raw, blocks = read_fragment(drawn)
    elif page.passages:
        raise Reject("no_story", "the page has text, but none of it is running prose")
    else:
        raise Reject("empty", "the page shows no text")
    return Draft(source_uri, media_type, raw, blocks, _metadata(said, page, verdict))


def _told(body: str) -> tuple[str, tuple[Block, ...]]:
    """The story as the metadata tell it, for a page that is drawn by a script."""
    if "</" in body or "<br" in body or "&lt;" in body:
        return read_fragment(unescape(body) if "&lt;" in body else body)
    lines = [" ".join(line.split()) for line in unescape(body).splitlines()]
    raw = "\n".join([line for line in lines if line])
    blocks = []
    start = 0
    for line in raw.split("\n"):
        blocks.append(Block("paragraph", start, start + len(line), "p"))
        start += len(line) + 1
    return raw, tuple(blocks)


def _metadata(said: PageMetadata, page: PageText, verdict: Verdict) -> Metadata:
    return Metadata(
        headline=_headline(said.headline, page, verdict),
        standfirst=" ".join([page.passages[i].text for i in verdict.standfirst]) or said.standfirst,
        authors=said.authors,
        topics=said.topics,
        url=said.url,
        published_raw=said.published_raw,
        published_at=parse_date(said.published_raw) if said.published_raw else None,
        updated_at=parse_date(said.updated_raw) if said.updated_raw else None,
        language=said.language,
    )


def _headline(given: str | None, page: PageText, verdict: Verdict) -> str | None:
    """The headline as printed, where the one given is that with a house or a section after a bar, a dash or a dot."""
    printed = page.passages[verdict.title].text if verdict.title is not None else None
    if given is None or printed is None or not given.startswith(printed):
        return given
    return printed if _SET_OFF.match(given, len(printed)) else given
