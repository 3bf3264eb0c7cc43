"""Find the candidates: every place in a text where a form of the table stands as a whole word.

One pass of an Aho-Corasick automaton over the text, folded to one byte per code point, so that an offset in the bytes
is an offset in the text. All thought is spent later, and only on what this finds: about four words in a thousand.

The -ise/-ize family, by far the largest, is found by its endings and looked up by word: an automaton that holds only
the endings stays small enough for the processor's cache, and the lookup can take off a prefix.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ahocorasick_rs import BytesAhoCorasick, Implementation, MatchKind

SPACE, LETTER, JOINER = 0x20, 0x80, 0x81
LONGEST_WORD = 48
"""Letters of the longest word that is looked up by its ending."""

COINED_STEM = 4
"""Letters that a word in no table must have before its ending, so that `seize` and `prized` are not looked at."""

_O_DIAERESIS, _E_DIAERESIS = 0xF6, 0xEB
_BLANK = b" "


def _fold_table() -> bytes:
    table = bytearray()
    for code in range(256):
        char = chr(code)
        if code < 128:
            # Digits and the signs of identifiers, addresses, tags and handles are part of a word, and no word of the
            # table holds them: what touches them is not found.
            byte = ord(char.lower()) if char.isalpha() else JOINER if char.isdigit() or char in "_@#$" else SPACE
        elif char in "öÖ":
            byte = _O_DIAERESIS
        elif char in "ëË":
            byte = _E_DIAERESIS
        else:
            byte = LETTER if char.isalpha() else SPACE
        table.append(byte)
    return bytes(table)


_FOLD = _fold_table()


def fold(text: str) -> bytes:
    """The text in lower case, one byte per code point, everything that parts words as a space.

    Code points beyond Latin-1 become spaces too, so a hit still has to be checked for neighbours that are letters.
    """
    return text.encode("latin-1", "replace").translate(_FOLD)


class Scanner:
    """Finds the forms of a table in a text.

    Args:
        forms: Forms to find as they stand, lower case; they may hold hyphens and spaces.
        by_ending: Single words to find by their endings, word -> ending; productive prefixes may stand before them.
        prefixes: The productive prefixes.
        coined: Endings by which words that are in no table are found too.
    """

    def __init__(
        self, forms: Iterable[str], by_ending: dict[str, str], prefixes: Iterable[str], coined: Iterable[str] = ()
    ) -> None:
        self._forms = list(forms)
        self._words = {fold(word): word for word in by_ending}
        self._prefixes = {fold(prefix): prefix for prefix in prefixes}
        self._prefix_lengths = sorted({len(prefix) for prefix in self._prefixes})
        self._first_ending = len(self._forms)
        patterns = [_BLANK + fold(form) for form in self._forms]
        endings = sorted({fold(ending) for ending in (*by_ending.values(), *coined)})
        patterns += endings
        self._coined = {self._first_ending + endings.index(fold(ending)) for ending in coined}
        self._automaton = BytesAhoCorasick(
            patterns, matchkind=MatchKind.LeftmostLongest, implementation=Implementation.DFA
        )

    def find(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """The candidates in a text, in order.

        Yields:
            Start and end in the text, the form of the table that stands there, and the prefix before it (which is
            within start and end); empty for most. The form is empty for a word that has an ending of `coined` and is
            in no table. Letters beyond Latin-1 beside the candidate are not seen.
        """
        folded = fold(f" {text} ")
        first_ending = self._first_ending
        for index, start, stop in self._automaton.find_matches_as_indexes(folded):
            if folded[stop] != SPACE:
                continue
            if index < first_ending:
                yield start, stop - 1, self._forms[index], ""
                continue
            before = folded.rfind(_BLANK, max(0, start - LONGEST_WORD), start)
            if before < 0:
                continue
            found = self._look_up(folded[before + 1 : stop])
            if found is not None:
                yield before, stop - 1, *found
            elif index in self._coined and start - before > COINED_STEM:
                yield before, stop - 1, "", ""

    def _look_up(self, word: bytes) -> tuple[str, str] | None:
        form = self._words.get(word)
        if form is not None:
            return form, ""
        for length in self._prefix_lengths:
            prefix = self._prefixes.get(word[:length])
            if prefix is not None:
                form = self._words.get(word[length:])
                if form is not None:
                    return form, prefix
        return None
