"""A Parquet file depends on its rows and on nothing else."""

from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from copydesk.pipelines import keyed
from copydesk.pipelines.keyed import hash64
from copydesk.pipelines.parquet import ARTICLES, FAILURES, TABLES, file_bytes, settle
from copydesk.pipelines.writing import shard_of
from copydesk.schemas.article import Article, Cut

Row = dict[str, Any]


def row(number: int, *, source: str = "file:///a", text: str = "A story.", revision: str = "r") -> Row:
    article = Article(
        article_id=f"id-{number}",
        revision=revision,
        source_uri=source,
        media_type="text/plain",
        text=text,
        word_count=2,
        content_hash="c",
        pipeline_version="1",
        rules_version="1",
        house=f"house-{number % 3}",
        published_at=None if number % 5 == 0 else number * 1_000_000,
        removed=(Cut("newsletter", "newsletter.sign-up", "Sign up", 0, 7),),
    )
    return {**article.row(), "_id_hash": hash64(article.article_id), "_revision_hash": hash64(revision)}


def table_of(rows: list[Row], batch: int) -> pa.Table:
    schema = ARTICLES.keyed
    return pa.Table.from_batches(
        [pa.RecordBatch.from_pylist(rows[at : at + batch], schema=schema) for at in range(0, len(rows), batch)],
        schema=schema,
    )


def written(rows: list[Row], batch: int = 7) -> bytes:
    table = table_of(rows, batch)
    return file_bytes(ARTICLES, table, settle(ARTICLES, table, None).order, {"copydesk.window": "000001"})


@settings(deadline=None, max_examples=25)
@given(st.randoms(use_true_random=False), st.integers(1, 60))
def test_neither_the_order_of_the_rows_nor_their_batches_change_a_byte(chance: random.Random, batch: int) -> None:
    rows = [row(number) for number in range(50)] + [row(number, source="file:///b") for number in range(0, 50, 3)]
    expected = written(rows)
    chance.shuffle(rows)
    assert written(rows, batch) == expected


def test_of_two_copies_the_one_with_the_smallest_source_stays() -> None:
    rows = table_of([row(1, source="file:///b"), row(1, source="file:///a"), row(1, revision="new")], 2)
    settled = settle(ARTICLES, rows, None)
    kept = rows.take(settled.order)
    assert settled.duplicates == 1
    assert sorted(zip(kept["revision"].to_pylist(), kept["source_uri"].to_pylist(), strict=True)) == [
        ("new", "file:///a"),
        ("r", "file:///a"),
    ]


def test_what_was_seen_is_not_written_again_but_a_new_revision_is() -> None:
    first = settle(ARTICLES, table_of([row(1), row(2)], 2), None)
    again = table_of([row(1), row(2, revision="new"), row(3)], 3)
    settled = settle(ARTICLES, again, first.seen)
    assert settled.duplicates == 1
    assert sorted(again.take(settled.order)["article_id"].to_pylist()) == ["id-2", "id-3"]


def test_the_file_is_as_the_design_says() -> None:
    file = pq.ParquetFile(pa.BufferReader(written([row(number) for number in range(100)])))
    group = file.metadata.row_group(0)
    columns = {group.column(at).path_in_schema: group.column(at) for at in range(group.num_columns)}
    assert file.schema_arrow.field("removed").type.value_field.name == "element"
    assert file.schema_arrow.field("article_id").metadata[b"PARQUET:field_id"] == b"1"
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    with_statistics = {name for name, column in columns.items() if column.is_stats_set}
    assert with_statistics == {"article_id", "house", "published_at", "updated_at", "fetched_at"}
    assert file.metadata.metadata[b"copydesk.schema_version"] == b"1.0"
    rows = file.read().to_pylist()
    assert rows == sorted(
        rows, key=lambda r: (r["house"], r["published_at"] is None, r["published_at"] or 0, r["article_id"])
    )


def test_long_rows_make_smaller_row_groups(monkeypatch: Any) -> None:
    monkeypatch.setattr("copydesk.pipelines.parquet.GROUP_BYTES", 10_000)
    file = pq.ParquetFile(pa.BufferReader(written([row(n, text="word " * 400) for n in range(20)])))
    assert file.metadata.num_row_groups == 4
    assert file.read().num_rows == 20


def test_keys_are_sorted_and_read_back_whole() -> None:
    settled = settle(ARTICLES, table_of([row(number) for number in range(40)], 9), None)
    keys = pq.read_table(pa.BufferReader(keyed.file_bytes(settled.seen)))
    assert keys["_id_hash"].to_pylist() == sorted(hash64(f"id-{number}") for number in range(40))


@given(st.integers(0, 2**64 - 1), st.integers(1, 1000))
def test_shards_are_equal_ranges_of_the_hash(value: int, shards: int) -> None:
    shard = shard_of(value, shards)
    assert 0 <= shard < shards
    assert -(-(shard << 64) // shards) <= value <= -(-((shard + 1) << 64) // shards) - 1


def test_every_table_is_told_by_its_name() -> None:
    assert {"articles": ARTICLES, "failures": FAILURES} == TABLES
