"""Tells the driver how far its workers are, through a file that all processes of this machine append to."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Progress:
    """Bytes read so far, noted by any number of processes.

    Attributes:
        file: Where they note it; None where nobody looks (a remote runner).
    """

    file: str | None = None

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
