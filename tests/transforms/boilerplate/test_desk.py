"""The desk as a whole: its laws, its profiles, and what it does with markup and metadata."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.schemas.article import Caption, Dateline, Embed
from copydesk.transforms.boilerplate import KINDS, PROFILES, Desk, profile
from copydesk.transforms.boilerplate.rules import default_rules
from copydesk.transforms.draft import Block, Draft, Metadata

BODY = [
    "The port of Porto Alto will close its oldest quay to cars in May, the first such closure since the war ended.",
    "Residents had asked for it for years, and the council voted on the plan twice before it found a majority.",
    "Shops on the quay say that four in ten of their customers come by car, and that few of those would walk.",
    "The mayor and the traders are to meet again in June, and then the council will have to vote a third time.",
]
EXAMPLES = [text for rule in default_rules() for text in (*rule.match, *rule.near_miss)]
LINES = st.one_of(
    st.sampled_from(EXAMPLES),
    st.sampled_from(BODY),
    st.sampled_from(
        [
            "LISBON - " + BODY[0],
            "PORTO ALTO, May 3 (Reuters) - " + BODY[1],
            "LISBON - LONDON - " + BODY[2],
            "CNN — ",
            BODY[3] + " REUTERS",
            BODY[2] + " - AFP",
            BODY[1] + " AFP. REUTERS",
            "Quay closes to cars in May",
            "Mayor closes oldest quay in surprise vote",
            "[[nid:4711]]",
            "[[nid:4711]] " + BODY[1] + ' [gallery ids="1,2"] and more.',
            "Read [[nid:1]] more",
            "{{ad}}",
            "[sic]",
            '[caption id="1"]The quay[/caption]',
        ]
    ),
    st.text(max_size=60),
    st.text(alphabet="[]{}/ab:=\"'1 \n*|%<>-", max_size=40),
)


@st.composite
def raws(draw: st.DrawFn) -> str:
    lines = draw(st.lists(LINES, max_size=14))
    return draw(st.sampled_from(["\n", "\n\n", "\r\n", "\n \n"])).join(lines)


LAW = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@LAW
@given(raw=raws(), headline=st.one_of(st.none(), st.sampled_from(["Quay closes to cars in May", "x"])))
def test_kept_and_cut_are_disjoint_and_cover_the_raw_text(
    raw: str, headline: str | None, desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    draft = draft_of(raw, headline=headline)
    covered(draft, desk.edit(draft))


@LAW
@given(raw=raws())
def test_editing_twice_changes_nothing(raw: str, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    once = desk.edit(draft_of(raw)).text
    again = desk.edit(draft_of(once))
    assert again.text == once, again.cuts


@LAW
@given(
    raw=raws(), keep=st.sets(st.sampled_from(sorted(KINDS)), max_size=8), cut=st.sets(st.sampled_from(sorted(KINDS)))
)
def test_the_laws_hold_for_any_choice_of_kinds(
    raw: str, keep: set[str], cut: set[str], draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    desk = Desk(keep=keep, cut=cut)
    draft = draft_of(raw)
    edited = desk.edit(draft)
    covered(draft, edited)
    assert not {one.kind for one in edited.cuts} & (keep - {"page_chrome"})


def test_a_headline_that_comes_to_light_late_is_taken_at_once(desk: Desk, draft_of: Callable[..., Draft]) -> None:
    long = "Mayor and traders of the old town at odds over the oldest quay and the plan to close it to all cars in May"
    once = desk.edit(draft_of("\n".join([long, "LISBON - " + BODY[0], "Quay closes in May", BODY[0]])))
    assert once.headline == long
    assert once.standfirst == once.text == BODY[0]
    assert desk.edit(draft_of(once.text)).cuts == ()


def page(*blocks: tuple[str, str, bool], **metadata: object) -> Draft:
    """A draft as a page's reader makes it: (kind, text, in the story)."""
    made = []
    position = 0
    for kind, text, in_story in blocks:
        made.append(Block(kind, position, position + len(text), tag="p", in_story=in_story))  # type: ignore[arg-type]
        position += len(text) + 1
    raw = "\n".join(text for _, text, _ in blocks)
    return Draft("https://harbour.example/quay", "text/html", raw, tuple(made), Metadata(**metadata))  # type: ignore[arg-type]


