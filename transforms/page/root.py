"""The box of a page that holds its story.

Some publishing systems *declare* it: `itemprop="articleBody"`, a class such as `entry-content`, an `<article>`. And on
every page it is where the *prose* is: long passages with few links. The box that is declared and holds enough of the
prose wins; without one, the descent starts at the body. From there it goes down as long as one box inside holds nearly
all the prose.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page.evidence import Evidence

DECLARED_SHARE: Final = 0.4
"""Share of the page's prose that a declared box must hold to be believed."""
ABOUT_SHARE: Final = 0.2
"""Share of the longest article's prose that the article around the headline must hold to be the story's."""
DESCENT_SHARE: Final = 0.85
"""Share of a box's prose that one box inside it must hold for the descent to go on."""


def find_root(evidence: Evidence, title: int | None) -> int:
    """The box that holds the story.

    Args:
        evidence: Of the page.
        title: The passage that is the headline, if one is.
    """
    finder = _Finder(evidence)
    return finder.descend(finder.start(title))


def next_door(evidence: Evidence, root: int, kinds: Sequence[BlockKind]) -> list[int]:
    """The passages of boxes of the same make beside the story's that hold nothing but running text.

    A story is parted so at a paywall or an advertisement.

    Args:
        evidence: Of the page.
        root: The story's box.
        kinds: What each passage is.
    """
    boxes = evidence.boxes
    own = set(boxes[root].names.tokens)
    if not root or not own:
        return []
    found: list[int] = []
    parent = boxes[root].parent
    for i in range(parent + 1, evidence.ends[parent]):
        if i == root or boxes[i].parent != parent or not evidence.live[i] or not _alike(evidence, i, root):
            continue
        names = set(boxes[i].names.tokens)
        inside = range(evidence.first[i], evidence.first_after(i))
        if (names <= own or own <= names) and all(evidence.prose[j] and kinds[j] == "paragraph" for j in inside):
            found += inside
    return found


class _Finder:
    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.boxes, self.ends, self.live = evidence.boxes, evidence.ends, evidence.live

    def start(self, title: int | None) -> int:
        """The box that is declared to hold the story, if it holds enough of the prose; else the body."""
        articles = [i for i, box in enumerate(self.boxes) if box.tag == "article" and self.live[i]]
        about = self._article_around(title, articles)
        for candidates in ([i for i, box in enumerate(self.boxes) if box.names.story and self.live[i]], articles):
            chosen = candidates if about is None else [i for i in candidates if self.evidence.lies_in(i, about)]
            if not chosen:
                continue
            best = self._innermost(max(chosen, key=lambda i: (self.live[i], -i)), chosen)
            alike = self._outermost([i for i in chosen if _alike(self.evidence, i, best)])
            if sum(self.live[i] for i in alike) >= DECLARED_SHARE * self.live[about or 0]:
                return self._one_of(alike, best)
        return about or 0

    def _innermost(self, best: int, declared: Sequence[int]) -> int:
        """From a declared box on to a declared box inside that holds most of its prose."""
        while True:
            inner = [i for i in declared if best < i < self.ends[best] and 2 * self.live[i] >= self.live[best]]
            if not inner:
                return best
            best = max(inner, key=lambda i: (self.live[i], -i))

    def _article_around(self, title: int | None, articles: Sequence[int]) -> int | None:
        """The `<article>` with the headline in it, on a page that holds several stories."""
        if title is None or len(articles) < 2:
            return None
        most = max(self.live[i] for i in articles)
        for i in self.evidence.ancestors(self.evidence.passages[title].box):
            if self.boxes[i].tag == "article" and self.live[i] >= ABOUT_SHARE * most:
                return i
        return None

    def _outermost(self, boxes: Iterable[int]) -> list[int]:
        outermost: list[int] = []
        for i in sorted(boxes):
            if not outermost or i >= self.ends[outermost[-1]]:
                outermost.append(i)
        return outermost

    def _one_of(self, alike: list[int], best: int) -> int:
        """One story in several boxes, or several stories in one box each?"""
        best = next((i for i in alike if self.evidence.lies_in(best, i)), best)
        big = [i for i in alike if self.live[i] >= 0.25 * self.live[best]]
        if len(big) < 2:
            return best
        parts = big[:1]
        for i in big[1:]:
            if self.boxes[i].tag == "article" or self._headline_between(parts[-1], i):
                break
            parts.append(i)
        if len(parts) == 1:
            return best if self.boxes[best].tag == "article" else parts[0]
        return self._common(parts)

    def _headline_between(self, first: int, second: int) -> bool:
        """Whether another story's headline stands between the prose of one box and the prose of a later one."""
        start, end = (self.evidence.first_prose(box) for box in (first, second))
        return any(self.boxes[passage.box].tag == "h1" for passage in self.evidence.passages[start:end])

    def _common(self, parts: list[int]) -> int:
        """The innermost box around all of them, which is that around the first and the last."""
        around = {parts[0], *self.evidence.ancestors(parts[0])}
        return next((i for i in (parts[-1], *self.evidence.ancestors(parts[-1])) if i in around), 0)

    def descend(self, root: int) -> int:
        children: dict[int, int] = {}
        for i in range(root + 1, self.ends[root]):
            box = self.boxes[i]
            if (box.tag != "p" and self.live[i] > self.live[children.get(box.parent, i)]) or box.parent not in children:
                children[box.parent] = i
        while True:
            child = children.get(root)
            if child is None or self.live[child] < DESCENT_SHARE * self.live[root] or self.boxes[child].tag == "p":
                return root
            root = child


def _alike(evidence: Evidence, one: int, other: int) -> bool:
    a, b = evidence.boxes[one], evidence.boxes[other]
    return a.tag == b.tag and a.names.tokens[:1] == b.names.tokens[:1]
