"""Through the tables below: what is not known and still comes to the most permissive outcome is found by trying."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine import decisions, errors
from engine.decisions.verification import graph_inputs, graph_nulls
from tests.units.decisions.drawn import decision, literal, model, table

VISIT = Path(__file__).parents[3] / "processes" / "visit"
OPTIONAL, REQUIRED = 'tc:required="false"', 'tc:required="true"'
CONCLUDED = table(
    "PRIORITY",
    [("count(signs)", "number", "", "", REQUIRED)],
    [("said", "string", '"ASK", "ALLOW"')],
    [["> 0", '"ASK"'], ["0", '"ALLOW"']],
)


def graph(inputs: list[Any], rules: list[list[str]]) -> decisions.DecisionModel:
    """A list of what is wrong, and a conclusion that counts it."""
    signs = table("COLLECT", inputs, ["sign"], rules)
    return model(decision("signs", signs), decision("said", CONCLUDED, ["decision:signs"]))


def told(found: decisions.DecisionModel) -> list[errors.Finding]:
    return list(graph_nulls.findings(found))


def unknown(found: decisions.DecisionModel) -> list[str]:
    return [finding.params["inputs"] for finding in told(found) if "inputs" in finding.params]


def test_what_nobody_measured_and_counts_as_fine_is_told_with_a_case() -> None:
    found = told(graph([("reader.debt", "number", "", "", OPTIONAL)], [["> 100", '"debt"']]))
    assert [finding.code for finding in found] == ["dmn_table.graph_case", "dmn_table.graph_permits"]
    assert "“said” comes to ALLOW" in found[0].sentence("en")
    assert "“reader.debt” = 99" in found[0].sentence("en")
    assert "Nếu chưa biết “reader.debt” thì “said” vẫn ra ALLOW" in found[1].sentence("vi")


def test_a_decision_above_that_reads_nothing_else_leaves_it_to_the_one_below() -> None:
    signs = table("COLLECT", [("debt", "number", "", "", OPTIONAL)], ["sign"], [["> 100", '"debt"']])
    place = table("PRIORITY", [("said", "string", "", "", REQUIRED)], [("where", "string", '"BACK", "FRONT"')],
                  [['"ASK"', '"BACK"'], ['"ALLOW"', '"FRONT"']])  # fmt: skip
    found = model(
        decision("signs", signs),
        decision("said", CONCLUDED, ["decision:signs"]),
        decision("place", place, ["decision:said"]),
    )
    assert {finding.params["name"] for finding in told(found)} == {"said"}


def test_what_a_rule_catches_or_a_table_below_requires_is_not_told() -> None:
    caught = [["> 100", '"debt"'], ["null", '"debt unknown"']]
    assert told(graph([("debt", "number", "", "", OPTIONAL)], caught)) == []
    assert told(graph([("debt", "number", "", "", REQUIRED)], [["> 100", '"debt"']])) == []


def test_a_way_around_by_another_input_is_told_with_it() -> None:
    column = ("if debt = null and well_known = true then 0 else debt", "number", "", "", REQUIRED)
    (_, finding) = told(graph([column], [["> 100", '"debt"'], ["null", '"debt unknown"']]))
    assert finding.code == "dmn_table.graph_permits_where"
    assert "when “well_known” = true" in finding.sentence("en")


def test_a_pair_is_told_where_neither_alone_suffices() -> None:
    text = (
        'if debt = null and card = null then "new" else if debt = null or card = null then "odd" '
        'else if card = "lost" or debt = "high" then "bad" else "fine"'
    )
    assert unknown(graph([(text, "string", "", "", REQUIRED)], [['"odd", "bad"', '"card"']])) == [
        "“debt”, “card”"
    ]


def test_an_input_that_tells_only_beside_another_is_told_with_that() -> None:
    column = ('if sex = "male" then "no" else pregnant', "string", "", "", OPTIONAL)
    (_, finding) = told(graph([column], [['"yes"', '"pregnant"']]))
    assert "If “if sex" in finding.sentence("en")
    assert "when “sex” = " in finding.sentence("en")


def test_an_input_that_makes_no_difference_is_not_told() -> None:
    rules = [["> 100", "-", '"debt"'], ["> 100", '"lost"', '"card"']]
    columns = [("debt", "number", "", "", REQUIRED), ("card", "string", "", "", OPTIONAL)]
    assert unknown(graph(columns, rules)) == []


def test_lists_are_taken_empty_and_texts_read_as_dates_as_days() -> None:
    columns = [
        ("count(loans[late = true])", "number", "", "", OPTIONAL),
        ("date(born_on) < today()", "boolean", "", "", OPTIONAL),
    ]
    found = graph_inputs.of(
        drawn := graph(columns, [["> 0", "-", '"late"'], ["-", "false", '"date"']]), drawn.decisions["said"]
    )
    assert found.values["loans",] == [[]]
    assert "2000-01-01" in found.values["born_on",]
    assert unknown(drawn) == ["“date(born_on) < today()”"]


def test_an_outcome_that_trying_does_not_reach_is_said() -> None:
    never = [["-", '"always"'], ["> 100", '"debt"']]
    assert [finding.code for finding in told(graph([("debt", "number", "", "", OPTIONAL)], never))] == [
        "dmn_table.graph_not_reached"
    ]


def test_more_than_is_listed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [(f"x{place}", "number", "", "", OPTIONAL) for place in range(25)]
    rules = [["> 1" if at == place else "-" for at in range(25)] + ['"x"'] for place in range(25)]
    codes = [finding.code.removeprefix("dmn_table.") for finding in told(graph(columns, rules))]
    assert codes == ["graph_case", *["graph_permits"] * 20, "graph_cut"]
    monkeypatch.setattr(graph_nulls, "MOST_TRIALS", 60)
    assert told(graph(columns, rules))[-1].code in ("dmn_table.graph_cut", "dmn_table.graph_not_reached")


def test_a_table_that_requires_no_other_or_only_constants_is_left_to_the_analysis() -> None:
    rules = [["> limits", '"ASK"'], ["-", '"ALLOW"']]
    priority = table(
        "PRIORITY", [("debt", "number", "", "", OPTIONAL)], [("said", "string", '"ASK", "ALLOW"')], rules
    )
    assert told(model(decision("limits", literal("100")), decision("d", priority, ["decision:limits"]))) == []


@pytest.mark.parametrize("file", sorted(VISIT.rglob("screening.dmn")), ids=lambda path: path.parent.name)
def test_every_case_told_of_the_screening_comes_to_what_is_said_of_it(file: Path) -> None:
    found = decisions.read(etree.parse(file).getroot(), file.name)
    tried = [one for each in found.decisions.values() if (one := graph_nulls.tried(found, each))]
    assert any(one.unknown for one in tried)
    for one in tried:
        assert one.complete
        for unknown in one.unknown:
            assert {unknown.case[leaf] for leaf in unknown.leaves} == {None}
            variables = graph_inputs.variables(unknown.case)
            outcome = decisions.evaluate(found, one.decision.id, variables, graph_inputs.MOMENT)
            assert outcome.value == one.outcome
