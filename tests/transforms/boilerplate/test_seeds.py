"""The two articles that the project was begun for, and two like them written for these tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.schemas.article import Caption, Dateline, Embed
from copydesk.transforms.boilerplate import Desk, Edited
from copydesk.transforms.draft import Draft


def cuts_of(edited: Edited) -> list[tuple[str, str]]:
    return [(cut.kind, cut.text) for cut in edited.cuts]


STORY = [
    "The port of Porto Alto will close its oldest quay to cars in May, the first such closure since 1954, the mayor said.",
    "Residents had asked for the closure for years. The council voted on it twice before it found a majority in March.",
    "Traders fear for their custom",
    "Shops on the quay say that four in ten of their customers come by car, and that few of those would walk.",
    "The mayor and the traders are to meet again in June, according to the town's news agency TASS.",
]


def test_a_story_with_everything_a_house_prints_around_it(
    desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    standfirst = "The council voted on the closure twice before it found a majority in March."
    raw = "\n\n".join(
        [
            "Porto Alto mayor closes oldest quay to cars in surprise vote",
            "Sign up now: Get HN's newsletters delivered to your inbox",
            "A tram passes the old quay of Porto Alto, in the harbour district, March 3, 2024. REUTERS/Jane Doe",
            standfirst,
            "PHOTO: REUTERS",
            "Follow topic:",
            "LISBON - " + STORY[0],
            standfirst + " " + STORY[1],
            *STORY[2:4],
            STORY[4] + " REUTERS",
            "See more on",
        ]
    )
    draft = draft_of(raw)
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.text.split("\n\n") == [STORY[0], standfirst + " " + STORY[1], *STORY[2:]]
    assert edited.headline == "Porto Alto mayor closes oldest quay to cars in surprise vote"
    assert edited.standfirst == standfirst
    assert edited.dateline == Dateline("LISBON")
    assert edited.agencies == ("REUTERS",)
    assert edited.captions == (
        Caption(
            "A tram passes the old quay of Porto Alto, in the harbour district, March 3, 2024.", "REUTERS/Jane Doe"
        ),
    )
    assert [kind for kind, _ in cuts_of(edited)] == [
        "headline",
        "newsletter",
        "caption",
        "standfirst",
        "photo_credit",
        "follow",
        "dateline",
        "agency",
        "see_more",
    ]


def test_a_story_with_a_node_token_and_no_headline(
    desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    draft = draft_of("\n\n".join(["LISBON — " + STORY[0], *STORY[1:], "[[nid:4711]]"]))
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.text.split("\n\n") == STORY
    assert edited.headline is None
    assert edited.standfirst is None
    assert edited.dateline == Dateline("LISBON")
    assert edited.embeds == (Embed("nid", "4711"),)
    assert cuts_of(edited) == [("dateline", "LISBON — "), ("embed", "[[nid:4711]]")]


@pytest.mark.parametrize("name", ["000_3b0ee42016bb75ed.txt", "004_1d210aea6b1a262a.txt"])
def test_each_seed_is_covered_and_stays_as_it_is_when_edited_again(
    name: str, shared: Path, desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    draft = draft_of((shared / "seeds" / name).read_text("utf-8"))
    edited = desk.edit(draft)
    covered(draft, edited)
    again = desk.edit(draft_of(edited.text))
    assert again.text == edited.text
    assert again.cuts == ()


def test_the_first_seed(shared: Path, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    raw = (shared / "seeds" / "000_3b0ee42016bb75ed.txt").read_text("utf-8")
    edited = desk.edit(draft_of(raw))
    lines = [line.strip() for line in raw.splitlines() if line.strip()]
    assert edited.headline == lines[0]
    assert edited.standfirst == lines[3]
    assert edited.dateline == Dateline("WASHINGTON")
    assert edited.agencies == ("REUTERS",)
    [caption] = edited.captions
    assert caption.credit == "REUTERS/Steve Nesius"
    assert caption.text is not None
    assert f"{caption.text} {caption.credit}" == lines[2]
    body = [lines[6].removeprefix("WASHINGTON - "), *lines[7:-2], lines[-2].removesuffix(" REUTERS")]
    assert edited.text.split("\n\n") == body
    assert dict(cuts_of(edited)) == {
        "headline": lines[0],
        "newsletter": lines[1],
        "caption": lines[2],
        "standfirst": lines[3],
        "photo_credit": "PHOTO: REUTERS",
        "follow": "Follow topic:",
        "dateline": "WASHINGTON - ",
        "agency": " REUTERS",
        "see_more": "See more on",
    }


def test_the_second_seed(shared: Path, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    raw = (shared / "seeds" / "004_1d210aea6b1a262a.txt").read_text("utf-8")
    edited = desk.edit(draft_of(raw))
    lines = [line.strip() for line in raw.splitlines() if line.strip()]
    assert edited.headline is None
    assert edited.dateline == Dateline("WASHINGTON")
    assert edited.embeds == (Embed("nid", "720192"),)
    assert edited.text.split("\n\n") == [lines[0].removeprefix("WASHINGTON — "), *lines[1:-1]]
    assert cuts_of(edited) == [("dateline", "WASHINGTON — "), ("embed", "[[nid:720192]]")]
