"""Markup that would be dear to parse is refused before it is, and what merely looks like it is not."""

from __future__ import annotations

import pytest

from copydesk.transforms.errors import Reject
from copydesk.transforms.page import read_fragment, read_page
from copydesk.transforms.page.guard import MAX_ATTRIBUTES, MAX_DEPTH, MAX_FRAGMENT_TAGS, MAX_TAGS

PROSE = "<p>The harbour bridge will shut to all traffic from the first Monday in May, the council said.</p>"


def code_of(html: str) -> str | None:
    try:
        read_page(html.encode(), source_uri="file:///page.html")
    except Reject as refused:
        return refused.code
    return None


def attributes(count: int) -> str:
    return " ".join(f'data-{i:08}="1"' for i in range(count))


@pytest.mark.parametrize(
    ("html", "code"),
    [
        (PROSE * 60_000, "too_large"),
        ("<!--" * (MAX_TAGS + 1), "too_large"),
        ("<div>" * (MAX_DEPTH + 1) + PROSE, "too_deep"),
        ("<div>" * 10_000 + PROSE, "too_deep"),
        ("<font><table>" * 5_000 + PROSE, "too_deep"),
        ("<figure><figcaption>" * 400 + PROSE, "too_deep"),
        ("<blockquote><ul><li>" * 400 + PROSE, "too_deep"),
        (f"<div {attributes(MAX_ATTRIBUTES + 1)}>{PROSE}", "too_deep"),
        (f"{PROSE}<div {attributes(2_000)}", "too_deep"),
        ("".join(f"<body {attributes(30)} n{i}=1>" for i in range(50)) + PROSE, "too_deep"),
        ("".join(f"<hTmL {attributes(30)} n{i}=1>" for i in range(50)) + PROSE, "too_deep"),
    ],
)
def test_refused(html: str, code: str) -> None:
    assert code_of(html) == code


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * (MAX_DEPTH - 2) + PROSE,
        PROSE + "<p>One more." * 3_000,
        f"<div {attributes(MAX_ATTRIBUTES - 1)}>{PROSE}",
        f"<script>if (a <b {attributes(2_000)}) go()</script>{PROSE}",
        f"<!-- <b {attributes(2_000)} -->{PROSE}",
        f'<img src="data:image/gif;base64,{"A" * 500_000}">{PROSE}',
        f'<html class="a"><!--[if IE]><html class="b"><![endif]--><html class="c"><body class="d">{PROSE}',
        f"<div class='{'entry-content ' * 40_000}'>{PROSE}</div>",
        f"{PROSE}{'&amp;' * 100_000}",
    ],
)
def test_not_refused(html: str) -> None:
    assert code_of(html) is None


def test_a_fragment_may_hold_fewer_tags() -> None:
    raw, blocks = read_fragment("<p>One more." * 2_000)
    assert len(blocks) == 2_000
    assert raw.startswith("One more.\nOne more.")
    with pytest.raises(Reject) as refused:
        read_fragment("<p>One more." * (MAX_FRAGMENT_TAGS + 1))
    assert refused.value.code == "too_large"


def test_thousands_of_boxes_that_each_claim_the_story_make_one_story() -> None:
    html = "".join(f'<div class="entry-content">{PROSE.replace("May", f"May {i}")}</div>' for i in range(3_000))
    draft = read_page(html.encode(), source_uri="file:///page.html")
    assert sum(block.in_story for block in draft.blocks) == 3_000
