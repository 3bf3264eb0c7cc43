"""The records that the desk writes: their names, their folders, their Arrow schemas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import pyarrow as pa

from copydesk.schemas.article import ARTICLE_SCHEMA
from copydesk.schemas.failure import FAILURE_SCHEMA

RecordName: TypeAlias = Literal["article", "failure"]


@dataclass(frozen=True, slots=True)
class Record:
    """One kind of row and where it is written.

    Attributes:
        name: As in the schema's metadata, `copydesk.record`.
        folder: The folder of its Parquet files below the output folder; also its table's name in SQL.
        summary: What one row is, in a sentence.
        schema: Its Arrow schema, made with `column`.
    """

    name: RecordName
    folder: str
    summary: str
    schema: pa.Schema

    @property
    def version(self) -> str:
        """Major.minor, as in the schema's metadata, `copydesk.schema_version`."""
        return schema_version(self.schema)


def schema_version(schema: pa.Schema) -> str:
    """The major.minor version that a schema of the desk carries in its metadata.

    Raises:
        KeyError: the schema is not one of the desk's.
    """
    return (schema.metadata or {})[b"copydesk.schema_version"].decode()


RECORDS: dict[RecordName, Record] = {
    "article": Record(
        "article", "articles", "One clean news story and the record of every edit made to it.", ARTICLE_SCHEMA
    ),
    "failure": Record(
        "failure",
        "failures",
        "One document, or one part of it, that was refused, with its payload kept.",
        FAILURE_SCHEMA,
    ),
}
"""Every record, by name."""
