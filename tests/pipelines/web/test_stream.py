"""The stream, on Beam's local runners: bounded rows of ticks, ticks done again, rows that come late."""

from __future__ import annotations

import gzip
import io
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apache_beam as beam
import duckdb
import orjson
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from apache_beam.testing import test_stream as given_stream
from apache_beam.testing.util import assert_that, equal_to
from apache_beam.transforms.window import IntervalWindow, TimestampedValue

from copydesk.pipelines import stream, stream_lease
from copydesk.pipelines.exchange import Inline
from copydesk.pipelines.in_time import CommitInTime
from copydesk.pipelines.known import Known, keyed
from copydesk.pipelines.options import resolve
from copydesk.pipelines.polls import LookAround, archive_file
from copydesk.pipelines.store import open_store
from copydesk.pipelines.verify import verify
from copydesk.pipelines.writing import WriteShard
from copydesk.schemas.article import Article
from copydesk.transforms.archive import file_to_warc
from copydesk.transforms.routing import TALLY
from copydesk.transforms.warc import KeptFile, iter_warc

Run = Callable[..., Any]
EVERY = 60
START = 1_800_000_000  # a multiple of it


def feed(*versions: tuple[int, int]) -> bytes:
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>Ferry {number} at pier {pier}</title>"
        f"<description>The ferry lay at pier {pier} at noon, and nobody asked why.</description></item>"
        for number, pier in versions
    )
    return f"<rss version='2.0'><channel>{items}</channel></rss>".encode()


class Streamer:
    """Runs rows of ticks of a stream, each from no state but the output, as a cold start is."""

    def __init__(self, out: Path, names: Sequence[object], host: str = "feeds.test") -> None:
        self.out, self.names = out, [str(name) for name in names]
        self.options = resolve(
            {"output": str(out), "every": f"{EVERY}s", "allow_host": host, "remember": "10m"}, {}, "2026-01-31"
        )

    def stream(self, first: int, now: float | None = None) -> stream.Stream:
        """The stream that begins at a tick, at a time; soon after the tick if none is given."""
        at = START + first * EVERY
        made = stream.stream_of(self.names, self.options, at)
        moment = at + 1 if now is None else now
        return replace(made, now=lambda: moment)

    def __call__(self, *ticks: int, now: float | None = None, repeat: int = 0) -> None:
        given = self.stream(ticks[0], now)
        runner = FnApiRunner(bundle_repeat=repeat)
        with beam.Pipeline(runner=runner, options=PipelineOptions([])) as pipeline:
            moments = [START + tick * EVERY for tick in ticks]
            at = beam.Map(lambda at: TimestampedValue(at, at)).with_output_types(int)
            stream.build(pipeline, given, pipeline | "Given" >> beam.Create(moments) | "At" >> at)

    def rows(self) -> list[tuple[str, str]]:
        found = duckdb.sql(f"select article_id, headline from '{self.out}/articles/**/*.parquet' order by all")
        return [(name.rsplit("/", 1)[-1], headline) for name, headline in found.fetchall()]

    def texts(self, out: Path | None = None) -> list[tuple[str, str, str]]:
        top = out or self.out
        found = duckdb.sql(f"select article_id, revision, text from '{top}/articles/**/*.parquet' order by all")
        return found.fetchall()

    def manifests(self) -> list[dict[str, Any]]:
        return [orjson.loads(path.read_bytes()) for path in sorted(self.out.glob("_manifests/*.json"))]

    def is_whole(self) -> bool:
        return verify(open_store(str(self.out))).problems == []


@pytest.fixture
def local(web: Any) -> Any:
    """The web at the address that needs no resolver of a test's own."""
    web.host = web.host.replace("feeds.test", "127.0.0.1")
    return web


