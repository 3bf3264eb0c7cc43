"""Every encoding a newsroom has met, and the bytes that are none."""

from __future__ import annotations

import codecs
import contextlib
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.charset import declared_in_html, declared_in_xml, encoding_of, name_of_codec
from copydesk.transforms.decode import decode, decode_markup, is_binary, repair_mojibake
from copydesk.transforms.errors import Reject


def code_of(call: Callable[[], object]) -> str | None:
    """The code that a call is refused with, None where it is not."""
    try:
        call()
    except Reject as reject:
        return reject.code
    return None


POLISH = "Premier powiedział, że są już gotowi, który był też w domu."
RUSSIAN = "Министр сказал, что это не так, и он был на юге."
GREEK = "Ο υπουργός είπε ότι δεν θα είναι στην Αθήνα με τον πρωθυπουργό και την κυβέρνηση."
TURKISH = "Bakan, seçim için çok çalıştığını ve aynı gün Türkiye'de olduğunu açıkladı, dışı daha değil."
HEBREW = "הוא אמר כי על הממשלה לא של זה את גם אם"
ARABIC = "قال الوزير في المدينة إن على الحكومة أن تعمل مع هذا"
LITHUANIAN = "Taip pat už metų būti, dėl to prieš metų jau iš Lietuvos į užsienį, šį kurį."
JAPANESE = "記者は東京で話した。これは日本の新聞である。"
CHINESE = "他们在中国的人民这个是不了。记者在国内和人。"
TAIWANESE = "他們在中國的人民這個是不了。記者在國內和人。"
KOREAN = "기자가 서울에서 말한 것은 이 나라의 신문이다. 사람은 대로를 걸었다."
THAI = "นักข่าวกล่าวว่าเป็นการประชุมที่ได้ผลในกรุงเทพและมีคนมา"


@pytest.mark.parametrize(
    ("text", "codec", "name"),
    [
        ("The minister’s café — “closed” until £5 is paid.", "cp1252", "windows-1252"),
        ("Le ministre a été élu à Orléans, où il était déjà très aimé.", "cp1252", "windows-1252"),
        (POLISH, "cp1250", "windows-1250"),
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (GREEK, "cp1253", "windows-1253"),
        (TURKISH, "cp1254", "windows-1254"),
        (HEBREW, "cp1255", "windows-1255"),
        (ARABIC, "cp1256", "windows-1256"),
        (LITHUANIAN, "cp1257", "windows-1257"),
        (THAI, "cp874", "windows-874"),
        (JAPANESE, "cp932", "shift_jis"),
        (JAPANESE, "euc-jp", "euc-jp"),
        (CHINESE, "gb18030", "gb18030"),
        (TAIWANESE, "big5", "big5"),
        (KOREAN, "cp949", "euc-kr"),
    ],
)
def test_a_code_page_is_known_by_its_words(text: str, codec: str, name: str) -> None:
    assert decode(text.encode(codec)) == (text, name)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "utf-32", "utf-8"])
def test_unicode_with_a_mark_is_read_without_it(codec: str) -> None:
    assert decode(RUSSIAN.encode(codec))[0] == RUSSIAN


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be"])
def test_utf16_without_a_mark_is_read_where_it_is_certain(codec: str) -> None:
    text = "The café closed on Monday — for good."
    assert decode(text.encode(codec)) == (text, codec.replace("utf-16-", "utf-16"))


@pytest.mark.parametrize(
    ("declared", "codec"),
    [("ISO-8859-1", "cp1252"), ("latin1", "cp1252"), ("us-ascii", "cp1252"), (" Windows-1251 ", "cp1251")],
)
def test_labels_mean_what_they_mean_on_the_web(declared: str, codec: str) -> None:
    data = bytes([0x93, 0xE9, 0x94]) + b" and more"
    assert decode(data, declared=declared)[0] == data.decode(codec)


def test_a_declared_encoding_is_believed_over_a_guess() -> None:
    assert decode(POLISH.encode("iso8859-2"), declared="iso-8859-2") == (POLISH, "iso-8859-2")
    assert decode(JAPANESE.encode("iso2022_jp"), declared="iso-2022-jp")[0] == JAPANESE


