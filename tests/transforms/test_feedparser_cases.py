"""The cases of feedparser's own suite, where they lie beside the checkout: each entry field that our record has too."""

from __future__ import annotations

import re
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from copydesk.transforms.dates import parse_date
from copydesk.transforms.errors import Reject
from copydesk.transforms.feed import author_names, read_entries, read_feed
from copydesk.transforms.feed.entry import Entry, Feed
from copydesk.transforms.feed.texts import language_tag, repair_html, web_address

TOP = Path(__file__).parents[3] / "shared" / "data" / "feeds" / "feedparser-cases"
OTHERWISE = tomllib.loads((Path(__file__).parent / "feedparser_otherwise.toml").read_text("utf-8"))["otherwise"]
"""The cases that are answered otherwise, and why."""
FIELDS = frozenset(
    "title title_detail link id guid published updated created published_parsed updated_parsed created_parsed summary "
    "summary_detail description content author author_detail authors tags category categories language has_key".split()
)
"""What feedparser calls the fields of an entry that our record has too."""
UNSEEN = "script style template svg math iframe object audio video noscript button select textarea form".split()
"""Elements whose text no reader of the story sees."""
_EXPECT = re.compile(r"Expect:\s*(.*)")
_HEADER = re.compile(r"Header:\s*(\S+):\s*(.*)")
_FIELD = re.compile(r"entries\[\d\](?:\.(\w+)|\[u?['\"](\w+)['\"]\])")
_NOT_OURS = re.compile(r"(?:\[['\"]|\.)(?:type|scheme|base|src|url|uri|email|href)\b")
"""Attributes of such a field that our record has no place for."""
_STRING = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")
_OPEN_PLAYER = re.compile(r"<(?:object|iframe)\b[^<>]*>(?!.*</(?:object|iframe)>)", re.DOTALL)
_TAG = re.compile(r"<[^<>]*>")


def plain(html: str) -> str:
    """What a reader sees of a text: no markup, no references, white space collapsed."""
    html = _OPEN_PLAYER.sub("", html)
    if "<" in html or "&" in html:
        try:
            tree = etree.HTML(f"<div>{html}</div>")
        except (etree.ParserError, ValueError):
            return " ".join(_TAG.sub("", html).split())
        etree.strip_elements(tree, *UNSEEN, with_tail=False)
        html = "".join(tree.itertext())
    return " ".join(html.split())


class Text(str):
    """A string that equals another where a reader sees the same: our record holds text, not markup."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and not {plain(self), " ".join(self.split())}.isdisjoint(
            {plain(other), " ".join(other.split())}
        )

    def __ne__(self, other: object) -> bool:
        return not self == other


class Names(str):
    """A string that equals another where both name the same persons: our record holds names, without addresses."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and author_names([self]) == author_names([other])

    def __ne__(self, other: object) -> bool:
        return not self == other


class View(dict[str, Any]):
    """An entry of ours under feedparser's names."""

    def __getattr__(self, name: str) -> Any:
        return self[name]

    def has_key(self, name: str) -> bool:
        """What dictionaries had when the cases were written."""
        return name in self


