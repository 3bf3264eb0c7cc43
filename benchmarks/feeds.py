"""Measure the reading of feeds: feedparser's own cases, real feeds beside feedparser, and speed.

    python benchmarks/feeds.py [--misses]

The cases and the feeds lie beside the checkout (`../shared/data/feeds`); what is absent is skipped with a message.
Times are of the processor, in this process. `--misses` names every case and every entry that falls short.
"""

from __future__ import annotations

import argparse
import gzip
import io
import re
import time
from calendar import timegm
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import feedparser
from lxml import etree

from copydesk.transforms.dates import parse_date
from copydesk.transforms.decode import decode
from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import read_entries, read_feed
from copydesk.transforms.feed_entry import Entry, Feed
from copydesk.transforms.feed_fallback import parse_with_feedparser, read_any_feed
from copydesk.transforms.feed_mend import document_in
from copydesk.transforms.feed_text import language_tag, repair_html
from copydesk.transforms.feed_xml import read_clean_feed

FEEDS = Path(__file__).parents[2] / "shared" / "data" / "feeds"
FIELDS = frozenset(
    "title link id guid published updated created published_parsed updated_parsed created_parsed summary description "
    "content author authors tags category categories language".split()
)
"""What feedparser calls the fields of an entry that our record has too."""
UNSEEN = "script style template svg math iframe object audio video noscript button select textarea form".split()
"""Elements whose text no reader of the story sees."""
_EXPECT = re.compile(r"Expect:\s*(.*)")
_FIELD = re.compile(r"entries\[0\](?:\.(\w+)|\[u?['\"](\w+)['\"]\])")
_NOT_OURS = re.compile(r"(?:\[['\"]|\.)(?:type|scheme|base|src|url|email|href)\b")
"""Attributes of such a field that our record has no place for."""
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_TAG = re.compile(r"<[^<>]*>")


def plain(html: str) -> str:
    """What a reader sees of a text: no markup, no references, white space collapsed."""
    if "<" in html or "&" in html:
        try:
            tree = etree.HTML(f"<div>{html}</div>")
        except (etree.ParserError, ValueError):
            return " ".join(_TAG.sub("", html).split())
        etree.strip_elements(tree, *UNSEEN, with_tail=False)
        html = "".join(tree.itertext())
    return " ".join(html.split())


def _joined(text: str) -> str:
    return " ".join(text.split())


