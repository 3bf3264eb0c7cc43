"""The same job onto an object store: an S3 server on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from copydesk.pipelines.store import open_store

Run = Callable[..., Any]
AS_OF = "--as-of=2026-01-31"


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with log, subprocess.Popen(command, stdout=log, stderr=log) as server:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture
def bucket(endpoint: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A new bucket, and the environment that leads to it."""
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    name = f"b{abs(hash(request.node.name)) % 10**9}"
    import boto3

    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1").create_bucket(Bucket=name)
    return name


def objects(bucket: str) -> dict[str, bytes]:
    store = S3Store(bucket, client_options={"allow_http": True})
    paths = [meta["path"] for chunk in obstore.list(store) for meta in chunk]
    return {path: bytes(obstore.get(store, path).bytes()) for path in paths}


def stories(folder: Path, numbers: range) -> Path:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        text = f"Gate {number} opens\n\nPORT ELLIS - Gate {number} of the barrage opened on Monday, the keeper said.\n"
        (folder / f"s{number:03d}.txt").write_text(text)
    return folder


def test_a_run_on_s3_gives_the_same_objects_as_a_run_on_a_folder(copydesk: Run, bucket: str, tmp_path: Path) -> None:
    folder = stories(tmp_path / "in", range(5))
    (folder / "long.txt").write_text("word " * 500_000)
    command = ("ingest", folder, AS_OF, "--max-document-bytes=1M", "--max-failures=100%", "--output")
    assert copydesk(*command, tmp_path / "out").status == 0
    for _ in range(2):
        ran = copydesk(*command, f"s3://{bucket}/clean")
        assert ran.status == 0, ran.err
        local = {
            str(p.relative_to(tmp_path / "out")): p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()
        }
        assert {f"clean/{path}": data for path, data in local.items()} == objects(bucket)
    assert copydesk("verify", f"s3://{bucket}/clean").status == 0


def test_inputs_in_an_object_store_are_found_by_glob_and_read_once(copydesk: Run, bucket: str, tmp_path: Path) -> None:
    store = S3Store(bucket, client_options={"allow_http": True})
    for path in sorted(stories(tmp_path / "in", range(3)).iterdir()):
        obstore.put(store, f"raw/deep/{path.name}", path.read_bytes())
    obstore.put(store, "raw/other.csv", b"not,matched\n")
    command = ("ingest", f"s3://{bucket}/raw/**/*.txt", "--output", tmp_path / "out", AS_OF)
    ran = copydesk(*command)
    assert "3 = 3 + 0 + 0: adds up" in ran.out, ran.err
    assert "3 inputs committed already" in copydesk(*command).out


def test_two_runs_started_at_once_commit_each_row_once(copydesk: Run, bucket: str, tmp_path: Path) -> None:
    stories(tmp_path / "in", range(40))
    code = "import sys; from copydesk.pipelines.cli import main; main(sys.argv[1:])"
    command = [sys.executable, "-c", code, "ingest", str(tmp_path / "in"), "--output", f"s3://{bucket}/out", AS_OF]
    both = [
        subprocess.Popen(command, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted("adds up" in out for out, _ in said) == [False, True]
    ran = copydesk("verify", f"s3://{bucket}/out")
    assert ran.status == 0, ran.err
    assert "40 articles" in ran.out


def test_a_second_run_that_may_not_wait_says_who_holds_the_output(copydesk: Run, bucket: str, tmp_path: Path) -> None:
    from copydesk.pipelines.claim import Claim

    with Claim(open_store(f"s3://{bucket}/out"), wait=False):
        ran = copydesk(
            "ingest", stories(tmp_path / "in", range(1)), "--output", f"s3://{bucket}/out", "--if-held=refuse"
        )
    assert ran.status == 4
    assert f"is being written by process {os.getpid()}" in ran.err


def test_feeds_are_archived_on_s3_and_read_from_there(copydesk: Run, bucket: str) -> None:
    feed = b"<rss version='2.0'><channel><item><guid>tag:a,1</guid><title>The gate opens</title></item></channel></rss>"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/feed"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(feed if found else b"")

        def log_message(self, *words: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        host, out = f"127.0.0.1:{server.server_port}", f"s3://{bucket}/clean"
        for said in ("1 = 1 + 0 + 0: adds up", "Nothing new"):
            ran = copydesk("ingest", f"http://{host}/feed", "--output", out, f"--allow-host={host}", AS_OF)
            assert ran.status == 0, ran.err
            assert said in ran.out
        server.shutdown()
        thread.join()
    names = [name for name in objects(bucket) if name.startswith(("clean/raw", "clean/_state"))]
    assert [name for name in names if name.endswith(".warc.gz")]
    assert not [name for name in names if "/ticks/" in name or "/polling/" in name]
    assert copydesk("verify", out).status == 0
    assert f"{host}/feed" in copydesk("feeds", out).out
