"""The desk makes of the text examples what their README says: each cut and each change of spelling, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from copydesk.schemas.article import Caption, Dateline, Embed
from copydesk.transforms.boilerplate import Desk, Edited
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.text import read_text

TEXTS = Path(__file__).parent.parent / "examples" / "raw" / "text"


@dataclass(frozen=True)
class Expected:
    """What the desk should make of a file, said as the changes to its lines.

    Attributes:
        headline: The line that is the headline, if it has one.
        gone: How each line begins that is not in the story (the headline aside), in order.
        changed: What is taken out of lines that stay: text, what stands there instead.
    """

    headline: str | None
    gone: tuple[str, ...] = ()
    changed: tuple[tuple[str, str], ...] = ()
    standfirst: str | None = None
    dateline: Dateline | None = None
    agencies: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    captions: tuple[Caption, ...] = ()
    embeds: tuple[Embed, ...] = ()


FERRY_SUMMARY = (
    "The crossing, the only one that carries freight in winter, had been closed since a fire in the engine room in "
    "September 2025."
)
EXPECTED = {
    "ferry-standfirst-twice.txt": Expected(
        headline="Night ferry returns to Port Ellis after 14-month refit",
        gone=("Sign up now", "The night ferry Corran Light leaves", FERRY_SUMMARY, "PHOTO:", "Follow topic:", "See more on"),
        changed=(("PORT ELLIS - ", ""), ("the week. REUTERS", "the week.")),
        standfirst=FERRY_SUMMARY,
        dateline=Dateline("PORT ELLIS"),
        agencies=("REUTERS",),
        captions=(
            Caption(
                "The night ferry Corran Light leaves the dry dock at Port Ellis, with her new funnel still unpainted, on "
                "November 2, 2026.",
                "REUTERS/Mila Sandoval",
            ),
        ),
    ),
    "observatory-cms-token.txt": Expected(
        headline=None,
        gone=("[[nid:418207]]",),
        changed=(("MOUNT ARDEN — ", ""),),
        dateline=Dateline("MOUNT ARDEN"),
        embeds=(Embed("nid", "418207"),),
    ),
    "levee-wire-dateline.txt": Expected(
        headline=None,
        gone=("___", "Marlow reported from", "Copyright 2026"),
        changed=(("CEDAR BLUFF, Iowa (AP) — ", ""),),
        dateline=Dateline("CEDAR BLUFF, Iowa", None, "AP"),
        agencies=("AP",),
    ),
    "port-strike-reuters-style.txt": Expected(
        headline="Dockers at Vila Clara port end strike after pay deal",
        gone=("By Ines Prado", "(Reporting by"),
        changed=(("VILA CLARA, Nov 3 (Reuters) - ", ""),),
        dateline=Dateline("VILA CLARA", "Nov 3", "REUTERS"),
        agencies=("REUTERS",),
        authors=("Ines Prado", "Otto Lind"),
    ),
    "bridge-read-more.txt": Expected(
        headline="Footbridge at Tarn Head to open a year early",
        gone=(
            "By Dana Holt", "Published:", "Listen to this", "4 min read", "Advertisement", "READ MORE:", "Image caption",
            "ALSO READ:", "Sign up for our", "Share this", "Follow us", "– with files", "This article was", "© 2026",
        ),
        authors=("Dana Holt",),
        captions=(Caption("The centre span hangs between two cranes above the gorge", None),),
    ),
    "near-misses-that-stay.txt": Expected(
        headline="What the fish market wants from its new regulars",
        changed=(("NETHERBY — ", ""),),
        dateline=Dateline("NETHERBY"),
    ),
    "harvest-us-spelling.txt": Expected(
        headline="Apple growers count the cost of a dry summer",
        gone=("Get the app:", "CLICK HERE"),
        changed=(("HOLLIS, Vt., Nov. 5, 2026 — ", ""),),
        dateline=Dateline("HOLLIS, Vt.", "Nov. 5, 2026"),
    ),
    "tramway-francais.txt": Expected(
        headline="À Montclar, le tramway revient après soixante ans d’absence",
        gone=("Abonnez-vous", "Lire aussi", "© 2026"),
        changed=(("MONTCLAR (AFP) - ", ""),),
        dateline=Dateline("MONTCLAR", None, "AFP"),
        agencies=("AFP",),
    ),
    "seilbahn-windows-1252.txt": Expected(
        headline="Seilbahn am Hohen Rick fährt wieder",
        gone=("Lesen Sie auch",),
        changed=(("HOHENRICK (dpa) - ", ""),),
        dateline=Dateline("HOHENRICK", None, "DPA"),
        agencies=("DPA",),
    ),
}  # fmt: skip


def draft_of(name: str) -> Draft:
    text, _ = decode((TEXTS / name).read_bytes())
    return read_text(text, source_uri=f"file:///{name}")


@pytest.fixture(scope="module")
def edited() -> Callable[[str], Edited]:
    desk = Desk()
    return lambda name: desk.edit(draft_of(name))


def test_every_text_example_has_its_expectation() -> None:
    assert set(EXPECTED) == {path.name for path in TEXTS.iterdir()}


@pytest.mark.parametrize("name", EXPECTED)
def test_the_story_is_what_is_left(name: str, edited: Callable[[str], Edited]) -> None:
    expected = EXPECTED[name]
    draft = draft_of(name)
    lines = [draft.raw[block.start : block.end] for block in draft.blocks]
    if expected.headline:
        assert lines.pop(0) == expected.headline
    for opening in expected.gone:
        lines.remove(next(line for line in lines if line.startswith(opening)))
    story = "\n\n".join(lines)
    for old, new in expected.changed:
        assert story.count(old) == 1
        story = story.replace(old, new)
    assert edited(name).text == story


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_taken_out_is_in_its_column(name: str, edited: Callable[[str], Edited]) -> None:
    expected, found = EXPECTED[name], edited(name)
    assert found.headline == expected.headline
    assert found.standfirst == expected.standfirst
    assert found.dateline == expected.dateline
    assert found.agencies == expected.agencies
    assert found.authors == expected.authors
    assert found.captions == expected.captions
    assert found.embeds == expected.embeds


@pytest.mark.parametrize("name", EXPECTED)
def test_nothing_is_lost(name: str, edited: Callable[[str], Edited]) -> None:
    """The cuts give back the raw text to the letter, and with the story they make up all of it."""
    raw, found = draft_of(name).raw, edited(name)
    covered = [False] * len(raw)
    for cut in found.cuts:
        assert raw[cut.start : cut.start + cut.length] == cut.text
    spans = [(cut.start, cut.start + cut.length) for cut in found.cuts]
    for start, end in [*spans, *(span for paragraph in found.paragraphs for span in paragraph.spans)]:
        assert not any(covered[start:end])
        covered[start:end] = [True] * (end - start)
    assert all(seen or letter.isspace() for seen, letter in zip(covered, raw, strict=True))


# What each file's respelling must be, word by word: the words that are British go to en-US, the American to en-GB.
# What is not here must not change: names, quoted file names and addresses, senses, other languages.
BRITISH = {
    "ferry-standfirst-twice.txt": "harbour>harbor honoured>honored metres>meters programme>program",
    "observatory-cms-token.txt": (
        "catalogued>cataloged co-operation>cooperation co-ordinated>coordinated grey>gray neighbours>neighbors "
        "organised>organized programme>program programmes>programs"
    ),
    "port-strike-reuters-style.txt": "licence>license programme>program",
    "bridge-read-more.txt": (
        "centre>center coloured>colored grey>gray metres>meters programme>program travelled>traveled"
    ),
    "near-misses-that-stay.txt": "labelled>labeled programme>program",
}
AMERICAN = {
    "ferry-standfirst-twice.txt": "program>programme",
    "observatory-cms-token.txt": "co-operation>cooperation co-ordinated>coordinated",  # closed in every variety
    "levee-wire-dateline.txt": (
        "canceled>cancelled color>colour labored>laboured neighbors>neighbours organizers>organisers "
        "program>programme traveled>travelled"
    ),
    "harvest-us-spelling.txt": (
        "analyzes>analyses canceled>cancelled catalog>catalogue center>centre color>colour favors>favours "
        "flavor>flavour gray>grey honored>honoured labor>labour neighbor>neighbour program>programme"
    ),
}


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize(("variety", "words"), [("en-US", BRITISH), ("en-GB", AMERICAN)])
def test_the_words_that_change_are_these(name: str, variety: str, words: dict[str, str]) -> None:
    article = Editor("0", spelling=variety).edit(draft_of(name))
    assert " ".join(f"{change.old}>{change.new}" for change in article.respelled) == words.get(name, "")


def test_names_and_addresses_keep_their_spelling() -> None:
    story = Editor("0", spelling="en-US").edit(draft_of("near-misses-that-stay.txt")).text
    for kept in [
        "Netherby Co-operative",
        "netherby-market.example/programme/colour",
        "colour_chart-2026.txt",
        "co-op's",
    ]:
        assert kept in story
    story = Editor("0", spelling="en-GB").edit(draft_of("harvest-us-spelling.txt")).text
    for kept in ["Pearl Harbor", "Hollis Labor Center", "meter readings", "a check from"]:
        assert kept in story
