"""The pages behind a feed that gives summaries: fetched with its manners, archived beside it, read in their stead."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from copydesk.pipelines.client import Client, FetchError
from copydesk.pipelines.guard import Guard
from copydesk.pipelines.politeness import Politeness
from copydesk.transforms.archive import Exchange
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import ambiguous_guids
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.texts import repair_html, web_address
from copydesk.transforms.page import read_page
from copydesk.transforms.page.fragment import read_fragment
from copydesk.transforms.sniff import SNIFF_BYTES, sniff
from copydesk.transforms.warc import FEED, GUID, PUBLISHED

SUMMARY = 1_500
"""Characters: an entry without an element for the whole story and with a shorter text gives a summary."""
PAGES = 50
"""Pages fetched at one poll of a feed; at a gap of two seconds they take as many minutes as a poll should."""
PAGE_BYTES = 5 << 20
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A page that says more than its entry.

    Attributes:
        version: Of the entry.
        url: Of the page.
        guid: Of the entry, where it names one article only.
        published_raw: When the entry was published, as given.
        length: Of the entry's own text, in characters.
    """

    version: str
    url: str
    guid: str | None
    published_raw: str | None
    length: int


def wanted(feed: Feed, feed_url: str) -> Iterator[Wanted]:
    """The pages of the entries that are summaries, in the order of the feed."""
    ambiguous = ambiguous_guids(feed)
    for entry in feed.entries:
        if isinstance(entry, Entry) and not entry.bodies and (url := web_address(entry.link, feed_url)):
            text = read_fragment(repair_html(max(entry.summaries, key=len, default="")))[0]
            if len(text) < SUMMARY:
                guid = None if entry.guid in ambiguous else entry.guid
                yield Wanted(entry.version, url, guid, entry.published_raw, len(text))


def pages_of(
    exchange: Exchange, feed: Feed, known: Collection[str], client: Client, politeness: Politeness, seconds: float
) -> tuple[list[Exchange], list[str]]:
    """Fetches the pages of a feed that are not known yet.

    A page that cannot be fetched, or says no more than its entry (a wall of consent, an error), is passed over, and the
    entry stays what it is.

    Args:
        exchange: Of the feed.
        feed: Its entries.
        known: Versions of entries whose pages were fetched before.
        client: Fetches.
        politeness: Towards the hosts.
        seconds: How long it may take to read a large page.

    Returns:
        The exchanges of the pages, and the versions that are known now: these entries are read from their pages.
    """
    pages: list[Exchange] = []
    versions: list[str] = []
    asked = 0
    for page in wanted(feed, exchange.url):
        if page.version in known:
            versions.append(page.version)
        elif asked < PAGES:
            asked += 1
            if (found := _page(page, exchange, client, politeness, seconds)) is not None:
                pages.append(found)
                versions.append(page.version)
    return pages, versions


def _page(page: Wanted, of: Exchange, client: Client, politeness: Politeness, seconds: float) -> Exchange | None:
    request = {"Accept": ACCEPT}
    try:
        answer = client.fetch(
            page.url,
            request,
            turn=politeness.turn,
            check=politeness.check,
            max_bytes=min(PAGE_BYTES, client.bounds.max_bytes),
        )
        if answer.status != 200 or sniff(answer.body[:SNIFF_BYTES], "x.html") != "text/html":
            return None
        [length] = Guard(_story_length, _size, seconds)((answer.body, page.url))
        if length <= page.length:
            return None
    except (FetchError, Reject):
        return None
    fields = {FEED: of.url, GUID: page.guid, PUBLISHED: page.published_raw}
    return answer.exchange(
        page.url,
        of.tick,
        [("User-Agent", client.user_agent), *request.items()],
        "text/html",
        [(name, value) for name, value in fields.items() if value],
    )


def _story_length(page: tuple[bytes, str]) -> list[int]:
    """Characters in the story of a page, given as its bytes and its address."""
    data, url = page
    draft = read_page(data, source_uri=url, url=url)
    return [sum(block.end - block.start for block in draft.blocks if block.in_story)]


def _size(page: tuple[bytes, str]) -> int:
    return len(page[0])
