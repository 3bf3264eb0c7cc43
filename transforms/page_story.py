"""Which passages of a page are its story: evidence in, a verdict per passage out.

The story is looked for from two sides. Some publishing systems *declare* it: `itemprop="articleBody"`, a class such
as `entry-content`, an `<article>`. And on every page it is where the *prose* is: long passages with few links. The box
that is declared and holds enough of the prose wins; without one, the descent starts at the body. From there it goes
down as long as one box inside holds nearly all the prose. What lies in that box is the story, but for the boxes that
say of themselves that they are something else (share buttons, related stories, comments) and do not hold the prose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from copydesk.transforms.boilerplate.dateline import find_dateline
from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page_blocks import HEADINGS, Box, PageText, Passage
from copydesk.transforms.page_parts import SENTENCE_ENDS, Parts, cards

_OUTSIDE_TAGS: Final = frozenset({"nav", "footer", "aside", "form", "button", "dialog", "menu"})
_STORY_TAGS: Final = frozenset({"p", "article", "main", "body"})
_KIND_OF_TAG: Final[dict[str, BlockKind]] = {
    **dict.fromkeys(HEADINGS, "heading"),
    "li": "list_item",
    "dt": "list_item",
    "dd": "list_item",
    "blockquote": "quote",
    "figure": "caption",
    "figcaption": "caption",
    "caption": "caption",
    "td": "table",
    "th": "table",
    "pre": "preformatted",
    "address": "byline",
}
_STICKY: Final = frozenset({"heading", "list_item", "quote", "caption", "credit", "byline", "embed"})

MIN_PROSE: Final = 40
"""Code points outside links from which a passage counts as prose, as in readability's 25 but for whole passages."""
MAX_PROSE: Final = 1_500
"""Code points of one passage that count: some pages carry their story a second time, hidden and in one run."""
DECLARED_SHARE: Final = 0.4
"""Share of the page's prose that a declared box must hold to be believed."""
OUTSIDE_SHARE: Final = 0.5
"""Share of the page's prose up to which a box is believed when it says that it is not the story."""
INSERT_SHARE: Final = 0.6
"""The same for a box inside a box that is declared to hold the story, as a share of that one's prose."""
WEAK_SHARE: Final = 0.15
"""Share of the page's prose up to which a word that also stands on parts of stories is believed."""
ABOUT_SHARE: Final = 0.2
"""Share of the longest article's prose that the article around the headline must hold to be the story's."""
DESCENT_SHARE: Final = 0.85
"""Share of a box's prose that one box inside it must hold for the descent to go on."""
STANDFIRST: Final = 1_000
"""Code points that a standfirst has at most; what is longer, or has more passages than these, is text."""
STANDFIRST_LINES: Final = 3
MIN_STANDFIRST: Final = 25
LONG_HEADING: Final = 90
"""Code points from which a line under the headline that is no sentence is a standfirst all the same."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What the metadata says of the story.

    Attributes:
        titles: The headline as the metadata give it, once or more often.
        standfirst: The description.
    """

    titles: tuple[str, ...] = ()
    standfirst: str = ""


@dataclass(slots=True)
class Verdict:
    """What the page's passages are.

    Attributes:
        kinds: Of each passage what it is.
        in_story: Of each passage whether it belongs to the story; captions, credits and bylines in the story's box, and
            between the headline and it, do, since the desk makes fields of them.
        root: The box that holds the story.
        title: The passage that is the headline.
        standfirst: The passages of the standfirst.
    """

    kinds: list[BlockKind]
    in_story: list[bool]
    root: int = 0
    title: int | None = None
    standfirst: list[int] = field(default_factory=list)


def judge(page: PageText, hints: Hints) -> Verdict:
    """Decide for every passage what it is and whether it belongs to the story.

    Args:
        page: The page's text view.
        hints: What the metadata say; empty where they say nothing.

    Returns:
        A verdict per passage. Where no prose is found, no passage is in the story.
    """
    return _Judge(page, hints).verdict()


