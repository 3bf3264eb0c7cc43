"""Finding the lines that are worth a look always gets on, wherever a trigger stands."""

from __future__ import annotations

from copydesk.transforms.boilerplate import Desk
from copydesk.transforms.text import read_text


def test_a_trigger_that_begins_with_the_break_of_a_line_does_not_hold_the_search_up() -> None:
    lines = [
        "The gate opened on Monday, the keeper said.",
        "",
        " (Reporting by A. Keeper; Editing by B. Porter)",
        "REUTERS",
    ]
    for text in ("\n".join(lines), "\n \n".join(lines * 50), "\n\n\n".join(reversed(lines))):
        edited = Desk().edit(read_text(text, source_uri="a"))
        assert "The gate opened" in edited.text
