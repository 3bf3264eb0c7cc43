"""Does a capitalised word stand in writing about the interface of a program? Capitals mark what is on the screen there.

The evidence is in `interface.toml`.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

from copydesk.transforms.spelling.table import canonical, read_data

LABEL_MAX = 200
"""A text of more than this many characters is no label or message of a program that its first word could show."""
INTERFACE_REACH = 80
"""How far to each side of a hit words of a program's interface are looked for, in characters."""

PLACEHOLDER = re.compile(r"%(?:\([a-z_]{1,30}\))?(?:[0-9]\$)?[a-z]{1,2}\b|%[1-9]\b|\{[A-Za-z_]{0,30}\}")
"""What a program puts a value in the place of: `%s`, `%1$d`, `%(count)s`, `{name}`."""

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FOLLOWING = re.compile(r"[ -]([A-Za-z]+)")
_LOWER = re.compile(r"[a-z]+(?:-[a-z]+)*")
_LABEL_REST = re.compile(r"(?: [A-Z][a-z]+){0,2} ([a-z]+)")
_LABEL_PATH = re.compile(r"(?: - |[▸>→] ?)(?:[A-Z][a-z]+ ){0,3}$")
_PATH_SIGNS = (" - ", "▸", ">", "→")


@cache
def _words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(read_data("interface.toml"))
    return {key: frozenset(words.split()) for key, words in data.items()}


def is_label(text: str, start: int, end: int) -> bool:
    """True if the hit stands in a label of a program's interface: `the Organise tab`, `Tools - Organise Macros`."""
    words = _words()
    rest = _LABEL_REST.match(text, end)
    if rest and rest.group(1) in words["label_nouns"]:
        return True
    sentence = text[max(0, start - 120) : start]
    if not any(sign in sentence for sign in _PATH_SIGNS):
        return False
    path = _LABEL_PATH.search(sentence)
    if path is None:
        return False
    if path.group()[0] in "▸→":
        return True
    opening = _WORD.search(sentence, sentence.rfind(". ") + 1)
    return opening is not None and opening.group().lower() in words["label_verbs"]


def is_about_interface(text: str, start: int, end: int) -> bool:
    """True if the hit stands in a message or a description of a program, where capitals mark what is on the screen.

    Such a text speaks of toolbars and pixels, has placeholders, or is short and begins with a command.
    """
    words = _words()
    following = _FOLLOWING.match(text, end)
    if following and canonical(text[start:end]) == "color" and following.group(1).lower() in words["color_nouns"]:
        return True
    near = text[max(0, start - INTERFACE_REACH) : end + INTERFACE_REACH]
    if PLACEHOLDER.search(near) or not words["interface_words"].isdisjoint(_LOWER.findall(near.lower())):
        return True
    if len(text) > LABEL_MAX:
        return False
    opening = _WORD.search(text)
    return opening is not None and opening.group().lower() in words["command_verbs"]
