"""The scalar types a column may have, and what each is called in every format that the schema is exported to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Scalar:
    """One Arrow type and its names.

    Attributes:
        arrow: The Arrow type.
        markdown: Its name in the docs.
        bigquery: Its name in a BigQuery schema file.
        sql: Its name in DuckDB's SQL.
        json: The JSON Schema of a value of it; `type` is a single name.
    """

    arrow: pa.DataType
    markdown: str
    bigquery: str
    sql: str
    json: Mapping[str, Any]


def _integer(bits: int) -> Mapping[str, Any]:
    return {"type": "integer", "minimum": -(2 ** (bits - 1)), "maximum": 2 ** (bits - 1) - 1}


_ALL = (
    Scalar(pa.string(), "string", "STRING", "VARCHAR", {"type": "string"}),
    Scalar(pa.bool_(), "bool", "BOOLEAN", "BOOLEAN", {"type": "boolean"}),
    Scalar(pa.int32(), "int32", "INTEGER", "INTEGER", _integer(32)),
    Scalar(pa.int64(), "int64", "INTEGER", "BIGINT", _integer(64)),
    Scalar(pa.float64(), "float64", "FLOAT", "DOUBLE", {"type": "number"}),
    Scalar(
        pa.timestamp("us", tz="UTC"),
        "timestamp[us, UTC]",
        "TIMESTAMP",
        "TIMESTAMP WITH TIME ZONE",
        {"type": "string", "format": "date-time"},
    ),
    Scalar(pa.large_binary(), "binary", "BYTES", "BLOB", {"type": "string", "contentEncoding": "base64"}),
)

SCALARS: Mapping[str, Scalar] = MappingProxyType({str(scalar.arrow): scalar for scalar in _ALL})
"""The scalars by Arrow's own name of the type: `timestamp[us, tz=UTC]`."""


def scalar_of(kind: pa.DataType) -> Scalar:
    """The entry for an Arrow type.

    Raises:
        TypeError: the type is not in the table: a column of it cannot be exported.
    """
    try:
        return SCALARS[str(kind)]
    except KeyError:
        raise TypeError(f"no column may have the type {kind}: copydesk.schemas.scalars does not list it") from None
