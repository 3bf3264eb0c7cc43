"""A schema as a JSON file, and back: ids, names, types, nullability and descriptions, nothing lost."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from copydesk.schemas.columns import Field, description, field_id
from copydesk.schemas.records import schema_version
from copydesk.schemas.scalars import SCALARS, scalar_of


def to_json(schema: pa.Schema) -> str:
    """The snapshot of a schema, as text that ends in a line break; equal schemas give equal text.

    Raises:
        KeyError: a field was not made by `column`, or the schema carries no record name or version.
        TypeError: a column has a type that `copydesk.schemas.scalars` does not list.
    """
    value = {
        "record": (schema.metadata or {})[b"copydesk.record"].decode(),
        "version": schema_version(schema),
        "fields": [_from_field(field) for field in schema],
    }
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def from_json(text: str) -> pa.Schema:
    """The schema that a snapshot was made of, metadata included.

    Raises:
        ValueError: the text is no snapshot.
    """
    try:
        value = json.loads(text)
        metadata: dict[bytes | str, bytes | str] = {
            b"copydesk.record": value["record"].encode(),
            b"copydesk.schema_version": value["version"].encode(),
        }
        return pa.schema([_to_field(field) for field in value["fields"]], metadata=metadata)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a schema snapshot: {error!r}") from error


def _from_field(field: Field) -> dict[str, Any]:
    value: dict[str, Any] = {"id": field_id(field), "name": field.name, **_from_type(field.type)}
    value["nullable"] = field.nullable
    if text := description(field):
        value["description"] = text
    return value


def _from_type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"type": "list", "element": _from_field(kind.value_field)}
    if pa.types.is_struct(kind):
        return {"type": "struct", "fields": [_from_field(member) for member in kind]}
    return {"type": str(scalar_of(kind).arrow)}


def _to_field(value: dict[str, Any]) -> Field:
    metadata = {b"PARQUET:field_id": str(value["id"]).encode()}
    if "description" in value:
        metadata[b"description"] = value["description"].encode()
    return pa.field(value["name"], _to_type(value), nullable=value["nullable"], metadata=metadata)


def _to_type(value: dict[str, Any]) -> pa.DataType:
    if value["type"] == "list":
        return pa.list_(_to_field(value["element"]))
    if value["type"] == "struct":
        return pa.struct([_to_field(member) for member in value["fields"]])
    return SCALARS[value["type"]].arrow
