"""Line rules: what a rule file may say, how it is read and checked.

A rule file is TOML; `docs/rules.md` is its manual. Nothing is compiled here but to check that it can be: the matcher
(`copydesk.transforms.boilerplate.matcher`) compiles all rules together.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final

import re2

WHERE: Final = ("line", "start", "end", "token")
"""What of a line the pattern must be: all of it, its start, its end, or any part of it."""

NEAR: Final = ("anywhere", "top", "end")
"""Which lines of the story a rule looks at: all, those before the story gets under way, the last few."""

ACTIONS: Final = ("drop", "field", "keep")
"""What is done: cut; cut and taken to the column of its kind; left alone, whatever other rules say."""

KINDS: Final[Mapping[str, str]] = {
    "advertisement": "A mark where an advertisement stood, or the name of its sponsor.",
    "affiliate": "A notice that the house earns from links.",
    "agency": "The credit of a news agency; goes to `agencies`.",
    "app_prompt": "A prompt to install an app.",
    "author_bio": "A line about the author; the name goes to `authors` where nothing else names one.",
    "byline": "The author's line; goes to `authors`.",
    "caption": "A photo caption with its credit; goes to `captions`.",
    "comment_prompt": "A prompt to comment, or a count of comments.",
    "contributed": "Who else contributed, and sources named in a line of their own.",
    "copyright": "A copyright notice.",
    "correction": "A correction, clarification or editor's note.",
    "dateline": "Place, date and agency that open the story; goes to `dateline`.",
    "disclaimer": "A disclaimer of the house.",
    "divider": "A row of signs that parts sections.",
    "embed": "A CMS token; goes to `embeds`.",
    "feed_tail": "A line that a feed adds to every entry.",
    "follow": "A prompt to follow the house or a topic.",
    "headline": "The headline, or the headline printed again; goes to `headline`.",
    "house_line": "A line that stands in many stories of its house, as counted before.",
    "list": "An item of a list. Cut only on request.",
    "markup": "A left-over tag of HTML.",
    "newsletter": "A prompt to sign up for a newsletter or an alert.",
    "page_chrome": "What the page reader holds to lie outside the story.",
    "paywall": "A wall, a registration prompt.",
    "photo_credit": "A photo credit on a line of its own; goes to `captions`.",
    "player": "The words of a video or audio player.",
    "print_trailer": "Where the story stood in print.",
    "reader_callout": "A request for tips, letters, questions.",
    "read_more": "A link to another story.",
    "see_more": "The head of a list of links that is not there.",
    "share": "Share buttons and their words.",
    "sign_off": "Who reported, wrote and edited.",
    "social_post": "A post of a social network set into the story. Cut only on request.",
    "standfirst": "The summary printed above the story and again in it; goes to `standfirst`.",
    "deck": "The summary that a page prints above the story and not again in it; it is `standfirst` all the same.",
    "subheading": "A heading inside the story. Cut only on request.",
    "support_us": "An appeal for money.",
    "syndication": "A notice on where the text came from or who edited it.",
    "table": "A table. Cut only on request.",
    "timestamp": "When it was published or changed, or how long it takes to read.",
    "topics": "Topics or tags on a line of their own; goes to `topics`.",
    "video_prompt": "A prompt to watch or listen.",
    "wire_note": "A note of an agency to its customers.",
}
"""Every kind of cut, and what it means."""

FIELD_KINDS: Final = frozenset(
    {"agency", "author_bio", "byline", "caption", "dateline", "embed", "photo_credit", "topics"}
)
"""Kinds that a line rule may take to a column."""

ON_REQUEST: Final = frozenset({"deck", "list", "social_post", "subheading", "table"})
"""Kinds that are cut only where `--cut` names them: most users hold them to be part of the story."""

MAX_WORDS: Final = 150
"""The most words that a rule for whole lines may take; a longer line is never cut by a rule."""

_KEYS: Final = {
    "id", "kind", "pattern", "trigger", "where", "near", "action", "languages", "house", "max_words", "unless", "case",
    "match", "near_miss", "note",
}  # fmt: skip
_ID: Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_MACRO: Final = re.compile(r"\{\{([a-z_]+)\}\}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        id: Its name, unique: `newsletter.sign-up`.
        kind: A key of `KINDS`.
        pattern: RE2, matched against the line with curly quotes made straight and runs of white space made one space.
        where: One of `WHERE`.
        near: One of `NEAR`.
        action: One of `ACTIONS`.
        languages: Primary language tags; a story declared to be in another language is left alone. Empty: any.
        house: Registrable domains or names of houses; empty: any.
        max_words: The line has at most so many words.
        trigger: RE2 for words that stand in every line the rule is for. Such a rule is looked at only where they do:
            patterns that begin with anything (`.*`) are slow without.
        unless: RE2; the rule does not apply where this is found in the line.
        case: Upper and lower case differ.
        match: Lines that it must cut.
        near_miss: Lines that look alike and must be left alone.
        note: Why it is so, for the reader of the file.
    """

    id: str
    kind: str
    pattern: str
    where: str = "line"
    near: str = "anywhere"
    action: str = "drop"
    languages: tuple[str, ...] = ()
    house: tuple[str, ...] = ()
    max_words: int = 60
    trigger: str = ""
    unless: str = ""
    case: bool = False
    match: tuple[str, ...] = ()
    near_miss: tuple[str, ...] = ()
    note: str = ""

    @property
    def anchored(self) -> str:
        """The pattern, tied to where it may match."""
        body = f"(?:{self.pattern})"
        head = "^" if self.where in ("line", "start") else ""
        tail = "$" if self.where in ("line", "end") else ""
        return head + body + tail


