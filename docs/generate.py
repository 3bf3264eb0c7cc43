"""Write the pages of docs/ that are made from the code: `python docs/generate.py`.

`--check` writes nothing and fails where a page is not what the code says; tests/test_docs.py checks the same.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from copydesk.pipelines.options import OPTIONS, Option
from copydesk.schemas.export import export
from copydesk.schemas.records import RECORDS
from copydesk.transforms.boilerplate.galley import END_LINES, TOP_LINES
from copydesk.transforms.boilerplate.rules import KINDS, MAX_WORDS, ON_REQUEST, Rule, default_rules
from copydesk.transforms.errors import CODES

sys.path.insert(0, str(Path(__file__).parent))
from picture import draw

FOLDER = Path(__file__).parent
NOTE = "<!-- Made by `python docs/generate.py` from {source}: change it there. -->"

SCHEMA = """\
# The schema

{note}

`copydesk ingest` writes two kinds of rows, each to Parquet files in folders by the day of the run:

    clean/articles/date=2026-11-22/*.parquet
    clean/failures/date=2026-11-22/*.parquet

The tables below list every column. `id` is the Parquet field id, which readers such as Iceberg's find a column by;
`never` under `null` means that the column always has a value. A list is empty, not null, where there is nothing to
say. Offsets and lengths count code points of the raw text, times are UTC.

The same schema in other tongues, for either record (`--record article` or `--record failure`):

    copydesk schema --format json        # JSON Schema, draft 2020-12, of a row as JSON
    copydesk schema --format bigquery    # a schema file for bq load and bq mk
    copydesk schema --format sql         # CREATE TABLE for DuckDB
    copydesk schema --format markdown    # the tables below

## Reading it

DuckDB reads the folders as they stand. Which rules cut most, and the longest text each of them cut:

```sql
SELECT cut.kind, cut.rule, count(*) AS cuts, max_by(cut.text, cut.length) AS longest
FROM (SELECT unnest(removed) AS cut FROM 'clean/articles/**/*.parquet')
GROUP BY ALL ORDER BY cuts DESC, cut.rule;
```

Every spelling change (`from` and `to` are reserved words in SQL, so they are quoted):

```sql
SELECT change."from", change."to", sum(change."count") AS times
FROM (SELECT unnest(respelled) AS change FROM 'clean/articles/**/*.parquet')
GROUP BY ALL ORDER BY times DESC, change."from", change."to";
```

The latest version of each article (`date` is the folder's, the day of the run):

```sql
FROM 'clean/articles/**/*.parquet'
QUALIFY row_number() OVER (PARTITION BY article_id ORDER BY date DESC, updated_at DESC NULLS LAST, revision) = 1;
```

BigQuery must be told that Parquet's lists are lists, or it shows their inner levels, `list.element`:

    copydesk schema --format bigquery > article.json
    bq load --source_format=PARQUET --parquet_enable_list_inference \\
        news.articles 'gs://bucket/clean/articles/*' article.json

## What may change

The version stands in the key-value metadata of every file as `copydesk.schema_version`. Within a major version columns
and members of structs are only added: nullable, after those that were there, with ids never used before. No name, id,
type or nullability changes. So old and new files can be read together:

```sql
SELECT count(*) FROM read_parquet('clean/articles/**/*.parquet', union_by_name = true);
```

```python
import polars

