"""Bytes to text: one document's encoding is settled once, here, and no character is lost in silence."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import resources

import ftfy.badness
import ftfy.fixes

from copydesk.transforms.charset import Encoding, declared_in_html, encoding_of, name_of_codec
from copydesk.transforms.errors import Reject

SAMPLE_BYTES = 256 * 1024
"""How much of a document without any declaration is looked at to judge its code page."""

_BOMS = (
    (codecs.BOM_UTF8, "utf_8"),
    (codecs.BOM_UTF32_LE, "utf_32_le"),  # before UTF-16: its mark starts with that of UTF-16 LE
    (codecs.BOM_UTF32_BE, "utf_32_be"),
    (codecs.BOM_UTF16_LE, "utf_16_le"),
    (codecs.BOM_UTF16_BE, "utf_16_be"),
)
_NAMES = {"utf_8": "utf-8", "utf_16_le": "utf-16le", "utf_16_be": "utf-16be"}
# All C0 controls and DEL but tab, line feed, vertical tab, form feed, carriage return and escape (ISO-2022-JP).
_CONTROL_BYTES = bytes(set(range(0x20)) - set(b"\t\n\v\f\r\x1b") | {0x7F})
_PRINTED_BYTES = bytes(set(range(0x80)) - set(_CONTROL_BYTES))
_HIGH_BYTES = bytes(range(0x80, 0x100))
_BLANK_ASCII = b" " * 128 + bytes(range(128, 256))
_MAX_CONTROLS = 0.01
_MAX_LOST = 0.01
_MIN_UTF8_SEQUENCES = 4
_C1 = re.compile("[\x80-\x84\x86-\x9f]")  # without U+0085, a line break
_NON_ASCII = re.compile(rb"[\x80-\xff]+")
_ESCAPED = re.compile("[\udc80-\udcff]+")
_WORDS = re.compile(r"[^\W\d_]+")
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u2060"
# UTF-8 read as windows-1252: a lead byte of two, three or four, then what its continuation bytes look like.
_MOJIBAKE = re.compile("[\xc2-\xdf][^\x00-\x7f]|[\xe0-\xef][^\x00-\x7f]{2}|[\xf0-\xf4][^\x00-\x7f]{3}")
# The same in UTF-8: what stands in no text can neither be found nor set right.
_LEAD_AND_MORE = re.compile(b"\xc3[\x82-\xb4][\xc2-\xf4]")
_C1_BYTES = re.compile(b"\xc2[\x80-\x84\x86-\x9f]")
_MIN_MOJIBAKE = 2
_MOJIBAKE_SAMPLE = 4096
_MIN_EVIDENCE = 3
_MIN_DISTINCT = 2
_MIN_COMMON_CHARACTERS = 0.1


def decode(data: bytes, *, declared: str | None = None, html: bool = False) -> tuple[str, str]:
    """Decode a document.

    In this order: a byte order mark; what is declared (by the caller, else by the page itself), if the bytes agree;
    UTF-8, also where a few bytes of it are broken; UTF-16 without a mark, where it is certain; else the Windows code
    page whose commonest words stand in the text, windows-1252 where none does. Well-formed UTF-8 beats a declared
    single-byte encoding, since text in one of those is hardly ever well-formed UTF-8 by chance.
    Text that went through windows-1252 on its way here (`â€™`) is set right only where all of a line did.

    Args:
        data: The bytes of one document.
        declared: The label of an encoding that came with the bytes, such as an HTTP header's charset. Unknown labels
            are passed over.
        html: Whether the bytes are a page, which may declare its encoding in a `meta` tag.

    Returns:
        The text, without the byte order mark, and the name of the encoding as the WHATWG Encoding Standard has it.
        U+FFFD stands for bytes that are no character in an encoding that fits all others.

    Raises:
        Reject: `empty` where there is only white space, `binary` where there are control bytes, `undecodable` where
            no encoding fits.
    """
    if (plain := _plain(data)) is not None:
        return plain, "utf-8"
    text, name = _decode(data, declared, html)
    if _is_blank(text):
        raise Reject("empty", f"{len(data)} bytes of white space" if data else "0 bytes")
    text, beyond = _repair(text)
    if _share(len(_C1.findall(beyond)), len(text)) > _MAX_LOST:
        raise Reject("undecodable", f"read as {name}, the text is full of control characters")
    return text, name


def decode_markup(data: bytes, *, declared: str | None = None) -> bytes:
    """Decode a page for a parser that reads UTF-8: see `decode`.

    Returns:
        The text in UTF-8: the very bytes where they are that already, as those of most pages are.
    """
    if _plain(data) is not None:
        return data
    return decode(data, declared=declared, html=True)[0].encode()


def is_binary(data: bytes) -> bool:
    """Whether more than one byte in a hundred is a control character that no text in an 8-bit encoding holds."""
    return _share(len(data) - len(data.translate(None, _CONTROL_BYTES)), len(data)) > _MAX_CONTROLS


def utf16_without_mark(data: bytes) -> str | None:
    """The codec of UTF-16 that lacks its byte order mark, None where it is not certain.

    It is certain where every second byte of ASCII text is NUL: at least 40 in 100 bytes of one parity, none of the
    other, in the first 4 KB.
    """
    sample = data[:4096]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if len(sample) < 4 or min(even, odd) > 0 or max(even, odd) < 0.4 * len(sample) / 2:
        return None
    return "utf_16_le" if odd else "utf_16_be"


def mark_of(data: bytes) -> tuple[str, int] | None:
    """The codec that a byte order mark at the start names, and the length of the mark; None without a mark."""
    return next(((codec, len(mark)) for mark, codec in _BOMS if data.startswith(mark)), None)


def _plain(data: bytes) -> str | None:
    """The text where a quick look shows UTF-8 that needs no repair; None where it takes a closer look."""
    beyond = data.translate(None, _PRINTED_BYTES)  # a twentieth of most pages
    if beyond.translate(None, _HIGH_BYTES) or mark_of(data) or _C1_BYTES.search(beyond) or _LEAD_AND_MORE.search(data):
        return None
    text = _plainly_utf8(data)
    return None if text is None or _is_blank(text) else text


def _is_blank(text: str) -> bool:
    return not text.strip().strip(_INVISIBLE).strip()


def _decode(data: bytes, declared: str | None, html: bool) -> tuple[str, str]:
    if mark := mark_of(data):
        codec, length = mark
        return _decode_marked(data[length:], codec)
    wide = utf16_without_mark(data)
    if wide and (text := _fitting(data, wide)) is not None and not _has_controls(text):
        return text, _NAMES[wide]
    if is_binary(data):
        raise Reject("binary", "more than one byte in a hundred is a control character")
    if (text := _plainly_utf8(data)) is not None:
        return text, "utf-8"
    encoding = (encoding_of(declared) if declared else None) or (declared_in_html(data) if html else None)
    return _decode_declared(data, encoding) or _decode_utf8(data) or _decode_code_page(data)


def _decode_marked(data: bytes, codec: str) -> tuple[str, str]:
    name = _NAMES.get(codec, codec.replace("_", "-").replace("-le", "le").replace("-be", "be"))
    if codec == "utf_8":
        if is_binary(data):
            raise Reject("binary", "more than one byte in a hundred is a control character")
        return _decode_utf8(data) or _decode_code_page(data)
    text = _fitting(data, codec)
    if text is None:
        raise Reject("undecodable", f"the byte order mark says {name}, and the bytes are not")
    if _has_controls(text):
        raise Reject("binary", f"read as {name}, more than one character in a hundred is a control character")
    return text, name


def _decode_declared(data: bytes, encoding: Encoding | None) -> tuple[str, str] | None:
    """The text in the declared encoding, None where the bytes do not fit it or are plainly UTF-8."""
    if encoding is None or encoding.codec == "utf_8":
        return None
    sequences = _utf8_sequences(data)
    if sequences >= (_MIN_UTF8_SEQUENCES if encoding.is_multibyte else 1):
        return None
    text = _fitting(data, encoding.codec)
    return None if text is None or _has_controls(text) else (text, encoding.name)


def _plainly_utf8(data: bytes) -> str | None:
    """The text where the bytes are well-formed UTF-8 with so much beyond ASCII that no declaration beats it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return None
    # A character beyond ASCII has at most three bytes more than one.
    return text if len(data) - len(text) >= 3 * _MIN_UTF8_SEQUENCES else None


