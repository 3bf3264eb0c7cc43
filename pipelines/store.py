"""Where the output lives: a folder or an object store, behind the few operations that the commit needs.

Everything the commit promises rests on one of them: `create`, which writes a whole object only if none is there.
Paths are relative to the store's root, with `/` between their parts.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Protocol
from urllib.parse import unquote, urlsplit
from urllib.request import pathname2url

import obstore
from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import ObjectStore, from_url

STAGING = "_staging"
"""The folder that no reader looks at: what is written stands here before it gets its name."""
_TEMPORARY = ".tmp"
_LIFE = uuid.uuid4().hex
"""Tells this process from an earlier one that had its number."""
REMOTE_SCHEMES = ("s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "adl")


class Store(Protocol):
    """The operations. Every one raises OSError or obstore's BaseError when it fails; none fails in silence."""

    url: str

    def create(self, path: str, data: bytes) -> bool:
        """Writes `data` to `path` if nothing is there; whole or not at all. True if this call wrote it."""

    def replace(self, path: str, data: bytes) -> None:
        """Writes `data` to `path`, whole or not at all, whatever was there."""

    def read(self, path: str) -> bytes:
        """The bytes at `path`. Raises FileNotFoundError."""

    def size(self, path: str) -> int | None:
        """The size in bytes of what is at `path`; None where there is nothing."""

    def list(self, prefix: str) -> list[str]:
        """All paths below the folder `prefix`, sorted; unfinished temporary files are not among them."""

    def move(self, source: str, target: str) -> None:
        """Makes `target` what `source` is, then drops `source`. Raises FileNotFoundError."""

    def delete(self, path: str) -> None:
        """Drops `path`; it is no error if it is gone."""

    def keep(self, folder: str, stream: IO[bytes]) -> tuple[str, int]:
        """Copies a stream to `folder/<sha256 of its bytes>` without holding it in memory.

        Returns:
            The path and the number of bytes.
        """

    def sync(self) -> None:
        """Returns once all that was written is safe from a loss of power."""

    def sweep(self) -> None:
        """Drops what the unfinished operations of killed runs left; those of runs that live are not touched."""


class FolderStore:
    """A folder on a local disk. Files are synced before they can be seen, so a power cut leaves none half written."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.root = Path(unquote(urlsplit(url).path))
        self._dirty: set[Path] = set()

    def __reduce__(self) -> tuple[type[FolderStore], tuple[str]]:
        return FolderStore, (self.url,)

    def _path(self, path: str) -> Path:
        return self.root / path

    def _temporary(self, target: Path) -> Path:
        """Where a file is while it is written: in one place for all, so that a sweep need not look through the output.

        No other process, nor another thread, here or on another machine, writes to the same.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = self._path(STAGING)
        folder.mkdir(exist_ok=True)
        return folder / f"{os.getpid()}-{_LIFE}-{threading.get_ident()}{_TEMPORARY}"

    @contextlib.contextmanager
    def _written(self, target: Path, data: bytes) -> Iterator[Path]:
        temporary = self._temporary(target)
        try:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)
        self._dirty.add(target.parent)

    def create(self, path: str, data: bytes) -> bool:
        target = self._path(path)
        if target.exists():
            return False
        with self._written(target, data) as temporary:
            try:
                os.link(temporary, target)
            except FileExistsError:
                return False
        return True

    def replace(self, path: str, data: bytes) -> None:
        target = self._path(path)
        with self._written(target, data) as temporary:
            temporary.replace(target)

    def read(self, path: str) -> bytes:
        return self._path(path).read_bytes()

    def size(self, path: str) -> int | None:
        try:
            return self._path(path).stat().st_size
        except FileNotFoundError:
            return None

    def list(self, prefix: str) -> list[str]:
        top = self._path(prefix)
        found = []
        for folder, _, names in os.walk(top):
            relative = PurePosixPath(Path(folder).relative_to(self.root).as_posix())
            found += [str(relative / name) for name in names if not name.endswith(_TEMPORARY)]
        return sorted(found)

    def move(self, source: str, target: str) -> None:
        end = self._path(target)
        end.parent.mkdir(parents=True, exist_ok=True)
        self._path(source).replace(end)
        self._dirty.add(end.parent)

    def delete(self, path: str) -> None:
        self._path(path).unlink(missing_ok=True)

    def keep(self, folder: str, stream: IO[bytes]) -> tuple[str, int]:
        temporary = self._temporary(self._path(f"{folder}/payload"))
        digest, size = hashlib.sha256(), 0
        try:
            with temporary.open("wb") as file:
                while chunk := stream.read(1 << 20):
                    digest.update(chunk)
                    size += file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            path = f"{folder}/{digest.hexdigest()}"
            temporary.replace(self._path(path))
        finally:
            temporary.unlink(missing_ok=True)
        self._dirty.add(self._path(folder))
        return path, size

    def sync(self) -> None:
        """Syncs the folders that names were added to; the files were synced as they were written."""
        for folder in sorted(self._dirty | {parent for path in self._dirty for parent in path.parents}):
            if folder.is_relative_to(self.root) and folder.exists():
                descriptor = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
        self._dirty.clear()

    def sweep(self) -> None:
        """Drops temporary files of processes that are gone from this machine, and empty folders, where files stage."""
        top = self._path(STAGING)
        for folder, _, names in os.walk(top, topdown=False):
            for name in names:
                if name.endswith(_TEMPORARY) and not _lives(name):
                    Path(folder, name).unlink(missing_ok=True)
            if Path(folder) != top:  # which others may be about to write to
                with contextlib.suppress(OSError):  # not empty
                    Path(folder).rmdir()


