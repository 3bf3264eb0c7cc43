"""What a person sees of a run: a progress bar while it works, and a summary that adds up."""

from __future__ import annotations

import threading
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from copydesk.pipelines.run import Outcome, Watcher


class Bar:
    """A progress bar over the bytes of a window."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("window {task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, name: str, total: int, done: Callable[[], int]) -> None:
        """Shows the bar and keeps it moving until `stop`."""
        self._stop.clear()
        self._progress.start()
        task = self._progress.add_task(name, total=total)
        self._thread = threading.Thread(target=self._follow, args=(task, done), daemon=True)
        self._thread.start()

    def _follow(self, task: TaskID, done: Callable[[], int]) -> None:
        while not self._stop.wait(0.2):
            self._progress.update(task, completed=done())

    def stop(self) -> None:
        """Takes the bar away."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._progress.stop()
        for task in list(self._progress.task_ids):
            self._progress.remove_task(task)


class Line:
    """A line that says how far a round of polls is, while it lasts."""

    def __init__(self, console: Console) -> None:
        self._status = console.status("")

    def asked(self, done: int, due: int) -> None:
        """Shows the line, and takes it away with the last feed."""
        self._status.update(f"feeds: {done:,} of {due:,} asked")
        if done == due:
            self._status.stop()
        elif done == 0:
            self._status.start()


def watcher(console: Console, quiet: bool) -> Watcher:
    """A watcher that shows a bar where there is a terminal, and says what it is told."""

    def say(words: str) -> None:
        console.print(words, highlight=False, markup=False, soft_wrap=True)

    if quiet or not console.is_terminal:
        return Watcher(say=say)
    bar = Bar(console)
    return Watcher(say=say, start=bar.start, stop=bar.stop, asked=Line(console).asked)


def show(outcome: Outcome, console: Console) -> None:
    """Prints the summary of a run."""
    where = shown(outcome.output)
    for window in outcome.finished:
        console.print(f"Finished window {window}, which an earlier run had decided on.", highlight=False)
    if not outcome.windows:
        console.print(f"Nothing new: {_number(outcome.skipped, 'input')} committed already in {where}", soft_wrap=True)
        return
    counts = outcome.counts
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right")
    table.add_column()
    for name, note in (
        ("documents", f"in {_number(len(outcome.inputs), 'input')}" + _already(outcome.skipped)),
        ("articles", _listed(outcome.tallies.get("media_types"))),
        ("duplicates", "the same article and revision, written once" if counts["duplicates"] else ""),
        ("failures", _listed(outcome.tallies.get("failures"))),
    ):
        style = "bold red" if name == "failures" and counts[name] else "bold"
        table.add_row(f"[{style}]{counts[name]:,}[/]", f"{name}  [dim]{note}[/]" if note else name)
    console.print(table)
    console.print(
        f"{counts['documents']:,} = {counts['articles']:,} + {counts['duplicates']:,} + {counts['failures']:,}: "
        + ("adds up" if outcome.adds_up else "[bold red]DOES NOT ADD UP[/]"),
        highlight=False,
    )
    removed = outcome.tallies.get("removed")
    if removed:
        console.print(f"[dim]cut:[/] {_listed(removed)}", highlight=False, soft_wrap=True)
    words = outcome.tallies["respelled"]["words"] if "respelled" in outcome.tallies else 0
    if words:
        console.print(f"[dim]respelled:[/] {_number(words, 'word')}", highlight=False)
    console.print(f"[dim]articles:[/] {where}/articles/**/*.parquet", highlight=False, soft_wrap=True)
    if counts["failures"]:
        console.print(
            f"[dim]failures:[/] {where}/failures/**/*.parquet  [dim](their payloads are kept: copydesk replay)[/]",
            highlight=False,
            soft_wrap=True,
        )


def round_line(outcome: Outcome) -> str:
    """What a round of a watch committed, in a line; "" for nothing."""
    counts = outcome.counts
    parts = [_number(counts[name], name.removesuffix("s")) for name in ("articles", "duplicates", "failures")]
    words = [f"finished window {window} of an earlier run" for window in outcome.finished]
    if outcome.windows:
        words.append(f"committed {', '.join(parts)}" + ("" if outcome.adds_up else ": DOES NOT ADD UP"))
    return "  " + "; ".join(words) if words else ""


def shown(url: str) -> str:
    """A store's URL as a person writes it: a local folder by its path."""
    return unquote(urlsplit(url).path) if url.startswith("file:") else url


def _already(skipped: int) -> str:
    return f"; {_number(skipped, 'input')} committed already" if skipped else ""


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}" + ("" if count == 1 else "s")


def _listed(tally: dict[str, int] | None) -> str:
    pairs = sorted((tally or {}).items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{count:,} {name}" for name, count in pairs)
