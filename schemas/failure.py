"""The Failure: one document, or one part of it, that was refused, with its payload kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from copydesk.schemas.article import SCHEMA_VERSION
from copydesk.schemas.columns import column

FAILURE_SCHEMA: pa.Schema = pa.schema(
    [
        column(
            1,
            "failure_id",
            pa.string(),
            "Hash of source URI, stage, code and payload (BLAKE2b, 128 bits, hex).",
            nullable=False,
        ),
        column(2, "stage", pa.string(), "The step that refused it: `open`, `read` or `edit`.", nullable=False),
        column(
            3,
            "code",
            pa.string(),
            "Stable code of the reason; docs/failures.md lists them all.",
            nullable=False,
        ),
        column(4, "message", pa.string(), "The reason in words, with the figures that matter.", nullable=False),
        column(5, "source_uri", pa.string(), "Where the bytes came from.", nullable=False),
        column(6, "media_type", pa.string(), "What the bytes were, where that was known."),
        column(7, "charset", pa.string(), "The encoding that came with the bytes, if any."),
        column(8, "url", pa.string(), "The address that the bytes were fetched from, if any."),
        column(9, "house", pa.string(), "The publisher's name given for the input, if any."),
        column(10, "fetched_at", pa.timestamp("us", tz="UTC"), "When the bytes were fetched, if known."),
        column(11, "payload", pa.large_binary(), "The bytes themselves; null where `payload_path` names them."),
        column(12, "payload_size", pa.int64(), "How many bytes the payload has.", nullable=False),
        column(
            13,
            "payload_path",
            pa.string(),
            "Where a payload too large for a row is kept, below the output folder: `payloads/<sha256>`.",
        ),
        column(
            14,
            "payload_of",
            pa.string(),
            "URI of what the payload is: the refused document, or the file or feed that it stands in.",
            nullable=False,
        ),
        column(15, "pipeline_version", pa.string(), "The copydesk release that wrote the row.", nullable=False),
    ],
    metadata={b"copydesk.record": b"failure", b"copydesk.schema_version": SCHEMA_VERSION.encode()},
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One row of `failures/`. The columns and their meanings are those of `FAILURE_SCHEMA`."""

    failure_id: str
    stage: str
    code: str
    message: str
    source_uri: str
    pipeline_version: str
    payload_of: str
    payload_size: int
    payload: bytes | None = None
    payload_path: str | None = None
    media_type: str | None = None
    charset: str | None = None
    url: str | None = None
    house: str | None = None
    fetched_at: int | None = None

    def row(self) -> dict[str, Any]:
        """The failure as a row of `FAILURE_SCHEMA`."""
        return {name: getattr(self, name) for name in FAILURE_SCHEMA.names}
