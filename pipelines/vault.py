"""Keeps the payloads of failures: in the row where they are small, else below `payloads/` under their digest."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import IO

from copydesk.pipelines.commit import PAYLOADS
from copydesk.pipelines.files import open_stream
from copydesk.pipelines.opening import Refused
from copydesk.pipelines.plan import MIB, Piece
from copydesk.pipelines.store import Store
from copydesk.schemas.failure import Failure
from copydesk.transforms.refusal import Payload, failure_of, payload_in_row
from copydesk.transforms.steps import Refusal

IN_ROW_BYTES = 1 * MIB
"""A payload up to this size stands in the row."""
SHARED_IN_ROW_BYTES = IN_ROW_BYTES // 16
"""The same for a payload that other failures may share: the stories of one feed. Kept elsewhere, it is kept once."""


@dataclass(frozen=True)
class Vault:
    """Makes failures, and keeps what they must keep.

    Attributes:
        store: The output.
        pipeline_version: As it goes into the rows.
    """

    store: Store
    pipeline_version: str

    def of_refusal(self, refusal: Refusal, stage: str) -> Failure:
        """The Failure of a document, or of one story in it, that a step refused."""
        document = refusal.document
        limit = IN_ROW_BYTES if refusal.sole else SHARED_IN_ROW_BYTES
        return failure_of(
            refusal.reject,
            stage=stage,
            source_uri=refusal.source_uri,
            payload=self._keep(document.source_uri, io.BytesIO(document.data), limit),
            pipeline_version=self.pipeline_version,
            media_type=document.media_type,
            charset=document.charset,
            url=document.url,
            house=document.house,
            fetched_at=document.fetched_at,
        )

    def of_refused(self, refused: Refused, piece: Piece, house: str | None) -> Failure:
        """The Failure of what could not be opened."""
        of = refused.payload_of or refused.source_uri
        if refused.payload is None:
            with open_stream(piece.uri) as stored:
                payload = self._keep(piece.uri, stored, IN_ROW_BYTES)
        elif isinstance(refused.payload, bytes):
            payload = self._keep(of, io.BytesIO(refused.payload), IN_ROW_BYTES)
        else:
            with refused.payload as stream:
                payload = self._keep(of, stream, IN_ROW_BYTES)
        return failure_of(
            refused.reject,
            stage="open",
            source_uri=refused.source_uri,
            payload=payload,
            pipeline_version=self.pipeline_version,
            media_type=refused.media_type,
            house=house,
        )

    def _keep(self, of: str, stream: IO[bytes], limit: int) -> Payload:
        data = stream.read(limit + 1)
        if len(data) <= limit:
            return payload_in_row(of, data)
        stream.seek(0)
        path, size = self.store.keep(PAYLOADS, stream)
        return Payload(of, path.rsplit("/", 1)[-1], size, path=path)
