"""What the Flex Template's launcher starts: the template's parameters in, a Dataflow job out.

The parameters have the names of the options in a config file, and `inputs` the words that `copydesk ingest` is given;
they come as `--name=value`. Whatever else comes is Beam's. Nothing is waited for: the launcher must end for the job to
begin.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from copydesk.pipelines.options import BY_NAME, HandedOverError, JobOptions, OptionsError, resolve
from copydesk.pipelines.run import Watcher, ingest
from copydesk.pipelines.store import is_remote


def sorted_out(words: Sequence[str]) -> tuple[list[str], dict[str, Any], list[str]]:
    """Parts the launcher's words.

    Returns:
        The inputs; the options that were given, by name; what is Beam's, as it was written.

    Raises:
        OptionsError: a switch is neither `true` nor `false`.
    """
    inputs: list[str] = []
    given: dict[str, Any] = {}
    beams: list[str] = []
    for word in words:
        name, _, value = word.removeprefix("--").partition("=")
        if name == "inputs":
            inputs = shlex.split(value)
        elif name in BY_NAME and name != "runner":
            if BY_NAME[name].kind == "flag":
                if value not in ("true", "false"):
                    raise OptionsError([f"{name}: {value!r} is not true or false"])
                given[name] = value == "true"
            elif value:  # a field that was left empty in a form
                given[name] = value
        else:
            beams.append(word)
    return inputs, given, beams


def job_of(words: Sequence[str]) -> tuple[list[str], JobOptions]:
    """The inputs and the checked options of a launch.

    Raises:
        OptionsError: all that is wrong with them.
    """
    inputs, given, beams = sorted_out(words)
    if not inputs:
        raise OptionsError(["inputs: say what to read: gs://BUCKET/raw/"])
    if local := [place for place in inputs if not is_remote(place)]:
        raise OptionsError([f"inputs: {', '.join(local)}: Dataflow's workers read object stores alone"])
    if "output" in given and not is_remote(given["output"]):
        raise OptionsError([f"output: {given['output']}: Dataflow's workers write to object stores alone"])
    options = resolve(given, {"runner": "DataflowRunner"}, datetime.now(UTC).date().isoformat(), beams)
    return inputs, options


def main(words: Sequence[str]) -> int:
    """Hands over the job; returns the exit status."""
    try:
        inputs, options = job_of(words)
        ingest(inputs, options, Watcher(say=lambda told: print(told, flush=True)))
    except OptionsError as error:
        print(*(f"copydesk: {problem}" for problem in error.problems), sep="\n", file=sys.stderr)
        return 2
    except HandedOverError:
        return 0
    print("copydesk: nothing new: all inputs are committed already, and there is no job to start")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
