"""Laws of three-valued logic, of ranges against comparison, and of relations between ranges as sets of points."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.feel.values import Range
from tests.units.feel.drawn import NUMBERS, ORDERED, SCALARS, VALUES
from tests.units.feel.evaluated import passes, value

TRUTHS = (True, False, None)
ALIKE = [
    ("not(a and b)", "not(a) or not(b)"),
    ("not(a or b)", "not(a) and not(b)"),
    ("not(not(a))", "a"),
    ("a and b", "b and a"),
    ("a or b", "b or a"),
    ("(a and b) and c", "a and (b and c)"),
    ("(a or b) or c", "a or (b or c)"),
    ("a and (b or c)", "(a and b) or (a and c)"),
    ("a or (b and c)", "(a or b) and (a or c)"),
    ("a and (a or b)", "a"),
    ("a or (a and b)", "a"),
    ("a and a", "a"),
    ("a and true", "a"),
    ("a or false", "a"),
    ("all([a, b, c])", "a and b and c"),
    ("any([a, b, c])", "a or b or c"),
    ("every x in [a, b, c] satisfies x", "a and b and c"),
    ("some x in [a, b, c] satisfies x", "a or b or c"),
]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_ways_to_say_the_same_agree_in_three_values(one: str, other: str) -> None:
    for a, b, c in product(TRUTHS, TRUTHS, TRUTHS):
        assert value(one, a=a, b=b, c=c) is value(other, a=a, b=b, c=c), (a, b, c)


BRACKETS = st.sampled_from(("[]", "()", "[)", "(]", "][", "]]", "[["))
THREE_OF_A_KIND = st.one_of([st.tuples(kind | st.none(), kind, kind) for kind in ORDERED.values()])
WITH_NULL_ENDS = st.one_of([st.tuples(kind, kind | st.none(), kind | st.none()) for kind in ORDERED.values()])


@settings(max_examples=80, deadline=None)
@given(THREE_OF_A_KIND | WITH_NULL_ENDS | st.tuples(SCALARS, NUMBERS, NUMBERS), BRACKETS)
def test_a_range_includes_what_comparing_with_its_ends_says(
    ends: tuple[Any, Any, Any], brackets: str
) -> None:
    x, low, high = ends
    opening, closing = brackets
    above, below = "<=" if opening == "[" else "<", "<=" if closing == "]" else "<"
    said = value(f"low {above} x and x {below} high", x=x, low=low, high=high)
    assert value(f"x in {opening}low..high{closing}", x=x, low=low, high=high) is said
    assert passes(f"{opening}low..high{closing}", x, low=low, high=high) is said
    if brackets == "[]":
        assert value("x between low and high", x=x, low=low, high=high) is said


@settings(max_examples=60, deadline=None)
@given(
    THREE_OF_A_KIND | st.tuples(VALUES, VALUES, VALUES), st.sampled_from(("<", "<=", ">", ">=", "=", "!="))
)
def test_a_bound_tests_what_comparing_says(ends: tuple[Any, Any, Any], sign: str) -> None:
    x, end, _ = ends
    said = value(f"x {sign} end", x=x, end=end)
    assert value(f"x in {sign} end", x=x, end=end) is said
    assert value(f"x in ({sign} end)", x=x, end=end) is said
    assert passes(f"{sign} end", x, end=end) is said
    assert passes(f"? {sign} end", x, end=end) is said
    assert passes(f"not({sign} end)", x, end=end) is value("not(said)", said=said)


@settings(max_examples=60, deadline=None)
@given(st.one_of([st.tuples(kind, kind, kind) for kind in ORDERED.values()]))
def test_the_order_of_a_kind_is_total_and_agrees_with_its_equality(ends: tuple[Any, Any, Any]) -> None:
    a, b, c = ends
    assert [value(f"a {sign} b", a=a, b=b) for sign in "<=>"].count(True) == 1
    assert value("(a < b) = (b > a) and (a <= b) = not(a > b) and (a != b) = not(a = b)", a=a, b=b) is True
    assert value("if a <= b and b <= c then a <= c else true", a=a, b=b, c=c) is True
    assert value("min(a, b, c) <= max(a, b, c)", a=a, b=b, c=c) is True


# -- relations, against the points of a grid that two ranges between whole numbers can tell apart

GRID = [Decimal(n) / 4 for n in range(-4, 30)]
RANGES = st.builds(
    lambda low, size, opens, closes: Range(Decimal(low), Decimal(low + size), opens, closes),
    st.integers(0, 3),
    st.integers(1, 3),
    st.booleans(),
    st.booleans(),
)


def _points(span: Range) -> set[Decimal]:
    return {point for point in GRID if value("p in r", p=point, r=span)}


ORACLES: dict[str, Any] = {
    "before": lambda one, other: max(one) < min(other),
    "after": lambda one, other: min(one) > max(other),
    "overlaps": lambda one, other: bool(one & other),
    "includes": lambda one, other: other <= one,
    "during": lambda one, other: one <= other,
    "coincides": lambda one, other: one == other,
    "meets": lambda one, other: one & other == {max(one)} == {min(other)},
    "met by": lambda one, other: one & other == {min(one)} == {max(other)},
    "starts": lambda one, other: one <= other and min(one) == min(other),
    "started by": lambda one, other: other <= one and min(one) == min(other),
    "finishes": lambda one, other: one <= other and max(one) == max(other),
    "finished by": lambda one, other: other <= one and max(one) == max(other),
    "overlaps before": lambda one, other: (
        bool(one & other) and min(one) < min(other) and max(one) <= max(other)
    ),
    "overlaps after": lambda one, other: (
        bool(one & other) and min(other) < min(one) and max(other) <= max(one)
    ),
}


@settings(max_examples=80, deadline=None)
@given(RANGES, RANGES)
def test_relations_between_ranges_are_those_between_their_points(one: Range, other: Range) -> None:
    here, there = _points(one), _points(other)
    for name, oracle in ORACLES.items():
        assert value(f"{name}(a, b)", a=one, b=other) is oracle(here, there), name


INVERSE = [
    ("before", "after"),
    ("meets", "met by"),
    ("overlaps before", "overlaps after"),
    ("includes", "during"),
    ("starts", "started by"),
    ("finishes", "finished by"),
    ("overlaps", "overlaps"),
    ("coincides", "coincides"),
]


@settings(max_examples=40, deadline=None)
@given(RANGES, RANGES)
def test_relations_have_inverses_and_some_exclude_each_other(one: Range, other: Range) -> None:
    for name, inverse in INVERSE:
        assert value(f"{name}(a, b) = {inverse}(b, a)", a=one, b=other) is True
    apart = ("before(a, b)", "after(a, b)", "meets(a, b)", "met by(a, b)", "coincides(a, b)")
    assert [value(text, a=one, b=other) for text in apart].count(True) <= 1
    assert value("overlaps(a, b) = not(before(a, b) or after(a, b))", a=one, b=other) is True


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(GRID), RANGES)
def test_relations_with_a_point_are_those_of_its_comparison(point: Decimal, span: Range) -> None:
    inside = _points(span)
    said = {
        "before(p, r)": point < min(inside),
        "after(p, r)": point > max(inside),
        "before(r, p)": max(inside) < point,
        "after(r, p)": min(inside) > point,
        "includes(r, p)": point in inside,
        "during(p, r)": point in inside,
    }
    assert {text: value(text, p=point, r=span) for text in said} == said
    for name, inverse, end in (("starts", "started by", "start"), ("finishes", "finished by", "end")):
        whole = value(f"r.{end} included and p = r.{end}", p=point, r=span)
        assert value(f"{name}(p, r)", p=point, r=span) is value(f"{inverse}(r, p)", p=point, r=span) is whole


# -- a cell of a table against the expression it stands for

CELLS = [
    ("a, b", "? in (a, b)"),
    ("not(a, b)", "not(? in (a, b))"),
    ("[a..b], c", "? in ([a..b], c)"),
    ("? = a or ? = b", "? = a or ? = b"),
    ("< a, > b", "? in (< a, > b)"),
    ("not(< a)", "not(? in (< a))"),
    ("? between a and b", "? between a and b"),
    ("? in [a, b]", "? in [a, b]"),
    ("[a, b]", "? in [a, b]"),
    ("some x in [a, b] satisfies x = ?", "some x in [a, b] satisfies x = ?"),
]


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(CELLS), THREE_OF_A_KIND | st.tuples(NUMBERS, NUMBERS, NUMBERS), st.booleans())
def test_a_cell_says_what_its_whole_expression_says(
    cell: tuple[str, str], values: tuple[Any, Any, Any], again: bool
) -> None:
    tested, a, b = values
    known = {"a": a, "b": b, "c": tested if again else a}
    whole = cell[1].replace("?", "tested")
    assert passes(cell[0], tested, **known) is value(whole, tested=tested, **known)
