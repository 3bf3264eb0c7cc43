"""The other commands that the examples' README shows do what it says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

Run = Callable[..., Any]


def test_what_cannot_become_an_article_has_the_codes_that_the_readme_names(
    copydesk: Run, examples: Path, tmp_path: Path
) -> None:
    table = (examples / "README.md").read_text(encoding="utf-8").split("## broken/")[1]
    promised = {
        name: sorted(re.findall(r"`(\w+)`", codes))
        for name, codes in re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", table, re.MULTILINE)
    }
    ran = copydesk("ingest", examples / "broken", "--max-failures", "100%", "--output", tmp_path / "out")
    assert ran.status == 0, ran.err
    found = defaultdict(list)
    for code, uri in duckdb.sql(f"select code, source_uri from '{tmp_path}/out/failures/**/*.parquet'").fetchall():
        found[uri.partition("#")[0].rpartition("/")[2]].append(code)
    assert {name: sorted(codes) for name, codes in found.items()} == promised
    assert "2  articles" in ran.out


@pytest.mark.parametrize(
    ("name", "separator", "count"), [("archive-dump.txt", "doc", 2), ("morning-wire.txt", "rule", 3)]
)
def test_a_file_of_several_articles_is_parted(
    copydesk: Run, examples: Path, tmp_path: Path, name: str, separator: str, count: int
) -> None:
    ran = copydesk("ingest", examples / "several" / name, "--text-separator", separator, "--output", tmp_path / "out")
    assert ran.status == 0, ran.err
    assert f"{count} = {count} + 0 + 0: adds up" in ran.out
