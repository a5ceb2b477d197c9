"""Built-in functions on numbers (DMN 1.5, 10.3.4.5)."""

from __future__ import annotations

import decimal
from decimal import Decimal

from engine.feel.arithmetic import negate
from engine.feel.budgets import EXPONENTIAL, LOGARITHM, NUMBERS, Run
from engine.feel.durations import DaysTime, YearsMonths
from engine.feel.faults import Refusal
from engine.feel.functions.declared import built_in, integer

# Digits enough for any quotient of two numbers, so that what is left of it is exact.
_EXACT = decimal.Context(prec=12_400, Emin=-20_000, Emax=20_000, traps=[decimal.InvalidOperation])
_FURTHEST_SCALE = 6111  # the standard's bound on scales: -6111 to 6176
_LARGEST_SCALE = 6176


def rounded(value: Decimal, scale: Decimal | None, rounding: str) -> Decimal:
    """A number with so many digits after the point (before it, when negative), by a rounding mode."""
    digits = 0 if scale is None else integer(scale)
    if not -_FURTHEST_SCALE <= digits <= _LARGEST_SCALE:
        raise Refusal("scale_out_of_bounds", least=-_FURTHEST_SCALE, most=_LARGEST_SCALE)
    if -value.as_tuple().exponent <= digits:  # type: ignore[operator]
        return value
    return value.quantize(Decimal(1).scaleb(-digits), rounding=rounding, context=NUMBERS)


def _rounding(name: str, mode: str, parameters: str) -> None:
    @built_in(name, parameters, 2)
    def round_it(run: Run, n: Decimal, scale: Decimal | None = None) -> object:
        return rounded(n, scale, mode)


_rounding("decimal", decimal.ROUND_HALF_EVEN, "n: number, scale: number -> number")
_rounding("floor", decimal.ROUND_FLOOR, "n: number -> number")
_rounding("floor", decimal.ROUND_FLOOR, "n: number, scale: number -> number")
_rounding("ceiling", decimal.ROUND_CEILING, "n: number -> number")
_rounding("ceiling", decimal.ROUND_CEILING, "n: number, scale: number -> number")
_rounding("round up", decimal.ROUND_UP, "n: number, scale: number -> number")
_rounding("round down", decimal.ROUND_DOWN, "n: number, scale: number -> number")
_rounding("round half up", decimal.ROUND_HALF_UP, "n: number, scale: number -> number")
_rounding("round half down", decimal.ROUND_HALF_DOWN, "n: number, scale: number -> number")


@built_in("abs", "n: number or duration -> number or duration")
def absolute(run: Run, n: Decimal | DaysTime | YearsMonths) -> object:
    match n:
        case Decimal():
            return n.copy_abs()
        case DaysTime(nanos=amount) | YearsMonths(months=amount):
            return negate(n) if amount < 0 else n


@built_in("modulo", "dividend: number, divisor: number -> number", 2)
def modulo(run: Run, dividend: Decimal, divisor: Decimal) -> object:
    """dividend - divisor * floor(dividend / divisor)."""
    if not divisor:
        raise Refusal("division_by_zero")
    run.spend(abs(dividend.adjusted() - divisor.adjusted()) // 64)
    rest = _EXACT.remainder(dividend, divisor)
    return NUMBERS.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest


@built_in("sqrt", "number: number -> number", 2)
def square_root(run: Run, number: Decimal) -> object:
    if number < 0:
        raise Refusal("root_of_negative")
    return NUMBERS.sqrt(number)


@built_in("log", "number: number -> number")
def logarithm(run: Run, number: Decimal) -> object:
    if number <= 0:
        raise Refusal("log_of_non_positive")
    run.spend(LOGARITHM)
    return NUMBERS.ln(number)


@built_in("exp", "number: number -> number")
def exponential(run: Run, number: Decimal) -> object:
    run.spend(EXPONENTIAL)
    return NUMBERS.exp(number)


@built_in("odd", "number: number -> boolean", 3)
def odd(run: Run, number: Decimal) -> object:
    return _is_odd(number)


@built_in("even", "number: number -> boolean", 3)
def even(run: Run, number: Decimal) -> object:
    return not _is_odd(number)


def _is_odd(number: Decimal) -> bool:
    if number != number.to_integral_value():
        raise Refusal("not_whole", number=number)
    return _EXACT.remainder(number, Decimal(2)) != 0