@pytest.fixture
def streamer(local: Any, answer: Any, tmp_path: Path) -> Streamer:
    """One feed over four ticks, with a file that comes, and changes."""
    local.answers["/f"] = [
        answer(200, feed((1, 0))),
        answer(200, feed((2, 0), (1, 0))),
        answer(500),
        answer(200, feed((2, 1), (1, 0))),
        answer(200, feed((3, 0), (2, 0))),
    ]
    (tmp_path / "in").mkdir()
    (tmp_path / "in/ferry.txt").write_text("Ferries\n\nThe ferries lay at their piers at noon, and nobody asked why.\n")
    lines = (
        f'{{"id": {n}, "title": "Pier {n}", "text": "The pier was closed on day {n}, and stayed so."}}\n' for n in "12"
    )
    (tmp_path / "in/piers.jsonl.gz").write_bytes(gzip.compress("".join(lines).encode(), mtime=0))
    return Streamer(tmp_path / "out", [f"{local.url}/f", tmp_path / "in/**"], local.host)


FERRIES = [("f#1", "Ferry 1 at pier 0"), ("f#2", "Ferry 2 at pier 0"), ("f#2", "Ferry 2 at pier 1")]


def ferries(streamer: Streamer) -> list[tuple[str, str]]:
    return [row for row in streamer.rows() if row[0].startswith("f#")]


def test_a_stream_writes_each_revision_once_and_the_archive_cleaned_again_gives_the_same(
    streamer: Streamer, copydesk: Run, tmp_path: Path
) -> None:
    streamer(0, 1)
    assert ferries(streamer) == FERRIES[:2]
    streamer(2, 3, 4, 5, 6, 7)
    assert ferries(streamer) == [*FERRIES, ("f#3", "Ferry 3 at pier 0")]
    assert len(streamer.rows()) == 4 + 3
    assert streamer.is_whole()
    assert [manifest["counts"]["late"] for manifest in streamer.manifests()] == [0] * len(streamer.manifests())
    again = copydesk("ingest", tmp_path / "out/raw", "--output", tmp_path / "again", "--as-of=2026-01-31")
    assert again.status == 0, again.err
    assert streamer.texts(tmp_path / "again") == streamer.texts()
    files = copydesk("ingest", tmp_path / "in", "--output", tmp_path / "files")
    assert files.status == 0
    assert set(streamer.texts(tmp_path / "files")) <= set(streamer.texts())


def test_what_a_bundle_does_again_is_not_written_again(streamer: Streamer) -> None:
    streamer(0, 1, repeat=2)
    assert ferries(streamer) == FERRIES[:2]
    assert streamer.is_whole()


def test_ticks_that_are_done_again_read_the_archive_and_ask_nobody(streamer: Streamer, local: Any) -> None:
    streamer(0, 1, 2, 3)
    before, asked = streamer.texts(), len(local.asked)
    for folder in ("articles", "_manifests", "_state"):  # all but the archive is lost, and the time is long past
        shutil.rmtree(streamer.out / folder)
    shutil.rmtree(streamer.out.parent / "in")
    streamer(0, 1, 2, 3, now=START + 1e6)
    assert streamer.texts() == before
    assert len(local.asked) == asked
    assert streamer.is_whole()


def test_what_was_archived_and_not_committed_is_read_by_the_next_stream(streamer: Streamer) -> None:
    streamer(0)
    streamer(1)
    last = streamer.manifests()[-1]
    for path in [*(file["path"] for file in last["files"]), f"_manifests/{last['window']}.json",
                 f"_state/decided/{last['window']}.json"]:  # fmt: skip
        (streamer.out / path).unlink()
    assert ferries(streamer) == FERRIES[:1]
    streamer(2)
    assert ferries(streamer) == FERRIES[:2]
    assert streamer.is_whole()


def test_a_window_that_was_decided_on_stands_and_what_else_there_is_comes_late(streamer: Streamer) -> None:
    streamer(0)
    assert len([*streamer.out.glob("raw/**/*.warc.gz")]) == 3
    # Another process archived more at that very tick, and its rows have not been committed.
    more = streamer.out.parent / "in/more.txt"
    more.write_text("More ferries\n\nMore ferries lay at their piers at noon, and nobody asked why.\n")
    streamer(0)
    streamer(0)
    assert len(streamer.rows()) == 1 + 3 + 1
    late = [manifest["late_of"] for manifest in streamer.manifests() if "late_of" in manifest]
    assert late == ["2027-01-15T080000Z"]
    assert streamer.is_whole()


