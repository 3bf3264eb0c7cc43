"""Hostile input ends in a Failure with a stable code, or in an article; in 2 s and 300 MB, and without a traceback."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from copydesk.transforms.errors import CODES

Run = Callable[..., Any]
STORY = "Gate opens\n\nPORT ELLIS - The gate of the barrage opened on Monday, the keeper said.\n"


def overlapping_zip() -> bytes:
    """A zip whose table of contents names one member of zeros ten thousand times over."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(300):
            archive.writestr(f"{number}.txt", bytes(1 << 20))
    return buffer.getvalue()


def zip_of(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return buffer.getvalue()


def nested_gzip(depth: int) -> bytes:
    data = STORY.encode()
    for _ in range(depth):
        data = gzip.compress(data, mtime=0)
    return data


CASES: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "empty.txt": (lambda: b"", {"empty"}),
    "blank.txt": (lambda: b" \n\t\n", {"empty"}),
    "line-of-100-mb.txt": (lambda: b"word " * 20_000_000, {"too_large"}),
    "line-of-100-mb.jsonl": (
        lambda: b'{"text": "' + b"a" * 100_000_000 + b'"}\n{"text": "' + b"b " * 50 + b'"}\n',
        {"too_large", "-"},
    ),
    "nul.txt": (lambda: b"a story\0with\0nuls " * 1000, {"binary"}),
    "utf-16.txt": (lambda: STORY.encode("utf-16"), {"-"}),
    "utf-16-without-mark.txt": (lambda: STORY.encode("utf-16-le"), {"-"}),
    "cut-off.txt.gz": (
        lambda: gzip.compress(random.Random(1).randbytes(50_000).hex().encode(), mtime=0)[:-20_000],
        {"truncated"},
    ),
    "not-gzip.txt.gz": (lambda: STORY.encode(), {"-"}),
    "bomb.txt.gz": (lambda: gzip.compress(bytes(300_000_000), 9, mtime=0), {"too_large", "binary"}),
    "bomb.jsonl.gz": (
        lambda: gzip.compress(b'{"text":"a"}\n' + b"\n" * 200_000_000, 9, mtime=0),
        {"bomb", "no_story", "-"},
    ),
    "bomb.zip": (overlapping_zip, {"bomb", "binary"}),
    "not-a-zip.zip": (lambda: b"PK\x03\x04" + b"x" * 1000, {"truncated", "bad_archive"}),
    "escape.zip": (lambda: zip_of(**{"///../../etc/passwd_txt": STORY.encode(), "b_txt": STORY.encode()}), {"-"}),
    "deep-gzip.gz": (lambda: nested_gzip(8), {"unsupported"}),
    "200k-divs.html": (lambda: b"<div>" * 200_000 + b"text" + b"</div>" * 200_000, {"too_deep", "too_large"}),
    "200k-attributes.html": (
        lambda: b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(200_000)) + b">text</p>",
        {"too_deep", "bad_page"},
    ),
    "100k-comments.html": (
        lambda: b"<html><body>" + b"<!--" * 100_000 + b"<p>text",
        {"too_deep", "too_large", "bad_page", "no_story", "empty", "-"},
    ),
    "50k-bold.html": (lambda: b"<html><body>" + b"<b>" * 50_000 + b"text", {"too_deep", "bad_page"}),
    "picture.txt": (lambda: b"\x89PNG\r\n\x1a\n" + random.Random(2).randbytes(5000), {"unsupported"}),
    "random.txt": (lambda: random.Random(3).randbytes(5000), {"binary", "undecodable"}),
    "laughs.xml": (
        lambda: (
            b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">'
            + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
            + b"]><rss><channel><item><title>&m;</title><description>&m;</description></item></channel></rss>"
        ),
        {"bad_feed", "no_story", "-"},
    ),
    "items.xml": (
        lambda: b"<rss><channel>" + b"<item><title>a</title></item>" * 200_000 + b"</channel></rss>",
        {"too_large", "-"},
    ),
    "deep.jsonl": (lambda: b'{"text":' + b"[" * 500_000 + b"\n", {"bad_json"}),
    "deep.json": (lambda: b'{"text":' + b"[" * 500_000, {"bad_json"}),
    "garbage.warc": (
        lambda: b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 5000,
        {"bad_warc", "truncated"},
    ),
    "feeds.zip": (
        lambda: zip_of(feeds_opml=b'<opml><body><outline xmlUrl="http://example.com/f"/></body></opml>'),
        {"listed_only"},
    ),
    "brackets.txt": (lambda: b"[[" * 500_000, {"too_large", "-"}),
}


