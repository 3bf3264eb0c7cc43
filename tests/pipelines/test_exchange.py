"""Whatever way the rows take from worker to worker, they arrive."""

from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from copydesk.pipelines.commit import sweep
from copydesk.pipelines.exchange import Inline, Spill, Staged
from copydesk.pipelines.store import open_store


@pytest.mark.parametrize("way", ["inline", "spill", "staged"])
def test_rows_arrive_in_another_worker(way: str, tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "out"))
    exchange = {
        "inline": Inline(),
        "spill": Spill(str(tmp_path / "spill")),
        "staged": Staged(store, "_staging/000001/spill"),
    }[way]
    batches = [pa.RecordBatch.from_pydict({"text": [f"{number}"]}) for number in range(3)]
    tokens = [exchange.put(batches[:2]), exchange.put(batches[2:])]
    there = pickle.loads(pickle.dumps(exchange))
    assert sorted(there.get(tokens)["text"].to_pylist()) == ["0", "1", "2"]
    sweep(store)
    assert not list((tmp_path / "out").rglob("*.*"))
