"""What is marked before a line of a story is read: what lies outside it, and the tokens of its publishing system."""

from __future__ import annotations

from collections import deque

from copydesk.transforms.boilerplate.marks import Mark
from copydesk.transforms.boilerplate.tokens import find_tokens
from copydesk.transforms.draft import Block, Draft


def mark_chrome(draft: Draft) -> list[Mark]:
    """A mark for each run of blocks outside the story."""
    marks: list[Mark] = []
    run: list[Block] = []
    for block in (*draft.blocks, None):
        if block is not None and not block.in_story:
            run.append(block)
        elif run:
            marks.append(Mark(run[0].start, run[-1].end, "page_chrome", "page.outside-story"))
            run = []
    return marks


def mark_tokens(raw: str, chrome: list[Mark]) -> list[Mark]:
    """A mark for each token that does not touch what lies outside the story, in order."""
    marks: list[Mark] = []
    if not ("[" in raw or "{" in raw or "<" in raw or "*|" in raw):
        return marks
    outside = deque((mark.start, mark.end) for mark in chrome)
    for token in find_tokens(raw):
        while outside and outside[0][1] <= token.start:
            outside.popleft()
        if outside and outside[0][0] < token.end:
            continue
        caption = token.kind == "caption"
        kind = "caption" if caption else "embed"
        parts = {"text" if caption else "ref": token.ref} if token.ref else {}
        if not caption:
            parts["kind"] = token.kind
        marks.append(Mark(token.start, token.end, kind, f"token.{token.kind}", parts=parts))
    return marks
