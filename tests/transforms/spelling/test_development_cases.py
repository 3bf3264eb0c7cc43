"""The bar on the development sentences that are kept beside the checkout; skipped where they are absent."""

import json
from collections import Counter
from pathlib import Path

import pytest

from copydesk.transforms.spelling import Speller

CASES = Path(__file__).parents[4] / "shared" / "data" / "spelling_cases.jsonl"


def shares() -> dict[str, float]:
    spellers: dict[str, Speller] = {}
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for line in CASES.read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        speller = spellers.setdefault(case["target_variety"], Speller(case["target_variety"]))
        groups = ["must change" if case["input"] != case["expected"] else "must not change"]
        groups += [g for g, mark in (("names", "neg.name"), ("sense", ".sense")) if mark in case["kind"]]
        for group in groups:
            total[group] += 1
            right[group] += speller.apply(case["input"]).text == case["expected"]
    return {group: right[group] / total[group] for group in total}


@pytest.mark.skipif(not CASES.exists(), reason="the development cases are not beside this checkout")
def test_development_cases_meet_the_bar() -> None:
    reached = shares()
    assert reached["must change"] >= 0.95
    assert reached["must not change"] >= 0.98
    assert reached["names"] >= 0.99
    assert reached["sense"] >= 0.85
