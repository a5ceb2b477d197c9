"""The values of a column, cut at the constants its cells name: within a piece every cell says the same.

A piece is a point or the open stretch between two neighbouring constants; one sample stands for all of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.decisions.verification.constants import ORDERED, BeyondAnalysis, Constants
from engine.feel import dates, durations
from engine.feel.budgets import NUMBERS


@dataclass(frozen=True, slots=True)
class Piece:
    """Values that no cell of the column tells apart, by one sample."""

    sample: object
    low: object = None
    high: object = None
    point: bool = True
    other: tuple[str, ...] = ()  # for "any other text": the texts it is not


def pieces(found: Constants, kinds: tuple[str, ...], *, whole: bool, null: bool) -> Iterator[Piece]:
    """Every piece of a column: values of the given kinds, or where none are given of those its constants have.

    `whole` numbers are counts, from 0. Null is a piece where a value may be unknown.
    """
    wanted = kinds or tuple(name for name in found.by_kind if name != "null")
    if not wanted:
        yield Piece("", point=False)
    for name in wanted:
        values = found.by_kind.get(name, [])
        if name == "boolean":
            yield from (Piece(True), Piece(False))
        elif name == "string":
            yield from _texts(sorted(set(values)), found.ordered)
        elif name in ORDERED:
            yield from _stretches(SCALES["whole number" if whole and name == "number" else name], values)
    if null:
        yield Piece(None)


@dataclass(frozen=True, slots=True)
class Scale:
    """An ordered kind laid on a line: the place of a value, a value between two places, and some value.

    A value between is asked with the places around it (None: no end) and a constant of the column; None: there is none.
    """

    place: Callable[[Any], Any]
    between: Callable[[Any, Any, Any], object]
    some: object


def _texts(texts: list[str], ordered: bool) -> Iterator[Piece]:
    if not ordered or not texts:
        yield from (Piece(text) for text in texts)
        sample = "…"
        while sample in texts:
            sample += "…"
        yield Piece(sample, other=tuple(texts)) if texts else Piece(sample, point=False)
        return
    if texts[0]:
        yield Piece("", None, texts[0], False)
    for text, after in zip(texts, [*texts[1:], None], strict=True):
        yield Piece(text)
        between = text + "\0"
        if after is None or between < after:
            yield Piece(between, text, after, False)


def _stretches(scale: Scale, values: list[Any]) -> Iterator[Piece]:
    """Points and the open stretches around them, in order."""
    if not values:
        yield Piece(scale.some, point=False)
        return
    if len({_offset(value) for value in values}) > 1:
        raise BeyondAnalysis("offsets")
    ordered = sorted({scale.place(value): value for value in values}.items(), key=lambda pair: pair[0])
    before: tuple[Any, Any] = (None, None)
    for place, value in ordered:
        yield from _between(scale, before, (place, value), value)
        if scale is not WHOLE or (place >= 0 and place == place.to_integral_value()):
            yield Piece(value)
        before = (place, value)
    yield from _between(scale, before, (None, None), ordered[0][1])


def _between(scale: Scale, low: tuple[Any, Any], high: tuple[Any, Any], like: Any) -> Iterator[Piece]:
    """The open stretch between two constants, if any value lies there."""
    sample = scale.between(low[0], high[0], like)
    if sample is not None:
        yield Piece(sample, low[1], high[1], False)


def _offset(value: object) -> int | None:
    if isinstance(value, dates.Time):
        return value.offset_on()
    return value.offset() if isinstance(value, dates.DateTime) else None


# -- scales


def _number(low: Decimal | None, high: Decimal | None, like: object) -> object:
    if low is None:
        return _further(high, Decimal(-1)) if high is not None else Decimal(0)
    if high is None:
        return _further(low, Decimal(1))
    middle = NUMBERS.divide(NUMBERS.add(low, high), Decimal(2))
    whole = middle.to_integral_value()
    return whole if low < whole < high else middle


def _further(place: Decimal, step: Decimal) -> Decimal:
    """A number beyond another, also where one more makes no difference."""
    near = NUMBERS.add(place, step)
    return near if near != place else NUMBERS.add(place, abs(place) * step)


def _count(low: Decimal | None, high: Decimal | None, like: object) -> object:
    least = Decimal(0) if low is None else max(Decimal(0), Decimal(math.floor(low) + 1))
    return least if high is None or least < high else None


def _discrete(
    at: Callable[[int, Any], object], units: tuple[int, ...] = (1,)
) -> Callable[[int | None, int | None, Any], object]:
    """A place in a stretch of whole places, as plain to say as the units (largest first) allow."""

    def between(low: int | None, high: int | None, like: Any) -> object:
        for unit in units:
            if low is not None and high is not None:
                place = (low + high) // 2 // unit * unit
            else:
                place = high - unit if high is not None else (low or 0) + unit
            if (low is None or low < place) and (high is None or place < high):
                found = at(place, like)
                if found is not None:
                    return found
        return None

    return between


def _time(place: int, like: Any) -> object:
    return dates.Time(place * durations.NANOS, like.offset, like.zone) if 0 <= place < 86_400 else None


def _moment(place: int, like: Any) -> object:
    midnight = dates.DateTime(dates.Date(1970, 1, 1), dates.Time(0, like.time.offset, like.time.zone))
    return dates.moved(midnight, place * durations.NANOS)


_CLOCK = (86_400, 3600, 60, 1)
_SPANS = (*(seconds * durations.NANOS for seconds in _CLOCK), 1)
WHOLE = Scale(lambda value: value, _count, Decimal(0))
SCALES: dict[str, Scale] = {
    "number": Scale(lambda value: value, _number, Decimal(0)),
    "whole number": WHOLE,
    "date": Scale(
        lambda day: day.ordinal(), _discrete(lambda place, like: dates.day_at(place)), dates.Date(2000, 1, 1)
    ),
    "time": Scale(lambda at: at.nanos // durations.NANOS, _discrete(_time, _CLOCK), dates.Time(0)),
    "date and time": Scale(
        lambda at: at.local_nanos() // durations.NANOS,
        _discrete(_moment, _CLOCK),
        dates.DateTime(dates.Date(2000, 1, 1), dates.Time(0)),
    ),
    "days and time duration": Scale(
        lambda span: span.nanos,
        _discrete(lambda place, like: durations.DaysTime(place), _SPANS),
        durations.DaysTime(0),
    ),
    "years and months duration": Scale(
        lambda span: span.months,
        _discrete(lambda place, like: durations.YearsMonths(place), (12, 1)),
        durations.YearsMonths(0),
    ),
}