def test_late_data_is_committed_in_a_window_of_its_own_and_counted(streamer: Streamer) -> None:
    given = streamer.stream(0)
    ticked = (
        given_stream.TestStream(coder=beam.coders.VarIntCoder())
        .advance_watermark_to(START)
        .add_elements([TimestampedValue(START, START)])
        .advance_watermark_to(START + 3 * EVERY)
        .advance_watermark_to_infinity()
    )
    with beam.Pipeline(runner=BundleBasedDirectRunner(), options=PipelineOptions(["--streaming"])) as pipeline:
        stream.build(pipeline, given, pipeline | ticked)
    # This runner lets a timer's output come after the end of its window, as a loaded engine may.
    assert len(streamer.rows()) == 1 + 3
    counts = [manifest["counts"] for manifest in streamer.manifests()]
    assert sum(count["late"] for count in counts) == 4
    assert sum(count["articles"] for count in counts) == 4
    assert streamer.is_whole()


def test_an_article_is_forgotten_once_it_has_not_been_found_for_so_long() -> None:
    record = Article(
        article_id="a", revision="r", source_uri="s", media_type="text/plain", text="t", word_count=1, content_hash="c",
        pipeline_version="0", rules_version="0",
    )  # fmt: skip
    found = [START + at for at in (0, 500, 1_000, 1_700)]  # between the last two lie 700 s
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
        known = (
            pipeline
            | "Found" >> beam.Create(found)
            | "Record" >> beam.Map(lambda at: TimestampedValue(keyed(record), at)).with_output_types(tuple[bytes, Any])
            | "Known" >> beam.ParDo(Known(EVERY, 600)).with_outputs(TALLY, main="new")
        )
        at = known.new | "At" >> beam.Map(lambda row, at=beam.DoFn.TimestampParam: int(at) - START)
        counts = known[TALLY] | "Count" >> beam.Map(lambda left_out: left_out.count)
        assert_that(at, equal_to([59, 1_739]), label="new")
        assert_that(counts, equal_to([1, 1]), label="left out")


def test_a_kept_file_is_read_as_if_it_stood_where_it_was_found() -> None:
    data = file_to_warc("file:///in/a%20b.txt", START, "3-7", b"abc")
    [kept] = iter_warc(io.BytesIO(data), source_uri="archive")
    assert kept == KeptFile("file:///in/a%20b.txt", "3-7", b"abc")
    [cut] = iter_warc(io.BytesIO(gzip.decompress(data)[:-6]), source_uri="archive")
    assert cut.reject.code == "truncated"  # type: ignore[union-attr]


def test_a_file_is_archived_once_a_tick_and_not_while_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from copydesk.pipelines import files

    store, file = open_store(str(tmp_path / "out")), tmp_path / "a.txt"
    file.write_bytes(b"one")
    first = archive_file(store, file.as_uri(), START, "raw/files/x.warc.gz")
    file.write_bytes(b"another")
    assert archive_file(store, file.as_uri(), START, "raw/files/x.warc.gz") == first == f"3-{first.split('-')[1]}"  # type: ignore[union-attr]
    stamps = iter(["7-1", "8-2"])
    monkeypatch.setattr(files, "stamp", lambda uri: next(stamps))
    assert archive_file(store, file.as_uri(), START, "raw/files/y.warc.gz") is None
    assert store.list("raw/files") == ["raw/files/x.warc.gz"]
    monkeypatch.undo()
    file.unlink()
    assert archive_file(store, file.as_uri(), START, "raw/files/y.warc.gz") is None


def test_a_batch_does_not_write_where_a_stream_is_at_work(streamer: Streamer, copydesk: Run, tmp_path: Path) -> None:
    streamer(0)
    ran = copydesk("ingest", tmp_path / "in", "--output", streamer.out, "--if-held=refuse")
    assert (ran.status, ran.err) == (4, f"copydesk: {streamer.out.as_uri()} is being written by a stream\n")
    store, said, clock = open_store(str(streamer.out)), list[str](), [START + 100.0]

    def sleep(seconds: float) -> None:
        clock[0] += seconds

    stream_lease.await_end(store, wait=True, on_wait=said.append, now=lambda: clock[0], sleep=sleep)
    assert clock == [START + 3 * EVERY]
    assert said == [f"{store.url} is being written by a stream; waiting for its end, at least 80 s"]


