"""What was done to a story is shown in its raw text."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from copydesk.transforms.edit import Editor
from copydesk.transforms.explain import RESPELLED, Explained, explain
from copydesk.transforms.text import read_text

RAW = """Harbour opens

Sign up now: Get our newsletters delivered to your inbox

PORT ELLIS - The harbour
programme opened on  Monday, and the pro\u00adgramme ran late.
The keeper said that the gate would be closed again at the end of the week, and that the boats would have to wait.
See more on
Ports
"""
EXAMPLES = sorted((Path(__file__).parents[2] / "examples/raw/text").glob("*.txt"))


def told(raw: str, **options: str) -> Explained:
    return explain(read_text(raw, source_uri="file:///a.txt"), Editor("0", **options))  # type: ignore[arg-type]


def rebuilt(explained: Explained) -> str:
    """The raw text with the cuts out and the changes in."""
    return "".join(run if isinstance(run, str) else run.new or " " for run in explained.runs())


def test_cuts_and_changes_stand_where_they_stood() -> None:
    explained = told(RAW)
    assert all(RAW[mark.start : mark.start + mark.length] == mark.text for mark in explained.marks)
    assert {mark.kind for mark in explained.marks} >= {"newsletter", "dateline", "see_more", RESPELLED}
    changes = [(mark.text, mark.new) for mark in explained.marks if mark.kind == RESPELLED]
    assert {("harbour", "harbor"), ("programme", "program"), ("pro\u00adgramme", "program")} <= set(changes)
    assert explained.article is not None
    assert explained.refused is None


@pytest.mark.parametrize("raw", [RAW, *(path.read_text("utf-8", errors="replace") for path in EXAMPLES)])
@pytest.mark.parametrize("spelling", ["en-US", "en-GB", "keep"])
def test_the_marks_account_for_all_that_differs(raw: str, spelling: str) -> None:
    explained = told(raw, spelling=spelling)
    assert explained.article is not None
    assert rebuilt(explained).split() == explained.article.text.split()
    in_order = [(mark.start, mark.start + mark.length) for mark in explained.marks]
    assert all(end <= start for (_, end), (start, _) in pairwise(in_order))


def test_a_story_that_is_refused_shows_its_cuts_and_why() -> None:
    explained = told("Sign up now: Get our newsletters delivered to your inbox\n")
    assert explained.article is None
    assert explained.refused is not None
    assert explained.refused.startswith("no_story")
    assert [mark.kind for mark in explained.marks] == ["newsletter"]


def test_it_can_be_told_in_json() -> None:
    told_as = told(RAW).as_json()
    assert told_as["raw"] == RAW
    assert told_as["marks"][0].keys() == {"start", "length", "text", "kind", "rule", "new"}
