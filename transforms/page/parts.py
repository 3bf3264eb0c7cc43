"""What stands inside the story's box and is no part of the story: one small rule each, by what the markup shows.

A rule here reads structure (links, boxes, pictures, place), never words: what is told by its wording is left to the
rules of `copydesk.transforms.boilerplate`, which can be read, extended and switched off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from copydesk.transforms.draft import BlockKind
from copydesk.transforms.page.blocks import HEADINGS, Passage
from copydesk.transforms.page.cards import LINKED, MIN_LINK
from copydesk.transforms.page.evidence import Evidence

APART: Final = frozenset({"caption", "credit", "byline", "embed"})
"""Kinds that lie in a story but are no prose of it: the desk makes fields of them."""
LISTED_LINKS: Final = 0.5
"""The same for a whole list: its items often open with a label that is not linked."""
LABEL: Final = 40
"""Code points before the link of a passage that is a label and a link ("Read more: ...")."""
SHORT: Final = 40
PLAIN_SHARE: Final = 0.8
INSET_SHARE: Final = 0.2
INSET_LINES: Final = 8
TEASER_LINES: Final = 2
PULL_QUOTE: Final = 400
CAPTION: Final = 400
CAPTION_LINES: Final = 3

_OWN_LINE: Final = frozenset({"p", "li", "blockquote", "pre", "dd", "dt", "td", "th", "q", *HEADINGS})
_GROUPS: Final = frozenset({"ul", "ol", "dl", "table", "tbody", "thead", "tr", "center", "figure"})
_QUOTES: Final = " \"'“”„‟«»‹›‘’‚‛「」『』"
_LABEL_ENDS: Final = frozenset(":|>»–—-→")
_WORDS: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){1,3}")
SENTENCE_ENDS: Final = frozenset(".!?…\"'”’»。！？")
_ENDS: Final = re.compile(r"[.!?…。！？:;,\u2014\u2013\"'”’»«“)\]|]\s*$")


class Parts:
    """The passages inside the story's box.

    Args:
        evidence: Of the page.
        kinds: What each passage is.
        root: The story's box.
        title: The passage that is the headline, if one is.
    """

    def __init__(self, evidence: Evidence, kinds: list[BlockKind], root: int, title: int | None) -> None:
        self.boxes, self.passages = evidence.boxes, evidence.passages
        self.pictures = evidence.page.pictured
        self.kinds = kinds
        self.root = root
        self.end = evidence.ends[root]
        self.prose = evidence.prose
        self.title = title
        self.kept = [evidence.lies_in(one.box, root) and not evidence.outside[one.box] for one in self.passages]
        self.given = [i for i, yes in enumerate(self.kept) if yes]
        self.crowded: list[bool] = []
        self.pictured = self._find_pictured()
        self.headers = self._find_headers()

    def settle(self) -> list[bool]:
        """For each passage whether it belongs to the story; passages found to be captions get that kind."""
        for i in self.given:
            if self.kinds[i] in APART:
                continue
            if self._is_caption(i):
                self.kinds[i] = "caption"
            elif self._is_link(self.passages[i]) or self._is_crumb(i) or self._is_in_header(i):
                self.kept[i] = False
        self._drop_captions_again()
        self._drop_lists_of_links()
        self._drop_pull_quotes()
        self._drop_info_boxes()
        self._drop_names_above()
        self._drop_headings_of_nothing()
        self._drop_headings_of_empty_boxes()
        return self.kept

    def _drop_captions_again(self) -> None:
        """Text right under a caption that says the same and has no line of its own in the markup."""
        for i in self.given:
            passage = self.passages[i]
            if self.kinds[i] == "paragraph" and self.boxes[passage.box].tag not in _OWN_LINE:
                above = range(max(0, i - 2), i)
                if any(self.kinds[j] == "caption" and self.passages[j].text == passage.text for j in above):
                    self.kept[i] = False

    def _is_link(self, passage: Passage) -> bool:
        length = len(passage.text)
        if passage.linked >= LINKED * length:
            return True
        label = passage.text[: length - passage.linked].rstrip()
        return (
            passage.linked >= MIN_LINK
            and 2 * passage.linked >= length
            and len(label) <= LABEL
            and (label[-1:] in _LABEL_ENDS or _WORDS.fullmatch(label) is not None)
            and passage.text[-1] not in SENTENCE_ENDS
        )

    def _is_crumb(self, i: int) -> bool:
        """A short piece of text that has no line of its own in the markup, deeper than the story's own lines."""
        passage = self.passages[i]
        if (
            passage.box == self.root
            or self.boxes[passage.box].tag in _OWN_LINE
            or self.kinds[i] in ("heading", "quote", "list_item", "table")
        ):
            return False
        return len(passage.text) < SHORT and _ENDS.search(passage.text) is None

    def _is_in_header(self, i: int) -> bool:
        return self.headers[self.passages[i].box] and self.kinds[i] != "heading"

    def _is_caption(self, i: int) -> bool:
        """The text beside a picture in a box of their own."""
        passage = self.passages[i]
        box = self.boxes[passage.box]
        if passage.box == self.root or len(passage.text) > CAPTION:
            return False
        around = passage.box
        if box.tag in _OWN_LINE:
            # A paragraph may have a picture beside it: a caption is no sentence, or stands in a box that is named so.
            if box.tag != "p" or self.kinds[i] != "paragraph":
                return False
            around = box.parent
            sentence = passage.text[-1] in SENTENCE_ENDS
        else:
            sentence = False
        named = False
        while around > self.root and not self.crowded[around]:
            named = named or self.boxes[around].names.picture
            if self.pictured[around] and (named or not sentence):
                return True
            around = self.boxes[around].parent
        return False

    def _find_pictured(self) -> list[bool]:
        """Boxes with a picture in them, right there or in a box that holds no text."""
        texts = [0] * len(self.boxes)
        for passage in self.passages:
            texts[passage.box] += 1
        pictured = [i in self.pictures for i in range(len(self.boxes))]
        for i in range(self.end - 1, self.root, -1):
            parent = self.boxes[i].parent
            texts[parent] += texts[i]
            if pictured[i] and not texts[i]:
                pictured[parent] = True
        self.crowded = [lines > CAPTION_LINES for lines in texts]
        return pictured

    def _find_headers(self) -> list[bool]:
        """Boxes in a `<header>` other than the one with the headline."""
        headers = [False] * len(self.boxes)
        for i in range(self.root + 1, self.end):
            box = self.boxes[i]
            headers[i] = box.tag == "header" or headers[box.parent]
        if self.title is not None:
            box_index = self.passages[self.title].box
            while box_index > self.root and headers[box_index]:
                headers[box_index] = False
                box_index = self.boxes[box_index].parent
        return headers

    def _drop_lists_of_links(self) -> None:
        lists: dict[int, list[int]] = {}
        for i in self.given:
            if self.kinds[i] == "list_item":
                lists.setdefault(self._list_around(self.passages[i].box), []).append(i)
        for items in lists.values():
            length = sum(len(self.passages[i].text) for i in items)
            if sum(self.passages[i].linked for i in items) >= LISTED_LINKS * length:
                for i in items:
                    self.kept[i] = False

    def _list_around(self, box: int) -> int:
        while box > self.root and self.boxes[box].tag not in ("ul", "ol", "dl"):
            box = self.boxes[box].parent
        return box

    def _drop_headings_of_empty_boxes(self) -> None:
        """A heading in a box of its own with passages that were all dropped."""
        headings = [i for i in self.given if self.kept[i] and self.kinds[i] == "heading"]
        if not headings:
            return
        kept = [0] * len(self.boxes)
        all_of_them = [0] * len(self.boxes)
        for i, passage in enumerate(self.passages):
            if self.kinds[i] not in APART:
                kept[passage.box] += self.kept[i]
                all_of_them[passage.box] += 1
        for i in range(self.end - 1, self.root, -1):
            parent = self.boxes[i].parent
            kept[parent] += kept[i]
            all_of_them[parent] += all_of_them[i]
        for i in headings:
            around = self.passages[i].box
            while around > self.root and all_of_them[around] == 1:
                around = self.boxes[around].parent
            if around > self.root and kept[around] == 1:
                self.kept[i] = False

    def _drop_pull_quotes(self) -> None:
        """A quotation set off by the markup that the story also has in its running text."""
        quotes = [i for i in self.given if self.kept[i] and self.kinds[i] == "quote"]
        if not quotes:
            return
        text = "\n".join([self.passages[i].text for i in self.given if self.kept[i] and self.kinds[i] != "quote"])
        for i in quotes:
            quoted = self.passages[i].text.strip(_QUOTES)
            if MIN_LINK <= len(quoted) <= PULL_QUOTE and quoted in text:
                self.kept[i] = False

    def _drop_info_boxes(self) -> None:
        """In a story whose text lies right in its box: a small box of its own with a heading and text under it."""
        insets: dict[int, list[int]] = {}
        total = plain = 0
        for i in self.given:
            if not self.kept[i] or self.kinds[i] in APART:
                continue
            length = len(self.passages[i].text)
            total += length
            inset = self._inset(self.passages[i].box)
            if inset is None:
                plain += length
            elif plain:  # below the first text of the story; above it stand headline and standfirst
                insets.setdefault(inset, []).append(i)
        if plain < PLAIN_SHARE * total:
            return
        for passages in insets.values():
            kinds = {self.kinds[i] for i in passages}
            length = sum(len(self.passages[i].text) for i in passages)
            if len(passages) > INSET_LINES:
                continue
            titled = "heading" in kinds and kinds & {"paragraph", "list_item"}
            if (titled or self._is_teaser(passages)) and length <= INSET_SHARE * total:
                for i in passages:
                    self.kept[i] = False

    def _is_teaser(self, passages: Sequence[int]) -> bool:
        """Whether right above one passage, or two, in a box of their own there stands a linked headline."""
        first = passages[0]
        if len(passages) > TEASER_LINES or first == 0 or self.kept[first - 1]:
            return False
        above = self.passages[first - 1]
        linked = len(above.text) >= MIN_LINK and above.linked >= LINKED * len(above.text)
        return (
            linked
            and self._inset(above.box) is not None
            and self._inset(above.box) == self._inset(self.passages[first].box)
        )

    def _inset(self, box: int) -> int | None:
        """The outermost box with a name between a passage and the story's box that is no paragraph, list or table."""
        found = None
        while box > self.root:
            if (
                self.boxes[box].tag not in _OWN_LINE
                and self.boxes[box].tag not in _GROUPS
                and self.boxes[box].names.tokens
            ):
                found = box
            box = self.boxes[box].parent
        return found

    def _drop_names_above(self) -> None:
        """Above the first prose: a few words all in bold or in capitals, which name the author or the section."""
        for i in self.given:
            if self.prose[i]:
                return
            passage = self.passages[i]
            loud = passage.bold >= LINKED * len(passage.text) or passage.text.isupper()
            if self.kinds[i] == "paragraph" and loud and len(passage.text) < SHORT and not _ENDS.search(passage.text):
                self.kept[i] = False

    def _drop_headings_of_nothing(self) -> None:
        """A heading after which everything up to the next heading was dropped, or which ends the story."""
        something = False
        dropped = True  # the end of the story counts as nothing
        for i in range(len(self.passages) - 1, -1, -1):
            if self.kinds[i] == "heading" and self.kept[i]:
                if not something and dropped:
                    self.kept[i] = False
                something = dropped = False
            elif self.kept[i] and self.kinds[i] not in APART:
                something = True
            elif 2 * self.passages[i].linked >= len(self.passages[i].text) >= MIN_LINK:
                dropped = True
