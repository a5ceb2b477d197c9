"""What leads to the most permissive outcome while it is not known is told, in the fewest inputs, with an example."""

from __future__ import annotations

from typing import Any

import pytest

from engine import decisions, errors
from engine.decisions.verification import analysis
from tests.units.decisions.drawn import clause, decision, findings, one_table

OPTIONAL = ("number", "", "", 'tc:required="false"')
REQUIRED = ("number", "", "", 'tc:required="true"')
PULSE, HEAT = ("pulse", *OPTIONAL), ("temperature", *OPTIONAL)
SAID = ("said", "string", '"DEFER", "ELIGIBLE"')
RULES = [["> 100", "-", '"DEFER"'], ["-", "> 37.5", '"DEFER"'], ["-", "-", '"ELIGIBLE"']]


def told(found: decisions.DecisionModel) -> list[errors.Finding]:
    return [
        one
        for one in analysis.findings(found.decisions["d"])
        if "permit" in one.code or one.code.endswith("nulls")
    ]


def combinations(found: decisions.DecisionModel) -> list[str]:
    return [finding.params["inputs"] for finding in told(found)]


def test_each_input_whose_unknown_leads_to_the_most_permissive_outcome_is_told_with_rule_and_example() -> (
    None
):
    found = told(one_table("FIRST", [PULSE, HEAT], [(*SAID, "", 'tc:permissive="ELIGIBLE"')], RULES))
    assert [finding.params["inputs"] for finding in found] == ["“pulse”", "“temperature”"]
    words = found[0].sentence("en")
    assert 'If “pulse” is not known, rule 3 gives "ELIGIBLE"' in words
    assert "“pulse” not known; “temperature” =" in words
    assert 'Nếu chưa biết “temperature” thì dòng 3 cho "ELIGIBLE"' in found[1].sentence("vi")


def test_a_combination_is_told_where_no_part_of_it_suffices() -> None:
    rules = [["null", "null", '"ELIGIBLE"'], ["-", "-", '"DEFER"']]
    found = one_table("FIRST", [PULSE, HEAT], [(*SAID, "", 'tc:permissive="ELIGIBLE"')], rules)
    assert combinations(found) == ["“pulse”, “temperature”"]


def test_a_combination_of_many_is_told_too_and_the_least_of_it() -> None:
    columns = [(name, *OPTIONAL) for name in ("a", "b", "c", "d", "e", "f")]
    permissive = (*SAID, "", 'tc:permissive="ELIGIBLE"')
    five = [*["null"] * 5, "-", '"ELIGIBLE"']
    two = ["null", "-", "-", "-", "-", "null", '"ELIGIBLE"']
    rest = [*["-"] * 6, '"DEFER"']
    assert combinations(one_table("FIRST", columns, [permissive], [five, rest])) == [
        "“a”, “b”, “c”, “d”, “e”"
    ]
    assert combinations(one_table("FIRST", columns, [permissive], [five, two, rest])) == [
        "“a”, “f”", "“a”, “b”, “c”, “d”, “e”"
    ]  # fmt: skip


def test_what_a_rule_catches_or_the_table_requires_is_not_told() -> None:
    rules = [["null", "-", '"DEFER"'], *RULES]
    permissive = (*SAID, "", 'tc:permissive="ELIGIBLE"')
    assert combinations(one_table("FIRST", [PULSE, HEAT], [permissive], rules)) == ["“temperature”"]
    assert combinations(one_table("FIRST", [("pulse", *REQUIRED), HEAT], [permissive], RULES)) == [
        "“temperature”"
    ]


def test_under_priority_the_last_allowed_result_is_the_most_permissive() -> None:
    assert combinations(
        one_table("PRIORITY", [PULSE], [SAID], [["> 100", '"DEFER"'], ["-", '"ELIGIBLE"']])
    ) == ["“pulse”"]


def test_a_default_and_no_rule_at_all_may_be_the_most_permissive() -> None:
    defaulted = one_table(
        "UNIQUE", [PULSE], [(*SAID, '"ELIGIBLE"', 'tc:permissive="ELIGIBLE"')], [["> 100", '"DEFER"']]
    )
    assert "no rule applies and the default gives" in told(defaulted)[0].sentence("en")
    gathered = one_table(
        "COLLECT", [PULSE], [("sign", "string", "", "", 'tc:permissive="-"')], [["> 100", '"fast"']]
    )
    assert "is not known, no rule applies: the most permissive outcome" in told(gathered)[0].sentence("en")


def test_nothing_is_told_where_nobody_said_what_is_permissive() -> None:
    assert told(one_table("FIRST", [PULSE, HEAT], [SAID], RULES)) == []


def test_a_condition_beyond_analysis_makes_it_a_perhaps() -> None:
    rules = [["not(limit)", "-", '"DEFER"'], ["-", "-", '"ELIGIBLE"']]
    found = told(one_table("FIRST", [PULSE, HEAT], [(*SAID, "", 'tc:permissive="ELIGIBLE"')], rules))
    assert {finding.code for finding in found} == {"dmn_table.null_may_permit"}
    rules[0][0] = "> limit"  # which null never passes
    found = told(one_table("FIRST", [PULSE, HEAT], [(*SAID, "", 'tc:permissive="ELIGIBLE"')], rules))
    assert [finding.code for finding in found] == ["dmn_table.null_permits", "dmn_table.null_may_permit"]


def test_many_combinations_are_cut_and_said_to_be() -> None:
    inputs: list[Any] = [(f"x{place}", *OPTIONAL) for place in range(25)]
    found = one_table(
        "COLLECT", inputs, [("sign", "string", "", "", 'tc:permissive="-"')], [["> 1"] * 25 + ['"x"']]
    )
    assert [finding.code for finding in told(found)] == ["dmn_table.null_permits"] * 20 + [
        "dmn_table.more_nulls"
    ]


@pytest.mark.parametrize(
    ("policy", "permissive", "code"),
    [("FIRST", "FINE", "dmn.permissive_unknown"), ("COLLECT", "ELIGIBLE", "dmn.permissive_gathers")],
)
def test_a_declaration_that_cannot_hold_is_refused(policy: str, permissive: str, code: str) -> None:
    output = clause("output", *SAID, "", f'tc:permissive="{permissive}"')
    (finding,) = findings(decision("d", f'<decisionTable hitPolicy="{policy}">{output}</decisionTable>'))
    assert (finding.code, finding.params["found"]) == (code, permissive)
