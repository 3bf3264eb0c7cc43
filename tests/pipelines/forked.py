"""Runs the command line in forks of one warm process, with a fault at a chosen storage operation.

Reads a JSON object a line: `{"args": [...], "at": N, "how": HOW, "shard_bytes": B, "merge_every": M}`. `N` counts the
operations of the output's store, from 1; `HOW` is `kill-before`, `kill-after`, `error`, `error-after` or `full`; `B`
makes a small job write many files, `M` lets few windows merge. Writes a JSON object a line:
`{"status": S, "operations": [...], "said": "..."}`, where S is minus the signal for a killed run.
"""

from __future__ import annotations

import errno
import functools
import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import numpy.ma  # noqa: F401 - what numpy imports late

from copydesk.pipelines import cli, engine, feeds, ingest, ledger, plan, replay, run, summary, verify  # noqa: F401 - warm
from copydesk.pipelines.exchange import Spill
from copydesk.pipelines.store import FolderStore
from copydesk.transforms.edit import Editor
from copydesk.transforms.text import read_text

OPERATIONS = ("create", "replace", "read", "size", "list", "move", "delete", "keep", "sync", "sweep")


def fail(how: str, done: bool) -> None:
    if how == ("kill-after" if done else "kill-before"):
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "full" and not done:
        raise OSError(errno.ENOSPC, "No space left on device (injected)")
    if how == ("error-after" if done else "error"):
        raise OSError(errno.EIO, "Input/output error (injected)")


def arm(at: int, how: str, log: int) -> None:
    """Makes the `at`th operation of any store in this process fail."""
    count = 0

    def wrap(owner: type, name: str) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        @functools.wraps(real)
        def operation(self: Any, *args: Any, **more: Any) -> Any:
            nonlocal count
            if args and str(args[0]).startswith("_state/claim"):
                return real(self, *args, **more)  # renewed by the clock, so its count is not the same each time
            count += 1
            mine = count
            os.write(log, f"{name} {args[0] if args and isinstance(args[0], str) else ''}\n".encode())
            if mine == at:
                fail(how, done=False)
            try:
                return real(self, *args, **more)
            finally:
                if mine == at:
                    fail(how, done=True)

        setattr(owner, name, operation)

    for name in OPERATIONS:
        wrap(FolderStore, name)
    wrap(Spill, "put")
    wrap(Spill, "get")


def warm() -> None:
    """Builds once what every run would build for itself."""
    editor = Editor("warm")
    editor.edit(read_text("A gate\n\nThe gate opened at noon, and the programme began.", source_uri="warm"))


def main() -> None:
    warm()
    for line in sys.stdin:
        order = json.loads(line)
        with tempfile.TemporaryFile() as log, tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                os.dup2(said.fileno(), 1)
                os.dup2(said.fileno(), 2)
                plan.SHARD_BYTES = order.get("shard_bytes") or plan.SHARD_BYTES
                ledger.MERGE_EVERY = order.get("merge_every") or ledger.MERGE_EVERY
                arm(order.get("at", 0), order.get("how", ""), log.fileno())
                status = 1
                try:
                    cli.main(order["args"])
                    status = 0
                except SystemExit as stop:
                    status = int(stop.code or 0)
                except BaseException as error:
                    print(f"{type(error).__name__}: {error}", flush=True)
                finally:
                    sys.stdout.flush()
                    sys.stderr.flush()
                    os._exit(status)
            _, result = os.waitpid(child, 0)
            log.seek(0)
            said.seek(0)
            answer = {
                "status": os.waitstatus_to_exitcode(result),
                "operations": log.read().decode().splitlines(),
                "said": said.read().decode(errors="replace"),
            }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
