"""Members of values: entries of contexts, properties of dates, durations and ranges, and of a list's items."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel import dates, durations
from engine.feel.budgets import ZONED, Run
from engine.feel.durations import NANOS
from engine.feel.faults import Refusal
from engine.feel.values import Range, kind


def member(value: object, name: str, run: Run) -> object:
    """`value.name`; refuses an unknown member, and any member of null."""
    if isinstance(value, list):
        run.spend(len(value))
        return [_of_item(item, name, run) for item in value]
    if isinstance(value, dict):
        if name not in value:
            raise Refusal("entry_unknown", name=name)
        return value[name]
    found = PROPERTIES.get((type(value), name))
    if found is None:
        code = "member_of_null" if value is None else "property_unknown"
        raise Refusal(code, name=name, kind=kind(value))
    run.spend(ZONED if name == "time offset" else 1)
    return found(value)


def _of_item(item: object, name: str, run: Run) -> object:
    try:
        return member(item, name, run)
    except Refusal:
        return None


def seconds(nanos: int, whole: int) -> Decimal:
    """Seconds with their fraction, as a number."""
    return Decimal(whole) + Decimal(nanos % NANOS).scaleb(-9) if nanos % NANOS else Decimal(whole)


def _offset(offset: int | None) -> durations.DaysTime | None:
    return None if offset is None else durations.DaysTime(offset * NANOS)


def _signed(duration: durations.DaysTime, part: int) -> Decimal:
    return Decimal(-part if duration.nanos < 0 else part)


def _years(duration: durations.YearsMonths) -> Decimal:
    years = abs(duration.months) // 12
    return Decimal(-years if duration.months < 0 else years)


def _months(duration: durations.YearsMonths) -> Decimal:
    months = abs(duration.months) % 12
    return Decimal(-months if duration.months < 0 else months)


def _seconds_of(duration: durations.DaysTime) -> Decimal:
    _, _, _, whole, nanos = duration.parts()
    value = seconds(nanos, whole)
    return value.copy_negate() if duration.nanos < 0 else value


def _of_date(value: Any) -> dates.Date:
    return value.date if isinstance(value, dates.DateTime) else value


def _of_time(value: Any) -> dates.Time:
    return value.time if isinstance(value, dates.DateTime) else value


PROPERTIES: dict[tuple[type[Any], str], Callable[[Any], object]] = {
    (durations.YearsMonths, "years"): _years,
    (durations.YearsMonths, "months"): _months,
    (durations.DaysTime, "days"): lambda value: _signed(value, value.parts()[0]),
    (durations.DaysTime, "hours"): lambda value: _signed(value, value.parts()[1]),
    (durations.DaysTime, "minutes"): lambda value: _signed(value, value.parts()[2]),
    (durations.DaysTime, "seconds"): _seconds_of,
    (Range, "start"): lambda value: value.low,
    (Range, "end"): lambda value: value.high,
    (Range, "start included"): lambda value: value.low_included,
    (Range, "end included"): lambda value: value.high_included,
}
for _kind in (dates.Date, dates.DateTime):
    PROPERTIES |= {
        (_kind, "year"): lambda value: Decimal(_of_date(value).year),
        (_kind, "month"): lambda value: Decimal(_of_date(value).month),
        (_kind, "day"): lambda value: Decimal(_of_date(value).day),
        (_kind, "weekday"): lambda value: Decimal(_of_date(value).weekday()),
    }
for _clock in (dates.Time, dates.DateTime):
    PROPERTIES |= {
        (_clock, "hour"): lambda value: Decimal(_of_time(value).hour),
        (_clock, "minute"): lambda value: Decimal(_of_time(value).minute),
        (_clock, "second"): lambda value: seconds(_of_time(value).nanos, _of_time(value).second),
        (_clock, "timezone"): lambda value: _of_time(value).zone,
        (_clock, "time offset"): lambda value: _offset(
            value.offset() if isinstance(value, dates.DateTime) else value.offset_on()
        ),
    }
