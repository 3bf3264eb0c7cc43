"""Writes metadata.json, the Flex Template's parameters, from the options: `python deploy/dataflow/generate.py`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from copydesk.pipelines.options import OPTIONS, Option

FILE: Final = Path(__file__).with_name("metadata.json")

LEFT_OUT: Final = {
    "runner": "it is Dataflow",
    "job_server": "that is Flink's",
    "workers": "Dataflow has options of its own for them",
    "batch_bytes": "a job on a cluster commits once",
    "max_failures": "nobody waits for the job whose exit status it decides",
    "quiet": "there is no progress bar",
}
"""Options of `ingest` that a launch has no use for, and why."""

KINDS: Final = {
    "flag": ("BOOLEAN", "true|false"),
    "whole": ("NUMBER", "[0-9]+"),
    "bytes": ("TEXT", "[0-9]+ *([KMG]i?)?B?"),
    "date": ("TEXT", "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
"""The type of a parameter in Dataflow's words, and what its value looks like, by the kind of the option."""

INPUTS: Final = {
    "name": "inputs",
    "label": "Inputs",
    "helpText": "What to read: folders, files and globs of object stores, parted by spaces: gs://BUCKET/raw/.",
    "isOptional": False,
    "paramType": "TEXT",
    "regexes": [".*[^ ].*"],
}


def parameter(option: Option) -> dict[str, Any]:
    """An option as a parameter of the template."""
    kind, shape = KINDS.get(option.kind, ("TEXT", None))
    made: dict[str, Any] = {
        "name": option.name,
        "label": option.name.replace("_", " ").capitalize(),
        "helpText": option.help.replace("`", ""),
        "isOptional": option.name != "output",
        "paramType": kind,
    }
    if option.choices:
        made |= {"paramType": "ENUM", "enumOptions": [{"value": choice, "label": choice} for choice in option.choices]}
    elif option.name == "output":
        made |= {"paramType": "GCS_WRITE_FOLDER", "regexes": ["(gs|s3|az)://.+"]}
    elif shape:
        made["regexes"] = [shape]
    if option.default not in (None, ()):
        made["defaultValue"] = str(option.default).lower() if option.kind == "flag" else str(option.default)
    return made


def metadata() -> str:
    """The text of metadata.json."""
    options = [option for option in OPTIONS if option.command in ("", "ingest") and option.name not in LEFT_OUT]
    described = {
        "name": "Copydesk",
        "description": "Raw news in, clean Parquet out: text files, pages, feeds, JSON lines and WARC archives.",
        "parameters": [INPUTS, *map(parameter, options)],
    }
    return json.dumps(described, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(metadata(), encoding="utf-8")
