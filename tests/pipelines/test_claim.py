"""One run at a time, and a dead holder's claim ends."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import orjson
import pytest

from copydesk.pipelines import claim
from copydesk.pipelines.claim import CLAIMS, Claim, HeldError
from copydesk.pipelines.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path))


def test_a_claim_leaves_nothing_behind(store: Store) -> None:
    with Claim(store, wait=False):
        assert len(store.list(CLAIMS)) == 1
    assert store.list(CLAIMS) == []


def test_a_second_claim_is_refused_and_told_who_holds_it(store: Store) -> None:
    with (
        Claim(store, wait=False),
        pytest.raises(HeldError, match="is being written by process"),
        Claim(store, wait=False),
    ):
        pass


def test_one_that_waits_goes_on_when_the_first_is_done(store: Store) -> None:
    said: list[str] = []
    order: list[str] = []

    def second() -> None:
        with Claim(store, wait=True, on_wait=said.append):
            order.append("second")

    with Claim(store, wait=False):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.7)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert len(said) == 1


def test_the_claim_of_a_process_that_is_gone_has_ended(store: Store) -> None:
    code = (
        "import os, sys; from copydesk.pipelines.claim import Claim; from copydesk.pipelines.store import open_store\n"
        f"Claim(open_store({store.url!r}), wait=False).__enter__(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code], check=False)
    assert len(store.list(CLAIMS)) == 1
    with Claim(store, wait=False):
        assert [path[-6:] for path in store.list(CLAIMS)] == ["2.json"]
    assert store.list(CLAIMS) == []


def test_the_claim_of_another_machine_ends_when_it_is_not_renewed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "LEASE", 0.6)
    store.create(f"{CLAIMS}/{1:09d}.json", orjson.dumps({"host": "elsewhere", "pid": 1, "started": ""}))
    started = time.monotonic()
    with Claim(store, wait=True):
        assert time.monotonic() - started > 0.6


def test_the_claim_of_another_machine_holds_while_it_is_renewed(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "LEASE", 1.0)
    store.create(f"{CLAIMS}/{1:09d}.json", orjson.dumps({"host": "elsewhere", "pid": 1, "started": ""}))
    stop = threading.Event()

    def renew() -> None:
        beat = 0
        while not stop.wait(0.2):
            beat += 1
            store.replace(f"{CLAIMS}/{1:09d}.beat", str(beat).encode())

    renewing = threading.Thread(target=renew)
    renewing.start()
    taken = threading.Event()

    def wait() -> None:
        with Claim(store, wait=True):
            taken.set()

    waiting = threading.Thread(target=wait)
    waiting.start()
    assert not taken.wait(2.5)
    stop.set()
    assert taken.wait(5)
    waiting.join()
    renewing.join()
