"""Polls feeds: asks those that are due, archives what is new, and tells what to remember."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from copydesk.pipelines import feed_state
from copydesk.pipelines.client import Answer, Client, FetchError
from copydesk.pipelines.full_text import pages_of
from copydesk.pipelines.guard import Guard
from copydesk.pipelines.politeness import Politeness
from copydesk.pipelines.store import Store
from copydesk.transforms.archive import Exchange, path_of, to_warc
from copydesk.transforms.dates import parse_date
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import glance, ttl_of
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.identity import digest, house_of
from copydesk.transforms.polling import Outcome, Pace, Remembered, after
from copydesk.transforms.read import FEEDS
from copydesk.transforms.sniff import SNIFF_BYTES, sniff
from copydesk.transforms.warc import LEAVE_OUT

THREADS = 16
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5"
)
LEFT_OUT = 2_000
"""Entries that can be left out of a feed: their names must fit into a record's header."""
_PERMANENT = (301, 308)

Keep = Callable[[str, Exchange, bytes], object]
"""Takes what is to be archived of a feed: its address as listed, the exchange, the bytes of the archive."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll came to.

    Attributes:
        outcome: For the schedule.
        exchange: What is to be archived; None where there is nothing new.
        feed: Its entries, where they could be read at a glance.
        pages: What is archived with it.
    """

    outcome: Outcome
    exchange: Exchange | None = None
    feed: Feed | None = None
    pages: Sequence[Exchange] = ()


@dataclass
class Round:
    """What a round of polls came to.

    Attributes:
        listed: Feeds on the lists.
        asked: Feeds that were due.
        results: How many of them had news, were `unchanged`, or failed.
        failed: Each failed feed with the reason.
    """

    listed: int = 0
    asked: int = 0
    results: Counter[str] = field(default_factory=Counter)
    failed: list[tuple[str, str]] = field(default_factory=list)

    def note(self, state: Remembered, *, is_new: bool) -> None:
        """Counts a feed that was asked."""
        if state.error:
            self.failed.append((state.url, state.error))
        self.results["failed" if state.error else "new" if is_new else "unchanged"] += 1

    def words(self) -> str:
        """In one line, for a person."""
        if not self.asked:
            return f"Feeds: none of {self.listed:,} is due"
        parts = ", ".join(f"{self.results[name]:,} {name}" for name in ("new", "unchanged", "failed"))
        return f"Feeds: {self.asked:,} of {self.listed:,} asked: {parts}"


@dataclass(frozen=True)
class Fetcher:
    """Polls feeds.

    Attributes:
        client: Fetches.
        politeness: Towards their hosts.
        pace: How often.
        threads: How many publishers are asked at a time.
        full_text: Fetch the pages of entries that are summaries.
        seconds: How long it may take to read a large feed, or a large page.
    """

    client: Client
    politeness: Politeness
    pace: Pace
    threads: int = THREADS
    full_text: bool = False
    seconds: float = 60.0

    def poll(self, state: Remembered, tick: int) -> Polled:
        """Asks for one feed. Raises nothing: what goes wrong is an outcome."""
        request = {"Accept": ACCEPT, **state.conditions()}
        try:
            answer = self.client.fetch(state.address, request, turn=self.politeness.turn, check=self.politeness.check)
            request_sent = [("User-Agent", self.client.user_agent), *request.items()]
            found = judge(state, answer, tick, request_sent, self.seconds)
            return without_known(state, self._with_pages(state, found) if self.full_text else found)
        except FetchError as error:
            return Polled(Outcome(error=f"{error.code}: {error.message}"))
        except Exception as error:  # one feed cannot stop the round
            return Polled(Outcome(error=f"unexpected: {type(error).__name__}: {error}"))

    def _with_pages(self, state: Remembered, found: Polled) -> Polled:
        if found.exchange is None or found.feed is None:
            return found
        pages, versions = pages_of(found.exchange, found.feed, state.pages, self.client, self.politeness, self.seconds)
        return replace(found, outcome=replace(found.outcome, pages=versions), pages=pages)

    def round(
        self,
        store: Store,
        urls: Sequence[str],
        tick: int,
        *,
        asked_for: bool,
        on_asked: Callable[[int, int], None] = lambda done, due: None,
    ) -> Round:
        """Polls the feeds that are due, archives what is new, and remembers.

        Args:
            store: The output.
            urls: The feeds, as they are listed.
            tick: When the round begins, seconds since 1970 UTC.
            asked_for: A person asks for them now, whatever their schedule.
            on_asked: Told how many were asked of how many that are due.
        """
        states = feed_state.load(store)
        due = [
            state
            for url in dict.fromkeys(urls)
            if (state := states.get(url) or Remembered(url)).is_due(tick, asked_for=asked_for)
        ]
        done = Round(listed=len(set(urls)), asked=len(due))
        if not due:
            return done
        feed_state.begin(store, tick)
        self.politeness.begin_round()

        def keep(url: str, exchange: Exchange, data: bytes) -> None:
            store.create(path_of(url, tick, exchange.body), data)

        asked = 0
        on_asked(asked, len(due))
        try:
            for group in self.ask(due, tick, keep):
                asked += len(group)
                on_asked(asked, len(due))
                for new in group:
                    states[new.url] = new
                    done.note(new, is_new=new.last_new == tick)
        finally:
            on_asked(len(due), len(due))
        feed_state.save(store, states)
        return done

    def ask(self, due: Iterable[Remembered], tick: int, keep: Keep) -> Iterator[list[Remembered]]:
        """Asks feeds, some publishers at a time, the feeds of one after one another.

        Args:
            due: What is remembered of them.
            tick: When the round began, seconds since 1970 UTC.
            keep: Given what is new, before it is remembered.

        Yields:
            What is remembered of the feeds of a publisher from now on.
        """

        def in_turn(group: list[Remembered]) -> list[Remembered]:
            polled = []
            for state in group:
                found = self.poll(state, tick)
                if found.exchange is not None:
                    keep(state.url, found.exchange, b"".join(map(to_warc, [found.exchange, *found.pages])))
                polled.append(after(state, found.outcome, tick, self.pace))
            return polled

        with ThreadPoolExecutor(self.threads, thread_name_prefix="fetch") as pool:
            yield from pool.map(in_turn, _by_publisher(due))