def _utf8_sequences(data: bytes) -> int:
    """How many characters beyond ASCII the bytes hold as well-formed UTF-8, 0 where they are not well-formed."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return 0
    return 0 if text.isascii() else len(text) - len(text.encode("ascii", "ignore"))


def _decode_utf8(data: bytes) -> tuple[str, str] | None:
    """The bytes as UTF-8, also where the broken bytes are fewer than the characters beyond ASCII."""
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    replaced = data.decode("utf-8", "replace")
    broken = replaced.count("\ufffd") - data.count(b"\xef\xbf\xbd")
    whole = len(replaced) - len(replaced.encode("ascii", "ignore")) - broken
    if whole < broken:
        return None
    return _ESCAPED.sub(_mend, data.decode("utf-8", "surrogateescape")), "utf-8"


def _mend(match: re.Match[str]) -> str:
    return _mended(match[0])


@lru_cache(maxsize=4096)
def _mended(escaped: str) -> str:
    """What a run of bytes that is not UTF-8 says in a text that is: windows-1252 pasted in, or a cut-off character."""
    run = escaped.encode("utf-8", "surrogateescape")
    # C2, C3 and E2 open nearly all of the two- and three-byte characters of Western text, cut off here.
    pasted = all(byte < 0xC0 for byte in run) or (len(run) == 1 and run[0] not in (0xC2, 0xC3, 0xE2))
    if pasted and not _C1.search(text := run.decode("sloppy-windows-1252")):
        return text
    return run.decode("utf-8", "replace")


def _fitting(data: bytes, codec: str) -> str | None:
    """The text in a codec, None where more than one character in a hundred is not valid in it."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        pass
    text = data.decode(codec, "replace")
    # A file cut off in the middle of a character is the common case, and may be short.
    return text if text.count("\ufffd") <= max(1, _MAX_LOST * len(text)) and len(text) > 1 else None


