"""The examples of a rule are part of it: it does to them what it says."""

from __future__ import annotations

import re2

from copydesk.transforms.boilerplate.lines import fold, line_of
from copydesk.transforms.boilerplate.matcher import Matcher
from copydesk.transforms.boilerplate.rules import Rule, options


def check_examples(rule: Rule, at: str) -> None:
    """Checks that a rule matches all its examples and none of its near misses.

    Args:
        rule: The rule.
        at: Where it was read, for the message.

    Raises:
        ValueError: It does not. The message names the example and says what to do.
    """
    matcher = Matcher([rule])
    trigger = re2.compile(rule.trigger, options(case=False)) if rule.trigger else None
    house = rule.house[0] if rule.house else None

    def found(text: str) -> bool:
        if rule.where == "token":
            return bool(matcher.token_rules(fold(text), None, house))
        return bool(matcher.hits(line_of(text), None, house))

    for text in rule.match:
        if trigger is not None and not trigger.search(fold(text)):
            raise ValueError(f"{at}: the trigger is not found in the example {text!r}; it must stand in every line")
        if not found(text):
            raise ValueError(f"{at}: the rule does not match its example {text!r}; mend one of them")
    for text in rule.near_miss:
        if found(text):
            raise ValueError(f"{at}: the rule matches its near miss {text!r}; make the pattern narrower")
