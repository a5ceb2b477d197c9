"""Laws of dates, times, moments and durations: what is added can be taken away, zones move clocks and not instants."""

from __future__ import annotations

import datetime as python_dates
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel import dates, durations, types
from engine.feel.durations import DAY, DaysTime, YearsMonths
from tests.units.feel.drawn import (
    DAYS,
    DAYS_TIMES,
    FAR_DAYS,
    LOCAL_MOMENTS,
    NANOS,
    OFFSET_MOMENTS,
    TIMES,
    YEARS_MONTHS,
    ZONED_MOMENTS,
    ZONES,
)
from tests.units.feel.evaluated import result, value

SAME_CLOCK = LOCAL_MOMENTS.flatmap(lambda one: st.tuples(st.just(one), LOCAL_MOMENTS)) | st.tuples(
    OFFSET_MOMENTS | ZONED_MOMENTS, OFFSET_MOMENTS | ZONED_MOMENTS
)


@settings(max_examples=60, deadline=None)
@given(st.tuples(DAYS, DAYS) | SAME_CLOCK)
def test_the_difference_of_two_added_to_one_is_the_other(two: tuple[Any, Any]) -> None:
    one, other = two
    assert value("a + (b - a) = b", a=one, b=other) is True
    assert value("b - a = -(a - b)", a=one, b=other) is True
    assert value('a = b or (a < b) = (b - a > @"PT0S")', a=one, b=other) is True


@settings(max_examples=60, deadline=None)
@given(LOCAL_MOMENTS | OFFSET_MOMENTS | ZONED_MOMENTS, DAYS_TIMES)
def test_what_is_added_to_a_moment_can_be_taken_away(moment: dates.DateTime, by: DaysTime) -> None:
    assert value("is(m + d - d, m)", m=moment, d=by) is True
    assert value("(m + d) - m = d", m=moment, d=by) is True
    later = result("m + d", m=moment, d=by)
    assert isinstance(later, dates.DateTime)
    assert later.nanos() - moment.nanos() == by.nanos
    assert later.time.zone == moment.time.zone


@settings(max_examples=40, deadline=None)
@given(FAR_DAYS, st.integers(-(10**9), 10**9))
def test_days_are_counted_to_any_year(day: dates.Date, by: int) -> None:
    moved = result("d + n", d=day, n=DaysTime(by * DAY))
    assert isinstance(moved, dates.Date) and moved.ordinal() - day.ordinal() == by
    assert value("string(m) = string(date(string(m)))", m=moved) is True
    assert value("date(m.year, m.month, m.day) = m", m=moved) is True
    assert moved.weekday() == (day.weekday() - 1 + by) % 7 + 1


@settings(max_examples=60, deadline=None)
@given(DAYS | LOCAL_MOMENTS | OFFSET_MOMENTS, YEARS_MONTHS)
def test_months_are_counted_by_the_calendar_and_clamped(day: Any, by: YearsMonths) -> None:
    moved = result("d + m", d=day, m=by)
    assert moved is not None
    first, last = (getattr(one, "date", one) for one in (day, moved))
    assert (last.year * 12 + last.month) - (first.year * 12 + first.month) == by.months
    assert last.day == min(first.day, dates.month_days(last.year, last.month))
    assert getattr(day, "time", None) == getattr(moved, "time", None)
    assert value("is(d + m, m + d) and is(d - m, d + -m)", d=day, m=by) is True


@settings(max_examples=60, deadline=None)
@given(DAYS, DAYS)
def test_years_and_months_between_are_the_most_that_fit(one: dates.Date, other: dates.Date) -> None:
    whole = result("years and months duration(a, b)", a=one, b=other)
    assert isinstance(whole, YearsMonths)
    step = 1 if other >= one else -1
    within = result("a + m", a=one, m=whole)
    beyond = dates.Date(one.year, one.month, 1)
    after = dates.add_months(beyond, whole.months + step)
    assert isinstance(within, dates.Date) and after is not None
    assert (within <= other) if step > 0 else (within >= other)
    # One month more, on the same day of the month, would pass the end.
    assert ((after.year, after.month, one.day) > (other.year, other.month, other.day)) is (step > 0)