def kinds_of(page: PageText, prose_held: Sequence[int] | None = None) -> list[BlockKind]:
    """What the markup says that each passage is.

    Args:
        page: The page's text view.
        prose_held: For each box the prose in it; a box with more than a quarter of the page's prose is not believed
            to be a caption or a byline, whatever its names say. Without it they are always believed.

    Returns:
        A kind per passage.
    """
    most = 0.25 * prose_held[0] if prose_held else 0
    of_box: list[BlockKind] = []
    for i, box in enumerate(page.boxes):
        outer: BlockKind = of_box[box.parent] if i else "paragraph"
        kind = _KIND_OF_TAG.get(box.tag)
        if prose_held is None or prose_held[i] <= most or box.tag in HEADINGS:
            if box.names.deck:
                kind = kind or "paragraph"
            elif box.names.kind is not None and box.tag not in HEADINGS:
                kind = box.names.kind
        else:
            kind = None
        if kind == "quote" and box.names.social:
            kind = "embed"
        if kind is None:
            kind = outer if outer in _STICKY else "paragraph"
        elif (
            outer == "embed"
            or (outer == "quote" and kind == "list_item")
            or (outer == "heading" and kind != "credit")
            or (outer == "caption" and kind == "heading" and box.tag != "h1")
        ):
            kind = outer
        of_box.append(kind)
    return [of_box[passage.box] for passage in page.passages]