def test_what_lies_outside_the_story_is_one_cut_for_each_run(desk: Desk, covered: Callable[..., None]) -> None:
    draft = page(
        ("other", "Home", False),
        ("other", "News", False),
        ("paragraph", BODY[0], True),
        ("other", "Most read [[nid:1]]", False),
        ("paragraph", BODY[1], True),
        ("other", "Contact", False),
    )
    edited = desk.edit(draft)
    covered(draft, edited)
    assert [(c.kind, c.rule, c.text) for c in edited.cuts] == [
        ("page_chrome", "page.outside-story", "Home\nNews"),
        ("page_chrome", "page.outside-story", "Most read [[nid:1]]"),
        ("page_chrome", "page.outside-story", "Contact"),
    ]
    assert edited.text == BODY[0] + "\n\n" + BODY[1]


def test_what_the_markup_names_goes_to_its_field(desk: Desk, covered: Callable[..., None]) -> None:
    draft = page(
        ("heading", "Quay closes to cars in May", True),
        ("byline", "By Jane Doe and John Roe", True),
        ("caption", "The quay at dawn (Photo: Jane Doe)", True),
        ("caption", "The quay at noon", True),
        ("credit", "John Roe/Harbour News", True),
        ("paragraph", BODY[0], True),
        ("heading", "Trees instead", True),
        ("list_item", "Forty trees", True),
        ("table", "Trees 40", True),
        ("embed", "A post by @harbour", True),
        headline="Quay closes to cars in May",
    )
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.authors == ("Jane Doe", "John Roe")
    assert edited.captions == (
        Caption("The quay at dawn", "Jane Doe"),
        Caption("The quay at noon", "John Roe/Harbour News"),
    )
    assert [p.text for p in edited.paragraphs] == [
        BODY[0],
        "Trees instead",
        "Forty trees",
        "Trees 40",
        "A post by @harbour",
    ]
    asked = Desk(cut={"subheading", "list", "table", "social_post"}).edit(draft)
    assert asked.text == BODY[0]


def test_metadata_wins_over_the_text(desk: Desk, draft_of: Callable[..., Draft]) -> None:
    raw = "\n\n".join(["Mayor closes quay to cars", "By Jane Doe", "Photo: John Roe", *BODY])
    given_caption = Caption("The quay", None)
    edited = desk.edit(
        draft_of(
            raw,
            headline="Porto Alto in uproar",
            standfirst="A town and its quay.",
            authors=("Max Moe",),
            topics=("Ports",),
            captions=(given_caption,),
        )
    )
    assert edited.headline == "Porto Alto in uproar"
    assert edited.standfirst == "A town and its quay."
    assert edited.authors == ("Max Moe",)
    assert edited.captions == (given_caption, Caption(None, "John Roe"))
    assert edited.topics == ("Ports",)
    assert edited.text.startswith("Mayor closes quay to cars\n\nThe port")


def test_a_repeated_headline_is_cut_near_the_top_only(desk: Desk, draft_of: Callable[..., Draft]) -> None:
    title = "Mayor closes oldest quay in surprise vote"
    edited = desk.edit(draft_of("\n".join([title.upper(), *BODY, title]), headline=title))
    assert [cut.kind for cut in edited.cuts] == ["headline"]
    assert edited.text.endswith(title)


def test_a_hard_wrapped_paragraph_becomes_one_line(desk: Desk, covered: Callable[..., None]) -> None:
    raw = "  LISBON -\n  The port will close  its quay\n\tin May, the mayor\nsaid. Nobody was asked. REUTERS\n"
    start = raw.index("LISBON")
    draft = Draft("x", "text/plain", raw, (Block("paragraph", start, len(raw) - 1),))
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.text == "The port will close  its quay in May, the mayor said. Nobody was asked."
    assert edited.dateline == Dateline("LISBON")
    assert edited.agencies == ("REUTERS",)
    assert [cut.text for cut in edited.cuts] == ["LISBON -\n  ", " REUTERS"]


def test_a_token_inside_a_sentence_leaves_one_space(desk: Desk, covered: Callable[..., None]) -> None:
    raw = 'The quay [[nid:4711]] will close in [gallery ids="7"]May, and [sic] so will [the mayor] said [1] the bar.'
    draft = Draft("x", "text/plain", raw, (Block("paragraph", 0, len(raw)),))
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.text == "The quay will close in May, and [sic] so will [the mayor] said [1] the bar."
    assert edited.embeds == (Embed("nid", "4711"), Embed("gallery", "7"))


def test_left_over_tags_that_part_words_leave_a_space(desk: Desk, covered: Callable[..., None]) -> None:
    raw = "The quay will close.<br/><br/>Cars may&nbsp;stay<p>in <b>May</b>, and <i>all</i>s well. A < B."
    draft = Draft("x", "text/plain", raw, (Block("paragraph", 0, len(raw)),))
    edited = desk.edit(draft)
    covered(draft, edited)
    assert edited.text == "The quay will close. Cars may stay in May, and alls well. A < B."


