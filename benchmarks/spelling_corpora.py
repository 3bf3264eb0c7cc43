"""Text and labels of Debian packages, read for `spelling.py`: prose that is in its variety already, and catalogues."""

from __future__ import annotations

import gettext
import html
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from copydesk.transforms.spelling import Change, Speller

PROSE = {
    "en-US": {
        "postgresql-doc-15": "",
        "debian-handbook": "/en-US/",
        "gimp-help-en": "",
        "libreoffice-help-en-us": "",
        "gnome-user-docs": "/help/C/",
    },
    "en-GB": {"anarchism": "/html/", "libreoffice-help-en-gb": "", "putty-doc": "", "sgt-puzzles": "", "halibut": ""},
    "en-GB-oxendict": {"exim4-doc-html": ""},
}
"""Packages by the variety their authors write, each with what the path of a page in the variety holds."""
WORD_LISTS = {"en-US": "wamerican", "en-GB": "wbritish"}
JUDGED = Path(__file__).with_name("spelling_judged.tsv")
"""What a reader made of every change in the prose; its head says how it is written."""
AROUND = 60
"""How far around a change the words of a judgement are looked for, in characters."""


def word_list(folder: Path | None, variety: str) -> frozenset[str]:
    """Words in lower case that the Debian list of the variety holds; none where it is not unpacked."""
    package = WORD_LISTS.get(variety)
    if folder is None or package is None:
        return frozenset()
    lists = (folder / package / "usr" / "share" / "dict").glob("*-english")
    return frozenset(word for file in lists for word in file.read_text(encoding="utf-8").split() if word.islower())