def outcome(out: Path) -> tuple[set[str], int]:
    """The codes of the failures, with `-` for an article, and how many documents there were."""
    found: set[str] = set()
    count = 0
    for table, what in (("failures", "code"), ("articles", "'-'")):
        if list(out.glob(f"{table}/**/*.parquet")):
            rows = duckdb.sql(f"select {what} from '{out}/{table}/**/*.parquet'").fetchall()
            found |= {code for (code,) in rows}
            count += len(rows)
    return found, count


@pytest.mark.parametrize("name", CASES)
def test_hostile_input_ends_in_a_failure_or_an_article(forked: Run, tmp_path: Path, name: str) -> None:
    make, allowed = CASES[name]
    path = tmp_path / "in" / name
    path.parent.mkdir()
    path.write_bytes(make())
    ran = forked("ingest", path, "--output", tmp_path / "out", "--as-of=2026-01-31", "--max-failures=100%")
    assert ran["status"] == 0, ran["said"]
    assert "Traceback" not in ran["said"]
    codes, count = outcome(tmp_path / "out")
    assert count > 0
    assert codes <= allowed
    assert codes - {"-"} <= CODES.keys()
    path.unlink()
    check = forked("verify", tmp_path / "out")
    assert check["status"] == 0, check["said"]


def test_things_that_are_no_files_end_in_a_failure(copydesk: Run, tmp_path: Path) -> None:
    (tmp_path / "in" / "x.html").mkdir(parents=True)
    os.mkfifo(tmp_path / "in" / "pipe.txt")
    (tmp_path / "in" / "dangling.txt").symlink_to(tmp_path / "nowhere")
    ran = copydesk("ingest", f"{tmp_path}/in/*", "--output", tmp_path / "out", "--max-failures=100%")
    assert ran.status == 0, ran.err
    assert "3 = 0 + 0 + 3: adds up" in ran.out


PROBE = """
import json, sys, time
from pathlib import Path
from copydesk.pipelines.opening import OpenOptions, Refused, open_piece
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import open_store
from copydesk.pipelines.vault import Vault
from copydesk.transforms.edit import Editor
from copydesk.transforms.read import Limits
from copydesk.transforms.routing import Route
from copydesk.transforms.steps import EditStep, Opened, ReadStep
from apache_beam.pvalue import TaggedOutput
path, out = Path(sys.argv[1]), sys.argv[2]
editor = Editor("0")
editor.edit(__import__("copydesk.transforms.text", fromlist=["read_text"]).read_text("A programme.", source_uri="warm"))
vault = Vault(open_store(out), "0")
read = Route(ReadStep(Limits()), "read", vault.of_refusal)
edit = Route(EditStep(editor), "edit", vault.of_refusal)
start = time.process_time()
piece = Piece(path.as_uri(), "v", path.stat().st_size)
for found in open_piece(piece, OpenOptions(10 << 20)):
    if isinstance(found, Refused):
        vault.of_refused(found, piece, None)
        continue
    for taken in read.process(Opened(found)):
        if not isinstance(taken, TaggedOutput):
            list(edit.process(taken))
peak = next(int(line.split()[1]) / 1024 for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"seconds": time.process_time() - start, "mb": peak}))
"""


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_hostile_input_costs_at_most_2_s_and_300_mb(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(CASES[name][0]())
    ran = subprocess.run(
        [sys.executable, "-c", PROBE, str(path), str(tmp_path / "out")], capture_output=True, text=True, check=True
    )
    spent = json.loads(ran.stdout)
    assert spent["seconds"] < 2, spent
    assert spent["mb"] < 300, spent
