"""Measure how fast feeds are read: real ones, the same with the faults that feeds have, and feedparser beside.

    python benchmarks/feeds.py [--seconds N]

The feeds lie beside the checkout (`../shared/data/feeds/real`); without them nothing is measured. Times are of the
processor, in this process: the best round over all feeds in N seconds. What is read of them, and that it is at least
what feedparser reads, is for `tests/transforms/test_real_feeds.py` and `test_feedparser_cases.py` to say.
"""

from __future__ import annotations

import argparse
import gzip
import random
import re
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

from copydesk.transforms.decode import decode
from copydesk.transforms.feed import glance, read_feed
from copydesk.transforms.feed.fallback import parse_with_feedparser
from copydesk.transforms.feed.xml_feed import parse, read_clean_feed

REAL = Path(__file__).parents[2] / "shared" / "data" / "feeds" / "real"
_BODY = re.compile(r"(<(description|content:encoded|summary|content)(?: [^<>]*)?>)(.*?)(</\2>)", re.DOTALL)
_PREFIX = re.compile(r' xmlns:(?!xml)\w+="[^"]*"')
_END = re.compile(r"</(?:link|pubDate|guid|category|title)>")


def bare_ampersands(text: str) -> str:
    """References to what HTML knows and XML does not, as many feeds have them."""
    return text.replace("</title>", " & co.&nbsp;</title>")


def unescaped_bodies(text: str) -> str:
    """Markup in bodies that nobody escaped."""

    def unpacked(match: re.Match[str]) -> str:
        body = match[3]
        return match[1] + (body[9:-3] if body.startswith("<![CDATA[") else unescape(body)) + match[4]

    return _BODY.sub(unpacked, text)


def undeclared_prefixes(text: str) -> str:
    """Elements of namespaces that nobody declared."""
    return _PREFIX.sub("", text)


def lost_ends(text: str) -> str:
    """One in thirty ends of elements is missing."""
    chance = random.Random(0)
    return _END.sub(lambda match: "" if chance.random() < 1 / 30 else match[0], text)


def rate(name: str, feeds: list[bytes], read: Callable[[bytes], object], entries: int, seconds: float) -> None:
    """Prints how many entries a second a reader takes."""
    best, spent = float("inf"), 0.0
    while not spent or spent < seconds:
        start = time.process_time()
        for feed in feeds:
            read(feed)
        took = time.process_time() - start
        best, spent = min(best, took), spent + took
    print(f"{name:<44}{entries / best:>10,.0f} entries/s")


def main() -> None:
    """Prints it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how long all feeds are read again; the best round counts"
    )
    seconds = parser.parse_args().seconds
    real = [gzip.decompress(path.read_bytes()) for path in sorted(REAL.glob("*.xml.gz"))]
    clean = [data for data in real if read_clean_feed(data, max_entries=5_000) is not None]
    if not clean:
        print(f"skipped: {REAL} is absent")
        return
    entries = sum(len(feed.entries) for data in clean if (feed := glance(data)))
    megabytes = sum(map(len, clean)) / 1e6
    print(f"{len(clean)} of {len(real)} feeds are well-formed: {entries:,} entries, {megabytes:.1f} MB")
    rate("well-formed", clean, glance, entries, seconds)
    rate("  of that, libxml2 alone", clean, parse, entries, seconds)
    rate("  feedparser", clean, parse_with_feedparser, entries, 0)
    for damage in (bare_ampersands, unescaped_bodies, undeclared_prefixes, lost_ends):
        damaged = [damage(decode(data)[0]).encode() for data in clean]
        found = sum(len(feed.entries) for data in damaged if (feed := glance(data)))
        assert found == entries, f"{damage.__name__}: {found} entries of {entries}"
        name = damage.__name__.replace("_", " ")
        rate(name, damaged, glance, entries, seconds)
        rate("  feedparser", damaged, parse_with_feedparser, entries, 0)
    rate("well-formed, to drafts", clean, lambda data: read_feed(data, source_uri="feed"), entries, 0)


if __name__ == "__main__":
    main()
