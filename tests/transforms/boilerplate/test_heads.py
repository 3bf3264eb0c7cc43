"""The beginnings worked out for a pattern are those of everything that it matches."""

from __future__ import annotations

import pytest
import re2

from copydesk.transforms.boilerplate.heads import FEW, LONGEST, heads
from copydesk.transforms.boilerplate.lines import fold
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.rules import Rule, default_rules, options


@pytest.mark.parametrize(
    ("pattern", "begin"),
    [
        ("share this", {"share this"}),
        ("Share(?:d|s)? it", {"share it", "shared it", "shares it"}),
        ("(?:a|b)c|d.*", {"ac", "bc", "d"}),
        ("^(?:photo|pic)s?$", {"photo\n", "photos\n", "pic\n", "pics\n"}),
        ("[(\\[]?by", {"by", "(by", "[by"}),
        ("(?P<name>x)?\\.y", {"x.y", ".y"}),
        ("(?i:A)(?-i:B)", {"ab"}),
        ("a{2}b", {"aa", "ab"}),
        ("(?:ab)+c", {"abc", "abab"}),
        ("(?:ab)*c", {"c", "abc", "abab"}),
        ("a{0,3}b", {"b", "ab", "aa"}),
        ("a(?:.*b)?c", {"a"}),
        ("\\bx\\B?y", {"xy"}),
        ("a\\x41", {"a"}),
        ("\\Qa.b\\E", None),
        ("\\d+", set("0123456789")),
        ("[\\d:]x", {*"0123456789:"}),
        ("[^a]b", None),
        ("\\p{Lu}b", None),
        (".*b", None),
        ("a?", None),
        ("(?:a|)b", {"ab", "b"}),
        ("0123456789abcdefgh", {"0123456789abcd"}),
        ("a)b", None),
        ("(a", None),
    ],
)
def test_heads(pattern: str, begin: set[str] | None) -> None:
    found = heads(pattern)
    assert found == begin if begin is None else found == frozenset(begin)


def test_too_many_beginnings_are_made_shorter() -> None:
    words = [f"{one}{two}z" for one in "abcdefghijklmnopqrst" for two in "0123456789xyzuvw"]
    found = heads("|".join(words))
    assert found is not None
    assert len(found) <= FEW
    assert all(any(word.startswith(head) for head in found) for word in words)


@pytest.mark.parametrize("rule", default_rules(), ids=lambda rule: rule.id)
def test_each_example_begins_as_its_rule_says_and_is_found_in_a_story(rule: Rule) -> None:
    begin = heads(rule.anchored) if not rule.trigger and rule.where in ("line", "start") else None
    matcher = Matcher([rule])
    for text in map(fold, rule.match):
        line = (text[:LONGEST] + "\n").lower()
        assert begin is None or any(line.startswith(head) for head in begin), text
        assert 1 in matcher.suspects(f"The quay is closed.\n{text}\nThe ferries are not."), text


def test_a_pattern_that_begins_with_anything_is_found_without_a_trigger() -> None:
    rules = [Rule("x.any", "share", ".+ button"), Rule("x.end", "share", " tail", where="end")]
    matcher = Matcher(rules)
    assert list(matcher.suspects("The quay.\nA red button\nA long tail\nNothing")) == [1, 2]
    assert re2.compile(rules[0].anchored, options()).search("A red button")
