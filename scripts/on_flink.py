"""A stream on a Flink cluster of this machine, as the scripts beside this file run it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
PYTHON = PROJECT / ".venv/bin/python"
COPYDESK = PROJECT / ".venv/bin/copydesk"
RUN = Path(os.environ.get("FLINK_DIR", PROJECT / ".flink")) / "run"
REST = "http://localhost:8081"
PATIENCE = 400  # seconds that the stream has to come back after a fault


def in_project() -> None:
    """Goes on in the project's environment."""
    if Path(sys.prefix) != PYTHON.parent.parent:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])


def rest(path: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """Asks Flink."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(REST + path, data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read() or b"{}")


def until(what: str, met: Callable[[], Any], patience: float = PATIENCE) -> Any:
    """Waits for a condition and returns what it found."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with contextlib.suppress(urllib.error.URLError, OSError):
            if found := met():
                return found
        time.sleep(0.3)
    raise SystemExit(f"stream-test: {what} did not happen within {patience:g} s; logs are in {RUN}")


def log(words: str) -> None:
    print(f"{time.strftime('%T')} {words}", file=sys.stderr, flush=True)


class Cluster:
    """The processes of deploy/flink/up."""

    def __init__(self, taskmanagers: int) -> None:
        self.taskmanagers = taskmanagers

    def up(self) -> None:
        subprocess.run([PROJECT / "deploy/flink/up", str(self.taskmanagers)], check=True, stdout=sys.stderr)

    def down(self) -> None:
        subprocess.run([PROJECT / "deploy/flink/down"], check=True)

    def pid(self, name: str) -> int:
        return int((RUN / f"{name}.pid").read_text().split()[0])

    def kill(self, name: str) -> None:
        """Kills a process, and starts another in its stead."""
        os.kill(self.pid(name), signal.SIGKILL)
        time.sleep(0.5)
        subprocess.run([PROJECT / "deploy/flink/up", "--again", name], check=True, stdout=sys.stderr)

    def workers(self) -> list[int]:
        """The Python processes that the pool has started."""
        pool = str(self.pid("workers")).encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                words = (folder / "cmdline").read_bytes().split(b"\0")
                if b"copydesk.pipelines.worker" in words and pool in words:
                    found.append(int(folder.name))
        return sorted(found)

    def kill_a_worker(self, chance: random.Random) -> bool:
        """Kills one of them; False where there is none."""
        found = self.workers()
        if found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(chance.choice(found), signal.SIGKILL)
        return bool(found)


class FeedServer:
    """scripts/feed-server, until it is ended."""

    def __init__(self, feeds: int) -> None:
        self.feeds = feeds
        words = [PYTHON, PROJECT / "scripts/feed-server", str(feeds)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def end(self) -> None:
        """Ends it."""
        self.process.kill()
        self.process.wait()


class Stream:
    """The stream under test, from outside."""

    def __init__(self, top: Path, server: FeedServer, every: int, *options: str) -> None:
        self.out, self.incoming, self.every = top / "out", top / "incoming", every
        self.incoming.mkdir()
        host = f"127.0.0.1:{server.port}"
        outlines = "".join(f'<outline xmlUrl="http://{host}/{number}"/>' for number in range(server.feeds))
        (top / "feeds.opml").write_text(f"<opml version='2.0'><body>{outlines}</body></opml>")
        self.command = [COPYDESK, "watch", top / "feeds.opml", f"{self.incoming}/**", "--output", self.out]
        self.command += [f"--every={every}s", "--runner=flink", f"--allow-host={host}", *options]

    def job(self) -> str | None:
        """Flink's name for the job that is running or coming up."""
        jobs = rest("/jobs/overview")["jobs"]
        ended = ("FINISHED", "CANCELED", "FAILED")
        return next((job["jid"] for job in jobs if job["state"] not in ended), None)

    def submit(self, *options: str, kill_after: float | None = None) -> bool:
        """Hands the stream over; False if the client was killed before it had."""
        words = [*self.command, "--", "--checkpointing_interval=4000", *options]
        with subprocess.Popen(words, stdout=sys.stderr, stderr=subprocess.PIPE, text=True) as client:
            try:
                _, said = client.communicate(timeout=kill_after or PATIENCE)
            except subprocess.TimeoutExpired:
                client.kill()
                client.communicate()
                log(f"killed the client after {kill_after} s")
                return False
        if client.returncode and "writes to it already" not in said:
            raise SystemExit(f"stream-test: the stream was not taken: {said}")
        until("the start of the job", self.job)
        return True

    def stop(self) -> str:
        """Stops the job with a savepoint and returns where that is; asks again while the job is coming back."""

        def asked() -> Any:
            job = self.job()
            request = rest(f"/jobs/{job}/stop", {"drain": False})["request-id"]

            def done() -> Any:
                told = rest(f"/jobs/{job}/savepoints/{request}")
                return told["status"]["id"] == "COMPLETED" and told["operation"]

            return until("an answer", done).get("location")

        return str(until("the savepoint", asked))

    def windows(self) -> list[str]:
        """The windows that are committed, in order."""
        return sorted(path.name for path in self.out.glob("_manifests/*Z.json"))

    def goes_on(self, patience: float = PATIENCE) -> None:
        """Waits until windows of ticks from now on are committed."""
        now = time.strftime("%Y-%m-%dT%H%M%SZ.json", time.gmtime())
        until("the next commit", lambda: (found := self.windows()) and found[-1] > now, patience)
