"""The feeds that an OPML file lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import listparser

from copydesk.transforms.decode import decode
from copydesk.transforms.errors import Reject
from copydesk.transforms.page.guard import check_page

_WEB: Final = ("http://", "https://")
_FEED: Final = re.compile(r"^feed:(?://|(?=(https?://)))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed as a list names it.

    Attributes:
        url: Where it is fetched; http or https.
        title: Its name in the list, "" without one.
        groups: The headings it stands under and the categories it is filed in, in the order of the list.
    """

    url: str
    title: str = ""
    groups: tuple[str, ...] = ()


def feeds_of(data: bytes) -> list[ListedFeed]:
    """The feeds that an OPML file lists, in order, each address once; outlines without an http(s) address are no feeds.

    Args:
        data: The bytes of the file.

    Raises:
        Reject: `empty` or `binary`; `too_large` or `too_deep` where outlines are more, or nest
            deeper, than is reasonable; `bad_feed` where it is no OPML.
    """
    found: dict[str, ListedFeed] = {}
    for url, feed in _outlines(data):
        if url.lower().startswith(_WEB) and url not in found:
            groups = tuple(dict.fromkeys(" / ".join(path) for path in feed.get("categories", []) if any(path)))
            found[url] = ListedFeed(url, str(feed.get("title") or "").strip(), groups)
    return list(found.values())


def feed_urls(data: bytes) -> list[str]:
    """The addresses of the feeds that an OPML file lists; see `feeds_of`."""
    return [feed.url for feed in feeds_of(data)]


def unfit_urls(data: bytes) -> list[str]:
    """What stands in an OPML file where the address of a feed should, and is none; errors as `feeds_of`."""
    return [url for url, _ in _outlines(data) if not url.lower().startswith(_WEB)]


def _outlines(data: bytes) -> Iterator[tuple[str, Any]]:
    """Address and outline of what is listed as a feed; `feed://` is another word for http, as browsers wrote it."""
    text, _ = decode(data)
    check_page(text.encode("utf-8", "surrogatepass"))
    listed = listparser.parse(text)
    if not listed.get("version") and not listed.feeds:
        raise Reject("bad_feed", f"no OPML: {listed.bozo_exception or 'it has no opml element'}")
    for feed in listed.feeds:
        yield _FEED.sub(lambda match: "" if match[1] else "http://", str(feed.url or "").strip()), feed
