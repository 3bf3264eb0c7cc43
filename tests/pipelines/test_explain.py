"""`copydesk explain` shows the stories of files, and writes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

Run = Callable[..., Any]


def test_in_the_terminal_the_cuts_are_named(copydesk: Run, examples: Path) -> None:
    ran = copydesk("explain", examples / "raw/text/ferry-standfirst-twice.txt")
    assert ran.status == 0, ran.err
    assert "[-Follow topic:-]{follow: " in ran.out
    assert "[-programme-]{+program+}" in ran.out
    assert "agencies    REUTERS" in ran.out


def test_options_change_what_is_shown(copydesk: Run, examples: Path) -> None:
    ran = copydesk("explain", examples / "raw/text/ferry-standfirst-twice.txt", "--spelling=keep", "--keep=follow")
    assert "{+" not in ran.out
    assert "[-Follow topic:-]" not in ran.out


def test_a_row_of_the_output_is_explained_by_its_uri(copydesk: Run, examples: Path, tmp_path: Path) -> None:
    assert copydesk("ingest", examples / "raw", "--output", tmp_path / "out").status == 0
    rows = duckdb.sql(f"select source_uri, text from '{tmp_path}/out/articles/**/*.parquet'").fetchall()
    assert len(rows) > 15
    for uri, text in rows:
        ran = copydesk("explain", uri, "--json")
        assert ran.status == 0, (uri, ran.err)
        assert [json.loads(line)["article"]["text"] for line in ran.out.splitlines()] == [text]


def test_a_page_has_every_story_of_a_feed(copydesk: Run, examples: Path) -> None:
    ran = copydesk("explain", examples / "raw/feeds/harbour-ledger.rss", "--html")
    assert ran.out.startswith("<!doctype html>")
    assert ran.out.count("<h2>") > 1
    assert '<del title="feed_tail: ' in ran.out


def test_what_is_refused_says_why(copydesk: Run, examples: Path) -> None:
    ran = copydesk("explain", examples / "broken")
    assert ran.status == 0
    for code in ("empty", "truncated", "no_story", "unsupported", "bad_json"):
        assert f"refused: {code}: " in ran.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to explain"),
        (("nowhere.txt",), "nothing found for: nowhere.txt"),
        (("{example}#entry=99",), "there is no such story"),
        (("{example}", "--spelling=en-XX"), "--spelling: there is no 'en-XX'"),
    ],
)
def test_wrong_words_end_in_one_message(copydesk: Run, examples: Path, words: tuple[str, ...], said: str) -> None:
    example = str(examples / "raw/feeds/mount-arden.atom")
    ran = copydesk("explain", *(word.format(example=example) for word in words))
    assert ran.status == 2
    assert said in ran.err
