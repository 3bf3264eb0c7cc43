"""Tells the driver how far its workers are, through a file that all processes of this machine append to."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Bytes read so far, noted by any number of processes.

    Attributes:
        file: Where they note it; None where nobody looks (a remote runner).
        driver: The process that started the run; workers end when it is gone.
    """

    file: str | None = None
    driver: int | None = None

    def add(self, size: int) -> None:
        """Notes that `size` more bytes of input have been read."""
        if self.file is not None:
            descriptor = os.open(self.file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            try:
                os.write(descriptor, f"{size}\n".encode())
            finally:
                os.close(descriptor)

    def total(self) -> int:
        """All that was noted."""
        if self.file is None or not Path(self.file).exists():
            return 0
        return sum(int(line) for line in Path(self.file).read_bytes().split(b"\n")[:-1])

    def follow_driver(self) -> None:
        """Ends this process soon after the driver's, if it is another: a killed run must not go on writing."""
        if self.driver is not None and self.driver != os.getpid():
            threading.Thread(target=_end_with, args=(self.driver,), name="follow-driver", daemon=True).start()


def _end_with(pid: int) -> None:
    while True:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            os._exit(1)
        except PermissionError:
            pass
        time.sleep(0.5)
