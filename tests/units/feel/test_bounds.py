"""No expression can hold a worker: depth, steps, sizes, exponents and patterns are bounded."""

from __future__ import annotations

import time

import pytest

from engine import feel
from tests.units.feel.evaluated import MOMENT, refusal, value, warnings


def exhausted(text: str) -> str:
    """The code with which evaluating an expression runs out of its budget."""
    with pytest.raises(feel.FeelError) as raised:
        feel.compile(text).json({}, MOMENT)
    assert raised.value.sentence("vi")
    return raised.value.code


def test_loops_within_loops_run_out_of_steps() -> None:
    assert exhausted("count(for a in 1..2000, b in 1..2000 return a)") in (
        "budget_exhausted",
        "list_too_long",
    )
    assert exhausted("some a in 1..5000, b in 1..5000 satisfies a = -1") == "budget_exhausted"


def test_a_long_range_is_never_written_out() -> None:
    assert exhausted("some a in 1..1000000000000 satisfies a = 0") == "budget_exhausted"


def test_a_function_without_end_is_stopped() -> None:
    assert exhausted("{f: function(n) f(n + 1), r: f(0)}") == "too_deep"


def test_a_text_cannot_double_for_ever() -> None:
    text = 'for i in 1..60 return if i = 1 then "aaaaaaaa" else partial[-1] + partial[-1]'
    assert "text_too_long" in warnings(text)


def test_a_list_that_holds_itself_often_is_not_written_out() -> None:
    doubling = "for i in 1..60 return if i = 1 then [1] else [partial[-1], partial[-1]]"
    assert exhausted(doubling) == "result_too_large"
    assert exhausted(f"count(flatten({doubling}))") == "budget_exhausted"
    assert exhausted(f"({doubling}) = ({doubling})") == "budget_exhausted"
    assert value(f"string({doubling})") is None


def test_powers_stay_small() -> None:
    assert value("9 ** 9 ** 9 ** 9 ** 9") is None
    assert value("exp(1e6)") is None
    assert value("1e6000 * 1e6000") is None


def test_patterns_match_in_linear_time() -> None:
    begun = time.perf_counter()
    assert value('matches(text, "^(a+)+$")', text="a" * 50_000 + "!") is False
    assert time.perf_counter() - begun < 2
    assert warnings('matches("aa", "(a)\\\\1")') == ["pattern_back_reference"]
    assert warnings('matches("aa", "(?=a)")') == ["pattern_unreadable"]


def test_text_nested_too_deeply_is_refused() -> None:
    assert refusal("(" * 500 + "1" + ")" * 500).code == "nested_too_deep"
    assert refusal("[" * 5000).code == "nested_too_deep"
    assert refusal("-" * 5000 + "1").code == "nested_too_deep"
    assert refusal("if a then " * 300 + "1").code == "nested_too_deep"
    assert refusal("+".join(["1"] * 5000)).code == "chain_too_long"
    assert refusal("1" * 200_000).code == "text_too_long"


def test_a_long_chain_of_or_is_fine() -> None:
    assert value(" or ".join(f"days = {n}" for n in range(2000)), days=1999) is True


def test_a_long_literal_evaluates_within_the_stack() -> None:
    deepest = "(" * 55 + "+".join(["1"] * 150) + ")" * 55
    assert value(deepest) == 150
    assert value("{a: 1}" + ".a" * 150) is None


def test_a_variable_nested_too_deeply_is_refused() -> None:
    nested: list[object] = []
    for _ in range(300):
        nested = [nested]
    with pytest.raises(feel.FeelError):
        feel.compile("x").json({"x": nested}, MOMENT)


def test_numbers_that_are_none_become_null() -> None:
    assert value("x", x=float("nan")) is None
    assert value("x + 0", x=0.1) is not None
    assert value("x", x=float("inf")) is None
