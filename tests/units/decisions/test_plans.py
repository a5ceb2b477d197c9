"""What a decision requires is taken by a plan made once, and every decision still says what it could not use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.units.decisions.drawn import decision, literal, model, outcome

INPUT = '<inputData id="i" name="days"><variable name="days" typeRef="number"/></inputData>'


def test_each_decision_that_requires_an_input_of_another_type_says_so() -> None:
    found = model(
        INPUT,
        decision("a", literal("days"), ["input:i"]),
        decision("b", literal("days"), ["input:i"]),
        decision("c", literal("[a, b]"), ["decision:a", "decision:b"]),
    )
    told = outcome(found, "c", days="many")
    assert told.value == [None, None]
    assert [[warning.code for warning in part.warnings] for part in told.sub] == [["type_differs"]] * 2


def test_a_plan_serves_every_evaluation_with_its_own_variables() -> None:
    found = model(INPUT, decision("a", literal("days + more"), ["input:i"]))
    assert [outcome(found, "a", days=days, more=1).value for days in (1, 2, None)] == [2, 3, None]


def test_a_required_input_that_is_missing_is_null() -> None:
    assert outcome(model(INPUT, decision("a", literal("days = null"), ["input:i"])), "a").value is True


@pytest.mark.parametrize(
    ("base", "allowed", "right", "wrong"),
    [("string", '"a","b"', "a", "c"), ("number", "[1..3]", 3, 4), ("boolean", "true", True, False)],
)
def test_an_input_of_a_restricted_type_is_held_to_its_allowed_values(
    base: str, allowed: str, right: Any, wrong: Any
) -> None:
    values = f"<allowedValues><text>{allowed}</text></allowedValues>"
    kind = f'<itemDefinition name="tKind"><typeRef>{base}</typeRef>{values}</itemDefinition>'
    given = '<inputData id="i" name="x"><variable name="x" typeRef="tKind"/></inputData>'
    found = model(kind, given, decision("a", literal("x"), ["input:i"]))
    assert outcome(found, "a", x=right).value == right
    for value in (wrong, [1, 2], "zzz"):
        told = outcome(found, "a", x=value)
        assert told.value is None
        expected = "value_not_allowed" if type(value) is type(wrong) else "type_differs"
        assert [warning.code for warning in told.warnings] == [expected]
