"""Opens pieces: unpacks what is packed, tells what it is, and hands over the documents one at a time.

Nothing here holds more than one document; archives and record files of any size stream through.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import IO, BinaryIO, cast

from backports import zstd

from copydesk.pipelines.files import open_stream
from copydesk.pipelines.plan import MIB, Piece
from copydesk.pipelines.records import Oversized, Record, cut_lines, cut_parts, separator
from copydesk.schemas.source import RawDocument
from copydesk.transforms.errors import Reject
from copydesk.transforms.sniff import SNIFF_BYTES, sniff
from copydesk.transforms.warc import KeptFile, iter_warc

HEAD_BYTES = SNIFF_BYTES
MEMBERS = 100_000
"""Members an archive may have. Real news archives of a year have fewer; a bomb's table of contents does not."""
RATIO = 250
"""How many times its size a stream may unpack to once it is past UNPACK_FREELY. Text packs 3 to 10 times, logs 100."""
UNPACK_FREELY = 64 * MIB
DEPTH = 3
"""Containers inside containers: a .warc.gz in a .zip is two."""

DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile, zstd.ZstdError, lzma.LZMAError)
"""What the unpackers raise for data that ends too early or is damaged. bz2 raises a bare OSError or ValueError too."""


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be opened, with the payload to keep.

    Attributes:
        reject: Why.
        source_uri: Where it stood.
        media_type: What it is, where that was known.
        payload: The bytes, or a stream of them; None for the whole file as stored.
        payload_of: URI of what the payload is, where it is neither `source_uri` nor the file.
    """

    reject: Reject
    source_uri: str
    media_type: str | None
    payload: bytes | IO[bytes] | None
    payload_of: str | None = None


@dataclass(frozen=True, slots=True)
class OpenOptions:
    """How files are opened.

    Attributes:
        max_document_bytes: The largest document, unpacked.
        text_separator: A key of SEPARATORS, or None where a text file is one article.
        house: The publisher's name given for the inputs.
    """

    max_document_bytes: int
    text_separator: str | None = None
    house: str | None = None


def open_piece(piece: Piece, options: OpenOptions) -> Iterator[RawDocument | Refused]:
    """Yields the documents of one piece in the order they stand in it.

    Raises:
        OSError: the storage failed. Damaged *content* is a Refused.
    """
    if piece.problem is not None:
        yield Refused(Reject("unsupported", piece.problem), piece.uri, None, b"")
        return
    with open_stream(piece.uri) as stream:
        if piece.end >= 0:
            stream.seek(max(0, piece.start - 1))
            yield from _Opener(options, piece.uri).records(stream, piece.start, piece.end, piece.uri)
        elif piece.size == 0:
            yield Refused(Reject("empty", "the file has no bytes"), piece.uri, None, b"")
        else:
            yield from open_bytes(stream, piece.uri, options)


def open_bytes(stream: BinaryIO, uri: str, options: OpenOptions) -> Iterator[RawDocument | Refused]:
    """Yields the documents of one whole stream: of a file, or of a payload that was kept.

    Args:
        stream: Seekable, at its start.
        uri: What the stream is called; its last suffix helps to tell what it is.
        options: How to open it.
    """
    yield from _Opener(options, uri).documents(stream, uri, uri.rsplit("/", 1)[-1], 0)


def is_splittable(uri: str, options: OpenOptions, head: bytes) -> bool:
    """Whether a file may be read from the middle: uncompressed JSON lines, or text of several articles."""
    try:
        kind = sniff(head, uri.rsplit("/", 1)[-1])
    except Reject:
        return False
    return kind == "application/x-ndjson" or (kind == "text/plain" and options.text_separator is not None)


class _Forward(io.RawIOBase):
    """A stream that can only be read on, and says where it is."""

    def __init__(self) -> None:
        self.read_so_far = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        """True, so that a reader may ask where it is; it cannot go elsewhere."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if (offset, whence) not in ((0, io.SEEK_CUR), (self.read_so_far, io.SEEK_SET)):
            raise io.UnsupportedOperation("an unpacked stream can only be read on")
        return self.read_so_far

    def tell(self) -> int:
        return self.read_so_far

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self.more(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    @abstractmethod
    def more(self, size: int) -> bytes:
        """Up to `size` more bytes, counted in `read_so_far`."""


class _Bounded(_Forward):
    """An unpacked stream that stops an archive bomb: it compares what comes out with what went in."""

    def __init__(self, unpacked: IO[bytes], packed: BinaryIO) -> None:
        super().__init__()
        self._unpacked, self._packed = unpacked, packed
        self._before = packed.tell()

    def more(self, size: int) -> bytes:
        data = self._unpacked.read(size)
        self.read_so_far += len(data)
        out = self.read_so_far
        if out > UNPACK_FREELY and out > RATIO * max(1, self._packed.tell() - self._before):
            raise Reject("bomb", f"more than {RATIO} times its packed size after {out:,} bytes")
        return data


class _Sized(_Forward):
    """A member of an archive, cut off where it grows past the size it declared."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        super().__init__()
        self._stream, self._size = stream, size

    def more(self, size: int) -> bytes:
        data = self._stream.read(min(size, self._size - self.read_so_far + 1))
        self.read_so_far += len(data)
        if self.read_so_far > self._size:
            raise Reject("bomb", "the member is larger than it declares")
        return data


class _Opener:
    def __init__(self, options: OpenOptions, stored: str) -> None:
        self.options = options
        self.stored = stored

    def documents(self, stream: BinaryIO, uri: str, name: str, depth: int) -> Iterator[RawDocument | Refused]:
        """The documents of one stream, told by its first bytes."""
        limit = self.options.max_document_bytes
        media_type: str | None = None
        try:
            buffered = _buffered(stream)
            head = buffered.peek(HEAD_BYTES)[:HEAD_BYTES]
            if not head:
                raise Reject("empty", "nothing is left once it is unpacked")
            media_type = sniff(head, name)
            if media_type in _UNPACK or media_type == "application/zip":
                if depth >= DEPTH:
                    raise Reject("unsupported", f"containers nested more than {DEPTH} deep")
                yield from self._unpack(buffered, media_type, uri, name, depth)
            elif media_type == "application/x-ndjson" or (media_type == "text/plain" and self.options.text_separator):
                yield from self.records(buffered, 0, -1, uri, media_type)
            elif media_type == "application/warc":
                yield from self._warc(buffered, uri)
            else:
                data = buffered.read(limit + 1)
                if len(data) > limit:
                    raise Reject("too_large", f"more than {limit:,} bytes")
                yield self._document(uri, media_type, data)
        except Reject as reject:
            yield Refused(reject, uri, media_type, None)
        except DAMAGE as error:
            yield Refused(Reject("truncated", _words(error)), uri, media_type, None)
        except (OSError, ValueError) as error:  # bz2 has no exception of its own
            if depth == 0 or (isinstance(error, OSError) and error.errno is not None):  # the storage itself
                raise
            yield Refused(Reject("truncated", _words(error)), uri, media_type, None)

    def _unpack(
        self, stream: BinaryIO, media_type: str, uri: str, name: str, depth: int
    ) -> Iterator[RawDocument | Refused]:
        if media_type == "application/zip":
            yield from self._zip(stream, uri, depth)
            return
        inner = _Bounded(_UNPACK[media_type](stream), stream)
        base = name.rsplit(".", 1)[0] if name.lower().endswith((".gz", ".bz2", ".zst")) else name
        yield from self.documents(io.BufferedReader(inner, HEAD_BYTES), uri, base, depth + 1)

    def _zip(self, stream: BinaryIO, uri: str, depth: int) -> Iterator[RawDocument | Refused]:
        if depth > 0:
            raise Reject("unsupported", "a zip inside another container")
        with zipfile.ZipFile(stream) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if len(members) > MEMBERS:
                raise Reject("bomb", f"{len(members):,} members; at most {MEMBERS:,} are read")
            if not members:
                raise Reject("empty", "an archive without members")
            packed = stream.seek(0, io.SEEK_END)
            unpacked = 0
            for number, member in enumerate(members):
                unpacked += member.file_size
                if unpacked > UNPACK_FREELY and unpacked > RATIO * packed:
                    raise Reject("bomb", f"unpacks to more than {RATIO} times its size at member {number + 1}")
                yield from self._member(archive, member, uri, depth)

    def _member(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, uri: str, depth: int
    ) -> Iterator[RawDocument | Refused]:
        inside = f"{uri}!/{member.filename.lstrip('/')}"
        name = member.filename.rsplit("/", 1)[-1]
        if member.flag_bits & 1:
            yield Refused(Reject("unsupported", "an encrypted member"), inside, None, None)
            return
        if member.file_size == 0:
            yield Refused(Reject("empty", "the member has no bytes"), inside, None, b"")
            return
        try:
            with archive.open(member) as stream:
                bounded = io.BufferedReader(_Sized(stream, member.file_size), HEAD_BYTES)
                yield from self.documents(bounded, inside, name, depth + 1)
        except (*DAMAGE, NotImplementedError, OSError, ValueError) as error:
            yield Refused(Reject("bad_archive", _words(error)), inside, None, None)

    def records(
        self, stream: BinaryIO, start: int, end: int, uri: str, media_type: str | None = None
    ) -> Iterator[RawDocument | Refused]:
        """The records of a stream that start in a range of it."""
        limit = self.options.max_document_bytes
        if media_type is None:  # a range of a file: the plan has looked at its head
            media_type = "text/plain" if self.options.text_separator else "application/x-ndjson"
            with open_stream(uri) as whole:
                media_type = sniff(whole.read(HEAD_BYTES), uri.rsplit("/", 1)[-1])
        if media_type == "application/x-ndjson":
            kind, records = "application/json", cut_lines(stream, start, end, limit)
        else:
            separates = separator(self.options.text_separator or "")
            kind, records = "text/plain", cut_parts(stream, start, end, limit, separates)
        at = start
        try:
            for record in records:
                at = record.start
                where = f"{uri}#byte={record.start}"
                if isinstance(record, Record):
                    yield self._document(where, kind, record.data)
                else:
                    yield _oversized(record, where, kind, limit)
        except DAMAGE as error:
            message = f"{_words(error)}; after the record at byte {at} nothing more can be read"
            yield Refused(Reject("truncated", message), uri, media_type, None)

    def _warc(self, stream: BinaryIO, uri: str) -> Iterator[RawDocument | Refused]:
        for record in iter_warc(stream, source_uri=uri, max_bytes=self.options.max_document_bytes):
            if isinstance(record, RawDocument):
                yield record if record.house else replace(record, house=self.options.house)
            elif isinstance(record, KeptFile):  # as if it stood where it was found
                name = record.uri.rsplit("/", 1)[-1]
                yield from self.documents(cast("BinaryIO", io.BytesIO(record.data)), record.uri, name, 0)
            else:
                yield Refused(record.reject, record.source_uri, record.media_type, record.payload)

    def _document(self, uri: str, media_type: str, data: bytes) -> RawDocument:
        return RawDocument(uri, media_type, data, house=self.options.house)


_UNPACK: dict[str, Callable[[BinaryIO], IO[bytes]]] = {
    "application/gzip": lambda stream: cast("IO[bytes]", gzip.GzipFile(fileobj=stream)),
    "application/x-bzip2": lambda stream: cast("IO[bytes]", bz2.BZ2File(stream)),
    "application/zstd": lambda stream: cast("IO[bytes]", zstd.ZstdFile(stream)),
}


def _oversized(record: Oversized, uri: str, media_type: str, limit: int) -> Refused:
    message = f"a record of {record.size:,} bytes; at most {limit:,} are read"
    return Refused(Reject("too_large", message), uri, media_type, record.file)


def _buffered(stream: BinaryIO) -> io.BufferedReader:
    """The stream as one that can be looked into."""
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast("io.RawIOBase", stream), HEAD_BYTES)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
