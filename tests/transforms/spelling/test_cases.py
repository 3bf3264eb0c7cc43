"""Sentences from the news and labels of programs, in our own words, with what each variety makes of them."""

from pathlib import Path

import pytest

from copydesk.transforms.spelling import Speller
from copydesk.transforms.spelling.speller import rebuild

TABLES = [Path(__file__).with_name(name) for name in ("cases.tsv", "labels.tsv")]


def cases() -> list[tuple[str, str, str]]:
    found = []
    for line in "\n".join(table.read_text(encoding="utf-8") for table in TABLES).splitlines():
        if line and not line.startswith("#"):
            variety, given, wanted = line.split("\t")
            found.append((variety, given, given if wanted == "=" else wanted))
    return found


def test_there_are_enough_of_them() -> None:
    assert len(cases()) >= 300
    assert sum(given == wanted for _, given, wanted in cases()) >= 100


@pytest.mark.parametrize(("variety", "given", "wanted"), cases())
def test_case(variety: str, given: str, wanted: str) -> None:
    speller = Speller(variety)
    respelling = speller.apply(given)
    assert respelling.text == wanted
    assert rebuild(given, respelling.changes) == wanted
    assert speller.apply(wanted).text == wanted
