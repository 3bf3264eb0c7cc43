"""Who an article is and which version of it this is: canonical URL, house, article id, revision, content hash."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

from copydesk.transforms.draft import Draft, Metadata

_TRACKING_PREFIXES = ("utm_", "mc_", "pk_", "hsa_", "vero_", "oly_", "matomo_")
_TRACKING = frozenset(
    (
        "fbclid gclid dclid gbraid wbraid msclkid yclid twclid igshid ttclid li_fat_id mkt_tok cmpid icid ncid ocid "
        "smid sr_share soc_src soc_trk s_kwcid sref ref_src ref_url xtor __twitter_impression guccounter guce_referrer "
        "guce_referrer_sig"
    ).split()
)
"""Parameters that analytics, ad networks and share buttons add. A name that could tell pages apart is not here."""
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
OPENING = 200
"""Code points of the raw text that stand for a headline where there is none."""
_WORD = re.compile(r"\w+")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The Public Suffix List as published by Mozilla, from the copy inside the publicsuffixlist package."""
    return PublicSuffixList(accept_unknown=True)


def canonical_url(url: str | None) -> str | None:
    """An http(s) address without what does not tell pages apart: tracking parameters, fragment, default port, case.

    The order of the parameters that stay is kept. None where the address is not http or https or cannot be read.
    """
    if not url:
        return None
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").lower()
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not host:
        return None
    if port == _DEFAULT_PORTS[scheme]:
        port = ""
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        kept = [(key, value) for key, value in pairs if not _is_tracking(key.lower())]
        if len(kept) < len(pairs):
            query = urlencode(kept)
    return urlunsplit((scheme, host + port, parts.path or "/", query, ""))


def _is_tracking(key: str) -> bool:
    return key in _TRACKING or key.startswith(_TRACKING_PREFIXES)


@lru_cache(maxsize=4096)
def _registrable(host: str) -> str | None:
    return _suffixes().privatesuffix(host)


def house_of(url: str | None) -> str | None:
    """The registrable domain of an address (`www.bbc.co.uk` is `bbc.co.uk`), or its host where it has none."""
    if not url:
        return None
    try:
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return None
    return _registrable(host) or host or None


def article_id(metadata: Metadata, url: str | None, source_uri: str, opening: str = "") -> str:
    """The stable identity: the guid if there is one, else the canonical URL, else the source URI.

    An entry of a feed without guid and URL is known by its headline, within its feed: the archive it was read from is
    another at every poll.

    A guid that is not an address of its own (`12345`) means nothing outside its feed, so the feed's address, or its
    house, goes before it.

    Args:
        metadata: Its `guid` is set only where it is unique in its feed.
        url: The canonical URL, if any.
        source_uri: Where the bytes came from.
        opening: How the text begins; it stands for a headline where there is none.
    """
    guid = (metadata.guid or "").strip()
    if guid:
        if re.match(r"(?:https?://|tag:|urn:)", guid, re.IGNORECASE):
            return guid
        scope = canonical_url(metadata.feed_url) or metadata.house or house_of(url)
        if scope:
            return f"{scope}#{guid}"
    if url is None and (feed := canonical_url(metadata.feed_url)):
        return f"{feed}#{digest(metadata.headline or opening)}"
    return url or source_uri


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the article of a draft is.

    Attributes:
        article_id: As `article_id` has it.
        url: Its canonical URL, if it has one.
        house: As the source names it, else that of its URL.
    """

    article_id: str
    url: str | None
    house: str | None


def identify(draft: Draft) -> Identity:
    """Who the article of a draft is, whatever becomes of its text."""
    metadata = draft.metadata
    url = canonical_url(metadata.url)
    name = article_id(metadata, url, draft.source_uri, draft.raw[:OPENING])
    return Identity(name, url, metadata.house or house_of(url))


def digest(*parts: str) -> str:
    """BLAKE2b over the parts, 128 bits, as 32 hex digits; no two different rows of parts run together."""
    state = hashlib.blake2b(digest_size=16)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "big"))
        state.update(data)
    return state.hexdigest()


def revision(headline: str | None, text: str) -> str:
    """The version of an article: a hash of its headline and its clean text."""
    return digest(headline or "", text)


def content_hash(text: str) -> str:
    """A hash of the words alone, so that copies which differ in case, space or punctuation have the same."""
    return digest(" ".join(_WORD.findall(text.casefold())))