class _Judge:
    """The evidence on one page."""

    def __init__(self, page: PageText, hints: Hints) -> None:
        self.page = page
        self.boxes = page.boxes
        self.passages = page.passages
        self.hints = hints
        self.description = _key(hints.standfirst)
        self.prose = [_prose(passage, page.boxes[passage.box].tag) for passage in page.passages]
        for i in cards(page):
            self.prose[i] = 0
        self.ends = _ends(page.boxes)
        self.held = self._sum_up(None)
        self.outside = self._find_outside()
        self.live = self._sum_up(self.outside)
        self.first = self._first_passages()

    def verdict(self) -> Verdict:
        kinds = kinds_of(self.page, self.held)
        if not self.boxes or not self.live[0]:
            return Verdict(kinds, [False] * len(self.passages))
        title = self._title_passage(kinds)
        root = self._descend(self._start(title))
        end = self.ends[root]
        within = [root <= passage.box < end and not self.outside[passage.box] for passage in self.passages]
        in_story = Parts(self.page, kinds, root, end, within, self.prose, title).settle()
        for i in self._next_door(root, kinds):
            in_story[i] = True
        standfirst, opening = self._standfirst(title, root, kinds, in_story)
        for i in opening:
            in_story[i] = True
        for i in standfirst:
            in_story[i], kinds[i] = True, "standfirst"
        self._mark_fields(title, root, kinds, in_story)
        return Verdict(kinds, in_story, root, title, standfirst)

    # -- sums over boxes

    def _sum_up(self, without: list[bool] | None) -> list[int]:
        """Prose in each box, those inside it included."""
        sums = [0] * len(self.boxes)
        for passage, prose in zip(self.passages, self.prose, strict=True):
            if prose and not (without and without[passage.box]):
                sums[passage.box] += prose
        for i in range(len(self.boxes) - 1, 0, -1):
            if sums[i]:
                sums[self.boxes[i].parent] += sums[i]
        return sums

    def _find_outside(self) -> list[bool]:
        outside = [False] * len(self.boxes)
        most, weak = (share * self.held[0] if self.held else 0 for share in (OUTSIDE_SHARE, WEAK_SHARE))
        declared = self._declared()
        # `teaser` may be a part of the name of a box around them.
        around: set[int] = set()
        for i in declared:
            for outer in self._ancestors(i):
                if outer in around:
                    break
                around.add(outer)
        limits = [most] * len(self.boxes)
        for i, box in enumerate(self.boxes):
            limits[i] = INSERT_SHARE * self.held[i] if i in declared else limits[box.parent] if i else most
            if i and outside[box.parent]:
                outside[i] = True
            elif i in around:
                continue
            elif box.tag in _OUTSIDE_TAGS or box.hidden or self._says_outside(box):
                limit = limits[i] if box.names.outside or box.tag in _OUTSIDE_TAGS or box.hidden else weak
                outside[i] = self.held[i] <= limit or box.tag == "nav" or box.tag == "footer"
        return outside

    def _declared(self) -> set[int]:
        """The boxes of one name that are declared to hold the story and hold a quarter of all prose."""
        alike: dict[tuple[str, tuple[str, ...]], list[int]] = {}
        for i, box in enumerate(self.boxes):
            if box.names.story and self.held[i] and not self._says_outside(box):
                alike.setdefault((box.tag, box.names.tokens), []).append(i)
        if not alike:
            return set()
        declared = max(alike.values(), key=lambda boxes: sum(self.held[i] for i in boxes))
        if sum(self.held[i] for i in declared) < 0.25 * self.held[0]:
            return set()
        return set(declared)

    @staticmethod
    def _says_outside(box: Box) -> bool:
        if box.tag in HEADINGS:
            return False
        return box.names.outside or (box.names.outside_box and box.tag not in _STORY_TAGS)

    def _first_passages(self) -> list[int]:
        """For each box the index of the first passage at or after its start."""
        first = [len(self.passages)] * (len(self.boxes) + 1)
        for i in range(len(self.passages) - 1, -1, -1):
            first[self.passages[i].box] = i
        for i in range(len(self.boxes) - 1, 0, -1):
            parent = self.boxes[i].parent
            if first[i] < first[parent]:
                first[parent] = first[i]
        return first

    def _lies_in(self, box: int, outer: int) -> bool:
        return outer <= box < self.ends[outer]

    # -- where the story is

    def _title_passage(self, kinds: Sequence[BlockKind]) -> int | None:
        titles = {_key(title) for title in self.hints.titles}
        titles.discard("")
        first_h1 = outside = None
        for i, passage in enumerate(self.passages):
            is_h1 = self.boxes[passage.box].tag == "h1"
            if kinds[i] != "heading" or (self.outside[passage.box] and not is_h1):
                continue
            if _key(passage.text) in titles:
                if not self.outside[passage.box]:
                    return i
                outside = i if outside is None else outside
            if first_h1 is None and is_h1:
                first_h1 = i
        return first_h1 if outside is None else outside

    def _start(self, title: int | None) -> int:
        """The box that is declared to hold the story, if it holds enough of the prose; else the body."""
        articles = [i for i, box in enumerate(self.boxes) if box.tag == "article" and self.live[i]]
        about = self._article_around(title, articles)
        for candidates in ([i for i, box in enumerate(self.boxes) if box.names.story and self.live[i]], articles):
            chosen = candidates if about is None else [i for i in candidates if self._lies_in(i, about)]
            if not chosen:
                continue
            best = self._innermost(max(chosen, key=lambda i: (self.live[i], -i)), chosen)
            alike = self._outermost([i for i in chosen if self._alike(i, best)])
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
        for i in self._ancestors(self.passages[title].box):
            if self.boxes[i].tag == "article" and self.live[i] >= ABOUT_SHARE * most:
                return i
        return None

    def _alike(self, one: int, other: int) -> bool:
        a, b = self.boxes[one], self.boxes[other]
        return a.tag == b.tag and a.names.tokens[:1] == b.names.tokens[:1]

    def _outermost(self, boxes: Iterable[int]) -> list[int]:
        outermost: list[int] = []
        for i in sorted(boxes):
            if not outermost or i >= self.ends[outermost[-1]]:
                outermost.append(i)
        return outermost

    def _ancestors(self, i: int) -> Iterable[int]:
        i = self.boxes[i].parent
        while i >= 0:
            yield i
            i = self.boxes[i].parent

    def _one_of(self, alike: list[int], best: int) -> int:
        """One story in several boxes, or several stories in one box each?"""
        best = next((i for i in alike if self._lies_in(best, i)), best)
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
        start, end = (self._first_prose(box) for box in (first, second))
        return any(self.boxes[passage.box].tag == "h1" for passage in self.passages[start:end])

    def _first_after(self, box: int) -> int:
        """The first passage behind a box."""
        i = self.first[box]
        while i < len(self.passages) and self._lies_in(self.passages[i].box, box):
            i += 1
        return i

    def _first_prose(self, box: int) -> int:
        for i in range(self.first[box], len(self.passages)):
            if self.prose[i] and self._lies_in(self.passages[i].box, box):
                return i
        return self.first[box]

    def _common(self, parts: list[int]) -> int:
        """The innermost box around all of them, which is that around the first and the last."""
        around = {parts[0], *self._ancestors(parts[0])}
        return next((i for i in (parts[-1], *self._ancestors(parts[-1])) if i in around), 0)

    def _descend(self, root: int) -> int:
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

    # -- what in it belongs to it

    def _next_door(self, root: int, kinds: Sequence[BlockKind]) -> list[int]:
        """The passages of boxes of the same make beside the story's that hold nothing but running text.

        A story is parted so at a paywall or an advertisement.
        """
        own = set(self.boxes[root].names.tokens)
        if not root or not own:
            return []
        found: list[int] = []
        for box in range(self.boxes[root].parent + 1, self.ends[self.boxes[root].parent]):
            names = set(self.boxes[box].names.tokens)
            if (
                box != root
                and self.boxes[box].parent == self.boxes[root].parent
                and self.live[box]
                and self._alike(box, root)
                and (names <= own or own <= names)
            ):
                inside = range(self.first[box], self._first_after(box))
                if all(self.prose[i] and kinds[i] == "paragraph" for i in inside):
                    found += inside
        return found

    def _standfirst(
        self, title: int | None, root: int, kinds: Sequence[BlockKind], in_story: Sequence[bool]
    ) -> tuple[list[int], list[int]]:
        """The passages of the standfirst, and others above the story's box that the text opens with."""
        start = next(
            (i for i, yes in enumerate(in_story) if yes and self.prose[i] and not self._is_deck(i, kinds[i], root)),
            len(in_story),
        )
        begin = title + 1 if title is not None and title < start else max(0, start - 12)
        standfirst: list[int] = []
        opening: list[int] = []
        for i in range(begin, start):
            passage = self.passages[i]
            if self._lies_in(passage.box, root):
                if self.outside[passage.box]:
                    deck = len(self.description) > 15 and _key(passage.text) == self.description
                else:
                    deck = self._is_deck(i, kinds[i], root)
                if deck:
                    standfirst.append(i)
                continue
            if kinds[i] not in ("paragraph", "heading", "list_item") or self.boxes[passage.box].tag == "h1":
                continue
            described = self._is_described(passage)
            if self.outside[passage.box] and not described:
                continue
            led = len(passage.text) >= MIN_PROSE and passage.linked < 0.5 * len(passage.text) and self._led(passage.box)
            if described or led:
                apart = led or _key(passage.text).endswith(self.description)
                apart = apart and kinds[i] != "list_item" and find_dateline(passage.text) is None
                (standfirst if apart else opening).append(i)
        if any(self._is_named_deck(i) for i in standfirst):
            standfirst = [i for i in standfirst if self._is_named_deck(i)]
        if not standfirst and not opening and begin == (title or 0) + 1:
            standfirst = [
                i
                for i in range(begin, start)
                if kinds[i] in ("paragraph", "heading") and self._is_under(i, begin - 1, root)
            ]
        if len(standfirst) > STANDFIRST_LINES or sum(len(self.passages[i].text) for i in standfirst) > STANDFIRST:
            return [], [i for i in (*standfirst, *opening) if not in_story[i]]
        return standfirst, opening

    def _is_named_deck(self, i: int) -> bool:
        box = self.boxes[self.passages[i].box]
        return box.names.deck or self.boxes[box.parent].names.deck

    def _is_under(self, i: int, title: int, root: int) -> bool:
        """Whether it is running text in one box with the headline, above the story's box."""
        passage = self.passages[i]
        if (not self.prose[i] and self.boxes[passage.box].tag not in HEADINGS) or self.boxes[passage.box].tag == "h1":
            return False
        if self.outside[passage.box] or passage.linked or passage.text.count(" ") < 5:
            return False
        if len(passage.text) < (MIN_PROSE if passage.text[-1] in SENTENCE_ENDS else LONG_HEADING):
            return False
        for box in (passage.box, *self._ancestors(passage.box)):
            if box <= root < self.ends[box] or self.live[box] > STANDFIRST:
                return False
            if self._lies_in(self.passages[title].box, box):
                return True
            if self.boxes[box].names.picture:
                return False
        return False

    def _is_described(self, passage: Passage) -> bool:
        """Whether it begins as the description of the page in its metadata does."""
        begin = self.description[:60]
        # A place may stand before it, as in a dateline.
        place = _key(passage.text[:160]).find(begin)
        return 0 <= place <= 30 and (len(begin) > 30 or (len(begin) > 15 and _key(passage.text) == begin))

    def _is_deck(self, i: int, kind: BlockKind, root: int) -> bool:
        """Whether a passage in the story's box is the standfirst and not the first paragraph of the text.

        A name that only standfirsts have says so alone. Words such as `lead` and `intro`, and the very words of the
        description, also stand on first paragraphs: they are believed where the passage is set otherwise, too.
        """
        passage = self.passages[i]
        tag = self.boxes[passage.box].tag
        if kind not in ("paragraph", "heading") or tag == "h1" or 2 * passage.linked >= len(passage.text):
            return False
        if len(passage.text) < MIN_STANDFIRST or find_dateline(passage.text) is not None:
            return False
        led = in_header = False
        for steps, box in enumerate((passage.box, *self._ancestors(passage.box))):
            if box <= root or self.live[box] > STANDFIRST:
                break
            names = self.boxes[box].names
            if names.deck and steps < 3:
                return True
            led = led or (names.standfirst and steps < 3)
            in_header = in_header or self.boxes[box].tag == "header"
        described = _key(passage.text) == self.description
        loud = tag in HEADINGS or passage.bold >= 0.9 * len(passage.text)
        return (led and (described or in_header)) or (described and (loud or in_header))

    def _mark_fields(self, title: int | None, root: int, kinds: Sequence[BlockKind], in_story: list[bool]) -> None:
        """Captions and bylines inside the story's box, and between the headline and it; each caption once."""
        begin = title if title is not None else len(kinds)
        seen = set()
        started = False
        for i, passage in enumerate(self.passages):
            within = self._lies_in(passage.box, root)
            started = started or within
            if kinds[i] in ("caption", "credit", "byline"):
                near = within or (i > begin and not started)
                if kinds[i] == "caption" and passage.text in seen:
                    near = False
                in_story[i] = near and not self.outside[passage.box]
                if in_story[i]:
                    seen.add(passage.text)

    def _led(self, box: int) -> bool:
        for _ in range(3):
            if box < 0:
                return False
            if self.boxes[box].names.standfirst:
                return True
            box = self.boxes[box].parent
        return False