articles = polars.scan_parquet(
    "clean/articles/**/*.parquet",
    missing_columns="insert",
    extra_columns="ignore",
    cast_options=polars.ScanCastOptions(missing_struct_fields="insert", extra_struct_fields="ignore"),
).collect()
```

`python -m copydesk.schemas.evolution` holds the schemas to this promise: it compares them with the released versions
in `schemas/released/`.

{tables}"""

FAILURES = """\
# The failures

{note}

What cannot become an article is not lost: it is a row of `failures/`, with a code, the reason in words and the bytes
themselves ([the columns](schema.md#failure)). Codes are never renamed or given a new meaning within a major version.

| code | meaning |
|---|---|
{codes}

How many there are of each, with one message as a sample:

```sql
SELECT stage, code, count(*) AS failures, min(message) AS sample
FROM 'clean/failures/**/*.parquet' GROUP BY ALL ORDER BY failures DESC, code, stage;
```

Once the cause is gone (a later release reads them, a limit was raised), run them again from the bytes that were kept:

    copydesk replay clean/failures --output clean/
"""


OPTIONS_PAGE = """\
# The options

{note}

On the command line as `--name value`; in a file given with `--config` (TOML, or YAML by its name) as `name = value`,
with hyphens or underscores; the command line wins. Options of Beam may be given beside them, and those that only a
runner knows after `--`. All that is wrong is told at once, before anything is read.

```toml
# desk.toml: copydesk ingest raw/ --config desk.toml
output = "clean/"
spelling = "en-GB"
keep = ["correction"]
max_failures = "2%"
```

| option | default | what it does |
|---|---|---|
{options}

Options marked * change what is written, and the manifest of each window records them. Inputs that are committed are not
read again under other options: give a new `--output` to clean them anew.
"""


RULES_PAGE = """\
# The line rules

{note}

A rule names lines that are not the story. It is data: a table in a TOML file, with the lines that it must cut and
lines that look alike and must stay, which are checked whenever it is loaded. The built-in rules are in
[`transforms/boilerplate/rules-*.toml`](../transforms/boilerplate); this page lists them. Every cut is a row of
`removed` in [the article](schema.md#article), with the id of its rule and its place in the raw text.

## Your own rules

```toml
# desk-rules.toml: copydesk ingest raw/ --output clean/ --rules desk-rules.toml
disable = ["share.this"]

[macros]
tide = "(?:high|low) (?:tide|water)"

[[rule]]
id = "harbour.tide-table"
kind = "see_more"
house = ["harbour.example"]
pattern = '''{{{{tide}}}} in {{{{name}}}}: {{{{clock}}}}'''
max_words = 8
match = ["High water in Porto Alto: 10:15 am"]
near_miss = ["High water in Porto Alto: the quay was closed at 10:15 am."]

[[rule]]
id = "harbour.caption"
kind = "caption"
action = "field"
pattern = '''(?P<text>.+) ▪ (?P<credit>.+)'''
trigger = "▪"
match = ["The quay at dawn ▪ Jane Doe"]
near_miss = ["▪ The quay is closed to cars."]
note = "A square parts a caption from its credit."
```

Rules of yours go before the built-in ones, in the order of the files; one with the id of a built-in rule takes its
place. Try them on one article first: `copydesk ingest article.txt --output try/ --rules desk-rules.toml`. What is wrong
with a file is told before anything is read.

| key | meaning |
|---|---|
| `id` | its name: lower-case letters, digits, dots and hyphens |
| `kind` | what it cuts, one of those below; `--keep` and `--cut` go by it |
| `pattern` | [RE2](https://github.com/google/re2/wiki/Syntax) (no look-around), upper and lower case alike. It sees the line with straight quotes and single spaces. `{{{{name}}}}` puts in a macro of the file or of `macros.toml` |
| `where` | `line` (the default): it must match all of the line; `start`, `end`: one end of it, which alone is cut; `token`: any part |
| `near` | `anywhere` (the default); `top`: the first {top} lines, as long as the story is not under way; `end`: the last {end} |
| `action` | `drop` (the default); `field`: also taken to the column of its kind, by the named groups of the pattern (`text`, `credit`, `name`, `names`, `topics`); `keep`: left alone, whatever other rules say |
| `max_words` | for whole lines: the line has at most so many words, {words} if not given, {most} at most |
| `unless` | RE2; where this is found in the line, it stays |
| `trigger` | RE2 for words that stand in every line the rule is for. A pattern that begins with anything (`.+`, a name) is slow without |
| `languages` | primary language tags; a story in another language is left alone |
| `house` | registrable domains or names of houses (`--house`); others are left alone |
| `case` | `true`: upper and lower case differ |
| `match` | lines that it must cut, one at least |
| `near_miss` | lines that look alike and must stay; an empty list if none can |
| `note` | why it is so |

When in doubt, leave a line in: cutting prose is the worst error. Match whole lines, keep `max_words` low, and think of
a sentence in a story that begins with the same words.

## Kinds

| kind | what it is | rules |
|---|---|---|
{kinds}

Those of which no rule is counted are found without: datelines, repeated headlines and standfirsts, CMS tokens, what the
markup of a page names. {request} are cut only where `--cut` asks for it.

## The built-in rules

{rules}
"""  # noqa: E501 (rows of tables)


def _cell(text: str) -> str:
    """Text as it is, in the cell of a table."""
    for sign in "\\`*_[]<|#":
        text = text.replace(sign, "\\" + sign)
    return text.replace("\n", " ")