def test_well_formed_utf8_beats_a_declared_single_byte_encoding() -> None:
    assert decode("café — “closed”".encode(), declared="iso-8859-1") == ("café — “closed”", "utf-8")


def test_a_declared_encoding_that_does_not_fit_is_passed_over() -> None:
    assert decode("café déjà vu".encode("cp1252"), declared="utf-8") == ("café déjà vu", "windows-1252")
    assert decode(RUSSIAN.encode(), declared="shift_jis")[0] == RUSSIAN
    assert decode(b"plain", declared="no-such-thing") == ("plain", "utf-8")


def test_a_codec_of_python_that_is_no_encoding_of_the_web_cannot_be_named() -> None:
    for label in ("rot13", "base64", "utf-7", "unicode_escape", "idna", "cp037"):
        assert encoding_of(label) is None


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b'<html><head><meta charset="windows-1251">', "windows-1251"),
        (b"<meta http-equiv=content-type content='text/html; charset=koi8-r'>", "koi8-r"),
        (b"<!-- <meta charset=koi8-r> --><META CHARSET = shift_jis />", "shift_jis"),
        (b'<a title="<meta charset=koi8-r>"><meta charset=big5>', "big5"),
        (b"<!--><meta charset=big5>", "big5"),
        (b"<meta charset=utf-16>", "utf-8"),
        (b'<?xml version="1.0" encoding="iso-8859-2"?><html>', "iso-8859-2"),
        (b"<meta name=description content='charset=koi8-r'><p>", None),
        (b"<p charset=koi8-r>", None),
        (b"<!-- <meta charset=koi8-r>", None),
        (b"<meta charset=nonsense>", None),
    ],
)
def test_a_page_declares_its_encoding_as_the_standard_says(head: bytes, name: str | None) -> None:
    found = declared_in_html(head)
    assert (found.name if found else None) == name


def test_a_page_is_decoded_as_it_declares() -> None:
    page = f'<meta charset="windows-1251"><p>{RUSSIAN}</p>'
    assert decode(page.encode("cp1251"), html=True) == (page, "windows-1251")


def test_an_xml_declaration_names_the_encoding() -> None:
    found = declared_in_xml(b'<?xml version="1.0" encoding="ISO-8859-1"?><rss/>')
    assert found is not None
    assert found.name == "windows-1252"
    assert name_of_codec(found.codec) == "windows-1252"


def test_a_few_broken_bytes_do_not_make_it_another_encoding() -> None:
    data = "It’s here — “yes”, é".encode() + b" and he\x92s in a caf\xe9, cut \xe2\x80"
    assert decode(data) == ("It’s here — “yes”, é and he’s in a café, cut �", "utf-8")


def test_double_encoding_is_set_right() -> None:
    text = "It’s a café in Málaga — “he said”."
    assert decode(text.encode().decode("sloppy-windows-1252").encode()) == (text, "utf-8")
    assert decode(text.encode().decode("latin-1").encode()) == (text, "utf-8")


@pytest.mark.parametrize(
    "text",
    [
        "A café, a naïve rôle, an Ångström: 20 °C ± 1 «déjà»",
        "Where the encoding is wrong, â€™ stands for ’ and Ã© for é.",
        "AÇÃO E REAÇÃO: SÃO PAULO, MAÇÃ E IRMÃ",
        "One Ã© alone is a word of some language.",
        RUSSIAN,
        CHINESE,
    ],
)
def test_what_may_be_meant_is_not_repaired(text: str) -> None:
    assert repair_mojibake(text) == text


def test_quotes_of_windows_that_were_taken_for_controls_are_quotes() -> None:
    assert repair_mojibake("He said \x93yes\x94 \x96 twice") == "He said “yes” – twice"


@pytest.mark.parametrize(
    "data", [b"", b" \r\n\t ", "\ufeff".encode(), "\u00a0\u200b \ufeff\n".encode(), "\n".encode("utf-16")]
)
def test_white_space_is_empty(data: bytes) -> None:
    with pytest.raises(Reject, match="empty"):
        decode(data)


