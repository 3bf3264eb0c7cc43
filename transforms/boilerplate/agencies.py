"""News agencies: their codes, and the names that credits use for them."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from importlib import resources


@functools.cache
def agency_codes() -> Mapping[str, str]:
    """Every printed name of an agency and its code, names of two words and more in capitals too."""
    text = resources.files("copydesk.transforms.boilerplate").joinpath("agencies.toml").read_text("utf-8")
    codes: dict[str, str] = {}
    for code, names in tomllib.loads(text)["agency"].items():
        for name in names:
            codes[name] = code
            if " " in name:
                codes[name.upper()] = code
    return codes


@functools.cache
def agency_pattern() -> str:
    """A pattern, for RE2 and `re`, of all agencies' names, to the letter, the longest first."""
    names = sorted(agency_codes(), key=lambda name: (-len(name), name))
    return "(?-i:" + "|".join(_literal(name) for name in names) + ")"


def _literal(name: str) -> str:
    return re.escape(name).replace("\\ ", " ").replace("\\-", "-").replace("/", "/")


@functools.cache
def _finder() -> re.Pattern[str]:
    names = sorted(agency_codes(), key=lambda name: (-len(name), name))
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, names)) + r")(?!\w)")


def codes_in(credit: str) -> tuple[str, ...]:
    """The codes of the agencies that a credit names, each once, in order: `AFP, REUTERS` gives AFP and REUTERS."""
    codes = agency_codes()
    return tuple(dict.fromkeys(codes[found] for found in _finder().findall(credit)))
