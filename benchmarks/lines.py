"""How well the line rules tell boilerplate from prose, and how fast.

    python benchmarks/lines.py [--data ../shared/data] [--show]

Three tables in one run:

- lines of boilerplate set one at a time in the middle of a story: how many are cut, and how many of the near misses
  are kept (`boilerplate_lines.jsonl`);
- paragraphs that belong to a story, by the gold standard of two sets of pages, and how many of them the desk cuts
  whole, or cuts something of;
- the speed of labelling plain text, one thread.

Where a set is absent, its table says so and is left out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from copydesk.transforms.boilerplate import Desk, Edited
from copydesk.transforms.draft import Block, Draft, Metadata

PROSE = (
    "The port of Porto Alto will close its oldest quay to cars in May, the first such closure since 1954.",
    "Residents had asked for it for years. The council voted on the plan twice before it found a majority, and even "
    "then four of its members left the room.",
    "“We should have done this when my father sat in this room,” the mayor said on Tuesday.",
    "Shops on the quay say that four in ten of their customers come by car, and that few of those would walk from the "
    "new car park behind the station.",
    "A study by the university put the loss at 3 percent of sales in the first year and none after that.",
    "The harbour master wants the ferries to berth there again, as they did until the silt came.",
    "Dredging would cost 12 million euros, a sum that the town does not have.",
    "Fishermen have used the quay since the new basin was built, and they would have to move as well.",
    "Their cooperative has asked for two berths in the east and a cold store, which the council has not refused.",
    "The first trees are to be planted in the autumn, and a tram stop is planned for the year after.",
    "Not all are content. A petition against the closure had 1,900 names by Monday evening.",
    "The mayor and the traders are to meet again in June.",
)
"""A story written for this benchmark, in which no rule finds anything."""


def draft_of(lines: Sequence[str], headline: str | None = None) -> Draft:
    """A story of plain lines, one block each."""
    raw = "\n\n".join(lines)
    blocks = []
    position = 0
    for line in lines:
        start = position + len(line) - len(line.lstrip())
        blocks.append(Block("paragraph", start, start + len(line.strip())))
        position += len(line) + 2
    return Draft("benchmark", "text/plain", raw, tuple(blocks), Metadata(headline=headline))


def touched(edited: Edited, start: int, end: int) -> int:
    """Code points cut between two places of the raw text, white space aside."""
    count = 0
    for cut in edited.cuts:
        low, high = max(start, cut.start), min(end, cut.start + cut.length)
        if low < high:
            count += len("".join(cut.text[low - cut.start : high - cut.start].split()))
    return count


def boilerplate_lines(desk: Desk, data: Path, show: bool) -> None:
    """Prints how many of the known lines are cut."""
    file = data / "boilerplate_lines.jsonl"
    if not file.is_file():
        print(f"boilerplate lines: skipped, {file} is absent")
        return
    total: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for record in map(json.loads, file.read_text("utf-8").splitlines()):
        action, line = record["action"], " ".join(record["example"].split())
        at = 0 if action == "strip_prefix" else 6
        lines = [*PROSE[:at], line, *PROSE[at:]]
        edited = desk.edit(draft_of(lines, "Porto Alto closes its oldest quay"))
        start = sum(len(before) + 2 for before in lines[:at])
        cut = touched(edited, start, start + len(line))
        whole = len("".join(line.split()))
        good = {"keep": cut == 0, "drop_line": cut == whole}.get(action, cut > 0)
        total[action] += 1
        right[action] += good
        if show and not good:
            print(f"    {action:12} {record['kind']:20} {line[:140]}")
    print(f"{'boilerplate lines, set among prose':44}{'right':>8}{'of':>8}{'':>4}")
    for action in sorted(total):
        print(f"  {action:42}{right[action]:8}{total[action]:8}{right[action] / total[action]:9.1%}")
    lines_cut = sum(right[a] for a in total if a != "keep")
    print(f"  {'all but keep':42}{lines_cut:8}{sum(total.values()) - total['keep']:8}", end="")
    print(f"{lines_cut / (sum(total.values()) - total['keep']):9.1%}")


def fundus(data: Path) -> Iterator[tuple[str, str | None, list[str]]]:
    """Name, headline and gold paragraphs of each page of the Fundus set."""
    for file in sorted((data / "pages" / "fundus").rglob("*.json")):
        for version, record in sorted(json.loads(file.read_text("utf-8")).items()):
            if not isinstance(record, dict) or not isinstance(record.get("body"), dict):
                continue
            body = record["body"]
            lines = list(body["summary"])
            for section in body["sections"]:
                lines += [*section["headline"], *section["paragraphs"]]
            if lines := [" ".join(line.split()) for line in lines if line.strip()]:
                yield f"{file.stem} {version}", record.get("title") or file.stem, lines


def scrapinghub(data: Path) -> Iterator[tuple[str, str | None, list[str]]]:
    """Name and gold paragraphs of each page of the article extraction benchmark."""
    file = data / "pages" / "article-extraction-benchmark" / "ground-truth.json"
    if file.is_file():
        for name, record in json.loads(file.read_text("utf-8")).items():
            lines = [line.strip() for line in record["articleBody"].splitlines()]
            yield name[:12], None, [line for line in lines if line]


def gold_paragraphs(desk: Desk, data: Path, show: bool) -> None:
    """Prints how many gold paragraphs are cut."""
    print(f"{'gold paragraphs':36}{'paragraphs':>12}{'cut whole':>12}{'':>9}{'cut in part':>12}")
    for title, pages in (("fundus", fundus(data)), ("article-extraction-benchmark", scrapinghub(data))):
        total = whole = part = 0
        for name, headline, lines in pages:
            draft = draft_of(lines, headline)
            edited = desk.edit(draft)
            for block in draft.blocks:
                cut = touched(edited, block.start, block.end)
                text = draft.raw[block.start : block.end]
                total += 1
                whole += cut == len("".join(text.split()))
                part += 0 < cut < len("".join(text.split()))
                if show and cut:
                    rules = {c.rule for c in edited.cuts if c.start < block.end and block.start < c.start + c.length}
                    mark = "PART" if cut < len("".join(text.split())) else "WHOLE"
                    print(f"    {mark:5} {name[:24]:24} {','.join(rules):30} {text[:120]!r}")
        if total:
            print(f"  {title:34}{total:12}{whole:12}{whole / total:9.3%}{part:12}{part / total:9.3%}")
        else:
            print(f"  {title:34} skipped, no such data under {data}")


def speed(desk: Desk) -> None:
    """Prints how fast plain text of news length is labelled."""
    noise = ["Sign up now: Get the morning newsletter", "LISBON - " + PROSE[0], "Photo: Jane Doe/Harbour News"]
    prose = [*PROSE, *(line.replace("the ", "this ").replace("a ", "one ") for line in PROSE)]
    for title, lines in (("prose", prose), ("prose with 3 lines of boilerplate", [*noise, *prose])):
        draft = draft_of(lines, "Porto Alto closes its oldest quay")
        desk.edit(draft)
        best = 1e9
        for _ in range(5):
            began = time.perf_counter()
            for _ in range(200):
                desk.edit(draft)
            best = min(best, (time.perf_counter() - began) / 200)
        size = len(draft.raw.encode())
        print(f"  {title:40}{size:8} bytes{best * 1e6:9.0f} us{size / best / 1e6:9.1f} MB/s")


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description="How well and how fast the line rules work.")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / ".." / "shared" / "data")
    parser.add_argument("--show", action="store_true", help="print every line that came out wrong")
    given = parser.parse_args(arguments)
    desk = Desk()
    boilerplate_lines(desk, given.data, given.show)
    gold_paragraphs(desk, given.data, given.show)
    print("labelling plain text, one thread, best of 5")
    speed(desk)
    return 0


if __name__ == "__main__":
    sys.exit(main())