@settings(max_examples=60, deadline=None)
@given(st.tuples(DAYS_TIMES, DAYS_TIMES) | st.tuples(YEARS_MONTHS, YEARS_MONTHS), st.integers(1, 1000))
def test_durations_are_a_group_with_a_scale(two: tuple[Any, Any], n: int) -> None:
    known = {"a": two[0], "b": two[1], "n": n}
    for law in (
        "a + b = b + a",
        "a + b - b = a",
        "a - b = -(b - a)",
        "-(-a) = a",
        "a * n / n = a",
        "n * a = a * n",
        "a * 2 = a + a",
        "abs(a) = abs(-a)",
        "sum([a, b]) = a + b",
        "(a < b) = (a - b < b - b)",
    ):
        assert value(law, **known) is True, law
    if two[1] != type(two[1])(0):
        assert value("(b * n) / b = n", **known) is True
    assert value("a + b", a=DaysTime(1), b=YearsMonths(1)) is None


@settings(max_examples=60, deadline=None)
@given(TIMES, DAYS_TIMES)
def test_a_time_goes_round_the_clock(time: dates.Time, by: DaysTime) -> None:
    assert value("t + d - d = t", t=time, d=by) is True
    assert value('t + @"P1D" = t', t=time) is True
    moved = result("t + d", t=time, d=by)
    assert isinstance(moved, dates.Time) and moved.nanos == (time.nanos + by.nanos) % DAY
    assert (moved.offset, moved.zone) == (time.offset, time.zone)


@settings(max_examples=60, deadline=None)
@given(OFFSET_MOMENTS, st.integers(-18 * 60, 18 * 60))
def test_an_offset_moves_the_clock_and_not_the_instant(moment: dates.DateTime, minutes: int) -> None:
    days, rest = divmod(moment.nanos() + minutes * 60 * durations.NANOS, DAY)
    day = dates.day_at(days)
    assert day is not None
    elsewhere = dates.DateTime(day, dates.Time(rest, minutes * 60))
    assert value('a = b and a - b = @"PT0S"', a=moment, b=elsewhere) is True
    assert value("is(a, b)", a=moment, b=elsewhere) is (moment.offset() == minutes * 60)
    assert value("b.time offset", b=elsewhere) == str(DaysTime(minutes * 60 * durations.NANOS))


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(python_dates.datetime(1950, 1, 1), python_dates.datetime(2037, 1, 1)),
    ZONES,
    st.integers(-(10**6), 10**6),
)
def test_a_named_zone_keeps_time_as_python_keeps_it(
    at: python_dates.datetime, zone: str, seconds: int
) -> None:
    begun = at.replace(microsecond=0, tzinfo=python_dates.UTC)
    here = dates.from_datetime(begun, ZoneInfo(zone))
    later = result("m + d", m=here, d=DaysTime(seconds * durations.NANOS))
    expected = (begun + python_dates.timedelta(seconds=seconds)).astimezone(ZoneInfo(zone))
    assert isinstance(later, dates.DateTime)
    assert later.iso()[:19] == expected.isoformat()[:19]
    assert later.offset() == int((expected.utcoffset() or python_dates.timedelta()).total_seconds())


@settings(max_examples=80, deadline=None)
@given(
    st.one_of(
        FAR_DAYS,
        TIMES,
        st.builds(dates.Time, NANOS),
        LOCAL_MOMENTS,
        OFFSET_MOMENTS,
        ZONED_MOMENTS,
        DAYS_TIMES,
        YEARS_MONTHS,
    )
)
def test_what_string_writes_is_read_back(moment: Any) -> None:
    reader = {dates.Date: "date", dates.Time: "time", dates.DateTime: "date and time"}.get(
        type(moment), "duration"
    )
    once = moment if getattr(getattr(moment, "time", moment), "zone", None) is None else _first(moment)
    assert result(f"{reader}(string(m))", m=once) == once
    assert result(f'@"{once}"') == once
    assert types.read_as(value("m", m=once), types.Type(_name(once))) == _by_offset(once)


def _first(moment: Any) -> Any:
    """The first of the two times at which a zone's clock shows the same: text does not tell the second."""
    if isinstance(moment, dates.DateTime):
        return dates.DateTime(moment.date, dates.Time(moment.time.nanos, None, moment.time.zone))
    return dates.Time(moment.nanos, None, moment.zone)


def _by_offset(moment: Any) -> Any:
    """A moment as JSON keeps it: a zone's offset in place of its name."""
    if isinstance(moment, dates.DateTime):
        return dates.DateTime(moment.date, dates.Time(moment.time.nanos, moment.offset()))
    return dates.Time(moment.nanos, moment.offset_on()) if isinstance(moment, dates.Time) else moment


def _name(moment: Any) -> str:
    return {
        dates.Date: "date",
        dates.Time: "time",
        dates.DateTime: "date and time",
        DaysTime: "days and time duration",
        YearsMonths: "years and months duration",
    }[type(moment)]
