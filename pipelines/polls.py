"""What is new at a tick of a stream: it is archived before anything is made of it, and read back ever after.

A stream may have to do a tick again, from the last checkpoint on. What was archived at that tick is then all there was:
the archive's name follows from the feed, or the file, and the tick, and it is written only where there is none. Whoever
comes second finds what the first one got, and nobody is asked again about a time that is past.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import apache_beam as beam
import orjson
from apache_beam.coders import BytesCoder
from apache_beam.metrics.metric import Metrics
from apache_beam.transforms.userstate import ReadModifyWriteStateSpec

from copydesk.pipelines import feeds, files, stream_lease
from copydesk.pipelines.fetch import Fetcher
from copydesk.pipelines.options import JobOptions, OptionsError
from copydesk.pipelines.plan import MIB, Piece
from copydesk.pipelines.store import Store, open_store
from copydesk.transforms.archive import FILES, FOLDER, Exchange, file_path_at, file_to_warc, path_at, tick_name
from copydesk.transforms.identity import digest, house_of
from copydesk.transforms.polling import Remembered, from_json, to_json
from copydesk.transforms.warc import KeptFile, iter_warc

GROUPS: Final = 8
"""Rows of feeds and files that are looked at side by side: all feeds of a publisher are in one, for manners' sake."""
FILE_BYTES: Final = 256 * MIB
"""The largest file that a stream takes: it is held in memory while it is archived. `ingest` reads files of any size."""
_PATIENCE: Final = 60
"""Seconds, or three ticks if that is longer, after which a tick is past: nobody is asked about it any more."""


