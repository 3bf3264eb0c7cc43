"""How well the line rules tell boilerplate from prose, and how fast.

    python benchmarks/lines.py [--data ../shared/data] [--show]

Three tables in one run:

- lines of boilerplate set one at a time in the middle of a story: how many are cut, and how many of the near misses
  are kept (`boilerplate_lines.jsonl`);
- paragraphs that belong to a story, by the gold standard of two sets of pages, and how many of them the desk cuts,
  whole or in part. Every cut has been read: `judged.tsv` says which of them took what is not the story (`noise`: the
  set keeps credits, corrections, prompts) and which took a field to its column (`field`: datelines, the headline and
  the standfirst printed again). What is left, and every cut that nobody has judged yet, is counted as prose;
- the speed of labelling plain text, one thread, and what a megabyte of trouble costs.

Where a set is absent, its table says so and is left out.
"""

from __future__ import annotations

import argparse
import hashlib
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


def key_of(name: str, line: str) -> str:
    """What stands for a line of a page in `judged.tsv`: the sets are not ours to copy."""
    return hashlib.blake2b(f"{name}\n{line}".encode(), digest_size=8).hexdigest()


def judged() -> dict[str, str]:
    """The verdict on each cut that has been read: `noise`, `field` or `prose`."""
    rows = Path(__file__).with_name("judged.tsv").read_text("utf-8").splitlines()
    return {key: verdict for key, verdict, *_ in (row.split("\t") for row in rows if not row.startswith("#"))}


def gold_paragraphs(desk: Desk, data: Path, show: bool) -> None:
    """Prints how many gold paragraphs are cut, and what was cut."""
    verdicts = judged()
    print(f"{'gold paragraphs':34}{'all':>8}{'cut':>6}{'noise':>7}{'field':>7}{'prose':>7}")
    for title, pages in (("fundus", fundus(data)), ("article-extraction-benchmark", scrapinghub(data))):
        total = 0
        cuts: Counter[str] = Counter()
        for name, headline, lines in pages:
            draft = draft_of(lines, headline)
            edited = desk.edit(draft)
            total += len(draft.blocks)
            for block in draft.blocks:
                cut = touched(edited, block.start, block.end)
                if not cut:
                    continue
                text = draft.raw[block.start : block.end]
                key = key_of(name, text)
                verdict = verdicts.get(key, "not judged")
                cuts[verdict] += 1
                if show:
                    rules = {c.rule for c in edited.cuts if c.start < block.end and block.start < c.start + c.length}
                    part = "part " if cut < len("".join(text.split())) else "whole"
                    print(f"    {key} {verdict:10} {part} {name[:20]:20} {','.join(sorted(rules)):30} {text[:120]!r}")
        if total:
            noise, field = cuts["noise"], cuts["field"]
            prose = cuts.total() - noise - field
            print(f"  {title:32}{total:8}{cuts.total():6}{noise:7}{field:7}{prose:7}{prose / total:9.3%}")
        else:
            print(f"  {title:32} skipped, no such data under {data}")


def speed(desk: Desk) -> None:
    """Prints how fast plain text of news length is labelled."""
    prose = [*PROSE, *(line.replace("the ", "this ").replace("a ", "one ") for line in PROSE)]
    noisy = [
        "Sign up now: Get the morning newsletter",
        "Photo: Jane Doe/Harbour News",
        "LISBON - " + prose[0],
        *prose[1:],
    ]
    for title, lines in (("prose", prose), ("prose with 3 lines of boilerplate", noisy)):
        draft = draft_of(lines, "Porto Alto closes its oldest quay")
        desk.edit(draft)
        best = min(_seconds(desk, [draft] * 100) for _ in range(40)) / 100
        size = len(draft.raw.encode())
        print(f"  {title:40}{size:8} bytes{best * 1e6:9.0f} us{size / best / 1e6:9.1f} MB/s")


def speed_of_pages(desk: Desk, data: Path) -> None:
    """Prints how fast the gold texts of the pages are labelled, when they are new and when they are known."""
    drafts = [draft_of(lines, headline) for pages in (fundus(data), scrapinghub(data)) for _, headline, lines in pages]
    size = sum(len(draft.raw.encode()) for draft in drafts)
    for title in ("gold texts, read for the first time", "gold texts, read again") if drafts else ():
        took = _seconds(desk, drafts)
        print(f"  {title:40}{size:8} bytes{took * 1e6 / len(drafts):9.0f} us{size / took / 1e6:9.1f} MB/s")


def speed_of_trouble(desk: Desk) -> None:
    """Prints what a megabyte costs that is all the same line, or made to be slow."""
    for name, line in {
        "one line": "a",
        "a heading with a rule for it": "Photo\n",
        "a prompt": "Share this article\n",
        "an agency, cut from the end": "REUTERS\n",
        "a byline, cut from the top": "By Jane Doe\n",
        "one paragraph": PROSE[0] + "\n",
        "CMS tokens": "[[nid:1]] ",
        "captions without an end": "The quay at dawn (Photo: ",
    }.items():
        lines = (line * (1_000_000 // len(line))).splitlines()
        print(f"  1 MB of {name:32}{_seconds(desk, [draft_of(lines)]):27.2f} s")


def _seconds(desk: Desk, drafts: Sequence[Draft]) -> float:
    """Seconds of CPU that the desk takes."""
    began = time.process_time()
    for draft in drafts:
        desk.edit(draft)
    return time.process_time() - began


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the three tables."""
    parser = argparse.ArgumentParser(description="How well and how fast the line rules work.")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[1] / ".." / "shared" / "data")
    parser.add_argument("--show", action="store_true", help="print every line that came out wrong")
    given = parser.parse_args(arguments)
    print("labelling plain text, one thread, CPU time of a document")
    desk = Desk()
    desk.edit(draft_of(PROSE))
    speed_of_pages(desk, given.data)
    speed(desk)
    speed_of_trouble(desk)
    boilerplate_lines(desk, given.data, given.show)
    gold_paragraphs(desk, given.data, given.show)
    return 0


if __name__ == "__main__":
    sys.exit(main())
