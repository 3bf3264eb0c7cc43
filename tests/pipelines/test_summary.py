"""What a person sees while a run works."""

from __future__ import annotations

import io

from rich.console import Console

from copydesk.pipelines.summary import watcher


def test_a_terminal_shows_how_many_feeds_were_asked_and_a_file_does_not() -> None:
    for terminal in (True, False):
        shown = io.StringIO()
        console = Console(file=shown, force_terminal=terminal, width=80)
        watching = watcher(console, quiet=False)
        for done in (0, 3, 12, 12):
            watching.asked(done, 12)
        assert ("of 12 asked" in shown.getvalue()) is terminal
