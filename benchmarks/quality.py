"""How well stories are found on pages, beside other extractors: one scorer, one run.

    python benchmarks/quality.py [--data ../shared/data/pages] [--only copydesk,trafilatura] [--noise ID]

Two public sets, each with its own truth:

- `article-extraction-benchmark` (181 pages, one text per page): shingles of four words as in the set's own evaluation,
  precision and recall averaged over pages, and F1 of the two averages;
- `fundus` (news pages of some 180 publishers, as paragraphs): exact paragraphs as a multiset; noise lines, with under
  half of their three-word shingles in the truth; perfect pages, without a noise line and with every paragraph of the
  truth there (half of its shingles in the output).

Copydesk stands as it is set by default, and as the truth of a set asks for, since houses differ on what a story is:
both sets keep datelines in the text; the first leaves out the summary above the story, and fundus posts of social
networks and, on most pages, lists. A set or an extractor that is absent is named and left out; `scripts/compare` makes
an environment with all the others and runs this.

Publishers are parted into two halves by a hash of their name. Rules were first drawn from half A alone; since then the
noise of both has been read.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from copydesk.transforms.boilerplate import Desk
from copydesk.transforms.errors import Reject
from copydesk.transforms.page import read_fragment, read_page

ENGLISH = frozenset({"au", "ca", "ind", "ls", "my", "na", "tz", "uk", "us", "za"})
"""Fundus's codes of the countries where English is an official language or that of business."""

WARM_UP = 40
"""Pages that are not timed, where no other set can be read before the clock runs: what is compiled on first use is no
page's time, and no page that is timed has been seen before."""

Extractor = Callable[[bytes], str]
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Page:
    """One page and its truth."""

    name: str
    group: str
    half: str
    html: bytes
    paragraphs: tuple[str, ...]


# -- the sets


def half_of(publisher: str) -> str:
    """A or B, the same for all pages of a publisher."""
    return "AB"[int(hashlib.md5(publisher.lower().encode(), usedforsecurity=False).hexdigest(), 16) % 2]


def scrapinghub(data: Path) -> Iterator[Page]:
    """The pages of article-extraction-benchmark."""
    folder = data / "article-extraction-benchmark"
    truth = json.loads((folder / "ground-truth.json").read_text("utf-8"))
    for name, entry in truth.items():
        html = gzip.decompress((folder / "html" / f"{name}.html.gz").read_bytes())
        yield Page(name, "all", half_of(urlsplit(entry["url"]).netloc), html, lines_of(entry["articleBody"]))


def fundus(data: Path) -> Iterator[Page]:
    """The pages of fundus. Versions stand in order of date; where a title is on another page, it goes to that one."""
    for truth_file in sorted((data / "fundus").glob("*/*.json")):
        versions = [
            v for _, v in sorted(json.loads(truth_file.read_text("utf-8")).items(), key=lambda kv: int(kv[0][1:]))
        ]
        pattern = re.compile(re.escape(truth_file.stem) + r"_\d{4}_\d\d_\d\d\.html\.gz")
        files = sorted(path for path in truth_file.parent.iterdir() if pattern.fullmatch(path.name))
        pages = [gzip.decompress(path.read_bytes()) for path in files]
        for version, path, html in zip(matched(versions, pages), files, pages, strict=True):
            body = version["body"]
            sections = [line for part in body["sections"] for line in (*part["headline"], *part["paragraphs"])]
            paragraphs = tuple(text for line in (*body["summary"], *sections) if (text := plain(line)))
            country = truth_file.parent.name
            name = f"{country}/{path.name.removesuffix('.html.gz')}"
            yield Page(name, group_of(country, paragraphs), half_of(truth_file.stem), html, paragraphs)


def matched(versions: list[dict[str, object]], pages: list[bytes]) -> list[dict[str, object]]:
    """The versions in the order of the pages; a version goes to the page that has its title, if only one has."""
    texts = [page.decode("utf-8", "replace") for page in pages]
    owners = [[i for i, text in enumerate(texts) if str(version["title"]) in text] for version in versions]
    order = [owner[0] if len(owner) == 1 else i for i, owner in enumerate(owners)]
    if sorted(order) != list(range(len(pages))):
        return versions
    return [versions[order.index(i)] for i in range(len(pages))]


def group_of(country: str, paragraphs: Iterable[str]) -> str:
    """`English`, `other Latin` or `other script`."""
    if country in ENGLISH:
        return "English"
    letters = [c for c in "".join(paragraphs) if c.isalpha()]
    return (
        "other Latin"
        if sum(c < "\u0250" or "\u1e00" <= c < "\u1f00" for c in letters) * 2 > len(letters)
        else "other script"
    )


