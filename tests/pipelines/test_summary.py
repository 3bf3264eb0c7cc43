"""What a person sees while a run works."""

from __future__ import annotations

import io
from collections import Counter

from rich.console import Console

from copydesk.pipelines.run import Outcome
from copydesk.pipelines.summary import round_line, watcher


def test_a_terminal_shows_how_many_feeds_were_asked_and_a_file_does_not() -> None:
    for terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal, width=80)
        watching = watcher(console, quiet=False)
        for done in (0, 3, 12, 12):
            watching.asked(done, 12)
        assert ("of 12 asked" in shown.getvalue()) is terminal


def test_a_round_of_a_watch_is_a_line() -> None:
    counts = {"documents": 3, "articles": 2, "duplicates": 1, "failures": 0}
    outcome = Outcome("file:///out", ["000002"], ["000001"], counts=Counter(counts))
    committed = "committed 2 articles, 1 duplicate, 0 failures"
    assert round_line(outcome) == f"  finished window 000001 of an earlier run; {committed}"
    outcome = Outcome("file:///out", ["000002"], counts=Counter(counts, documents=4))
    assert round_line(outcome) == f"  {committed}: DOES NOT ADD UP"
    assert round_line(Outcome("file:///out", finished=["7"])) == "  finished window 7 of an earlier run"
