"""When a feed is asked again, and what is remembered of it."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copydesk.transforms.polling import (
    DAY,
    Outcome,
    Pace,
    Remembered,
    adaptive,
    after,
    fresh_for,
    from_json,
    http_time,
    per_day,
    retry_after,
    to_json,
)

NOW = 1_790_000_000  # 2026-09-21
PACE = Pace(every=900, seed="s")
NEW = Remembered("http://a.example/feed")


def ok(body: str = "b1", **known: Any) -> Outcome:
    headers = {name.replace("_", "-"): value for name, value in known.pop("headers", {}).items()}
    return Outcome(200, headers, body=body, **known)


def wait(seen: Outcome, before: Remembered = NEW, pace: Pace = PACE) -> int:
    return after(before, seen, NOW, pace).next_poll - NOW


def test_validators_are_kept_byte_for_byte_and_sent_back() -> None:
    state = after(NEW, ok(headers={"etag": 'W/"\xe9 "', "last_modified": "yesterday, about"}), NOW, PACE)
    assert state.conditions() == {"If-None-Match": 'W/"\xe9 "', "If-Modified-Since": "yesterday, about"}
    same = after(state, Outcome(304, {}), NOW + 900, PACE)
    assert same.conditions() == state.conditions()
    assert (same.body, same.last_success, same.last_new) == ("b1", NOW + 900, NOW)
    assert after(state, ok("b2"), NOW + 900, PACE).conditions() == {}


def test_a_validator_that_cannot_be_sent_is_not_kept() -> None:
    assert after(NEW, ok(headers={"etag": '"a"\r\n b'}), NOW, PACE).conditions() == {}


@pytest.mark.parametrize(
    ("seen", "seconds"),
    [
        (ok(), 900),
        (ok(ttl=3600), 3600),
        (ok(headers={"cache_control": "public, max-age=1800"}), 1800),
        (ok(headers={"cache_control": "max-age=1800", "age": "600"}), 1200),
        (ok(headers={"cache_control": "max-age=60"}), 900),
        (ok(headers={"cache_control": "no-cache, max-age=7200"}), 900),
        (ok(headers={"cache_control": "s-max-age=7200"}), 900),
        (ok(headers={"cache_control": "max-age=999999999"}), DAY),
        (ok(headers={"expires": "Mon, 21 Sep 2026 15:13:20 GMT", "date": "Mon, 21 Sep 2026 14:13:20 GMT"}), 3600),
        (ok(headers={"expires": "0"}), 900),
        (ok(headers={"retry_after": "5000"}), 5000),
        (ok(times=[NOW - 8 * 3600, NOW - 4 * 3600, NOW]), 7200),
        (ok(times=[NOW - 60, NOW - 30, NOW]), 900),
        (ok(times=[0, NOW]), DAY),
    ],
)
def test_the_next_poll_is_the_longest_wait_within_bounds(seen: Outcome, seconds: int) -> None:
    assert wait(seen) == seconds


def test_what_is_not_modified_keeps_its_pace() -> None:
    state = after(NEW, ok(times=[NOW - 4 * 3600, NOW]), NOW, PACE)
    assert after(state, Outcome(304), state.next_poll, PACE).next_poll == state.next_poll + 7200
    failed = after(state, Outcome(error="dns"), NOW, PACE)
    assert after(failed, Outcome(304), NOW, PACE).next_poll == NOW + 7200


def test_failures_back_off_to_a_day_and_a_success_ends_that() -> None:
    state, waits = NEW, []
    for _ in range(12):
        state = after(state, Outcome(error="timeout"), NOW, PACE)
        waits.append(state.next_poll - NOW)
    assert all(later > sooner * 1.5 for sooner, later in pairwise(waits[:6]))
    assert max(waits) <= DAY
    assert waits[-1] >= DAY * 0.9
    assert (state.errors, state.error) == (12, "timeout")
    state = after(state, ok(), NOW, PACE)
    assert (state.errors, state.error, state.next_poll) == (0, "", NOW + 900)


def test_the_jitter_is_of_the_seed_and_parts_feeds() -> None:
    failed = Outcome(error="dns")
    waits = {wait(failed, Remembered(f"http://{n}.example/")) for n in range(50)}
    assert len(waits) > 25
    assert all(0.9 * 1800 <= seconds <= 1.1 * 1800 for seconds in waits)
    assert wait(failed) == wait(failed) != wait(failed, pace=Pace(900, seed="t"))


def test_a_failure_keeps_what_is_known() -> None:
    state = after(NEW, ok(headers={"etag": '"1"'}, entries=["e"]), NOW, PACE)
    failed = after(state, Outcome(404, error="404"), NOW + 900, PACE)
    assert (failed.conditions(), failed.body, failed.entries) == (state.conditions(), state.body, state.entries)
    assert not failed.gone
    assert failed.is_due(failed.next_poll)


def test_gone_is_for_good() -> None:
    state = after(NEW, Outcome(410, error="410"), NOW, PACE)
    assert state.gone
    assert not state.is_due(NOW + 10 * DAY)
    assert not state.is_due(NOW + 10 * DAY, asked_for=True)


def test_what_a_server_asks_for_holds_even_if_a_person_asks() -> None:
    state = after(NEW, Outcome(429, {"retry-after": "7200"}, error="429"), NOW, PACE)
    assert not state.is_due(NOW + 7199, asked_for=True)
    assert state.is_due(NOW + 7200, asked_for=True)
    quiet = after(NEW, ok(times=[NOW - 8 * 3600, NOW]), NOW, PACE)
    assert not quiet.is_due(NOW + 900)
    assert quiet.is_due(NOW + 900, asked_for=True)


def test_a_permanent_redirect_is_believed_the_third_time() -> None:
    state = NEW
    for expected in ("", "", "http://b.example/"):
        state = after(state, ok(permanent_to="http://b.example/"), NOW, PACE)
        assert state.moved_to == expected
    assert (state.address, state.url) == ("http://b.example/", NEW.url)
    state = after(NEW, ok(permanent_to="http://b.example/"), NOW, PACE)
    state = after(state, ok(), NOW, PACE)
    assert state.sightings == 0
    state = after(state, Outcome(200, permanent_to="http://parked.example/", error="not a feed"), NOW, PACE)
    assert (state.sightings, state.moved_to) == (0, "")


def test_new_entries_are_counted_by_day() -> None:
    state = after(NEW, ok("1", entries=["a", "b"]), NOW, PACE)
    state = after(state, ok("2", entries=["b", "c"]), NOW + DAY, PACE)
    state = after(state, ok("2", entries=["b", "c"]), NOW + DAY + 900, PACE)
    assert list(state.new.values()) == [2, 1]
    assert per_day(state, NOW + DAY) == pytest.approx(3 / 7)
    assert per_day(state, NOW + 30 * DAY) == 0


def test_retry_after_is_a_number_or_a_date() -> None:
    assert retry_after({"retry-after": "120"}, NOW) == 120
    assert retry_after({"retry-after": "Mon, 21 Sep 2026 14:14:20 GMT"}, NOW) == 60
    assert [retry_after({"retry-after": said}, NOW) for said in ("", "-5", "soon", "٣", "1.5")] == [0] * 5


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40), st.integers(0, 4_000_000_000))
def test_any_header_gives_a_time_within_bounds(control: str, expires: str, retry: str, now: int) -> None:
    headers = {"cache-control": control, "expires": expires, "retry-after": retry, "date": expires}
    for seen in (Outcome(200, headers, body="x"), Outcome(500, headers, error="500")):
        assert 900 <= after(NEW, seen, now, PACE).next_poll - now <= DAY
    assert fresh_for(headers, now) >= 0
    assert http_time(expires) is None or isinstance(http_time(expires), int)


@given(st.lists(st.integers(-(10**10), 10**10)))
def test_any_times_give_a_pace(times: list[int]) -> None:
    assert adaptive(times) >= 0


def test_what_is_remembered_goes_through_json() -> None:
    state = after(NEW, ok(headers={"etag": '"1"'}, entries=["e"], permanent_to="http://b.example/"), NOW, PACE)
    assert from_json(to_json(state)) == state
    assert to_json(NEW) == {"url": NEW.url}
    assert from_json({**to_json(state), "later": 1}) == state
