"""A news page, or a fragment of one, to a draft: its text view, and for every block what the markup knows of it."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from copydesk.schemas.article import Caption
from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Draft, Metadata
from copydesk.transforms.errors import Reject
from copydesk.transforms.page_blocks import PageText, lay_out, read_passages
from copydesk.transforms.page_fragment import read_fragment
from copydesk.transforms.page_guard import check_page
from copydesk.transforms.page_metadata import PageMetadata, read_metadata
from copydesk.transforms.page_story import Hints, Verdict, judge

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
        space collapsed, blocks joined by line breaks. Blocks outside the story are marked, none is left out.

    Raises:
        Reject: `empty`, `too_large`, `too_deep`, `bad_page`, or `no_story` where the page has text but no story.
    """
    if not data.strip():
        raise Reject("empty", "the page has no bytes but white space")
    html, _ = decode(data, declared=charset, html=True)
    check_page(html)
    tree = LexborHTMLParser(html)
    body = tree.body
    page = read_passages(body) if body is not None else PageText()
    if not page.passages:
        raise Reject("empty", "the page shows no text")
    said = read_metadata(tree, url)
    verdict = judge(page, Hints(said.titles, said.standfirst or "", said.body))
    if not any(verdict.in_story):
        raise Reject("no_story", "the page has text, but none of it is running prose")
    raw, blocks = lay_out(page, verdict.kinds, verdict.in_story)
    return Draft(source_uri, media_type, raw, blocks, _metadata(said, page, verdict))


def _metadata(said: PageMetadata, page: PageText, verdict: Verdict) -> Metadata:
    return Metadata(
        headline=said.headline,
        standfirst=said.standfirst,
        authors=said.authors,
        topics=said.topics,
        captions=_captions(page, verdict),
        url=said.url,
        published_raw=said.published_raw,
        published_at=parse_date(said.published_raw) if said.published_raw else None,
        updated_at=parse_date(said.updated_raw) if said.updated_raw else None,
        language=said.language,
    )


def _captions(page: PageText, verdict: Verdict) -> tuple[Caption, ...]:
    """One caption per figure: its texts and its credits, each joined by a space."""
    figures: dict[int, tuple[list[str], list[str]]] = {}
    for i in verdict.captions:
        passage = page.passages[i]
        texts, credits = figures.setdefault(_figure(page, passage.box), ([], []))
        (credits if verdict.kinds[i] == "credit" else texts).append(passage.text)
    made = [Caption(" ".join(texts) or None, " ".join(credits) or None) for texts, credits in figures.values()]
    return tuple(dict.fromkeys(made))


def _figure(page: PageText, box: int) -> int:
    """The figure a box lies in; the box around it where the page does not mark figures."""
    around = page.boxes[box].parent
    for _ in range(6):
        if box < 0:
            break
        if page.boxes[box].tag == "figure":
            return box
        box = page.boxes[box].parent
    return around
