"""Prints two invented papers on this machine for as long as another command runs.

    python examples/watch/press.py feeds.opml COMMAND...

Each paper has its editions in a folder beside this file, one for each time it is asked; the last one stays. The first
word names the list of the two feeds, which is written before the command is run.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAPERS = {"/" + folder.name: sorted(folder.iterdir()) for folder in Path(__file__).parent.iterdir() if folder.is_dir()}
ASKED: Counter[str] = Counter()


class Press(BaseHTTPRequestHandler):
    """Answers with the next edition, or with 304 where the reader has it."""

    def do_GET(self) -> None:
        """Answers a request."""
        editions = PAPERS.get(self.path)
        if editions is None:
            self.send_error(404)
            return
        edition = editions[min(ASKED[self.path], len(editions) - 1)]
        ASKED[self.path] += 1
        tag = f'"{edition.stem}"'
        if self.headers["If-None-Match"] == tag:
            self.send_response(304)
            self.end_headers()
            return
        body = edition.read_bytes()
        self.send_response(200)
        self.send_header("ETag", tag)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing."""


def main() -> int:
    """Serves on a free port while the command runs; returns its exit status."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Press) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        feeds = "".join(f'<outline xmlUrl="http://127.0.0.1:{server.server_port}{path}"/>' for path in sorted(PAPERS))
        Path(sys.argv[1]).write_text(f'<opml version="2.0"><body>{feeds}</body></opml>\n', encoding="utf-8")
        status = subprocess.run(sys.argv[2:], check=False).returncode
        server.shutdown()
    return status


if __name__ == "__main__":
    sys.exit(main())