@dataclass(frozen=True, slots=True)
class Look:
    """What one group has to look at.

    Attributes:
        tick: When, seconds since 1970 UTC.
        is_past: The tick was long ago: only what was archived then is read.
        feeds: Addresses of feeds, as they are listed.
        files: URIs of files, each with the stamp it had.
        archived: Paths of all that was archived at this tick, by whatever group.
    """

    tick: int
    is_past: bool
    feeds: tuple[str, ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    archived: tuple[str, ...] = ()


def group_of(name: str) -> int:
    """The group of a publisher, a file or a path."""
    return int(digest(name)[:8], 16) % GROUPS


class LookAround(beam.DoFn):
    """A tick to what there is to look at, by group.

    Args:
        names: Lists of feeds, addresses of feeds, files, folders and globs; looked at anew at each tick.
        options: Checked.
        now: The time, seconds since 1970 UTC.
    """

    def __init__(self, names: Sequence[str], options: JobOptions, now: Callable[[], float] = time.time) -> None:
        self.sources, self.options, self.now = feeds.sources_of(names), options, now
        self._urls: list[str] = []

    def process(self, tick: int) -> Iterator[tuple[int, Look]]:
        """Yields a Look for each group."""
        store = open_store(self.options.output)
        is_past = self.now() - tick > max(_PATIENCE, 3 * self.options.every)
        archived = tuple(path for folder in (FOLDER, FILES) for path in store.list(f"{folder}/{tick_name(tick)}"))
        urls: list[list[str]] = [[] for _ in range(GROUPS)]
        found: list[list[tuple[str, str]]] = [[] for _ in range(GROUPS)]
        if not is_past:
            stream_lease.renew(store, tick, self.options.every)
            for url in self._listed():
                urls[group_of(house_of(url) or url)].append(url)
            for uri, stamp in self._files(store):
                found[group_of(uri)].append((uri, stamp))
        for number in range(GROUPS):
            yield number, Look(tick, is_past, tuple(urls[number]), tuple(found[number]), archived)

    def _listed(self) -> list[str]:
        try:
            self._urls = feeds.listed(self.sources)
        except OptionsError as error:  # being written anew, or moved: what was there before will do for a tick
            logging.warning("%s", error)
        return self._urls

    def _files(self, store: Store) -> Iterator[tuple[str, str]]:
        for pattern in self.sources.patterns:
            try:
                found = files.find([pattern], without=store.url)
            except files.NothingFoundError:
                continue
            for item in found:
                if item.problem is None:
                    try:
                        yield item.uri, files.stamp(item.uri)
                    except OSError:
                        continue  # gone between two looks


class Poll(beam.DoFn):
    """Asks the feeds of a group that are due, takes its files that are new, and yields what is archived of them.

    What is remembered of feeds and files is keyed state: it goes back with everything else when a tick is done again.
    """

    FEEDS = ReadModifyWriteStateSpec("feeds", BytesCoder())
    FILES = ReadModifyWriteStateSpec("files", BytesCoder())

    def __init__(self, options: JobOptions, fetcher_of: Callable[[JobOptions], Fetcher] = feeds.fetcher_of) -> None:
        self.options, self.fetcher_of = options, fetcher_of

    def setup(self) -> None:
        """Makes the fetcher, which knows its manners for as long as the process lives."""
        self._fetcher = self.fetcher_of(self.options)
        self._store = open_store(self.options.output)

    def process(
        self,
        element: tuple[int, Look],
        feeds_state: Any = beam.DoFn.StateParam(FEEDS),
        files_state: Any = beam.DoFn.StateParam(FILES),
    ) -> Iterator[Piece]:
        """Takes what a group has to look at; yields each archive."""
        group, look = element
        paths = {path for path in look.archived if group_of(path) == group}
        refused: list[Piece] = []
        if look.feeds:
            known = {values["url"]: from_json(values) for values in orjson.loads(feeds_state.read() or b"[]")}
            before = dict(known)
            paths |= self._ask(look, known)
            oldest = look.tick - self.options.remember
            kept = {url: state for url, state in known.items() if state.last_try >= oldest}
            if kept != before:
                feeds_state.write(orjson.dumps([to_json(kept[url]) for url in sorted(kept)]))
        if look.files:
            stamps = orjson.loads(files_state.read() or b"{}")
            held = dict(stamps)
            paths |= self._take(look, stamps, refused)
            if stamps != held:
                files_state.write(orjson.dumps(stamps))
        yield from refused
        for path in sorted(paths):
            data = self._store.read(path)
            yield Piece(f"{self._store.url}/{path}", "sha256:" + hashlib.sha256(data).hexdigest(), len(data))

    def _ask(self, look: Look, known: dict[str, Remembered]) -> set[str]:
        """Asks what is due, and brings `known` up to date; the paths that were archived."""
        tick, archived, paths, due = look.tick, set(look.archived), set[str](), []
        for url in look.feeds:
            state, path = known.get(url) or Remembered(url), path_at(url, tick)
            if path in archived or self._store.size(path) is not None:
                paths |= {path} - archived
                known[url] = self._asked_before(state, tick)
            elif state.is_due(tick):
                due.append(state)

        overtaken = set[str]()

        def keep(url: str, exchange: Exchange, data: bytes) -> None:
            path = path_at(url, tick)
            if not self._store.create(path, data):
                overtaken.add(url)
            paths.add(path)

        self._fetcher.politeness.begin_round()
        for polled in self._fetcher.ask(due, tick, keep):
            for state in polled:
                if state.url in overtaken:  # somebody else was answered first, and that is what is read
                    known[state.url] = self._asked_before(known.get(state.url) or Remembered(state.url), tick)
                    continue
                known[state.url] = state
                name = "failed" if state.error else "new" if state.last_new == tick else "unchanged"
                Metrics.counter("copydesk", f"feeds.{name}").inc()
        return paths

    def _asked_before(self, state: Remembered, tick: int) -> Remembered:
        """What is remembered of a feed whose answer at a tick is in the archive already.

        The archive has the entries; here they stay unknown, and the next archive has them once more.
        """
        next_poll = tick + self.options.every
        return replace(state, last_try=tick, last_success=tick, next_poll=next_poll, body="", etag="", last_modified="")

    def _take(self, look: Look, stamps: dict[str, list[Any]], refused: list[Piece]) -> set[str]:
        """Archives what is new, and brings `stamps` up to date; the paths that were archived.

        `stamps` has for each file its stamp and, where it has gone, the tick at which it was first missed. What is too
        large is added to `refused`.
        """
        paths, there = set[str](), set[str]()
        for uri, stamp in look.files:
            there.add(uri)
            if stamps.get(uri, [""])[0] != stamp and (size := _size(stamp)) > FILE_BYTES:
                problem = f"{size:,} bytes; a stream takes files of at most {FILE_BYTES:,}; use copydesk ingest"
                refused.append(Piece(uri, stamp, size, problem=problem))
                stamps[uri] = [stamp, 0]
            elif stamps.get(uri, [""])[0] != stamp:
                path = file_path_at(uri, look.tick)
                kept = archive_file(self._store, uri, look.tick, path)
                if kept is None:
                    continue
                paths |= {path} - set(look.archived)
                stamps[uri] = [kept, 0]
            elif stamps[uri][1]:
                stamps[uri] = [stamp, 0]
        for uri in [uri for uri in stamps if uri not in there]:
            gone = stamps[uri][1] or look.tick
            if look.tick - gone > self.options.remember:
                del stamps[uri]
            else:
                stamps[uri] = [stamps[uri][0], gone]
        return paths


def _size(stamp: str) -> int:
    return int(stamp.split("-", 1)[0])


def archive_file(store: Store, uri: str, tick: int, path: str) -> str | None:
    """Archives a file as it is found at a tick, unless that has been done.

    Args:
        store: The output.
        uri: The file.
        tick: The tick.
        path: Its place in the archive.

    Returns:
        The stamp that it had when it was archived; None where it is being written, is gone, or is too large.
    """
    if store.size(path) is None:
        try:
            stamp = files.stamp(uri)
            if _size(stamp) > FILE_BYTES:
                return None
            with files.open_stream(uri) as stream:
                data = stream.read()
            if files.stamp(uri) != stamp:
                return None
        except FileNotFoundError:
            return None
        store.create(path, file_to_warc(uri, tick, stamp, data))
    with files.open_stream(f"{store.url}/{path}") as archive:
        return next(found.stamp for found in iter_warc(archive, source_uri=path) if isinstance(found, KeptFile))
