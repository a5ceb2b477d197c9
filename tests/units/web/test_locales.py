"""Numbers, days and durations read as people here write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from web import locales

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("value", "vi", "en"),
    [
        (1234.5, "1.234,5", "1,234.5"),
        (0, "0", "0"),
        (1_000_000, "1.000.000", "1,000,000"),
        (-0.25, "-0,25", "-0.25"),
        (1e21, "1.000.000.000.000.000.000.000", "1,000,000,000,000,000,000,000"),
    ],
)
def test_a_number_is_shown_in_local_style(value: float, vi: str, en: str) -> None:
    assert (locales.number(value, "vi"), locales.number(value, "en")) == (vi, en)


def test_a_moment_is_shown_in_the_zone_of_the_campaign() -> None:
    at = datetime(2021, 7, 9, 18, 5, tzinfo=UTC)
    assert locales.moment(at, ZONE) == "10/07/2021 01:05"
    assert locales.clock(at, ZONE) == "01:05"
    assert locales.day(date(2021, 7, 1)) == locales.day("2021-07-01") == "01/07/2021"


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [
        (20, "dưới 1 phút", "under a minute"),
        (720, "12 phút", "12 minutes"),
        (3660, "1 giờ 1 phút", "1 hour 1 minute"),
        (7200, "2 giờ", "2 hours"),
        (86_400 * 2 + 3 * 3600 + 59, "2 ngày 3 giờ", "2 days 3 hours"),
        (86_400 + 300, "1 ngày", "1 day"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(seconds: int, vi: str, en: str) -> None:
    assert locales.duration(timedelta(seconds=seconds), "vi") == vi
    assert locales.duration(seconds, "en") == en
