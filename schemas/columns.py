"""Helpers that give Arrow fields their description and their Parquet field id."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa

Field: TypeAlias = "pa.Field[Any]"

LIST_ELEMENT = "element"  # the child name that Parquet's compliant lists, Iceberg and BigQuery expect


def column(field_id: int, name: str, kind: pa.DataType, description: str, *, nullable: bool = True) -> Field:
    """An Arrow field that carries its Parquet field id and its description in its metadata."""
    return pa.field(
        name,
        kind,
        nullable=nullable,
        metadata={b"PARQUET:field_id": str(field_id).encode(), b"description": description.encode()},
    )


def list_of(field_id: int, kind: pa.DataType) -> pa.ListType[Any]:
    """A list type whose child is named `element`, never null, and has a Parquet field id of its own."""
    return pa.list_(
        pa.field(LIST_ELEMENT, kind, nullable=False, metadata={b"PARQUET:field_id": str(field_id).encode()})
    )


def description(field: Field) -> str:
    """The description that `column` put into a field; empty where there is none."""
    return (field.metadata or {}).get(b"description", b"").decode()


def field_id(field: Field) -> int:
    """The Parquet field id that `column` put into a field.

    Raises:
        KeyError: the field was not made by `column`.
    """
    return int((field.metadata or {})[b"PARQUET:field_id"])
