"""Laws of numbers: 34 digits rounded half to even, each rounding against its definition, reading back."""

from __future__ import annotations

import decimal
import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine import feel
from tests.units.feel.drawn import NUMBERS, WIDE_NUMBERS
from tests.units.feel.evaluated import result, value

EXACT = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b, "/": lambda a, b: a / b}


def _nearest(exact: Fraction) -> Fraction:
    """The number of 34 digits nearest to an exact one, of two equally near the one whose last digit is even."""
    if not exact:
        return exact
    digits = len(str(abs(exact.numerator))) - len(str(exact.denominator))
    for shift in (33 - digits, 34 - digits):
        scaled = exact * Fraction(10) ** shift
        if 10**33 <= abs(scaled) < 10**34:  # 34 digits before the point, so what is behind it goes
            return (
                Fraction(round(scaled)) / Fraction(10) ** shift
            )  # Python rounds halves of fractions to even
    raise AssertionError(exact)


@settings(max_examples=80, deadline=None)
@example(Decimal("-0.2"), Decimal("-1E+33"), "-")  # all nines, which a digit fewer would round up
@given(WIDE_NUMBERS, WIDE_NUMBERS, st.sampled_from(sorted(EXACT)))
def test_arithmetic_is_the_exact_result_rounded_once(a: Decimal, b: Decimal, sign: str) -> None:
    if sign == "/" and not b:
        return
    found = result(f"a {sign} b", a=a, b=b)
    assert isinstance(found, Decimal) and len(found.as_tuple().digits) <= 34
    assert Fraction(found) == _nearest(EXACT[sign](Fraction(a), Fraction(b)))


@settings(max_examples=80, deadline=None)
@given(WIDE_NUMBERS, WIDE_NUMBERS.filter(bool))
def test_modulo_is_what_whole_times_leave(a: Decimal, b: Decimal) -> None:
    exact = Fraction(a) - Fraction(b) * math.floor(Fraction(a) / Fraction(b))
    found = result("modulo(a, b)", a=a, b=b)
    assert isinstance(found, Decimal)
    assert Fraction(found) == _nearest(exact)


LAWS = [
    "a + b = b + a",
    "a * b = b * a",
    "a - b = -(b - a)",
    "a + 0 = a",
    "a * 1 = a",
    "a - a = 0",
    "-(-a) = a",
    "a + b - b = a",
    "a * (b + c) = a * b + a * c",
    "(a + b) + c = a + (b + c)",
    "abs(a * b) = abs(a) * abs(b)",
    "a ** 2 = a * a",
    "a ** 0 = 1",
    "sqrt(a * a) = abs(a)",
    "min(a, b) + max(a, b) = a + b",
    "sum([a, b, c]) = a + b + c",
    "product([a, b]) = a * b",
    "mean([a, a, a]) = a",
    "median([a, b, c]) = a + b + c - min(a, b, c) - max(a, b, c)",
    "stddev([a, a]) = 0",
    "(a < b) = (a - b < 0)",
    "(a < b) = (-b < -a)",
    "number(string(a)) = a",
    "floor(a) <= a and a < floor(a) + 1",
    "ceiling(a) = -floor(-a)",
    "floor(a, 1) = floor(a * 10) / 10",
    "round down(a, 1) = (if a < 0 then ceiling(a, 1) else floor(a, 1))",
    "round up(a, 1) = (if a < 0 then floor(a, 1) else ceiling(a, 1))",
    "round half up(a, 2) = -round half up(-a, 2)",
    "abs(round half up(a, 0) - a) <= 0.5",
    "abs(decimal(a, 0) - a) <= 0.5",
    "even(decimal(floor(a) + 0.5, 0))",
    "round half up(abs(floor(a)) + 0.5, 0) = abs(floor(a)) + 1",
    "round half down(abs(floor(a)) + 0.5, 0) = abs(floor(a))",
    "odd(floor(a)) = not(even(floor(a)))",
    "odd(floor(a)) = (modulo(floor(a), 2) = 1)",
    "if b = 0 then true else modulo(a, b) = a - b * floor(a / b) or abs(a / b) > 10 ** 20",
    "if b = 0 then true else abs(modulo(a, b)) < abs(b) and (modulo(a, b) = 0 or (modulo(a, b) > 0) = (b > 0))",
    "if b = 0 then true else abs(a / b * b - a) <= abs(a) * 10 ** -32",
    "if a <= 0 then true else abs(exp(log(a)) - a) <= a * 10 ** -30",
    "if a < 0 then true else abs(sqrt(a) ** 2 - a) <= a * 10 ** -32",
]


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=15, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_law_of_numbers(law: str, a: Decimal, b: Decimal, c: Decimal) -> None:
    assert value(law, a=a, b=b, c=c) is True


@settings(max_examples=80, deadline=None)
@given(WIDE_NUMBERS)
def test_a_number_is_read_back_from_text_literal_and_json(number: Decimal) -> None:
    assert value("number(string(n)) = n", n=number) is True
    assert result(str(number.copy_abs())) == number.copy_abs()
    assert feel.from_json(feel.to_json(number)) == number
    assert "E" not in str(value("string(n)", n=number)).upper()


@settings(max_examples=80, deadline=None)
@given(st.integers(-(10**40), 10**40), st.integers(-60, 60))
def test_a_literal_of_more_digits_is_rounded_as_it_is_read(digits: int, exponent: int) -> None:
    context = decimal.Context(prec=34, rounding=decimal.ROUND_HALF_EVEN)
    assert result(f"{digits}e{exponent}") == context.create_decimal(f"{digits}e{exponent}")


@settings(max_examples=60, deadline=None)
@given(
    NUMBERS,
    st.integers(-6, 6),
    st.sampled_from(
        ("round up", "round down", "round half up", "round half down", "decimal", "floor", "ceiling")
    ),
)
def test_a_rounding_is_idempotent_monotonic_and_less_than_a_step_away(
    n: Decimal, scale: int, function: str
) -> None:
    known = {"n": n, "s": scale, "step": Decimal(10) ** -scale}
    assert value(f"{function}({function}(n, s), s) = {function}(n, s)", **known) is True
    assert value(f"abs({function}(n, s) - n) < step", **known) is True
    assert value(f"modulo({function}(n, s), step) = 0", **known) is True
    assert value(f"{function}(n, s) <= {function}(n + 0.001, s)", **known) is True
