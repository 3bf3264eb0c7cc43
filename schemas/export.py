"""The schema in other tongues: Markdown, JSON Schema, BigQuery and SQL, all made from the Arrow schemas.

Everything here is a pure function of a `Record`; nothing is written to disk.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import pyarrow as pa

from copydesk.schemas.columns import Field, description, field_id
from copydesk.schemas.records import RECORDS, Record, RecordName
from copydesk.schemas.scalars import scalar_of

Format: TypeAlias = Literal["markdown", "json", "bigquery", "sql"]

JSON_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def export(record: RecordName, format: Format) -> str:
    """The schema of a record in one of the formats, as text that ends in a line break.

    Args:
        record: `article` or `failure`.
        format: `markdown`: a section with a table of the columns. `json`: a JSON Schema, draft 2020-12, of one row.
            `bigquery`: a schema file for `bq load --schema` and `bq mk --table`. `sql`: DDL that DuckDB runs.

    Raises:
        ValueError: there is no such record or no such format.
    """
    if record not in RECORDS:
        raise ValueError(f"unknown record {record!r}: it is one of {', '.join(RECORDS)}")
    if format not in _WRITERS:
        raise ValueError(f"unknown format {format!r}: it is one of {', '.join(_WRITERS)}")
    return _WRITERS[format](RECORDS[record])


# Markdown ------------------------------------------------------------------------------------------------------------


def to_markdown(record: Record) -> str:
    """A Markdown section: one table row for each column and each member of a struct, in the order of the file.

    Members are written `dateline.place`, members of a list's elements `removed[].kind`.
    """
    lines = [
        f"## {record.name.capitalize()}",
        "",
        f"{record.summary} Files: `{record.folder}/`. Schema version {record.version}.",
        "",
        "| id | column | type | null | meaning |",
        "|---:|---|---|---|---|",
    ]
    lines += [
        f"| {field_id(field)} | `{path}` | {_markdown_type(field.type)} | {'yes' if field.nullable else 'never'} "
        f"| {description(field).replace('|', chr(92) + '|')} |"
        for path, field in _walk(record.schema)
    ]
    return "\n".join(lines) + "\n"


def _walk(fields: pa.Schema | pa.StructType, prefix: str = "") -> Iterator[tuple[str, Field]]:
    for field in fields:
        path = prefix + field.name
        yield path, field
        kind, dots = (field.type.value_type, "[].") if pa.types.is_list(field.type) else (field.type, ".")
        if pa.types.is_struct(kind):
            yield from _walk(kind, path + dots)


def _markdown_type(kind: pa.DataType) -> str:
    if pa.types.is_list(kind):
        return f"list of {_markdown_type(kind.value_type)}"
    return "struct" if pa.types.is_struct(kind) else scalar_of(kind).markdown


# JSON Schema ---------------------------------------------------------------------------------------------------------


def to_json_schema(record: Record) -> dict[str, Any]:
    """The JSON Schema, draft 2020-12, of one row written as JSON.

    Times are RFC 3339 strings, bytes are base64. A column that may be null may also be absent, since many writers
    drop nulls. Unknown properties are allowed: a later minor version adds columns.
    """
    return {
        "$schema": JSON_SCHEMA_DIALECT,
        "$id": f"urn:copydesk:schema:{record.name}:{record.version}",
        "title": record.name.capitalize(),
        "description": record.summary,
        **_json_object(record.schema),
    }


def _json_object(fields: pa.Schema | pa.StructType) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.name: _json_field(field) for field in fields},
        "required": [field.name for field in fields if not field.nullable],
    }


def _json_field(field: Field) -> dict[str, Any]:
    schema = _json_type(field.type)
    if field.nullable:
        schema["type"] = [schema["type"], "null"]
    text = description(field)
    return {"description": text, **schema} if text else schema


def _json_type(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_list(kind):
        return {"type": "array", "items": _json_field(kind.value_field)}
    return _json_object(kind) if pa.types.is_struct(kind) else dict(scalar_of(kind).json)


# BigQuery ------------------------------------------------------------------------------------------------------------


def to_bigquery(record: Record) -> list[dict[str, Any]]:
    """The fields of a BigQuery table schema, as `bq` and the REST API's TableFieldSchema take them.

    A list is one REPEATED field, without the `list.element` levels that Parquet has: load the files with
    `--parquet_enable_list_inference`. BigQuery cannot tell a null list from an empty one.
    """
    return [_bigquery_field(field) for field in record.schema]


def _bigquery_field(field: Field) -> dict[str, Any]:
    kind, mode = field.type, "NULLABLE" if field.nullable else "REQUIRED"
    if pa.types.is_list(kind):
        kind, mode = kind.value_type, "REPEATED"
        if pa.types.is_list(kind):
            raise TypeError(f"{field.name}: BigQuery has no lists of lists")
    result: dict[str, Any] = {"name": field.name, "mode": mode}
    if text := description(field):
        result["description"] = text
    if pa.types.is_struct(kind):
        return {**result, "type": "RECORD", "fields": [_bigquery_field(member) for member in kind]}
    return {**result, "type": scalar_of(kind).bigquery}


# SQL -----------------------------------------------------------------------------------------------------------------

_INDENT = "    "


def to_sql(record: Record) -> str:
    """CREATE TABLE and its comments, in the SQL of DuckDB; the table has the name of the record's folder.

    NOT NULL is given for columns only: DuckDB has no such constraint inside a STRUCT.
    """
    columns = ",\n".join(
        f"{_INDENT}{_quoted(field.name)} {_sql_type(field.type, 1)}{'' if field.nullable else ' NOT NULL'}"
        for field in record.schema
    )
    comments = "".join(
        f"COMMENT ON COLUMN {record.folder}.{_quoted(field.name)} IS {_literal(description(field))};\n"
        for field in record.schema
    )
    return (
        f"CREATE TABLE {record.folder} (\n{columns}\n);\n"
        f"COMMENT ON TABLE {record.folder} IS {_literal(record.summary)};\n{comments}"
    )


def _sql_type(kind: pa.DataType, depth: int) -> str:
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type, depth)}[]"
    if not pa.types.is_struct(kind):
        return scalar_of(kind).sql
    members = list(kind)
    lines = [
        f"{_INDENT * (depth + 1)}{_quoted(member.name)} {_sql_type(member.type, depth + 1)}"
        f"{'' if member is members[-1] else ','}  -- {description(member)}\n"
        for member in members
    ]
    return f"STRUCT(\n{''.join(lines)}{_INDENT * depth})"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


_WRITERS: Mapping[str, Callable[[Record], str]] = MappingProxyType(
    {
        "markdown": to_markdown,
        "json": lambda record: _dump(to_json_schema(record)),
        "bigquery": lambda record: _dump(to_bigquery(record)),
        "sql": to_sql,
    }
)
FORMATS: tuple[str, ...] = tuple(_WRITERS)
"""The formats that `export` knows."""
