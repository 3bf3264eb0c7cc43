"""Runs a job: plans windows, runs the graph for each, and adds up what was committed."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from copydesk.pipelines import commit, files, stream_lease
from copydesk.pipelines.claim import Claim
from copydesk.pipelines.exchange import Exchange, Inline, Spill, Staged
from copydesk.pipelines.ledger import Ledger, Ranges
from copydesk.pipelines.opening import HEAD_BYTES, OpenOptions, is_splittable
from copydesk.pipelines.options import LEARN, JobOptions, OptionsError
from copydesk.pipelines.plan import (
    SPLIT_BYTES,
    Input,
    Piece,
    pieces_of,
    shards_for,
    splits,
    unpacked_bytes,
    unpacked_size,
    windows,
)
from copydesk.pipelines.progress import Progress
from copydesk.pipelines.store import STAGING, FolderStore, Store, open_store
from copydesk.schemas.article import SCHEMA_VERSION
from copydesk.transforms.boilerplate import load_rules
from copydesk.transforms.edit import Editor
from copydesk.transforms.read import Limits

if TYPE_CHECKING:
    from copydesk.pipelines.ingest import Desk

Tell = Callable[[str], None]

WHAT_TO_GIVE = "give files, folders, globs in quotes, or object store URLs"
ASKED_AT_ONCE = 50_000
"""Inputs that the ledger is asked about at a time: what it says of them is held in memory."""


@dataclass
class Outcome:
    """What a run did.

    Attributes:
        output: URL of the output.
        windows: The windows it committed.
        finished: Windows of an earlier run that it finished.
        skipped: Inputs that were committed already.
        inputs: URIs of the inputs that it read, in whole or in part.
        counts: Sums over the windows: inputs (pieces of them), documents, articles, duplicates, failures.
        tallies: Sums over the windows of what the manifests tally.
    """

    output: str
    windows: list[str] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    skipped: int = 0
    inputs: set[str] = field(default_factory=set)
    counts: Counter[str] = field(default_factory=Counter)
    tallies: dict[str, Counter[str]] = field(default_factory=dict)

    def add(self, manifest: dict[str, Any]) -> None:
        """Adds a window that this run committed."""
        self.windows.append(manifest["window"])
        self.counts.update(manifest["counts"])
        for name, tally in manifest["tallies"].items():
            self.tallies.setdefault(name, Counter()).update(tally)

    @property
    def adds_up(self) -> bool:
        """True if every document became an article, a duplicate or a failure."""
        out = self.counts["articles"] + self.counts["duplicates"] + self.counts["failures"]
        return self.counts["documents"] == out


@dataclass(frozen=True)
class Watcher:
    """What a run tells a person while it works. Every member may be left as it is.

    Attributes:
        say: Told things in words.
        start: Told how many bytes of input a window has, and how to ask how many are read.
        stop: Told that the window is done.
        asked: Told how many feeds were asked of how many that are due, as that goes on.
    """

    say: Tell = lambda words: None
    start: Callable[[str, int, Callable[[], int]], None] = lambda name, total, done: None
    stop: Callable[[], None] = lambda: None
    asked: Callable[[int, int], None] = lambda done, due: None


def ingest(patterns: Sequence[str], options: JobOptions, watcher: Watcher | None = None) -> Outcome:
    """Reads what the patterns name and commits what becomes of it.

    Args:
        patterns: As `files.find`.
        options: Checked.
        watcher: Who is told how it goes.

    Raises:
        OptionsError: an input or a rule file is wrong.
        HeldError: another run holds the output and the options say to refuse.
        DoesNotAddUpError, CommitError, InputChangedError, OSError: the run failed; what was committed before stands,
            and running again goes on from there.
    """
    store = open_store(options.output)
    found = find_inputs(patterns, without=store.url)
    return commit_inputs(store, found, options, watcher)


def find_inputs(patterns: Sequence[str], without: str | None = None) -> list[Input]:
    """The files that the words of a command line name, as `files.find`.

    Raises:
        OptionsError: some of them name nothing.
    """
    try:
        return files.find(patterns, without=without)
    except files.NothingFoundError as error:
        raise OptionsError([f"{error}; {WHAT_TO_GIVE}"]) from error


@dataclass
class Memory:
    """What a process that runs again and again need not read again.

    Attributes:
        ledger: What is committed, as far as it was read.
        versions: Of inputs, each with the stamp that it had then.
    """

    ledger: Ledger | None = None
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)

    def version(self, uri: str, stamp: str) -> str:
        """The version of an input; its bytes are read only where the stamp is another."""
        known, version = self.versions.get(uri, ("", ""))
        if not known or known != stamp:
            version = files.version(uri)
            self.versions[uri] = stamp, version
        return version

    def forget_but(self, uris: Container[str]) -> None:
        """Forgets the versions of all other inputs: archives come and go with every round."""
        self.versions = {uri: known for uri, known in self.versions.items() if uri in uris}


def commit_inputs(
    store: Store,
    found: Sequence[Input],
    options: JobOptions,
    watcher: Watcher | None = None,
    memory: Memory | None = None,
) -> Outcome:
    """Reads the inputs that are not committed yet and commits what becomes of them; raises what `ingest` does."""
    known = memory or Memory()
    known.ledger = known.ledger or Ledger(store)
    known.forget_but({item.uri for item in found})
    house_lines = learn(found, options, known) if options.house_lines == LEARN else None
    runner = Runner(store, options, watcher or Watcher(), house_lines)
    return runner.run(lambda ledger: _unread(found, ledger, options, known), known.ledger)


def learn(found: Sequence[Input], options: JobOptions, memory: Memory | None = None) -> bytes:
    """What the inputs, all of them, say of the lines of their houses, as a file for `--house-lines`.

    Raises:
        OptionsError: the runner is not this machine's.
    """
    if not options.is_local:
        raise OptionsError(["--house-lines learn: learn on this machine first: copydesk learn INPUT... --output FILE"])
    from copydesk.pipelines.learn import learn_lines

    pieces = [piece for piece in _unread(found, None, options, memory or Memory()) if piece is not None]
    return learn_lines(pieces, options, open_options(options))


def _unread(
    found: Sequence[Input], ledger: Ledger | None, options: JobOptions, memory: Memory
) -> Iterator[Piece | None]:
    """The pieces that are still to be read, in order; None for each input that has been read already."""
    opening = open_options(options)
    committed: Ranges = {}
    for number, item in enumerate(found):
        if ledger is not None and number % ASKED_AT_ONCE == 0:
            committed = ledger.committed(item.uri for item in found[number : number + ASKED_AT_ONCE])
        stamp = "" if item.problem else files.stamp(item.uri)
        version = f"problem: {item.problem}" if item.problem else memory.version(item.uri, stamp)
        if item.problem is None and item.size > SPLIT_BYTES and _plain(item):
            head = files.head(item.uri, HEAD_BYTES)
            item = Input(item.uri, item.size, splittable=is_splittable(item.uri, opening, head))
        unread = list(pieces_of(item, version, committed.get((item.uri, version), ()), stamp))
        yield from unread
        if not unread:
            yield None


def _plain(item: Input) -> bool:
    return unpacked_bytes(item.uri, 1) == 1


def open_options(options: JobOptions) -> OpenOptions:
    """How the options say that files are opened."""
    separator = None if options.text_separator == "none" else options.text_separator
    return OpenOptions(options.max_document_bytes, separator, options.house)


def editor_for(options: JobOptions, house_lines: bytes | None = None) -> Editor:
    """The editor that the options ask for, with everything in them checked.

    Args:
        options: Checked each for itself.
        house_lines: What was learnt, where the options do not name a file of it.

    Raises:
        OptionsError: a rule file, a kind or a file of house lines is wrong.
    """
    if house_lines is None and options.house_lines is not None:
        if options.house_lines == LEARN:
            raise OptionsError(["--house-lines learn: only ingest and watch learn; give the file of `copydesk learn`"])
        try:
            house_lines = Path(options.house_lines).read_bytes()
        except OSError as error:
            raise OptionsError([f"--house-lines {options.house_lines}: {error.strerror}"]) from error
    try:
        rules = load_rules(options.rules)
        editor = Editor(
            pipeline_version=installed_version("copydesk"),
            spelling=options.spelling,
            names=options.names,
            quotes=options.quotes,
            hyphens=options.hyphens,
            acronyms=options.acronyms,
            profile=options.profile,
            keep=options.keep,
            cut=options.cut,
            rules=rules,
            house_lines=house_lines,
        )
        _ = editor.version
    except ValueError as error:
        raise OptionsError([str(error)]) from error
    return editor


def desk_for(store: Store, options: JobOptions, editor: Editor, progress: Progress | None = None) -> Desk:
    """What the steps on one document must know."""
    from copydesk.pipelines.ingest import Desk

    return Desk(
        store,
        open_options(options),
        Limits(max_document_bytes=options.max_document_bytes),
        options.max_document_seconds,
        editor,
        options.on_unexpected,
        progress or Progress(),
    )


def facts(editor: Editor, options: JobOptions) -> dict[str, Any]:
    """What a manifest says of how its window was made."""
    return {
        "schema_version": SCHEMA_VERSION,
        "pipeline_version": editor.pipeline_version,
        "rules_version": editor.version,
        "options": options.shaping(),
    }


class Runner:
    """Commits pieces to a store, window by window."""

    def __init__(self, store: Store, options: JobOptions, watcher: Watcher, house_lines: bytes | None = None) -> None:
        self.store, self.options, self.watcher = store, options, watcher
        self.editor = editor_for(options, house_lines)
        if options.is_flink:
            from copydesk.pipelines import flink

            flink.check(options)

    def run(self, unread: Callable[[Ledger], Iterator[Piece | None]], ledger: Ledger | None = None) -> Outcome:
        """Holds the output, finishes what an earlier run left, and commits what is unread.

        Args:
            unread: The pieces that a ledger does not have; None for each input that it has.
            ledger: As an earlier run of this process left it.
        """
        outcome = Outcome(self.store.url)
        wait = self.options.if_held == "wait"
        stream_lease.await_end(self.store, wait=wait, on_wait=self.watcher.say)
        with Claim(self.store, wait=wait, on_wait=self.watcher.say):
            ledger = ledger or Ledger(self.store)
            ledger.refresh()
            outcome.finished = commit.finish(self.store, ledger.through)
            ledger.refresh()
            ledger.merge()
            commit.sweep(self.store)
            while not self._commit_all(unread, ledger, outcome):
                self.watcher.say("another run has committed to the output meanwhile; planning anew what is left")
            commit.sweep(self.store)
        return outcome

    def _commit_all(self, unread: Callable[[Ledger], Iterator[Piece | None]], ledger: Ledger, outcome: Outcome) -> bool:
        """Commits what is unread; False as soon as a window turns out to be another run's.

        That happens only if a claim was lost. The other's decision has been published, ours dropped.
        """
        outcome.skipped = 0
        batch_bytes = self.options.batch_bytes if self.options.is_local else 1 << 62
        for pieces in windows(self._pieces(unread(ledger), outcome), batch_bytes):
            name, number, first = ledger.next_window(), ledger.through + 1, pieces[0]
            self._run_window(name, pieces, ledger)
            manifests = ledger.refresh()
            done = ledger.committed([first.uri], since=number).get((first.uri, first.version), ())
            ledger.merge()
            if (first.start, first.end) not in done:
                return False
            outcome.add(manifests[name])
            outcome.inputs.update(piece.uri for piece in pieces)
        return True

    def _pieces(self, unread: Iterator[Piece | None], outcome: Outcome) -> Iterator[Piece]:
        for piece in unread:
            if piece is None:
                outcome.skipped += 1
            else:
                yield piece

    def _run_window(self, name: str, pieces: list[Piece], ledger: Ledger) -> None:
        # Beam takes seconds to import, and a run that finds nothing new has no need of it.
        from copydesk.pipelines.engine import run_pipeline
        from copydesk.pipelines.ingest import Job, build

        window = commit.WindowSpec(
            commit.WindowId(name, self.options.as_of),
            shards_for(pieces),
            tuple(ledger.seen_files()),
            facts(self.editor, self.options),
        )
        with self._scratch(name) as scratch:
            progress = Progress(f"{scratch}/progress") if scratch else Progress()
            desk = desk_for(self.store, self.options, self.editor, progress)
            job = Job(desk, window, tuple(splits(pieces)), self._exchange(name, scratch))
            self.watcher.start(name, sum(piece.length for piece in pieces), progress.total)
            try:
                run_pipeline(partial(build, job=job), self.options, unpacked_size(pieces))
            finally:
                self.watcher.stop()

    def _exchange(self, name: str, scratch: str | None) -> Exchange:
        if scratch:
            return Spill(scratch)
        return Staged(self.store, f"{STAGING}/{name}/spill") if self.options.is_flink else Inline()

    @contextmanager
    def _scratch(self, name: str) -> Iterator[str | None]:
        """A folder that all workers see, gone afterwards; None where workers are elsewhere."""
        if not self.options.is_local:
            yield None
            return
        if isinstance(self.store, FolderStore):
            folder = self.store.root / STAGING / name / "spill"
        else:
            # Named by the output, so that what a killed run left is found and removed.
            folder = Path(tempfile.gettempdir(), "copydesk-" + sha256(self.store.url.encode()).hexdigest()[:16])
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        try:
            yield str(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
