"""What a table's cells are compared by: constants read through required decisions, counts, types, offsets."""

from __future__ import annotations

from typing import Any

import pytest

from engine import decisions
from engine.decisions.verification import analysis
from tests.units.decisions.drawn import decision, literal, model, one_table, table

REQUIRED = 'tc:required="true"'
AGE = ("age", "number", "", "", REQUIRED)
PARAMETERS = table("COLLECT", ["true"], ["key", "value"], [["-", '"old"', "65"], ["-", '"young"', "12"]])


def said(found: decisions.DecisionModel) -> list[str]:
    return [one.code.removeprefix("dmn_table.") for one in analysis.findings(found.decisions["d"])]


def above(cells: list[str], *parts: str, needs: str = "parameters") -> decisions.DecisionModel:
    """A table of ages whose cells may read a required decision."""
    rules = [[cell, str(number)] for number, cell in enumerate(cells)]
    return model(*parts, decision("d", table("UNIQUE", [AGE], ["x"], rules), [f"decision:{needs}"]))


def parameters(logic: str = "context(parameter_table)") -> tuple[str, str]:
    return decision("parameter_table", PARAMETERS), decision(
        "parameters", literal(logic), ["decision:parameter_table"]
    )


def test_what_required_decisions_always_give_is_a_constant() -> None:
    assert said(above(["> parameters.old", "<= parameters.old"], *parameters())) == []
    assert said(above(["> parameters.old", "<= 66"], *parameters())) == ["rules_overlap"]
    found = above(["> parameters.old", "< parameters.old"], *parameters())
    (gap,) = analysis.findings(found.decisions["d"])
    assert "“age” = 65" in gap.sentence("vi")
    assert said(above(["[parameters.young..parameters.old]", "not([12..65])"], *parameters())) == []
    assert said(above(["? in [12..parameters.old]", "not([12..65])"], *parameters())) == []


@pytest.mark.parametrize(
    ("logic", "code"),
    [("{old: limit}", "cell_reads_data"), ("{old: today().year}", "cell_reads_data"), ("{old: 65}", "")],
)
def test_what_depends_on_data_or_the_clock_is_none(logic: str, code: str) -> None:
    found = above(["> parameters.old", "<= 65"], decision("parameters", literal(logic)))
    assert said(found) == ([code] if code else [])


def test_a_constant_that_is_missing_compares_with_nothing() -> None:
    assert said(above(["> parameters.oldest", "<= 65", "> 65"], *parameters())) == ["rule_impossible"]


def test_results_that_are_constants_of_a_required_decision_are_compared_too() -> None:
    rules = [["> 5", "parameters.old"], ["> 6", "65"], ["<= 5", "1"]]
    logic = table("ANY", [AGE], ["x"], rules)
    assert said(model(*parameters(), decision("d", logic, ["decision:parameters"]))) == []
    rules[1][1] = "66"
    logic = table("ANY", [AGE], ["x"], rules)
    assert said(model(*parameters(), decision("d", logic, ["decision:parameters"]))) == ["rules_disagree"]


def test_counts_are_whole_numbers_from_0() -> None:
    for text in ("count(visits)", "string length(name)"):
        counted = (text, "number", "", "", REQUIRED)
        assert said(one_table("UNIQUE", [counted], ["x"], [["0", "1"], ["1", "2"], ["> 1", "3"]])) == []
        assert said(one_table("UNIQUE", [counted], ["x"], [["< 0", "0"], [">= 0", "1"]])) == [
            "rule_impossible"
        ]
        assert said(one_table("UNIQUE", [counted], ["x"], [["<= 1", "0"], [">= 3", "1"]])) == ["gap"]


def test_inputs_that_ask_the_same_are_one_column_however_they_are_written() -> None:
    inputs = [
        (text, "number", "", "", REQUIRED) for text in ("days + 1", "days+1", "(days) + /* more */ 1.0")
    ]
    rules = [["< 5", "-", "-", "1"], ["-", ">= 5", "< 9", "2"], ["-", "-", ">= 9", "3"]]
    assert said(one_table("UNIQUE", inputs, ["x"], rules)) == []


def test_a_column_that_asks_a_constant_has_that_value_alone() -> None:
    assert said(one_table("UNIQUE", ["true"], ["x"], [["true", "1"], ["false", "2"]])) == ["rule_impossible"]


