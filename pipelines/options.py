"""The options table: the one source of the command line, the config file, the checks and the docs."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from pathlib import Path
from typing import Any, Literal

import yaml

from copydesk.pipelines.records import SEPARATORS
from copydesk.pipelines.store import as_url
from copydesk.transforms.boilerplate import PROFILES
from copydesk.transforms.spelling import VARIETIES
from copydesk.transforms.spelling.speller import Acronyms, Names, Quotes
from copydesk.transforms.spelling.table import Hyphens

MIB = 1 << 20


class OptionsError(ValueError):
    """Wrong options. The message names all of them and says what to do, a line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class HandedOverError(Exception):
    """The options had the job written down for an engine that runs it later: nothing is committed yet."""

    def __init__(self) -> None:
        super().__init__("the job was written down for its engine, which commits once it has run it")


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    Attributes:
        name: As in the config file; on the command line with `--` and hyphens.
        kind: How its value is read.
        default: Its value where it is not given.
        help: What it does, in one sentence or two.
        metavar: What stands for the value in the help.
        choices: The values that are allowed, where they can be listed.
        shapes_output: It changes what is written, so the manifest records it.
        command: The one command that has it; "" where several do.
    """

    name: str
    kind: Literal["text", "list", "whole", "bytes", "date", "share", "flag", "seconds", "address"]
    default: Any
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    shapes_output: bool = False
    command: str = ""

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def reads(self) -> bool:
        """It decides how files are read."""
        return self.name in ("house", "text_separator", "max_document_bytes", "max_document_seconds", "workers")

    @property
    def edits(self) -> bool:
        """It decides what becomes of one story, wherever that goes."""
        return self.name in ("rules", "house_lines") or (self.shapes_output and self.name != "batch_bytes")


OPTIONS: tuple[Option, ...] = (
    Option("output", "text", None, "The folder or object store (s3://, gs://, az://) that the Parquet goes to.", "OUT"),
    Option(
        "spelling",
        "text",
        "en-US",
        "The variety that English text is put in; `keep` leaves the spelling as it is.",
        choices=tuple(VARIETIES),
        shapes_output=True,
    ),
    Option(
        "names",
        "text",
        "keep",
        "Proper names: `keep` their spelling, restore the `official` one, or put them in the `target` variety too.",
        choices=("keep", "official", "target"),
        shapes_output=True,
    ),
    Option(
        "quotes",
        "text",
        "house",
        "Quoted speech: follow the `house` variety, or `keep` its spelling.",
        choices=("house", "keep"),
        shapes_output=True,
    ),
    Option(
        "hyphens",
        "text",
        "variety",
        "Words that have grown together: close up what the `variety` does (co-operate), `modern` forms too (e-mail, "
        "on-line), or `keep` them.",
        choices=("variety", "modern", "keep"),
        shapes_output=True,
    ),
    Option(
        "acronyms",
        "text",
        "keep",
        "Acronyms said as words: `keep` them, write them as a `word` (Nasa) or in `capitals` (NASA).",
        choices=("keep", "word", "capitals"),
        shapes_output=True,
    ),
    Option(
        "profile",
        "text",
        "story",
        "`story` keeps the prose alone; `archive` keeps sign-offs, corrections and datelines in the text.",
        choices=tuple(PROFILES),
        shapes_output=True,
    ),
    Option(
        "keep", "list", (), "Kinds of lines to leave in the text, beyond the profile.", "KIND,...", shapes_output=True
    ),
    Option("cut", "list", (), "Kinds of lines to cut although the profile keeps them.", "KIND,...", shapes_output=True),
    Option("rules", "list", (), "Files of line rules of your own (TOML), beyond the built-in ones.", "FILE,..."),
    Option(
        "house_lines",
        "text",
        None,
        "Lines that a house prints on many pages are cut too: as `copydesk learn` counted them, or, with `learn`, as "
        "they are counted in these inputs first.",
        "FILE|learn",
    ),
    Option("house", "text", None, "The publisher's name, for inputs that do not say.", "NAME", shapes_output=True),
    Option(
        "text_separator",
        "text",
        "none",
        "How several articles in one text file are parted: `form-feed`, `doc` (<DOC> ... </DOC>) or `rule` (a line of "
        "dashes); `none` for one article a file.",
        choices=("none", *SEPARATORS),
        shapes_output=True,
    ),
    Option("as_of", "date", None, "The day that the rows are filed under (date=...); today, in UTC.", "YYYY-MM-DD"),
    Option(
        "max_document_seconds",
        "whole",
        60,
        "The longest that a large document (from 512 KiB) may take in one step before it is given up; 0 for no limit.",
        "SECONDS",
    ),
    Option("max_document_bytes", "bytes", 10 * MIB, "The largest document that is read.", "SIZE", shapes_output=True),
    Option(
        "max_failures", "share", "10%", "More failures than this end with exit status 3: a number, or a share.", "N|N%"
    ),
    Option("workers", "whole", 0, "Processes on this machine; 0 takes all cores, and one for a small job.", "N"),
    Option(
        "batch_bytes", "bytes", 1024 * MIB, "Input that one local run commits at a time.", "SIZE", shapes_output=True
    ),
    Option(
        "if_held",
        "text",
        "wait",
        "If another run is writing to the output: `wait` for it, or `refuse`.",
        choices=("wait", "refuse"),
    ),
    Option(
        "on_unexpected",
        "text",
        "dead-letter",
        "A fault of the program on one document: keep it as a failure (`dead-letter`), or `raise` and stop.",
        choices=("dead-letter", "raise"),
    ),
    Option("contact", "text", None, "How to reach you (a mail address or a URL): feeds are told who asks.", "WHERE"),
    Option(
        "allow_host",
        "list",
        (),
        "Hosts that are fetched from though they are not on the public internet, `host` or `host:port`.",
        "HOST,...",
    ),
    Option("full_text", "flag", False, "Fetch the page of an article where its feed gives a summary, and clean that."),
    Option("every", "seconds", 900, "How often to look: `90s`, `15m`, `1h`.", "TIME", command="watch"),
    Option("rounds", "whole", 0, "Stop after so many looks; 0 goes on until it is stopped.", "N", command="watch"),
    Option(
        "remember",
        "seconds",
        90 * 86_400,
        "With `--runner flink`: for how long an article is known after an entry of it was last archived: `90d`.",
        "TIME",
        command="watch",
    ),
    Option("runner", "text", "local", "The Beam runner: `local`, `flink`, or the name of any other.", "NAME"),
    Option(
        "job_server",
        "address",
        "localhost:8099",
        "Where Beam's job server for Flink listens (with `--runner flink`).",
        "HOST:PORT",
    ),
    Option("quiet", "flag", False, "No progress bar; the summary alone."),
)
"""Every option of `ingest`, `replay` and `watch`."""

BY_NAME: Mapping[str, Option] = {option.name: option for option in OPTIONS}

LEARN = "learn"
"""The word that stands for the inputs themselves where a file of house lines could."""
LOCAL_RUNNERS = ("local", "directrunner", "fnapirunner")
"""What means Beam's local FnApiRunner; DirectRunner is the word users know, and would first download another."""


