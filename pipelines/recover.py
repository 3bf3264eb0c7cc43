"""What a stream that begins anew takes from its output: what is committed, and what was archived and is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import TimestampedValue

from copydesk.pipelines.known import packed_key, packed_revision
from copydesk.pipelines.manifests import finish, manifests, read_all
from copydesk.pipelines.parquet import ID_HASH, REVISION_HASH
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import Store
from copydesk.transforms.archive import FILES, FOLDER

UNREAD: Final = "unread"


class Recover(beam.DoFn):
    """Yields the revisions of all committed articles and failures under their identity, and unread archives to UNREAD.

    With it a stream needs nothing but its output to go on: no checkpoint, no savepoint.
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def process(self, start: int) -> Iterator[Any]:
        """Takes the time at which all this is deemed to be found."""
        finish(self.store)
        self.store.sweep()
        files = [file for manifest in manifests(self.store) for file in manifest["files"]]
        seen = [file["path"] for file in files if file["kind"] == "seen"]
        for path, data in zip(seen, read_all(self.store, seen), strict=True):
            table = "articles" if "-articles-" in path else "failures"
            for row in pq.read_table(pa.BufferReader(data)).to_pylist():
                known = packed_key(table, row[ID_HASH]), packed_revision(row[REVISION_HASH])
                yield TimestampedValue(known, start)
        read = set[str]()
        for data in read_all(self.store, [file["path"] for file in files if file["kind"] == "inputs"]):
            read.update(map(str, pq.read_table(pa.BufferReader(data), columns=["uri"])["uri"].to_pylist()))
        for folder in (FOLDER, FILES):
            for path in self.store.list(folder):
                uri = f"{self.store.url}/{path}"
                if path.endswith(".warc.gz") and uri not in read:
                    size = self.store.size(path) or 0
                    yield TaggedOutput(UNREAD, TimestampedValue(Piece(uri, "archive", size), start))