def options(case: bool = True) -> re2.Options:
    """RE2's options as used for rules: quiet, a bounded cache."""
    made = re2.Options()
    made.case_sensitive = case
    made.log_errors = False
    made.max_mem = 64 << 20
    return made


@functools.cache
def default_rules() -> tuple[Rule, ...]:
    """The rules that come with the package, in the order of the files' names."""
    folder = resources.files("copydesk.transforms.boilerplate")
    files = sorted(
        (entry for entry in folder.iterdir() if entry.name.startswith("rules-") and entry.name.endswith(".toml")),
        key=lambda entry: entry.name,
    )
    macros = default_macros()
    rules: list[Rule] = []
    for file in files:
        rules += parse_rules(file.read_text("utf-8"), file.name, macros)
    return merge(rules)


@functools.cache
def default_macros() -> Mapping[str, str]:
    """Patterns with a name, which a rule includes as `{{name}}`: those of `macros.toml` and the agencies' names."""
    from copydesk.transforms.boilerplate.agencies import agency_pattern

    text = resources.files("copydesk.transforms.boilerplate").joinpath("macros.toml").read_text("utf-8")
    return _expand_macros(tomllib.loads(text)["macros"], {"agency": agency_pattern()}, "macros.toml")


def load_rules(paths: Iterable[str | Path] = ()) -> tuple[Rule, ...]:
    """The package's rules and those of the user's files.

    A rule of a user's file stands before those of the package. With the id of an earlier rule it takes its place;
    with `disable = ["id", ...]` at the top of a file rules are put out of force.

    Args:
        paths: The user's rule files, in order.

    Returns:
        The rules in order of precedence.

    Raises:
        ValueError: A file cannot be read or says something wrong. The message names the file, the rule and what to do.
    """
    from copydesk.transforms.boilerplate.examples import check_examples

    own: list[Rule] = []
    disabled: set[str] = set()
    for path in paths:
        try:
            text = Path(path).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ValueError(f"rule file {path}: cannot be read ({error}); give a UTF-8 TOML file") from error
        for rule in parse_rules(text, str(path), default_macros()):
            check_examples(rule, f"rule file {path}, rule {rule.id}")
            own.append(rule)
        disabled |= set(_disabled(text, str(path)))
    packaged = default_rules()
    unknown = disabled - {rule.id for rule in packaged} - {rule.id for rule in own}
    if unknown:
        raise ValueError(f"`disable` names rules that do not exist: {', '.join(sorted(unknown))}; check the ids")
    return merge([rule for rule in (*own, *packaged) if rule.id not in disabled])


def merge(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules with each id once: the first stands."""
    seen: dict[str, Rule] = {}
    for rule in rules:
        seen.setdefault(rule.id, rule)
    return tuple(seen.values())


def version_of(rules: Sequence[Rule], *more: str) -> str:
    """A hash of what the rules say, 16 hex digits: changes when, and only when, a rule's effect may change."""
    said = [{k: v for k, v in asdict(rule).items() if k not in ("match", "near_miss", "note")} for rule in rules]
    text = json.dumps([said, *more], sort_keys=True, ensure_ascii=False)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def parse_rules(text: str, name: str, macros: Mapping[str, str]) -> list[Rule]:
    """Reads a rule file.

    Args:
        text: The file's text.
        name: Its name, for messages.
        macros: Patterns with a name; the file may add its own under `[macros]`.

    Returns:
        Its rules, in order, macros filled in.

    Raises:
        ValueError: See `load_rules`.
    """
    data = _toml(text, name)
    extra = set(data) - {"rule", "macros", "disable"}
    if extra:
        raise ValueError(f"rule file {name}: unknown table {sorted(extra)[0]!r}; rules are written as [[rule]]")
    own = data.get("macros", {})
    if not isinstance(own, dict) or not all(isinstance(v, str) for v in own.values()):
        raise ValueError(f"rule file {name}: [macros] must map names to patterns")
    known = _expand_macros(own, macros, name)
    entries = data.get("rule", [])
    if not isinstance(entries, list):
        raise ValueError(f"rule file {name}: write each rule as [[rule]], with two brackets")
    rules = [_rule(entry, f"rule file {name}, rule {number}", known) for number, entry in enumerate(entries, 1)]
    for rule in rules:
        if sum(other.id == rule.id for other in rules) > 1:
            raise ValueError(f"rule file {name}: two rules have the id {rule.id!r}; give each its own")
    return rules


def _toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"rule file {name}: not valid TOML: {error}; patterns are best put in '''...'''") from error


