"""Which addresses may be fetched: those of the public internet, over http and https, and what else is allowed by name.

A feed, a redirect or a DNS answer may point anywhere: at the machine itself, at a cloud's metadata service, into the
company's network. So a name is resolved first, every address it has is judged here, and the connection is made to an
address that was judged, not to the name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final
from urllib.parse import quote, urlsplit

PORTS: Final = {"http": 80, "https": 443}
"""The schemes that are fetched, and the one port of each that needs no permission."""

_PRINTED: Final = "".join(map(chr, range(0x21, 0x7F)))
_UNFIT: Final = re.compile(r"[\s\x00-\x20\x7f<>\"'\\^`{|}]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_REFUSED_V4: Final = {
    IPv4Network(network): what
    for network, what in {
        "0.0.0.0/8": "unspecified",
        "10.0.0.0/8": "private",
        "100.64.0.0/10": "shared by a carrier",
        "127.0.0.0/8": "loopback",
        "169.254.0.0/16": "link-local, where clouds keep their metadata",
        "172.16.0.0/12": "private",
        "192.0.0.0/24": "kept for protocols",
        "192.0.2.0/24": "for documentation",
        "192.88.99.0/24": "a 6to4 relay",
        "192.168.0.0/16": "private",
        "198.18.0.0/15": "for benchmarks",
        "198.51.100.0/24": "for documentation",
        "203.0.113.0/24": "for documentation",
        "224.0.0.0/4": "multicast",
        "240.0.0.0/4": "reserved",
        "168.63.129.16/32": "a cloud's metadata service",
    }.items()
}
"""The IANA IPv4 special-purpose registry (RFC 6890 and after) as far as it is not global, multicast, and Azure's
metadata address, which is one of the public ones."""

_GLOBAL_V6: Final = IPv6Network("2000::/3")
"""The only IPv6 addresses that IANA has given out for hosts."""
_REFUSED_V6: Final = {
    IPv6Network(network): what
    for network, what in {
        "2001::/23": "kept for protocols, Teredo among them",
        "2001:db8::/32": "for documentation",
        "2002::/16": "6to4",
        "3fff::/20": "for documentation",
    }.items()
}
"""What of them is not global, by the IANA IPv6 special-purpose registry."""
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""RFC 6052: a network without IPv4 reaches all of it under this prefix, so that the address inside is judged."""


def refusal(address: str) -> str | None:
    """Why an IP address may not be connected to, in a few words; None where it may.

    Args:
        address: As `getaddrinfo` gives it; a scope (`fe80::1%eth0`) may follow.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return "no IP address"
    if isinstance(ip, IPv6Address):
        inside = _inside(ip)
        if inside is None:
            return _of(ip, _REFUSED_V6) if ip in _GLOBAL_V6 else "not global"
        ip = inside
    return _of(ip, _REFUSED_V4)


def _inside(ip: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that the connection would really go to."""
    return ip.ipv4_mapped or (IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else None)


def _of(ip: IPv4Address | IPv6Address, table: dict[IPv4Network, str] | dict[IPv6Network, str]) -> str | None:
    return next((what for network, what in table.items() if ip in network), None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a URL leads: what is needed to connect and to ask.

    Attributes:
        scheme: `http` or `https`.
        host: Lower case, without brackets, in ASCII (IDNA).
        port: The port.
        target: Path and query, as they go into the request: what is not printed ASCII is percent-encoded.
    """

    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + ("" if self.port == PORTS[self.scheme] else f":{self.port}")


class AddressError(ValueError):
    """A URL or an address that is not fetched; the message says why."""


def place_of(url: str) -> Place:
    """Takes a URL apart.

    Raises:
        AddressError: it is not http or https, names no host or a user, or cannot be read.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host or host.isascii() else host.encode("idna").decode()
    except (ValueError, UnicodeError) as error:
        raise AddressError(f"not an address: {error}") from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        raise AddressError(f"{scheme or 'no scheme'}: only http and https are fetched")
    if not host:
        raise AddressError("no host")
    if parts.username is not None or parts.password is not None:
        raise AddressError("a user name in the address")
    if _UNFIT.search(host) or _CONTROL.search(url.strip()):
        raise AddressError("a space or a control character in the address")
    target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe=_PRINTED, errors="replace")
    return Place(scheme, host.lower(), port or PORTS[scheme], target)


@dataclass(frozen=True)
class Allowed:
    """The hosts that are fetched whatever their addresses and ports: `host`, or `host:port` for that port alone."""

    hosts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, hosts: Iterable[str]) -> Allowed:
        """From the names as they were given."""
        return cls(frozenset(host.strip().lower().removeprefix("[").replace("]", "") for host in hosts))

    def allows(self, place: Place) -> bool:
        """True if the place was allowed by name."""
        return place.host in self.hosts or f"{place.host}:{place.port}" in self.hosts

    def check_port(self, place: Place) -> None:
        """Sees to it that the port is one that is fetched.

        Raises:
            AddressError: it is not the scheme's own, and the host is not allowed by name.
        """
        if place.port != PORTS[place.scheme] and not self.allows(place):
            raise AddressError(f"port {place.port} of {place.host}: only {PORTS[place.scheme]} is fetched")

    def check(self, place: Place, addresses: Iterable[str]) -> list[str]:
        """The addresses of a place that may be connected to, in their order.

        Args:
            place: Where the connection is to go.
            addresses: All that its name resolves to; those that may not be connected to are passed over.

        Raises:
            AddressError: none is left.
        """
        found = list(dict.fromkeys(addresses))
        if self.allows(place):
            return found
        judged = {address: refusal(address) for address in found}
        if found and all(judged.values()):
            raise AddressError(f"{place.host} is {', '.join(f'{address}: {why}' for address, why in judged.items())}")
        return [address for address in found if judged[address] is None]
