"""Measure the spelling: cases, audit against VarCon, real prose, speed and start-up, in one run.

    python benchmarks/spelling.py [--prose DIR]

The development cases and VarCon lie beside the checkout (`../shared/data`); what is absent is skipped with a message.
`--prose` takes a folder of Debian packages, unpacked: text that is already in the target variety, word
lists, and programs with British catalogues.

    apt-get download postgresql-doc-15 debian-handbook gimp-help-en libreoffice-help-en-us gnome-user-docs anarchism \
      libreoffice-help-en-gb putty-doc sgt-puzzles halibut exim4-doc-html wamerican wbritish \
      gimp-data gnome-control-center-data gnucash-common inkscape libreoffice-l10n-en-gb krita-l10n gnumeric-common \
      libgtk-3-common evolution-common digikam-data caja-common mate-panel-common
    for package in *.deb; do dpkg-deb -x "$package" "DIR/${package%%_*}"; done
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spelling_corpora import labels, prose, word_list
from spelling_rivals import INTO_US_ONLY, Convert, by_table, installed

from copydesk.transforms.spelling import Speller
from copydesk.transforms.spelling.scan import fold
from copydesk.transforms.spelling.sense import sense_rules
from copydesk.transforms.spelling.table import VARIETIES, Entry, coined, prefixes, table

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"
VARCON = SHARED / "varcon" / "varcon.txt"
VARCON_COLUMNS = dict(zip(VARIETIES, "ABZCD", strict=True))
DOCUMENT = 3000
"""Length of a document of the speed test, in characters."""
SPEED_TEXT = 3_000_000
"""How much of the prose the speed test takes, in characters."""


GROUPS = (
    ("names", "neg.name"),
    ("sense +", "pos.sense"),
    ("sense -", "neg.sense"),
    ("machine", "machine"),
)
"""Groups of the development cases, by what their kind holds."""


def cases(texts: list[str]) -> None:
    """Share of the development cases that come out exactly right: this project, other systems, nothing at all."""
    path = SHARED / "spelling_cases.jsonl"
    if not path.exists():
        print(f"cases: skipped, {path} is absent")
        return
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    print(f"cases, all {len(found)} of them, in {len(VARIETIES)} varieties")
    print(TABLE_HEAD)
    _row("copydesk", _shares(found, _copydesk()))
    _row("copydesk, hyphens=modern", _shares(found, _copydesk(hyphens="modern")))
    _row("copydesk, names=official, hyphens=modern", _shares(found, _copydesk(names="official", hyphens="modern")))
    both = [case for case in found if case["target_variety"] in ("en-US", "en-GB")]
    documents = _documents("\n\n".join(texts)[:SPEED_TEXT])
    print(f"cases, the {len(both)} into en-US and en-GB, beside other systems; MB/s in the prose, where that is given")
    print(TABLE_HEAD)
    systems: dict[str, Convert] = {"no change": lambda texts, variety: texts, "copydesk": _copydesk()}
    rivals, absent = installed()
    if VARCON.exists():
        systems["VarCon <= 60, unambiguous, regex"] = _varcon_rival()
    for name, convert in (systems | rivals).items():
        variety = "en-US" if name in INTO_US_ONLY else "en-GB"
        _row(name, _shares(both, convert), _throughput(documents, convert, variety) if documents else None)
    if absent:
        print(f"left out, not installed (the extra bench-spelling): {', '.join(absent)}")


COLUMNS = ("must change", "must not", *(group for group, _ in GROUPS))
TABLE_HEAD = f"| system | {' | '.join(COLUMNS)} | MB/s |\n|---|{'--:|' * (len(COLUMNS) + 1)}"


def _copydesk(**options: Any) -> Convert:
    spellers = {variety: Speller(variety, **options) for variety in VARIETIES}
    return lambda texts, variety: [spellers[variety].apply(text).text for text in texts]


def _varcon_rival() -> Convert:
    """The table that VarCon makes of itself: unambiguous words up to level 60, no context."""
    rows = list(varcon_rows(VARCON, 60))
    tables = []
    for column, other in (("A", "B"), ("B", "A")):
        wanted: dict[str, set[str]] = defaultdict(set)
        fine = {form for _, accepted in rows for form in accepted.get(column, ())}
        for preferred, _ in rows:
            if column in preferred and other in preferred:
                wanted[preferred[other]].add(preferred[column])
        tables.append({old: next(iter(new)) for old, new in wanted.items() if len(new) == 1 and old not in fine})
    converters = dict(zip(("en-US", "en-GB"), map(by_table, tables), strict=True))
    return lambda texts, variety: [converters[variety](text) for text in texts]


def _shares(found: list[dict[str, str]], convert: Convert) -> dict[str, tuple[int, int]]:
    """Exactly right and all, by group."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for variety in VARIETIES:
        chosen = [case for case in found if case["target_variety"] == variety]
        if not chosen:
            continue
        got = convert([case["input"] for case in chosen], variety)
        for case, text in zip(chosen, got, strict=True):
            groups = ["must change" if case["input"] != case["expected"] else "must not"]
            for group in groups + [name for name, mark in GROUPS if mark in case["kind"]]:
                total[group] += 1
                right[group] += text == case["expected"]
    return {group: (right[group], total[group]) for group in total}


