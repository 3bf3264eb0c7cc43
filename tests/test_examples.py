"""The examples are what their README says: named one by one, small, invented, and of the formats they claim."""

from __future__ import annotations

import gzip
import io
import json
import re
from pathlib import Path

import feedparser
import pytest
from fastwarc.warc import ArchiveIterator, WarcRecordType

from copydesk.transforms.errors import CODES

EXAMPLES = Path(__file__).parent.parent / "examples"
README = (EXAMPLES / "README.md").read_text(encoding="utf-8")
FILES = sorted(path for path in EXAMPLES.rglob("*") if path.is_file() and path.name != "README.md")

# Names reserved by RFC 2606, this machine, and the addresses of formats, which nobody owns as a house.
RESERVED = re.compile(r"(.+\.)?example(\.(com|org|net))?|127\.0\.0\.1")
FORMATS = {"schema.org", "purl.org", "search.yahoo.com", "www.w3.org", "jsonfeed.org"}


def text_of(path: Path) -> str:
    data = path.read_bytes()
    if path.suffixes[-2:] == [".warc", ".gz"]:
        data = gzip.decompress(data)
    return data.decode("utf-8", errors="replace")


def test_the_readme_names_every_file_and_no_other() -> None:
    sections = re.split(r"^## ", README, flags=re.MULTILINE)
    named = {
        f"{section.split('/', 1)[0]}/{name}"
        for section in sections[1:]
        for name in re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)
    }
    assert named == {str(path.relative_to(EXAMPLES)) for path in FILES}


def test_they_are_small() -> None:
    assert sum(path.stat().st_size for path in FILES) < 100_000


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_real_house_is_named_in_an_address(path: Path) -> None:
    hosts = re.findall(r"https?://([^/\s\"'<>:?]+)", text_of(path))
    assert [host for host in hosts if host not in FORMATS and not RESERVED.fullmatch(host)] == []


def test_the_codes_that_the_readme_promises_are_codes() -> None:
    broken = README.split("## broken/", 1)[1]
    codes = {
        code for cell in re.findall(r"^\| `[^`]+` \| ([^|]+) \|", broken, re.MULTILINE) for code in cell.split(", ")
    }
    assert len(codes) > 5
    assert {code.strip("`") for code in codes} <= set(CODES)


def test_every_record_of_the_main_run_is_json() -> None:
    lines = (EXAMPLES / "raw/records/mixed-fields.jsonl").read_text(encoding="utf-8").splitlines()
    bodies = [{"text", "body", "maintext", "content", "article"} & json.loads(line).keys() for line in lines]
    assert sorted(name for body in bodies for name in body) == ["article", "body", "content", "maintext", "text"]


@pytest.mark.parametrize(("name", "entries"), [("harbour-ledger.rss", 3), ("mount-arden.atom", 2)])
def test_the_feeds_are_well_formed(name: str, entries: int) -> None:
    feed = feedparser.parse(io.BytesIO((EXAMPLES / "raw/feeds" / name).read_bytes()))
    assert not feed.bozo
    assert len(feed.entries) == entries


def test_the_archive_holds_two_pages() -> None:
    stream = io.BytesIO((EXAMPLES / "raw/archive/ellis-gazette.warc.gz").read_bytes())
    responses = [
        (record.headers["WARC-Target-URI"], record.http_charset, record.reader.read())
        for record in ArchiveIterator(stream, record_types=WarcRecordType.response, parse_http=True)
    ]
    assert [charset for _, charset, _ in responses] == ["utf-8", "windows-1252"]
    assert "Münster" in responses[1][2].decode("windows-1252")


def test_one_text_is_not_utf_8() -> None:
    data = (EXAMPLES / "raw/text/seilbahn-windows-1252.txt").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
    assert "Stützen" in data.decode("windows-1252")
