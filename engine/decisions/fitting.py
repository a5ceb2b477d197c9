"""Values made to fit the types that models declare (DMN 1.5, 10.3.2.9.4)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from engine.feel import dates, durations, types
from engine.feel.budgets import Run
from engine.feel.expressions import Expression
from engine.feel.faults import Place, Refusal
from engine.feel.frames import Eval, Frame

KINDS: dict[types.Type, type] = {
    types.NUMBER: Decimal, types.STRING: str, types.BOOLEAN: bool, types.DATE: dates.Date, types.TIME: dates.Time,
    types.DATE_TIME: dates.DateTime, types.DAYS_TIME: durations.DaysTime, types.YEARS_MONTHS: durations.YearsMonths,
}  # fmt: skip


class Asked(NamedTuple):
    """What a column of a table asks for: its expression, and how a value is made to fit the type declared.

    `fit` is None where any value will do; one whose Python type is `kind`, and null, fit as they are.
    """

    value: Eval
    fit: Callable[[object, Frame], object] | None
    kind: type | None


def asked(expression: Expression, wanted: types.Type) -> Asked:
    """A column's question. Allowed values of its type are not asked again: whatever gave the value did."""
    plain = types.unrestricted(wanted)
    if plain == types.ANY or isinstance(plain, types.Reference):
        return Asked(expression.closure, None, None)
    place = Place(expression.text, 0, len(expression.text))
    return Asked(
        expression.closure,
        lambda value, frame: coerced(value, plain, frame.run, place),
        KINDS.get(plain),
    )


def taken(column: Asked, frame: Frame) -> object:
    """The value of a column; null with a warning where it is of another type than declared."""
    value = column.value(frame)
    if column.fit is None or value is None or type(value) is column.kind:
        return value
    return column.fit(value, frame)


def coerced(value: object, wanted: types.Type, run: Run, place: Place) -> object:
    """A value made to fit a declared type, or null with a warning when it does not."""
    if wanted == types.ANY or isinstance(wanted, types.Reference) or value is None:
        return value
    try:
        return types.coerced(types.read_as(value, wanted), wanted, run)
    except Refusal as refusal:
        run.note(refusal, place)
        return None
