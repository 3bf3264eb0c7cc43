"""The command line."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import click
import orjson
from rich.console import Console

from copydesk.pipelines.options import (
    OPTIONS,
    HandedOverError,
    JobOptions,
    Option,
    OptionsError,
    read_config,
    resolve,
    split_arguments,
)
from copydesk.pipelines.store import as_url, open_store
from copydesk.pipelines.worker import quieten_import
from copydesk.schemas import export

EXIT_FAILED, EXIT_OPTIONS, EXIT_FAILURES, EXIT_HELD = 1, 2, 3, 4
"""Exit statuses beside 0: the run failed; wrong options; more failures than --max-failures; another run holds OUT."""

Command = Callable[..., None]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(installed_version("copydesk"), prog_name="copydesk")
def cli() -> None:
    """Raw news in, clean house-styled Parquet out; every line it cuts, it can show."""
    _quieten_beam()


def job_options(command: Command, options: Sequence[Option] = OPTIONS) -> Command:
    """Gives a command the options of the table that it has, and --config."""
    for option in reversed(options):
        if option.command in ("", command.__name__):
            command = click.option(option.flag, option.name, **_click_settings(option))(command)
    return click.option("--config", metavar="FILE", help="Options from a TOML or YAML file; the command line wins.")(
        command
    )


def reading_options(command: Command) -> Command:
    """Gives a command the options that decide how files are read, and --config."""
    return job_options(command, [option for option in OPTIONS if option.reads])


def editing_options(command: Command) -> Command:
    """Gives a command the options that decide what becomes of one story, and --config."""
    return job_options(command, [option for option in OPTIONS if option.edits])


def _click_settings(option: Option) -> dict[str, Any]:
    words = option.help
    if option.default not in (None, (), False) and option.name != "workers":
        words += f"  [default: {option.default}]"
    if option.kind == "flag":
        return {"is_flag": True, "default": None, "help": words}
    metavar = option.metavar or "|".join(option.choices)
    return {"metavar": metavar, "default": None, "help": words, "multiple": option.kind == "list"}


_PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "allow_interspersed_args": True}


@cli.command(context_settings=_PASS_ON, short_help="Clean raw news and commit it as Parquet.")
@click.argument("inputs", nargs=-1, type=click.UNPROCESSED, metavar="INPUT...")
@job_options
@click.pass_context
def ingest(context: click.Context, /, inputs: tuple[str, ...], config: str | None, **given: Any) -> None:
    """Reads every INPUT (files, folders, globs in quotes, object store URLs), cleans it and commits it to --output.

    A list of feeds (named *.opml) and the http address of a feed are fetched, archived below OUT/raw, and read from
    there. What a file is, is told from its bytes: text, HTML, JSON lines, RSS/Atom/RDF/JSON feeds, WARC, each also
    packed as .gz, .zst, .bz2 or .zip. What is committed is not read again. Options of Beam may be given as well; those
    that only the runner knows go after `--`.

    Exit status: 0 done; 1 the run failed (run it again: it goes on where it stopped); 2 wrong options; 3 more failures
    than --max-failures; 4 another run holds the output.
    """
    from copydesk.pipelines import feeds

    names, beam_args = split_arguments(inputs)
    if not names:
        raise OptionsError(["say what to read: copydesk ingest INPUT... --output OUT"])
    _run(given, config, [*beam_args, *context.obj], lambda options, watcher: feeds.ingest(names, options, watcher))


@cli.command(context_settings=_PASS_ON, short_help="Go on reading feeds and files as they change.")
@click.argument("inputs", nargs=-1, type=click.UNPROCESSED, metavar="INPUT...")
@job_options
@click.pass_context
def watch(context: click.Context, /, inputs: tuple[str, ...], config: str | None, **given: Any) -> None:
    """Looks at every INPUT each --every, and commits what is new to --output, until it is stopped.

    INPUT is what `ingest` takes: lists of feeds (*.opml), addresses of feeds, files, folders, globs in quotes. A feed
    is asked no sooner than it and its server wish. SIGTERM and Ctrl-C end the watch once the round under way is
    committed; `copydesk feeds OUT` shows how the feeds are. With `--runner flink` one job is handed to Flink, and runs
    there until it is stopped.
    """
    from copydesk.pipelines import feeds, run, summary

    names, beam_args = split_arguments(inputs)
    if not names:
        raise OptionsError(["say what to watch: copydesk watch INPUT... --output OUT"])
    options = _options(given, config, [*beam_args, *context.obj])
    settings = read_config(config) if config else {}
    as_of = given.get("as_of") or settings.get("as_of")
    if options.is_flink:
        from copydesk.pipelines import stream

        click.echo(f"{stream.submit(names, options, as_of)} runs on Flink; deploy/README.md says how to stop it")
        return
    if not options.is_local:
        raise OptionsError(
            [f"--runner {options.runner}: a watch runs on this machine, or as a stream on Flink (--runner flink)"]
        )
    if any(word.split("=")[0] == "--streaming" for word in options.beam_args):
        raise OptionsError(
            ["--streaming: this machine's runner cannot stream and would lose rows; leave it out, or --runner flink"]
        )
    console = Console(stderr=True)

    def tell(outcome: run.Outcome) -> None:
        if line := summary.round_line(outcome):
            click.echo(line)

    feeds.watch(
        names,
        options,
        summary.watcher(console, options.quiet),
        as_of=as_of,
        on_round=tell,
    )


@cli.command("feeds", short_help="Show how the feeds of an output are.")
@click.argument("output", metavar="OUT")
def show_feeds(output: str) -> None:
    """Prints a table of the feeds that OUT has been reading: last success, faults, next poll, new entries a day."""
    from copydesk.pipelines import feed_state, feed_table

    states = feed_state.load(open_store(_url(output)))
    console = Console()
    if not console.is_terminal:  # for grep: nothing is broken into lines
        console = Console(width=500)
    console.print(feed_table.table(states.values(), int(time.time())), crop=False)


@cli.command(context_settings=_PASS_ON, short_help="Run failures again.")
@click.argument("failures", nargs=-1, type=click.UNPROCESSED, metavar="[FAILURES]")
@job_options
@click.pass_context
def replay(context: click.Context, /, failures: tuple[str, ...], config: str | None, **given: Any) -> None:
    """Runs the payloads of committed failures again and commits what becomes of them to --output.

    FAILURES is the `failures` folder of an output (--output's own where it is not given). What fails again is not
    written again; what was replayed under the present rules and options is not replayed again.
    """
    from copydesk.pipelines.replay import replay as replay_failures

    names, beam_args = split_arguments(failures)
    _run(given, config, [*beam_args, *context.obj], lambda options, watcher: replay_failures(names, options, watcher))


def _run(given: dict[str, Any], config: str | None, beam_args: list[str], job: Callable[..., Any]) -> None:
    from copydesk.pipelines import summary

    options = _options(given, config, beam_args)
    console = Console(stderr=True)
    outcome = job(options, summary.watcher(console, options.quiet))
    summary.show(outcome, Console())
    if not outcome.adds_up:
        sys.exit(EXIT_FAILED)
    if options.too_many(outcome.counts["failures"], outcome.counts["documents"]):
        console.print(
            f"[bold red]{outcome.counts['failures']:,} failures are more than --max-failures {options.max_failures}[/]"
            " (all that succeeded is committed)"
        )
        sys.exit(EXIT_FAILURES)


def _options(given: dict[str, Any], config: str | None, beam_args: Sequence[str] = ()) -> JobOptions:
    today = datetime.now(UTC).date().isoformat()
    given = {name: value for name, value in given.items() if value not in (None, ())}
    return resolve(given, read_config(config) if config else {}, today, beam_args)


@cli.command(short_help="Show what is done to a story, and why.")
@click.argument("what", nargs=-1, metavar="FILE_OR_URI...")
@click.option("--html", "form", flag_value="html", help="Print a page: copydesk explain FILE --html > story.html")
@click.option("--json", "form", flag_value="json", help="Print JSON, a line a story.")
@editing_options
def explain(what: tuple[str, ...], form: str | None, config: str | None, **given: Any) -> None:
    """Shows the stories of files with every cut struck through and named, every respelling, and every field.

    FILE_OR_URI is what `ingest` takes, or the `source_uri` of a row: 'feed.xml#entry=3'. Nothing is written.
    """
    from copydesk.pipelines import show
    from copydesk.pipelines.explaining import stories

    if not what:
        raise OptionsError(["say what to explain: copydesk explain FILE"])
    options = _options({**given, "output": "."}, config)
    found = stories(what, options)
    if form == "html":
        click.echo(show.to_page(found), nl=False)
    elif form == "json":
        for story in found:
            click.echo(orjson.dumps(story.as_json(), option=orjson.OPT_APPEND_NEWLINE), nl=False)
    else:
        console = Console(soft_wrap=False)
        for story in found:
            show.to_terminal(story, console)


@cli.command(short_help="Count the lines that houses print on many pages.")
@click.argument("inputs", nargs=-1, metavar="INPUT...")
@click.option("--output", required=True, metavar="FILE", help="The Parquet file to write, for ingest --house-lines.")
@reading_options
def learn(inputs: tuple[str, ...], output: str, config: str | None, **given: Any) -> None:
    """Counts, house by house, the lines that stand in many different stories of INPUT: boilerplate no rule names.

    The same story printed twice counts once. The file has a row a line, with its counts, to look at and to edit.
    """
    from copydesk.pipelines import run
    from copydesk.transforms.boilerplate.house_lines import from_file

    if not inputs:
        raise OptionsError(["say what to learn from: copydesk learn INPUT... --output FILE"])
    options = _options({**given, "output": "."}, config)
    data = run.learn(run.find_inputs(inputs), options)
    Path(output).write_bytes(data)
    houses = from_file(data)
    lines = sum(len(counts.lines) for counts in houses.values())
    click.echo(f"{output}: {lines:,} lines of {len(houses):,} houses; use it: copydesk ingest --house-lines {output}")


@cli.command(short_help="Check an output against its manifests.")
@click.argument("output", metavar="OUT")
def verify(output: str) -> None:
    """Checks that all that the manifests of OUT name is there, whole, adds up, and stands once.

    Exit status 1 if not.
    """
    from copydesk.pipelines.summary import shown
    from copydesk.pipelines.verify import verify as check

    report = check(open_store(_url(output)))
    for problem in report.problems:
        click.echo(problem, err=True)
    rows = ", ".join(f"{count:,} {kind}" for kind, count in sorted(report.rows.items()) if kind != "seen")
    words = f"{shown(_url(output))}: {report.windows:,} windows, {report.files:,} files, {rows or 'no rows'}"
    if report.problems:
        click.echo(f"{words}: {len(report.problems):,} problems", err=True)
        sys.exit(EXIT_FAILED)
    click.echo(f"{words}: all as committed")


@cli.command(short_help="Print the columns.")
@click.option("--format", "form", type=click.Choice(export.FORMATS), default="markdown", show_default=True)
@click.option("--record", type=click.Choice(["article", "failure"]), default="article", show_default=True)
def schema(form: str, record: str) -> None:
    """Prints the columns of articles or failures as Markdown, JSON Schema, a BigQuery schema or SQL."""
    click.echo(export.export(record, form))  # type: ignore[arg-type]


def _url(output: str) -> str:
    try:
        return as_url(output)
    except ValueError as error:
        raise OptionsError([str(error)]) from error


def _quieten_beam() -> None:
    """Beam logs each step of a local run, and what it could not import; a person wants the warnings alone."""
    logging.getLogger("apache_beam").setLevel(logging.WARNING)
    # Several workers "in memory": it does not know ours.
    logging.getLogger("apache_beam.runners.portability.fn_api_runner.fn_runner").setLevel(logging.ERROR)
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)  # the same fault is raised
    logging.getLogger().addFilter(quieten_import)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with its status.

    Args:
        arguments: The words after the program's name; those of this process if not given.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    runner_only: list[str] = []
    if "--" in words:
        at = words.index("--")
        words, runner_only = words[:at], words[at + 1 :]
    try:
        cli(words, obj=runner_only, prog_name="copydesk")
    except OptionsError as error:
        for problem in error.problems:
            click.echo(f"copydesk: {problem}", err=True)
        sys.exit(EXIT_OPTIONS)
    except Exception as error:
        status = _status(error)
        if status is None:
            raise
        click.echo(f"copydesk: {error}", err=True)
        if status == EXIT_FAILED:
            click.echo("copydesk: what was committed before stands; run it again to go on from there", err=True)
        sys.exit(status)


def _status(error: Exception) -> int | None:
    """The exit status of a fault that has words of its own; None for one that deserves its traceback."""
    from obstore.exceptions import BaseError

    from copydesk.pipelines.claim import HeldError
    from copydesk.pipelines.commit import CommitError, DoesNotAddUpError
    from copydesk.pipelines.flink import JobFailedError
    from copydesk.pipelines.plan import InputChangedError

    if isinstance(error, HandedOverError):
        return 0
    if isinstance(error, HeldError):
        return EXIT_HELD
    known = (CommitError, DoesNotAddUpError, InputChangedError, JobFailedError, OSError, BaseError)
    return EXIT_FAILED if isinstance(error, known) else None


if __name__ == "__main__":
    main()
