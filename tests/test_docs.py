"""The docs say what the code does: generated pages are current, queries run, commands and links exist."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from copydesk.schemas.article import Article, Cut, Respelled
from copydesk.schemas.failure import FAILURE_SCHEMA, Failure
from copydesk.schemas.records import RECORDS
from copydesk.transforms.boilerplate import KINDS, Rule, load_rules
from copydesk.transforms.boilerplate.rules import default_rules
from copydesk.transforms.errors import CODES

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    {*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md"), *ROOT.glob("deploy/**/*.md")}
)


def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_blocks(language: str) -> list[Any]:
    """The fenced blocks of one language in all pages, named by page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 1
            found.append(pytest.param(match[1], id=f"{page.relative_to(ROOT)}:{line}"))
    return found


# Generated pages -----------------------------------------------------------------------------------------------------


def test_the_generated_pages_are_current() -> None:
    assert generator().stale() == [], "run: python docs/generate.py"


def test_check_finds_a_page_that_is_not_current(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = generator()
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    assert module.main(["--check"]) == 1
    assert "docs/schema.md is not current" in capsys.readouterr().err
    assert module.main([]) == 0
    assert module.main(["--check"]) == 0
    (tmp_path / "failures.md").write_text("old")
    assert module.stale() == ["failures.md"]


def test_every_failure_code_and_every_column_is_in_the_docs() -> None:
    failures = (ROOT / "docs/failures.md").read_text(encoding="utf-8")
    schema = (ROOT / "docs/schema.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"| `{code}` | {CODES[code]} |" not in failures] == []
    for record in RECORDS.values():
        assert [name for name in record.schema.names if f"| `{name}` |" not in schema] == []


def test_every_rule_and_every_kind_is_in_the_docs_and_the_rules_they_show_work(tmp_path: Path) -> None:
    page = (ROOT / "docs/rules.md").read_text(encoding="utf-8")
    assert [rule.id for rule in default_rules() if f"| `{rule.id}` |" not in page] == []
    assert [kind for kind in KINDS if f"| `{kind}` |" not in page] == []
    assert [key for key in Rule.__dataclass_fields__ if f"| `{key}` |" not in page] == []
    [shown] = re.findall(r"^```toml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "desk-rules.toml"
    file.write_text(shown, encoding="utf-8")
    rules = load_rules([file])
    assert [rule.id for rule in rules[:2]] == ["harbour.tide-table", "harbour.caption"]
    assert "share.this" not in {rule.id for rule in rules}


# What the docs show works --------------------------------------------------------------------------------------------


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A folder that holds `clean/` as a run leaves it: two versions of one article, and a failure."""
    articles = [
        Article(
            article_id="a", revision=revision, source_uri="s", media_type="text/plain", text="t", word_count=1,
            content_hash="c", pipeline_version="0.1.0", rules_version="v", house="harbour.example", language="en",
            removed=(Cut("newsletter", "newsletter.sign_up", "Sign up now", 0, 11),),
            respelled=(Respelled("colour", "color", 2),), updated_at=updated_at,
        )
        for revision, updated_at in [("r1", 1), ("r2", 2)]
    ]  # fmt: skip
    failure = Failure(
        **{field.name: 2 if field.type == pa.int64() else "x" for field in FAILURE_SCHEMA if not field.nullable}
    )
    for name, rows in [("article", [article.row() for article in articles]), ("failure", [failure.row()])]:
        record = RECORDS[name]  # type: ignore[index]
        folder = tmp_path / "clean" / record.folder / "date=2026-11-22"
        folder.mkdir(parents=True)
        pq.write_table(pa.Table.from_pylist(rows, schema=record.schema), folder / "part.parquet")
    return tmp_path


@pytest.mark.parametrize("query", code_blocks("sql"))
def test_the_queries_run(query: str, clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clean)
    with duckdb.connect() as db:
        assert db.sql(query).to_arrow_table().num_rows > 0


@pytest.mark.parametrize("source", [block for block in code_blocks("python") if '"clean/' in block.values[0]])
def test_the_python_that_reads_the_output_runs(source: str, clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clean)
    exec(source, {})


def test_the_latest_version_is_the_latest(clean: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(clean)
    (query,) = [
        block.values[0] for block in code_blocks("sql") if "QUALIFY" in block.values[0] and "schema.md" in block.id
    ]
    with duckdb.connect() as db:
        assert [row["revision"] for row in db.sql(query).to_arrow_table().to_pylist()] == ["r2"]


# Commands ------------------------------------------------------------------------------------------------------------

COPYDESK = Path(sys.executable).with_name("copydesk")
COMMAND = re.compile(r"^(?: {4}|\$ )?copydesk ((?:[^\n\\]|\\\n)+)$", re.MULTILINE)


def shown_commands() -> list[Any]:
    """Every `copydesk ...` line in a block of code or between backticks, named by page and line."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in [*COMMAND.finditer(text), *re.finditer(r"`copydesk ([^`\n]+)`", text)]:
            command = match[1].replace("\\\n", " ")
            found.append(
                pytest.param(command, id=f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}")
            )
    return found


@cache
def help_of(*words: str) -> str:
    environment = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb"}
    run = subprocess.run([COPYDESK, *words, "--help"], capture_output=True, text=True, env=environment, check=False)
    return run.stdout if run.returncode == 0 else ""


@pytest.mark.skipif(not (ROOT / "pipelines/cli.py").exists(), reason="there is no command line yet")
@pytest.mark.parametrize("command", shown_commands())
def test_the_commands_that_the_docs_show_exist(command: str) -> None:
    """The subcommand, and every option it is given; options with an underscore go to Beam and are not looked at."""
    words = shlex.split(command, comments=True)
    subcommand = words[:1] if words and not words[0].startswith("-") else []
    told = help_of(*subcommand)
    assert told, f"there is no command copydesk {' '.join(subcommand)}"
    options = [word.split("=")[0] for word in words if word.startswith("--") and "_" not in word.split("=")[0]]
    assert [option for option in options if not re.search(rf"{option}\b(?!-)", told)] == []


def test_the_feeds_that_the_readme_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any) -> None:
    """The section word for word: its commands in a shell, its query on what they wrote."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.split("## Watch feeds\n")[1], flags=re.MULTILINE)[0]
    [shell] = re.findall(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    [query] = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv/bin").symlink_to(Path(sys.executable).parent)
    ran = subprocess.run(["sh", "-euc", shell], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    said = [line.split(" ", 2)[2] for line in ran.stderr.splitlines() if "asked" in line]
    assert said == [
        "Feeds: 2 of 2 asked: 2 new, 0 unchanged, 0 failed",
        "Feeds: 2 of 2 asked: 1 new, 1 unchanged, 0 failed",
        "Feeds: 2 of 2 asked: 0 new, 1 unchanged, 1 failed",
    ]
    assert re.search(r"/packet +\d+ s ago +.*\n +no feed but text/html", ran.stdout), ran.stdout
    monkeypatch.chdir(tmp_path)
    exec(query, {})
    shown = [line.split("│")[1:3] for line in capfd.readouterr().out.splitlines() if line.count("│") > 3]
    assert [[cell.strip() for cell in row] for row in shown[2:]] == [
        ["Ferry to call at Sandend from spring", "1"],
        ["Drawbridge sticks open for second night", "2"],
        ["Drawbridge shut again after two nights", "2"],
        ["Seals return to the outer mole", "1"],
        ["Snow closes the pass a month early", "1"],
    ]


# Links ---------------------------------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_within_the_project_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|mailto:)([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        goal = (page.parent / path).resolve() if path else page
        assert goal.exists(), f"{target} is not there"
        assert not anchor or anchor in anchors(goal), f"{target} has no such heading"


# Notices -------------------------------------------------------------------------------------------------------------


def test_the_notice_names_the_source_of_every_table_taken_from_elsewhere() -> None:
    """A data file that names a licence or a well-known source of data in its head must be in NOTICE."""
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = set(re.findall(r"transforms/[\w/.-]+", notice))
    owed = re.compile(r"CC BY|CLDR|GeoNames|WHATWG|VarCon|\blicen[cs]ed under\b")
    for path in sorted(ROOT.glob("transforms/**/*.*")):
        if path.suffix in {".toml", ".tsv", ".txt"}:
            head = "".join(line for line in path.read_text(encoding="utf-8").splitlines()[:12] if line.startswith("#"))
            assert not owed.search(head) or str(path.relative_to(ROOT)) in named, f"{path.name} is not in NOTICE"
    assert [name for name in named if not (ROOT / name.rstrip(".")).exists()] == []
