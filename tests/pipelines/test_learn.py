"""Lines are learnt by house from files, and cut with their counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

Run = Callable[..., Any]
TEXTS = {
    "Ellis": ("The bridge was closed by its keeper after cracks were found.", "Lorries now go round by the old ford."),
    "Arden": ("A goat spent two nights on the roof of the observatory.", "An astronomer led it down by the catwalk."),
    "Tarn": ("The lift opened on a motor borrowed from the sawmill.", "Its new one had been sent to another mountain."),
    "Corran": ("Two hundred singers stood in the water and sang at dawn.", "Nobody had told the harbour office of it."),
    "Netherby": (
        "The fish market asked for a register that can count eels.",
        "Its last one was made in the age of steam.",
    ),
    "Montclar": (
        "Trams ran through the square for the first time since 1961.",
        "Children were let in free until dusk.",
    ),
}
LINE = "Our tide tables are free for all who live by the sea"


def stories(folder: Path, line: str = LINE) -> Path:
    folder.mkdir()
    for house in ("harbour.example", "quay.example"):
        for number, (town, paragraphs) in enumerate(TEXTS.items()):
            text = list(paragraphs)
            if house == "harbour.example":
                text.insert(1, line)
            record = {"url": f"https://{house}/{town}", "title": f"News of {town}", "text": "\n\n".join(text)}
            (folder / f"{house}-{number}.json").write_text(json.dumps(record))
    return folder


def cuts(out: Path) -> set[tuple[str, str, str]]:
    query = f"""
        select house, cut.rule, cut.text from (select house, unnest(removed) as cut from '{out}/articles/**/*.parquet')
        where cut.kind = 'house_line'"""
    return set(duckdb.sql(query).fetchall())


def test_what_one_house_prints_everywhere_is_learnt_and_cut_there(copydesk: Run, tmp_path: Path) -> None:
    folder, lines = stories(tmp_path / "in"), tmp_path / "lines.parquet"
    learnt = copydesk("learn", folder, "--output", lines)
    assert learnt.status == 0, learnt.err
    assert "1 lines of 1 houses" in learnt.out
    assert duckdb.sql(f"select house, count, stories from '{lines}'").fetchall() == [("harbour.example", 6, 6)]
    ran = copydesk("ingest", folder, "--house-lines", lines, "--output", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert cuts(tmp_path / "out") == {("harbour.example", "learnt.6-of-6", LINE)}


def test_a_run_can_learn_from_its_own_inputs(copydesk: Run, tree: Callable[[Path], object], tmp_path: Path) -> None:
    folder = stories(tmp_path / "in")
    options = ("--house-lines", "learn", "--as-of", "2026-01-31", "--output")
    for name, workers in (("one", 1), ("two", 2)):
        assert copydesk("ingest", folder, "--workers", workers, *options, tmp_path / name).status == 0
    assert cuts(tmp_path / "one") == {("harbour.example", "learnt.6-of-6", LINE)}
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    again = copydesk("ingest", folder, *options, tmp_path / "one")
    assert "Nothing new" in again.out


def test_without_it_nothing_is_learnt(copydesk: Run, tmp_path: Path) -> None:
    assert copydesk("ingest", stories(tmp_path / "in"), "--output", tmp_path / "out").status == 0
    assert cuts(tmp_path / "out") == set()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("ingest", "{folder}", "--output", "{folder}/out", "--house-lines", "nowhere"), "No such file"),
        (("ingest", "{folder}", "--output", "{folder}/out", "--house-lines", __file__), "no file of house lines"),
        (("explain", "{folder}", "--house-lines", "learn"), "only ingest and watch learn"),
        (("learn", "--output", "{folder}/a.parquet"), "say what to learn from"),
        (("learn", "nowhere", "--output", "{folder}/a.parquet"), "nothing found for: nowhere"),
    ],
)
def test_wrong_words_end_in_one_message(copydesk: Run, tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    (tmp_path / "a.txt").write_text("A gate opened.")
    ran = copydesk(*(word.format(folder=tmp_path) for word in words))
    assert ran.status == 2, ran.err
    assert said in ran.err
