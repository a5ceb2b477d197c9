"""A moment with an offset is seen on the campaign's clock: the same instant, the day and hour of Ha Noi."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import feel

HANOI = ZoneInfo("Asia/Ho_Chi_Minh")

SEEN = [
    ("2021-08-19T18:30:00Z", "2021-08-20T01:30:00+07:00"),
    ("2021-08-19T16:59:59z", "2021-08-19T23:59:59+07:00"),
    ("2021-08-19t18:30:00.123456789+00:00", "2021-08-20T01:30:00.123456789+07:00"),
    ("2021-12-31T20:30:00-05:00", "2022-01-01T08:30:00+07:00"),
    ("2021-08-20T01:30:00+07:00", "2021-08-20T01:30:00+07:00"),
]
KEPT = [
    "2021-08-19T18:30:00", "2021-08-19", "18:30:00Z", "2021-02-30T18:30:00Z", "2021-08-19T25:30:00Z", "P1D",
    "2021-08-19T18:30:00@Europe/Paris", "9999-12-31T20:00:00Z", "1900-01-01T00:00:00Z", "at 2021-08-19T18:30:00Z",
    "2021-08-19T18:30Z", "", "x" * 40,
]  # fmt: skip


@pytest.mark.parametrize(("written", "seen"), SEEN)
def test_a_moment_is_written_with_the_zones_offset(written: str, seen: str) -> None:
    assert feel.localized(written, HANOI) == seen
    assert feel.localized({"lent": [{"at": written}], "n": 1}, HANOI) == {"lent": [{"at": seen}], "n": 1}


@pytest.mark.parametrize("text", KEPT)
def test_what_is_no_moment_with_an_offset_stays(text: str) -> None:
    assert feel.localized(text, HANOI) == text
    assert feel.localized({text: [text]}, HANOI) == {text: [text]}


def test_the_offset_is_that_of_the_day_where_clocks_are_put_on() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert feel.localized("2021-01-10T12:00:00Z", paris) == "2021-01-10T13:00:00+01:00"
    assert feel.localized("2021-07-10T12:00:00Z", paris) == "2021-07-10T14:00:00+02:00"


@given(st.datetimes(datetime(1950, 1, 1), datetime(2100, 1, 1), timezones=st.timezones()))
def test_the_instant_is_the_same_and_seeing_it_twice_changes_nothing(at: datetime) -> None:
    seen = feel.localized(at.isoformat(), HANOI)
    assert datetime.fromisoformat(seen) == datetime.fromisoformat(at.isoformat())
    assert feel.localized(seen, HANOI) == seen
