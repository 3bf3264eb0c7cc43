"""Find the candidates: every place in a text where a form of the table stands as a whole word.

One pass of an Aho-Corasick automaton over the text, folded to one byte per code point, so that an offset in the bytes
is an offset in the text. All thought is spent later, and only on what this finds: about four words in a thousand.
"""

from __future__ import annotations

from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

SPACE, LETTER, JOINER = 0x20, 0x80, 0x81
O_DIAERESIS, E_DIAERESIS = 0xF6, 0xEB


def _fold_table() -> bytes:
    table = bytearray()
    for code in range(256):
        char = chr(code)
        if code < 128:
            # Digits and the signs of identifiers, addresses, tags and handles are part of a word, and no word of the
            # table holds them: what touches them is not found.
            byte = ord(char.lower()) if char.isalpha() else JOINER if char.isdigit() or char in "_@#$" else SPACE
        elif char in "öÖ":
            byte = O_DIAERESIS
        elif char in "ëË":
            byte = E_DIAERESIS
        else:
            byte = LETTER if char.isalpha() else SPACE
        table.append(byte)
    return bytes(table)


FOLD = _fold_table()


def fold(text: str) -> bytes:
    """The text in lower case, one byte per code point, everything that parts words as a space.

    Code points beyond Latin-1 become spaces too, so a hit still has to be checked for neighbours that are letters.
    """
    return text.encode("latin-1", "replace").translate(FOLD)


def pattern_of(form: str) -> bytes:
    """A form of the table as it looks in folded text."""
    return fold(form)


class Scanner:
    """An automaton over the forms of a table.

    Args:
        forms: Forms to find, lower case.
        prefixed: Those that may also stand behind a prefix.
    """

    def __init__(self, forms: Iterable[str], prefixed: Iterable[str]) -> None:
        self.forms: list[str] = []
        patterns: list[bytes] = []
        for form in forms:
            self.forms.append(form)
            patterns.append(b" " + pattern_of(form))
        self.first_prefixed = len(patterns)
        for form in prefixed:
            self.forms.append(form)
            patterns.append(pattern_of(form))
        self._automaton = BytesAhoCorasick(
            patterns, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA
        )

    def find(self, folded: bytes) -> list[tuple[int, int, int]]:
        """Matches as (index into `forms`, start, end) in text that was folded and set between two spaces.

        A match of a form at or past `first_prefixed` has not been checked on its left; no match has been checked on
        its right.
        """
        return self._automaton.find_matches_as_indexes(folded)
