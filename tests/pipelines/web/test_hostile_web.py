"""A round of polls against servers that mean harm or do not know better: each has its outcome, in bounded memory."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import brotli
import pytest
from backports import zstd

Web = Any
Reply = Callable[..., Any]
FEED = b"<rss version='2.0'><channel><item><guid>1</guid><title>The tide</title></item></channel></rss>"
MEMBER = gzip.compress(bytes(16 << 20))
BOMB = MEMBER * 64
"""Unpacks to 1 GiB."""

ROUND = """
import json, sys, threading
from copydesk.pipelines.client import Bounds, Client
from copydesk.pipelines.fetch import Fetcher
from copydesk.pipelines.politeness import Politeness
from copydesk.pipelines.store import open_store
from copydesk.transforms.addresses import Allowed
from copydesk.transforms.polling import Pace
out, site, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
client = Client("x", Allowed.of(["127.0.0.1"]), Bounds(max_bytes=10 << 20, total_seconds=3))
fetcher = Fetcher(client, Politeness(client), Pace(900))
done = fetcher.round(open_store(out), [f"{site}/{path}" for path in paths], 1_790_000_000, asked_for=True)
# Not getrusage: its maximum is inherited from the process that forked this one.
with open("/proc/self/status") as status:
    peak = next(line for line in status if line.startswith("VmHWM"))
failed = {url.rsplit("/", 1)[-1]: why.split(":")[0] for url, why in done.failed}
print(json.dumps([done.results, failed, int(peak.split()[1]) // 1024]))
"""


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    for _ in range(400):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.05)


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(3_000):
        handler.wfile.write(b"2000\r\n" + b"x" * 0x2000 + b"\r\n")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of memory is read from Linux's /proc")
def test_each_has_its_outcome_and_all_of_them_less_than_150_mb(web: Web, answer: Reply, tmp_path: Path) -> None:
    inside = web.host.replace("feeds.test", "127.0.0.2")
    outcomes = {
        "gzip": (answer(200, BOMB, content_encoding="gzip"), "too_large"),
        "gzip-twice": (answer(200, gzip.compress(BOMB), content_encoding="gzip, gzip"), "too_large"),
        "brotli": (answer(200, brotli.compress(bytes(200 << 20), quality=1), content_encoding="br"), "too_large"),
        "zstd": (answer(200, zstd.compress(bytes(200 << 20)), content_encoding="zstd"), "too_large"),
        "long": (answer(200, bytes(20 << 20)), "too_large"),
        "endless": (endless, "too_large"),
        "drip": (drip, "timeout"),
        "cut-off": (answer(200, gzip.compress(FEED * 9)[:-20], content_encoding="gzip"), "encoding"),
        "inside": (answer(302, BOMB, content_encoding="gzip", location=f"http://{inside}/"), "address"),
        "round-and-round": (answer(301, location="/round-and-round"), "redirects"),
        "busy": (answer(429, retry_after="60"), "429 Too Many Requests"),
        "gone": (answer(410), "410"),
        "page": (answer(200, b"<!doctype html><html><body><p>Blocked</p></body></html>"), "no feed but text/html"),
        "nothing": (answer(200, b""), "no feed"),
        "not-changed": (answer(304), "304 Not Modified"),
        "bomb-on-the-way": (answer(302, BOMB, content_encoding="gzip", location="/feed"), "new"),
        "no-entries": (answer(200, b"<rss version='2.0'><channel></channel></rss>"), "new"),
        "feed": (answer(200, FEED), "new"),
    }
    web.answers |= {f"/{path}": given for path, (given, _) in outcomes.items()}
    site = f"http://{web.host.replace('feeds.test', '127.0.0.1')}"
    command = [sys.executable, "-c", ROUND, str(tmp_path / "out"), site, *outcomes]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    results, failed, megabytes = json.loads(ran.stdout)
    assert failed == {path: outcome for path, (_, outcome) in outcomes.items() if outcome != "new"}
    assert results == {"failed": len(failed), "new": len(outcomes) - len(failed)}
    assert megabytes < 150
