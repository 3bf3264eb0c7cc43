"""The feeds that an OPML file lists."""

from __future__ import annotations

from dataclasses import dataclass

import listparser

from copydesk.transforms.decode import decode
from copydesk.transforms.errors import Reject
from copydesk.transforms.page_guard import check_page


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
    text, _ = decode(data)
    check_page(text.encode("utf-8", "surrogatepass"))
    listed = listparser.parse(text)
    if not listed.get("version") and not listed.feeds:
        raise Reject("bad_feed", f"no OPML: {listed.bozo_exception or 'it has no opml element'}")
    found: dict[str, ListedFeed] = {}
    for feed in listed.feeds:
        url = str(feed.url or "").strip()
        if url.lower().startswith(("http://", "https://")) and url not in found:
            groups = tuple(dict.fromkeys(" / ".join(path) for path in feed.get("categories", []) if any(path)))
            found[url] = ListedFeed(url, str(feed.get("title") or "").strip(), groups)
    return list(found.values())


def feed_urls(data: bytes) -> list[str]:
    """The addresses of the feeds that an OPML file lists; see `feeds_of`."""
    return [feed.url for feed in feeds_of(data)]
