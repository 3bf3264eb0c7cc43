"""Wrong options end in words that say what to do, all at once, before anything is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from copydesk.pipelines.options import BY_NAME, OPTIONS, JobOptions, OptionsError, read_config, resolve, split_arguments
from copydesk.pipelines.run import editor_for
from copydesk.transforms.text import read_text

Run = Callable[..., Any]
TODAY = "2026-01-31"


def problems(given: dict[str, Any], config: dict[str, Any] | None = None) -> list[str]:
    with pytest.raises(OptionsError) as wrong:
        resolve(given, config or {}, TODAY)
    return wrong.value.problems


def test_the_table_and_the_options_of_a_job_have_the_same_names_and_defaults() -> None:
    job = resolve({"output": "out"}, {}, TODAY)
    assert {option.name for option in OPTIONS} | {"beam_args"} == set(JobOptions.__dataclass_fields__)
    for option in OPTIONS:
        if option.name not in ("output", "as_of"):
            assert getattr(job, option.name) == option.default, option.name
            assert getattr(JobOptions("o", TODAY), option.name) == option.default, option.name
    assert job.as_of == TODAY


def test_every_wrong_option_is_told_at_once() -> None:
    found = problems(
        {"spelling": "en-UK", "as_of": "tomorrow", "workers": "many", "max_failures": "a few", "batch_bytes": "0"}
    )
    assert found == [
        "--spelling: there is no 'en-UK'; did you mean 'en-US'?; choose one of "
        "en-US, en-GB, en-GB-oxendict, en-CA, en-AU, keep",
        "--as-of: 'tomorrow' is not a day such as 2025-01-31",
        "--max-failures: 'a few' is neither a number such as 20 nor a share such as 5%",
        "--workers: 'many' is not a whole number of 0 or more",
        "--batch-bytes: '0' is not a size such as 10MiB",
        "--output: say where the Parquet goes: a folder, s3://, gs:// or az://",
    ]


def test_an_output_that_cannot_be_written_to_is_refused() -> None:
    assert problems({"output": "http://example.com/x"}) == [
        "--output: http://example.com/x: not a folder, s3://, gs:// or az:// URL"
    ]


@pytest.mark.parametrize(
    ("words", "size"), [("10", 10), ("10K", 10_240), ("10 KiB", 10_240), ("3MB", 3 << 20), ("1G", 1 << 30), (7, 7)]
)
def test_sizes_are_read_as_people_write_them(words: Any, size: int) -> None:
    assert resolve({"output": "o", "max_document_bytes": words}, {}, TODAY).max_document_bytes == size


@pytest.mark.parametrize(("limit", "failures", "documents", "too_many"), [
    ("0", 0, 10, False),
    ("0", 1, 10, True),
    ("3", 3, 10, False),
    ("10%", 1, 10, False),
    ("10%", 2, 10, True),
    ("0.5%", 1, 300, False),
    ("100%", 10, 10, False),
])  # fmt: skip
def test_the_limit_of_failures_is_a_number_or_a_share(
    limit: str, failures: int, documents: int, too_many: bool
) -> None:
    job = resolve({"output": "o", "max_failures": limit}, {}, TODAY)
    assert job.too_many(failures, documents) is too_many


@pytest.mark.parametrize(("name", "text"), [
    ("desk.toml", 'output = "out"\nspelling = "en-GB"\nkeep = ["correction", "dateline"]\nmax-failures = "2%"\n'),
    ("desk.yaml", "output: out\nspelling: en-GB\nkeep: [correction, dateline]\nmax-failures: 2%\n"),
])  # fmt: skip
def test_a_config_file_gives_options_and_the_command_line_wins(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    job = resolve({"spelling": "en-CA"}, read_config(str(tmp_path / name)), TODAY)
    assert (job.spelling, job.keep, job.max_failures) == ("en-CA", ("correction", "dateline"), "2%")


@pytest.mark.parametrize(("text", "words"), [
    ("spelling = ", "cannot be read"),
    ("speling = 'en-GB'", "there is no 'speling'; did you mean 'spelling'?"),
])  # fmt: skip
def test_a_wrong_config_file_is_told_by_its_name(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "desk.toml"
    path.write_text(text)
    with pytest.raises(OptionsError, match=r"desk\.toml") as wrong:
        read_config(str(path))
    assert words in wrong.value.problems[0]


def test_options_of_beam_are_told_from_inputs_and_typing_errors() -> None:
    assert split_arguments(["a.txt", "--project", "p", "b.txt", "--streaming"]) == (
        ["a.txt", "b.txt"],
        ["--project", "p", "--streaming"],
    )
    with pytest.raises(OptionsError, match="--spellng: no such option; did you mean --spelling"):
        split_arguments(["a.txt", "--spellng=en-GB"])


@pytest.mark.parametrize(("arguments", "words"), [
    (("ingest", "--output", "out"), "say what to read"),
    (("ingest", "nowhere/*.txt", "--output", "out"), "nothing found for: nowhere/*.txt"),
    (("ingest", "pyproject.toml", "--output", "out", "--rules", "nowhere.toml"), "nowhere.toml"),
    (("ingest", "pyproject.toml", "--output", "out", "--keep", "newsleter"), "newsleter"),
    (("ingest", "pyproject.toml", "--output", "out", "--rules", "pyproject.toml"), "pyproject.toml: not valid TOML"),
    (("ingest", "pyproject.toml", "--output", "out", "--cut", "table,newsleter"), "no kind 'newsleter'; the kinds are"),
    (("ingest", "pyproject.toml", "--output", "out", "--keep", "share", "--cut", "share"), "both kept and cut"),
    (("ingest", "pyproject.toml", "--output", "out", "--profile", "strory"), "choose one of story, archive"),
    (("ingest", "pyproject.toml", "--output", "out", "--worker", "2"), "did you mean --workers"),
    (("replay", "--output", "nowhere"), "nothing is committed there"),
])  # fmt: skip
def test_wrong_commands_end_with_status_2_and_write_nothing(
    copydesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], words: str
) -> None:
    (tmp_path / "pyproject.toml").write_text("A story.\n")
    monkeypatch.chdir(tmp_path)
    ran = copydesk(*arguments)
    assert ran.status == 2
    assert ran.err.startswith("copydesk: ")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml"]


def test_rules_kinds_and_profiles_reach_the_desk(tmp_path: Path) -> None:
    rules = tmp_path / "desk.toml"
    rules.write_text(
        """[[rule]]