def _rules_page() -> str:
    rules = default_rules()
    groups = []
    for kind in KINDS:
        own = [rule for rule in rules if rule.kind == kind]
        if not own:
            continue
        groups.append(f"### {kind}\n\n| id | where | action | example | near miss |\n|---|---|---|---|---|")
        for rule in own:
            place = {"anywhere": "", "top": ", at the top", "end": ", at the end"}[rule.near]
            languages = f", in {', '.join(rule.languages)}" if rule.languages else ""
            note = f" ({_cell(rule.note)})" if rule.note else ""
            miss = _cell(rule.near_miss[0]) if rule.near_miss else ""
            where, example = rule.where + place + languages, _cell(rule.match[0]) + note
            groups.append(f"| `{rule.id}` | {where} | {rule.action} | {example} | {miss} |")
        groups.append("")
    count = Counter(rule.kind for rule in rules)
    return RULES_PAGE.format(
        note=NOTE.format(source="transforms/boilerplate/"),
        top=TOP_LINES,
        end=END_LINES,
        words=Rule("", "", "").max_words,
        most=MAX_WORDS,
        kinds="\n".join(f"| `{kind}` | {meaning} | {count[kind] or ''} |" for kind, meaning in KINDS.items()),
        request=", ".join(f"`{kind}`" for kind in sorted(ON_REQUEST)),
        rules="\n".join(groups).strip(),
    )


def _option_row(option: Option) -> str:
    default = "" if option.default in (None, (), False) else f"`{option.default}`"
    values = f" One of {', '.join(f'`{choice}`' for choice in option.choices)}." if option.choices else ""
    mark = " *" if option.shapes_output else ""
    only = f" (`{option.command}` alone.)" if option.command else ""
    return f"| `{option.flag}`{mark} | {default} | {option.help}{values}{only} |".replace("<", "&lt;")


def pages() -> dict[str, str]:
    """Every generated page: its name in docs/, and its text."""
    return {
        "schema.md": SCHEMA.format(
            note=NOTE.format(source="schemas/"), tables="\n".join(export(name, "markdown") for name in RECORDS)
        ),
        "failures.md": FAILURES.format(
            note=NOTE.format(source="transforms/errors.py"),
            codes="\n".join(f"| `{code}` | {meaning.replace('|', chr(92) + '|')} |" for code, meaning in CODES.items()),
        ),
        "options.md": OPTIONS_PAGE.format(
            note=NOTE.format(source="pipelines/options.py"), options="\n".join(_option_row(o) for o in OPTIONS)
        ),
        "rules.md": _rules_page(),
        "before-after.svg": draw(),
    }


def stale() -> list[str]:
    """The pages that are missing or not what the code says."""
    return [
        name
        for name, text in pages().items()
        if not (FOLDER / name).is_file() or (FOLDER / name).read_text(encoding="utf-8") != text
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pages, or check them; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write the pages of docs/ that are made from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a page is not current")
    if parser.parse_args(arguments).check:
        for name in stale():
            print(f"docs/{name} is not current: run python docs/generate.py", file=sys.stderr)
        return 1 if stale() else 0
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
