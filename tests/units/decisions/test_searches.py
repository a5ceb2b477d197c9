"""A table compiled or indexed says what its cells say one by one: value, matches, failures and warnings."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine import decisions, feel
from engine.decisions import searches, table_code, table_index, tables
from engine.decisions.models import HitPolicy, Search, Table
from engine.feel.budgets import Run
from engine.feel.frames import Frame
from tests.units.decisions.drawn import MOMENT, decision, outcome, table, tree

EQUAL = {
    "string": [
        '"a"',
        '"b"',
        '"a","b"',
        'not("a")',
        'not("a","c")',
        '= "a"',
        '!= "b"',
        '"a",null',
        "null",
        "-",
    ],
    "number": ["1", "-2", "1.0,2", "not(1)", "!= 1", "not(1,null)", "= 2", "not(!= 1)", "-"],
    "boolean": ["true", "false", "not(true)", "true,false", "= true", "-"],
    "date": [
        'date("2021-03-04")',
        '= date("2021-03-02")',
        '@"2021-03-04"',
        'not(@"2021-03-04")',
        'null,@"2021-03-02"',
        "-",
    ],
    "dayTimeDuration": ['@"P1D"', 'not(@"PT24H")', "-"],
    "": ["null", "not(null)", "!= null", "null,null", "-"],
}
ORDERED = {
    "string": ['< "b"', '["a".."c")', '("a".."b"]', '>= "b"', 'not(< "b")', '< "b","c"'],
    "number": ["< 2", ">= 1", "> -2.5", "<= 1", "[1..2]", "(1..2)", "]0..2[", "not(< 1, > 2)", "< 1, 2, null", "[2..1]",
               "[1..1]", "(1..1]"],
    "boolean": ["< true"],
    "date": ['>= date("2021-03-03")', '[date("2021-03-02")..date("2021-03-04"))',
             '< @"2021-03-04"', '[@"2021-03-02"..@"2021-03-04"]', 'not((@"2021-03-02"..@"2021-03-04"))'],
    "dayTimeDuration": ['< duration("P1D")', '< @"P1D"', '[@"PT24H"..@"P2D"]'],
    "": ['<= @"P1D"', '@"P1D"'],
}  # fmt: skip
ODD = ["other", "< other", "? = other", "[1, 2]", "[other..5]", '"a",1', "1,true", "= [1..2]", "!= [1..2]",
       "abs(?) > 1", "other > 1", "not(other)", '@"12:00:00"', '< @"P1M"', "< null", "not(< null)", "in_no_model",
       '["a".."b"],[1..2]', 'date("2021-03-04")', "? > 1 and ? < other"]  # fmt: skip
VALUES = [None, "a", "b", "c", "", 0, 1, 1.5, 2, 3, -2, -3, True, False, [1], ["a"], [], [1, 2], {"a": 1}, "2021-03-04",
          "2021-03-03", "2021-03-02", "P1D", "12:00:00", ["2021-03-04"]]  # fmt: skip
KINDS = list(EQUAL)
Prepare = Callable[[Table], Search]
PREPARED: list[Prepare] = [table_code.compiled, table_index.compiled]


def read(policy: str, kinds: Sequence[str], rows: Sequence[Sequence[str]]) -> decisions.DecisionModel:
    """A table with a column per kind and two outputs: one with allowed values, one read as a date."""
    inputs = [(f"x{at}", kind) for at, kind in enumerate(kinds)]
    outputs = [("o", "string", '"r2","r1","r0"'), ("p", "date")]
    rules = [[*row, f'"r{at % 4}"', '"2021-03-04"' if at % 2 else "other"] for at, row in enumerate(rows)]
    drawn = tree(decision("d", table(policy, inputs, outputs, rules)))
    return decisions.read(drawn, "rules.dmn", strict=False)


def searched(search: Search, variables: dict[str, Any]) -> str:
    """All that a search says, kinds of numbers included."""
    run = Run(MOMENT)
    found = search(Frame({name: feel.from_json(value) for name, value in variables.items()}, None, run))
    return repr((found.values, list(found.failed), found.matched, run.warnings))


def told(found: decisions.Outcome) -> str:
    return repr((found.value, found.values, list(found.failed), found.matched, found.warnings, found.trace))


@pytest.mark.parametrize("prepare", PREPARED)
@pytest.mark.parametrize("more", [[], ORDERED, ODD], ids=["equal", "ordered", "odd"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_says_of_every_value_what_its_closure_says(kind: str, more: Any, prepare: Prepare) -> None:
    cells = [*EQUAL[kind], *(more[kind] if isinstance(more, dict) else more)]
    searched_table = read("COLLECT", [kind], [[cell] for cell in cells]).decisions["d"].table
    assert searched_table is not None
    search, walk = prepare(searched_table), functools.partial(searches.walk, searched_table)
    for value in VALUES:
        variables = {"x0": value, "other": 2}
        assert searched(search, variables) == searched(walk, variables)


@st.composite
def asked(draw: st.DrawFn) -> tuple[decisions.DecisionModel, list[dict[str, Any]]]:
    """A table of any policy and size, and variables for it that are mostly of its columns' kinds."""
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=2, max_size=4))
    odd = draw(st.sampled_from([[], [], ODD]))
    pools = [st.sampled_from([*EQUAL[kind], *ORDERED[kind], *odd, "-", "-"]) for kind in kinds]
    rows = draw(st.lists(st.tuples(*pools), min_size=4, max_size=10))
    names = [f"x{at}" for at in range(len(kinds))] + ["other"]
    variables = st.fixed_dictionaries({name: st.sampled_from(VALUES) for name in names})
    policy = draw(st.sampled_from(list(HitPolicy)))
    return read(policy, kinds, rows), draw(st.lists(variables, min_size=4, max_size=12))