@dataclass(frozen=True)
class JobOptions:
    """The checked options of one job; the fields are the names of OPTIONS."""

    output: str
    as_of: str
    spelling: str = "en-US"
    names: Names = "keep"
    quotes: Quotes = "house"
    hyphens: Hyphens = "variety"
    acronyms: Acronyms = "keep"
    profile: str = "story"
    keep: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    house_lines: str | None = None
    house: str | None = None
    text_separator: str = "none"
    max_document_seconds: int = 60
    max_document_bytes: int = 10 * MIB
    max_failures: str = "10%"
    workers: int = 0
    batch_bytes: int = 1024 * MIB
    if_held: str = "wait"
    on_unexpected: str = "dead-letter"
    contact: str | None = None
    allow_host: tuple[str, ...] = ()
    full_text: bool = False
    every: int = 900
    rounds: int = 0
    remember: int = 90 * 86_400
    runner: str = "local"
    job_server: str = "localhost:8099"
    quiet: bool = False
    beam_args: tuple[str, ...] = field(default=())

    @property
    def is_local(self) -> bool:
        """True if the job runs on this machine's FnApiRunner."""
        return self.runner.lower() in LOCAL_RUNNERS

    @property
    def is_flink(self) -> bool:
        """True if the job runs on Flink, through its job server."""
        return self.runner.lower() == "flink"

    def shaping(self) -> dict[str, Any]:
        """The options that change what is written, as they go into the manifest."""
        return {option.name: getattr(self, option.name) for option in OPTIONS if option.shapes_output}

    def too_many(self, failures: int, documents: int) -> bool:
        """True if `failures` of `documents` are more than the options allow."""
        if self.max_failures.endswith("%"):
            return failures * 100 > float(self.max_failures[:-1]) * max(1, documents)
        return failures > int(self.max_failures)


