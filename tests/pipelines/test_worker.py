"""The worker processes of a local run: quiet, and gone when the run is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

STORY = "Gate {0} opens\n\nPORT ELLIS - Gate {0} of the barrage opened on Monday, the keeper said.\n"
COMMAND = (sys.executable, "-c", "from copydesk.pipelines.cli import main; main()", "ingest")
PATIENCE = 60


def workers_of(pid: int) -> list[int]:
    """The processes that were started for a run."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"copydesk.pipelines.worker" in words and str(pid).encode() in words:
            found.append(int(folder.name))
    return found


def waited_for(what: Callable[[], bool]) -> bool:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.02)
    return False


def test_workers_say_nothing_and_do_not_outlive_a_killed_run(
    copydesk: Callable[..., Any], tree: Callable[[Path], object], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(300):
        (folder / f"{number}.txt").write_text(STORY.format(number))
    options = (str(folder), "--as-of=2026-01-31", "--workers=2", "--output")
    with subprocess.Popen([*COMMAND, *options, str(tmp_path / "killed")]) as run:
        assert waited_for(lambda: len(workers_of(run.pid)) >= 2)
        os.kill(run.pid, signal.SIGKILL)
        run.wait()
        assert waited_for(lambda: not workers_of(run.pid))
    again = subprocess.run([*COMMAND, *options, str(tmp_path / "killed")], capture_output=True, text=True, check=True)
    assert again.stderr == ""
    assert copydesk("ingest", *options[:2], "--workers=1", "--output", tmp_path / "whole").status == 0
    assert tree(tmp_path / "whole") == tree(tmp_path / "killed")