def _row(name: str, shares: dict[str, tuple[int, int]], rate: float | None = None) -> None:
    cells = [f"{shares[column][0] / shares[column][1]:.1%}" for column in COLUMNS]
    print(f"| {name} | {' | '.join(cells)} | {'' if rate is None else format(rate, '.2g' if rate < 10 else '.0f')} |")


def _throughput(documents: list[str], convert: Convert, variety: str) -> float:
    """MB per second of processor time, over as many documents as two seconds allow."""
    convert(documents[:2], variety)
    done, size, started = 0, 1, _processor_time()
    while done < len(documents) and _processor_time() - started < 2:
        convert(documents[done : done + size], variety)
        done += size
        size *= 2
    return sum(map(len, documents[:done])) / (_processor_time() - started) / 1e6


def _processor_time() -> float:
    """Seconds of this process and of the commands it has run: other work on the machine does not count."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def varcon_rows(path: Path, level: int) -> Iterator[tuple[dict[str, str], dict[str, set[str]]]]:
    """Preferred form and accepted forms by VarCon's column letter, of rows up to a level; archaic rows left out."""
    current = 0
    for line in path.read_text(encoding="utf-8").splitlines():
        if head := re.match(r"# .*\(level (\d+)\)", line):
            current = int(head[1])
        if not line.strip() or line.startswith("#") or current > level:
            continue
        body, _, note = line.partition("#")[0].partition(" | ")
        if "(-)" in note:
            continue
        preferred: dict[str, str] = {}
        accepted: dict[str, set[str]] = defaultdict(set)
        for part in body.split(" / "):
            tags, _, word = part.partition(": ")
            for tag in tags.split():
                if not tag.isdigit() and tag[1:] in ("", ".", "v"):
                    accepted[tag[0]].add(word.strip().lower())
                    if tag[1:] in ("", "."):
                        preferred.setdefault(tag[0], word.strip().lower())
        for column, parent in (("Z", "B"), ("C", "Z"), ("D", "B")):
            if column not in preferred and parent in preferred:
                preferred[column] = preferred[parent]
                accepted[column] |= accepted[parent]
        yield preferred, accepted


def audit() -> None:
    """How much of VarCon the tables cover, and what they change that it accepts."""
    path = VARCON
    if not path.exists():
        print(f"audit: skipped, {path} is absent")
        return
    for level in (35, 50, 60, 70):
        rows = list(varcon_rows(path, level))
        for variety, column in VARCON_COLUMNS.items():
            entries = table(variety)
            wanted: dict[str, set[str]] = defaultdict(set)
            fine: set[str] = set()
            for preferred, accepted in rows:
                if column in preferred:
                    fine |= accepted[column]
                    for other in preferred.values():
                        if other != preferred[column] and "'" not in other:
                            wanted[other].add(preferred[column])
            plain = {old: next(iter(new)) for old, new in wanted.items() if len(new) == 1 and old not in fine}
            got = {old: _table_form(entries, old) or coined(variety, old) for old in plain}
            missing = sorted(old for old in plain if got[old] is None)
            wrong = sorted(old for old in plain if got[old] not in (None, plain[old]))
            # VarCon makes comparatives of every adjective (`colorfuler`, `unlabeledder`): nobody writes them.
            real = [old for old in missing if not re.search(r"(?:er|est)$", old)]
            touched = sorted(old for old in entries if old in fine and old not in sense_rules())
            print(
                f"audit, level <= {level}, {variety}: {len(plain) - len(missing) - len(wrong)}/{len(plain)} as VarCon, "
                f"{len(missing)} missing ({len(real)} but for -er and -est), {len(wrong)} other, "
                f"{len(touched)} changed that VarCon accepts"
            )
            if level == 60 and real:
                print("    missing: " + " ".join(real))


