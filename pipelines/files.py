"""Files of any kind of storage: found by name, opened as seekable streams, told apart by version."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from glob import has_magic, iglob
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import NotFoundError
from wcmatch import glob as wc

from copydesk.pipelines.plan import Input
from copydesk.pipelines.store import as_url, is_remote, open_remote

_HIDDEN = (".",)


class NothingFoundError(ValueError):
    """A path or pattern that names no file."""


def find(patterns: Iterable[str], without: str | None = None) -> list[Input]:
    """Finds the files that paths, folders, globs and object store URLs name.

    Args:
        patterns: Local paths and globs (`**` reaches into folders), folders (all files below them that are not
            hidden), `file://` URLs, and `s3://bucket/...` URLs with or without a glob.
        without: URL of a folder to leave out: the output, where it lies inside the input.

    Returns:
        Each file once, sorted by URI. What is named and cannot be read as a file (a pipe, a dangling link, a folder
        without files) is an Input with its `problem`.

    Raises:
        NothingFoundError: a pattern names nothing; all that do are named.
    """
    found: dict[str, Input] = {}
    missing = []
    for pattern in patterns:
        matches = list(_remote(pattern) if is_remote(pattern) else _local(pattern))
        if not matches:
            missing.append(pattern)
        found.update((match.uri, match) for match in matches)
    if missing:
        raise NothingFoundError("nothing found for: " + ", ".join(missing))
    inside = None if without is None else without.rstrip("/") + "/"
    return sorted((f for f in found.values() if not (inside and f.uri.startswith(inside))), key=lambda f: f.uri)


def _local(pattern: str) -> Iterator[Input]:
    if urlsplit(pattern).scheme == "file":
        pattern = unquote(urlsplit(pattern).path)
    pattern = os.path.expanduser(pattern)
    if os.path.lexists(pattern) or not has_magic(pattern):
        names: Iterable[str] = [pattern] if os.path.lexists(pattern) else []
        wanted = True
    else:
        names = iglob(pattern, recursive=True)
        wanted = not pattern.rstrip("/").endswith("**")
    for name in names:
        path = Path(name)
        if path.is_dir():
            if wanted:
                yield from _folder(path)
        else:
            yield _file(path)


def _folder(top: Path) -> Iterator[Input]:
    empty = True
    for folder, folders, names in os.walk(top):
        folders[:] = sorted(f for f in folders if not f.startswith(_HIDDEN))
        for name in sorted(names):
            if not name.startswith(_HIDDEN):
                empty = False
                yield _file(Path(folder, name))
    if empty:
        yield Input(as_url(str(top)) + "/", 0, problem="a folder that holds no files")


def _file(path: Path) -> Input:
    uri = as_url(str(path))
    if not path.exists():
        return Input(uri, 0, problem="a link to a file that is not there")
    if not path.is_file():
        return Input(uri, 0, problem="not a regular file: a pipe, a socket or a device")
    return Input(uri, path.stat().st_size)


def _remote(pattern: str) -> Iterator[Input]:
    parts = urlsplit(pattern)
    root, key = f"{parts.scheme}://{parts.netloc}", unquote(parts.path).lstrip("/")
    prefix = key
    if has_magic(key):
        prefix = "/".join(_before_magic(key.split("/")))
    for chunk in obstore.list(open_remote(root), prefix=prefix.rstrip("/") or None):
        for meta in chunk:
            if not has_magic(key) or wc.globmatch(meta["path"], key, flags=wc.GLOBSTAR):
                yield Input(f"{root}/{meta['path']}", meta["size"])
    if not has_magic(key) and key and not key.endswith("/"):
        yield from _object(root, key)


def _object(root: str, key: str) -> Iterator[Input]:
    with contextlib.suppress(NotFoundError):
        yield Input(f"{root}/{key}", obstore.head(open_remote(root), key)["size"])


def _before_magic(parts: list[str]) -> Iterator[str]:
    for part in parts:
        if has_magic(part):
            return
        yield part


def local_path(uri: str) -> Path:
    """The path of a `file://` URI."""
    return Path(unquote(urlsplit(uri).path))


def version(uri: str) -> str:
    """What tells two states of a file apart: `sha256:...` of a local file's bytes, `etag:...` of a remote object.

    Raises:
        OSError: the file cannot be read.
    """
    if not is_remote(uri):
        with local_path(uri).open("rb") as file:
            return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
    root, key = _split_remote(uri)
    meta = obstore.head(open_remote(root), key)
    return f"etag:{meta['e_tag']}" if meta["e_tag"] else f"time:{meta['last_modified'].isoformat()}"


def stamp(uri: str) -> str:
    """Size and time of the last change, which cost nothing to ask: `1024-1700000000000000000`.

    Raises:
        OSError: the file is gone.
    """
    if not is_remote(uri):
        status = local_path(uri).stat()
        return f"{status.st_size}-{status.st_mtime_ns}"
    root, key = _split_remote(uri)
    meta = obstore.head(open_remote(root), key)
    return f"{meta['size']}-{meta['last_modified'].isoformat()}"


def open_stream(uri: str) -> BinaryIO:
    """Opens a file for reading, from the start and seekable, wherever it is.

    Raises:
        OSError: it cannot be opened.
    """
    if not is_remote(uri):
        return local_path(uri).open("rb", buffering=1 << 18)
    root, key = _split_remote(uri)
    return io.BufferedReader(_Remote(obstore.open_reader(open_remote(root), key)), buffer_size=1 << 20)


def _split_remote(uri: str) -> tuple[str, str]:
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}", parts.path.lstrip("/")


class _Remote(io.RawIOBase):
    """obstore's reader as the raw stream that Python's buffered reader and zipfile expect."""

    def __init__(self, reader: obstore.ReadableFile) -> None:
        self._reader = reader

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._reader.read(len(buffer))
        buffer[: len(data)] = memoryview(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._reader.seek(offset, whence)

    def tell(self) -> int:
        return self._reader.tell()


def head(uri: str, size: int) -> bytes:
    """The first `size` bytes of a file."""
    with open_stream(uri) as stream:
        return stream.read(size)
