"""What a stream that begins anew takes from its output: what is committed, and what was archived and is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.window import TimestampedValue

from copydesk.pipelines import commit
from copydesk.pipelines.known import packed_key, packed_revision
from copydesk.pipelines.ledger import Ledger
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
        commit.finish(self.store)
        ledger = Ledger()
        ledger.refresh(self.store)
        for path in ledger.seen_files():
            table = "articles" if "-articles-" in path else "failures"
            for row in pq.read_table(pa.BufferReader(self.store.read(path))).to_pylist():
                known = packed_key(table, row[ID_HASH]), packed_revision(row[REVISION_HASH])
                yield TimestampedValue(known, start)
        for folder in (FOLDER, FILES):
            for path in self.store.list(folder):
                uri = f"{self.store.url}/{path}"
                if path.endswith(".warc.gz") and not ledger.knows(uri):
                    size = self.store.size(path) or 0
                    yield TaggedOutput(UNREAD, TimestampedValue(Piece(uri, "archive", size), start))
