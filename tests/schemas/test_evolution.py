"""The schemas change only as promised, and files of every released version stay readable."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from copydesk.schemas import evolution, snapshot
from copydesk.schemas.columns import column, list_of
from copydesk.schemas.evolution import check, problems, released, write
from copydesk.schemas.records import RECORDS, Record

Rows = dict[str, list[dict[str, Any]]]
EACH_RECORD = pytest.mark.parametrize("record", RECORDS.values(), ids=list(RECORDS))
STRING, INT = pa.string(), pa.int32()

BASE = [
    column(1, "id", STRING, "Identity.", nullable=False),
    column(2, "house", STRING, "The house."),
    column(3, "topics", list_of(10, STRING), "Topics.", nullable=False),
    column(
        4, "dateline", pa.struct([column(11, "place", STRING, "Place."), column(12, "date", STRING, "Date.")]), "D."
    ),
    column(
        5,
        "cuts",
        list_of(13, pa.struct([column(14, "rule", STRING, "R.", nullable=False), column(15, "text", STRING, "T.")])),
        "Cuts.",
        nullable=False,
    ),
]


def schema_of(fields: list[pa.Field[Any]], version: str = "1.0", record: str = "article") -> pa.Schema:
    return pa.schema(
        fields, metadata={b"copydesk.record": record.encode(), b"copydesk.schema_version": version.encode()}
    )


def replaced(index: int, field: pa.Field[Any]) -> list[pa.Field[Any]]:
    return [*BASE[:index], field, *BASE[index + 1 :]]


def record_of(schema: pa.Schema) -> Record:
    return Record("article", "articles", "A test.", schema)


# The present schemas -------------------------------------------------------------------------------------------------


@EACH_RECORD
def test_the_schema_is_the_one_of_its_snapshot(record: Record) -> None:
    """Fails when a schema changes without a new version, or with one and without its snapshot."""
    assert problems(record) == [], "see CONTRIBUTING.md, 'Add a column'"


@EACH_RECORD
def test_the_snapshot_in_the_folder_is_the_schema_to_the_letter(record: Record) -> None:
    assert released(record.name)[record.version].equals(record.schema, check_metadata=True)


def test_no_snapshot_belongs_to_an_unknown_record() -> None:
    assert {path.name.rpartition("-")[0] for path in evolution.RELEASED.iterdir()} == set(RECORDS)


# Snapshots -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", [*(r.schema for r in RECORDS.values()), schema_of(BASE)])
def test_a_snapshot_loses_nothing(schema: pa.Schema) -> None:
    text = snapshot.to_json(schema)
    assert snapshot.from_json(text).equals(schema, check_metadata=True)
    assert snapshot.to_json(snapshot.from_json(text)) == text


def test_a_snapshot_tells_descriptions_apart() -> None:
    other = schema_of(replaced(1, column(2, "house", STRING, "The publisher.")))
    assert snapshot.to_json(other) != snapshot.to_json(schema_of(BASE))


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"record": "article", "version": "1.0", "fields": [{"id": 1}]}', "1"]
)
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"Expecting value|not a schema snapshot"):
        snapshot.from_json(text)


def test_a_snapshot_under_a_wrong_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "article-1.1.json").write_text(snapshot.to_json(schema_of(BASE)))
    with pytest.raises(ValueError, match="another schema"):
        released("article", tmp_path)


# check: what is allowed ----------------------------------------------------------------------------------------------


def grown_struct(*members: pa.Field[Any]) -> pa.Field[Any]:
    return column(4, "dateline", pa.struct([*BASE[3].type, *members]), "D.")


def grown_list(*members: pa.Field[Any]) -> pa.Field[Any]:
    return column(5, "cuts", list_of(13, pa.struct([*BASE[4].type.value_type, *members])), "Cuts.", nullable=False)


ALLOWED: dict[str, list[pa.Field[Any]]] = {
    "nothing changed": BASE,
    "a column": [*BASE, column(20, "byline", STRING, "New.")],
    "a list": [*BASE, column(20, "people", list_of(21, STRING), "New.")],
    "a struct with a member that is never null": [
        *BASE,
        column(20, "place", pa.struct([column(21, "name", STRING, "N.", nullable=False)]), "New."),
    ],
    "a member of a struct": replaced(3, grown_struct(column(20, "agency", STRING, "New."))),
    "a member of a list's elements": replaced(4, grown_list(column(20, "start", INT, "New."))),
    "another description": replaced(1, column(2, "house", STRING, "The publisher.")),
}


@pytest.mark.parametrize("fields", ALLOWED.values(), ids=list(ALLOWED))
def test_allowed(fields: list[pa.Field[Any]]) -> None:
    assert check(schema_of(BASE), schema_of(fields, "1.1")) == []


# check: what is not --------------------------------------------------------------------------------------------------

PLACE, DATE = BASE[3].type
BREAKING: dict[str, tuple[list[pa.Field[Any]], str]] = {
    "column removed": (replaced(1, BASE[1])[:-1], "`cuts` was removed"),
    "column renamed": (replaced(1, column(2, "publisher", STRING, "P.")), "`house` was renamed to `publisher`"),
    "type changed": (replaced(1, column(2, "house", INT, "H.")), "`house` was string, now it is int32"),
    "type widened": (replaced(1, column(2, "house", pa.large_string(), "H.")), "`house` was string, now it is large_"),
    "scalar to list": (
        replaced(1, column(2, "house", list_of(20, STRING), "H.")),
        "`house` was string, now it is list",
    ),
    "list to scalar": (
        replaced(2, column(3, "topics", STRING, "T.", nullable=False)),
        "`topics` was list, now it is s",
    ),
    "element type changed": (
        replaced(2, column(3, "topics", list_of(10, INT), "T.", nullable=False)),
        "`topics.element` was string, now it is int32",
    ),
    "element may be null": (
        replaced(
            2, column(3, "topics", pa.list_(list_of(10, STRING).value_field.with_nullable(True)), "T.", nullable=False)
        ),
        "`topics.element` was never null, now it is nullable",
    ),
    "may now be null": (replaced(0, column(1, "id", STRING, "I.")), "`id` was never null, now it is nullable"),
    "never null any more": (
        replaced(1, column(2, "house", STRING, "H.", nullable=False)),
        "`house` was nullable, now it is never null",
    ),
    "id changed": (replaced(1, column(99, "house", STRING, "H.")), "`house` had field id 2, now it has 99"),
    "id of a list's element changed": (
        replaced(2, column(3, "topics", list_of(99, STRING), "T.", nullable=False)),
        "`topics.element` had field id 10, now it has 99",
    ),
    "ids swapped": (
        [column(2, "id", STRING, "I.", nullable=False), column(1, "house", STRING, "H."), *BASE[2:]],
        "`id` had field id 1, now it has 2",
    ),
    "id of a removed column used again": (
        [*BASE[:4], column(5, "places", list_of(20, INT), "New.")],
        "`cuts` was renamed to `places`",
    ),
    "id of a removed member used again": (
        [*replaced(3, column(4, "dateline", pa.struct([PLACE]), "D.")), column(12, "day", STRING, "New.")],
        "`day` takes field id 12, which belongs to `dateline.date`",
    ),
    "id of a column that is still there": (
        [*BASE, column(2, "byline", STRING, "New.")],
        "`byline` takes field id 2, which belongs to `house`",
    ),
    "id given twice": (
        [*BASE, column(20, "a", STRING, "A."), column(20, "b", STRING, "B.")],
        "field id 20 is given 2 times: `a`, `b`",
    ),
    "no id": ([*BASE, pa.field("byline", STRING)], "`byline` has no field id"),
    "added, never null": (
        [*BASE, column(20, "byline", STRING, "New.", nullable=False)],
        "`byline` is new and never null",
    ),
    "added in the middle": (
        [BASE[0], column(20, "byline", STRING, "New."), *BASE[1:]],
        "`byline` is new, but stands before released columns",
    ),
    "order changed": ([BASE[1], BASE[0], *BASE[2:]], "`house` has moved"),
    "member removed": (replaced(3, column(4, "dateline", pa.struct([PLACE]), "D.")), "`dateline.date` was removed"),
    "member renamed": (
        replaced(3, column(4, "dateline", pa.struct([PLACE, column(12, "day", STRING, "D.")]), "D.")),
        "`dateline.date` was renamed to `dateline.day`",
    ),
    "members reordered": (
        replaced(3, column(4, "dateline", pa.struct([DATE, PLACE]), "D.")),
        "`dateline.date` has moved",
    ),
    "member added, never null": (
        replaced(3, grown_struct(column(20, "agency", STRING, "A.", nullable=False))),
        "`dateline.agency` is new and never null",
    ),
    "member of a list's elements never null": (
        replaced(4, grown_list(column(20, "start", INT, "S.", nullable=False))),
        "`cuts.element.start` is new and never null",
    ),
    "list's child named otherwise": (
        replaced(2, column(3, "topics", pa.list_(pa.field("item", STRING, nullable=False)), "T.", nullable=False)),
        "`topics.element` was removed",
    ),
}


@pytest.mark.parametrize(("fields", "told"), BREAKING.values(), ids=list(BREAKING))
def test_breaking(fields: list[pa.Field[Any]], told: str) -> None:
    assert any(text.startswith(told) for text in check(schema_of(BASE), schema_of(fields, "1.1"))), check(
        schema_of(BASE), schema_of(fields, "1.1")
    )


@pytest.mark.parametrize("kind", ["column", "member"])
def test_one_fault_is_told_once(kind: str) -> None:
    fields = BREAKING[f"{kind} renamed"][0]
    assert len(check(schema_of(BASE), schema_of(fields, "1.1"))) == 1


def test_children_of_a_column_that_is_gone_are_not_named_again() -> None:
    assert check(schema_of(BASE), schema_of(BASE[:4], "1.1")) == ["`cuts` was removed"]


def test_added_columns_need_a_new_version() -> None:
    fields = ALLOWED["a column"]
    assert check(schema_of(BASE), schema_of(fields)) == ["columns were added, but the version is still 1.0"]


def test_the_version_does_not_go_back() -> None:
    assert check(schema_of(BASE, "1.2"), schema_of(BASE, "1.1")) == ["the version goes back, from 1.2 to 1.1"]
    assert check(schema_of(BASE, "1.9"), schema_of(BASE, "1.10")) == []


@pytest.mark.parametrize("version", ["1", "1.0.0", "v1.0", "", "1.x", "１.0", " 1.0"])
def test_a_version_is_major_and_minor(version: str) -> None:
    with pytest.raises(ValueError, match=r"written like 1\.0"):
        check(schema_of(BASE), schema_of(BASE, version))


def test_a_new_major_version_may_break_all_but_the_ids() -> None:
    fewer = [BASE[1].with_name("publisher"), column(30, "day", INT, "D.", nullable=False)]
    assert check(schema_of(BASE), schema_of(fewer, "2.0")) == []
    reused = [column(2, "count", INT, "C.")]
    assert check(schema_of(BASE), schema_of(reused, "2.0")) == [
        "`count` (int32) takes field id 2, which was `house` (string)"
    ]


# The present schemas, broken -----------------------------------------------------------------------------------------


@EACH_RECORD
def test_each_column_of_the_record_is_held(record: Record) -> None:
    """Removing, retyping, renumbering or loosening any one column of the real schema is caught."""
    for index, field in enumerate(record.schema):
        assert check(record.schema, record.schema.remove(index))
        assert check(record.schema, record.schema.set(index, field.with_name("renamed")))
        assert check(record.schema, record.schema.set(index, field.with_nullable(not field.nullable)))
        assert check(record.schema, record.schema.set(index, field.with_type(pa.date32())))
        assert check(record.schema, record.schema.set(index, field.with_metadata({"PARQUET:field_id": "999"})))


# write and the command -----------------------------------------------------------------------------------------------


def test_write_keeps_a_new_version_beside_the_old(tmp_path: Path) -> None:
    write(record_of(schema_of(BASE)), tmp_path)
    later = record_of(schema_of(ALLOWED["a column"], "1.1"))
    assert problems(later, tmp_path) == ["article 1.1: there is no snapshot of it yet; `--write` keeps one"]
    assert write(later, tmp_path) == tmp_path / "article-1.1.json"
    assert problems(later, tmp_path) == []
    assert list(released("article", tmp_path)) == ["1.0", "1.1"]


def test_versions_are_sorted_by_number(tmp_path: Path) -> None:
    for version in ["1.2", "1.10", "1.9"]:
        (tmp_path / f"article-{version}.json").write_text(snapshot.to_json(schema_of(BASE, version)))
    assert list(released("article", tmp_path)) == ["1.2", "1.9", "1.10"]


def test_write_takes_a_new_wording_but_no_new_structure(tmp_path: Path) -> None:
    write(record_of(schema_of(BASE)), tmp_path)
    reworded = record_of(schema_of(ALLOWED["another description"]))
    assert problems(reworded, tmp_path) == ["article 1.0: a description has changed; `--write` brings the snapshot up"]
    write(reworded, tmp_path)
    assert problems(reworded, tmp_path) == []
    with pytest.raises(ValueError, match=r"still 1\.0"):
        write(record_of(schema_of(ALLOWED["a column"])), tmp_path)
    with pytest.raises(ValueError, match="was removed"):
        write(record_of(schema_of(BASE[:4], "1.1")), tmp_path)
    assert list(released("article", tmp_path)) == ["1.0"]


def test_every_release_is_looked_at_not_only_the_last(tmp_path: Path) -> None:
    """1.1 lost a column, by hand; 1.2, equal to 1.1, still breaks what 1.0 promised."""
    for version, fields in [("1.0", BASE), ("1.1", BASE[:4])]:
        (tmp_path / f"article-{version}.json").write_text(snapshot.to_json(schema_of(fields, version)))
    assert "article 1.0 -> 1.1: `cuts` was removed" in problems(record_of(schema_of(BASE[:4], "1.1")), tmp_path)


def test_the_command(tmp_path: Path) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "copydesk.schemas.evolution", "--folder", tmp_path, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    first = run()
    assert first.returncode == 1
    assert first.stderr.count("there is no snapshot") == len(RECORDS)
    assert run("--write").returncode == 0
    assert run().returncode == 0
    assert {path.name for path in tmp_path.iterdir()} == {f"{r.name}-{r.version}.json" for r in RECORDS.values()}
    shorter = dataclasses.replace(
        RECORDS["article"], schema=RECORDS["article"].schema.append(column(99, "x", STRING, "X."))
    )
    (tmp_path / f"article-{shorter.version}.json").write_text(snapshot.to_json(shorter.schema))
    refused = run("--write")
    assert refused.returncode == 1
    assert "not written: `x` was removed" in refused.stderr


# Old files -----------------------------------------------------------------------------------------------------------


def grow(schema: pa.Schema, name: str, change: Callable[[pa.DataType], pa.DataType]) -> pa.Schema:
    index = schema.get_field_index(name)
    field = schema.field(index)
    return schema.set(index, field.with_type(change(field.type)))


def with_member(kind: pa.DataType, number: int) -> pa.DataType:
    return pa.struct([*kind, column(number, "added", INT, "New.")])


def next_minor(schema: pa.Schema) -> pa.Schema:
    """The article schema with every kind of change that a minor version may make."""
    grown = grow(schema, "dateline", lambda kind: with_member(kind, 900))
    grown = grow(
        grown, "captions", lambda kind: pa.list_(kind.value_field.with_type(with_member(kind.value_type, 901)))
    )
    grown = grown.append(column(902, "byline", STRING, "New.")).append(
        column(903, "people", list_of(904, STRING), "New.")
    )
    return grown.with_metadata({**(schema.metadata or {}), b"copydesk.schema_version": b"1.999"})


def without_added(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_added(v) for k, v in value.items() if k not in {"added", "byline", "people"}}
    return [without_added(element) for element in value] if isinstance(value, list) else value


@pytest.fixture
def two_ages(rows: Rows, tmp_path: Path) -> tuple[Path, pa.Schema, list[dict[str, Any]]]:
    """A folder with a file of the present article schema and one of a later minor version; that; the rows."""
    now = RECORDS["article"].schema
    later = next_minor(now)
    old = pa.Table.from_pylist(rows["article"], schema=now)
    new = pa.Table.from_pylist([{**rows["article"][0], "byline": "Ina Strand", "people": ["Ina"]}], schema=later)
    pq.write_table(old, tmp_path / "a.parquet")
    pq.write_table(new, tmp_path / "b.parquet")
    return tmp_path, later, [*old.to_pylist(), *(without_added(row) for row in new.to_pylist())]


def test_the_later_version_here_is_one_that_check_allows() -> None:
    assert check(RECORDS["article"].schema, next_minor(RECORDS["article"].schema)) == []
    assert len(next_minor(RECORDS["article"].schema)) == len(RECORDS["article"].schema) + 2


@EACH_RECORD
def test_files_of_every_released_version_are_read_with_the_present_schema(
    record: Record, rows: Rows, tmp_path: Path
) -> None:
    for version, schema in released(record.name).items():
        path = tmp_path / f"{version}.parquet"
        pq.write_table(pa.Table.from_pylist(rows[record.name], schema=schema), path)
        back = ds.dataset(path, schema=record.schema).to_table().select(schema.names)
        assert back.to_pylist() == pa.Table.from_pylist(rows[record.name], schema=schema).to_pylist()


def test_old_and_new_files_together_in_pyarrow(two_ages: tuple[Path, pa.Schema, list[dict[str, Any]]]) -> None:
    folder, later, expected = two_ages
    table = ds.dataset(folder, schema=later).to_table()
    assert [without_added(row) for row in table.to_pylist()] == expected
    assert table["byline"].to_pylist() == [None, None, "Ina Strand"]
    assert table["people"].to_pylist() == [None, None, ["Ina"]]


def test_old_and_new_files_together_in_duckdb(two_ages: tuple[Path, pa.Schema, list[dict[str, Any]]]) -> None:
    folder, _, expected = two_ages
    with duckdb.connect() as db:
        table = db.sql(f"FROM read_parquet('{folder}/*.parquet', union_by_name = true)").to_arrow_table()
    assert [without_added(row) for row in table.to_pylist()] == expected
    assert table["byline"].to_pylist() == [None, None, "Ina Strand"]


def test_old_and_new_files_together_in_polars(two_ages: tuple[Path, pa.Schema, list[dict[str, Any]]]) -> None:
    folder, _, expected = two_ages
    frame = pl.scan_parquet(
        [folder / "b.parquet", folder / "a.parquet"],
        missing_columns="insert",
        cast_options=pl.ScanCastOptions(missing_struct_fields="insert"),
    ).collect()
    rows = [without_added(row) for row in frame.to_dicts()]
    assert [rows[1], rows[2], rows[0]] == expected
    assert frame["byline"].to_list() == ["Ina Strand", None, None]


def test_new_files_are_read_with_the_old_schema(two_ages: tuple[Path, pa.Schema, list[dict[str, Any]]]) -> None:
    """A job that knows the present version goes on when the files become newer, where top-level columns were added."""
    folder, _, expected = two_ages
    known = [name for name in RECORDS["article"].schema.names if name not in {"dateline", "captions"}]
    table = ds.dataset(folder / "b.parquet").to_table(columns=known)
    assert table.schema.equals(pa.schema([RECORDS["article"].schema.field(name) for name in known]))
    assert table.to_pylist() == [{name: row[name] for name in known} for row in expected[2:]]