@settings(max_examples=200, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(asked(), st.sampled_from(PREPARED))
def test_a_prepared_table_decides_what_a_walked_one_decides(
    case: tuple[decisions.DecisionModel, list[dict[str, Any]]], prepare: Prepare
) -> None:
    model, several = case
    decided = model.decisions["d"].table
    assert decided is not None
    search, walk = prepare(decided), functools.partial(searches.walk, decided)
    for variables in several:
        assert searched(search, variables) == searched(walk, variables)
        tables.prepare(decided, search)
        found = told(outcome(model, **variables))
        tables.prepare(decided, walk)
        assert found == told(outcome(model, **variables))


def test_a_large_table_is_looked_up_and_tells_what_failed_first_in_every_rule() -> None:
    rows = [[f'"a{at // 40}"', f"{at % 40}", "[0..10]" if at % 2 else "-"] for at in range(400)]
    outputs = [["o"], [[*row, str(at)] for at, row in enumerate(rows)]]
    model = decisions.read(tree(decision("d", table("UNIQUE", ["x0", "x1", "x2"], *outputs))), "rules.dmn")
    decided = model.decisions["d"].table
    assert decided is not None
    found = outcome(model, x0="a7", x1=11, x2=3)
    assert (found.value, found.matched) == (291, (292,))
    walked = searches.walk(
        decided, Frame({"x0": "a7", "x1": Decimal(11), "x2": Decimal(3)}, None, Run(MOMENT))
    )
    assert list(found.failed) == walked.failed
    assert [step.failed_input for step in found.trace[:2]] == [0, 0]
    assert isinstance(found.failed, table_index.Failures)
    kept = decisions.compact(model, found)
    tables.prepare(decided, functools.partial(searches.walk, decided))
    assert kept == decisions.compact(model, outcome(model, x0="a7", x1=11, x2=3))


@pytest.mark.parametrize("width", [40, 200, 300])
def test_a_table_of_any_width_decides(width: int) -> None:
    inputs = [f"x{at}" for at in range(width)]
    rules = [["-"] * (width - 1) + ["< 1", "1"], ["7"] * width + ["2"]]
    model = decisions.read(tree(decision("d", table("FIRST", inputs, ["o"], rules))), "rules.dmn")
    found = outcome(model, **dict.fromkeys(inputs, 7))
    assert (found.value, list(found.failed)) == (2, [width - 1, -1])


def test_a_cell_of_very_many_stretches_decides() -> None:
    cell = ",".join(f"[{at}..{at + 1})" for at in range(0, 400, 2))
    model = decisions.read(tree(decision("d", table("FIRST", ["x"], ["o"], [[cell, "1"]]))), "rules.dmn")
    assert [outcome(model, x=at).value for at in (0, 1, 398, 399)] == [1, None, 1, None]