def _paragraphs(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8", errors="replace")
    if path.suffix == ".page":
        text = re.sub(r"(?is)<(code|cmd|screen|gui\w*|app|link)\b.*?</\1>", " X ", text)
    text = re.sub(r"(?is)<(pre|code|tt|script|style|samp|kbd)\b.*?</\1>", " X ", text)
    text = re.sub(r"(?i)</?(?:p|h\d|li|div|td|tr|dt|dd|br|table|ul|ol|dl|title|item)\b[^>]*>", "\n\n", text)
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    for paragraph in re.split(r"\n\s*\n", text):
        joined = re.sub(r"\s+", " ", paragraph).strip()
        if len(joined) > 80:
            yield joined


def prose(folder: Path | None) -> list[str]:
    """Changes per million words in prose that is in the variety already, and their judgements; returns the texts."""
    judged = _judgements()
    texts = []
    for variety, packages in PROSE.items():
        for package, part in packages.items():
            files = sorted((folder / package).rglob("*")) if folder else []
            pages = [file for file in files if file.suffix in (".html", ".page") and part in str(file)]
            text = "\n\n".join(dict.fromkeys(p for file in pages if file.is_file() for p in _paragraphs(file)))
            if not text:
                print(f"prose, {package}: skipped, give --prose a folder with the package unpacked")
                continue
            texts.append(text)
            millions = len(text.split()) / 1e6
            print(f"prose, {package} into {variety}: {len(text) / 1e6:.1f} MB, {millions * 1e6:.0f} words")
            for hyphens in ("variety", "keep"):
                changes = Speller(variety, hyphens=hyphens).apply(text).changes
                verdicts = Counter(_verdict(judged[package], text, change) for change in changes)
                print(
                    f"    hyphens={hyphens}: {len(changes)} changes, {len(changes) / millions:.0f} per million words: "
                    f"{verdicts['slip']} slips, {verdicts['both']} where both forms stand, "
                    f"{verdicts['mistake']} mistakes ({verdicts['mistake'] / millions:.0f} per million words), "
                    f"{verdicts['']} not judged"
                )
            common = Counter(f"{change.old}>{change.new}" for change in changes).most_common(30)
            print("    " + ", ".join(f"{pair} {n}" for pair, n in common))
    return texts


def _judgements() -> dict[str, list[list[str]]]:
    """Package -> form, verdict and words around it, in the order of the file."""
    judged: dict[str, list[list[str]]] = defaultdict(list)
    for line in JUDGED.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            package, *row = line.split("\t")
            judged[package].append(row)
    return judged


def _verdict(rows: list[list[str]], text: str, change: Change) -> str:
    """What the first row says whose form and words fit the change; empty if none does."""
    around = text[max(0, change.start - AROUND) : change.start + change.length + AROUND]
    fits = (verdict for form, verdict, words in rows if form == change.old.lower() and words in around)
    return next(fits, "")


def labels(folder: Path | None) -> None:
    """Labels and messages of programs as British translators left or respelt them, both ways, by string and by word.

    Strings count in which the translators did nothing but respell words. What they overlooked counts against the
    speller too.
    """
    pairs = {pair: _respelt(*pair) for pair in _catalogued(folder)}
    if not pairs:
        print("labels: skipped, give --prose a folder with packages that hold British catalogues (en_GB) unpacked")
        return
    for variety, turn in (("en-GB", 1), ("en-US", -1)):
        speller = Speller(variety)
        strings: Counter[tuple[bool, bool, bool]] = Counter()
        words: Counter[tuple[bool, bool]] = Counter()
        for pair, respelt in pairs.items():
            if respelt is None:
                continue
            given, wanted = pair[::turn]
            got = speller.apply(given).text
            strings[respelt, got != given, got == wanted] += 1
            for old, new, now in zip(*map(_LABEL_WORD.findall, (given, wanted, got)), strict=False):
                words[old != new, now == new] += 1
        respelt_all = sum(n for (respelt, _, _), n in strings.items() if respelt)
        changed_all = sum(n for (_, changed, _), n in strings.items() if changed)
        exact = strings[True, True, True]
        kept = strings[False, False, True]
        kept_all = strings.total() - respelt_all
        print(
            f"labels into {variety}: {exact} of {respelt_all} respelt strings exactly as the translators "
            f"({exact / respelt_all:.1%}); {exact} of {changed_all} changed strings are ({exact / changed_all:.1%}); "
            f"{kept} of {kept_all} strings that they kept are kept ({kept / kept_all:.2%}); by word: "
            f"{words[True, True]} of {words[True, True] + words[True, False]} respelt, "
            f"{words[False, False]} of {words[False, True] + words[False, False]} others changed"
        )


def _catalogued(folder: Path | None) -> Iterator[tuple[str, str]]:
    """American and British text of the catalogues, each pair once."""
    seen = set()
    for file in sorted(folder.rglob("en_GB/LC_MESSAGES/*.mo")) if folder else ():
        with file.open("rb") as opened:
            catalogue = gettext.GNUTranslations(opened)._catalog  # no public way to list it
        for key, british in catalogue.items():
            american = (key[0] if isinstance(key, tuple) else key).rpartition("\x04")[2]
            plural = isinstance(key, tuple) and key[1] != 0
            if american and not plural and (american, british) not in seen:
                seen.add((american, british))
                yield american, british


_LABEL_WORD = re.compile(r"[A-Za-z][A-Za-z'_&~-]*")
_SOUNDS = (("ck", "k"), ("que", "k"), ("ph", "f"), ("c", "s"), ("z", "s"), ("y", "i"))


def _respelt(american: str, british: str) -> bool | None:
    """True if the translator did nothing but respell words, False if nothing at all, None for anything else."""
    if american == british:
        return False
    if _LABEL_WORD.sub("", american) != _LABEL_WORD.sub("", british):
        return None
    words = zip(_LABEL_WORD.findall(american), _LABEL_WORD.findall(british), strict=True)
    return True if all(old == new or _is_respelling(old, new) for old, new in words) else None


def _is_respelling(old: str, new: str) -> bool:
    """True if two words, without the marks of access keys, have the same consonants and not the same letters."""
    left, right = (re.sub("[_&~]", "", word).lower() for word in (old, new))
    return left != right and left.isalpha() and right.isalpha() and _skeleton(left) == _skeleton(right)


def _skeleton(word: str) -> str:
    """The consonants of a word, each sound and each double letter written one way."""
    for old, new in _SOUNDS:
        word = word.replace(old, new)
    return re.sub(r"([b-z])\1+", r"\1", re.sub("[aeiou]", "", word))