def _ends(boxes: Sequence[Box]) -> list[int]:
    """For each box one past the last box inside it: the boxes stand in document order."""
    ends = list(range(1, len(boxes) + 1))
    for i in range(len(boxes) - 1, 0, -1):
        parent = boxes[i].parent
        if ends[i] > ends[parent]:
            ends[parent] = ends[i]
    return ends


def _prose(passage: Passage, tag: str) -> int:
    """How much running text a passage adds to its box, in code points of an alphabet."""
    length = len(passage.text)
    free = length - passage.linked
    if 2 * free < length or tag in HEADINGS or tag == "figcaption":
        return 0
    if MIN_PROSE // 2 <= free < MIN_PROSE and not passage.text.isascii():
        free += len(_WIDE.findall(passage.text)) * free // length
    if free < MIN_PROSE:
        return 0
    return min(free // 2 if tag == "li" else free, MAX_PROSE)


_WIDE: Final = re.compile("[\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff]")
"""Signs of Chinese, Japanese and Korean, each of which says about as much as two letters of an alphabet."""

_NOT_WORD: Final = re.compile(r"[\W_]+")


def _key(text: str) -> str:
    """The letters and digits of a text alone, for comparing it with another setting of the same words."""
    return _NOT_WORD.sub("", text).casefold()
