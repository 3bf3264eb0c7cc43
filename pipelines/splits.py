"""The first step of the graph: opens the pieces of a split."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput

from copydesk.pipelines.files import stamp
from copydesk.pipelines.opening import OpenOptions, Refused, open_piece
from copydesk.pipelines.plan import InputChangedError, Piece, Split
from copydesk.pipelines.progress import Progress
from copydesk.pipelines.replay import REPLAY, open_failures
from copydesk.pipelines.vault import Vault
from copydesk.pipelines.writing import PiecesRead
from copydesk.schemas.source import RawDocument
from copydesk.transforms.routing import FAILED, TALLY
from copydesk.transforms.steps import Opened


class OpenSplit(beam.DoFn):
    """Yields the documents of a split; what cannot be opened goes to FAILED, what was read to TALLY."""

    def __init__(self, options: OpenOptions, vault: Vault, progress: Progress) -> None:
        self.options, self.vault, self.progress = options, vault, progress

    def _open(self, piece: Piece) -> Iterator[RawDocument | Refused]:
        if piece.uri.startswith(REPLAY):
            return open_failures(piece.uri.removeprefix(REPLAY), self.options)
        return open_piece(piece, self.options)

    def process(self, element: tuple[int, Iterable[Split]]) -> Iterator[Any]:
        """Takes a split under its number."""
        for split in element[1]:
            read = []
            for piece in split.pieces:
                documents = 0
                for found in self._open(piece):
                    documents += 1
                    if isinstance(found, Refused):
                        failure = self.vault.of_refused(found, piece, self.options.house)
                        yield TaggedOutput(FAILED, failure)
                    else:
                        yield Opened(found)
                if piece.stamp and stamp(piece.uri) != piece.stamp:
                    raise InputChangedError(f"{piece.uri} changed while it was read; run again when it is at rest")
                read.append((piece, documents))
                self.progress.add(piece.length)
            yield TaggedOutput(TALLY, PiecesRead(tuple(read)))