def test_allowed_values_of_a_type_are_looked_at_though_no_cell_names_them() -> None:
    kind = """<itemDefinition name="tKind"><typeRef>string</typeRef>
    <allowedValues><text>"book", "map"</text></allowedValues></itemDefinition>"""
    drawn = table("UNIQUE", [("kind", "tKind", "", "", REQUIRED)], ["x"], [['"book"', "1"]])
    (gap,) = analysis.findings(model(kind, decision("d", drawn)).decisions["d"])
    assert '“kind” = "map"' in gap.sentence("en")


LOT = ("lot", "string", '"A1", "A2", "B1"', "", REQUIRED)
AGREES = ("agrees", "boolean", "", "", REQUIRED)
TRIED: list[tuple[tuple[str, ...], list[str], list[str]]] = [
    (LOT, ['starts with(?, "A")', 'starts with(?, "B")'], []),
    (LOT, ['starts with(?, "A")', 'ends with(?, "1")'], ["rules_overlap"]),
    (LOT, ['starts with(?, "A")'], ["gap"]),
    (LOT, ["starts with(?, letter)"], ["cell_computes"]),
    (AGREES, ["?", "not(?)"], []),
    (("x", "", "", "", REQUIRED), ["true", "false", 'starts with(?, "A")'], ["cell_computes"]),
]


@pytest.mark.parametrize(("column", "cells", "codes"), TRIED, ids=[", ".join(case[1]) for case in TRIED])
def test_cells_that_compute_are_known_by_trying_where_the_values_are_few(
    column: tuple[str, ...], cells: list[str], codes: list[str]
) -> None:
    rules = [[cell, str(number)] for number, cell in enumerate(cells)]
    assert said(one_table("UNIQUE", [column], ["x"], rules)) == codes


@pytest.mark.parametrize("policy", ["UNIQUE", "FIRST", "PRIORITY", "COLLECT"])
@pytest.mark.parametrize(("kind", "allowed"), [("string", "1, 2"), ("number", '"a"'), ("string", "null")])
def test_a_column_of_which_no_value_is_allowed_is_refused(policy: str, kind: str, allowed: str) -> None:
    for required in ("true", "false"):
        column = ("x", kind, allowed, "", f'tc:required="{required}"')
        drawn = one_table(
            policy, [column], [("said", "string", '"no", "yes"')], [["-", '"no"'], ["-", '"yes"']]
        )
        found = [
            one for one in analysis.findings(drawn.decisions["d"]) if one.code == "dmn_table.column_empty"
        ]
        assert [(one.severity, one.params["allowed"]) for one in found] == [("error", allowed)]
        assert allowed in found[0].sentence("vi") and allowed in found[0].sentence("en")


def test_allowed_values_that_compute_rule_nothing_out() -> None:
    kind = """<itemDefinition name="tOdd"><typeRef>number</typeRef><allowedValues><text>odd(?)</text></allowedValues>
    </itemDefinition>"""
    drawn = table("UNIQUE", [("n", "tOdd", "", "", REQUIRED)], ["x"], [["(2..6)", "1"], ["<= 2, >= 6", "2"]])
    assert said(model(kind, decision("d", drawn))) == []


def test_columns_of_lists_and_moments_of_several_offsets_are_beyond_analysis() -> None:
    lists = '<itemDefinition name="tKinds" isCollection="true"><typeRef>string</typeRef></itemDefinition>'
    drawn = table("UNIQUE", [("kinds", "tKinds", "", "", REQUIRED)], ["x"], [['["a"]', "1"]])
    assert said(model(lists, decision("d", drawn))) == ["cell_computes"]
    moments: list[Any] = ["2021-08-10T00:00:00+07:00", "2021-08-10T00:00:00Z"]
    rules = [[f'< date and time("{at}")', str(number)] for number, at in enumerate(moments)]
    column = ("at", "dateTime", "", "", REQUIRED)
    assert said(one_table("UNIQUE", [column], ["x"], rules)) == ["cell_offsets", "cell_offsets"]
    assert said(one_table("UNIQUE", [column], ["x"], [rules[0], [rules[0][0].replace("<", ">="), "1"]])) == []


def test_optional_inputs_may_be_unknown_and_required_ones_may_not() -> None:
    for said_so, codes in (("true", []), ("false", ["gap_unknown"])):
        column = ("age", "number", "[0..120]", "", f'tc:required="{said_so}"')
        assert said(one_table("UNIQUE", [column], ["x"], [["< 65", "1"], [">= 65", "2"]])) == codes
        assert (
            said(one_table("UNIQUE", [column], ["x"], [["< 65", "1"], [">= 65", "2"], ["null", "3"]])) == []
        )