def test_at_each_tick_the_lists_are_read_anew_and_a_spoilt_one_is_passed_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def listing(*names: str) -> str:
        outlines = "".join(f"<outline xmlUrl='http://{name}/f'/>" for name in names)
        return f"<opml version='2.0'><body>{outlines}</body></opml>"

    def looked_at(tick: int) -> list[tuple[str, ...]]:
        return [found.feeds for _, found in look.process(tick) if found.feeds]

    given = tmp_path / "feeds.opml"
    given.write_text(listing("a.example.com", "b.example.com"))
    streamer = Streamer(tmp_path / "out", [given, tmp_path / "none/**"])
    look = LookAround(streamer.names, streamer.options, lambda: START + 2 * EVERY)
    # Feeds of one publisher are in one group, for they must not be asked at once.
    assert looked_at(START) == [("http://a.example.com/f", "http://b.example.com/f")]
    given.write_text("<opml")
    assert len(looked_at(START + EVERY)[0]) == 2
    assert "no list of feeds" in caplog.text
    given.write_text(listing("a.example.com"))
    assert looked_at(START + 2 * EVERY) == [("http://a.example.com/f",)]
    assert looked_at(START - 2 * EVERY) == []  # long past: nobody is asked


def test_a_file_too_large_for_a_stream_is_a_failure_once(streamer: Streamer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("copydesk.pipelines.polls.FILE_BYTES", 110)
    (streamer.out.parent / "in/large.txt").write_text("The pier was long. " * 6)
    streamer(0, 1)
    failures = duckdb.sql(f"select code, message from '{streamer.out}/failures/**/*.parquet'").fetchall()
    told = "114 bytes; a stream takes files of at most 110; use copydesk ingest"
    assert failures == [("unsupported", told)]
    assert streamer.is_whole()


def test_what_went_into_a_stream_and_did_not_come_out_is_told(streamer: Streamer) -> None:
    streamer(0)
    [manifest] = streamer.out.glob("_manifests/*.json")
    told = orjson.loads(manifest.read_bytes())
    told["counts"]["documents"] += 2
    told["counts"]["late"] += 2
    manifest.write_bytes(orjson.dumps(told))
    problems = verify(open_store(str(streamer.out))).problems
    assert problems == ["2 documents went into a stream and have not come out of it"]


def test_a_batch_after_a_stream_knows_what_the_stream_has_committed(
    streamer: Streamer, copydesk: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamer(0)
    # One window was decided on and not sealed when the stream was lost.
    [manifest] = streamer.out.glob("_manifests/*.json")
    sealed = manifest.read_bytes()
    manifest.unlink()
    monkeypatch.setattr(stream_lease, "await_end", lambda *given, **more: None)
    before = streamer.rows()
    (tmp_path / "in/more.txt").write_text("More\n\nMore ferries lay at their piers at noon, and nobody asked why.\n")
    assert copydesk("ingest", tmp_path / "in", "--output", streamer.out, "--as-of=2026-01-31").status == 0
    assert manifest.read_bytes() == sealed
    assert len(streamer.rows()) == len(before) + 1
    streamer(1)
    assert len(streamer.rows()) == len(before) + 2
    assert streamer.is_whole()


def test_a_window_that_ends_again_with_nothing_in_it_changes_nothing(streamer: Streamer) -> None:
    given = streamer.stream(0)
    store, window = given.desk.store, IntervalWindow(START, START + EVERY)
    writer = WriteShard(store, given.window_of, Inline())
    assert list(writer.process((("articles", 0), []), window)) == []
    assert list(CommitInTime(store, given.window_of, EVERY).process(("window", []), window)) == []
    assert not streamer.out.exists()
