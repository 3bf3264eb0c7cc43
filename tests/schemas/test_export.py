"""The exports say what the Arrow schemas say, and the tools they are for accept them."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from copydesk.schemas.columns import column, description, field_id, list_of
from copydesk.schemas.export import FORMATS, export, to_bigquery, to_json_schema, to_markdown, to_sql
from copydesk.schemas.records import RECORDS, Record
from copydesk.schemas.scalars import SCALARS, scalar_of

Rows = dict[str, list[dict[str, Any]]]
EACH_RECORD = pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
_SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": _TEXT,
    "bool": st.booleans(),
    "int32": st.integers(-(2**31), 2**31 - 1),
    "int64": st.integers(-(2**63), 2**63 - 1),
    "double": st.floats(allow_nan=False, allow_infinity=False),
    # Years 1 to 9999, which Python's datetime can hold.
    "timestamp[us, tz=UTC]": st.integers(-62_135_596_800_000_000, 253_402_300_799_999_999),
    "large_binary": st.binary(max_size=12),
}


def any_row(fields: pa.Schema | pa.StructType) -> st.SearchStrategy[dict[str, Any]]:
    """Any row that a schema allows; times as microseconds, as `Article.row()` gives them."""
    return st.fixed_dictionaries({field.name: _any_value(field) for field in fields})


def _any_value(field: pa.Field[Any]) -> st.SearchStrategy[Any]:
    kind = field.type
    if pa.types.is_list(kind):
        value: st.SearchStrategy[Any] = st.lists(_any_value(kind.value_field), max_size=2)
    elif pa.types.is_struct(kind):
        value = any_row(kind)
    else:
        value = _SCALARS[str(kind)]
    return st.none() | value if field.nullable else value


def table_of(rows: list[dict[str, Any]], schema: pa.Schema) -> pa.Table:
    """Rows as a table of a schema, nulls checked against it, which Arrow itself does not do."""
    table = pa.Table.from_pylist(rows, schema=schema)
    for field, values in zip(schema, table.columns, strict=True):
        assert field.nullable or values.null_count == 0, f"{field.name} has nulls"
    return table


def as_json(value: Any) -> Any:
    """A value read from Arrow as it stands in a JSON row: times in RFC 3339, bytes in base64."""
    if isinstance(value, dict):
        return {key: as_json(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(element) for element in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


def record_of(*fields: pa.Field[Any]) -> Record:
    schema = pa.schema(fields, metadata={b"copydesk.record": b"article", b"copydesk.schema_version": b"1.0"})
    return Record("article", "articles", "It's a test.", schema)


def all_fields(fields: pa.Schema | pa.StructType) -> Iterator[pa.Field[Any]]:
    for field in fields:
        yield field
        if pa.types.is_list(field.type):
            yield field.type.value_field
        kind = field.type.value_type if pa.types.is_list(field.type) else field.type
        if pa.types.is_struct(kind):
            yield from all_fields(kind)


# The schemas themselves ----------------------------------------------------------------------------------------------


@EACH_RECORD
def test_every_field_has_an_id_of_its_own(record: Record) -> None:
    ids = [field_id(field) for field in all_fields(record.schema)]
    assert len(ids) == len(set(ids))
    assert all(number > 0 for number in ids)


@EACH_RECORD
def test_every_column_is_described_in_one_line(record: Record) -> None:
    for field in all_fields(record.schema):
        assert "\n" not in description(field)
        assert description(field) or field.name == "element", field.name


@EACH_RECORD
def test_the_ids_reach_the_parquet_file(record: Record, rows: Rows, tmp_path: Path) -> None:
    """And the lists are written as readers by id expect them: `list.element`."""
    pq.write_table(table_of(rows[record.name], record.schema), tmp_path / "a.parquet")
    back = pq.read_schema(tmp_path / "a.parquet")
    assert [field_id(field) for field in all_fields(back)] == [field_id(field) for field in all_fields(record.schema)]
    assert back.equals(record.schema, check_metadata=True)
    leaves = pq.ParquetFile(tmp_path / "a.parquet").schema
    assert not any(".item" in leaves.column(n).path for n in range(len(leaves)))


@EACH_RECORD
def test_the_samples_fill_every_column(record: Record, rows: Rows) -> None:
    """Else the tests below would prove nothing about a column added later."""
    full = rows[record.name][0]
    assert list(full) == record.schema.names
    assert [name for name, value in full.items() if value in (None, [], ())] == []


# export --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", FORMATS)
@EACH_RECORD
def test_export_is_text_that_ends_in_one_line_break(record: Record, format: Any) -> None:
    text = export(record.name, format)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
    assert text == export(record.name, format)


@pytest.mark.parametrize(("record", "format"), [("story", "json"), ("article", "avro"), ("", "")])
def test_export_names_what_it_knows(record: Any, format: Any) -> None:
    with pytest.raises(ValueError, match=r"it is one of (article, failure|markdown, json, bigquery, sql)"):
        export(record, format)


@pytest.mark.parametrize("write", [to_markdown, to_json_schema, to_bigquery, to_sql])
@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("ns"), pa.list_(pa.decimal128(5)), pa.int8()])
def test_a_type_without_a_name_in_every_format_is_refused(write: Any, kind: pa.DataType) -> None:
    with pytest.raises(TypeError, match="no column may have the type"):
        write(record_of(column(1, "x", kind, "X.")))


def test_every_scalar_has_its_own_arrow_type() -> None:
    assert all(scalar_of(scalar.arrow) is scalar for scalar in SCALARS.values())


# Markdown ------------------------------------------------------------------------------------------------------------


@EACH_RECORD
def test_markdown_has_a_row_for_each_column_and_member(record: Record) -> None:
    table = [line.split(" | ") for line in to_markdown(record).splitlines() if line.startswith("| ")][1:]
    told = {int(cells[0].removeprefix("| ")): cells[-1].removesuffix(" |") for cells in table}
    assert told == {
        field_id(field): description(field) for field in all_fields(record.schema) if field.name != "element"
    }


def test_markdown_keeps_a_bar_in_a_description_out_of_the_table() -> None:
    text = to_markdown(record_of(column(1, "x", pa.string(), "This | that.")))
    assert r"This \| that." in text


def test_markdown_names_members_by_their_path() -> None:
    text = export("article", "markdown")
    assert "| 42 | `dateline.place` | string | yes |" in text
    assert "| 50 | `removed[].start` | int32 | never |" in text
    assert "| 9 | `authors` | list of string | never |" in text


# JSON Schema ---------------------------------------------------------------------------------------------------------


@cache
def validator_of(name: Any) -> jsonschema.Draft202012Validator:
    schema = json.loads(export(name, "json"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def validator(record: Record) -> jsonschema.Draft202012Validator:
    return validator_of(record.name)


@EACH_RECORD
def test_json_schema_accepts_real_rows(record: Record, rows: Rows) -> None:
    for row in table_of(rows[record.name], record.schema).to_pylist():
        value = json.loads(json.dumps(as_json(row)))
        validator(record).validate(value)
        validator(record).validate({name: member for name, member in value.items() if member is not None})
        assert value.keys() == to_json_schema(record)["properties"].keys()


@pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_json_schema_accepts_whatever_arrow_accepts(record: Record, data: st.DataObject) -> None:
    row = data.draw(any_row(record.schema))
    validator(record).validate(as_json(table_of([row], record.schema).to_pylist()[0]))


@EACH_RECORD
def test_json_schema_refuses_what_arrow_would_refuse(record: Record, rows: Rows) -> None:
    good = as_json(table_of(rows[record.name], record.schema).to_pylist()[0])
    for field in record.schema:
        assert not validator(record).is_valid(
            {**good, field.name: {"no": "such thing"} if field.name != "dateline" else 5}
        )
        without = {name: value for name, value in good.items() if name != field.name}
        assert validator(record).is_valid(without) == field.nullable
        assert validator(record).is_valid({**good, field.name: None}) == field.nullable


@pytest.mark.parametrize(
    "wrong",
    [
        {"word_count": 2**31},
        {"word_count": 1.5},
        {"authors": [None]},
        {"removed": [{"kind": "k", "rule": "r", "text": "t", "start": 0}]},
        {"respelled": [{"from": "a", "to": "b", "count": None}]},
        {"dateline": {"place": 7}},
    ],
)
def test_json_schema_looks_inside(wrong: dict[str, Any], rows: Rows) -> None:
    good = as_json(table_of(rows["article"], RECORDS["article"].schema).to_pylist()[0])
    assert validator(RECORDS["article"]).is_valid(good)
    assert not validator(RECORDS["article"]).is_valid({**good, **wrong})


def test_json_schema_lets_a_later_minor_version_in(rows: Rows) -> None:
    row = as_json(table_of(rows["article"], RECORDS["article"].schema).to_pylist()[1])
    validator(RECORDS["article"]).validate({**row, "added_in_1_1": "x"})


# BigQuery ------------------------------------------------------------------------------------------------------------

BIGQUERY_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,299}")
BIGQUERY_TYPES = {"STRING", "BYTES", "INTEGER", "FLOAT", "BOOLEAN", "TIMESTAMP", "RECORD"}
BIGQUERY_PREFIXES = ("_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER")


def bigquery_problems(fields: list[dict[str, Any]], depth: int = 1) -> list[str]:
    """The rules of BigQuery's table schema reference that a schema file can break."""
    names = [field["name"] for field in fields]
    problems = [f"{name}: twice" for name in names if [n.lower() for n in names].count(name.lower()) > 1]
    if depth > 15:
        problems.append("nested more than 15 levels deep")
    for field in fields:
        name = field["name"]
        if not BIGQUERY_NAME.fullmatch(name) or name.upper().startswith(BIGQUERY_PREFIXES):
            problems.append(f"{name}: not a column name")
        if field["type"] not in BIGQUERY_TYPES:
            problems.append(f"{name}: no type {field['type']}")
        if field["mode"] not in {"NULLABLE", "REQUIRED", "REPEATED"}:
            problems.append(f"{name}: no mode {field['mode']}")
        if len(field.get("description", "")) > 1024:
            problems.append(f"{name}: description too long")
        if (field["type"] == "RECORD") != bool(field.get("fields")):
            problems.append(f"{name}: fields belong to a RECORD, and to it alone")
        if unknown := field.keys() - {"name", "type", "mode", "description", "fields"}:
            problems.append(f"{name}: unknown {unknown}")
        problems += bigquery_problems(field.get("fields", []), depth + 1)
    return problems


