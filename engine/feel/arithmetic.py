"""Arithmetic on numbers, texts, durations, dates and times (DMN 1.5, 10.3.2.15); what is not defined is refused."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from engine.feel import dates, durations
from engine.feel.budgets import CALENDAR, LONGEST_STRING, NUMBERS, POWER, WHOLE_POWER, ZONED, Run
from engine.feel.durations import DAY, NANOS, DaysTime, YearsMonths
from engine.feel.faults import Refusal
from engine.feel.values import kind

MOST_EXPONENT = Decimal(999_999_999)  # the standard's bound
Operation = Callable[[Any, Any], object]


def calculate(operator: str, left: object, right: object, run: Run) -> object:
    """`left operator right`; refuses kinds the operator is not defined for, and results out of bounds."""
    operation = _OPERATIONS.get((operator, type(left), type(right)))
    if operation is None:
        raise Refusal("operator_undefined", operator=operator, left=kind(left), right=kind(right))
    run.spend(_steps(operator, left, right))
    try:
        return operation(left, right)
    except ArithmeticError:
        code = "division_by_zero" if operator == "/" and _is_zero(right) else "number_out_of_bounds"
        raise Refusal(code) from None


def _steps(operator: str, left: object, right: object) -> int:
    """What an operation is worth: by the size of texts, the exponent of a power, and what a zone or a calendar asks."""
    match left, right:
        case str(), str():
            return 1 + (len(left) + len(right)) // 64
        case Decimal(), Decimal() if operator == "**":
            return WHOLE_POWER if right == right.to_integral_value() else POWER
        case (dates.DateTime() | dates.Time(), _) | (_, dates.DateTime() | dates.Time()):
            return ZONED
        case (dates.Date(), _) | (_, dates.Date()):
            return CALENDAR
    return 1


def _is_zero(value: object) -> bool:
    return value in (Decimal(0), DaysTime(0), YearsMonths(0))


def negate(value: object) -> object:
    """`-value` for numbers and durations."""
    match value:
        case Decimal():
            return NUMBERS.minus(value)
        case DaysTime(nanos=nanos):
            return DaysTime(-nanos)
        case YearsMonths(months=months):
            return YearsMonths(-months)
    raise Refusal("negation_undefined", kind=kind(value))


def power(left: Decimal, right: Decimal) -> Decimal:
    if abs(right) > MOST_EXPONENT:
        raise Refusal("exponent_too_large", most=MOST_EXPONENT)
    if not left and right < 0:  # decimal would answer with an infinity
        raise Refusal("division_by_zero")
    if left < 0 and right % 1:
        raise Refusal("root_of_negative")
    return Decimal(1) if right == 0 else NUMBERS.power(left, right)


def whole(value: Decimal) -> int:
    """A number without its fraction, as a Python integer; refuses what no count or duration can need."""
    if value.adjusted() > 20:
        raise Refusal("number_out_of_bounds")
    return int(value)


def months_of(months: int) -> YearsMonths:
    duration = YearsMonths(months)
    if not durations.is_possible(duration):
        raise Refusal("duration_out_of_bounds")
    return duration


def nanos_of(nanos: int) -> DaysTime:
    duration = DaysTime(nanos)
    if not durations.is_possible(duration):
        raise Refusal("duration_out_of_bounds")
    return duration


def _joined(left: str, right: str) -> str:
    if len(left) + len(right) > LONGEST_STRING:
        raise Refusal("text_too_long", most=LONGEST_STRING)
    return left + right


def _day(day: dates.Date | None) -> dates.Date:
    if day is None:
        raise Refusal("date_out_of_bounds")
    return day


def _moved(moment: dates.DateTime, by: DaysTime) -> dates.DateTime:
    later = dates.moved(moment, by.nanos)
    if later is None:
        raise Refusal("date_out_of_bounds")
    return later


def _date_and_months(day: dates.Date, by: YearsMonths) -> dates.Date:
    return _day(dates.add_months(day, by.months))


def _date_and_days(day: dates.Date, by: DaysTime) -> dates.Date:
    """A date stays a date: its midnight moved, and the day that falls on."""
    return _moved(dates.DateTime(day, dates.Time(0)), by).date


def _moment_and_months(moment: dates.DateTime, by: YearsMonths) -> dates.DateTime:
    at = moment.time
    offset = None if at.zone else at.offset  # another day's clock shows this hour once
    return dates.DateTime(
        _day(dates.add_months(moment.date, by.months)), dates.Time(at.nanos, offset, at.zone)
    )


def _time_and_duration(at: dates.Time, by: DaysTime) -> dates.Time:
    return dates.Time((at.nanos + by.nanos) % DAY, at.offset, at.zone)


def _less(operation: Callable[[Any, Any], object]) -> Operation:
    """Subtraction of a duration: addition of its negative."""
    return lambda left, right: operation(left, negate(right))


def _between_dates(left: dates.Date, right: dates.Date) -> DaysTime:
    return nanos_of((left.ordinal() - right.ordinal()) * DAY)


def _between_moments(left: dates.DateTime, right: dates.DateTime) -> DaysTime:
    if (left.offset() is None) != (right.offset() is None):
        raise Refusal("local_and_zoned", left=str(left), right=str(right))
    return nanos_of(left.nanos() - right.nanos())


def _midnight(day: dates.Date) -> dates.DateTime:
    return dates.DateTime(day, dates.Time(0, 0))


def _between_times(left: dates.Time, right: dates.Time) -> DaysTime:
    if (left.offset_on() is None) != (right.offset_on() is None):
        raise Refusal("local_and_zoned", left=str(left), right=str(right))
    apart = (left.offset_on() or 0) - (right.offset_on() or 0)
    return nanos_of(left.nanos - right.nanos - apart * NANOS)


def _scaled(duration: YearsMonths | DaysTime, by: Decimal) -> object:
    """A duration times a number, its fraction of a month or nanosecond cut off."""
    if isinstance(duration, YearsMonths):
        return months_of(whole(NUMBERS.multiply(Decimal(duration.months), by)))
    return nanos_of(_nanos(NUMBERS.multiply(Decimal(duration.nanos), by)))


def _divided(duration: YearsMonths | DaysTime, by: Decimal) -> object:
    if isinstance(duration, YearsMonths):
        return months_of(whole(NUMBERS.divide(Decimal(duration.months), by)))
    return nanos_of(_nanos(NUMBERS.divide(Decimal(duration.nanos), by)))


def _nanos(value: Decimal) -> int:
    if value.adjusted() > 30:
        raise Refusal("duration_out_of_bounds")
    return int(value)


def _ratio_of_days(left: DaysTime, right: DaysTime) -> Decimal:
    return NUMBERS.divide(Decimal(left.nanos), Decimal(right.nanos))


def _ratio_of_months(left: YearsMonths, right: YearsMonths) -> Decimal:
    return NUMBERS.divide(Decimal(left.months), Decimal(right.months))


def _table() -> dict[tuple[str, type[Any], type[Any]], Operation]:
    day, moment, at = dates.Date, dates.DateTime, dates.Time
    adding: dict[tuple[type[Any], type[Any]], Operation] = {
        (day, YearsMonths): _date_and_months,
        (day, DaysTime): _date_and_days,
        (moment, YearsMonths): _moment_and_months,
        (moment, DaysTime): _moved,
        (at, DaysTime): _time_and_duration,
        (DaysTime, DaysTime): lambda left, right: nanos_of(left.nanos + right.nanos),
        (YearsMonths, YearsMonths): lambda left, right: months_of(left.months + right.months),
    }
    found: dict[tuple[str, type[Any], type[Any]], Operation] = {
        ("+", Decimal, Decimal): NUMBERS.add,
        ("-", Decimal, Decimal): NUMBERS.subtract,
        ("*", Decimal, Decimal): NUMBERS.multiply,
        ("/", Decimal, Decimal): NUMBERS.divide,
        ("**", Decimal, Decimal): power,
        ("+", str, str): _joined,
        ("-", day, day): _between_dates,
        ("-", moment, moment): _between_moments,
        ("-", day, moment): lambda left, right: _between_moments(_midnight(left), right),
        ("-", moment, day): lambda left, right: _between_moments(left, _midnight(right)),
        ("-", at, at): _between_times,
        ("/", DaysTime, DaysTime): _ratio_of_days,
        ("/", YearsMonths, YearsMonths): _ratio_of_months,
    }
    for (left, right), operation in adding.items():
        found["+", left, right] = operation
        found["-", left, right] = _less(operation)
        if left is not right:
            found["+", right, left] = _swapped(operation)
    for duration in (DaysTime, YearsMonths):
        found["*", duration, Decimal] = _scaled
        found["*", Decimal, duration] = _swapped(_scaled)
        found["/", duration, Decimal] = _divided
    return found


def _swapped(operation: Callable[[Any, Any], object]) -> Operation:
    return lambda left, right: operation(right, left)


_OPERATIONS = _table()
