"""Runs failures again: the payloads that an output keeps go the way that every input goes.

A file of failures is an input like any other. Its version names the rules and options it is replayed under, so that a
replay that is done is not done again, and a replay under new rules is. What fails again has the same failure id and
is counted as a duplicate; what comes out as an article that is committed already, too.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, cast

import orjson
import pyarrow.parquet as pq

from copydesk.pipelines import commit
from copydesk.pipelines.files import open_stream
from copydesk.pipelines.ledger import Ledger
from copydesk.pipelines.opening import OpenOptions, Refused, open_bytes
from copydesk.pipelines.options import JobOptions, OptionsError
from copydesk.pipelines.plan import Piece
from copydesk.pipelines.store import as_url, open_store
from copydesk.schemas.source import RawDocument
from copydesk.transforms.identity import digest

REPLAY = "replay:"
"""Goes before the URI of a file of failures in the ledger."""
_FOLDER = "/failures"


def replay(patterns: Sequence[str], options: JobOptions, watcher: Any) -> Any:
    """Replays the committed failures of an output.

    Args:
        patterns: The `failures` folder of an output, or none for the output's own.
        options: Checked.
        watcher: As in `run.ingest`.

    Raises:
        OptionsError: the folder is not an output's folder of failures.
    """
    from copydesk.pipelines.run import Runner

    if len(patterns) > 1:
        raise OptionsError(["replay takes one folder of failures: copydesk replay OUT/failures --output OUT"])
    folder = as_url(patterns[0]) if patterns else options.output + _FOLDER
    if not folder.endswith(_FOLDER):
        raise OptionsError([f"{folder}: not the `failures` folder of an output: copydesk replay OUT/failures"])
    root = folder.removesuffix(_FOLDER)
    source = list(commit.manifests(open_store(root)))
    if not source:
        raise OptionsError([f"{root}: nothing is committed there"])
    runner = Runner(open_store(options.output), options, watcher)
    under = digest(runner.editor.pipeline_version, runner.editor.version, orjson.dumps(options.shaping()).decode())

    def unread(ledger: Ledger) -> Iterator[Piece | None]:
        kept = [file for manifest in source for file in manifest["files"] if file["kind"] == "failures"]
        pieces = [
            Piece(f"{REPLAY}{root}/{file['path']}", f"sha256:{file['sha256']}+{under}", file["bytes"]) for file in kept
        ]
        committed = ledger.committed(piece.uri for piece in pieces)
        for piece in pieces:
            yield None if (piece.uri, piece.version) in committed else piece

    return runner.run(unread)


def open_failures(uri: str, options: OpenOptions) -> Iterator[RawDocument | Refused]:
    """The documents whose payloads a committed file of failures keeps, each payload once.

    Args:
        uri: URI of the Parquet file.
        options: How payloads are opened.
    """
    root = uri[: uri.rindex(_FOLDER + "/")]
    opened: set[tuple[str, str]] = set()
    with open_stream(uri) as stream:
        for batch in pq.ParquetFile(cast("io.BufferedReader", stream)).iter_batches(batch_size=64):
            for row in batch.to_pylist():
                name = (row["payload_of"], row["payload_path"] or digest(repr(row["payload"])))
                if name not in opened:
                    opened.add(name)
                    yield from _again(row, root, options)


def _again(row: dict[str, Any], root: str, options: OpenOptions) -> Iterator[RawDocument | Refused]:
    def payload() -> BinaryIO:
        return open_stream(f"{root}/{row['payload_path']}") if row["payload_path"] else io.BytesIO(row["payload"])

    if row["stage"] != "open":
        with payload() as stream:
            data = stream.read()
        yield RawDocument(
            row["payload_of"],
            row["media_type"],
            data,
            charset=row["charset"],
            url=row["url"],
            fetched_at=row["fetched_at"] and int(row["fetched_at"].timestamp() * 1_000_000),
            house=row["house"],
        )
        return
    with payload() as stream:
        for found in open_bytes(stream, row["payload_of"], options):
            if isinstance(found, Refused) and found.payload is None:
                found = Refused(found.reject, found.source_uri, found.media_type, payload(), row["payload_of"])
            yield found
