"""Teasers set side by side: each a box with the headline of another story."""

from __future__ import annotations

from typing import Final

from copydesk.transforms.page.blocks import PageText

LINKED: Final = 0.9
"""Share of a passage inside links from which it is a link, not a sentence with links."""
MIN_LINK: Final = 20
"""Code points of a link that can be the headline of another story."""
CARDS: Final = 3
CARD_LINES: Final = 6
CARD: Final = 700


def cards(page: PageText) -> list[int]:
    """The passages of teasers: three or more boxes of one make side by side, each with a linked headline.

    Args:
        page: The page's text view.

    Returns:
        The indexes of all passages in such boxes, in order.
    """
    boxes = page.boxes
    count = [0] * len(boxes)
    length = [0] * len(boxes)
    for passage in page.passages:
        count[passage.box] += 1
        length[passage.box] += len(passage.text)
    for i in range(len(boxes) - 1, 0, -1):
        count[boxes[i].parent] += count[i]
        length[boxes[i].parent] += length[i]
    rows: dict[tuple[int, str, tuple[str, ...]], set[int]] = {}
    for passage in page.passages:
        if len(passage.text) < MIN_LINK or passage.linked < LINKED * len(passage.text):
            continue
        card = passage.box
        while boxes[card].parent > 0 and count[boxes[card].parent] <= CARD_LINES and length[boxes[card].parent] <= CARD:
            card = boxes[card].parent
        if count[card] > 1 and boxes[card].tag not in ("p", "tr"):
            rows.setdefault((boxes[card].parent, boxes[card].tag, boxes[card].names.tokens[:1]), set()).add(card)
    found = [False] * len(boxes)
    for row in rows.values():
        if len(row) >= CARDS:
            for card in row:
                found[card] = True
    for i in range(1, len(boxes)):
        found[i] = found[i] or found[boxes[i].parent]
    return [i for i, passage in enumerate(page.passages) if found[passage.box]]
