"""Dates are read with certainty or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.dates import MAX_LENGTH, MAX_YEAR, MIN_YEAR, parse_date

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(text: str) -> int:
    """Microseconds of an ISO time in UTC, by the standard library."""
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


READ = {
    # RFC 2822 and what feeds make of it
    "Thu, 28 Jul 2022 04:35:05 +0900": "2022-07-27T19:35:05",
    "28 Jul 2022 04:35 GMT": "2022-07-28T04:35:00",
    "Thu, 28 Jul 22 04:35:05 EST": "2022-07-28T09:35:05",
    "Thu, 28 Jul 2022 04:35:05 -0700 (PDT)": "2022-07-28T11:35:05",
    "Thu, 28 Jul 2022 04:35:05 +0530 IST": "2022-07-27T23:05:05",
    "Thu,28 Jul 2022 4:35:5 GMT+9": "2022-07-27T19:35:05",
    "Thu, 28 Jul 2022 04:35:05 UTC+5:30": "2022-07-27T23:05:05",
    "Thursday, 28 July 2022 04:35:05 BST": "2022-07-28T03:35:05",
    "Mon, 28 Jul 2022 04:35:05 GMT": "2022-07-28T04:35:05",  # it was a Thursday
    "Thu Jul 28 04:35:05 CEST 2022": "2022-07-28T02:35:05",
    "Thu Jul 28 04:35:05 2022": "2022-07-28T04:35:05",
    "Thu Jul 28 2022 04:35:05 GMT+0200 (Central European Summer Time)": "2022-07-28T02:35:05",
    # ISO 8601
    "2002-12-31T192030+01:00": "2002-12-31T18:20:30",
    "20021231T192030Z": "2002-12-31T19:20:30",
    "20021231192030": "2002-12-31T19:20:30",
    "20021231": "2002-12-31T00:00:00",
    "2002-12-31": "2002-12-31T00:00:00",
    "2002-12-31T19:20": "2002-12-31T19:20:00",
    "2002-12-31 19:20:30.5": "2002-12-31T19:20:30.500000",
    "2002-12-31T19:20:30,1234567Z": "2002-12-31T19:20:30.123456",
    "2002-12-31T19:20:30+01": "2002-12-31T18:20:30",
    "2002-12-31T19:20:30-0130": "2002-12-31T20:50:30",
    "2002-12-31T19:20:30 \u221203:00": "2002-12-31T22:20:30",
    "2002-12-31T19:20:30+01:00[Europe/Paris]": "2002-12-31T18:20:30",
    "2024-W01-1": "2024-01-01T00:00:00",
    "2020W537": "2021-01-03T00:00:00",
    "2024-366": "2024-12-31T00:00:00",
    # Since 1970
    "1518478934": "2018-02-12T23:42:14",
    "1518478934.25": "2018-02-12T23:42:14.250000",
    "1518478934123": "2018-02-12T23:42:14.123000",
    # Year first
    "2020/1/10 14:33:00": "2020-01-10T14:33:00",
    "2020.01.10.": "2020-01-10T00:00:00",
    "2025年1月13日 21時37分": "2025-01-13T21:37:00",
    "2025년 1월 13일 21:37": "2025-01-13T21:37:00",
    # Day first, certain by its points or by a number above 12
    "28.04.2023, 20.15 Uhr": "2023-04-28T20:15:00",
    "03.04.2023": "2023-04-03T00:00:00",
    "06.\xa001.\xa02026 - 14:59": "2026-01-06T14:59:00",
    "13/04/2024": "2024-04-13T00:00:00",
    "04/13/2024": "2024-04-13T00:00:00",
    "04/04/2024 à 09h47": "2024-04-04T09:47:00",
    "11.15.2019 10:09 AM": "2019-11-15T10:09:00",
    # With the name of the month
    "July 31, 2025, 3:45 p.m. ET": "2025-07-31T19:45:00",
    "Jan. 31, 2025 3:45 PM ET": "2025-01-31T20:45:00",
    "31 July 2025 | 15:45": "2025-07-31T15:45:00",
    "3:27\xa0am PST, Wednesday, November 20, 2019": "2019-11-20T11:27:00",
    "10am, 20 Jan, 2020": "2020-01-20T10:00:00",
    "12:05 am 20 Jan 2020": "2020-01-20T00:05:00",
    "12:05 pm 20 Jan 2020": "2020-01-20T12:05:00",
    "20 Jan 2020 15:05 PM": "2020-01-20T15:05:00",
    "November 18, 2019 -- 19:14 GMT (19:14 GMT)": "2019-11-18T19:14:00",
    "May 15th, 2023": "2023-05-15T00:00:00",
    "2022-Jul-28": "2022-07-28T00:00:00",
    "05 FEB 26": "2026-02-05T00:00:00",
    "05 Feb 94": "1994-02-05T00:00:00",
    "Mi, 04 Jan 2023": "2023-01-04T00:00:00",
    "28. März 2024 um 10:17\xa0Uhr": "2024-03-28T10:17:00",
    "mer, 16 nov 2022": "2022-11-16T00:00:00",
    "mar, 16 mar 2022": "2022-03-16T00:00:00",  # a Tuesday (martes) in March
    "1er février 2022 15h45": "2022-02-01T15:45:00",
    "lunes, 2 de diciembre de 2024": "2024-12-02T00:00:00",
    "segunda-feira, 28 de julho de 2022": "2022-07-28T00:00:00",
    "4 Febbraio 2025 alle 14:41": "2025-02-04T14:41:00",
    "torsdag 8 januari 2026 kl 10.23": "2026-01-08T10:23:00",
    "12 września 2024": "2024-09-12T00:00:00",
    "1 июля 2025 г., 15:45": "2025-07-01T15:45:00",
    "28 Ιουλίου 2022": "2022-07-28T00:00:00",
    "１２ Jul ２０２４": "2024-07-12T00:00:00",
    "  2024-01-02\n  03:04  ": "2024-01-02T03:04:00",
}


@pytest.mark.parametrize(("raw", "expected"), READ.items())
def test_reads(raw: str, expected: str) -> None:
    assert parse_date(raw) == micros(expected)


@pytest.mark.parametrize(
    "raw",
    [
        # no date, or not all of it
        "", " ", "yesterday", "2 hours ago", "25:51:30", "15:45", "2022", "2022-07", "July 2025", "7:24 AM UTC",
        "Mi, 04 Jan", "mer, 16 nov", "Sat,29 Jul", "12/24", "12月24日", "Published: 20 Jan 2020", "20 Jan 2020 in Paris",
        # two readings
        "03/04/2024", "03-04-2024", "11.10.2019 10:09 AM", "25.04.24", "11/20/19 6:38 AM", "2025011412",
        "12 listopada 2024", "March 9 May 9 2024", "20 Jan 2020 15:45 16:45", "20 Jan 2020 3:4",
        # no such day, hour or zone
        "2022-13-01", "2022-02-31", "2023-02-29", "32 Jan 2022", "0 Jan 2022", "2024-W54-1", "2023-366", "2024-000",
        "2022-01-01T25:51:30Z", "2022-01-01T24:00:00Z", "2022-01-01T23:60:00Z", "2016-12-31T23:59:60Z",
        "Thu, 28 Jul 2022 24:35:05 GMT", "2022-01-01T10:00:00+15:00", "2022-01-01T10:00:00+01:60",
        "20 Jan 2020 15:45 AM", "20 Jan 2020 0:45 PM", "28 Foo 2022 10:00:00 GMT",
        # a zone that is unknown, shared or contradictory
        "Thu, 28 Jul 2022 04:35:05 IST", "Thu, 28 Jul 2022 04:35:05 XYZ", "Thu, 28 Jul 2022 04:35:05 EST+1",
        # American time that does not exist, and that comes twice
        "March 9, 2025 2:30 am ET", "Nov 2, 2025 1:30 am ET",
        # years that are a program's zero, or no news yet
        "0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 +0000", "1970-01-01", "0000000000", "1989-12-31",
        "2101-01-01", "9999999999", "0000-W01-1", "0000-001",
    ],
)  # fmt: skip
def test_refuses(raw: str) -> None:
    assert parse_date(raw) is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("March 9, 2025 1:59 am ET", "2025-03-09T06:59:00"),
        ("March 9, 2025 3:00 am ET", "2025-03-09T07:00:00"),
        ("Nov 2, 2025 12:59 am PT", "2025-11-02T07:59:00"),
        ("Nov 2, 2025 2:00 am PT", "2025-11-02T10:00:00"),
        ("April 2, 2006 3:00 am CT", "2006-04-02T08:00:00"),
        ("April 1, 2006 3:00 am CT", "2006-04-01T09:00:00"),
        ("October 29, 2006 2:00 am MT", "2006-10-29T09:00:00"),
        ("October 28, 2006 2:00 am MT", "2006-10-28T08:00:00"),
    ],
)
def test_american_time_is_that_in_force(raw: str, expected: str) -> None:
    assert parse_date(raw) == micros(expected)


moments = st.datetimes(
    min_value=datetime(MIN_YEAR, 1, 2),
    max_value=datetime(MAX_YEAR, 12, 30),
).map(lambda moment: moment.replace(tzinfo=UTC))
zones = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


def in_micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


@given(moments, zones, st.sampled_from(["T", " "]), st.sampled_from(["auto", "milliseconds", "seconds", "minutes"]))
def test_reads_what_the_standard_library_writes_as_iso(moment: datetime, zone: timezone, mark: str, unit: str) -> None:
    text = moment.astimezone(zone).isoformat(mark, unit)
    assert parse_date(text) == in_micros(datetime.fromisoformat(text))
    assert parse_date(text.replace("-", "", 2)) == in_micros(datetime.fromisoformat(text))


@given(moments, zones)
def test_reads_what_the_standard_library_writes_as_rfc_2822(moment: datetime, zone: timezone) -> None:
    moment = moment.replace(microsecond=0)
    assert parse_date(format_datetime(moment.astimezone(zone))) == in_micros(moment)


@given(moments)
def test_every_shape_of_a_day_is_the_same_day(moment: datetime) -> None:
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    shapes = [
        "%Y-%m-%d",
        "%Y%m%d",
        "%Y/%m/%d",
        "%d.%m.%Y",
        "%d %B %Y",
        "%B %d, %Y",
        "%a, %d %b %Y",
        "%G-W%V-%u",
        "%Y-%j",
    ]
    assert {parse_date(day.strftime(shape)) for shape in shapes} == {in_micros(day)}


@given(st.integers(1, 31), st.integers(1, 12), st.integers(MIN_YEAR, MAX_YEAR))
def test_slashes_are_read_only_where_one_number_is_no_month(day: int, month: int, year: int) -> None:
    assert (parse_date(f"{day}/{month}/{year}") is None) == (
        (day <= 12 and day != month) or parse_date(f"{year}-{month:02}-{day:02}") is None
    )


PIECES = (
    "2024 12 31 9999 0000 W53 - / . : T Z + 1 7 jan mar, lun GMT utc ET p.m. am ( ) +02:00 15:45 15.45 99 9999999999 "
    "º ½ Ⅷ ٣ ＋ 年 月 日 2024-02-30 listopad İ ß \u0301 \ud800"
).split(" ")


@given(st.text(max_size=MAX_LENGTH + 5) | st.lists(st.sampled_from([*PIECES, " "]), max_size=20).map("".join))
def test_any_string_is_a_time_or_none(raw: str) -> None:
    value = parse_date(raw)
    assert value is None or (
        type(value) is int
        and in_micros(datetime(MIN_YEAR - 1, 12, 31, tzinfo=UTC))
        < value
        < in_micros(datetime(MAX_YEAR + 1, 1, 2, tzinfo=UTC))
    )


@pytest.mark.parametrize("piece", ["1", " ", "(", "1:", "a ", "jan ", "-", "\u0301", "15:45 ", "2024-", ". "])
def test_long_strings_are_refused_at_once(piece: str) -> None:
    started = perf_counter()
    for length in (MAX_LENGTH, 10 * MAX_LENGTH, 1_000_000):
        assert parse_date((piece * length)[:length]) is None
    assert perf_counter() - started < 0.5