# -- the extractors


def copydesk(desk: Desk) -> Extractor:
    """This project: the page reader and the desk."""

    def extract(html: bytes) -> str:
        try:
            return desk.edit(read_page(html, source_uri="benchmark")).text
        except Reject:
            return ""

    return extract


def others() -> Iterator[tuple[str, Extractor | None]]:
    """The other extractors as their documentation has them called; None for one that is not installed."""
    for make in (_trafilatura, _readability, _newspaper, _resiliparse):
        try:
            yield make()
        except ImportError:
            yield make.__name__.removeprefix("_"), None


def _trafilatura() -> tuple[str, Extractor]:
    import trafilatura

    return "trafilatura", lambda html: trafilatura.extract(html, include_comments=False) or ""


def _readability() -> tuple[str, Extractor]:
    from readability import Document

    def extract(html: bytes) -> str:
        summary = Document(html.decode("utf-8", "replace")).summary(html_partial=True)
        return read_fragment(summary)[0]

    return "readability-lxml", extract


def _newspaper() -> tuple[str, Extractor]:
    from newspaper import Article

    def extract(html: bytes) -> str:
        article = Article("https://benchmark.example/story", fetch_images=False)
        article.download(input_html=html.decode("utf-8", "replace"))
        article.parse()
        return str(article.text)

    return "newspaper4k", extract


def _resiliparse() -> tuple[str, Extractor]:
    from resiliparse.extract.html2text import extract_plain_text

    return "resiliparse", lambda html: extract_plain_text(html.decode("utf-8", "replace"), main_content=True)


# -- the scores


