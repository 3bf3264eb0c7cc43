"""Makes a well-formed document of a feed whose tags do not match, as browsers do for pages.

What stands inside an element of text (a title, a body) is text up to that element's end, markup of HTML that was not
escaped included; what is left is the frame of the feed, of some twenty elements, whose ends can be told. All in linear
time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from copydesk.transforms.feed.mend import CDATA, Document
from copydesk.transforms.feed.names import ENTRIES, ROLES, USUAL

MAX_DEPTH: Final = 100
"""Elements of the frame that may be open at one time; a deeper tag is passed over. The deepest of feeds is about 8."""

_TAG: Final = re.compile(r"<(/?)([A-Za-z_][\w:.-]{0,100}+)((?:[^<>\"']|\"[^\"<]*\"|'[^'<]*')*+)>", re.ASCII)
_SLOPPY_TAG: Final = re.compile(r"<(/?)([A-Za-z_][\w:.-]{0,100}+)([^<>]*)>", re.ASCII)
_ATTRIBUTE: Final = re.compile(r"([A-Za-z_][\w:.-]*)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+)))?", re.ASCII)
_DECLARED: Final = re.compile(r"\sxmlns:([A-Za-z_][\w.-]*)\s*=\s*[\"']([^\"'<>&]+)[\"']", re.ASCII)
_URI: Final = re.compile(r"(?:https?://|urn:|tag:)?[A-Za-z0-9./?=;,@~+_-]+#?", re.ASCII)
"""The addresses that name namespaces; libxml2 refuses a namespace whose name is no URI."""
_TEXTS: Final = frozenset("title description summary encoded content abstract subtitle text fullitem tagline".split())
"""Local names of the elements that hold text."""
_FRAMES: Final = frozenset("media source image textinput".split())
"""Prefixes and elements in which `title` or `content` is no text of the entry with markup in it."""
_ROOTS: Final = frozenset({"rss", "rdf", "feed", "channel"})
_ROOT: Final = re.compile(r"<((?:[A-Za-z_][\w.-]*:)?(?:rss|rdf|feed|channel))(?=[\s/>])", re.IGNORECASE | re.ASCII)
_VOID: Final = frozenset("br hr img input meta area base col embed param source track wbr".split())
_OWN: Final = r"item|entry|channel|rss|rdf|feed"
_NEXT: Final = r"link|guid|pubdate|category|comments|enclosure|published|updated|issued|modified|dc:\w+|media:\w+"
"""Elements that follow a text in an entry, none of them HTML's (but `link`, which no body holds)."""


def settled(document: Document) -> str:
    """The document with each element ended where it must end: well-formed whatever it was."""
    return "".join(_Frame(document).parts())


