"""Profiles: which kinds of cuts are made."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from copydesk.transforms.boilerplate.rules import KINDS, ON_REQUEST


@dataclass(frozen=True, slots=True)
class Profile:
    """Kinds to keep in the text that are cut by default, and kinds to cut that are kept by default."""

    keep: frozenset[str] = frozenset()
    cut: frozenset[str] = frozenset()


PROFILES: Final[Mapping[str, Profile]] = {
    "story": Profile(),
    "archive": Profile(keep=frozenset({"contributed", "correction", "dateline", "sign_off"})),
}
"""`story`: prose only. `archive`: what the paper of record prints: sign-offs, corrections and datelines stay."""


def profile(name: str = "story", keep: Collection[str] = (), cut: Collection[str] = ()) -> Profile:
    """A preset with changes.

    Args:
        name: A key of `PROFILES`.
        keep: Kinds to keep in the text.
        cut: Kinds to cut; wins over the preset.

    Returns:
        The profile.

    Raises:
        ValueError: There is no such preset or kind, or a kind is both kept and cut.
    """
    if name not in PROFILES:
        raise ValueError(f"no profile {name!r}; the profiles are {', '.join(PROFILES)}")
    unknown = sorted({*keep, *cut} - set(KINDS))
    if unknown:
        raise ValueError(f"no kind {unknown[0]!r}; the kinds are {', '.join(KINDS)}")
    both = sorted(set(keep) & set(cut))
    if both:
        raise ValueError(f"kind {both[0]!r} is both kept and cut; choose one")
    preset = PROFILES[name]
    return Profile((preset.keep - set(cut)) | set(keep), (preset.cut - set(keep)) | (set(cut) & ON_REQUEST))
