"""Sample rows of each record: one with every column filled, one with nothing but what must be there."""

from __future__ import annotations

from typing import Any

import pytest

from copydesk.schemas.article import Article, Caption, Cut, Dateline, Embed, Respelled
from copydesk.schemas.failure import FAILURE_SCHEMA, Failure

ARTICLE = Article(
    article_id="https://harbour.example/ferry",
    revision="0f" * 16,
    source_uri="file:///raw/ferry.txt",
    media_type="text/plain",
    text='The ferry is back.\n\nIt\'s on time, "for once".',
    word_count=8,
    content_hash="1e" * 16,
    pipeline_version="0.1.0",
    rules_version="2d" * 16,
    url="https://harbour.example/ferry",
    house="harbour.example",
    headline="Ferry’s back",
    standfirst="After a year in dock",
    authors=("Ina Strand", "Tom O'Dell"),
    agencies=("REUTERS",),
    topics=("transport",),
    dateline=Dateline("PORT ELLIS", "Nov 3", "REUTERS"),
    published_at=1_700_000_000_000_001,
    published_raw="2023-11-14T22:13:20.000001Z",
    updated_at=1_700_000_100_000_000,
    fetched_at=1_700_000_200_000_000,
    language="en-GB",
    captions=(Caption("The ferry.", "REUTERS/A. Name"), Caption(None, "Handout")),
    embeds=(Embed("nid", "720192"), Embed("video", None)),
    removed=(Cut("newsletter", "newsletter.sign_up", "Sign up now", 0, 11),),
    respelled=(Respelled("programme", "program", 2),),
    spelling="en-US",
)
BARE_ARTICLE = Article(
    article_id="a",
    revision="r",
    source_uri="s",
    media_type="text/plain",
    text="t",
    word_count=1,
    content_hash="c",
    pipeline_version="0.1.0",
    rules_version="v",
)
SAMPLES: dict[str, Any] = {
    "string": "It's “so”",
    "int64": 2**40,
    "large_binary": b"\x00\xff{]",
    "timestamp[us, tz=UTC]": 1_700_000_000_000_001,
}
FAILURE = Failure(**{field.name: SAMPLES[str(field.type)] for field in FAILURE_SCHEMA})
BARE_FAILURE = Failure(**{field.name: SAMPLES[str(field.type)] for field in FAILURE_SCHEMA if not field.nullable})


@pytest.fixture(scope="session")
def rows() -> dict[str, list[dict[str, Any]]]:
    """By record: a full row, then a bare one."""
    return {"article": [ARTICLE.row(), BARE_ARTICLE.row()], "failure": [FAILURE.row(), BARE_FAILURE.row()]}
