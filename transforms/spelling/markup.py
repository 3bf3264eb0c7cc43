"""Marks in a text that are neither letters nor white space to a reader: tags, entities, and the marks of access keys.

Tags and entities are blanked, so that offsets stay. Soft hyphens and access keys (`_Colour`, `Cen&ter`) stand inside
words, so they are taken out, and put back into what is written instead.
"""

from __future__ import annotations

import re

SOFT_HYPHEN = "\u00ad"
LABEL_MAX = 100
"""Longest text, in characters, that may be a label of a program's interface with an access key."""

_ELEMENT = re.compile(
    r"<(code|tt|kbd|pre|samp|command|literal|filename|option|parameter|varname|script|style)\b[^<>]{0,200}>"
    r"[^<>]{0,300}</\1>"
    r"|<[A-Za-z/!][^<>]{0,300}>"
)
_ENTITY = re.compile(r"&lt;/?[A-Za-z][^<>&]{0,100}&gt;|&(?:[A-Za-z]{2,8}|#[0-9]{1,6}|#x[0-9A-Fa-f]{1,5});")
_ESCAPE = re.compile(r"\\(?:[ntr](?![a-z])|[\"'])")
_PARTS_SENTENCES = re.compile(
    r"(?:<|&lt;)/?(?:p|br|hr|li|ul|ol|dl|dt|dd|div|td|th|tr|h[1-6]|title|para|qt|html|body)\b"
)
_ACCESS_KEY = re.compile(r"(?<![^\s\"'“‘(\[])[_&~](?=[A-Z])|(?<=[A-Za-z])[_&~](?=[A-Za-z])")
_ACCESS_KEY_OR_NAME = re.compile(r"(?<=[A-Za-z] )_(?=[a-z]+(?::|\.{3}|…)?$)")
_ACCESS_KEY_IN_LABEL = re.compile(r"(?<=[A-Za-z] )[_~&](?=[a-z]{3,}(?:[ -]|:?…?$))")


def without_markup(text: str) -> str:
    """The text with white space in the place of tags, of elements that hold code, of entities and of escapes."""
    return _blanked(_blanked(_blanked(text, "<", _ELEMENT), "&", _ENTITY), "\\", _ESCAPE)


def _blanked(text: str, sign: str, pattern: re.Pattern[str]) -> str:
    """The text with white space for each match of a pattern that begins with `sign`.

    Looking for the sign by itself costs a fiftieth of looking for the pattern.
    """
    at = text.find(sign)
    if at < 0:
        return text
    pieces, done = [], 0
    while at >= 0:
        match = pattern.match(text, at)
        if match is not None:
            blank = " " * (match.end() - at - 1)
            pieces += [text[done:at], "\n" if _PARTS_SENTENCES.match(text, at) else " ", blank]
            done = match.end()
        at = text.find(sign, max(done, at + 1))
    return "".join((*pieces, text[done:])) if done else text


def marks_in_words(text: str) -> list[int]:
    """Offsets of the soft hyphens and of the mark of an access key.

    A text is taken for a label with an access key if it is short, has one such mark, and is not an identifier.
    """
    marks = [at for at, char in enumerate(text) if char == SOFT_HYPHEN] if SOFT_HYPHEN in text else []
    if len(text) <= LABEL_MAX and ("_" in text or "&" in text or "~" in text):
        keys = [match.start() for match in _ACCESS_KEY.finditer(text)]
        # `Border _color:` may be a label or name a variable: it is taken for a label where it ends one, and in a line
        # that is no sentence.
        labelled = text[:1].isupper() and not text.endswith((".", ";"))
        keys += [m.start() for m in (_ACCESS_KEY_IN_LABEL if labelled else _ACCESS_KEY_OR_NAME).finditer(text)]
        if len(keys) == 1 and not _is_identifier(text):
            marks = sorted(marks + keys)
    return marks


def _is_identifier(text: str) -> bool:
    """True for `set_color`, `gray_scale` and `--no_color`: no label begins in lower case and has no space."""
    return " " not in text.strip() and not any(char.isupper() for char in text)


def with_mark(old: str, new: str, place: int, mark: str) -> str:
    """`new` with an access key's mark before the letter that it stood before in `old`, where `place` is its offset."""
    letter = old[place]
    same = [at for at, char in enumerate(new) if char == letter]
    at = min(same, key=lambda found: abs(found - place), default=min(place, len(new)))
    return new[:at] + mark + new[at:]
