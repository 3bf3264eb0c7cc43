"""Draft to article: the desk cuts, the speller respells, and the article gets its identity. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache

from copydesk.schemas.article import Article, Caption, Respelled
from copydesk.transforms import identity
from copydesk.transforms.boilerplate import Desk, Rule, profile
from copydesk.transforms.boilerplate.edited import Edited
from copydesk.transforms.boilerplate.house_lines import from_file
from copydesk.transforms.draft import Draft
from copydesk.transforms.errors import Reject
from copydesk.transforms.language import language_of
from copydesk.transforms.spelling.speller import Acronyms, Change, Names, Quotes, Speller
from copydesk.transforms.spelling.table import Hyphens


@dataclass(frozen=True)
class Editor:
    """Turns drafts into articles.

    Built from options alone, so that it can be sent to workers; the rules are loaded and compiled on first use.

    Attributes:
        spelling: The variety: `en-US`, `en-GB`, `en-GB-oxendict`, `en-CA`, `en-AU`, or `keep`.
        names: What happens to proper names: `keep`, `official` or `target`.
        quotes: What happens to quoted speech: `house` or `keep`.
        hyphens: Which words are closed up: `variety`, `modern` or `keep`.
        acronyms: How acronyms said as words are written: `keep`, `word` or `capitals`.
        profile: Which cuts are made: `story` or `archive`.
        keep: Kinds of cuts that are not made, beyond the profile.
        cut: Kinds of cuts that are made although the profile keeps them.
        rules: Line rules, from `load_rules`; the built-in ones where None.
        house_lines: What was learnt of the lines of houses, as `house_lines.to_file` makes it.
        pipeline_version: The release, as it goes into the rows.
    """

    pipeline_version: str
    spelling: str = "en-US"
    names: Names = "keep"
    quotes: Quotes = "house"
    hyphens: Hyphens = "variety"
    acronyms: Acronyms = "keep"
    profile: str = "story"
    keep: tuple[str, ...] = ()
    cut: tuple[str, ...] = ()
    rules: tuple[Rule, ...] | None = None
    house_lines: bytes | None = None

    def __getstate__(self) -> dict[str, object]:
        """The options without what was built from them."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def desk(self) -> Desk:
        """The desk that these options ask for.

        Raises:
            ValueError: there is no such profile or kind, or the house lines are none; the message says so.
        """
        return _desk(self.rules, self.profile, self.keep, self.cut, self.house_lines)

    @cached_property
    def speller(self) -> Speller:
        """The speller that these options ask for."""
        return _speller(self.spelling, self.names, self.quotes, self.hyphens, self.acronyms)

    @cached_property
    def version(self) -> str:
        """A hash of the rules and tables that edit the text."""
        return identity.digest(self.desk.version, self.speller.version)

    def cut_down(self, draft: Draft) -> Edited:
        """What the desk makes of a draft: the story as it is spelt, its fields and every cut."""
        return self.desk.edit(draft, identity.identify(draft).house)

    def edit(self, draft: Draft) -> Article:
        """Edits one draft.

        Raises:
            Reject: nothing is left of it (`no_story`).
        """
        return self.write_up(draft, self.cut_down(draft))

    def write_up(self, draft: Draft, edited: Edited) -> Article:
        """The article that a draft becomes once it is cut down.

        Raises:
            Reject: nothing is left of it (`no_story`).
        """
        text = edited.text
        if not text.strip() and not (edited.headline or "").strip():
            raise Reject("no_story", "nothing is left once all that is not the story is cut")
        metadata, who = draft.metadata, identity.identify(draft)
        language = language_of(text, metadata.language)
        respell = _Respeller(self.speller if _is_english(language) else None, text)
        headline = respell(edited.headline, title=True)
        text = respell(text) or ""
        return Article(
            article_id=who.article_id,
            revision=identity.revision(headline, text),
            source_uri=draft.source_uri,
            media_type=draft.media_type,
            text=text,
            word_count=len(text.split()),
            content_hash=identity.content_hash(text),
            pipeline_version=self.pipeline_version,
            rules_version=self.version,
            url=who.url,
            house=who.house,
            headline=headline,
            standfirst=respell(edited.standfirst),
            authors=edited.authors,
            agencies=edited.agencies,
            topics=edited.topics,
            dateline=edited.dateline,
            published_at=metadata.published_at,
            published_raw=metadata.published_raw,
            updated_at=metadata.updated_at,
            fetched_at=metadata.fetched_at,
            language=language,
            captions=tuple(Caption(respell(caption.text), caption.credit) for caption in edited.captions),
            embeds=edited.embeds,
            removed=edited.cuts,
            respelled=respell.tally(),
            spelling=self.spelling if respell.speller and self.spelling != "keep" else None,
        )


@lru_cache(maxsize=8)
def _desk(
    rules: tuple[Rule, ...] | None,
    name: str,
    keep: tuple[str, ...],
    cut: tuple[str, ...],
    house_lines: bytes | None,
) -> Desk:
    """One desk a process for the same options: compiling its rules takes longer than editing a thousand stories."""
    kinds = profile(name, keep, cut)
    return Desk(rules, keep=kinds.keep, cut=kinds.cut, learnt=from_file(house_lines) if house_lines else None)


@lru_cache(maxsize=8)
def _speller(variety: str, names: Names, quotes: Quotes, hyphens: Hyphens, acronyms: Acronyms) -> Speller:
    return Speller(variety, names=names, quotes=quotes, hyphens=hyphens, acronyms=acronyms)


def _is_english(language: str | None) -> bool:
    return language is not None and language.split("-")[0].lower() == "en"


class _Respeller:
    """Respells the prose of one article and keeps count."""

    def __init__(self, speller: Speller | None, context: str) -> None:
        self.speller = speller
        self.context = context
        self._counts: Counter[tuple[str, str]] = Counter()

    def __call__(self, text: str | None, *, title: bool = False) -> str | None:
        if not text or self.speller is None:
            return text
        respelling = self.speller.apply(text, title=title, context=self.context if text is not self.context else "")
        self._count(respelling.changes)
        return respelling.text

    def _count(self, changes: Iterable[Change]) -> None:
        self._counts.update((change.old, change.new) for change in changes)

    def tally(self) -> tuple[Respelled, ...]:
        """Every change made so far, in order of the words."""
        return tuple(Respelled(old, new, count) for (old, new), count in sorted(self._counts.items()))
