"""Built-in functions that turn one kind of value into another (DMN 1.5, 10.3.4.1), and the two on any value."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.feel import comparisons, dates, durations, formats, logic
from engine.feel.arithmetic import months_of
from engine.feel.budgets import NUMBERS, Run
from engine.feel.durations import NANOS
from engine.feel.faults import Refusal
from engine.feel.functions.declared import built_in, integer

_NUMBER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_SEPARATORS = (" ", ",", ".")


@built_in("string", "from: any -> string")
def string(run: Run, value: object) -> object:
    return None if value is None else formats.text(value, run)


@built_in("number", "from: string -> number", 2)
def number_plain(run: Run, text: str) -> object:
    return number(run, text, None, None)


@built_in("number", "from: string, grouping separator: string?, decimal separator: string? -> number", 3)
def number(run: Run, text: str, grouping: str | None, point: str | None) -> object:
    """The number a text writes, with the separators its writer uses."""
    if grouping is not None and (grouping not in _SEPARATORS or grouping == point):
        raise Refusal("separator_unknown", found=grouping)
    if point is not None and point not in (",", "."):
        raise Refusal("separator_unknown", found=point)
    digits = text.replace(grouping, "") if grouping else text
    digits = digits.replace(point, ".") if point else digits
    if not _NUMBER.fullmatch(digits):
        raise Refusal("number_unreadable", text=text[:60])
    return NUMBERS.create_decimal(digits)


@built_in("not", "negand: boolean or null -> boolean")
def negation(run: Run, negand: bool | None) -> object:
    return logic.negated(negand)


@built_in("is", "value1: any?, value2: any? -> boolean")
def same(run: Run, value1: object, value2: object) -> object:
    """Whether two values are the same value of the same kind, zone and offset included."""
    if type(value1) is not type(value2):
        return False
    if isinstance(value1, dates.Time | dates.DateTime):
        return value1 == value2
    return comparisons.same(value1, value2, run)


@built_in("date", "from: string -> date", 3)
def date_of_text(run: Run, text: str) -> object:
    return _known(dates.read_date(text), text)


@built_in("date", "from: calendar -> date")
def date_of_moment(run: Run, moment: dates.Date | dates.DateTime) -> object:
    return moment.date if isinstance(moment, dates.DateTime) else moment


@built_in("date", "year: number, month: number, day: number -> date", 2)
def date_of_parts(run: Run, year: Decimal, month: Decimal, day: Decimal) -> object:
    return _known(dates.date(integer(year), integer(month), integer(day)), f"{year}-{month}-{day}")


@built_in("date and time", "from: string -> date and time", 6)
def moment_of_text(run: Run, text: str) -> object:
    return _known(dates.read_moment(text), text)


@built_in("date and time", "from: moment -> date and time")
def moment_of_moment(run: Run, moment: dates.DateTime) -> object:
    return moment


@built_in("date and time", "from: date -> date and time")
def moment_of_date(run: Run, day: dates.Date) -> object:
    return dates.DateTime(day, dates.Time(0, 0))


@built_in("date and time", "date: calendar, time: time -> date and time")
def moment_of_parts(run: Run, day: dates.Date | dates.DateTime, time: dates.Time) -> object:
    return dates.DateTime(day.date if isinstance(day, dates.DateTime) else day, time)


@built_in("time", "from: string -> time", 5)
def time_of_text(run: Run, text: str) -> object:
    return _known(dates.read_time(text), text)


@built_in("time", "from: clock -> time")
def time_of_moment(run: Run, moment: dates.Date | dates.Time | dates.DateTime) -> object:
    match moment:
        case dates.DateTime():
            return moment.time
        case dates.Date():
            return dates.Time(0, 0)
    return moment


@built_in("time", "hour: number, minute: number, second: number, offset: days and time duration? -> time", 3)
def time_of_parts(
    run: Run, hour: Decimal, minute: Decimal, second: Decimal, offset: durations.DaysTime | None
) -> object:
    whole = integer(second)
    nanos = integer((second - whole).scaleb(9))
    east = None if offset is None else int(offset.nanos / NANOS)
    if hour == 24:
        raise Refusal("temporal_unreadable", text=f"{hour}:{minute}:{second}")
    return _known(dates.time(integer(hour), integer(minute), whole, nanos, east), f"{hour}:{minute}:{second}")


@built_in("duration", "from: string -> duration", 3)
def duration_of_text(run: Run, text: str) -> object:
    return _known(durations.read(text), text)


@built_in("duration", "from: duration -> duration")
def duration_of_duration(run: Run, value: durations.DaysTime | durations.YearsMonths) -> object:
    return value


@built_in("years and months duration", "from: calendar, to: calendar -> years and months duration")
def months_between(run: Run, start: dates.Date | dates.DateTime, end: dates.Date | dates.DateTime) -> object:
    """Whole months from one day to the other, as the calendar counts them."""
    first, last = _day(start), _day(end)
    months = (last.year - first.year) * 12 + last.month - first.month
    if months > 0 and last.day < first.day:
        months -= 1
    elif months < 0 and last.day > first.day:
        months += 1
    return months_of(months)


def _day(value: dates.Date | dates.DateTime) -> dates.Date:
    return value.date if isinstance(value, dates.DateTime) else value


def _known(value: object, text: str) -> object:
    if value is None:
        raise Refusal("temporal_unreadable", text=text[:60])
    return value
