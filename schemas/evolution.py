"""How the schemas may change: within a major version only by added, nullable columns.

Each released version is kept as a snapshot in `schemas/released/`. `check` compares two versions; `problems` compares
the schemas of this release with every snapshot. `python -m copydesk.schemas.evolution` prints what is wrong, and with
`--write` keeps a snapshot of the present version.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from copydesk.schemas import snapshot
from copydesk.schemas.columns import Field, field_id
from copydesk.schemas.records import RECORDS, Record, schema_version

RELEASED = Path(__file__).parent / "released"
"""The snapshots: `<record>-<major>.<minor>.json`."""

_VERSION = re.compile(r"(\d+)\.(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, a member of a struct, or the element of a list, by its path: `removed.element.kind`."""

    path: str
    parent: str
    position: int
    id: int | None
    kind: str
    nullable: bool


def check(released: pa.Schema, current: pa.Schema) -> list[str]:
    """What in the current schema breaks the promise that the released one made to its readers.

    Within a major version: names, ids, types, nullability and order stay; new columns (or members of a struct) are
    nullable, have ids never used before, and stand after the released ones; and they need a new minor version. A new
    major version may do as it likes, but for one thing: an id that it keeps keeps its type, since readers such as
    Iceberg's find a column by its id.

    Returns:
        One sentence for each problem; an empty list if there is none.

    Raises:
        ValueError: a schema has no version of the form `1.0`.
    """
    before, now = parse_version(schema_version(released)), parse_version(schema_version(current))
    old, new = _columns(released), _columns(current)
    problems = _bad_ids(new)
    if now < before:
        return [*problems, f"the version goes back, from {_dotted(before)} to {_dotted(now)}"]
    if now[0] > before[0]:
        return problems + _reused_ids(old, new)
    problems += _changed(old, new) + _reordered(old, new) + _added(old, new)
    if now == before and new.keys() - old.keys():
        problems.append(f"columns were added, but the version is still {_dotted(now)}")
    return problems


def problems(record: Record, folder: Path = RELEASED) -> list[str]:
    """What is wrong with a record's schema, seen from every snapshot in a folder.

    Beside the problems of `check`: there is no snapshot of the present version, or its wording is not the present one.
    """
    found: list[str] = []
    versions = released(record.name, folder)
    for version, schema in versions.items():
        found += [f"{record.name} {version} -> {record.version}: {text}" for text in check(schema, record.schema)]
    if record.version not in versions:
        found.append(f"{record.name} {record.version}: there is no snapshot of it yet; `--write` keeps one")
    elif not found and snapshot.to_json(versions[record.version]) != snapshot.to_json(record.schema):
        found.append(f"{record.name} {record.version}: a description has changed; `--write` brings the snapshot up")
    return found


def released(record: str, folder: Path = RELEASED) -> dict[str, pa.Schema]:
    """The released schemas of a record by version, the oldest first.

    Raises:
        ValueError: a file is no snapshot, or its name does not say what is in it.
    """
    found: dict[str, pa.Schema] = {}
    for path in folder.glob(f"{record}-*.json"):
        schema = snapshot.from_json(path.read_text(encoding="utf-8"))
        version = schema_version(schema)
        if path.name != f"{(schema.metadata or {})[b'copydesk.record'].decode()}-{version}.json":
            raise ValueError(f"{path} holds another schema than its name says")
        found[version] = schema
    return dict(sorted(found.items(), key=lambda item: parse_version(item[0])))


def write(record: Record, folder: Path = RELEASED) -> Path:
    """Keep a snapshot of a record's present schema.

    A snapshot that is there already is brought up to a new wording, but never to another structure.

    Raises:
        ValueError: the schema breaks a promise of a released one; the message says which.
    """
    broken = [text for schema in released(record.name, folder).values() for text in check(schema, record.schema)]
    if broken:
        raise ValueError("; ".join(broken))
    path = folder / f"{record.name}-{record.version}.json"
    path.write_text(snapshot.to_json(record.schema), encoding="utf-8", newline="\n")
    return path


