"""Makes the Failure of what was refused: a row that keeps the bytes and can be run again."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from copydesk.schemas.failure import Failure
from copydesk.transforms.errors import Reject
from copydesk.transforms.identity import digest

MESSAGE_LENGTH = 2000
"""Code points of a message that are kept; a parser may quote the whole document in its message."""


@dataclass(frozen=True, slots=True)
class Payload:
    """The bytes that a failure keeps.

    Attributes:
        of: URI of what the bytes are: the refused document, or the file or document that it stands in.
        sha256: Of the bytes, hex.
        size: How many.
        data: The bytes, or None where they are kept elsewhere.
        path: Where they are kept, below the output.
    """

    of: str
    sha256: str
    size: int
    data: bytes | None = None
    path: str | None = None


def payload_in_row(of: str, data: bytes) -> Payload:
    """A payload that stands in the row itself."""
    return Payload(of, hashlib.sha256(data).hexdigest(), len(data), data=data)


def failure_of(
    reject: Reject,
    *,
    stage: str,
    source_uri: str,
    payload: Payload,
    pipeline_version: str,
    media_type: str | None = None,
    charset: str | None = None,
    url: str | None = None,
    house: str | None = None,
    fetched_at: int | None = None,
) -> Failure:
    """The Failure of a refusal.

    Args:
        reject: Why.
        stage: The step that refused: `open`, `read` or `edit`.
        source_uri: What was refused.
        payload: The bytes to keep.
        pipeline_version: The release that refuses.
        media_type: As in RawDocument.
        charset: As in RawDocument.
        url: As in RawDocument.
        house: As in RawDocument.
        fetched_at: As in RawDocument.
    """
    return Failure(
        failure_id=digest(source_uri, stage, reject.code, payload.sha256),
        stage=stage,
        code=reject.code,
        message=reject.message[:MESSAGE_LENGTH],
        source_uri=source_uri,
        pipeline_version=pipeline_version,
        payload_of=payload.of,
        payload=payload.data,
        payload_size=payload.size,
        payload_path=payload.path,
        media_type=media_type,
        charset=charset,
        url=url,
        house=house,
        fetched_at=fetched_at,
    )