def _table_form(entries: dict[str, Entry], word: str) -> str | None:
    """What the table makes of a word, with or without a productive prefix."""
    if word in entries:
        return entries[word].new
    for prefix in sorted(prefixes()):
        entry = entries.get(word.removeprefix(prefix)) if word.startswith(prefix) else None
        if entry is not None and entry.ending:
            return prefix + entry.new
    return None


def audit_lists(folder: Path | None) -> None:
    """What the word list of the other variety has and the own one has not: is it changed? And the other way round."""
    for variety, other in (("en-US", "en-GB"), ("en-GB", "en-US")):
        own, foreign = word_list(folder, variety), word_list(folder, other)
        if not (own and foreign):
            print("audit, Debian's word lists: skipped, give --prose a folder with wamerican and wbritish unpacked")
            return
        speller = Speller(variety)
        candidates = sorted(word for word in foreign - own if "'" not in word)
        missing = [word for word in candidates if not speller.apply(f"the {word} of it").changes]
        missing = [word for word in missing if word not in sense_rules()]
        touched = [word for word in table(variety) if word in own and word in foreign and word not in sense_rules()]
        print(
            f"audit, Debian's word lists, {variety}: {len(candidates) - len(missing)} of {len(candidates)} words of "
            f"{other} alone are changed; {len(touched)} are changed that both lists hold"
        )
        print("    not changed: " + " ".join(missing))
        print("    changed: " + " ".join(sorted(touched)))


def _made_text() -> str:
    lines = (ROOT / "tests" / "transforms" / "spelling" / "cases.tsv").read_text(encoding="utf-8").splitlines()
    return " ".join(line.split("\t")[1] for line in lines if line and not line.startswith("#"))


def _documents(text: str) -> list[str]:
    return [text[at : at + DOCUMENT] for at in range(0, len(text) - DOCUMENT, DOCUMENT)]


def _rate(documents: list[str], work: Callable[[str], object]) -> float:
    """MB/s over the documents, from the best of ten passes over each: other work on the machine is kept out."""
    total = 0
    for document in documents:
        best = 1 << 62
        for _ in range(10):
            started = time.perf_counter_ns()
            work(document)
            best = min(best, time.perf_counter_ns() - started)
        total += best
    return sum(map(len, documents)) / total * 1e3


def speed(texts: list[str]) -> None:
    """MB/s on documents of 3,000 characters with everything on."""
    sources = {"prose": "\n\n".join(texts)[:SPEED_TEXT], "cases, the densest text there can be": _made_text()}
    for name, text in sources.items():
        documents = _documents(text)
        if documents:
            print(f"speed, {name}: fold alone {_rate(documents, fold):.0f} MB/s")
            for variety in VARIETIES:
                speller = Speller(variety)
                speller.apply("warm")
                changes = sum(len(speller.apply(document).changes) for document in documents) / len(documents)
                rate = _rate(documents, speller.apply)
                print(f"speed, {name}, {variety}: {rate:.0f} MB/s, {changes:.1f} changes a document of 3 KB")


def start() -> None:
    """Processor time from nothing to the first respelt text, import and tables, in a new process; best of five."""
    code = (
        "import time; t = time.process_time(); from copydesk.transforms.spelling import Speller;"
        "Speller('en-GB').apply('The color.'); print(time.process_time() - t)"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(5)]
    print(f"start-up: {min(float(run.stdout) for run in runs):.2f} s of processor time to the first respelt text")


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prose", type=Path, default=None, help="folder with unpacked Debian packages")
    options = parser.parse_args()
    print(f"rules {Speller('en-GB').version}, {len(prefixes())} productive prefixes")
    for variety in VARIETIES:
        print(f"table, {variety}: {len(table(variety))} forms")
    texts = prose(options.prose)
    cases(texts)
    audit()
    audit_lists(options.prose)
    labels(options.prose)
    speed(texts)
    start()


if __name__ == "__main__":
    main()
