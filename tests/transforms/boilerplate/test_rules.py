"""Rule files: every rule does what its examples say, and a wrong file is told in words."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.transforms.boilerplate import Desk, Rule, load_rules
from copydesk.transforms.boilerplate.lines import fold, line_of
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.rules import default_rules
from copydesk.transforms.draft import Draft

RULES = default_rules()
MATCHER = Matcher(RULES)

STORY = [
    "The port of Porto Alto will close its oldest quay to cars in May, the first such closure since the war.",
    "Residents had asked for it for years, and the council voted on the plan twice before it found a majority.",
    "Shops on the quay say that four in ten of their customers come by car, and that few of those would walk.",
    "A study by the university put the loss at 3 percent of sales in the first year and none after that year.",
    "The harbour master wants the ferries to berth there again, as they did until the silt came in the nineties.",
    "Dredging would cost 12 million euros, a sum that the town does not have and that nobody else will lend it.",
    "Fishermen have used the quay since the new basin was built, and they would have to move to the east as well.",
    "Their cooperative has asked for two berths in the east and a cold store, and the council has not said no yet.",
]


def hit(rule: Rule, text: str) -> bool:
    if rule.where == "token":
        return RULES.index(rule) in MATCHER.token_rules(fold(text), None, None)
    return RULES.index(rule) in MATCHER.hits(line_of(text), None, None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_matches_its_examples_and_not_its_near_misses(rule: Rule) -> None:
    assert [text for text in rule.match if not hit(rule, text)] == []
    assert [text for text in rule.near_miss if hit(rule, text)] == []


@pytest.mark.parametrize("rule", [rule for rule in RULES if rule.where == "line"], ids=lambda rule: rule.id)
def test_each_example_is_cut_out_of_a_story_and_the_story_is_left_whole(
    rule: Rule, desk: Desk, draft_of: Callable[..., Draft], covered: Callable[..., None]
) -> None:
    for text in rule.match:
        lines = list(STORY)
        place = {"anywhere": 4, "top": 0, "end": 8}[rule.near]
        lines.insert(place, text)
        draft = draft_of("\n\n".join(lines), headline="Quay closes")
        edited = desk.edit(draft)
        covered(draft, edited)
        assert [paragraph.text for paragraph in edited.paragraphs] == STORY


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_near_misses_stay_in_a_story(rule: Rule, desk: Desk, draft_of: Callable[..., Draft]) -> None:
    for text in rule.near_miss:
        lines = [*STORY[:4], text, *STORY[4:]]
        edited = desk.edit(draft_of("\n\n".join(lines), headline="Quay closes"))
        assert [paragraph.text for paragraph in edited.paragraphs] == lines


def test_rule_ids_are_unique_and_every_kind_that_matters_has_a_rule() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    wanted = (
        "newsletter app_prompt follow share read_more see_more photo_credit caption video_prompt advertisement paywall "
        "support_us comment_prompt correction contributed wire_note sign_off copyright syndication affiliate timestamp "
        "print_trailer embed feed_tail agency byline author_bio disclaimer reader_callout player markup topics divider"
    )
    assert set(wanted.split()) <= {rule.kind for rule in RULES}


def test_a_cut_in_the_middle_of_a_story_does_not_depend_on_its_number_of_rules(
    draft_of: Callable[..., Draft],
) -> None:
    extra = [Rule(f"extra.{n}", "share", f"word{n} button", match=(f"word{n} button",)) for n in range(500)]
    desk = Desk([*RULES, *extra])
    edited = desk.edit(draft_of("\n\n".join([*STORY, "word77 button"])))
    assert [cut.rule for cut in edited.cuts] == ["extra.77"]


HOUSE_RULES = """
[[rule]]
id = "harbour.tide-table"
kind = "see_more"
house = ["harbour.example"]
pattern = 'Tide table for {{name}}'
match = ["Tide table for Porto Alto"]
near_miss = ["Tide tables are printed on page 4."]

[[rule]]
id = "harbour.keep-photo-of-the-day"
kind = "photo_credit"
action = "keep"
pattern = 'Photo: a word .+'
match = ["Photo: a word from the Greek"]
near_miss = []