def _by_publisher(states: Iterable[Remembered]) -> list[list[Remembered]]:
    """The feeds of one publisher after one another: two threads that wait for one host would keep a third idle."""
    groups: dict[str, list[Remembered]] = {}
    for state in states:
        groups.setdefault(house_of(state.address) or "", []).append(state)
    return sorted(groups.values(), key=len, reverse=True)


def judge(
    state: Remembered, answer: Answer, tick: int, request: Sequence[tuple[str, str]] = (), seconds: float = 60.0
) -> Polled:
    """What an answer comes to.

    Args:
        state: What was remembered before.
        answer: As received.
        tick: When the round began.
        request: The headers that were sent.
        seconds: How long it may take to read a large feed.
    """
    headers: dict[str, str] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), value)
    seen = Outcome(answer.status, headers, permanent_to=_permanent(answer))
    if answer.status == 304 and state.body:
        return Polled(seen)
    if not 200 <= answer.status < 300 or answer.status == 206:
        return Polled(replace(seen, error=f"{answer.status} {answer.reason}".strip()))
    try:
        media_type = sniff(answer.body[:SNIFF_BYTES], "")
    except Reject as reject:
        return Polled(replace(seen, error=f"no feed: {reject.message}"))
    if media_type not in FEEDS:
        return Polled(replace(seen, error=f"no feed but {media_type}"))
    try:
        [found] = Guard(_glance, _size, seconds)((answer.body, headers.get("content-type")))
    except Reject as reject:
        return Polled(replace(seen, error=f"{reject.code}: {reject.message}"))
    entries = [entry for entry in found.entries if isinstance(entry, Entry)] if found else []
    seen = replace(seen, ttl=ttl_of(answer.body))
    versions = tuple(dict.fromkeys(entry.version for entry in entries))
    # Many write the time of the request into every answer, and entries that go away are nothing new.
    if versions and set(versions) <= set(state.versions):
        return Polled(replace(seen, body=state.body))
    body = digest(*sorted(versions)) if versions else hashlib.sha256(answer.body).hexdigest()
    if body == state.body:
        return Polled(replace(seen, body=body))
    times = [parse_date(entry.published_raw or entry.updated_raw or "") for entry in entries]
    keys = [key for entry in entries if (key := entry.guid or entry.link or entry.title)]
    exchange = answer.exchange(state.url, tick, request, media_type)
    seen = replace(
        seen,
        body=body,
        entries=tuple(dict.fromkeys(digest(key)[:16] for key in keys)),
        times=[time // 1_000_000 for time in times if time is not None],
        versions=versions,
    )
    return Polled(seen, exchange, found)


def _glance(feed: tuple[bytes, str | None]) -> list[Feed | None]:
    return [glance(feed[0], content_type=feed[1])]


def _size(feed: tuple[bytes, str | None]) -> int:
    return len(feed[0])


def without_known(state: Remembered, found: Polled) -> Polled:
    """What is archived says which of its entries are archived already, as they are or as their pages."""
    if found.exchange is None:
        return found
    known = {*state.versions, *found.outcome.pages}
    left_out = [version for version in found.outcome.versions if version in known][:LEFT_OUT]
    if not left_out:
        return found
    fields = [*found.exchange.fields, (LEAVE_OUT, " ".join(left_out))]
    return replace(found, exchange=replace(found.exchange, fields=fields))


def _permanent(answer: Answer) -> str:
    """Where a chain of permanent redirects from the first address leads; "" without one."""
    target = ""
    for hop in answer.hops:
        if hop.status not in _PERMANENT:
            break
        target = hop.target
    return target
