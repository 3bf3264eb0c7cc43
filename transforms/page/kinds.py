"""What the markup says that each passage of a page is: a caption, a list item, a byline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page.blocks import HEADINGS, PageText

_KIND_OF_TAG: Final[dict[str, BlockKind]] = {
    **dict.fromkeys(HEADINGS, "heading"),
    "li": "list_item",
    "dt": "list_item",
    "dd": "list_item",
    "blockquote": "quote",
    "figure": "caption",
    "figcaption": "caption",
    "caption": "caption",
    "td": "table",
    "th": "table",
    "pre": "preformatted",
    "address": "byline",
}
_STICKY: Final = frozenset({"heading", "list_item", "quote", "caption", "credit", "byline", "embed"})


def kinds_of(page: PageText, prose_held: Sequence[int] | None = None) -> list[BlockKind]:
    """What the markup says that each passage is.

    Args:
        page: The page's text view.
        prose_held: For each box the prose in it; a box with more than a quarter of the page's prose is not believed
            to be a caption or a byline, whatever its names say. Without it they are always believed.

    Returns:
        A kind per passage.
    """
    most = 0.25 * prose_held[0] if prose_held else 0
    of_box: list[BlockKind] = []
    for i, box in enumerate(page.boxes):
        outer: BlockKind = of_box[box.parent] if i else "paragraph"
        kind = _KIND_OF_TAG.get(box.tag)
        if prose_held is None or prose_held[i] <= most or box.tag in HEADINGS:
            if box.names.deck:
                kind = kind or "paragraph"
            elif box.names.kind is not None and box.tag not in HEADINGS:
                kind = box.names.kind
        else:
            kind = None
        if kind == "quote" and box.names.social:
            kind = "embed"
        if kind is None:
            kind = outer if outer in _STICKY else "paragraph"
        elif (
            outer == "embed"
            or (outer == "quote" and kind == "list_item")
            or (outer == "heading" and kind != "credit")
            or (outer == "caption" and kind == "heading" and box.tag != "h1")
        ):
            kind = outer
        of_box.append(kind)
    return [of_box[passage.box] for passage in page.passages]