@EACH_RECORD
def test_bigquery_keeps_the_rules(record: Record) -> None:
    fields = json.loads(export(record.name, "bigquery"))
    assert bigquery_problems(fields) == []
    assert [field["name"] for field in fields] == record.schema.names


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "published-at"},
        {"name": "_PARTITIONTIME"},
        {"name": "URL"},
        {"type": "VARCHAR"},
        {"mode": "OPTIONAL"},
        {"description": "x" * 1025},
        {"type": "RECORD", "fields": []},
        {"fields": [{"name": "a", "type": "STRING", "mode": "NULLABLE"}]},
        {"nullable": True},
    ],
)
def test_the_rules_above_do_catch_a_fault(wrong: dict[str, Any]) -> None:
    good = {"name": "house", "type": "STRING", "mode": "NULLABLE"}
    other = {"name": "url", "type": "STRING", "mode": "NULLABLE"}
    assert bigquery_problems([good, other]) == []
    assert bigquery_problems([{**good, **wrong}, other]) != []


def test_bigquery_shapes() -> None:
    fields = {field["name"]: field for field in to_bigquery(RECORDS["article"])}
    assert (fields["article_id"]["type"], fields["article_id"]["mode"]) == ("STRING", "REQUIRED")
    assert (fields["published_at"]["type"], fields["published_at"]["mode"]) == ("TIMESTAMP", "NULLABLE")
    assert (fields["authors"]["type"], fields["authors"]["mode"]) == ("STRING", "REPEATED")
    assert (fields["dateline"]["type"], fields["dateline"]["mode"]) == ("RECORD", "NULLABLE")
    assert (fields["removed"]["type"], fields["removed"]["mode"]) == ("RECORD", "REPEATED")
    assert [(m["name"], m["type"], m["mode"]) for m in fields["removed"]["fields"]] == [
        ("kind", "STRING", "REQUIRED"),
        ("rule", "STRING", "REQUIRED"),
        ("text", "STRING", "REQUIRED"),
        ("start", "INTEGER", "REQUIRED"),
        ("length", "INTEGER", "REQUIRED"),
    ]
    assert {f["name"]: f["type"] for f in to_bigquery(RECORDS["failure"])}["payload"] == "BYTES"


