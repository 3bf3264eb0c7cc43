"""Other systems that put English into one variety, called as their own documentation says, for `spelling.py`.

They are the extra `bench-spelling`; what is not installed is named and left out. Not Python packages, and so left out:
LanguageTool (Java), misspell (Go), american-british-english-translator (JavaScript), britfix, VarCon's own `translate`
(Perl).
"""

from __future__ import annotations

import csv
import importlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from pathlib import Path

Convert = Callable[[list[str], str], list[str]]
"""Texts and a variety (`en-US`, `en-GB`) -> the texts in it; those of a direction that the system lacks unchanged."""

_WORD = re.compile(r"[A-Za-z]+")


def by_table(table: dict[str, str]) -> Callable[[str], str]:
    """A text converter that replaces whole words of a table, keeping their case."""

    def replace(match: re.Match[str]) -> str:
        word = match.group()
        new = table.get(word.lower())
        if new is None:
            return word
        return new.upper() if word.isupper() else new.capitalize() if word[0].isupper() else new

    return lambda text: _WORD.sub(replace, text)


def _tables(to_us: dict[str, str], to_gb: dict[str, str]) -> Convert:
    converters = {"en-US": by_table(to_us), "en-GB": by_table(to_gb)}
    return lambda texts, variety: [converters[variety](text) for text in texts]


def _turned(table: dict[str, str]) -> dict[str, str]:
    return {new: old for old, new in table.items()}


def _breame() -> Convert:
    constants = importlib.import_module("breame.data.spelling_constants")
    return _tables(constants.BRITISH_ENGLISH_SPELLINGS, constants.AMERICAN_ENGLISH_SPELLINGS)


def _whisper() -> Convert:
    data = files("whisper_normalizer").joinpath("normalizers/english.json").read_text(encoding="utf-8")
    to_us = json.loads(data)
    return _tables(to_us, _turned(to_us))


def _convert_us_to_uk() -> Convert:
    data = files("convert_us_to_uk").joinpath("us_to_uk_trans.csv").read_text(encoding="utf-8")
    to_gb = {row["us"]: row["uk"] for row in csv.DictReader(data.splitlines())}
    return _tables({}, to_gb)


def _eng() -> Convert:
    eng = importlib.import_module("eng")
    targets = {"en-US": eng.Target.US, "en-GB": eng.Target.UK}
    return lambda texts, variety: [eng.TextFixer(content=text, target=targets[variety]).apply() for text in texts]


def _localspelling() -> Convert:
    convert = importlib.import_module("localspelling").convert_spelling
    return lambda texts, variety: [convert(text, variety[3:].lower()) for text in texts]


def _uwotm8() -> Convert:
    convert = importlib.import_module("uwotm8.convert").convert_american_to_british_spelling
    return lambda texts, variety: [convert(text) for text in texts] if variety == "en-GB" else texts


def _command(name: str) -> str:
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if found is None:
        raise ImportError(name)
    return found


def _by_command(arguments: Callable[[str], list[str]] | list[str]) -> Convert:
    """A command that rewrites a file in place: one text a line, so that lines can be told apart afterwards."""

    def convert(texts: list[str], variety: str) -> list[str]:
        command = arguments(variety) if callable(arguments) else arguments
        if not command:
            return texts
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "texts.txt")
            lines = [text.replace("\n", "\v") for text in texts]
            file.write_text("\n".join(lines), encoding="utf-8", newline="")
            subprocess.run([*command, str(file)], capture_output=True, check=False)
            found = file.read_bytes().decode("utf-8").split("\n")
        return [text.replace("\v", "\n") for text in found] if len(found) == len(texts) else texts

    return convert


def _typos() -> Convert:
    program = _command("typos")
    return _by_command(lambda variety: [program, "--isolated", "--write-changes", "--locale", variety.lower()])


def _codespell() -> Convert:
    start = [_command("codespell"), "-w", "-i", "0", "--builtin", "en-GB_to_en-US"]
    return _by_command(lambda variety: start if variety == "en-US" else [])


RIVALS: dict[str, Callable[[], Convert]] = {
    "breame": _breame,
    "Whisper's english.json": _whisper,
    "convert-us-to-uk (into GB)": _convert_us_to_uk,
    "eng": _eng,
    "localspelling": _localspelling,
    "uwotm8 (into GB)": _uwotm8,
    "typos": _typos,
    "codespell (into US)": _codespell,
}
INTO_US_ONLY = frozenset({"codespell (into US)"})


@cache
def installed() -> tuple[dict[str, Convert], tuple[str, ...]]:
    """The systems that are installed, and the names of those that are not."""
    found: dict[str, Convert] = {}
    absent = []
    for name, load in RIVALS.items():
        try:
            found[name] = load()
        except ImportError:
            absent.append(name)
    return found, tuple(absent)