def test_profiles() -> None:
    assert profile("story") == PROFILES["story"]
    archive = profile("archive", keep=["caption"], cut=["correction", "table"])
    assert archive.keep == {"caption", "contributed", "dateline", "sign_off"}
    assert archive.cut == {"table"}
    for wrong in ({"name": "x"}, {"keep": ["nope"]}, {"keep": ["table"], "cut": ["table"]}):
        with pytest.raises(ValueError, match=r"profile|kind"):
            profile(**wrong)  # type: ignore[arg-type]


def test_the_archive_keeps_what_the_paper_of_record_prints(
    draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    lines = [
        "LISBON - " + BODY[0],
        *BODY[1:],
        "(Reporting by Jane Doe; Editing by John Roe)",
        "Correction: An earlier version of this article gave the wrong length of the quay.",
        "Share this article",
    ]
    draft = draft_of("\n\n".join(lines))
    preset = PROFILES["archive"]
    edited = Desk(keep=preset.keep, cut=preset.cut).edit(draft)
    covered(draft, edited)
    assert edited.text.split("\n\n") == lines[:-1]
    assert edited.dateline == Dateline("LISBON")
    assert [cut.kind for cut in Desk().edit(draft).cuts] == ["dateline", "sign_off", "correction", "share"]


def test_a_line_about_the_author_is_cut_where_the_story_does_not_speak_of_her(
    desk: Desk, draft_of: Callable[..., Draft]
) -> None:
    bio = "Jane Doe is a reporter for Harbour News."
    edited = desk.edit(draft_of("\n".join([*BODY, bio])))
    assert [(cut.kind, cut.text) for cut in edited.cuts] == [("author_bio", bio)]
    assert edited.authors == ("Jane Doe",)
    story = "\n\n".join(["Judges freed Ms. Doe on Monday, a year after she was seized on the quay.", *BODY, bio])
    assert desk.edit(draft_of(story)).text == story
    named = desk.edit(draft_of("\n".join(["By John Roe", *BODY, bio])))
    assert named.authors == ("John Roe",)


def test_a_caption_of_the_markup_parts_from_its_credit_in_brackets(desk: Desk) -> None:
    def caption(text: str) -> Caption:
        [found] = desk.edit(page(("caption", text, True), ("paragraph", BODY[0], True))).captions
        return found

    assert caption("The quay at dawn (Jane Doe/Harbour News)") == Caption("The quay at dawn", "Jane Doe/Harbour News")
    assert caption("The quay at dawn. (Courtesy of the town)") == Caption("The quay at dawn.", "Courtesy of the town")
    assert caption("The quay at dawn (AP)") == Caption("The quay at dawn", "AP")
    assert caption("The quay (pictured)") == Caption("The quay (pictured)", None)
    assert caption("The quay (1 km / 0.6 miles)").credit is None


@pytest.mark.parametrize(
    ("opening", "dateline"),
    [
        ("LISBON - May 3 - ", Dateline("LISBON", "May 3")),
        ("LISBON — May 3, 2024 — ", Dateline("LISBON", "May 3, 2024")),
        ("LISBON, May 3, 2024 /PRNewswire/ -- ", Dateline("LISBON", "May 3, 2024", "PRNEWSWIRE")),
        ("LISBON--(BUSINESS WIRE)--", Dateline("LISBON", None, "BUSINESSWIRE")),
    ],
)
def test_datelines(opening: str, dateline: Dateline, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    edited = desk.edit(draft_of("\n".join([opening + BODY[0], *BODY[1:]])))
    assert edited.dateline == dateline
    assert edited.text == "\n\n".join(BODY)


@pytest.mark.parametrize(
    ("line", "dateline"),
    [
        ("LISBON, Ohio —", Dateline("LISBON, Ohio")),
        ("LISBON (AP) —", Dateline("LISBON", None, "AP")),
        ("Lisbon.", Dateline("Lisbon")),
        ("Lisbon:", None),
        ("Help.", None),
        ("Lisbon", None),
    ],
)
def test_a_dateline_with_a_line_of_its_own(
    line: str, dateline: Dateline | None, desk: Desk, draft_of: Callable[..., Draft]
) -> None:
    edited = desk.edit(draft_of("\n".join([line, *BODY]), headline="Quay closes"))
    assert edited.dateline == dateline
    assert edited.text == "\n\n".join(BODY if dateline else [line, *BODY])


@pytest.mark.parametrize(
    "first",
    [
        "Leipzig: Here the gallery was founded forty years ago, and from here it went out into the world.",
        "May 3 - the day the quay closed - was a Friday, and nobody in the town had slept the night before it.",
        "NASA - the space agency - has no quay in Porto Alto and does not want one, as far as anybody can tell.",
        "Remember the quest of the town for a slogan?",
        "Tested by: Jane Doe More info: the harbour office",
        "This story was paid for. All opinions are mine",
    ],
)
def test_first_lines_that_stay(first: str, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    story = "\n\n".join([first, *BODY])
    assert desk.edit(draft_of(story)).text == story


def test_a_line_printed_again_below_the_running_story_is_no_standfirst(
    desk: Desk, draft_of: Callable[..., Draft]
) -> None:
    quote = "That is a question which nobody in this town has ever asked us."
    story = "\n\n".join([*BODY[:2], quote, *BODY[2:], quote])
    assert desk.edit(draft_of(story)).text == story


def test_lines_that_stand_there_a_thousand_times_are_each_cut_or_kept(
    desk: Desk, draft_of: Callable[..., Draft]
) -> None:
    refrain = ["Share this article", "The tide  comes in and goes out.", "And the quay stands as it stood."]
    edited = desk.edit(draft_of("\n".join([*BODY, *refrain * 400, *BODY]), headline="Quay closes"))
    assert len(edited.cuts) == 400
    assert edited.text.count("\n\nThe tide  comes in") == edited.text.count("And the quay stands") == 400


HOSTILE = {
    "one long line": "a" * 1_000_000,
    "words": "word " * 200_000,
    "short lines": "Photo\n" * 170_000,
    "one rule over and over": "Share this article\n" * 50_000,
    "near the end": "REUTERS\n" * 120_000,
    "near the top": "By Jane Doe\n" * 80_000,
    "rows of one sentence": (BODY[0] + "\n") * 9_000,
    "open brackets": "[" * 1_000_000,
    "nested brackets": "[" * 500_000 + "]" * 500_000,
    "open tokens": '[[{"a":' * 140_000,
    "tokens": "[[nid:1]] " * 100_000,
    "templates": "{{<%" * 250_000 + "}}%>",
    "comments": "<!-- " * 200_000 + "-->",
    "markup": "<br/>" * 200_000,
    "markup in a line": "a<br/>" * 160_000,
    "markup in lines": "a<br>b\n" * 140_000,
    "brackets over lines": "[\n" * 300_000 + "]" * 300_000,
    "authors": "".join(f"Jane Doe{n % 10} is a reporter for Harbour News.\n" for n in range(22_000)),
    "standfirsts": "".join(f"LISBON - Line {n} of a story that is printed again.\n" for n in range(10_000))
    + "".join(f"Line {n} of a story that is printed again.\n" for n in range(10_000)),
    "untidy": "a  b\n" * 200_000,
    "quotes": "“’" * 500_000,
    "spaces": "a" + " " * 999_998 + "b",
    "spaced": "a  " * 330_000,
    "captions": "The quay at dawn (Photo: " * 40_000,
    "slashes": "a/b " * 250_000,
    "capitals": "LISBON " * 140_000,
    "capital lines": "LISBON, LONDON, PARIS\n" * 45_000,
    "names": "Reporting by " + "Jane Doe, " * 100_000,
    "dates": "Updated: May 3, 2024 " * 47_000,
    "surrogates and nul": "\ud800\x00\udfff " * 250_000,
    "wide": "新闻" * 500_000,
}


GUARD = 10
"""Seconds of CPU: ten times what any of these takes, and a tenth of what a search that is not linear would.

How long they take is for `benchmarks/lines.py` to say."""


@pytest.mark.parametrize("name", HOSTILE)
def test_no_megabyte_takes_long(
    name: str, desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    raw = HOSTILE[name]
    draft = draft_of(raw)
    began = time.process_time()
    edited = desk.edit(draft)
    took = time.process_time() - began
    assert took < GUARD, took
    if len(edited.cuts) < 1000:
        covered(draft, edited)


def test_one_block_of_a_megabyte_of_lines(desk: Desk) -> None:
    raw = ("Reporting by Jane Doe and\nsigned up for the newsletter " * 20_000).strip()
    began = time.process_time()
    edited = desk.edit(Draft("x", "text/plain", raw, (Block("paragraph", 0, len(raw)),)))
    assert time.process_time() - began < GUARD
    assert len(edited.paragraphs) == 1


def test_nothing_in_nothing_out(desk: Desk) -> None:
    edited = desk.edit(Draft("x", "text/plain", " \n", ()))
    assert edited.text == ""
    assert edited.cuts == ()
