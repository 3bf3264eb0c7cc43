"""Shows an explained story to a person: in the terminal with the cuts struck through, or as a page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from copydesk.schemas.article import Article
from copydesk.transforms.explain import RESPELLED, Explained, Mark

LONG_CUT: Final = 240
"""Code points of a cut that the terminal shows; a page's furniture can be longer than its story."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def to_terminal(story: Explained, console: Console) -> None:
    """Prints a story with its marks, then its fields.

    Where the console has no colours, the marks are those of a word diff: `[-cut-]{kind: rule}` and `[-old-]{+new+}`.
    """
    console.rule(Text(story.source_uri, overflow="ellipsis"), align="left")
    text = Text()
    for run in story.runs():
        if isinstance(run, str):
            text.append(run)
        else:
            _append(text, run, plain=console.color_system is None)
    console.print(text, soft_wrap=True)
    if story.refused is not None:
        console.print(Text(f"refused: {story.refused}", style="bold red"))
    table = Table(box=None, show_header=False, padding=(0, 1))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in fields_of(story.article) if story.article else ():
        table.add_row(name, Text(value))
    console.print(table)


def _append(text: Text, mark: Mark, *, plain: bool) -> None:
    shown = mark.text if len(mark.text) <= LONG_CUT else _shortened(mark.text)
    if mark.new is None:
        text.append(f"[-{shown}-]" if plain else shown, style="red strike")
        text.append(f"{{{mark.kind}: {mark.rule}}}", style="red dim")
    else:
        text.append(f"[-{shown}-]" if plain else shown, style="red strike")
        text.append(f"{{+{mark.new}+}}" if plain else f" {mark.new}", style="bold green")


def _shortened(words: str) -> str:
    half = LONG_CUT // 2
    return f"{words[:half]} [... {len(words) - 2 * half:,} more ...] {words[-half:]}"


def fields_of(article: Article) -> Iterator[tuple[str, str]]:
    """What was taken out into columns of its own, as (column, words); columns without a value are left out."""
    dateline = article.dateline
    place = ", ".join(part for part in (dateline.place, dateline.date, dateline.agency) if part) if dateline else None
    for name, values in (
        ("headline", [article.headline]),
        ("standfirst", [article.standfirst]),
        ("authors", article.authors),
        ("dateline", [place]),
        ("agencies", article.agencies),
        ("captions", [" | ".join(filter(None, (one.text, one.credit))) for one in article.captions]),
        ("topics", article.topics),
        ("embeds", [" ".join(filter(None, (embed.kind, embed.ref))) for embed in article.embeds]),
        ("house", [article.house]),
        ("url", [article.url]),
        ("published_at", [_moment(article.published_at)]),
        ("language", [article.language]),
        ("respelled", [f"{one.old} → {one.new} ({one.count})" for one in article.respelled]),
    ):
        words = "\n".join(filter(None, values)) if name == "captions" else ", ".join(filter(None, values))
        if words:
            yield name, words


def _moment(microseconds: int | None) -> str | None:
    return None if microseconds is None else (_EPOCH + timedelta(microseconds=microseconds)).isoformat()


_STYLE: Final = """
body { font: 16px/1.5 Georgia, serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1f2328 }
pre { font: inherit; white-space: pre-wrap; overflow-wrap: anywhere }
del { color: #b42318; background: #fef3f2 } ins { color: #067647; font-weight: 600; text-decoration: none }
small { font: 11px system-ui, sans-serif; color: #b42318 } h2 { font: 600 14px system-ui, sans-serif; color: #475467 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font: 14px system-ui, sans-serif }
dt { color: #175cd3 } dd { margin: 0; white-space: pre-line }
"""


def to_page(stories: Iterable[Explained]) -> str:
    """The stories as one HTML page that needs nothing else."""
    parts = [
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>copydesk explain</title><style>{_STYLE}</style>'
    ]
    for story in stories:
        parts.append(f"<h2>{escape(story.source_uri)}</h2>\n<pre>{''.join(map(_html_of, story.runs()))}</pre>")
        if story.refused is not None:
            parts.append(f"<p><small>refused: {escape(story.refused)}</small></p>")
        if story.article is not None:
            rows = (f"<dt>{name}</dt><dd>{escape(words)}</dd>" for name, words in fields_of(story.article))
            parts.append(f"<dl>{''.join(rows)}</dl>")
    return "\n".join(parts) + "\n</html>\n"


def _html_of(run: str | Mark) -> str:
    if isinstance(run, str):
        return escape(run)
    gone = f'<del title="{escape(run.kind)}: {escape(run.rule)}">{escape(run.text)}</del>'
    return gone + (
        f"<small> {escape(run.kind)} </small>" if run.kind != RESPELLED else f" <ins>{escape(run.new or '')}</ins>"
    )
