"""A worker process: Beam's own, which is quiet and ends when the process that it was started by is gone.

python -m copydesk.pipelines.worker PID                           of a local run; Beam says the rest in the environment
python -m copydesk.pipelines.worker --for PID NAME ENDPOINT       of a pool; see pool.py
"""

from __future__ import annotations

import logging
import os
import shlex
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apache_beam.transforms.environments import SubprocessSDKEnvironment

LOOK_EVERY = 0.5
"""Seconds between two looks at whether the run is still there."""


def environment() -> SubprocessSDKEnvironment:
    """What tells Beam to start such workers for this process."""
    from apache_beam.transforms.environments import SubprocessSDKEnvironment

    command = shlex.join([sys.executable, "-m", __name__, str(os.getpid())])
    return SubprocessSDKEnvironment.from_command_string(command)


def follow(pid: int) -> None:
    """Ends this process soon after that of `pid`: a killed run must not go on writing."""
    threading.Thread(target=_end_with, args=(pid,), name="follow-run", daemon=True).start()


def _end_with(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            os._exit(1)
        except PermissionError:
            pass
        time.sleep(LOOK_EVERY)


def quieten_import(record: logging.LogRecord) -> bool:
    """A filter for the root logger: Beam says at import that it lacks what nothing here uses."""
    return "apitools not found" not in record.getMessage()


def work_for_pool(name: str, endpoint: str) -> None:
    """Says on its standard output that it is ready, and works for the runner at `endpoint` until that hangs up."""
    from apache_beam.runners.worker.sdk_worker import SdkHarness

    from copydesk.pipelines import ingest  # noqa: F401  what every job needs; if it cannot be had, better now
    from copydesk.pipelines.pool import READY

    harness = SdkHarness(endpoint, worker_id=name, state_cache_size=0, data_buffer_time_limit_ms=-1)
    os.write(1, READY)
    os.dup2(2, 1)  # nobody reads on
    try:
        harness.run()
    except Exception:
        logging.exception("worker %s of %s ends", name, endpoint)
        os._exit(1)  # what a thread of a dead job still does, nobody waits for


def main() -> None:
    """Works until whoever started it says that it is done, or is gone."""
    logging.getLogger().addFilter(quieten_import)
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    if sys.argv[1] == "--for":
        pool, name, endpoint = sys.argv[2:]
        follow(int(pool))
        work_for_pool(name, endpoint)
        return
    follow(int(sys.argv[1]))
    # What a worker logs goes to the run, which prints it; a person wants the warnings alone, and each once.
    logging.getLogger().addHandler(logging.NullHandler())
    from apache_beam.runners.worker import sdk_worker_main

    logging.getLogger(sdk_worker_main.__name__).setLevel(logging.ERROR)  # no staged session: local runs have none
    sdk_worker_main.main(sys.argv[:1])


if __name__ == "__main__":
    main()