class _Frame:
    """Walks over the tags of a document and keeps those that make a tree."""

    def __init__(self, document: Document) -> None:
        self.document, self.text = document, document.text
        self.open: list[str] = []
        declared = _DECLARED.findall(self.text)
        self.declared = {prefix: _uri(uri) for prefix, uri in declared}
        self.used: set[str] = set()

    def parts(self) -> Iterator[str]:
        """The parts of the well-formed document, in order."""
        body = list(self._body())
        root = body[0].removesuffix(">")
        uris = {prefix: self.declared.get(prefix) or USUAL.get(prefix, f"urn:{prefix}") for prefix in self.used}
        own = {prefix: uri for prefix, uri in sorted(uris.items()) if f"xmlns:{prefix}=" not in root}
        yield root + "".join(f' xmlns:{prefix}="{uri}"' for prefix, uri in own.items()) + ">"
        yield from body[1:]

    def _body(self) -> Iterator[str]:
        text = self.text
        root, tag = _ROOT.match(text), _tag_at(text, 0)
        name = self._named(root[1]) if root else "feed"  # entries without a feed around them
        self.open.append(name)
        yield f"<{name}{self._attributes(tag[3]) if root and tag else ''}>"
        position = (tag or root).end() if root else 0
        while (at := text.find("<", position)) >= 0:
            yield self._data(position, at)
            if text.startswith(CDATA, at):
                end = text.find("]]>", at)
                end = end if end >= 0 else len(text)
                yield text[at:end] + "]]>"
                position = end + 3
            elif text.startswith(("<!", "<?"), at):
                closing = "-->" if text.startswith("<!--", at) else ">"
                end = text.find(closing, at)
                position = end + len(closing) if end >= 0 else len(text)
            elif (tag := _tag_at(text, at)) is None:
                yield "&lt;"
                position = at + 1
            else:
                position = tag.end()
                if tag[1]:
                    yield from self._end(tag[2])
                else:
                    yield from self._start(tag)
                    if self.open[-1] == tag[2] and not tag[0].endswith("/>") and self._is_text(tag[2]):
                        inside, position = self._inside(tag[2], position)
                        yield inside
        while self.open:
            yield f"</{self.open.pop()}>"

    def _is_text(self, name: str) -> bool:
        head, _, local = name.lower().rpartition(":")
        parent = self.open[-2].lower().rpartition(":")[2] if len(self.open) > 1 else ""
        return local in _TEXTS and parent not in _FRAMES and (head not in _FRAMES or local in ("text", "description"))

    def _start(self, tag: re.Match[str]) -> Iterator[str]:
        name = self._named(tag[2])
        local = name.lower().rpartition(":")[2]
        if local in _ROOTS and any(one.lower().rpartition(":")[2] == local for one in self.open):
            return  # a second document, joined to the first
        if local in ENTRIES:
            yield from self._end_entry()
        elif _is_leaf(self.open[-1]) and (local in _TEXTS or ROLES[name.lower()] is not None):
            yield f"</{self.open.pop()}>"
        empty = tag[0].endswith("/>")
        if not empty and len(self.open) >= MAX_DEPTH:
            return
        yield f"<{name}{self._attributes(tag[3])}" + ("/>" if empty or (local in _VOID and ":" not in name) else ">")
        if not empty and not (local in _VOID and ":" not in name):
            self.open.append(name)

    def _end_entry(self) -> Iterator[str]:
        """Ends the entry that is open, and what is open in it."""
        if any(one.lower().rpartition(":")[2] in ENTRIES for one in self.open):
            while self.open[-1].lower().rpartition(":")[2] not in ENTRIES:
                yield f"</{self.open.pop()}>"
            yield f"</{self.open.pop()}>"

    def _end(self, name: str) -> Iterator[str]:
        """Ends the nearest open element of the name and what is open in it; the root stays open for what may follow."""
        name = self._named(name).lower()
        lower = [one.lower() for one in self.open]
        local = name.rpartition(":")[2]
        if name not in lower or local in _ROOTS:
            return
        while self.open:
            ended = self.open.pop()
            yield f"</{ended}>"
            if ended.lower() == name:
                return

    def _inside(self, name: str, position: int) -> tuple[str, int]:
        """The text up to the end of an element, as character data, and where that end stands."""
        parts: list[str] = []
        stop = _stop(name.lower())
        while match := stop.search(self.text, position):
            parts.append(self._data(position, match.start()).replace("<", "&lt;"))
            if match[0] != CDATA:
                return "".join(parts), match.start()
            again = self.text.find(CDATA, match.end())
            end = self.text.find("]]>", match.end(), again if again >= 0 else len(self.text))
            if end < 0:  # the section has no end: it ends where its element does
                closing = stop.search(self.text, match.end())
                end = closing.start() if closing else len(self.text)
                parts.append(f"{self.text[match.start() : end]}]]>")
                position = end
            else:
                parts.append(self.text[match.start() : end + 3])
                position = end + 3
        parts.append(self._data(position, len(self.text)).replace("<", "&lt;"))
        return "".join(parts), len(self.text)

    def _data(self, start: int, end: int) -> str:
        return self.document.with_references(self.text[start:end]).replace("]]>", "]]&gt;")

    def _attributes(self, given: str) -> str:
        found: dict[str, str] = {}
        for name, double, single, bare in _ATTRIBUTE.findall(given):
            value = double or single or bare
            if name == "xmlns" or name.startswith("xmlns:"):
                name, value = name.removesuffix(":"), _uri(value)
                if name == "xmlns:xml" or name.count(":") > 1:
                    continue
            else:
                name = self._named(name)
                value = self.document.with_references(value).replace("<", "&lt;").replace('"', "&quot;")
            found.setdefault(name, value)
        return "".join(f' {name}="{value}"' for name, value in found.items())

    def _named(self, name: str) -> str:
        """A name with at most one prefix, which is remembered as used."""
        prefix, colon, local = name.partition(":")
        if not colon:
            return name
        if prefix == "xmlns" or not (local[:1].isalpha() or local[:1] == "_"):
            return name.replace(":", "_")
        if prefix != "xml":
            self.used.add(prefix)
        return f"{prefix}:{local.replace(':', '_')}"


def _tag_at(text: str, position: int) -> re.Match[str] | None:
    return _TAG.match(text, position) or _SLOPPY_TAG.match(text, position)


def _uri(name: str) -> str:
    """The name of a namespace, or one made of its letters where it is no URI."""
    name = name.strip()
    return name if _URI.fullmatch(name) else "urn:" + ("".join(filter(str.isalnum, ascii(name))) or "none")


def _is_leaf(name: str) -> bool:
    """Whether an element of this name holds text and no elements of an entry."""
    role = ROLES[name.lower()]
    return role is not None and role[0] in ("title", "link", "guid", "published", "updated")


@lru_cache(maxsize=256)
def _stop(name: str) -> re.Pattern[str]:
    """Finds where the text of an element may end, or a CDATA section starts in it."""
    return re.compile(
        rf"<!\[CDATA\[|</{re.escape(name)}\s*>|</?(?:[\w.-]+:)?(?:{_OWN})(?=[\s>])|<(?:{_NEXT})(?=[\s>/])",
        re.IGNORECASE,
    )
