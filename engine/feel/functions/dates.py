"""Built-in functions of the calendar (DMN 1.5, 10.3.4.10) and the two that read the evaluation's moment."""

from __future__ import annotations

from decimal import Decimal

from engine.feel import dates
from engine.feel.budgets import Run
from engine.feel.functions.declared import built_in

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December")  # fmt: skip


@built_in("now", "-> date and time", 3)
def now(run: Run) -> object:
    """The moment of the evaluation, in its zone."""
    return dates.from_datetime(run.moment.now, run.moment.zone)


@built_in("today", "-> date", 3)
def today(run: Run) -> object:
    """The day it is in the evaluation's zone."""
    return dates.from_datetime(run.moment.now, run.moment.zone).date


@built_in("day of year", "date: calendar -> number", 2)
def day_of_year(run: Run, date: dates.Date | dates.DateTime) -> object:
    return Decimal(_ordinal_in_year(_day(date)))


@built_in("day of week", "date: calendar -> string")
def day_of_week(run: Run, date: dates.Date | dates.DateTime) -> object:
    return _DAYS[_day(date).weekday() - 1]


@built_in("month of year", "date: calendar -> string")
def month_of_year(run: Run, date: dates.Date | dates.DateTime) -> object:
    return _MONTHS[_day(date).month - 1]


@built_in("week of year", "date: calendar -> number", 4)
def week_of_year(run: Run, date: dates.Date | dates.DateTime) -> object:
    """The week by ISO 8601: weeks begin on Monday, the first holds the year's first Thursday."""
    day = _day(date)
    thursday = dates.day_at(day.ordinal() + 4 - day.weekday()) or day
    return Decimal((_ordinal_in_year(thursday) - 1) // 7 + 1)


def _ordinal_in_year(day: dates.Date) -> int:
    return day.ordinal() - dates.Date(day.year, 1, 1).ordinal() + 1


def _day(value: dates.Date | dates.DateTime) -> dates.Date:
    return value.date if isinstance(value, dates.DateTime) else value