class Text(str):
    """A string that equals another where a reader sees the same: our record holds text, not markup."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and not {plain(self), _joined(self)}.isdisjoint({plain(other), _joined(other)})

    def __ne__(self, other: object) -> bool:
        return not self == other


class View(dict[str, Any]):
    """An entry of ours under feedparser's names."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def view(entry: Entry, feed: Feed) -> View:
    """An entry as feedparser would show it."""
    texts = [repair_html(text) for text in entry.bodies + entry.summaries + entry.media_texts]
    language = None if entry.language == "" else language_tag(entry.language) or language_tag(feed.language)
    summary = Text(repair_html((entry.summaries or texts or [""])[0]))
    names = {
        "title": entry.title,
        "link": entry.link,
        "id": entry.guid,
        "guid": entry.guid,
        "published": entry.published_raw,
        "created": entry.published_raw,
        "updated": entry.updated_raw or entry.published_raw,
        "author": ", ".join(entry.authors) or None,
        "language": language,
    }
    found = View({name: Text(value) for name, value in names.items() if value is not None})
    found["summary"] = found["description"] = summary
    found["content"] = [View(value=Text(text), language=language) for text in texts]
    found["authors"] = [View(name=Text(name)) for name in entry.authors]
    found["tags"] = [View(term=Text(topic), label=Text(topic)) for topic in entry.topics]
    found["category"] = Text(entry.topics[0]) if entry.topics else None
    found["categories"] = [(None, Text(topic)) for topic in entry.topics]
    for name, raw in (("published", entry.published_raw), ("updated", entry.updated_raw or entry.published_raw)):
        if raw and (moment := parse_date(raw)) is not None:
            found[f"{name}_parsed"] = found["created_parsed"] = time.gmtime(moment // 1_000_000)
    return found


def expectation(data: bytes) -> str:
    """What a case expects, as the Python expression in its first comment; "" where it says nothing."""
    for codec in ("utf-8", "utf-16", "utf-32", "cp037"):
        if match := _EXPECT.search(data.decode(codec, "replace")):
            return match[1].strip()
    return ""


def is_ours(expression: str) -> bool:
    """Whether a case is about fields of an entry that our record has too."""
    bare = _STRING.sub("''", _FIELD.sub("entries[0]", expression))
    fields = {dotted or indexed for dotted, indexed in _FIELD.findall(expression)}
    return (
        bool(fields)
        and fields <= FIELDS
        and "feed" not in bare
        and not _NOT_OURS.search(expression)
        and "headers" not in bare
    )


def holds(expression: str, **names: Any) -> bool:
    """Whether a case's expression is true of what was read."""
    try:
        return bool(eval(expression, {}, names))
    except (KeyError, IndexError, AttributeError, TypeError, NameError):
        return False


def cases(*, misses: bool) -> None:
    """The cases of feedparser: how many come out as it expects, and that none ends in anything but a Reject."""
    top = FEEDS / "feedparser-cases"
    if not top.is_dir():
        print(f"cases: skipped, {top} is absent")
        return
    score: Counter[str] = Counter()
    for path in sorted(top.rglob("*.xml")):
        data = path.read_bytes()
        score["all"] += 1
        try:
            read_feed(data, source_uri=path.name)
            feed = read_entries(data)
        except Reject:
            score["refused"] += 1
            feed = Feed()
        except Exception as error:
            score["crashed"] += 1
            print(f"  crashed: {path}: {error!r}")
            continue
        expression = expectation(data)
        if path.parent.name == "sanitize" or path.name.startswith("http_") or not is_ours(expression):
            continue
        score["ours"] += 1
        theirs = feedparser.parse(data, response_headers={"content-type": "application/xml"})
        score["feedparser"] += holds(expression, entries=theirs.entries, bozo=theirs.bozo, encoding=theirs.encoding)
        ours = [view(entry, feed) for entry in feed.entries if isinstance(entry, Entry)]
        if holds(expression, entries=ours, bozo=theirs.bozo, encoding=theirs.encoding):
            score["passed"] += 1
        elif misses:
            print(f"  {path.relative_to(top)}: {expression}\n    read: {ours[:1]}")
    print(f"cases: {score['all']:,} read, {score['refused']:,} refused, {score['crashed']:,} crashed")
    print(
        f"cases about fields of ours: {score['passed']} of {score['ours']} as expected; "
        f"feedparser as it comes: {score['feedparser']}"
    )


@dataclass
class Beside:
    """How our entries compare with feedparser's."""

    score: Counter[str] = field(default_factory=Counter)
    misses: list[str] = field(default_factory=list)

    def miss(self, what: str, feed: str, detail: object) -> None:
        """Counts something that feedparser has and we have not."""
        self.score[what] += 1
        self.misses.append(f"  {what}: {feed}: {detail}")

    def entry(self, feed: str, ours: Draft, theirs: Any, *, is_unique: bool) -> None:
        """Compares one entry; an id that others of the feed have too is none, and a date before 1990 is no date."""
        known = ours.metadata
        link = next((link.href for link in theirs.get("links", ()) if link.rel == "alternate"), None)
        if link and link.startswith("http") and known.url is None:
            self.miss("link missing", feed, link)
        if is_unique and known.guid is None:
            self.miss("id missing", feed, dict.get(theirs, "id"))
        parsed = dict.get(theirs, "published_parsed")
        if parsed and parsed.tm_year >= 1990 and known.published_at is None:
            self.miss("date missing", feed, dict.get(theirs, "published"))
        elif parsed and known.published_at and known.published_at // 1_000_000 != timegm(parsed):
            self.miss("date differs", feed, f"{known.published_raw} {time.gmtime(known.published_at // 1_000_000)[:6]}")
        summary = dict.get(theirs, "summary") or ""
        media = {plain(m.get("content", "")) for m in dict.get(theirs, "media_text") or ()}
        bodies = [summary, *(c.get("value", "") for c in dict.get(theirs, "content") or ())]
        longest = max((plain(body) for body in bodies if plain(body) not in media), key=len, default="")
        read = " ".join(ours.raw.split())
        captions = {plain(caption.text or "") for caption in known.captions}
        if len(read.replace(" ", "")) < 0.95 * len(longest.replace(" ", "")) and longest not in captions:
            self.miss("body shorter", feed, f"{len(read)} < {len(longest)}: {read[:60]!r} / {longest[:60]!r}")


def real_feeds() -> dict[str, bytes]:
    """The real feeds by name."""
    return {path.name: gzip.decompress(path.read_bytes()) for path in sorted((FEEDS / "real").glob("*.xml.gz"))}


def beside_feedparser(feeds: dict[str, bytes], *, misses: bool) -> None:
    """Every entry that feedparser finds in the real feeds, and whether ours says as much."""
    beside = Beside()
    for name, data in feeds.items():
        theirs = parse_with_feedparser_as_it_comes(data)
        found = read_feed(data, source_uri=name, url=None)
        beside.score["entries ours"] += len(found)
        beside.score["entries feedparser"] += len(theirs.entries)
        if len(found) < len(theirs.entries):
            beside.miss("entries missing", name, f"{len(found)} < {len(theirs.entries)}")
        if len(found) == len(theirs.entries):
            ids = Counter(dict.get(its, "id") for its in theirs.entries)
            for ours, its in zip(found, theirs.entries, strict=True):
                if isinstance(ours, Draft):
                    beside.entry(name, ours, its, is_unique=ids[dict.get(its, "id") or None] == 1 and "id" in its)
                else:
                    beside.miss("refused", name, ours)
    print(f"{len(feeds)} real feeds: " + ", ".join(f"{count:,} {what}" for what, count in sorted(beside.score.items())))
    if misses:
        print("\n".join(beside.misses))


def parse_with_feedparser_as_it_comes(data: bytes) -> Any:
    """What feedparser makes of the bytes, markup and addresses left as they are."""
    return feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)


