"""CMS tokens in running text: what a content management system meant to replace and did not.

Found by a bracket scanner, not by a pattern: the brackets of a token may be nested and may stand in the strings of
its JSON. Brackets that an editor wrote (`[sic]`, `[the minister]`, `[...]`, `[1]`) are prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_TOKEN: Final = 20_000
"""The longest token, code points. The longest met in published pages, a Drupal media token, had 2,600."""

MAX_TEMPLATE: Final = 2_000
"""The longest template tag or comment, code points."""

_QUOTE = "\"'“”‘’″«»"
_BRACKET: Final = re.compile(r"[\[\]]")
_BLANK_LINE: Final = re.compile(r"\n[ \t\r]*\n")
_OTHER_OPEN: Final = re.compile(r"\{\{|\{%|<!--|<%|\*\|")
_CLOSES: Final = {"{{": "}}", "{%": "%}", "<!--": "-->", "<%": "%>", "*|": "|*"}
_JSON_PART: Final = re.compile(r'"(?:[^"\\\n]|\\.)*"|[\[\]{}]|\n[ \t\r]*\n')

# [[nid:123]], [[nid:123 view_mode=teaser]], [[{"fid": ...}]], [[asset:image:5 ...]]
_DOUBLE: Final = re.compile(r"\[([a-z][a-z0-9_-]{0,30}):([^\s\[\]]{1,300})((?: +[a-z][\w-]*=[^\[\]]*)?)\]", re.ASCII)
_SHORTCODE: Final = re.compile(rf"(/?)([A-Za-z][A-Za-z0-9_-]{{1,40}})(\s+[\w-]+\s*=\s*[{_QUOTE}\w].*|\s*/)?", re.DOTALL)
_ATTRIBUTE: Final = re.compile(rf"([\w-]+)\s*=\s*[{_QUOTE}]*([^{_QUOTE}\]\s]+)")

BARE: Final = frozenset(
    "audio caption embed fbvideo flickr gallery iframe instagram jwplayer more playlist poll pullquote scribd "
    "slideshow soundcloud speakerdeck ted toc tweet twitter video vimeo vine wpvideo youtube".split()
)
"""Shortcodes that also stand without attributes. Any other name in brackets needs attributes or an underscore."""

_WRAPS: Final = frozenset(
    {"embed", "audio", "video", "youtube", "vimeo", "instagram", "tweet", "twitter", "soundcloud"}
)
_REF_KEYS: Final = ("ids", "id", "fid", "nid", "src", "url", "mp4", "mp3", "ref", "slug")


@dataclass(frozen=True, slots=True)
class Token:
    """A token: where it stands, what it is, what it points to.

    Attributes:
        start: First code point in the text.
        end: One past the last.
        kind: `nid`, `gallery`, `media`, `template` ...; `caption` for a caption set in a shortcode.
        ref: What it points to, as printed; for `caption` the words of the caption. None where it says nothing.
    """

    start: int
    end: int
    kind: str
    ref: str | None


def find_tokens(text: str) -> list[Token]:
    """All tokens in a text, in order, disjoint. Linear in the length of the text."""
    found: list[Token] = []
    if "[" in text:
        found = _join_wraps(text, list(_bracketed(text)))
    others = list(_delimited(text)) if _OTHER_OPEN.search(text) else []
    if others:
        found = _disjoint(sorted([*found, *others], key=lambda token: token.start))
    return found


def _disjoint(tokens: list[Token]) -> list[Token]:
    kept: list[Token] = []
    for token in tokens:
        if not kept or token.start >= kept[-1].end:
            kept.append(token)
    return kept


def _groups(text: str) -> dict[int, int]:
    """Start and end of each pair of square brackets that match within a paragraph."""
    pairs: dict[int, int] = {}
    open_at: list[int] = []
    last = text.find("[")
    for part in _BRACKET.finditer(text, last, text.rfind("]") + 1):
        place = part.start()
        if open_at and _BLANK_LINE.search(text, last, place):
            open_at.clear()
        last = place
        if part[0] == "[":
            open_at.append(place)
        elif open_at:
            pairs[open_at.pop()] = place + 1
    return pairs


def _bracketed(text: str) -> Iterator[Token]:
    """Tokens in square brackets. A group that is no token is prose: nothing inside it is looked at on its line."""
    pairs = _groups(text)
    position = text.find("[")
    while position != -1:
        if text.startswith("[[{", position):
            end, whole = _json_end(text, position)
            if whole:
                yield _json_token(text, position, end)
            position = text.find("[", end)
            continue
        end = pairs.get(position, 0)
        if end:
            lines = "\n" in text[position : min(end, position + MAX_TEMPLATE)]
            token = _read(text, position, end) if end - position <= (MAX_TEMPLATE if lines else MAX_TOKEN) else None
            if token:
                yield token
            elif lines or end - position > MAX_TOKEN:
                end = 0
        position = text.find("[", end or position + 1)


def _json_end(text: str, start: int) -> tuple[int, bool]:
    """Where the group that opens at `start` closes, strings aside, and whether it does."""
    depth = 0
    position = start
    limit = start + MAX_TOKEN
    while part := _JSON_PART.search(text, position, limit):
        position = part.end()
        sign = part[0]
        if sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
            if depth <= 0:
                return position, text.endswith("]]", start, position) or text[position - 2 : position] == "]]"
        elif sign[0] == "\n":
            return position, False
    return min(max(position, start + 3), len(text)), False


def _json_token(text: str, start: int, end: int) -> Token:
    inside = text[start:end]
    values = dict(re.findall(r'"(type|fid|nid|id|uuid|src|url)"\s*:\s*"?([^",}\]]{1,300})', inside))
    ref = next((values[key].strip() for key in ("fid", "nid", "id", "uuid", "src", "url") if key in values), None)
    return Token(start, end, values.get("type", "media").strip().lower() or "media", ref)


def _read(text: str, start: int, end: int) -> Token | None:
    """The token that a matched group of brackets is, if it is one."""
    inside = text[start + 1 : end - 1]
    if inside.startswith("["):
        double = _DOUBLE.fullmatch(inside)
        return Token(start, end, double[1], double[2]) if double else None
    if len(inside) < 2 or not (inside[0] == "/" or inside[0].isalpha()):
        return None
    code = _SHORTCODE.fullmatch(inside)
    if not code:
        return None
    closing, name, attributes = code[1], code[2], code[3]
    named = name.lower() in BARE or "_" in name
    if not (closing or named or (attributes and any(quote in attributes for quote in _QUOTE))):
        return None
    return Token(start, end, name.lower(), _ref(attributes or ""))


def _ref(attributes: str) -> str | None:
    values = {key.lower(): value for key, value in _ATTRIBUTE.findall(attributes)}
    return next((values[key] for key in _REF_KEYS if key in values), None)


def _join_wraps(text: str, tokens: list[Token]) -> list[Token]:
    """Joins `[embed]address[/embed]` and `[caption ...]words[/caption]` into one token each."""
    joined: list[Token] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        after = tokens[index + 1] if index + 1 < len(tokens) else None
        if (
            after is not None
            and after.kind == token.kind
            and text[token.start + 1] != "/"
            and text[after.start + 1] == "/"
            and (inside := _wrapped(token.kind, text[token.end : after.start])) is not None
        ):
            joined.append(Token(token.start, after.end, token.kind, inside or token.ref))
            index += 2
            continue
        joined.append(token if token.kind != "caption" else Token(token.start, token.end, "shortcode", token.ref))
        index += 1
    return joined


def _wrapped(kind: str, inside: str) -> str | None:
    """What a pair of shortcodes holds, if it goes with them: a caption's words, an address. None if it is prose."""
    if kind == "caption" and len(inside) < 2_000 and "\n\n" not in inside:
        return " ".join(re.sub(r"<[^<>]{0,1000}>", " ", inside).split())
    if kind in _WRAPS and len(inside.split()) <= 1:
        return inside.strip()
    return None


def _delimited(text: str) -> Iterator[Token]:
    """Template tags, comments and merge tags: an opening sign, a closing one, within one paragraph."""
    next_close = dict.fromkeys(_CLOSES, -1)
    position = 0
    while part := _OTHER_OPEN.search(text, position):
        sign, position = part[0], part.end()
        if next_close[sign] < position:
            close = text.find(_CLOSES[sign], position)
            next_close[sign] = len(text) if close == -1 else close
        close = next_close[sign]
        if close > min(len(text) - 1, position + MAX_TEMPLATE) or text.find("\n\n", position, close) != -1:
            continue
        end = close + len(_CLOSES[sign])
        kind = "comment" if sign == "<!--" else "template"
        yield Token(part.start(), end, kind, " ".join(text[position:close].split())[:300] or None)
        position = end