def plain(line: str) -> str:
    """A line without what cannot be seen, white space collapsed."""
    if not line.isascii():
        line = "".join([c for c in line if unicodedata.category(c) != "Cf"])
    return " ".join(line.split())


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of a text that are not blank."""
    return tuple(line for given in text.splitlines() if (line := plain(given)))


def shingles(text: str, size: int) -> Counter[tuple[str, ...]]:
    """The runs of so many words in a text; all of it where it is shorter."""
    words = _WORD.findall(text)
    return Counter(tuple(words[i : i + size]) for i in range(max(1, len(words) - size + 1)) if words)


@dataclass
class ShingleScore:
    """Precision and recall over four-word shingles, averaged over pages."""

    precision: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)

    def add(self, page: Page, lines: Sequence[str]) -> None:
        """Score one page."""
        truth, found = shingles("\n".join(page.paragraphs), 4), shingles("\n".join(lines), 4)
        both = (truth & found).total()
        if found:
            self.precision.append(both / found.total())
        if truth:
            self.recall.append(both / truth.total())

    def row(self) -> list[str]:
        """F1, precision, recall."""
        precision = sum(self.precision) / max(1, len(self.precision))
        recall = sum(self.recall) / max(1, len(self.recall))
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return [f"{value:.4f}" for value in (f1, precision, recall)]


@dataclass
class ParagraphScore:
    """Exact paragraphs, noise lines and perfect pages."""

    pages: int = 0
    exact: int = 0
    found: int = 0
    wanted: int = 0
    covered: int = 0
    noise: int = 0
    perfect: int = 0

    def add(self, page: Page, lines: Sequence[str]) -> tuple[list[str], list[str]]:
        """Score one page; its noise lines and the paragraphs it lacks."""
        noise = _strangers(lines, page.paragraphs)
        missing = _strangers(page.paragraphs, lines)
        self.pages += 1
        self.exact += (Counter(lines) & Counter(page.paragraphs)).total()
        self.found += len(lines)
        self.wanted += len(page.paragraphs)
        self.covered += len(page.paragraphs) - len(missing)
        self.noise += len(noise)
        self.perfect += not noise and not missing
        return noise, missing

    def row(self) -> list[str]:
        """Paragraph F1, precision, recall, noise lines of all, truth covered, perfect pages of all."""
        f1 = 200 * self.exact / max(1, self.found + self.wanted)
        precision, recall = 100 * self.exact / max(1, self.found), 100 * self.exact / max(1, self.wanted)
        covered = 100 * self.covered / max(1, self.wanted)
        return [
            *(f"{value:.1f}" for value in (f1, precision, recall)),
            f"{self.noise}/{self.found}",
            f"{covered:.1f}",
            f"{self.perfect}/{self.pages}",
        ]


def _strangers(lines: Iterable[str], other: Iterable[str]) -> list[str]:
    """Lines with under half of their three-word shingles in the other text."""
    known = {shingle for line in other for shingle in shingles(line, 3)}
    known |= set(shingles(" ".join(other), 3))
    strange = []
    for line in lines:
        own = shingles(line, 3)
        if own and 2 * sum(shingle in known for shingle in own) < len(own):
            strange.append(line)
    return strange


# -- the run


def run_shingles(pages: Sequence[Page], systems: Sequence[tuple[str, Extractor]], before: Sequence[Page]) -> None:
    """Print the table of article-extraction-benchmark."""
    first = 0 if before else WARM_UP
    print(f"\narticle-extraction-benchmark, {len(pages)} pages\n")
    print_row("", ["F1", "P", "R", "F1 half A", "F1 half B", "pages/s"], header=True)
    for name, extract in systems:
        score = {"": ShingleScore(), "A": ShingleScore(), "B": ShingleScore()}
        for page in before:
            timed(extract, page)
        results = [timed(extract, page) for page in pages]
        seconds = sum(spent for _, spent in results[first:])
        for page, (lines, _) in zip(pages, results, strict=True):
            for half in ("", page.half):
                score[half].add(page, lines)
        halves = [score[half].row()[0] for half in "AB"]
        print_row(name, [*score[""].row(), *halves, f"{(len(pages) - first) / seconds:.0f}"])


def run_paragraphs(pages: Sequence[Page], systems: Sequence[tuple[str, Extractor]], show: str | None) -> None:
    """Print one table for each group of fundus pages."""
    results = {name: [(page, timed(extract, page)[0]) for page in pages] for name, extract in systems}
    for group in ("English", "other Latin", "other script"):
        print(f"\nfundus, {group}, {sum(page.group == group for page in pages)} pages\n")
        columns = ["paragraph F1", "P", "R", "noise", "covered", "perfect", "F1 half A", "F1 half B"]
        print_row("", columns, header=True)
        for name, result in results.items():
            score = {"": ParagraphScore(), "A": ParagraphScore(), "B": ParagraphScore()}
            for page, lines in result:
                if page.group == group:
                    for half in ("", page.half):
                        noise, missing = score[half].add(page, lines)
                    if show and show in page.name:
                        print("\n".join([f"{page.name} noise   {line}" for line in noise]))
                        print("\n".join([f"{page.name} missing {line}" for line in missing]))
            print_row(name, [*score[""].row(), *(score[half].row()[0] for half in "AB")])


def timed(extract: Extractor, page: Page) -> tuple[tuple[str, ...], float]:
    """The lines an extractor finds, none where it fails, and the processor time it took."""
    start = time.process_time()
    try:
        text = extract(page.html)
    except Exception as error:  # another project's extractor may raise anything
        print(f"{page.name}: {type(error).__name__}: {error}", file=sys.stderr)
        text = ""
    spent = time.process_time() - start
    return lines_of(text), spent


def print_row(name: str, cells: Sequence[str], header: bool = False) -> None:
    """Print a row of a Markdown table."""
    print(f"| {name:<28} | " + " | ".join(f"{cell:>10}" for cell in cells) + " |")
    if header:
        print(f"|{'-' * 30}|" + "|".join("-" * 12 for _ in cells) + "|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 where no set is there."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "pages")
    parser.add_argument("--only", help="names of extractors, with commas between")
    parser.add_argument(
        "--noise", metavar="ID", help="print the noise and the gaps of the fundus pages with this in the name"
    )
    options = parser.parse_args(arguments)
    wanted = set(options.only.split(",")) if options.only else None
    rivals = []
    for name, extract in others():
        if wanted is None or name in wanted:
            if extract is None:
                print(f"{name} is not installed: left out (scripts/compare installs it)")
            else:
                rivals.append((name, extract))
    ours = wanted is None or "copydesk" in wanted
    found = False
    for folder, load in (("article-extraction-benchmark", scrapinghub), ("fundus", fundus)):
        if not (options.data / folder).is_dir():
            print(f"{folder} is not in {options.data}: left out")
            continue
        found = True
        pages = list(load(options.data))
        as_truth = Desk(keep={"dateline"}, cut={"social_post", "list"} if folder == "fundus" else {"deck"})
        own = [("copydesk", copydesk(Desk())), ("copydesk, set as the truth", copydesk(as_truth))]
        systems = [*(own if ours else []), *rivals]
        if folder == "fundus":
            run_paragraphs(pages, systems, options.noise)
        else:
            before = list(fundus(options.data)) if (options.data / "fundus").is_dir() else []
            run_shingles(pages, systems, before)
    return 0 if found else 1


if __name__ == "__main__":
    sys.exit(main())
