"""Ways to run the whole job in a test."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from copydesk.pipelines import cli

EXAMPLES = Path(__file__).parents[2] / "examples"


@dataclass
class Ran:
    """How a command ended."""

    status: int
    out: str
    err: str


@pytest.fixture
def copydesk(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs the command line in this process."""

    def run(*arguments: object) -> Ran:
        status = 0
        try:
            cli.main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        said = capsys.readouterr()
        return Ran(status, said.out, said.err)

    return run


def _tree(out: Path) -> dict[str, str]:
    return {
        str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="session")
def tree() -> Callable[[Path], dict[str, str]]:
    """Every file below a folder, with the digest of its bytes."""
    return _tree


@pytest.fixture(scope="session")
def examples() -> Path:
    """The project's own raw news."""
    return EXAMPLES


@dataclass
class Forked:
    """A warm process that runs commands in forks of itself; see forked.py."""

    process: subprocess.Popen[str]

    def __call__(self, *arguments: object, at: int = 0, how: str = "", **small: int) -> dict[str, Any]:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        order = {"args": [str(argument) for argument in arguments], "at": at, "how": how, **small}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    """Runs the command line in forks, with a fault where it is told."""
    script = Path(__file__).with_name("forked.py")
    with subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as p:
        yield Forked(p)
        assert p.stdin is not None
        p.stdin.close()