def test_bigquery_has_no_lists_of_lists() -> None:
    with pytest.raises(TypeError, match="lists of lists"):
        to_bigquery(record_of(column(1, "x", list_of(2, list_of(3, pa.string())), "X.")))


# SQL -----------------------------------------------------------------------------------------------------------------


@EACH_RECORD
def test_duckdb_makes_the_table_and_takes_a_parquet_file_of_it(record: Record, rows: Rows, tmp_path: Path) -> None:
    table = table_of(rows[record.name], record.schema)
    pq.write_table(table, tmp_path / "a.parquet")
    with duckdb.connect() as db:
        db.execute(export(record.name, "sql"))
        db.execute(f"INSERT INTO {record.folder} BY NAME FROM '{tmp_path}/a.parquet'")
        kept = db.table(record.folder).to_arrow_table()
        comments = dict(
            db.execute(
                f"SELECT column_name, comment FROM duckdb_columns() WHERE table_name = '{record.folder}'"
            ).fetchall()
        )
    assert comments == {field.name: description(field) for field in record.schema}
    assert kept.to_pylist() == table.to_pylist()


@EACH_RECORD
def test_duckdb_types_are_those_of_the_parquet_file(record: Record, rows: Rows, tmp_path: Path) -> None:
    """No column is cast on its way into the table."""
    pq.write_table(table_of(rows[record.name], record.schema), tmp_path / "a.parquet")
    with duckdb.connect() as db:
        db.execute(to_sql(record))
        declared = [(name, kind) for name, kind, *_ in db.execute(f"DESCRIBE {record.folder}").fetchall()]
        read = [(name, kind) for name, kind, *_ in db.execute(f"DESCRIBE FROM '{tmp_path}/a.parquet'").fetchall()]
    assert declared == read