id = "harbour.tide"
kind = "see_more"
pattern = "tide table for {{name}}"
match = ["Tide table for Lisbon"]
near_miss = ["Tide tables are printed."]
"""
    )
    story = (
        "The port will close its oldest quay to cars in May, the council said, the first such closure since the war."
    )
    text = "\n\n".join([f"LISBON - {story}", "Tide table for Lisbon", "Share this article", "Newsletter"])
    draft = read_text(text, source_uri="a.txt")

    def cuts(**given: Any) -> list[str]:
        return [cut.kind for cut in editor_for(JobOptions("o", TODAY, **given)).edit(draft).removed]

    assert cuts() == ["dateline", "share", "newsletter"]
    assert cuts(rules=(str(rules),)) == ["dateline", "see_more", "share", "newsletter"]
    assert cuts(keep=("share",)) == ["dateline", "newsletter"]
    assert cuts(profile="archive") == ["share", "newsletter"]
    assert cuts(profile="archive", cut=("dateline",)) == ["dateline", "share", "newsletter"]


def test_a_rule_for_a_house_is_for_the_pages_of_its_site(tmp_path: Path) -> None:
    rules = tmp_path / "desk.toml"
    rules.write_text(
        """[[rule]]
id = "harbour.tide"
kind = "see_more"
house = ["harbour.example"]
pattern = "tide table for {{name}}"
match = ["Tide table for Lisbon"]
near_miss = ["Tide tables are printed."]
"""
    )
    editor = editor_for(JobOptions("o", TODAY, rules=(str(rules),)))
    story = read_text("The port will close its oldest quay in May.\n\nTide table for Lisbon", source_uri="a.txt")
    for url, cut in (("https://www.harbour.example/quay", ["harbour.tide"]), ("https://other.example/quay", [])):
        draft = replace(story, metadata=replace(story.metadata, url=url))
        assert [one.rule for one in editor.edit(draft).removed] == cut


def test_every_option_is_explained() -> None:
    for option in BY_NAME.values():
        assert option.help.endswith(".")
        assert option.help[0].isupper() or option.help.startswith("`")
