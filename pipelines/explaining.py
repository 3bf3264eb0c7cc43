"""Explains the stories of files: opens and edits them as a run would, and writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from copydesk.pipelines import files
from copydesk.pipelines.opening import Refused, open_piece
from copydesk.pipelines.options import JobOptions, OptionsError
from copydesk.pipelines.plan import Input, Piece
from copydesk.pipelines.run import editor_for, open_options
from copydesk.transforms.draft import Draft
from copydesk.transforms.edit import Editor
from copydesk.transforms.errors import Reject
from copydesk.transforms.explain import Explained, explain
from copydesk.transforms.read import Limits, read


def stories(names: Sequence[str], options: JobOptions) -> Iterator[Explained]:
    """Every story in the files, explained; refused ones say why.

    Args:
        names: As `files.find`, or the `source_uri` of a row.
        options: As for a run.

    Raises:
        OptionsError: a name names nothing, or an option is wrong.
    """
    editor = editor_for(options)
    limits = Limits(max_document_bytes=options.max_document_bytes)
    for name in names:
        found, wanted = _find(name)
        any_shown = False
        for item in found:
            for story in _of_file(item, options, limits, editor):
                if wanted is None or story.source_uri == item.uri + wanted:
                    any_shown = True
                    yield story
        if not any_shown:
            raise OptionsError([f"{name}: there is no such story in the file"])


def _find(name: str) -> tuple[list[Input], str | None]:
    """The files, and which story of one is asked for."""
    if "://" in name and "#" in name:  # in a URL it stands for itself nowhere
        file, _, story = name.partition("#")
        name, wanted = file, f"#{story}"
    else:
        wanted = None
    try:
        return files.find([name]), wanted
    except files.NothingFoundError as error:
        for at in (match.start() for match in re.finditer("[#!]", name)):
            try:
                return files.find([name[:at]]), name[at:] + (wanted or "")
            except files.NothingFoundError:
                continue
        raise OptionsError([f"{error}; give a file, or the source_uri of a row"]) from error


def _of_file(item: Input, options: JobOptions, limits: Limits, editor: Editor) -> Iterator[Explained]:
    piece = Piece(item.uri, "", item.size, problem=item.problem)
    for found in open_piece(piece, open_options(options)):
        if isinstance(found, Refused):
            yield Explained(found.source_uri, "", (), None, str(found.reject))
            continue
        try:
            drafts = read(found, limits)
        except Reject as reject:
            yield Explained(found.source_uri, "", (), None, str(reject))
            continue
        for number, draft in enumerate(drafts):
            if isinstance(draft, Draft):
                yield explain(draft, editor)
            else:
                yield Explained(f"{found.source_uri}#entry={number}", "", (), None, str(draft))
