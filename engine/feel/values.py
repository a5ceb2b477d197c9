"""The values of FEEL in Python: Decimal, str, bool, None, list, dict, and the types of their own defined here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine.feel import budgets, dates, durations

if TYPE_CHECKING:
    from engine.feel.types import Type

NoneType = type(None)


@dataclass(frozen=True, slots=True)
class Range:
    """A range; an open end is None. `operator` is set for the unary forms `(< x)`, `(= x)`, `(!= x)` …"""

    low: object
    high: object
    low_included: bool
    high_included: bool
    operator: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as a value: a built-in, a function literal, a business knowledge model or a decision service.

    `call` takes the run and the arguments in order; `parameters` are their names, None when any number goes. A
    built-in, which may be called in several ways, sorts out named arguments itself: `call_named`.
    """

    name: str
    parameters: tuple[str, ...] | None
    call: Callable[[budgets.Run, list[object]], object] = field(compare=False)
    parameter_types: tuple[Type, ...] | None = None
    result_type: Type | None = None
    call_named: Callable[[budgets.Run, tuple[str, ...], list[object]], object] | None = field(
        default=None, compare=False
    )


KINDS: dict[type[Any], str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    NoneType: "null",
    list: "list",
    dict: "context",
    dates.Date: "date",
    dates.Time: "time",
    dates.DateTime: "date and time",
    durations.DaysTime: "days and time duration",
    durations.YearsMonths: "years and months duration",
    Range: "range",
    Function: "function",
}


def kind(value: object) -> str:
    """The name of a value's type, as FEEL spells it."""
    return KINDS.get(type(value), "unknown")
