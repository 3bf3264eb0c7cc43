"""How the feeds of an output are, as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable

from rich import box
from rich.table import Table
from rich.text import Text

from copydesk.transforms.polling import Remembered, per_day

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def table(states: Iterable[Remembered], now: int) -> Table:
    """A row for each feed, those with faults first.

    Args:
        states: What is remembered.
        now: The time, seconds since 1970 UTC.
    """
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    made.add_column("feed", overflow="fold")
    for heading in ("last success", "next poll", "new a day", "faults"):
        made.add_column(heading, justify="right", no_wrap=True)
    for state in sorted(states, key=lambda state: (-state.errors, state.url)):
        made.add_row(
            Text(_about(state)),
            f"{span(now - state.last_success)} ago" if state.last_success else "never",
            "never: gone" if state.gone else "due" if state.next_poll <= now else f"in {span(state.next_poll - now)}",
            f"{per_day(state, now):.1f}",
            str(state.errors) if state.errors else "",
            style="red" if state.errors else None,
        )
    return made


def _about(state: Remembered) -> str:
    """Its address, then where it has moved, then what is wrong with it."""
    lines = [state.url, f"now {state.moved_to}" if state.moved_to else "", state.error]
    return "\n  ".join(line for line in lines if line)


def span(seconds: int) -> str:
    """A length of time in its largest unit: `3 h`."""
    size, name = next((unit for unit in _UNITS if seconds >= unit[0]), (1, "s"))
    return f"{max(0, seconds) // size} {name}"
