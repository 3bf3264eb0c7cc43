"""Draws docs/before-after.svg: one of the examples, marked as the desk and the speller mark it.

`python docs/picture.py` writes it; nothing in it is typed by hand, so it shows what the program does.
"""

from __future__ import annotations

import textwrap
from html import escape
from pathlib import Path

from copydesk.schemas.article import Article
from copydesk.transforms.edit import Editor
from copydesk.transforms.explain import Explained, explain
from copydesk.transforms.text import read_text

FOLDER = Path(__file__).parent
EXAMPLE = FOLDER.parent / "examples/raw/text/ferry-standfirst-twice.txt"
COLUMNS, LINE, LEFT = 92, 19, 24
SHORTEN = 210
"""Code points of a paragraph that are shown."""

STYLE = """
text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; fill: #1f2328; white-space: pre }
.cut { fill: #b42318; text-decoration: line-through } .why { fill: #b42318; font-size: 11px }
.old { fill: #b42318; text-decoration: line-through } .new { fill: #067647; font-weight: 600 }
.head { font-weight: 700; fill: #475467; font-family: system-ui, sans-serif } .name { fill: #175cd3 }
"""

Run = tuple[str, str]
"""A class of the style, and words."""


def runs_of(story: Explained) -> list[list[Run]]:
    """The raw text line by line, blank ones left out, parted into runs by what was done to them."""
    lines: list[list[Run]] = [[]]
    for run in story.runs():
        if isinstance(run, str):
            first, *rest = run.split("\n")
            lines[-1].append(("", first))
            lines += [[("", words)] for words in rest]
        elif run.new is None:
            lines[-1] += [("cut", run.text), ("why", f" {run.kind} ")]
        else:
            lines[-1] += [("old", run.text), ("new", f" {run.new}")]
    return [[run for run in line if run[1]] for line in lines if any(words.strip() for _, words in line)]


def shorten(runs: list[Run]) -> list[Run]:
    """The runs of a line, cut off in the middle where they are long."""
    total = sum(len(words) for _, words in runs)
    if total <= SHORTEN + 60:
        return runs
    head: list[Run] = []
    left = SHORTEN - 70
    for kind, words in runs:
        head.append((kind, words[:left]))
        left -= len(words)
        if left <= 0:
            break
    tail: list[Run] = []
    left = 60
    for kind, words in reversed(runs):
        tail.insert(0, (kind, words[-left:]))
        left -= len(words)
        if left <= 0:
            break
    return [*head, ("", " [...] "), *tail]


def wrapped(runs: list[Run]) -> list[list[Run]]:
    """The runs of a line over as many rows as they need."""
    rows: list[list[Run]] = [[]]
    used = 0
    for kind, words in runs:
        for word in words.replace(" ", "\0 ").split("\0"):
            if used + len(word) > COLUMNS and used:
                rows.append([])
                used = 0
                word = word.lstrip()
            if rows[-1] and rows[-1][-1][0] == kind:
                rows[-1][-1] = (kind, rows[-1][-1][1] + word)
            else:
                rows[-1].append((kind, word))
            used += len(word)
    return rows


def columns_of(article: Article) -> list[tuple[str, str]]:
    """Columns of the row, as the picture shows them."""
    caption = article.captions[0]
    dateline = article.dateline
    return [
        ("headline", article.headline or ""),
        ("standfirst", article.standfirst or ""),
        ("dateline", f"{{place: {dateline.place}}}" if dateline else ""),
        ("captions", f"[{{text: {caption.text}, credit: {caption.credit}}}]"),
        ("agencies", f"[{', '.join(article.agencies)}]"),
        ("text", article.text.replace("\n\n", " ¶ ")),
        ("respelled", ", ".join(f"{change.old} → {change.new} ({change.count})" for change in article.respelled)),
        ("removed", f"{len(article.removed)} cuts: rule, text and place of each"),
    ]


def draw() -> str:
    """The picture."""
    raw = EXAMPLE.read_text(encoding="utf-8")
    story = explain(read_text(raw, source_uri=EXAMPLE.name), Editor("", spelling="en-US"))
    assert story.article is not None
    body: list[str] = []
    y = 30

    def row(runs: list[Run], x: int = LEFT) -> None:
        nonlocal y
        spans = "".join(f'<tspan class="{kind}">{escape(words)}</tspan>' for kind, words in runs)
        body.append(f'<text x="{x}" y="{y}" xml:space="preserve">{spans}</text>')
        y += LINE

    row([("head", "Before: a line of the file in each block; what is cut is struck through, with its kind")])
    for runs in runs_of(story):
        for line in wrapped(shorten(runs)):
            row(line)
        y += 5
    y += 10
    row([("head", "After: the row in Parquet")])
    for name, value in columns_of(story.article):
        lines = textwrap.wrap(textwrap.shorten(value, 260, placeholder=" [...]"), COLUMNS - 12)
        row([("name", f"{name:<12}"), ("", lines[0] if lines else "")])
        for line in lines[1:]:
            row([("", " " * 12 + line)])
    width = LEFT * 2 + int(COLUMNS * 8.1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {y}" width="{width}" height="{y}" role="img">\n'
        f"<title>An example before and after</title>\n<style>{STYLE}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="#ffffff" stroke="#d0d5dd"/>\n' + "\n".join(body) + "\n</svg>\n"
    )


if __name__ == "__main__":
    (FOLDER / "before-after.svg").write_text(draw(), encoding="utf-8")