def _decode_code_page(data: bytes) -> tuple[str, str]:
    codec = _judge_code_page(data[:SAMPLE_BYTES])
    text = _fitting(data, codec)
    return (text, name_of_codec(codec)) if text is not None else (data.decode("sloppy-windows-1252"), "windows-1252")


@cache
def _evidence_table() -> tuple[tuple[str, Callable[[str], tuple[int, int]]], ...]:
    """The code pages with their measures of evidence: how many tokens, how many distinct ones."""
    table: list[tuple[str, Callable[[str], tuple[int, int]]]] = []
    for line in resources.files("copydesk.transforms").joinpath("codepage_words.tsv").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        codec, how, words = line.split("\t")
        # Words in plain ASCII read the same in every code page and are no evidence.
        known = frozenset(word for word in words.split() if not word.isascii())
        table.append((codec, _word_measure(known) if how == "word" else _character_measure(known)))
    return tuple(table)


def _word_measure(known: frozenset[str]) -> Callable[[str], tuple[int, int]]:
    def measure(text: str) -> tuple[int, int]:
        # Lower case as printed only: Cyrillic read in the wrong code page comes out in capitals.
        found = [word for word in _WORDS.findall(text) if word in known]
        return len(found), len(set(found))

    return measure


def _character_measure(known: frozenset[str]) -> Callable[[str], tuple[int, int]]:
    def measure(text: str) -> tuple[int, int]:
        counts = [text.count(character) for character in known]
        beyond = len(text) - len(text.encode("ascii", "ignore"))
        if sum(counts) < _MIN_COMMON_CHARACTERS * beyond:
            return 0, 0
        return sum(counts), sum(1 for count in counts if count)

    return measure


def _judge_code_page(sample: bytes) -> str:
    """The codec whose commonest words or characters the bytes hold most of; windows-1252 without evidence."""
    best, most = "sloppy-windows-1252", _MIN_EVIDENCE - 1
    # The lines that hold any byte beyond ASCII are enough, and keep an English text with one accent cheap.
    lines = b"\n".join(line for line in sample.split(b"\n") if _NON_ASCII.search(line))
    for codec, measure in _evidence_table():
        text = _fitting(lines, codec)
        if text is None:
            continue
        tokens, distinct = measure(text)
        if tokens > most and distinct >= _MIN_DISTINCT:
            best, most = codec, tokens
    return best


def repair_mojibake(text: str) -> str:
    """Set right what was UTF-8 and has been read as windows-1252 or ISO-8859-1, only where that is certain.

    A line is repaired where all its characters beyond ASCII are such, so that it reads back as well-formed UTF-8 and
    ftfy's badness falls, and where the text as a whole holds at least two such characters and more such lines than
    lines with good characters beyond ASCII. C1 controls that windows-1252 prints as quotes and dashes become those.
    """
    return _repair(text)[0]


def _repair(text: str) -> tuple[str, str]:
    """The text set right, and its runs of characters beyond ASCII."""
    beyond = _beyond_ascii(text)
    if _C1.search(beyond):
        text = ftfy.fixes.fix_c1_controls(text)
        beyond = _beyond_ascii(text)
    if len(_MOJIBAKE.findall(beyond)) < _MIN_MOJIBAKE:
        return text, beyond
    lines = text.splitlines(keepends=True)
    repaired = [_repair_line(line) for line in lines]
    wrong = sum(1 for line, new in zip(lines, repaired, strict=True) if new != line)
    good = sum(1 for line, new in zip(lines, repaired, strict=True) if new == line and not line.isascii())
    if wrong <= good:
        return text, beyond
    text = "".join(repaired)
    return text, _beyond_ascii(text)


def _beyond_ascii(text: str) -> str:
    """The runs of characters beyond ASCII with a space between them: what is left to search is a tenth of a page."""
    if text.isascii():
        return ""
    runs = text.encode("utf-8", "surrogatepass").translate(_BLANK_ASCII).split()
    return b" ".join(runs).decode("utf-8", "surrogatepass")


def _repair_line(line: str) -> str:
    if line.isascii():
        return line
    start = line[:_MOJIBAKE_SAMPLE]
    for codec in ("sloppy-windows-1252", "latin-1"):
        try:
            # The start alone refuses most lines, and keeps a text of one long line cheap.
            new = codecs.getincrementaldecoder("utf-8")().decode(start.encode(codec))
            if ftfy.badness.badness(new) < ftfy.badness.badness(start):
                return line.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
    return line


def _has_controls(text: str) -> bool:
    controls = sum(text.count(chr(byte)) for byte in _CONTROL_BYTES)
    return _share(controls, len(text)) > _MAX_CONTROLS


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