def parse_version(text: str) -> tuple[int, int]:
    """Major and minor of a version written `1.0`.

    Raises:
        ValueError: it is written otherwise.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise ValueError(f"a schema version is written like 1.0, not {text!r}")
    return int(match[1]), int(match[2])


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"


def _columns(schema: pa.Schema) -> dict[str, _Column]:
    return {column.path: column for column in _walk(schema, "")}


def _walk(fields: Sequence[Field] | pa.Schema | pa.StructType, parent: str) -> Iterator[_Column]:
    for position, field in enumerate(fields):
        path = f"{parent}.{field.name}" if parent else field.name
        kind, children = str(field.type), None
        if pa.types.is_list(field.type):
            kind, children = "list", [field.type.value_field]
        elif pa.types.is_struct(field.type):
            kind, children = "struct", list(field.type)
        yield _Column(path, parent, position, _id_or_none(field), kind, field.nullable)
        yield from _walk(children or [], path)


def _id_or_none(field: Field) -> int | None:
    try:
        return field_id(field)
    except (KeyError, ValueError):
        return None


def _by_id(columns: dict[str, _Column]) -> dict[int | None, _Column]:
    return {column.id: column for column in columns.values() if column.id is not None}


def _bad_ids(new: dict[str, _Column]) -> list[str]:
    counts = Counter(column.id for column in new.values() if column.id is not None)
    missing = [f"`{column.path}` has no field id" for column in new.values() if column.id is None]
    twice = [
        f"field id {number} is given {count} times: "
        + ", ".join(f"`{column.path}`" for column in new.values() if column.id == number)
        for number, count in counts.items()
        if count > 1
    ]
    return missing + twice


def _reused_ids(old: dict[str, _Column], new: dict[str, _Column]) -> list[str]:
    by_id = _by_id(old)
    return [
        f"`{now.path}` ({now.kind}) takes field id {now.id}, which was `{was.path}` ({was.kind})"
        for now in new.values()
        if (was := by_id.get(now.id)) and was.kind != now.kind
    ]


def _changed(old: dict[str, _Column], new: dict[str, _Column]) -> list[str]:
    """What happened to the released columns, one by one; children of a column that is gone are not named again."""
    found = []
    by_id = _by_id(new)
    for was in old.values():
        now = new.get(was.path)
        if now is None:
            other = by_id.get(was.id)
            if other is not None and other.path not in old and other.parent == was.parent:
                found.append(f"`{was.path}` was renamed to `{other.path}`")
            elif not was.parent or (was.parent in new and new[was.parent].kind == old[was.parent].kind):
                found.append(f"`{was.path}` was removed")
            continue
        if now.kind != was.kind:
            found.append(f"`{was.path}` was {was.kind}, now it is {now.kind}")
        if now.nullable != was.nullable:
            found.append(f"`{was.path}` was {_null(was)}, now it is {_null(now)}")
        if now.id != was.id:
            found.append(f"`{was.path}` had field id {was.id}, now it has {now.id}")
    return found


def _null(column: _Column) -> str:
    return "nullable" if column.nullable else "never null"


def _reordered(old: dict[str, _Column], new: dict[str, _Column]) -> list[str]:
    """Columns that stayed, but not in their order: BigQuery's wildcard loads need one order in all files."""
    found = []
    for parent in dict.fromkeys(column.parent for column in old.values()):
        before = [column.path for column in old.values() if column.parent == parent and column.path in new]
        after = sorted(before, key=lambda path: new[path].position)
        if before != after:
            first = next(path for path, other in zip(after, before, strict=True) if path != other)
            found.append(f"`{first}` has moved: released columns keep their order")
    return found


def _added(old: dict[str, _Column], new: dict[str, _Column]) -> list[str]:
    found = []
    ids = _by_id(old)
    for now in new.values():
        if now.path in old:
            continue
        was = ids.get(now.id)
        renamed = was is not None and was.path not in new and was.parent == now.parent
        if was is not None and not renamed:
            found.append(f"`{now.path}` takes field id {now.id}, which belongs to `{was.path}`")
        # Inside a column that is itself new there is nothing to keep.
        if renamed or (now.parent and now.parent not in old):
            continue
        if not now.nullable:
            found.append(f"`{now.path}` is new and never null: files written before have nothing for it")
        siblings = [new[column.path] for column in old.values() if column.parent == now.parent and column.path in new]
        if any(now.position < sibling.position for sibling in siblings):
            found.append(f"`{now.path}` is new, but stands before released columns")
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Check the schemas, or keep snapshots of them; returns the exit status: 1 where there is a problem."""
    parser = argparse.ArgumentParser(
        prog="python -m copydesk.schemas.evolution", description="Check the schemas against the released ones."
    )
    parser.add_argument("--write", action="store_true", help="keep snapshots of the present versions")
    parser.add_argument("--folder", type=Path, default=RELEASED, help="where the snapshots are")
    options = parser.parse_args(arguments)
    if options.write:
        try:
            for record in RECORDS.values():
                print(f"wrote {write(record, options.folder)}")
        except ValueError as error:
            print(f"not written: {error}", file=sys.stderr)
            return 1
    found = [text for record in RECORDS.values() for text in problems(record, options.folder)]
    for text in found:
        print(text, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
