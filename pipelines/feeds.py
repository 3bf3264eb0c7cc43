"""Feeds as inputs: once with `ingest`, again and again with `watch`.

A round polls the feeds that are due, archives what is new below `raw/feeds/`, and then is a bounded run like any
other: the archives are its inputs. What was archived is read from the archive alone, so a run that was killed goes on
with the bytes it had, and asks nobody twice.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from glob import has_magic
from importlib.metadata import version as installed_version
from typing import Any
from urllib.parse import urlsplit

from obstore.exceptions import BaseError

from copydesk.pipelines import feed_state, files, run
from copydesk.pipelines.claim import Claim
from copydesk.pipelines.client import Bounds, Client
from copydesk.pipelines.commit import CommitError
from copydesk.pipelines.fetch import Fetcher, Round
from copydesk.pipelines.options import JobOptions, OptionsError
from copydesk.pipelines.plan import Input, InputChangedError
from copydesk.pipelines.politeness import PRODUCT, Politeness
from copydesk.pipelines.run import Memory, Outcome, Watcher
from copydesk.pipelines.store import Store, open_store
from copydesk.transforms.addresses import Allowed
from copydesk.transforms.errors import Reject
from copydesk.transforms.opml import feed_urls, unfit_urls
from copydesk.transforms.polling import Pace

LIST_BYTES = 64 << 20
"""The largest list of feeds; one of a hundred thousand feeds has a third of it."""
FAULTS = 5
"""So many rounds in a row may fail on their storage before the watch gives up."""
_PASSING = (OSError, BaseError, CommitError, InputChangedError)


@dataclass(frozen=True)
class Sources:
    """What is looked at.

    Attributes:
        urls: Addresses of feeds given by themselves.
        lists: Files that list feeds (OPML), as they were named.
        patterns: All other inputs.
    """

    urls: tuple[str, ...]
    lists: tuple[str, ...]
    patterns: tuple[str, ...]

    @property
    def has_feeds(self) -> bool:
        """True if anything has to be fetched."""
        return bool(self.urls or self.lists)


def sources_of(names: Sequence[str]) -> Sources:
    """Parts what was named on the command line: only what is named there is fetched, never what a folder holds."""
    urls = tuple(name for name in names if urlsplit(name).scheme.lower() in ("http", "https"))
    lists = tuple(name for name in names if name not in urls and name.lower().endswith(".opml"))
    return Sources(urls, lists, tuple(name for name in names if name not in urls and name not in lists))


@dataclass(frozen=True)
class Listing:
    """What the lists say.

    Attributes:
        urls: The addresses of all feeds, each once, in order.
        problems: Lists that are not there, or are none.
        passed_over: What the lists name that cannot be fetched, in words.
    """

    urls: list[str]
    problems: list[str]
    passed_over: list[str]


def listed(sources: Sources) -> list[str]:
    """The addresses of all feeds, each once, in order.

    Raises:
        OptionsError: a list is not there, or is none.
    """
    listing = read_lists(sources)
    if listing.problems:
        raise OptionsError(listing.problems)
    return listing.urls


def read_lists(sources: Sources) -> Listing:
    """Reads the lists, as far as they can be read."""
    urls, problems, passed_over = list(sources.urls), [], []
    for name in sources.lists:
        try:
            for found in files.find([name]):
                data = files.head(found.uri, LIST_BYTES)
                urls += feed_urls(data)
                if unfit := unfit_urls(data):
                    shown = ", ".join(url[:100] for url in unfit[:5]) + (" ..." if len(unfit) > 5 else "")
                    passed_over.append(f"{name}: passed over, since only http and https are fetched: {shown}")
        except files.NothingFoundError as error:
            problems.append(str(error))
        except (Reject, OSError) as error:
            problems.append(f"{name}: no list of feeds: {error}")
    if sources.lists and not problems and not urls:
        passed_over.append(f"{', '.join(sources.lists)}: no feeds are listed")
    return Listing(list(dict.fromkeys(urls)), problems, passed_over)


def _start(sources: Sources, store: Store, *, may_come: bool) -> tuple[Listing, list[Input]]:
    """What there is to look at.

    Raises:
        OptionsError: with all that is wrong.
    """
    listing, (found, missing) = read_lists(sources), _find(sources, store, may_come=may_come)
    if problems := listing.problems + [f"{problem}; {run.WHAT_TO_GIVE}" for problem in missing]:
        raise OptionsError(problems)
    return listing, found


def fetcher_of(options: JobOptions) -> Fetcher:
    """The fetcher that the options ask for."""
    agent = f"{PRODUCT}/{installed_version('copydesk')}" + (f" ({options.contact})" if options.contact else "")
    client = Client(
        agent.encode("ascii", "replace").decode(),
        Allowed.of(options.allow_host),
        Bounds(max_bytes=options.max_document_bytes),
    )
    pace = Pace(options.every, seed=options.output)
    seconds = options.max_document_seconds
    return Fetcher(client, Politeness(client), pace, full_text=options.full_text, seconds=seconds)


def ingest(
    names: Sequence[str],
    options: JobOptions,
    watcher: Watcher | None = None,
    *,
    now: Callable[[], float] = time.time,
    fetcher: Fetcher | None = None,
) -> Outcome:
    """Fetches the feeds that are named, once, and commits what becomes of them and of all other inputs.

    Args:
        names: Lists of feeds (`*.opml`), addresses of feeds, and what `run.ingest` takes.
        options: Checked.
        watcher: Who is told how it goes.
        now: The time, seconds since 1970 UTC.
        fetcher: Asks for the feeds.

    Raises:
        OptionsError, and what `run.ingest` does.
    """
    watcher = watcher or Watcher()
    sources = sources_of(names)
    if not sources.has_feeds:
        return run.ingest(sources.patterns, options, watcher)
    store = open_store(options.output)
    listing, found = _start(sources, store, may_come=False)
    for words in listing.passed_over:
        watcher.say(words)
    with _claim(store, options, watcher):
        fetcher = fetcher or fetcher_of(options)
        done = fetcher.round(store, listing.urls, int(now()), asked_for=True, on_asked=watcher.asked)
        _tell(done, watcher)
        return _commit(store, found, options, watcher)


def watch(
    names: Sequence[str],
    options: JobOptions,
    watcher: Watcher | None = None,
    *,
    stop: threading.Event | None = None,
    now: Callable[[], float] = time.time,
    fetcher: Fetcher | None = None,
    as_of: str | None = None,
    on_round: Callable[[Outcome], None] = lambda outcome: None,
) -> None:
    """Looks at feeds and files every `options.every` seconds, and commits what is new, until it is told to stop.

    That is after `options.rounds` looks, where these are given.

    Args:
        names: As for `ingest`; lists, folders and globs are looked at anew each time.
        options: Checked.
        watcher: Who is told how it goes.
        stop: Ends the watch once the round under way is committed; SIGTERM and SIGINT do the same.
        now: The time, seconds since 1970 UTC.
        fetcher: Asks for the feeds.
        as_of: The day to file under; that of each round where it is not given.
        on_round: Told what each round committed.

    Raises:
        OptionsError, HeldError: at once; a list of feeds that is spoilt later is passed over for the last that was not.
        OSError, CommitError: FAULTS rounds in a row failed.
    """
    watcher, stop = watcher or Watcher(), stop or threading.Event()
    store, sources = open_store(options.output), sources_of(names)
    fetcher = fetcher or fetcher_of(options)
    urls = _start(sources, store, may_come=True)[0].urls
    faults, looks, memory, told = 0, 0, Memory(), list[str]()
    with _ends_gently(stop, watcher), _claim(store, replace(options, if_held="refuse"), watcher):
        while not stop.is_set():
            began = int(now())
            listing, (found, missing) = read_lists(sources), _find(sources, store, may_come=True)
            if not listing.problems:  # a list that is being written anew, or moved, says what it said before
                urls = listing.urls
            words = [*listing.passed_over, *(f"{what}; going on without" for what in listing.problems + missing)]
            for new in words:
                if new not in told:
                    watcher.say(new)
            told = words
            try:
                done = fetcher.round(store, urls, began, asked_for=False, on_asked=watcher.asked)
                _tell(done, watcher, f"{datetime.fromtimestamp(began, UTC):%Y-%m-%d %H:%M} ")
                day = as_of or datetime.fromtimestamp(began, UTC).date().isoformat()
                on_round(_commit(store, found, replace(options, as_of=day), watcher, memory))
                faults = 0
            except _PASSING as error:
                faults += 1
                if faults >= FAULTS:
                    raise
                watcher.say(f"This round failed ({error}); what it archived is read in the next")
            looks += 1
            if looks == options.rounds:
                break
            stop.wait(max(0.0, began + options.every - now()))


def _find(sources: Sources, store: Store, *, may_come: bool = False) -> tuple[list[Input], list[str]]:
    """The files that are there, and what is wrong; a glob or a folder may name none yet where they may come."""
    found: dict[str, Input] = {}
    problems = []
    for pattern in sources.patterns:
        try:
            found.update((item.uri, item) for item in files.find([pattern], without=store.url))
        except files.NothingFoundError as error:
            if not (may_come and has_magic(pattern)):
                problems.append(str(error))
    return [found[uri] for uri in sorted(found) if not (may_come and found[uri].problem)], problems


def _commit(
    store: Store, found: Sequence[Input], options: JobOptions, watcher: Watcher, memory: Memory | None = None
) -> Outcome:
    archives = [Input(f"{store.url}/{path}", store.size(path) or 0) for path in feed_state.archived(store)]
    outcome = run.commit_inputs(store, [*archives, *found], options, watcher, memory)
    feed_state.end(store)
    return outcome


def _claim(store: Store, options: JobOptions, watcher: Watcher) -> Claim:
    return Claim(store, wait=options.if_held == "wait", on_wait=watcher.say, place=feed_state.CLAIMS)


def _tell(done: Round, watcher: Watcher, when: str = "") -> None:
    if done.asked or not when:  # a watch is silent where there is nothing to do
        watcher.say(when + done.words())
    for url, why in done.failed:
        watcher.say(f"  {url}: {why}")


@contextmanager
def _ends_gently(stop: threading.Event, watcher: Watcher) -> Iterator[None]:
    """SIGTERM and SIGINT end the watch after the round; a second one ends the program as it always would."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}

    def on_signal(number: int, frame: Any) -> None:
        stop.set()
        signal.signal(number, before[number])
        watcher.say("Stopping once this round is committed")

    for wanted in (signal.SIGTERM, signal.SIGINT):
        before[wanted] = signal.signal(wanted, on_signal)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
