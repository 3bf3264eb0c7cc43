"""The whole job, from the command line to what a reader of the output sees."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import apache_beam as beam
import duckdb
import orjson
import polars
import pytest
from apache_beam.runners.runner import PipelineResult, PipelineRunner, PipelineState

Run = Callable[..., Any]
Tree = Callable[[Path], dict[str, str]]
AS_OF = "--as-of=2026-01-31"


def write(folder: Path, **texts: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text, encoding="utf-8")
    return folder


def story(number: int) -> str:
    return (
        f"Ferry number {number} leaves the harbor on time\n\n"
        f"PORT ELLIS - The ferry with the number {number} left the harbour at noon, the programme said.\n\n"
        "Nobody on the quay could say when it would return, and nobody asked.\n"
    )


def rows(out: Path, columns: str = "*", table: str = "articles") -> list[tuple[Any, ...]]:
    return duckdb.sql(f"select {columns} from '{out}/{table}/**/*.parquet' order by all").fetchall()


def manifests(out: Path) -> list[dict[str, Any]]:
    return [orjson.loads(path.read_bytes()) for path in sorted((out / "_manifests").iterdir())]


def test_the_examples_come_out_clean_and_every_input_is_accounted_for(
    copydesk: Run, examples: Path, tmp_path: Path
) -> None:
    ran = copydesk("ingest", examples / "raw", "--output", tmp_path / "out", AS_OF)
    assert ran.status == 0, ran.err
    assert "adds up" in ran.out
    counts = manifests(tmp_path / "out")[0]["counts"]
    files = [path for path in (examples / "raw").rglob("*") if path.is_file()]
    assert counts["inputs"] == len(files)
    assert counts["failures"] == 0
    assert counts["articles"] >= len(files)
    assert len(rows(tmp_path / "out")) == counts["articles"]
    assert polars.read_parquet(f"{tmp_path}/out/articles/**/*.parquet").height == counts["articles"]
    assert copydesk("verify", tmp_path / "out").status == 0


def test_the_summary_says_where_the_output_is(copydesk: Run, tmp_path: Path) -> None:
    ran = copydesk("ingest", write(tmp_path / "in", a=story(1)), "--output", tmp_path / "out", AS_OF)
    assert f"{tmp_path}/out/articles/**/*.parquet" in ran.out
    assert "1 = 1 + 0 + 0: adds up" in ran.out


def test_running_twice_writes_nothing_new(copydesk: Run, tree: Tree, tmp_path: Path) -> None:
    command = ("ingest", write(tmp_path / "in", a=story(1), b=story(2)), "--output", tmp_path / "out", AS_OF)
    assert copydesk(*command).status == 0
    before = tree(tmp_path / "out")
    again = copydesk(*command)
    assert again.status == 0
    assert "Nothing new: 2 inputs committed already" in again.out
    assert tree(tmp_path / "out") == before


def test_a_file_that_is_added_is_read_and_the_others_are_not(copydesk: Run, tree: Tree, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1))
    copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    before = tree(tmp_path / "out")
    write(folder, b=story(2))
    assert copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF).status == 0
    assert before.items() <= tree(tmp_path / "out").items()
    assert [manifest["counts"]["inputs"] for manifest in manifests(tmp_path / "out")] == [1, 1]
    assert len(rows(tmp_path / "out")) == 2


def test_a_file_that_changed_is_a_new_revision_of_the_same_article(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1))
    copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    write(folder, a=story(1).replace("at noon", "at dusk"))
    copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    found = rows(tmp_path / "out", "article_id, revision")
    assert len({article for article, _ in found}) == 1
    assert len({revision for _, revision in found}) == 2


def test_the_same_article_twice_is_written_once_and_counted(copydesk: Run, tmp_path: Path) -> None:
    record = orjson.dumps({"title": "A ferry", "text": story(1), "url": "https://example.com/a?utm_source=x"})
    lines = tmp_path / "in.jsonl"
    lines.write_bytes(record + b"\n" + record + b"\n")
    ran = copydesk("ingest", lines, "--output", tmp_path / "out", AS_OF)
    assert "2 = 1 + 1 + 0: adds up" in ran.out
    later = tmp_path / "later.jsonl"
    later.write_bytes(record + b"\n")
    ran = copydesk("ingest", later, "--output", tmp_path / "out", AS_OF)
    assert "1 = 0 + 1 + 0: adds up" in ran.out
    assert len(rows(tmp_path / "out")) == 1


def test_the_output_depends_on_neither_bundles_nor_windows_of_work(copydesk: Run, tree: Tree, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{f"s{number:03d}": story(number) for number in range(40)})
    write(folder, bad=" \n ")
    trees = []
    for name, more in {
        "plain": (),
        "repeated": ("--direct_runner_bundle_repeat=2",),
        "named": ("--runner", "DirectRunner"),
    }.items():
        ran = copydesk("ingest", folder, "--output", tmp_path / name, AS_OF, *more)
        assert ran.status == 0, ran.err
        trees.append(tree(tmp_path / name))
    assert trees[0] == trees[1] == trees[2]


def test_the_output_does_not_depend_on_the_number_of_workers(copydesk: Run, tree: Tree, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{f"s{number:03d}": story(number) for number in range(700)})
    write(folder, bad=" \n ")
    for workers in (1, 2):
        ran = copydesk("ingest", folder, "--output", tmp_path / str(workers), AS_OF, "--workers", workers)
        assert ran.status == 0, ran.err
    assert tree(tmp_path / "1") == tree(tmp_path / "2")


def test_the_output_does_not_depend_on_the_day_it_is_run(
    copydesk: Run, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copydesk.pipelines import cli

    folder = write(tmp_path / "in", a=story(1))
    for day in (1, 2):

        class Clock(cli.datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return cli.datetime(2027, 3, day, tzinfo=tz)  # noqa: B023 - used within the turn of the loop

        with monkeypatch.context() as patch:
            patch.setattr(cli, "datetime", Clock)
            assert copydesk("ingest", folder, "--output", tmp_path / f"given{day}", AS_OF).status == 0
            assert copydesk("ingest", folder, "--output", tmp_path / f"today{day}").status == 0
    assert tree(tmp_path / "given1") == tree(tmp_path / "given2")
    assert (tmp_path / "today2/articles/date=2027-03-02").is_dir()


def test_a_job_in_several_windows_holds_the_same_rows_as_in_one(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", **{f"s{number:03d}": story(number) for number in range(30)})
    copydesk("ingest", folder, "--output", tmp_path / "one", AS_OF)
    copydesk("ingest", folder, "--output", tmp_path / "many", AS_OF, "--batch-bytes", "2K")
    assert len(manifests(tmp_path / "many")) == 3
    assert rows(tmp_path / "one") == rows(tmp_path / "many")
    assert copydesk("verify", tmp_path / "many").status == 0


def test_a_failure_keeps_its_payload_and_is_replayed(copydesk: Run, tree: Tree, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1), long=story(2) * 40)
    command = ("--output", tmp_path / "out", AS_OF)
    ran = copydesk("ingest", folder, *command, "--max-document-bytes", "2K", "--max-failures", "1")
    assert ran.status == 0, ran.err
    ((code, payload),) = rows(tmp_path / "out", "code, payload", "failures")
    assert code == "too_large"
    assert payload == (folder / "long.txt").read_bytes()

    before = tree(tmp_path / "out")
    same = copydesk("replay", *command, "--max-document-bytes", "2K", "--max-failures", "1")
    assert "1 = 0 + 1 + 0: adds up" in same.out
    assert rows(tmp_path / "out", "code", "failures") == [("too_large",)]
    assert {path: digest for path, digest in before.items() if path in tree(tmp_path / "out")} == before

    larger = copydesk("replay", tmp_path / "out/failures", *command)
    assert "1 = 1 + 0 + 0: adds up" in larger.out
    assert (folder / "long.txt").as_uri() in [uri for (uri,) in rows(tmp_path / "out", "source_uri")]
    done = tree(tmp_path / "out")
    assert "Nothing new" in copydesk("replay", *command).out
    assert tree(tmp_path / "out") == done


def test_a_payload_too_large_for_a_row_is_kept_beside_it(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", long="word " * 500_000)
    command = ("--output", tmp_path / "out", AS_OF, "--max-failures", "100%")
    copydesk("ingest", folder, *command, "--max-document-bytes", "1M")
    ((path, payload, size),) = rows(tmp_path / "out", "payload_path, payload, payload_size", "failures")
    assert payload is None
    assert size == 2_500_000
    assert (tmp_path / "out" / path).read_bytes() == (folder / "long.txt").read_bytes()
    assert copydesk("verify", tmp_path / "out").status == 0
    assert "1 = 1 + 0 + 0" in copydesk("replay", *command).out


def test_too_many_failures_end_with_a_status_of_their_own(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1), bad=" \n")
    ran = copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    assert ran.status == 3
    assert "--max-failures 10%" in ran.err
    assert len(rows(tmp_path / "out")) == 1


def test_a_fault_in_a_step_is_a_failure_and_the_run_goes_on(
    copydesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copydesk.transforms.edit import Editor

    real = Editor.edit

    def faulty(self: Editor, draft: Any) -> Any:
        if "number 2" in draft.raw:
            raise KeyError("a fault")
        return real(self, draft)

    monkeypatch.setattr(Editor, "edit", faulty)
    folder = write(tmp_path / "in", a=story(1), b=story(2))
    ran = copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF, "--max-failures=1")
    assert ran.status == 0, ran.err
    assert rows(tmp_path / "out", "stage, code, message", "failures") == [("edit", "unexpected", "KeyError: 'a fault'")]
    with pytest.raises(Exception, match="a fault"):
        copydesk("ingest", folder, "--output", tmp_path / "other", AS_OF, "--on-unexpected=raise")


def test_a_document_that_gets_lost_stops_the_commit(
    copydesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copydesk.pipelines.writing import Pack

    real = Pack.process

    def losing(self: Pack, record: Any, window: Any = beam.DoFn.WindowParam) -> Any:
        return iter(()) if "b.txt" in record.source_uri else real(self, record, window)

    monkeypatch.setattr(Pack, "process", losing)
    folder = write(tmp_path / "in", a=story(1), b=story(2))
    ran = copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    assert ran.status == 1
    assert "2 documents in, but 1 articles" in ran.err
    assert not (tmp_path / "out/articles").exists()
    assert not (tmp_path / "out/_manifests").exists()


def test_an_output_inside_the_input_is_not_read(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1))
    assert copydesk("ingest", folder, "--output", folder / "clean", AS_OF).status == 0
    again = copydesk("ingest", folder, "--output", folder / "clean", AS_OF)
    assert "Nothing new: 1 input committed already" in again.out


def test_verify_names_what_is_wrong(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", a=story(1))
    copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF)
    (article,) = (tmp_path / "out/articles").rglob("*.parquet")
    shutil.copy(article, article.with_name("stray.parquet"))
    article.write_bytes(article.read_bytes()[:-1] + b"X")
    ran = copydesk("verify", tmp_path / "out")
    assert ran.status == 1
    assert "stray.parquet: no manifest knows it" in ran.err
    assert f"{article.name}: not the bytes that were committed" in ran.err


def test_several_articles_in_one_file(copydesk: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", all=f"{story(1)}\n-----\n{story(2)}\n=====\n{story(3)}")
    copydesk("ingest", folder, "--output", tmp_path / "out", AS_OF, "--text-separator=rule")
    found = rows(tmp_path / "out", "headline, source_uri")
    assert [headline for headline, _ in found] == [f"Ferry number {n} leaves the harbor on time" for n in (1, 2, 3)]
    assert found[0][1].endswith("all.txt#byte=0")


def test_a_large_file_is_read_in_pieces_and_is_one_input(copydesk: Run, tmp_path: Path) -> None:
    line = '{"title": "Gate %d opens", "text": "%s"}\n'
    body = "The gate of the barrage opened on Monday, the keeper said. " * 200
    (tmp_path / "all.jsonl").write_text("".join(line % (number, body) for number in range(1_500)))
    ran = copydesk("ingest", tmp_path / "all.jsonl", "--output", tmp_path / "out", AS_OF)
    assert "1,500  documents  in 1 input" in ran.out, ran.out
    assert manifests(tmp_path / "out")[0]["counts"]["inputs"] == 3


def test_a_job_that_is_only_written_down_is_not_waited_for(
    copydesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a launcher of templates does: the engine runs it later, and until then nothing is committed."""

    class Runner(PipelineRunner):
        def run_pipeline(self, pipeline: Any, options: Any) -> PipelineResult:
            return PipelineResult(PipelineState.RUNNING)  # to wait for this one raises

    module = ModuleType("written_down")
    module.Runner = Runner  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    folder = write(tmp_path / "in", a=story(1))
    words = ("ingest", folder, "--output", tmp_path / "out", AS_OF, "--runner", "written_down.Runner")
    ran = copydesk(*words, "--dry_run=True")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == "copydesk: the job was written down for its engine, which commits once it has run it\n"
    assert not (tmp_path / "out/_manifests").exists()
    with pytest.raises(NotImplementedError):
        copydesk(*words)
