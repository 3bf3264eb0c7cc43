"""Regular English inflection, for expanding the tables: it is applied to both spellings of a word alike."""

from __future__ import annotations

VOWELS = "aeiou"


def plural(word: str) -> str:
    """The -s form of a noun or verb (`centre` -> `centres`, `story` -> `stories`, `catch` -> `catches`)."""
    if word.endswith("y") and word[-2:-1] not in VOWELS:
        return word[:-1] + "ies"
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return word + "es"
    return word + "s"


def past(word: str) -> str:
    """The -ed form, without doubling (`honour` -> `honoured`, `centre` -> `centred`)."""
    if word.endswith("e"):
        return word + "d"
    if word.endswith("y") and word[-2:-1] not in VOWELS:
        return word[:-1] + "ied"
    return word + "ed"


def present_participle(word: str) -> str:
    """The -ing form, without doubling (`honour` -> `honouring`, `centre` -> `centring`)."""
    if word.endswith("e") and not word.endswith(("ee", "oe", "ye")):
        return word[:-1] + "ing"
    return word + "ing"


def agent(word: str) -> str:
    """The -er form (`labour` -> `labourer`, `organise` -> `organiser`)."""
    return word + ("r" if word.endswith("e") else "er")


def _stem(word: str) -> str:
    return word.removesuffix("e")


def inflect(word: str, kinds: str) -> list[str]:
    """All forms of one spelling, in an order that depends on `kinds` alone.

    Two spellings of a word inflected with the same kinds give lists that match place by place.

    Args:
        word: The base form.
        kinds: `-` for the word alone, or letters: `n` plural; `v` -s -ed -ing; `r` -er -ers; `t` -ation,
            -ations; `b` -able; `g` -ings.

    Raises:
        ValueError: A letter that names no inflection.
    """
    forms = [word]
    for kind in kinds:
        match kind:
            case "-":
                pass
            case "n":
                forms.append(plural(word))
            case "v":
                forms += [plural(word), past(word), present_participle(word)]
            case "r":
                forms += [agent(word), agent(word) + "s"]
            case "t":
                noun = _stem(word) + "ation"
                forms += [noun, noun + "s"]
            case "g":
                forms.append(present_participle(word) + "s")
            case "b":
                forms.append(_stem(word) + "able")
            case _:
                raise ValueError(f"unknown inflection {kind!r} of {word!r}")
    return forms
