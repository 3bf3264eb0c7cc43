"""What is learnt of a house: from different stories alone, with evidence enough, and cut with its counts."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.boilerplate import Desk
from copydesk.transforms.boilerplate.learnt import Counts, count, form_of, is_same_story, learn, seen
from copydesk.transforms.draft import Block, Draft

WORDS = (
    "harbour quay ferry council mayor tide winter market bridge island school museum captain vote budget river stone "
    "window garden letter engine summer doctor bakery tunnel forest village station teacher poem orchard signal"
).split()


def sentences(seed: int, number: int = 6) -> list[str]:
    """Running text that no other seed gives."""
    chance = random.Random(seed)
    return [" ".join(chance.choices(WORDS, k=18)).capitalize() + "." for _ in range(number)]


def draft(*lines: str) -> Draft:
    blocks = []
    position = 0
    for line in lines:
        blocks.append(Block("paragraph", position, position + len(line)))
        position += len(line) + 1
    return Draft("x", "text/plain", "\n".join(lines), tuple(blocks))


def test_lines_alike_but_for_digits_case_and_space_have_one_form() -> None:
    assert form_of("Page  12 of “the Post”") == form_of('page 7 OF "the post"') == 'page 0 of "the post"'
    assert form_of("12 / 7") is None
    assert form_of("word " * 100) is None


def test_a_line_in_many_stories_is_learnt_with_its_counts() -> None:
    tail = "Tide tables for {} May by the harbour office"
    counts = learn(count(seen(draft(*sentences(n), tail.format(n)), f"a{n}") for n in range(8)))
    assert counts == Counts(8, {"tide tables for 0 may by the harbour office": 8})


def test_copies_and_revisions_are_one_story() -> None:
    story = sentences(1, 12)
    tail = "Tide tables by the harbour office"
    copies = [seen(draft(*story, tail), "a"), seen(draft(*story[:4], *sentences(2), tail), "a")]
    copies += [seen(draft(*story[:11], "A last word.", tail), f"b{n}") for n in range(5)]
    others = [seen(draft(*sentences(n), "Another end of it"), f"c{n}") for n in range(10, 13)]
    assert count(copies) == Counts(1, dict.fromkeys({form for one in copies for form in one.forms}, 1))
    assert tail.lower() not in learn(count([*copies, *others])).lines
    assert not is_same_story(others[0], others[1])


def test_the_order_of_the_articles_does_not_matter() -> None:
    articles = [seen(draft(*sentences(n // 3), f"Line {n} of the house"), f"a{n % 7}") for n in range(30)]
    shuffled = articles[:]
    random.Random(7).shuffle(shuffled)
    assert count(articles) == count(shuffled)


@pytest.mark.parametrize(
    ("line", "stories", "learnt"),
    [
        ("Sign the book of the harbour", 2, False),
        ("Sign the book of the harbour", 3, True),
        ("Conclusion", 4, False),
        ("Conclusion", 6, True),
        ("Harbour News »", 3, True),
        ("The war began in May when boats from the north took the island and its only port.", 4, False),
        ("Help us at https://harbour.example and read all of our stories about boats and ports.", 3, True),
    ],
)
def test_what_may_be_prose_or_a_heading_needs_more_evidence(line: str, stories: int, learnt: bool) -> None:
    articles = [seen(draft(*sentences(n), *([line] if n < stories else [])), f"a{n}") for n in range(12)]
    assert (form_of(line) in learn(count(articles)).lines) is learnt


MENU = ("Home", "News", "Sport", "Boats")


@pytest.mark.parametrize(
    ("menu", "stories", "learnt"), [(MENU, 6, True), (MENU, 5, False), (MENU[:2], 6, False), (MENU[:3], 6, True)]
)
def test_short_lines_in_a_row_are_a_menu(menu: tuple[str, ...], stories: int, learnt: bool) -> None:
    articles = [seen(draft(*(menu if n < stories else ()), *sentences(n)), f"a{n}") for n in range(12)]
    lines = learn(count(articles)).lines
    assert ("home\nnews" in lines) is learnt
    assert ("home" in lines) is (stories == 6)


def test_the_lines_of_a_menu_are_cut_where_they_stand_in_a_row(draft_of: Callable[..., Draft]) -> None:
    known = {"harbour.example": Counts(40, {"home\nnews": 30, "news\nsport": 29})}
    story = sentences(5)
    raw = "\n\n".join(["Home", "News", "Sport", *story[:3], "Sport", *story[3:]])
    edited = Desk(learnt=known).edit(draft_of(raw, house="harbour.example", headline="Quay closes"))
    assert edited.text == "\n\n".join([*story[:3], "Sport", *story[3:]])
    assert [cut.rule for cut in edited.cuts] == ["learnt.30-of-40", "learnt.30-of-40", "learnt.29-of-40"]


def test_of_two_stories_nothing_is_learnt() -> None:
    assert learn(count(seen(draft(*sentences(n), "The end of the page here"), f"a{n}") for n in range(2))).lines == {}


def test_the_desk_cuts_what_it_learnt_of_the_house_and_says_so(
    draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    known = {"harbour.example": Counts(40, {"tide tables for 0 may": 12, "we like boats": 31})}
    story = sentences(3)
    raw = "\n\n".join(["We like boats", *story[:3], "Tide tables for 3 May", *story[3:], "We like cars"])
    desk = Desk(learnt=known)
    text = draft_of(raw, house="harbour.example", headline="Quay closes")
    edited = desk.edit(text)
    covered(text, edited)
    assert [(cut.kind, cut.rule, cut.text) for cut in edited.cuts] == [
        ("house_line", "learnt.31-of-40", "We like boats"),
        ("house_line", "learnt.12-of-40", "Tide tables for 3 May"),
    ]
    assert desk.edit(draft_of(edited.text, house="harbour.example", headline="Quay closes")).cuts == ()
    assert desk.edit(draft_of(raw, headline="Quay closes"), "harbour.example").cuts == edited.cuts
    assert desk.edit(draft_of(raw, house="other.example", headline="Quay closes")).cuts == ()
    kept = Desk(learnt=known, keep={"house_line"}).edit(text)
    assert kept.cuts == ()
    assert kept.text == raw
    assert len({desk.version, Desk().version, Desk(learnt={"harbour.example": Counts(40, {"x y": 12})}).version}) == 3


def test_a_story_made_of_learnt_lines_is_left_alone(draft_of: Callable[..., Draft]) -> None:
    story = sentences(4)
    known = {"harbour.example": Counts(9, {form_of(line) or "": 9 for line in story})}
    text = "\n\n".join([*story, "One line of its own"])
    assert Desk(learnt=known).edit(draft_of(text, house="harbour.example", headline="x")).text == text


@given(st.lists(st.tuples(st.integers(0, 9), st.lists(st.integers(0, 5), max_size=5)), max_size=12))
def test_no_line_is_counted_more_often_than_there_are_stories(chosen: list[tuple[int, list[int]]]) -> None:
    articles = [seen(draft(*(f"Line {'abcdef'[n]} of them" for n in lines)), f"a{key}") for key, lines in chosen]
    counts = count(articles)
    assert counts.stories <= len({key for key, _ in chosen})
    assert all(1 <= number <= counts.stories for number in counts.lines.values())
    assert set(counts.lines) == {form for one in articles for form in one.forms}
