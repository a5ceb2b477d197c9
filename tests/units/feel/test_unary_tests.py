"""Decision table cells: each form passes what it should, and says null where it cannot tell."""

from __future__ import annotations

from typing import Any

import pytest

from engine import feel
from tests.units.feel.evaluated import MOMENT, passes

CELLS: list[tuple[str, Any, bool | None]] = [
    ("-", None, True),
    ("", 5, True),
    ("5", 5, True),
    ("5", 6, False),
    ("-5", -5, True),
    ('"a"', "a", True),
    ('"a", "b"', "b", True),
    ('"a", "b"', "c", False),
    ('not("a", "b")', "c", True),
    ('not("a", "b")', "a", False),
    ("not(null)", None, False),
    ("not(null)", 1, True),
    ("null", None, True),
    ("null", 1, False),
    ("true", True, True),
    ("true", False, False),
    ("true", None, False),
    ("false", False, True),
    ("< 5", 4, True),
    ("< 5", 5, False),
    ("< 5", None, None),
    ("< 5", "4", None),
    (">= 5, < 2", 1, True),
    (">= 5, < 2", 3, False),
    ("!= 5", 4, True),
    ("= 5", 5, True),
    ("[1..5]", 5, True),
    ("[1..5)", 5, False),
    ("]1..5[", 1, False),
    ("(1..5)", 2, True),
    ("[1..5]", None, None),
    ("[1..5], 9", 9, True),
    ('["a".."c"]', "b", True),
    ("limit", 10, True),
    ("< limit", 9, True),
    ("[limit..limit + 5]", 12, True),
    ("allowed", "b", True),
    ("allowed", "z", False),
    ("? > 3 and ? < 7", 5, True),
    ("? > 3 and ? < 7", 9, False),
    ("? + 1 > limit", 10, True),
    ("< ? + 1", 5, True),
    ('starts with(?, "b")', "book", True),
    ("even(?)", 3, False),
    ("limit > 5", "anything", True),
    ("limit > 50", "anything", False),
    ("limit > 50", False, False),
    ('duration("P1D")', "x", None),
    ("not(? = 3)", 4, True),
    ("1, null", None, True),
    ('[1.."a"]', 2, None),
    ('not([1.."a"])', 2, None),
]


@pytest.mark.parametrize(("cell", "tested", "expected"), CELLS)
def test_a_cell_passes_what_it_should(cell: str, tested: Any, expected: bool | None) -> None:
    assert passes(cell, tested, limit=10, allowed=["a", "b"]) is expected


def test_the_names_of_a_cell_leave_out_the_value_tested() -> None:
    assert feel.compile_unary("? > limit and other = 1").names == {"limit", "other"}


def test_a_null_verdict_says_why() -> None:
    found = feel.compile_unary("< 5").evaluate("4", {}, MOMENT)
    assert found.value is None
    assert [warning.code for warning in found.warnings] == ["kinds_differ"]


@pytest.mark.parametrize("cell", ["<", "1,", "[1..", "not(", "5 6", "..", "< >", ")"])
def test_a_broken_cell_is_refused(cell: str) -> None:
    with pytest.raises(feel.FeelError):
        feel.compile_unary(cell)


def test_a_call_with_literal_arguments_is_worked_out_once() -> None:
    cell = feel.compile_unary('>= date("2021-07-26")')
    assert list(map(str, cell.constants.values())) == ["2021-07-26"]
    assert not feel.compile_unary('>= date("2021-02-30")').constants
    assert not feel.compile_unary(">= date(birthday)").constants


def test_a_name_that_hides_a_built_in_is_called_instead() -> None:
    cell = feel.compile_unary('date("2021-07-26")', ("date",))
    assert not cell.constants
    assert cell.evaluate("2021-07-26", {"date": "no function"}, MOMENT).value is None
