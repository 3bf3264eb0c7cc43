"""What is not running prose of the house's own: machine text, words talked about, written quotations, other languages.

Everything here looks at the surroundings of one hit, a bounded number of characters to each side, so that a document
costs no more than its hits do.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache

from copydesk.transforms.spelling.table import read_data

TOKEN_REACH = 300
"""Longest token looked at, in characters; what is glued to a longer one is not prose."""
SENTENCE_REACH = 240
"""How far a sentence or a code span around a hit is looked for."""
NEAR = 60
"""How much to each side of a hit shows what language it stands in."""
SIC_REACH = 40
"""How far before a [sic] the words that it is said of may begin."""
QUOTATION_REACH = 1200
"""How far back the opening mark of a quotation is looked for."""

_OPENING, _CLOSING = "“‘«\"'", "”’»\"',."
_CLOSING_MARKS = {"“": "”", "«": "»", '"': '"', "‘": "’"}
_WHITE = frozenset(" \n\t\r\u00a0\u202f\u2009\u3000")
_ENDS = _WHITE | {""}
_MACHINE_SIGNS = ("://", "www.", "@", "#", "_", "\\", "=", "{", "}", "()", "~", "::", "&", "%(")
_ENGLISH_SIGNS = (" the ", " of ", " to ", " and ", " in the ", " is ", " was ")
_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_BREAK = re.compile(r"[.!?][\"'”’)\]]*\s|\n")
_CALL_OR_FIELD = re.compile(r"[A-Za-z][.:(\[]\w*-?$")
_KEY = re.compile(r"[\"'”’]?\s(?:key|property|attribute|option|parameter)s?\b")
_DOMAIN = re.compile(r"[a-z0-9]\.[a-z]{2,}/")
_FILE = re.compile(r"[-\w]\.[a-z][a-z0-9]{1,4}\b")
_LIST = re.compile(r"[a-z][,;][a-z]+[,;][a-z]")
_PAGE = re.compile(r"[^\[\]\n]{0,200}, pp?\. ?[0-9ivx]")
_IDENTIFIER = re.compile(r"['\"“][A-Za-z]*(?:_\w|[a-z][A-Z])")
_SPELT = re.compile(r"\b(?:spells?|spelled|spelt|spelling) (?:it |them |this |that |as )?(?:as )?[\"“‘']")
_VALUES = re.compile(
    r"\bvalues? (?:are|is|should|must)\b|\b(?:possible|valid|allowed|accepted) (?:values?|choices|options)\b"
)
_CSS = re.compile(r"[a-z]+(?:-[a-z]+)+:\s*[^;\n]{0,40};")
_SIC = re.compile(r"[\[(]\s?sic\s?[!.]?[\])]", re.IGNORECASE)
_BRACKETS = frozenset('(["“‘”’)]')
_BEFORE_OPENING = frozenset(" \n\t\r\u00a0\u202f([{—–-/'\"‘“:")
_SPEECH_END = re.compile(r"[,.!?…]'(?!\w)")
_CLOSED = re.compile(r"’(?!\w)")


@cache
def _words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(read_data("masks.toml"))
    return {
        f"{section}.{key}": frozenset(words.split()) for section, keys in data.items() for key, words in keys.items()
    }


@cache
def _mention_tails() -> tuple[str, ...]:
    """What a text ends with before a word that is talked about without quotation marks."""
    return tuple(f"{lead}{word} " for word in sorted(_words()["mention.bare"]) for lead in (" ", "\n"))


class Masks:
    """Answers, for the hits of one text, whether each stands in running prose of the house's own.

    Args:
        text: The text.
        quotations: Treat all quotations as not the house's own, not only those of writing.
    """

    __slots__ = ("_cites", "_code", "_marks", "_mentions", "_quotations", "text")

    def __init__(self, text: str, quotations: bool = False) -> None:
        self.text = text
        self._quotations = quotations
        self._code = "`" in text
        self._cites = "[" in text and ", p" in text
        self._mentions = _mention_tails()
        self._marks = "".join([mark for mark in _CLOSING_MARKS if mark in text])

    def covers(self, start: int, end: int) -> bool:
        """True if the hit is to be left alone."""
        text = self.text
        # A word between white space and white space, or before a comma or a stop, is glued to nothing.
        if not (
            (start == 0 or text[start - 1] in _WHITE)
            and (end == len(text) or text[end] in _WHITE or (text[end] in ",.?!" and text[end + 1 : end + 2] in _ENDS))
        ) and (is_glued(text, start, end) or is_quoted_mention(text, start, end)):
            return True
        if self._code and is_code(text, start, end):
            return True
        if self._cites and is_cited(text, start, end):
            return True
        if self._marks:
            opened = quotation_around(text, start, end, self._marks)
            if opened is not None and (
                self._quotations or is_written_quotation(text, opened) or is_verbatim_quotation(text, opened, end)
            ):
                return True
        if self._quotations and single_quotation_around(text, start, end):
            return True
        near = text[start - NEAR if start > NEAR else 0 : end + NEAR]
        if "sic" in near and is_followed_by_sic(text, end):
            return True
        if text.endswith(self._mentions, 0, start):
            return True
        return not (" the " in near or " of " in near) and is_foreign(near)


def is_glued(text: str, start: int, end: int) -> bool:
    """True if the token of the hit is an address, a path, a file name, an option, an identifier."""
    left, right = start, end
    low, high = max(0, start - TOKEN_REACH), min(len(text), end + TOKEN_REACH)
    while left > low and not text[left - 1].isspace():
        left -= 1
    while right < high and not text[right].isspace():
        right += 1
    if left == low > 0 or right == high < len(text):
        return True
    before, after = text[left:start], text[end:right]
    token = before + "x" + after
    if any(sign in token for sign in _MACHINE_SIGNS) or _LIST.search(token):
        return True
    if before.endswith(("--", "/.")) and not before.rstrip("-")[-1:].isalnum():
        return True
    bare = before.lstrip("\"'“‘([")
    if bare.startswith(("/", "./")) or (bare.startswith("-") and bare != "-"):
        return True
    if bare.count("/") + after.rstrip("/").count("/") > 1:
        return True
    if token.islower() and token.count("-") > (1 if right - left == len(text.strip()) else 2):
        return True
    if token.islower() and token.count("-") > 1 and before[:1] in _BRACKETS and after[-1:] in _BRACKETS:
        return True
    if before.endswith("-") and _KEY.match(text, right):
        return True
    if _DOMAIN.search(before) or _FILE.search(after):
        return True
    if after.startswith("(s)"):
        after = after[3:]
    # A dot, a colon or a bracket with more of the word behind it: style.color, color.com, getColor(center).
    if len(after) > 1 and after[0] in ".:(" and (after[1].islower() or after[1].isdigit() or after[1] in ")_"):
        return True
    return bool(_CALL_OR_FIELD.search(before)) or _is_style(text, start, end)


def _is_style(text: str, start: int, end: int) -> bool:
    """True in a style declaration such as `background-color: gray;`."""
    high = min(len(text), end + 60)
    if ";" not in text[end:high]:
        return False
    return any(m.start() <= start and end <= m.end() for m in _CSS.finditer(text, max(0, start - 60), high))


def is_code(text: str, start: int, end: int) -> bool:
    """True if the hit stands between backticks."""
    line_start = text.rfind("\n", max(0, start - SENTENCE_REACH), start) + 1
    low = max(line_start, start - SENTENCE_REACH)
    return text.count("`", low, start) % 2 == 1 and "`" in text[end : end + SENTENCE_REACH]


def is_cited(text: str, start: int, end: int) -> bool:
    """True in a reference in brackets: `[Rosa Luxemburg, The Labour Question, p. 12]`."""
    opened = text.rfind("[", max(0, start - SENTENCE_REACH), start)
    return opened >= 0 and text.find("]", opened, start) < 0 and _PAGE.match(text, end) is not None


def is_quoted_mention(text: str, start: int, end: int) -> bool:
    """True if the hit stands in quotation marks and is talked about (`spelt 'colour'`) rather than used.

    A word beside it in the marks is allowed only where spelling is the subject: `some spell it “dark gray”`.
    """
    opens = start > 0 and text[start - 1] in _OPENING
    closes = text[end : end + 1] in _CLOSING
    if not (opens and closes):
        return (opens or closes) and _SPELT.search(text, max(0, start - NEAR), end + NEAR) is not None
    if _IDENTIFIER.search(text, max(0, start - SIC_REACH), end + SIC_REACH):
        return True
    words = _words()
    before = text[max(0, start - 20) : start].rstrip(_OPENING + " ").lower()
    if before[before.rfind(" ") + 1 :] in words["mention.before"]:
        return True
    sentence = text[slice(*_sentence_bounds(text, start, end))].lower()
    return not words["mention.sentence"].isdisjoint(_WORD.findall(sentence)) or _VALUES.search(sentence) is not None


def _sentence_bounds(text: str, start: int, end: int) -> tuple[int, int]:
    first = max(0, start - SENTENCE_REACH)
    for match in _SENTENCE_BREAK.finditer(text, first, start):
        first = match.end()
    high = min(len(text), end + SENTENCE_REACH)
    after = _SENTENCE_BREAK.search(text, end, high)
    return first, after.start() + 1 if after else high


def quotation_around(text: str, start: int, end: int, marks: str) -> int | None:
    """Where the quotation that holds the hit opens (offset of its mark), or None if the hit is in none.

    `marks` are the opening marks that the text has.
    """
    low = max(0, start - QUOTATION_REACH)
    for mark in marks:
        opened = text.rfind(mark, low, start)
        if opened < 0:
            continue
        if mark == "‘":
            if not _CLOSED.search(text, opened, start):
                return opened
        elif not _opens(text, opened):
            continue
        elif mark == '"':
            # A mark after a letter or a digit closes a quotation or says inches.
            if text.find("\n", opened, start) < 0 <= text.find('"', end, end + QUOTATION_REACH):
                return opened
        elif text.find(_CLOSING_MARKS[mark], opened + 1, start) < 0:
            return opened
    return None


def _opens(text: str, at: int) -> bool:
    """True if the mark at this place can open a quotation: no word stands before it and one after it."""
    return (at == 0 or text[at - 1] in _BEFORE_OPENING) and not text[at + 1 : at + 2].isspace()


def single_quotation_around(text: str, start: int, end: int) -> bool:
    """True if the hit stands between straight single marks, the second of them after a stop or a comma.

    An apostrophe looks the same, so only speech (`'Our colour,' she said`) is found.
    """
    low = max(0, start - QUOTATION_REACH)
    low = max(low, text.rfind("\n", low, start) + 1)
    opened = text.rfind(" '", low, start) + 1
    if opened == 0 and not text.startswith("'", low):
        return False
    opened = opened or low
    if not _opens(text, opened) or _SPEECH_END.search(text, opened, start):
        return False
    high = min(len(text), end + QUOTATION_REACH)
    line_end = text.find("\n", end, high)
    return _SPEECH_END.search(text, end, line_end if line_end >= 0 else high) is not None


def is_written_quotation(text: str, opened: int) -> bool:
    """True if what stands before the opening mark says that the quotation was written, not spoken."""
    before = _WORD.findall(text[max(0, opened - 24) : opened].lower())
    if not before or _SENTENCE_BREAK.search(text, max(0, opened - 3), opened):
        return False
    return before[-1] in _words()["written.before"]


def is_verbatim_quotation(text: str, opened: int, end: int) -> bool:
    """True if a quotation holds a [sic], before or after the hit: it is given letter by letter."""
    closing = _CLOSING_MARKS[text[opened]]
    closed = text.find(closing, end, end + QUOTATION_REACH)
    quotation = text[opened : closed if closed >= 0 else end]
    return "sic" in quotation and _SIC.search(quotation) is not None


def is_followed_by_sic(text: str, end: int) -> bool:
    """True if a [sic] stands after the hit, at once or within the same few words."""
    after = text[end : end + SIC_REACH]
    match = _SIC.search(after)
    return match is not None and not _SENTENCE_BREAK.search(after, 0, match.start())


def is_foreign(near: str) -> bool:
    """True if the words around a hit are of another language than English."""
    for sign in _ENGLISH_SIGNS:
        if sign in near:
            return False
    words = _words()
    lower = near.lower()
    if words["foreign.words"].isdisjoint(lower.split()):
        return False
    found = _WORD.findall(lower)
    foreign = sum(word in words["foreign.words"] for word in found)
    return foreign >= 2 and foreign > sum(word in words["foreign.english"] for word in found)
