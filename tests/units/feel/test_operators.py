"""Operators on every kind they are defined for, and null with a reason where they are not."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from tests.units.feel.evaluated import value, warnings

ARITHMETIC = [
    ("0.1 + 0.2", Decimal("0.3")),
    ("10000000000000001 + 1", 10000000000000002),
    ("1 / 3", Decimal("0.3333333333333333333333333333333333")),
    ("2 / 3", Decimal("0.6666666666666666666666666666666667")),
    ("7 - 2 * 3", 1),
    ("(7 - 2) * 3", 15),
    ("-3 ** 2", 9),
    ("3 ** 4 ** 5", 3486784401),
    ("2 ** -1", Decimal("0.5")),
    ("1 ** 1000000", 1),
    ("decimal(1.0000001 ** 10000000, 8)", Decimal("2.71828169")),
    ("--2", 2),
    ("1.23e2", 123),
    ('"book" + " " + "loan"', "book loan"),
    ('date("2024-01-31") + duration("P1M")', "2024-02-29"),
    ('date("2023-01-31") + duration("P1M")', "2023-02-28"),
    ('date("2024-03-31") - duration("P1M")', "2024-02-29"),
    ('date("2024-02-29") + duration("P1Y")', "2025-02-28"),
    ('date("2020-03-01") - duration("P1D")', "2020-02-29"),
    ('duration("P1D") + date("2026-01-31")', "2026-02-01"),
    ('date("2026-02-01") - date("2026-01-30")', "P2D"),
    ('date and time("2026-01-31T23:00:00") + duration("PT2H")', "2026-02-01T01:00:00"),
    ('date and time("2026-01-31T23:00:00Z") - date and time("2026-02-01T05:00:00+07:00")', "PT1H"),
    ('time("23:00:00") + duration("PT2H")', "01:00:00"),
    ('time("23:00:00") - time("21:30:00")', "PT1H30M"),
    ('duration("P1Y") + duration("P2M")', "P1Y2M"),
    ('duration("P1D") - duration("PT36H")', "-PT12H"),
    ('duration("P10Y11M") / 2.5', "P4Y4M"),
    ('duration("P10D") / duration("P4D")', Decimal("2.5")),
    ('duration("P1Y") / duration("P4M")', 3),
    ('2.5 * duration("PT23H")', "P2DT9H30M"),
    ('-duration("P1M")', "-P1M"),
]
UNDEFINED = [
    ('1 + "1"', "operator_undefined"),
    ('"a" - "b"', "operator_undefined"),
    ("true + 1", "operator_undefined"),
    ("[1] + 1", "operator_undefined"),
    ("null + 1", "operator_undefined"),
    ('duration("P1Y") + duration("P1D")', "operator_undefined"),
    ("1 / 0", "division_by_zero"),
    ('duration("P1D") / 0', "division_by_zero"),
    ("10 ** 7000", "number_out_of_bounds"),
    ("2 ** 1e30", "exponent_too_large"),
    ("1 ** 1000000000", "exponent_too_large"),
    ('-"a"', "negation_undefined"),
    ('date("999999999-12-31") + duration("P1D")', "date_out_of_bounds"),
    ('duration("P1Y") * 1e30', "number_out_of_bounds"),
    ('date and time("2026-01-01T00:00:00") - date and time("2026-01-01T00:00:00Z")', "local_and_zoned"),
    ('1 < "1"', "kinds_differ"),
    ('1 = "1"', "kinds_differ"),
    ("true < false", "no_order"),
    ("null < 1", "no_order"),
]


@pytest.mark.parametrize(("text", "expected"), ARITHMETIC, ids=[text for text, _ in ARITHMETIC])
def test_arithmetic_is_exact_and_follows_the_calendar(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(("text", "reason"), UNDEFINED, ids=[text for text, _ in UNDEFINED])
def test_what_is_not_defined_is_null_with_a_reason(text: str, reason: str) -> None:
    assert value(text) is None
    assert warnings(text) == [reason]


def test_a_whole_number_too_long_to_print_stays_a_decimal() -> None:
    assert value("10 ** 4400") == Decimal("1E+4400")


TRUTHS = ("true", "false", "null")


@pytest.mark.parametrize(("left", "right"), list(product(TRUTHS, TRUTHS)))
def test_and_or_are_three_valued(left: str, right: str) -> None:
    both, either = value(f"{left} and {right}"), value(f"{left} or {right}")
    known = {left, right}
    assert both is (False if "false" in known else None if "null" in known else True)
    assert either is (True if "true" in known else None if "null" in known else False)


def test_what_is_no_boolean_counts_as_unknown_in_logic() -> None:
    assert value('false and "x"') is False
    assert value('true and "x"') is None
    assert value("1 or true") is True


COMPARISONS = [
    ("1 = 1.0", True),
    ("1 != 2", True),
    ("null = null", True),
    ("1 = null", False),
    ('"a" < "b"', True),
    ("[1, [2]] = [1, [2]]", True),
    ("{a: 1, b: 2} = {b: 2, a: 1}", True),
    ("{a: 1} = {a: 2}", False),
    ('duration("P1Y") = duration("P12M")', True),
    ('duration("P1D") > duration("PT23H")', True),
    ('date("2026-01-31") < date("2026-02-01")', True),
    ('time("10:00:00Z") = time("17:00:00+07:00")', True),
    ('date and time("2026-01-01T00:00:00+07:00") = date and time("2025-12-31T17:00:00Z")', True),
    ('date and time("2026-06-01T12:00:00@Europe/Paris") = date and time("2026-06-01T10:00:00Z")', True),
    ('time("10:00:00") < time("11:00:00+07:00")', True),
    ('time("10:00:00") >= time("10:00:00+07:00")', True),
    ('time("10:00:00") = time("10:00:00+07:00")', True),
    ('date and time("2026-01-01T10:00:00@Asia/Ho_Chi_Minh") > date and time("2026-01-01T09:00:00")', True),
    ("[1..3] = [1..3]", True),
    ("[1..3] = [1..3)", False),
    ("2 between 1 and 3", True),
    ("4 between 1 and 3 or true", True),
    ("null between 1 and 3", None),
    ("5 in [1..10]", True),
    ("5 in ([1..10])", True),
    ("10 in [1..10)", False),
    ("10 in ]9..11[", True),
    ("5 in (< 3, > 4)", True),
    ("5 in [1, 5]", True),
    ("5 in [[1..3], [5..6]]", True),
    ("5 in != 5", False),
    ("null in [1, null]", True),
    ("null in < 3", None),
    ("if null then 1 else 2", 2),
    ('if "x" = "x" then 1 else 2', 1),
    ("(function(a) a * 2)(4)", 8),
    ("1 + (if true then 1 else 2) * 3", 4),
]


@pytest.mark.parametrize(("text", "expected"), COMPARISONS, ids=[text for text, _ in COMPARISONS])
def test_comparisons_and_choices(text: str, expected: object) -> None:
    assert value(text) is expected or value(text) == expected


PROPERTIES = [
    ('date("2026-01-31").year', 2026),
    ('date("2026-01-31").weekday', 6),
    ('date and time("2026-01-31T10:20:30.5+07:00").second', Decimal("30.5")),
    ('date and time("2026-01-31T10:20:30+07:00").time offset', "PT7H"),
    ('date and time("2026-01-31T10:20:30@Asia/Ho_Chi_Minh").timezone', "Asia/Ho_Chi_Minh"),
    ('time("10:20:30").hour', 10),
    ('time("10:20:30").timezone', None),
    ('duration("P1Y2M").years', 1),
    ('duration("-P1Y2M").months', -2),
    ('duration("P1DT2H3M4.5S").seconds', Decimal("4.5")),
    ('duration("PT50H").days', 2),
    ("[1..5).start", 1),
    ("[1..5).end included", False),
    ("[{a: 1}, {a: 2}, {b: 3}].a", [1, 2, None]),
    ("{a: {b: 3}}.a.b", 3),
    ("{a: 1}.b", None),
    ("null.b", None),
    ('date("2026-01-31").hour', None),
]


@pytest.mark.parametrize(("text", "expected"), PROPERTIES, ids=[text for text, _ in PROPERTIES])
def test_properties_of_values(text: str, expected: object) -> None:
    assert value(text) == expected


TYPES = [
    ("1 instance of number", True),
    ('"a" instance of number', False),
    ("null instance of number", False),
    ("null instance of Any", False),
    ("1 instance of Any", True),
    ("[1, 2] instance of list<number>", True),
    ('[1, "a"] instance of list<number>', False),
    ("{a: 1, b: 2} instance of context<a: number>", True),
    ("{b: 2} instance of context<a: number>", False),
    ('date("2026-01-31") instance of date', True),
    ('date and time("2026-01-31") instance of date and time', True),
    ('duration("P1D") instance of days and time duration', True),
    ('duration("P1M") instance of days and time duration', False),
    ("[1..3] instance of range<number>", True),
    ("(function(a: number) a) instance of function<number> -> Any", True),
    ("1 + 2 instance of number", None),
    ("1 instance of nonsense", None),
    ("[1] instance of list", None),
    ("1 instance of list", None),
    ("{a: 1} instance of context", None),
]


@pytest.mark.parametrize(("text", "expected"), TYPES, ids=[text for text, _ in TYPES])
def test_instance_of_tells_types_apart(text: str, expected: object) -> None:
    assert value(text) is expected
