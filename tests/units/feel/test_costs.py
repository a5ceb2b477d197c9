"""Work is charged at what it costs: a million steps are about a second, whatever is done in them."""

from __future__ import annotations

from typing import Any

import pytest

from engine import feel
from engine.feel import budgets, dates
from engine.feel.budgets import Run
from engine.feel.expressions import frame_of
from tests.units.feel.evaluated import MOMENT

TEXT = "ab" * 400_000
DATA: dict[str, Any] = {
    "z": dates.read_moment("2021-08-19T10:00:00@Asia/Ho_Chi_Minh"),
    "clock": dates.read_time("10:00:00@Asia/Ho_Chi_Minh"),
    "d": dates.read_date("2021-08-19"),
    "zoned": [dates.read_moment(f"2021-08-19T10:00:{at:02d}@Asia/Ho_Chi_Minh") for at in range(50)],
    "s": TEXT,
    "same": "".join(["ab", TEXT[2:]]),
    "written": "2021-08-19T10:00:00@Asia/Ho_Chi_Minh",
    "word": "a" * 60,
    "many": list(range(50)),
    "far": 1,
}
TURNS = 50
# What one turn is worth at least, in steps: measured microseconds of the dearest bodies that were found.
DEAR = [
    ('replace("a", "b", "")', 6), ('replace(word, "(a)", "$1$1")', 400), ('split(word, "a")', 240),
    ('matches("a", "b")', 4),
    ("1.23456789 ** 123.45678", 80), ("log(1.234567890123456789)", 20), ("exp(3675.180164775994850802618453)", 14),
    ("z + @\"PT1H\"", 8), ("z - z", 8), ("z < z", 5), ("clock - clock", 8), ("z.time offset", 8), ("d + @\"P1D\"", 4),
    ("z between z and z", 10), ("during(z, [z..z])", 20), ("meets([z..z], [z..z])", 20), ("before([1..2], [0..1])", 8),
    ("distinct values(zoned)", 6000), ("sort(zoned)", 250), ("min(zoned)", 250), ("index of(zoned, z)", 250),
    ("distinct values(many)", 500), ("sort(many, function(a, b) a < b)", 100), ("range(\"[1..2]\")", 70),
    ("date and time(written)", 6), ("date(\"2021-01-0\" + string(i))", 5), ("week of year(d)", 4), ("today()", 3),
    ("s = same", 500), ("s in [s..same]", 1500), ("s in (same)", 500), ("sort([s, same])", 1500), ("s < same", 1500),
    ('"a" + 1', 3), ("nowhere", 3), ("[][1.1 ** 0.3 > i]", 100), ("if i < 0 then 2 ** 0.5 else 1", 1),
    ("(function(n) n + 1)(i)", 3), ("[far] instance of list<context<a: string>>", 2),
]  # fmt: skip


def charged(text: str) -> int:
    """The steps that evaluating costs; FeelError where the budget does not do."""
    expression = feel.compile(text, DATA)
    run = Run(MOMENT)
    expression.run(frame_of(DATA, expression.reads, run))
    return budgets.STEPS - run.steps


@pytest.mark.parametrize(("body", "steps"), DEAR, ids=[body for body, _ in DEAR])
def test_a_turn_is_charged_what_its_body_costs(body: str, steps: int) -> None:
    turns = min(TURNS, 50_000 // steps)
    assert charged(f"for i in 1..{turns} return {body}") >= turns * steps


HOPELESS = [
    'for i in 1..199999 return replace("a", "b", "")',
    'for i in 1..199999 return z + @"PT1H"',
    "for i in 1..199999 return i ** 0.3",
    "some i in 1..1000000 satisfies z < z",
    "for i in 1..19999 return distinct values(zoned)",
    "for i in 1..199999 return s in [s..same]",
    "for i in 1..199999 return before([1..2], [0..1])",
    "for i in 1..199999 return (function(" + ",".join(f"p{at}" for at in range(500)) + ") 1)(i" + ", i" * 499 + ")",
    "for i in 1..199999 return range(\"[1..{a: [" + "1," * 2000 + "1]}]\")",
    "count(many[" + " and ".join(["z = z"] * 3000) + "])",
    "for " + ", ".join(f"a{at} in [1]" for at in range(60)) + ", i in 1..199999 return " + "+".join(["far"] * 90),
]  # fmt: skip


@pytest.mark.parametrize("text", HOPELESS)
def test_what_would_take_many_seconds_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budgets, "STEPS", 50_000)  # a twentieth, for a test that is soon done
    with pytest.raises(feel.FeelError) as raised:
        charged(text)
    assert raised.value.code == "budget_exhausted"


LIGHT = [
    "count(for i in 1..199999 return i + 1)", "count((1..1)[item > 0])", "some i in 1..400000 satisfies i < 0",
    "sum(for i in 1..100000 return i * 2)", "count(for i in 1..50000 return {n: i, even: even(i)})",
    "count((for i in 1..100000 return {n: i})[n > 5])", "sort(for i in 1..5000 return -i)",
    "count(for i in 1..20000 return date(2021, 1, 1) + duration(\"P1D\"))",
    'count(for i in 1..10000 return replace("a-b", "-", " "))', "count(for i in 1..5000 return i ** 0.5)",
]  # fmt: skip


@pytest.mark.parametrize("text", LIGHT)
def test_ordinary_work_on_long_lists_is_within_the_budget(text: str) -> None:
    assert charged(text) < budgets.STEPS


def test_what_stands_around_a_loop_does_not_pay_for_its_body_again() -> None:
    inner = "sum(for j in 1..100 return j * j * j * j)"
    once = charged(inner)
    assert charged(f"for i in 1..100 return {inner}") < 100 * (once + 10)


def test_a_built_in_that_is_handed_on_is_paid_for_at_each_call() -> None:
    assert charged("sort(many, before)") >= len(DATA["many"]) * 8
