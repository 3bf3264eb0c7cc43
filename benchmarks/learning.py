"""How much of the noise of a house's pages is found by counting its lines alone.

    python benchmarks/learning.py [--data ../shared/data/pages] [--pages 3]

The pages of fundus whose publisher has so many of them, once as the page reader finds the story and once as all the
text of the page, menus included, as a crude text extractor gives it; with and without the line rules, with and without
learning from the same pages. Noise lines and covered paragraphs as in `benchmarks/quality.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quality import Page, ParagraphScore, fundus, lines_of, print_row

from copydesk.transforms.boilerplate import Desk
from copydesk.transforms.boilerplate.learnt import count, learn, seen
from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.page import read_page
from copydesk.transforms.text import read_text


def by_house(pages: Sequence[Page], fewest: int) -> dict[str, list[tuple[Page, Draft]]]:
    """The pages that can be read, of the publishers with at least so many."""
    houses: defaultdict[str, list[tuple[Page, Draft]]] = defaultdict(list)
    for page in pages:
        try:
            draft = read_page(page.html, source_uri=page.name)
        except Reject:
            continue
        houses[page.name.split("_20")[0]].append((page, draft))
    return {house: found for house, found in houses.items() if len(found) >= fewest}


def as_text(draft: Draft) -> Draft:
    """All text of a page, a line a paragraph."""
    text = draft.raw.replace("\n", "\n\n")
    return replace(read_text(text, source_uri=draft.source_uri), metadata=draft.metadata)


def score(houses: dict[str, list[tuple[Page, Draft]]], rules: bool, learning: bool) -> ParagraphScore:
    """Edits all pages and scores them."""
    total = ParagraphScore()
    for house, found in houses.items():
        learnt = {house: learn(count(seen(draft, page.name) for page, draft in found))} if learning else {}
        desk = Desk(None if rules else (), keep={"dateline"}, cut={"social_post", "list"}, learnt=learnt)
        for page, draft in found:
            total.add(page, lines_of(desk.edit(draft, house).text))
    return total


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 where the set is not there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "pages")
    parser.add_argument("--pages", type=int, default=3, help="fewest pages of a publisher (3)")
    options = parser.parse_args(arguments)
    if not (options.data / "fundus").is_dir():
        print(f"fundus is not in {options.data}")
        return 1
    read = by_house(list(fundus(options.data)), options.pages)
    texts = {house: [(page, as_text(draft)) for page, draft in found] for house, found in read.items()}
    print(f"{sum(map(len, read.values()))} pages of {len(read)} publishers\n")
    print_row("", ["paragraph F1", "P", "R", "noise", "covered", "perfect"], header=True)
    for title, houses in (("story", read), ("all text", texts)):
        for rules in (False, True):
            for learning in (False, True):
                name = title + ", rules" * rules + ", learning" * learning
                print_row(name, score(houses, rules, learning).row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