@EACH_RECORD
def test_duckdb_refuses_a_null_where_the_schema_does(record: Record, rows: Rows) -> None:
    table = table_of(rows[record.name][:1], record.schema)
    for field in record.schema:
        index = record.schema.get_field_index(field.name)
        nulled = table.set_column(index, field.with_nullable(True), pa.nulls(1, field.type))  # noqa: F841 - DuckDB reads it
        with duckdb.connect() as db:
            db.execute(to_sql(record))
            if field.nullable:
                db.execute(f"INSERT INTO {record.folder} BY NAME FROM nulled")
            else:
                with pytest.raises(duckdb.ConstraintException):
                    db.execute(f"INSERT INTO {record.folder} BY NAME FROM nulled")


def test_sql_quotes_names_and_texts() -> None:
    nested = list_of(3, pa.struct([column(4, 'a "b"', pa.struct([column(5, "to", pa.int32(), "It's.")]), "-- ;")]))
    with duckdb.connect() as db:
        db.execute(
            to_sql(record_of(column(1, "order", pa.string(), "It's -- a 'test';"), column(2, "from", nested, "")))
        )
        assert db.execute("SELECT comment FROM duckdb_columns() WHERE column_name = 'order'").fetchone() == (
            "It's -- a 'test';",
        )
        assert db.execute("DESCRIBE articles").fetchall()[1][1] == 'STRUCT("a ""b""" STRUCT("to" INTEGER))[]'
