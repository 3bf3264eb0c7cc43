"""Which passages of a page are its story: evidence in, a verdict per passage out.

The story lies in one box of the page (`root`). What lies in that box is the story, but for what is part of
something else: the boxes that say so of themselves and do not hold the prose (`evidence`: share buttons, related
stories, comments), and what the markup shows to be so (`parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page.blocks import PageText
from copydesk.transforms.page.evidence import Evidence
from copydesk.transforms.page.kinds import kinds_of
from copydesk.transforms.page.parts import Parts
from copydesk.transforms.page.root import find_root, next_door
from copydesk.transforms.page.standfirst import Standfirsts, key_of


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
    evidence = Evidence(page)
    kinds = kinds_of(page, evidence.held)
    if not page.boxes or not evidence.live[0]:
        return Verdict(kinds, [False] * len(page.passages))
    title = _title(evidence, kinds, hints)
    root = find_root(evidence, title)
    in_story = Parts(evidence, kinds, root, title).settle()
    for i in next_door(evidence, root, kinds):
        in_story[i] = True
    standfirst, opening = Standfirsts(evidence, root, kinds, hints.standfirst).find(title, in_story)
    for i in opening:
        in_story[i] = True
    for i in standfirst:
        in_story[i], kinds[i] = True, "standfirst"
    _mark_fields(evidence, title, root, kinds, in_story)
    return Verdict(kinds, in_story, root, title, standfirst)


def _title(evidence: Evidence, kinds: Sequence[BlockKind], hints: Hints) -> int | None:
    """The passage that is the headline: a heading with its words, else the first `<h1>`."""
    titles = {key_of(title) for title in hints.titles}
    titles.discard("")
    first_h1 = outside = None
    for i, passage in enumerate(evidence.passages):
        is_h1 = evidence.boxes[passage.box].tag == "h1"
        if kinds[i] != "heading" or (evidence.outside[passage.box] and not is_h1):
            continue
        if key_of(passage.text) in titles:
            if not evidence.outside[passage.box]:
                return i
            outside = i if outside is None else outside
        if first_h1 is None and is_h1:
            first_h1 = i
    return first_h1 if outside is None else outside


def _mark_fields(
    evidence: Evidence, title: int | None, root: int, kinds: Sequence[BlockKind], in_story: list[bool]
) -> None:
    """Captions and bylines inside the story's box, and between the headline and it; each caption once."""
    begin = title if title is not None else len(kinds)
    seen = set()
    started = False
    for i, passage in enumerate(evidence.passages):
        within = evidence.lies_in(passage.box, root)
        started = started or within
        if kinds[i] in ("caption", "credit", "byline"):
            near = within or (i > begin and not started)
            if kinds[i] == "caption" and passage.text in seen:
                near = False
            in_story[i] = near and not evidence.outside[passage.box]
            if in_story[i]:
                seen.add(passage.text)
