"""Why a document is refused: one exception, stable codes."""

from __future__ import annotations

CODES: dict[str, str] = {
    "empty": "There is nothing in it: no bytes, or only white space.",
    "too_large": "The document is larger than --max-document-bytes, or has more markup or entries than is read.",
    "binary": "The bytes are not text: NUL or control bytes, or the signature of a binary format.",
    "unsupported": "The bytes are of a kind that is not read here.",
    "undecodable": "The bytes are not valid in the encoding they declare.",
    "truncated": "The compressed stream or the archive ends too early or fails its checksum.",
    "bomb": "The archive unpacks to far more than its size allows.",
    "bad_archive": "The archive cannot be read.",
    "bad_json": "The record is not valid JSON.",
    "bad_record": "The JSON record has no field that holds the text of an article.",
    "bad_feed": "The feed cannot be parsed.",
    "bad_warc": "The WARC record cannot be parsed.",
    "bad_page": "The page cannot be parsed.",
    "too_deep": "The markup is nested too deeply, or a tag or its attributes are too long to parse safely.",
    "no_story": "No text is left once all that is not the story is cut.",
    "listed_only": "An OPML file lists feeds; it holds no articles. Name it on the command line to fetch them.",
    "timeout": "The document took longer than --max-document-seconds.",
    "crashed": "The document brought down the process that read it.",
    "unexpected": "A fault in copydesk itself; the message names it. Please report it.",
}
"""Every code a Failure can carry. Codes are never renamed or given a new meaning within a major version."""


class Reject(Exception):  # noqa: N818 - it is the field's word, and it is not a fault of the program
    """A document that cannot become an article, with a stable code.

    Attributes:
        code: A key of `CODES`.
        message: The reason in words; for one document, so figures and names are welcome.
    """

    def __init__(self, code: str, message: str) -> None:
        if code not in CODES:
            raise ValueError(f"unknown failure code {code!r}")
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def is_panic(error: BaseException) -> bool:
    """Whether it is a panic of a library written in Rust: no Exception, but a fault of one document all the same."""
    return type(error).__module__ == "pyo3_runtime"
