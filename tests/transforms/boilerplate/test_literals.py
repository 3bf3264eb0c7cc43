"""The literals worked out for a pattern stand in everything that it matches."""

from __future__ import annotations

import pytest

from copydesk.transforms.boilerplate.lines import fold
from copydesk.transforms.boilerplate.literals import Literal, literals
from copydesk.transforms.boilerplate.rules import Rule, default_rules


def folded(*texts: str) -> set[Literal]:
    return {Literal(text, False) for text in texts}


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("appeared first on", folded("appeared first on")),
        ("Photo(?:s|graph)?: ", folded("photo: ", "photos: ", "photograph: ")),
        ("(?:edited|written) ?by\\b.*", folded("edited by", "editedby", "written by", "writtenby")),
        (".* contributed (?:\\w+ ){0,4}to", folded(" contributed ")),
        ("[(\\[]image|click", folded("(image", "[image", "click")),
        ("(?:harbour)+ news", folded("harbour")),
        ("(?P<name>.*)/ ?(?-i:Reuters|AFP)", {Literal(f"/{gap}{name}", True) for gap in ("", " ") for name in ("Reuters", "AFP")}),
        ("via (?-i:Reuters)", folded("via reuters")),
        ("(?i)Click\\.", folded("click.")),
        ("\\bpermission\\b$", folded("permission")),
        ("trademark|", None),
        ("trademark|.*", None),
        ("(?:trademark)?", None),
        ("(?:trademark){0,2}", None),
        ("is|was", None),
        ("\\p{Lu}\\x41\\d[^a][a-z]", None),
        ("\\Qtrademark\\E", None),
        ("trademark)", None),
    ],
)  # fmt: skip
def test_literals(pattern: str, needed: set[Literal] | None) -> None:
    assert literals(pattern) == needed


def test_case_as_the_rule_has_it() -> None:
    assert literals("REUTERS", cased=True) == {Literal("REUTERS", True)}
    assert literals("(?i:reuters)", cased=True) == folded("reuters")


@pytest.mark.parametrize("rule", [rule for rule in default_rules() if rule.trigger], ids=lambda rule: rule.id)
def test_a_literal_stands_in_each_example(rule: Rule) -> None:
    needed = literals(rule.trigger)
    for example in rule.match if needed is not None else ():
        text = fold(" ".join(example.split()))
        assert any(word.text in (text if word.cased else text.lower()) for word in needed or ())