@pytest.mark.parametrize(
    "data",
    [
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00",
        bytes(range(256)) * 4,
        b"text\x00with\x00nul",
        codecs.BOM_UTF16_LE + b"\x01\x00\x02\x00a\x00" * 20,
        codecs.BOM_UTF8 + b"\x00\x01\x02",
    ],
)
def test_bytes_that_are_no_text_are_binary(data: bytes) -> None:
    with pytest.raises(Reject, match="binary"):
        decode(data)


def test_one_stray_control_in_a_long_text_is_kept() -> None:
    text = "A long story. " * 50 + "\x00"
    assert decode(text.encode())[0] == text


def test_bytes_that_fit_no_encoding_are_refused() -> None:
    with pytest.raises(Reject, match="undecodable"):
        decode(codecs.BOM_UTF16_LE + b"\x00\xd8" * 100)
    with pytest.raises(Reject, match="undecodable"):
        decode(b"\x81\x8d\x8f\x90\x9d " * 50)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_all_utf8_comes_back_to_the_letter(text: str) -> None:
    if (code := code_of(lambda: decode(text.encode()))) is not None:
        assert code == "empty"
        return
    decoded, name = decode(text.encode())
    if name == "utf-8" and not text.startswith("\ufeff") and repair_mojibake(text) == text:
        assert decoded == text


@given(
    st.lists(st.sampled_from(["café", "â€™", "Ã©", "naïve’s", "\x92", "\x00", "\n", " “so” ", "é’", "À l’été ", " "]))
)
def test_a_mark_before_utf8_changes_nothing(pieces: list[str]) -> None:
    data = "".join([*pieces, " “four” and more"]).encode()
    if (code := code_of(lambda: decode(data))) is not None:
        assert code_of(lambda: decode(codecs.BOM_UTF8 + data)) == code
        return
    assert decode(codecs.BOM_UTF8 + data) == decode(data)
    assert decode_markup(data) == decode(data)[0].encode()


def test_markup_comes_out_in_utf8() -> None:
    page = f'<meta charset="windows-1251"><p>{RUSSIAN}</p>'
    assert decode_markup(page.encode("cp1251")).decode() == page
    assert decode_markup(page.encode(), declared="windows-1251").decode() == page


@given(
    st.binary(),
    st.none() | st.sampled_from(["utf-8", "utf-16", "shift_jis", "windows-1251", "gbk", "x"]),
    st.booleans(),
)
def test_any_bytes_are_decoded_or_refused(data: bytes, declared: str | None, html: bool) -> None:
    if (code := code_of(lambda: decode(data, declared=declared, html=html))) is not None:
        assert code in {"empty", "binary", "undecodable"}
        return
    text, name = decode(data, declared=declared, html=html)
    assert text.strip()
    assert name == name.lower()
    text.encode()  # no lone surrogates


@given(
    st.lists(st.sampled_from([b"<meta", b" charset", b"=", b"koi8-r", b">", b"<!--", b"-->", b'"', b"'", b"<a ", b"/"]))
)
def test_the_prescan_ends_on_any_row_of_its_tokens(tokens: list[bytes]) -> None:
    declared_in_html(b"".join(tokens))


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" * 2_000_000,
        b"\xe9 " * 1_000_000,
        ("é’".encode() + b"\x92 ") * 300_000,
        ("â€™" * 300_000).encode(),
        b"<meta " * 400_000,
        b"<!" * 1_000_000,
        b"<a b='" * 400_000,
    ],
)
def test_two_megabytes_of_anything_take_no_quadratic_time(data: bytes) -> None:
    start = time.process_time()
    with contextlib.suppress(Reject):
        decode(data, html=True)
    assert time.process_time() - start < 4


def test_binary_is_judged_by_its_controls() -> None:
    assert is_binary(b"\x00" * 10)
    assert not is_binary(b"tabs\tand\r\nlines\f")
