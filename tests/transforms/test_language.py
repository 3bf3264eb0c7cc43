"""Declared tags, and texts that contradict them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.language import language_of, well_formed

ENGLISH = "The minister said on Monday that he would resign, and that the office of the president had been told."
GERMAN = "Der Minister sagte am Montag, dass er nicht mit einer Wahl rechnet und das Amt auf Dauer bei ihm bleibt."
RUSSIAN = "Министр сказал в понедельник, что он не уйдёт в отставку до выборов."


@pytest.mark.parametrize(
    ("declared", "tag"),
    [
        ("en", "en"),
        ("EN-gb", "en-GB"),
        ("en_US", "en-US"),
        (" de ", "de"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske", "sl-rozaj-biske"),
        ("english", None),
        ("und", None),
        ("", None),
        ("en-", None),
        ("x" * 40, None),
    ],
)
def test_a_tag_is_well_formed_or_none(declared: str, tag: str | None) -> None:
    assert well_formed(declared) == tag


@pytest.mark.parametrize(
    ("text", "declared", "language"),
    [
        (ENGLISH, None, "en"),
        (ENGLISH, "en-GB", "en-GB"),
        (ENGLISH, "de", "en"),
        (ENGLISH, "nonsense", "en"),
        (ENGLISH, "ru", "en"),
        (GERMAN, None, None),
        (GERMAN, "de-AT", "de-AT"),
        (GERMAN, "en", None),
        (RUSSIAN, "en-US", None),
        (RUSSIAN, "ru", "ru"),
        (RUSSIAN, "uk", "uk"),
        ("記者は東京で話した。これは日本の新聞である。とても良い。", "ja", "ja"),
        ("他们在中国的人民这个是不了。记者在国内和人说了这些话。", "zh-CN", "zh-CN"),
        ("他们在中国的人民这个是不了。记者在国内和人说了这些话。", "en", None),
        ("Ukupno je glasalo više od milion birača u zemlji.", "sr", "sr"),
        ("Pier closed", "fr", "fr"),
        ("Pier closed", None, None),
        ("", "en", "en"),
        ("", None, None),
    ],
)
def test_the_language_is_the_declared_one_unless_it_is_plainly_another(
    text: str, declared: str | None, language: str | None
) -> None:
    assert language_of(text, declared) == language


def test_a_quotation_does_not_change_the_language() -> None:
    assert language_of(f"{ENGLISH} „{GERMAN[:40]}“, he added, in the words of the chancellor.", "en") == "en"


@given(st.text(max_size=200), st.none() | st.text(max_size=40))
def test_any_text_has_a_well_formed_language_or_none(text: str, declared: str | None) -> None:
    found = language_of(text, declared)
    assert found is None or well_formed(found) == found
