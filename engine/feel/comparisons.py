"""Equality and order of values of one kind (DMN 1.5, 10.3.2.15): contents of lists, seconds of times."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.feel import dates, durations
from engine.feel.budgets import ZONED, Run
from engine.feel.durations import NANOS
from engine.feel.faults import Refusal
from engine.feel.values import Function, Range, kind

SHORT = 256  # characters that are compared in no time
_FAST = 1024  # characters compared in one step


def equal(left: object, right: object, run: Run) -> bool:
    """Whether two values are the same; refuses values of different kinds, except that nothing but null equals null."""
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        if isinstance(left, list) and len(left) == 1:
            return equal(left[0], right, run)
        if isinstance(right, list) and len(right) == 1:
            return equal(left, right[0], run)
        raise Refusal("kinds_differ", left=kind(left), right=kind(right))
    match left, right:
        case (list(), list()):
            run.spend(len(left) + 1)
            return len(left) == len(right) and all(
                same(one, other, run) for one, other in zip(left, right, strict=True)
            )
        case (dict(), dict()):
            run.spend(len(left) + 1)
            return left.keys() == right.keys() and all(
                same(item, right[key], run) for key, item in left.items()
            )
        case (str(), str()):
            return same_text(left, right, run)
        case (dates.Time(), dates.Time()) | (dates.DateTime(), dates.DateTime()):
            one, other = _seconds(left, right, run)
            return one == other
        case (Range(), Range()):
            return _same_range(left, right, run)
        case (Function(), Function()):
            return left is right
    return left == right


def same(left: object, right: object, run: Run) -> bool:
    """Equality inside lists and contexts: values of different kinds are simply not the same."""
    if type(left) is not type(right):
        return False
    try:
        return equal(left, right, run)
    except Refusal:
        return False


def same_text(left: str, right: str, run: Run) -> bool:
    """Equality of texts, paid for by their length."""
    if len(left) > SHORT and len(left) == len(right):
        run.spend(1 + len(left) // _FAST)
    return left == right


def compare(left: object, right: object, run: Run) -> int:
    """-1, 0 or 1 as left is before, equal to or after right; refuses what has no order."""
    if type(left) is not type(right):
        raise Refusal("kinds_differ", left=kind(left), right=kind(right))
    run.spend(1)
    match left, right:
        case (str(), str()):
            run.spend(min(len(left), len(right)) // (_FAST // 2))
            return _sign(left, right)
        case (Decimal(), Decimal()) | (dates.Date(), dates.Date()):
            return _sign(left, right)
        case (durations.DaysTime(), durations.DaysTime()) | (
            durations.YearsMonths(),
            durations.YearsMonths(),
        ):
            return _sign(left, right)
        case (dates.Time(), dates.Time()) | (dates.DateTime(), dates.DateTime()):
            one, other = _seconds(left, right, run)
            return (one > other) - (one < other)
    raise Refusal("no_order", kind=kind(left))


def _sign(left: Any, right: Any) -> int:
    return int(left > right) - int(left < right)


def includes(span: Range, value: object, run: Run) -> bool:
    """Whether a value lies in a range: `low <= value and value <= high`, so that one end may decide alone.

    Refuses what cannot be compared with its ends. An end that a range does without (`(< 5)`, `range("[5..)")`)
    asks nothing; one that is null decides nothing.
    """
    if span.operator in ("=", "!="):
        return equal(span.low, value, run) is (span.operator == "=")
    if value is None:
        raise Refusal("range_of_null")
    if span.low is not None:
        order = compare(value, span.low, run)
        if order < 0 or (order == 0 and not span.low_included):
            return False
    if span.high is not None:
        order = compare(value, span.high, run)
        if order > 0 or (order == 0 and not span.high_included):
            return False
    if (span.low is None or span.high is None) and (not span.operator or span.low is span.high):
        raise Refusal("range_of_null")
    return True


def _same_range(left: Range, right: Range, run: Run) -> bool:
    shape = (left.low_included, left.high_included, left.operator)
    return (
        shape == (right.low_included, right.high_included, right.operator)
        and same(left.low, right.low, run)
        and same(left.high, right.high, run)
    )


def _seconds(left: object, right: object, run: Run) -> tuple[int, int]:
    """Both as seconds on one clock; a local time beside one with an offset counts as having that offset."""
    assert isinstance(left, dates.Time | dates.DateTime) and isinstance(right, dates.Time | dates.DateTime)
    run.spend(ZONED)
    one, other = _offset(left), _offset(right)
    return _whole_seconds(left, other if one is None else one), _whole_seconds(
        right, one if other is None else other
    )


def _offset(value: dates.Time | dates.DateTime) -> int | None:
    return value.offset_on() if isinstance(value, dates.Time) else value.offset()


def _whole_seconds(value: dates.Time | dates.DateTime, offset: int | None) -> int:
    nanos = value.nanos if isinstance(value, dates.Time) else value.local_nanos()
    return nanos // NANOS - (offset or 0)
