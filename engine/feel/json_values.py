"""JSON in and out: numbers become decimals, dates leave as ISO 8601 texts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypeAlias

from engine.feel import characters, dates, durations, formats
from engine.feel.budgets import NUMBERS, STEPS
from engine.feel.faults import FeelError
from engine.feel.values import Function, Range

Json: TypeAlias = Any  # None | bool | int | float | Decimal | str | list[Json] | dict[str, Json]

# Beyond, a whole number stays a Decimal: Python refuses to print integers of 4,300 digits.
_LARGEST_INTEGER_DIGITS = 300
_DEEPEST = 200
_EXACT = 10**34  # integers below this keep all their digits


def from_json(value: Json, depth: int = 0) -> object:
    """A JSON value as a FEEL value; a FEEL value stays as it is. Not-a-number and infinities become null."""
    kept = type(value)
    if kept is str or kept is bool or value is None:
        return value
    if kept is int:
        number = Decimal(value)
        return number if -_EXACT < value < _EXACT else _number(number)
    if kept is dict or kept is list or kept is tuple:
        if depth > _DEEPEST:
            raise FeelError("nested_too_deep", most=_DEEPEST)
        if kept is dict:
            return {str(key): from_json(item, depth + 1) for key, item in value.items()}
        return [from_json(item, depth + 1) for item in value]
    if kept is float:
        return _number(Decimal(repr(value)))
    return _number(value) if isinstance(value, Decimal) else value


def to_json(value: object) -> Json:
    """A FEEL value as JSON: whole numbers int, others Decimal; dates and durations ISO 8601; the rest as text."""
    return _to_json(value, [STEPS], 0)


def as_text(value: Json) -> str | None:
    """A simple JSON value as the text of a key: 1.50 and 1.5 are one number. None for null, lists and maps."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return str(value) if isinstance(value, (str, int, float)) else None


def _number(value: Decimal) -> Decimal | None:
    if not value.is_finite():
        return None
    try:
        return NUMBERS.create_decimal(value)
    except ArithmeticError:
        return None


def _to_json(value: object, room: list[int], depth: int) -> Json:
    room[0] -= 1
    if room[0] < 0 or depth > _DEEPEST:
        raise FeelError("result_too_large", most=STEPS)
    if isinstance(value, str):
        room[0] -= len(value) // 64
        return characters.paired(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Decimal):
        whole = value.adjusted() < _LARGEST_INTEGER_DIGITS and value == value.to_integral_value()
        return int(value) if whole else value
    match value:
        case list():
            return [_to_json(item, room, depth + 1) for item in value]
        case dict():
            return {characters.paired(key): _to_json(item, room, depth + 1) for key, item in value.items()}
        case dates.DateTime():
            return value.iso()
        case dates.Time():
            return str(dates.Time(value.nanos, value.offset_on()))
        case dates.Date() | durations.DaysTime() | durations.YearsMonths():
            return str(value)
        case Range() | Function():
            return formats.text(value)
    return str(value)