def read_config(path: str) -> dict[str, Any]:
    """Reads a config file: TOML, or YAML where its name ends in `.yaml` or `.yml`.

    Raises:
        OptionsError: it cannot be read, or is not a table of options.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        values = yaml.safe_load(text) if path.endswith((".yaml", ".yml")) else tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, yaml.YAMLError) as error:
        raise OptionsError([f"--config {path}: cannot be read: {error}"]) from error
    if not isinstance(values, dict):
        raise OptionsError([f'--config {path}: must be a table of options, such as `spelling = "en-GB"`'])
    values = {str(key).replace("-", "_"): value for key, value in values.items()}
    problems = [f"--config {path}: {_unknown(key, [*BY_NAME])}" for key in values if key not in BY_NAME]
    if problems:
        raise OptionsError(problems)
    return values


def resolve(
    given: Mapping[str, Any], config: Mapping[str, Any], today: str, beam_args: Sequence[str] = ()
) -> JobOptions:
    """Puts the options together and checks them all.

    Args:
        given: From the command line, by name; what is None was not given.
        config: From the config file; the command line wins.
        today: The day to file under where no `--as-of` is given.
        beam_args: Options for the runner, as they were written.

    Raises:
        OptionsError: every problem there is, at once.
    """
    problems: list[str] = []
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = given.get(option.name)
        if value is None:
            value = config.get(option.name)
        if value is None:
            value = option.default
        try:
            values[option.name] = _checked(option, value)
        except ValueError as error:
            problems.append(f"{option.flag}: {error}")
    if values.get("output") is None and not any(problem.startswith("--output") for problem in problems):
        problems.append("--output: say where the Parquet goes: a folder, s3://, gs:// or az://")
    if values.get("as_of") is None:
        values["as_of"] = today
    if problems:
        raise OptionsError(problems)
    known = {f.name for f in fields(JobOptions)}
    return JobOptions(**{name: value for name, value in values.items() if name in known}, beam_args=tuple(beam_args))


def _checked(option: Option, value: Any) -> Any:
    """The value as the kind of option wants it.

    Raises:
        ValueError: it is not one.
    """
    if value is None:
        return None
    if option.kind == "list":
        items = (
            value.split(",") if isinstance(value, str) else [part for item in value for part in str(item).split(",")]
        )
        return tuple(item.strip() for item in items if item.strip())
    if option.kind == "flag":
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} is not true or false")
        return value
    if option.kind == "whole":
        number = int(value) if isinstance(value, int) or str(value).isdigit() else -1
        if number < 0:
            raise ValueError(f"{value!r} is not a whole number of 0 or more")
        return number
    if option.kind == "bytes":
        return _size(value)
    if option.kind == "seconds":
        return _seconds(value)
    if option.kind == "date":
        return _date(value)
    if option.kind == "address":
        if not re.fullmatch(r"[^\s:/]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}", str(value)):
            raise ValueError(f"{value!r} is not an address such as localhost:8099")
        return str(value)
    if option.kind == "share":
        if not re.fullmatch(r"\d+|\d+(\.\d+)?%", str(value)):
            raise ValueError(f"{value!r} is neither a number such as 20 nor a share such as 5%")
        return str(value)
    value = str(value)
    if option.choices and value not in option.choices:
        raise ValueError(f"{_unknown(value, option.choices)}; choose one of {', '.join(option.choices)}")
    return as_url(value) if option.name == "output" else value


def _date(value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise ValueError(f"{value!r} is not a day such as 2025-01-31") from error


def _seconds(value: Any) -> int:
    match = re.fullmatch(r"(\d{1,9})\s*([smhd])?", str(value))
    seconds = int(match[1]) * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2] or "s"] if match else 0
    if seconds < 1:
        raise ValueError(f"{value!r} is not a time such as 90s, 15m, 1h")
    return seconds


def _size(value: Any) -> int:
    match = re.fullmatch(r"(\d+)\s*([KMG]i?)?B?", str(value), re.IGNORECASE)
    size = (
        int(match[1]) * {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[(match[2] or "").upper()[:1]] if match else 0
    )
    if size < 1:
        raise ValueError(f"{value!r} is not a size such as 10MiB")
    return size


def _unknown(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"there is no {word!r}" + (f"; did you mean {near[0]!r}?" if near else "")


def split_arguments(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Parts what is left of a command line, once our own options are out, into inputs and Beam's options.

    Args:
        arguments: Inputs, and options that are not ours, with their values.

    Returns:
        The inputs, and Beam's options with their values.

    Raises:
        OptionsError: options that neither Beam nor copydesk has; all are named.
    """
    if not any(argument.startswith("-") for argument in arguments):
        return list(arguments), []
    from apache_beam.options.pipeline_options import PipelineOptions, _BeamArgumentParser

    parser = _BeamArgumentParser(add_help=False, allow_abbrev=False)
    for kind in PipelineOptions.__subclasses__():
        kind._add_argparse_args(parser)
    _, rest = parser.parse_known_args(list(arguments))
    ours = [option.flag for option in OPTIONS]
    beams = [flag for action in parser._actions for flag in action.option_strings]
    problems = []
    for flag in (argument.split("=", 1)[0] for argument in rest if argument.startswith("-")):
        if flag == "-":
            problems.append("-: standard input is not read; give a file, a folder, a glob in quotes or a URL")
            continue
        near = difflib.get_close_matches(flag, [*ours, *beams], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        problems.append(f"{flag}: no such option{hint} (options that only the runner knows go after `--`)")
    if problems:
        raise OptionsError(problems)
    inputs = list(rest)
    # What is not left over is Beam's: the same words, in their order, less the inputs.
    remaining = list(inputs)
    passed: list[str] = []
    for argument in reversed(arguments):
        if remaining and argument == remaining[-1]:
            remaining.pop()
        else:
            passed.insert(0, argument)
    return inputs, passed
