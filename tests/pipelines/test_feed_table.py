"""The table of feeds."""

from __future__ import annotations

import pytest
from rich.console import Console

from copydesk.pipelines.feed_table import span, table
from copydesk.transforms.polling import Remembered

NOW = 1_790_000_000
FEEDS = [
    Remembered("https://a.example/[red]feed", next_poll=NOW + 7200, last_success=NOW - 60, new={"2026-09-21": 14}),
    Remembered("https://b.example/feed", next_poll=NOW - 1, errors=3, error="timeout: more than 30 s"),
    Remembered(
        "https://c.example/feed", gone=True, errors=1, error="410: gone for good", moved_to="https://d.example/"
    ),
]


@pytest.mark.parametrize("width", [80, 200])
def test_the_table_shows_each_feed_and_those_with_faults_first(width: int) -> None:
    console = Console(width=width)
    with console.capture() as captured:
        console.print(table(FEEDS, NOW))
    shown = captured.get()
    assert shown.index("b.example") < shown.index("c.example") < shown.index("a.example")
    for words in (
        "https://a.example/[red]feed",
        "1 min ago",
        "in 2 h",
        "2.0",
        "never: gone",
        "due",
        "timeout: more than 30 s",
    ):
        assert words in shown


@pytest.mark.parametrize(("seconds", "words"), [(0, "0 s"), (-5, "0 s"), (59, "59 s"), (3600, "1 h"), (200_000, "2 d")])
def test_spans_are_in_their_largest_unit(seconds: int, words: str) -> None:
    assert span(seconds) == words