def _disabled(text: str, name: str) -> list[str]:
    ids = _toml(text, name).get("disable", [])
    if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
        raise ValueError(f"rule file {name}: `disable` must be a list of rule ids")
    return ids


def _expand_macros(own: Mapping[str, str], known: Mapping[str, str], name: str) -> dict[str, str]:
    done = dict(known)
    for key, pattern in own.items():
        done[key] = _fill(pattern, done, f"rule file {name}, macro {key!r}")
    return done


def _fill(pattern: str, macros: Mapping[str, str], at: str) -> str:
    def value(found: re.Match[str]) -> str:
        if found[1] not in macros:
            raise ValueError(f"{at}: unknown macro {found[0]}; known: {', '.join(sorted(macros))}")
        return f"(?:{macros[found[1]]})"

    return _MACRO.sub(value, pattern)


def _rule(entry: object, at: str, macros: Mapping[str, str]) -> Rule:
    """One checked rule."""
    if not isinstance(entry, dict):
        raise ValueError(f"{at}: write each rule as [[rule]], with two brackets")
    rule_id = entry.get("id")
    if not isinstance(rule_id, str) or not _ID.fullmatch(rule_id):
        raise ValueError(f"{at}: needs an `id` of lower-case letters, digits, dots and hyphens, not {rule_id!r}")
    at = f"{at} ({rule_id})"
    for key in entry:
        if key not in _KEYS:
            raise ValueError(f"{at}: unknown key {key!r}; the keys are {', '.join(sorted(_KEYS))}")
    values: dict[str, Any] = {"id": rule_id}
    for key, allowed in (("kind", KINDS), ("where", WHERE), ("near", NEAR), ("action", ACTIONS)):
        if key in entry:
            if not isinstance(entry[key], str) or entry[key] not in allowed:
                raise ValueError(f"{at}: {key} is {entry[key]!r}; it must be one of {', '.join(allowed)}")
            values[key] = entry[key]
    if "kind" not in values:
        raise ValueError(f"{at}: needs a `kind`, one of {', '.join(KINDS)}")
    if values.get("action") == "field" and values["kind"] not in FIELD_KINDS:
        raise ValueError(
            f"{at}: action 'field' has no column for kind {values['kind']!r}; "
            f"use 'drop', or one of the kinds {', '.join(sorted(FIELD_KINDS))}"
        )
    for key in ("languages", "house", "match", "near_miss"):
        if key in entry:
            values[key] = _strings(entry[key], at, key)
    for key, kind in (("max_words", int), ("case", bool), ("note", str)):
        if key in entry:
            if type(entry[key]) is not kind:
                raise ValueError(f"{at}: {key} must be {'a whole number' if kind is int else kind.__name__}")
            values[key] = entry[key]
    if not 1 <= values.get("max_words", 60) <= MAX_WORDS:
        raise ValueError(f"{at}: max_words must be 1 to {MAX_WORDS}: a longer line is prose")
    if not values.get("match"):
        raise ValueError(f"{at}: needs `match`, at least one line that it must cut")
    if "near_miss" not in values:
        raise ValueError(f"{at}: needs `near_miss`, lines that look alike and must stay (an empty list if none can)")
    for key in ("pattern", "trigger", "unless"):
        if key in entry:
            values[key] = _pattern(entry[key], at, key, macros)
    if not values.get("pattern"):
        raise ValueError(f"{at}: needs a `pattern`")
    rule = Rule(**values)
    if re2.compile(rule.anchored, options(rule.case)).search("") is not None:
        raise ValueError(f"{at}: the pattern matches an empty line; make it ask for at least one character")
    return rule


def _strings(value: object, at: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError(f"{at}: {key} must be a list of strings")
    return tuple(value)


def _pattern(value: object, at: str, key: str, macros: Mapping[str, str]) -> str:
    """The pattern with its macros filled in, on one line, known to compile."""
    if not isinstance(value, str):
        raise ValueError(f"{at}: {key} must be a string")
    # A pattern may be laid out over lines; the line breaks and the indentation after them are not part of it.
    text = "".join(line.strip() for line in value.splitlines()) if "\n" in value else value
    pattern = _fill(text, macros, at)
    try:
        re2.compile(pattern, options())
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else error
        reason = str(reason) if len(str(reason)) <= 160 else f"{str(reason)[:160]}..."
        raise ValueError(
            f"{at}: {key} is not a valid RE2 pattern: {reason}; RE2 knows no look-around and no back-references"
        ) from error
    return pattern