def _lives(temporary: str) -> bool:
    """True if the process that writes a temporary file is there, as far as this machine knows."""
    pid, life, _ = temporary.split("-", 2)
    if int(pid) == os.getpid():
        return life == _LIFE
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


class BucketStore:
    """A prefix in an object store. Durable as soon as a write returns; `move` is a copy, since S3 has no rename."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._store: ObjectStore | None = None

    def __reduce__(self) -> tuple[type[BucketStore], tuple[str]]:
        return BucketStore, (self.url,)

    @property
    def store(self) -> ObjectStore:
        """The client, opened on first use; credentials and endpoint come from the environment (AWS_*, GOOGLE_*)."""
        if self._store is None:
            self._store = open_remote(self.url)
        return self._store

    def create(self, path: str, data: bytes) -> bool:
        try:
            obstore.put(self.store, path, data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return False
        return True

    def replace(self, path: str, data: bytes) -> None:
        obstore.put(self.store, path, data)

    def read(self, path: str) -> bytes:
        with _missing_is_file_not_found():
            return bytes(obstore.get(self.store, path).bytes())

    def size(self, path: str) -> int | None:
        try:
            with _missing_is_file_not_found():
                return obstore.head(self.store, path)["size"]
        except FileNotFoundError:
            return None

    def list(self, prefix: str) -> list[str]:
        return sorted(meta["path"] for chunk in obstore.list(self.store, prefix=prefix) for meta in chunk)

    def move(self, source: str, target: str) -> None:
        with _missing_is_file_not_found():
            obstore.copy(self.store, source, target)
        self.delete(source)

    def delete(self, path: str) -> None:
        with contextlib.suppress(FileNotFoundError), _missing_is_file_not_found():
            obstore.delete(self.store, path)

    def keep(self, folder: str, stream: IO[bytes]) -> tuple[str, int]:
        digest, size, start = hashlib.sha256(), 0, stream.tell()
        while chunk := stream.read(1 << 20):
            digest.update(chunk)
            size += len(chunk)
        path = f"{folder}/{digest.hexdigest()}"
        stream.seek(start)
        obstore.put(self.store, path, iter(lambda: stream.read(8 << 20), b""))
        return path, size

    def sync(self) -> None:
        """Nothing to do: an object store has stored what it has acknowledged."""

    def sweep(self) -> None:
        """Nothing to do: an object store shows no unfinished objects and keeps no empty folders."""


@contextlib.contextmanager
def _missing_is_file_not_found() -> Iterator[None]:
    try:
        yield
    except NotFoundError as error:
        raise FileNotFoundError(str(error)) from error


def open_remote(url: str) -> ObjectStore:
    """A client for an object store URL; plain http is allowed only where the environment names such an endpoint."""
    endpoint = os.environ.get("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT", ""))
    plain = urlsplit(url).scheme in ("s3", "s3a") and endpoint.startswith("http://")
    return from_url(url, client_options={"allow_http": True} if plain else None)


def is_remote(location: str) -> bool:
    """True for `s3://`, `gs://`, `az://` and their like."""
    return urlsplit(location).scheme in REMOTE_SCHEMES


def as_url(location: str) -> str:
    """A folder's path or URL as a URL: `file:///abs/path` or the object store URL without a closing slash.

    Raises:
        ValueError: the scheme is one that cannot hold an output.
    """
    if is_remote(location):
        return location.rstrip("/")
    scheme = urlsplit(location).scheme
    if scheme == "file":
        return location.rstrip("/")
    if len(scheme) > 1 and "://" in location:
        raise ValueError(f"{location}: not a folder, s3://, gs:// or az:// URL")
    return "file://" + pathname2url(os.path.abspath(os.path.expanduser(location)))


def open_store(location: str) -> Store:
    """Opens the store for a folder's path or a URL. Nothing is created or contacted until the first operation.

    Raises:
        ValueError: as `as_url`.
    """
    url = as_url(location)
    return BucketStore(url) if is_remote(url) else FolderStore(url)