def rate(name: str, feeds: list[bytes], read: Callable[[bytes], int], bar: int) -> None:
    """Prints how many entries a second a reader takes."""
    start, entries, rounds = time.process_time(), 0, 0
    while rounds == 0 or time.process_time() - start < 3:
        rounds += 1
        entries += sum(read(feed) for feed in feeds)
    speed = entries / (time.process_time() - start)
    print(
        f"{name}: {speed:,.0f} entries/s ({entries // rounds:,} entries of {len(feeds)} feeds)"
        + (f"; bar {bar:,}" if bar else "")
    )


def speed(feeds: dict[str, bytes]) -> None:
    """Entries a second: the fast reader, feedparser with the options that we give it, and all the way to drafts."""
    clean = [data for data in feeds.values() if read_clean_feed_or_none(data) is not None]

    def fast(data: bytes) -> int:
        found = read_clean_feed(data, max_entries=5_000)
        return len(found.entries) if found else 0

    def mended(data: bytes) -> int:
        return fast(document_in(decode(data)[0]).mended().encode())

    def fallback(data: bytes) -> int:
        return len(read_any_feed(data.decode("utf-8", "replace"), max_entries=5_000)[0].entries)

    rate("fast reader", clean, fast, 20_000)
    rate("mended for the fast reader", clean, mended, 2_000)
    rate("feedparser and its repairs", clean, fallback, 0)
    rate("feedparser alone", clean, lambda data: len(parse_with_feedparser(data).entries), 0)
    rate("bytes to drafts", list(feeds.values()), lambda data: len(read_feed(data, source_uri="x")), 0)


def read_clean_feed_or_none(data: bytes) -> object:
    """What the fast reader makes of a feed."""
    return read_clean_feed(data, max_entries=5_000)


def main() -> None:
    """Prints it all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--misses", action="store_true", help="name what falls short")
    misses = parser.parse_args().misses
    cases(misses=misses)
    feeds = real_feeds()
    if not feeds:
        print(f"real feeds: skipped, {FEEDS / 'real'} is absent")
        return
    beside_feedparser(feeds, misses=misses)
    speed(feeds)


if __name__ == "__main__":
    main()
