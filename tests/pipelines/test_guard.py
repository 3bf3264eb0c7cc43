"""A document that hangs or brings down its process is refused, and the next one is read."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from copydesk.pipelines import ingest
from copydesk.pipelines.guard import RISKY_BYTES, Guard
from copydesk.schemas.source import RawDocument
from copydesk.transforms.errors import Reject
from copydesk.transforms.read import Limits
from copydesk.transforms.steps import Opened, ReadStep


def guard(step: Callable[[Any], Iterable[Any]], size: int = RISKY_BYTES, seconds: float = 30) -> Guard:
    return Guard(step, lambda _: size, seconds)


def test_a_guarded_step_gives_what_it_gives_unguarded() -> None:
    assert guard(sorted)([3, 1, 2]) == [1, 2, 3]


def test_only_a_large_document_leaves_the_process() -> None:
    assert guard(lambda _: [os.getpid()], size=RISKY_BYTES - 1)(None) == [os.getpid()]


def test_a_step_that_hangs_is_given_up() -> None:
    with pytest.raises(Reject, match=r"^timeout: it took longer than 0\.2 s") as refused:
        guard(time.sleep, seconds=0.2)(600)  # type: ignore[arg-type]
    assert refused.value.code == "timeout"
    assert guard(sorted)([2, 1]) == [1, 2]


def test_a_step_that_brings_its_process_down_is_refused() -> None:
    with pytest.raises(Reject) as refused:
        guard(signal.raise_signal)(signal.SIGKILL)  # type: ignore[arg-type]
    assert refused.value.code == "crashed"
    assert guard(sorted)([2, 1]) == [1, 2]


def test_what_the_step_itself_raises_comes_through() -> None:
    blank = Opened(RawDocument("file:///blank.txt", "text/plain", b" " * RISKY_BYTES))
    step = ReadStep(Limits())
    with pytest.raises(Reject, match=r"^empty: "):
        Guard(step, ReadStep.size, 30)(blank)


def test_a_large_page_that_takes_too_long_is_a_failure_of_the_job(
    copydesk: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = b"<html><body><article>" + (b"<p>" + b"The gate of the barrage opened on Monday. " * 10 + b"</p>") * 9_000
    (tmp_path / "page.html").write_bytes(page)
    (tmp_path / "story.txt").write_text("Gate opens\n\nPORT ELLIS - The gate opened on Monday, the keeper said.\n")
    options = ("--output", tmp_path / "out", "--max-failures", "1", "--as-of", "2026-01-31")
    with monkeypatch.context() as patch:
        patch.setattr(ingest, "Guard", lambda step, size, _: Guard(step, size, 0.001))
        ran = copydesk("ingest", f"{tmp_path}/*.*", *options)
    assert ran.status == 0, ran.err
    assert "1 timeout" in ran.out
    assert "2 = 1 + 0 + 1: adds up" in ran.out
    again = copydesk("replay", *options)
    assert again.status == 0, again.err
    assert "1 = 1 + 0 + 0: adds up" in again.out
