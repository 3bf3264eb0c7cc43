"""However a document is packed, it is the same document."""

from __future__ import annotations

import bz2
import gzip
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from copydesk.pipelines.opening import OpenOptions, open_bytes
from copydesk.schemas.source import RawDocument

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STORY = b"Gate opens\n\nPORT ELLIS - The gate opened on Monday, the keeper said.\n"
OPTIONS = OpenOptions(1 << 20)


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return buffer.getvalue()


def documents(data: bytes, name: str) -> list[RawDocument]:
    found = list(open_bytes(io.BytesIO(data), f"file:///{name}", OPTIONS))
    assert all(isinstance(one, RawDocument) for one in found), found
    return found  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.txt", bytes),
        ("a.txt.gz", gzip.compress),
        ("a.txt.bz2", bz2.compress),
        ("a.txt.zst", zstd.compress),
        ("named-by-nothing", lambda data: gzip.compress(zstd.compress(data))),
        ("a.zip", lambda data: zipped(a__txt=data)),
        ("gz-in.zip", lambda data: zipped(a__txt__gz=gzip.compress(data))),
        ("bz2-in.zip", lambda data: zipped(a__txt__bz2=bz2.compress(data))),
        ("zst-in.zip", lambda data: zipped(a__txt__zst=zstd.compress(data))),
    ],
)
def test_packed_or_not_it_is_the_same_document(name: str, pack: Callable[[bytes], bytes]) -> None:
    (document,) = documents(pack(STORY), name)
    assert (document.media_type, document.data) == ("text/plain", STORY)


def test_an_archive_of_the_web_may_lie_in_a_zip(examples: Path) -> None:
    archive = (examples / "raw/archive/ellis-gazette.warc.gz").read_bytes()
    plain = documents(archive, "a.warc.gz")
    inside = documents(zipped(a__warc__gz=archive), "all.zip")
    assert len(plain) == 2
    assert [one.data for one in inside] == [one.data for one in plain]
    assert inside[0].source_uri == plain[0].source_uri.replace("a.warc.gz", "all.zip!/a.warc.gz")
