"""Which addresses may be fetched."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.addresses import AddressError, Allowed, Place, place_of, refusal

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "64:ff9b::808:808"]
REFUSED = """
0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.100.100.200 127.0.0.1 127.1.2.3 169.254.169.254 169.254.170.2 172.16.0.1
172.31.255.255 192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
239.255.255.250 240.0.0.1 255.255.255.255 168.63.129.16
:: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
100::1 2001::1 2001:0:7f00:1:: 2001:db8::1 2002:7f00:1:: 2002:808:808:: 3fff::1 fc00::1 fd00:ec2::254 fe80::1
fe80::1%eth0 fec0::1 ff02::1 5f00::1
""".split()


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_fetched(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize("address", REFUSED)
def test_all_other_addresses_are_refused(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize("word", ["", "localhost", "2130706433", "0x7f000001", "127.1"])
def test_what_is_no_address_is_refused(word: str) -> None:
    assert refusal(word)


@given(st.ip_addresses(v=4))
def test_nothing_that_python_knows_to_be_private_is_fetched(ip: ipaddress.IPv4Address) -> None:
    wrapped = (str(ip), f"::ffff:{ip}", f"64:ff9b::{int(ip) >> 16:x}:{int(ip) & 0xFFFF:x}")
    answers = {refusal(address) for address in wrapped}
    assert len(answers) == 1
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        assert answers != {None}


@given(st.ip_addresses(v=6))
def test_nothing_of_ipv6_that_python_knows_to_be_private_is_fetched(ip: ipaddress.IPv6Address) -> None:
    if (
        ip not in ipaddress.ip_network("2000::/3")
        and not ip.ipv4_mapped
        and ip not in ipaddress.ip_network("64:ff9b::/96")
    ):
        assert refusal(str(ip))


def test_a_url_is_taken_apart() -> None:
    assert place_of("HTTPS://Bücher.example/a?b=c#d") == Place("https", "xn--bcher-kva.example", 443, "/a?b=c")
    assert place_of("http://[2606:2800::1]:8080").origin == "http://[2606:2800::1]:8080"
    assert place_of("http://a.example/Zür ich?q=ü%41").target == "/Z%C3%BCr%20ich?q=%C3%BC%41"
    assert place_of("https://a.example:443/x").origin == "https://a.example"


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "//a.example/", "http://", "http:///x", "x",
     "http://user:secret@a.example/", "http://user@a.example/", "http://a.example:port/", "http://[::1/", "",
     "http://a example/", "http://a.example/\r\nHost: b", "http://a.example/\0", "javascript:alert(1)"],
)  # fmt: skip
def test_other_urls_are_refused(url: str) -> None:
    with pytest.raises(AddressError):
        place_of(url)


def test_only_the_ports_of_the_schemes_are_fetched_unless_the_host_is_allowed() -> None:
    mail = place_of("http://a.example:25/")
    with pytest.raises(AddressError, match="port 25"):
        Allowed().check_port(mail)
    Allowed.of(["a.example"]).check_port(mail)
    Allowed.of(["A.example:25"]).check_port(mail)
    with pytest.raises(AddressError):
        Allowed.of(["a.example:26"]).check_port(mail)


def test_private_addresses_are_passed_over_and_a_host_that_has_no_other_is_refused() -> None:
    place = place_of("http://a.example/")
    assert Allowed().check(place, ["8.8.8.8", "127.0.0.1", "8.8.4.4", "8.8.8.8"]) == ["8.8.8.8", "8.8.4.4"]
    with pytest.raises(AddressError, match="loopback"):
        Allowed().check(place, ["127.0.0.1", "10.0.0.1"])
    assert Allowed.of(["a.example"]).check(place, ["127.0.0.1"]) == ["127.0.0.1"]
    with pytest.raises(AddressError):
        Allowed.of(["b.example"]).check(place, ["127.0.0.1"])


@given(st.one_of(st.text(max_size=60), st.builds("http://{}/{}".format, st.text(max_size=20), st.text(max_size=20))))
def test_any_text_is_a_place_or_is_refused(url: str) -> None:
    try:
        place = place_of(url)
    except AddressError:
        return
    assert place.scheme in ("http", "https")
    assert place.host
    assert place.host.isascii()
    assert all(0x20 < ord(character) < 0x7F for character in place.target)
    assert place_of(place.origin).host == place.host