[[rule]]
id = "harbour.german-only"
kind = "follow"
languages = ["de"]
pattern = 'die hafenpost'
match = ["Die Hafenpost"]
near_miss = []
"""


def test_own_rules_go_before_those_of_the_package(tmp_path: Path, draft_of: Callable[..., Draft]) -> None:
    file = tmp_path / "house.toml"
    file.write_text(HOUSE_RULES, "utf-8")
    rules = load_rules([file])
    assert [rule.id for rule in rules[:3]] == [
        "harbour.tide-table",
        "harbour.keep-photo-of-the-day",
        "harbour.german-only",
    ]
    desk = Desk(rules)
    lines = [*STORY, "Tide table for Porto Alto", "Photo: a word from the Greek", "Die Hafenpost"]

    def cut(**metadata: str) -> set[str]:
        return {one.rule for one in desk.edit(draft_of("\n\n".join(lines), **metadata)).cuts}

    assert cut() == {"harbour.german-only"}
    assert cut(language="en-GB") == set()
    assert cut(language="de-AT") == {"harbour.german-only"}
    assert cut(house="harbour.example", language="en") == {"harbour.tide-table"}
    assert cut(house="www.harbour.example", language="en") == {"harbour.tide-table"}
    assert cut(house="otherharbour.example", language="en") == set()
    assert "credit.label" in {one.rule for one in Desk().edit(draft_of("\n\n".join(lines))).cuts}


def test_a_rule_of_the_package_can_be_replaced_and_put_out_of_force(
    tmp_path: Path, draft_of: Callable[..., Draft]
) -> None:
    file = tmp_path / "house.toml"
    file.write_text(
        """disable = ["share.this"]
[[rule]]
id = "divider.signs"
kind = "divider"
pattern = '~ ~ ~'
match = ["~ ~ ~"]
near_miss = ["___"]
""",
        "utf-8",
    )
    desk = Desk(load_rules([file]))
    edited = desk.edit(draft_of("\n\n".join([*STORY, "___", "Share this article", "~ ~ ~"])))
    assert [cut.text for cut in edited.cuts] == ["~ ~ ~"]
    assert desk.version != Desk().version
    assert Desk(load_rules([file])).version == desk.version
    assert Desk(keep={"dateline"}).version != Desk().version


def rule_text(**changes: str) -> str:
    keys = {"id": '"x.y"', "kind": '"share"', "pattern": "'share me'", "match": '["share me"]', "near_miss": "[]"}
    return "[[rule]]\n" + "\n".join(f"{k} = {v}" for k, v in {**keys, **changes}.items() if v)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]\n", "not valid TOML"),
        ("rules = 4", "unknown table 'rules'"),
        ("rule = 4", "two brackets"),
        ("[rule]\nid = 'x'", "two brackets"),
        ("disable = 'x'", "list of rule ids"),
        ('disable = ["no.such"]', "no.such"),
        (rule_text(id='"Bad Id"'), "needs an `id`"),
        (rule_text(kind='"nonsense"'), "(x.y): kind is 'nonsense'; it must be one of"),
        (rule_text(kind=""), "needs a `kind`"),
        (rule_text(where='"middle"'), "where is 'middle'"),
        (rule_text(where='["line"]'), "where is ['line']"),
        (rule_text(action='"field"'), "action 'field' has no column for kind 'share'"),
        (rule_text(colour='"red"'), "unknown key 'colour'"),
        (rule_text(max_words="0"), "max_words must be 1 to"),
        (rule_text(max_words="true"), "whole number"),
        (rule_text(languages='"en"'), "languages must be a list"),
        (rule_text(match="[]"), "needs `match`"),
        (rule_text(near_miss=""), "needs `near_miss`"),
        (rule_text(pattern=""), "needs a `pattern`"),
        (rule_text(pattern="'(?=x)y'"), "not a valid RE2 pattern"),
        (rule_text(pattern="'(share'"), "not a valid RE2 pattern"),
        (rule_text(pattern="'(share )?'"), "matches an empty line"),
        (rule_text(pattern="'{{nobody}}'"), "unknown macro {{nobody}}"),
        (rule_text(pattern="4"), "pattern must be a string"),
        (rule_text(match='["share you"]'), "does not match its example 'share you'"),
        (rule_text(near_miss='["share me"]'), "matches its near miss 'share me'"),
        (rule_text(trigger="'like'"), "trigger is not found in the example 'share me'"),
        (rule_text() + "\n" + rule_text(), "two rules have the id"),
        ("[macros]\nx = 4", "must map names to patterns"),
        ("[macros]\nx = '('\n" + rule_text(pattern="'{{x}}'"), "not a valid RE2 pattern"),
    ],
)
def test_a_wrong_rule_file_is_told_in_one_clear_error(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "house.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r".") as caught:
        load_rules([file])
    assert says in str(caught.value)
    assert "house.toml" in str(caught.value) or "disable" in text


def test_a_rule_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be read"):
        load_rules([tmp_path / "absent.toml"])
    (tmp_path / "latin.toml").write_bytes(b"# \xe9")
    with pytest.raises(ValueError, match="UTF-8"):
        load_rules([tmp_path / "latin.toml"])


def test_a_desk_can_be_pickled_before_and_after_use(desk: Desk, draft_of: Callable[..., Draft]) -> None:
    draft = draft_of("\n\n".join(["LISBON - " + STORY[0], *STORY[1:], "Share this article"]))
    fresh = pickle.loads(pickle.dumps(Desk()))
    used = pickle.loads(pickle.dumps(desk))
    assert fresh.edit(draft) == used.edit(draft) == desk.edit(draft)
    assert fresh.version == used.version == desk.version