def view(entry: Entry, feed: Feed, url: str | None) -> View:
    """An entry as feedparser would show it."""
    texts = [*entry.summaries, *entry.bodies, *entry.media_texts, ""]
    language = None if entry.language == "" else language_tag(entry.language) or language_tag(feed.language)
    summary = Text(repair_html(texts[0]))
    updated = entry.updated_raw or entry.published_raw
    names = {
        "title": entry.title or "",
        "link": web_address(entry.link, url) or entry.link,
        "id": entry.guid,
        "guid": entry.guid,
        "published": entry.published_raw,
        "created": entry.published_raw,
        "updated": updated,
        "language": language,
    }
    found = View({name: Text(value) for name, value in names.items() if value is not None})
    found["summary"] = found["description"] = summary
    found["title_detail"] = View(value=Text(entry.title or ""), language=language)
    found["summary_detail"] = View(value=summary, language=language)
    others = entry.bodies + entry.summaries[1:] + entry.media_texts + entry.summaries[:1]
    found["content"] = [View(value=Text(repair_html(text)), language=language) for text in others]
    found["author"] = Names(", ".join(entry.authors))
    found["authors"] = [View(name=Names(name)) for name in entry.authors]
    found["author_detail"] = View(name=Names("".join(entry.authors[:1])))
    found["tags"] = [View(term=Text(topic), label=Text(topic)) for topic in entry.topics]
    found["category"] = Text(entry.topics[0]) if entry.topics else None
    found["categories"] = [(None, Text(topic)) for topic in entry.topics]
    for name, raw in (("published", entry.published_raw), ("updated", updated)):
        if raw and (moment := parse_date(raw)) is not None:
            found[f"{name}_parsed"] = found["created_parsed"] = time.gmtime(moment // 1_000_000)
    return found


def expectation(data: bytes) -> tuple[str, dict[str, str]]:
    """What a case expects, as the Python expression in its first comment, and the headers that it comes with."""
    for codec in ("utf-8", "utf-16", "utf-32", "cp037"):
        text = data.decode(codec, "replace")
        if match := _EXPECT.search(text):
            headers = {name.lower(): value.strip() for name, value in _HEADER.findall(text[: match.start()])}
            return match[1].strip(), headers
    return "", {}


def is_ours(expression: str) -> bool:
    """Whether a case is about fields of an entry that our record has too."""
    bare = _STRING.sub("''", _FIELD.sub("entries[0]", expression))
    fields = {dotted or indexed for dotted, indexed in _FIELD.findall(expression)}
    is_of_entries = bool(fields) and fields <= FIELDS and not _NOT_OURS.search(expression)
    return is_of_entries and not any(word in bare for word in ("feed", "headers", "encoding"))


def holds(expression: str, entries: list[View]) -> bool:
    """Whether a case's expression is true of what was read, whether the feed is taken for well-formed or not."""
    for bozo in (False, True):
        try:
            if eval(expression, {}, {"entries": entries, "bozo": bozo}):
                return True
        except (KeyError, IndexError, AttributeError, TypeError, NameError):
            continue
    return False


def cases() -> Iterator[tuple[str, bytes, str, dict[str, str]]]:
    """Each case: its name, its feed, what it expects, its headers."""
    for path in sorted(TOP.rglob("*.xml")):
        data = path.read_bytes()
        yield str(path.relative_to(TOP)), data, *expectation(data)


def passes(name: str, data: bytes, expression: str, headers: dict[str, str]) -> bool:
    """Whether a case comes out as it expects."""
    base = f"http://127.0.0.1:8097/{name}" if "/http_" in name else None
    url = web_address(headers.get("content-location"), None) or base
    try:
        feed = read_entries(data, content_type=headers.get("content-type"))
    except Reject:
        feed = Feed()
    return holds(expression, [view(entry, feed, url) for entry in feed.entries if isinstance(entry, Entry)])


pytestmark = pytest.mark.skipif(not TOP.is_dir(), reason="feedparser's cases do not lie beside the checkout")


def test_no_case_ends_in_anything_but_entries_or_a_refusal() -> None:
    number = 0
    for name, data, _, headers in cases():
        number += 1
        try:
            read_feed(data, source_uri=name, content_type=headers.get("content-type"))
        except Reject:
            continue
    assert number > 2_200


def test_each_case_about_a_field_of_ours_comes_out_or_has_its_reason() -> None:
    ours = [case for case in cases() if is_ours(case[2])]
    assert len([name for name, *_ in ours if "/sanitize/" not in name]) == 332
    assert len(ours) == 911
    failed = {case[0] for case in ours if not passes(*case)}
    assert failed == {name for one in OTHERWISE for name in one["cases"]}
