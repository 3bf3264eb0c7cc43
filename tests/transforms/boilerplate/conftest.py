"""Drafts of plain text, as the reader of text files makes them: one block for each line that is not empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from copydesk.transforms.boilerplate import Desk
from copydesk.transforms.draft import Block, Draft, Metadata

SHARED = Path(__file__).parents[3] / ".." / "shared"


def plain_draft(raw: str, **metadata: Any) -> Draft:
    blocks = []
    position = 0
    for line in raw.splitlines(keepends=True):
        text = line.strip()
        if text:
            start = position + line.index(text)
            blocks.append(Block("paragraph", start, start + len(text)))
        position += len(line)
    return Draft("file:///story.txt", "text/plain", raw, tuple(blocks), Metadata(**metadata))


@pytest.fixture(scope="session")
def draft_of() -> Callable[..., Draft]:
    return plain_draft


@pytest.fixture(scope="session")
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def covered() -> Callable[[Draft, Any], None]:
    """Checks the law: paragraphs and cuts are disjoint, cover all but white space, and quote the raw text."""

    def check(draft: Draft, edited: Any) -> None:
        raw = draft.raw
        spans = [span for paragraph in edited.paragraphs for span in paragraph.spans]
        spans += [(cut.start, cut.start + cut.length) for cut in edited.cuts]
        for cut in edited.cuts:
            assert cut.text == raw[cut.start : cut.start + cut.length]
            assert cut.text.strip()
        assert [cut.start for cut in edited.cuts] == sorted(cut.start for cut in edited.cuts)
        position = 0
        for start, end in sorted(spans):
            assert start >= position, (start, position)
            assert not raw[position:start].strip(), raw[position:start]
            assert start < end
            position = end
        assert not raw[position:].strip()
        kept = "".join(raw[start:end] for paragraph in edited.paragraphs for start, end in paragraph.spans)
        assert re.sub(r"\s", "", edited.text) == re.sub(r"\s", "", kept)

    return check


@pytest.fixture(scope="session")
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip("../shared, the development data, is not here")
    return SHARED
