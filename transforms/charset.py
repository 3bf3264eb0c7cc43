"""The names of encodings: what a label means, and where a page or an XML document declares one."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

import ftfy.bad_codecs  # noqa: F401 - registers the sloppy-windows-* codecs that charsets.tsv names

PRESCAN_BYTES = 16 * 1024
"""How far into a page a declaration is looked for. The standard scans 1,024 bytes first, and changes the encoding later
if a `meta` comes after them; 16 KB holds the head of nearly every page."""

_LABEL_SPACE = " \t\n\f\r"
_COMMENT_OR_TAG = re.compile(rb"<!--|<meta[\s/]|<[!/?]|</?[a-z]", re.IGNORECASE)
# One attribute as the standard's "get an attribute" reads it; each alternative starts with its own character.
_ATTRIBUTE = re.compile(
    rb"""[\s/]*([^\s/>=][^\s/>=]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"'][^\s>]*)))?""",
)
_CONTENT_CHARSET = re.compile(rb"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)
_XML_DECLARATION = re.compile(rb"\s{0,64}<\?xml\s[^>]{0,200}?encoding\s{0,8}=\s{0,8}[\"']([A-Za-z][\w.:-]{0,40})[\"']")


@dataclass(frozen=True, slots=True)
class Encoding:
    """An encoding of the WHATWG Encoding Standard.

    Attributes:
        name: The standard's name, lower case: `windows-1252`.
        codec: The Python codec that decodes it.
    """

    name: str
    codec: str

    @property
    def is_multibyte(self) -> bool:
        """True where a character takes several bytes that can be invalid: the East Asian encodings and UTF."""
        return codecs.lookup(self.codec).name.split("_")[0].split("-")[0] in _MULTIBYTE


_MULTIBYTE = frozenset({"big5hkscs", "cp932", "cp949", "euc", "gb18030", "iso2022", "utf"})


@cache
def _encodings() -> dict[str, Encoding]:
    table: dict[str, Encoding] = {}
    known: dict[str, Encoding] = {}
    for line in resources.files("copydesk.transforms").joinpath("charsets.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            name, codec, label = line.split("\t")
            table[label] = known.setdefault(name, Encoding(name, codec))
    return table


def encoding_of(label: str) -> Encoding | None:
    """The encoding that a label means on the web: `latin1` and `ISO-8859-1` both mean windows-1252.

    Args:
        label: As a header or a document declares it, in any case.

    Returns:
        The encoding, None where the standard knows no such label.
    """
    return _encodings().get(label.strip(_LABEL_SPACE + "\"'").lower())


@cache
def name_of_codec(codec: str) -> str:
    """The standard's name of an encoding, by its Python codec: `sloppy-windows-1251` is `windows-1251`."""
    return next(encoding.name for encoding in _encodings().values() if encoding.codec == codec)


def declared_in_xml(data: bytes) -> Encoding | None:
    """The encoding in the XML declaration, None where there is none or its label is unknown."""
    match = _XML_DECLARATION.match(data)
    return encoding_of(match[1].decode("ascii")) if match else None


def declared_in_html(data: bytes) -> Encoding | None:
    """The encoding that a page declares: HTML's "prescan a byte stream to determine its encoding".

    Looks at the first `PRESCAN_BYTES`. As the standard says, a declared UTF-16 means UTF-8 here, since a page that
    were UTF-16 could not have been read as far as the declaration.
    """
    found = _meta_charset(data[:PRESCAN_BYTES]) or declared_in_xml(data[:PRESCAN_BYTES])
    return encoding_of("utf-8") if found and found.name.startswith("utf-16") else found


def _meta_charset(head: bytes) -> Encoding | None:
    position = 0
    while match := _COMMENT_OR_TAG.search(head, position):
        opening = match[0].lower()
        if opening == b"<!--":
            # The two dashes of the opening may be those of the end: `<!-->`.
            end = head.find(b"-->", match.start() + 2)
            if end < 0:
                return None
            position = end + 3
        elif opening.startswith(b"<meta"):
            attributes, position = _attributes(head, match.end() - 1)
            if found := _charset_of_meta(attributes):
                return found
        elif opening in (b"<!", b"</", b"<?"):
            end = head.find(b">", match.end())
            if end < 0:
                return None
            position = end + 1
        else:
            _, position = _attributes(head, _end_of_name(head, match.end()))
    return None


def _end_of_name(head: bytes, position: int) -> int:
    match = re.compile(rb"[^\s/>]*").match(head, position)
    return match.end() if match else position


def _attributes(head: bytes, position: int) -> tuple[dict[bytes, bytes], int]:
    """The attributes of a tag from `position` on, names in lower case, and the position after them."""
    attributes: dict[bytes, bytes] = {}
    while match := _ATTRIBUTE.match(head, position):
        value = next((group for group in match.groups()[1:] if group is not None), b"")
        attributes.setdefault(match[1].lower(), value)
        position = match.end()
    return attributes, position


def _charset_of_meta(attributes: dict[bytes, bytes]) -> Encoding | None:
    if b"charset" in attributes:
        return encoding_of(attributes[b"charset"].decode("latin-1"))
    if attributes.get(b"http-equiv", b"").lower() == b"content-type":
        match = _CONTENT_CHARSET.search(attributes.get(b"content", b""))
        if match:
            return encoding_of((match[1] or match[2] or match[3] or b"").decode("latin-1"))
    return None
