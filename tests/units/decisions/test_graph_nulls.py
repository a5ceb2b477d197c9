"""Through the tables below: what is not known and still comes to the most permissive outcome is told, all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from engine import decisions, errors
from engine.decisions.verification import graph_inputs, graph_nulls
from engine.decisions.verification.graph_scopes import MOMENT
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
    assert 'with “reader.debt” = 101 it comes to "ASK"' in found[1].sentence("en")


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
    (_, finding, idle) = told(graph([column], [["> 100", '"debt"'], ["null", '"debt unknown"']]))
    assert idle.params["idle"] == "“well_known”"
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
    (_, finding, idle) = told(graph([column], [['"yes"', '"pregnant"']]))
    assert idle.params["idle"] == "“sex”"
    assert "If “pregnant”" in finding.sentence("en")
    assert "when “sex” = " in finding.sentence("en")


def test_an_input_that_makes_no_difference_is_told_in_one_sentence_with_others_like_it() -> None:
    rules = [["> 100", "-", '"debt"'], ["> 100", '"lost"', '"card"']]
    columns = [("debt", "number", "", "", REQUIRED), ("card", "string", "", "", OPTIONAL)]
    (finding,) = told(graph(columns, rules))
    assert finding.code == "dmn_table.graph_idle"
    assert "no known value of theirs was found that leads elsewhere there: “card”." in finding.sentence("en")


def test_combinations_of_three_and_more_are_told_and_the_least_only() -> None:
    counted = "count([a, b, c, d][item = null])"
    column = (
        f"if {counted} = 3 then 0 else if {counted} > 0 then 200 else if a > 1 or b > 1 or c > 1 or d > 1 "
        "then 200 else 1",
        "number",
        "",
        "",
        REQUIRED,
    )
    found = graph([column], [["> 100", '"debt"']])
    assert unknown(found) == [
        "“a”, “b”, “c”", "“a”, “b”, “d”", "“a”, “c”, “d”", "“b”, “c”, “d”",
    ]  # fmt: skip


def test_lists_are_taken_empty_and_texts_read_as_dates_as_days() -> None:
    columns = [
        ("count(loans[late = true])", "number", "", "", OPTIONAL),
        ("date(born_on) < today()", "boolean", "", "", OPTIONAL),
    ]
    found = graph_inputs.of(
        drawn := graph(columns, [["> 0", "-", '"late"'], ["-", "false", '"date"']]), drawn.decisions["said"]
    )
    given = {leaf.path: leaf.given for leaf in found.leaves}
    assert [] in given["loans",]
    assert "2000-01-01" in given["born_on",]
    assert set(found.beyond) == {"loans", "born_on", "today()"}
    assert unknown(drawn) == ["“born_on”"]


def test_an_input_that_is_itself_the_result_is_compared_with_the_most_permissive_one() -> None:
    signs = table("COLLECT", [("debt", "number", "", "", OPTIONAL)], ["sign"], [["> 100", '"debt"']])
    said = table(
        "FIRST", [("count(signs)", "number", "", "", REQUIRED)],
        [("said", "string", "", "", 'tc:permissive="ALLOW"')], [["> 0", '"ASK"'], ["-", "wish"]],
    )  # fmt: skip
    found = told(model(decision("signs", signs), decision("said", said, ["decision:signs"])))
    assert 'when “debt” = 99; “wish” = "ALLOW"' in found[0].sentence("en")
    assert [finding.params.get("inputs") for finding in found] == [None, "“debt”"]


def test_a_list_of_what_is_wrong_is_told_where_no_conclusion_stands_above_it() -> None:
    odd = decision(
        "odd", table("COLLECT", [("debt", "number", "", "", OPTIONAL)], ["sign"], [["> 100", '"debt"']])
    )
    columns = [("count(odd)", "number", "", "", REQUIRED)]
    wrong = table("COLLECT", columns, [("sign", "string", "", "", 'tc:permissive="-"')], [["> 0", '"odd"']])
    found = told(model(odd, decision("wrong", wrong, ["decision:odd"])))
    assert "If “debt” is not known, “wrong” still comes to an empty result (no rule applies)" in found[
        1
    ].sentence("en")
    assert "“debt” = 101 thì ra 1 phát hiện" in found[1].sentence("vi")
    above = decision("said", CONCLUDED.replace("signs", "wrong"), ["decision:wrong"])
    found = told(model(odd, decision("wrong", wrong, ["decision:odd"]), above))
    assert {finding.params["name"] for finding in found} == {"said"}


def test_a_text_looked_up_in_a_constant_list_is_one_of_its_items() -> None:
    books = literal('[{title: "a", loans: 3}, {title: "b", loans: 900}]')
    signs = table(
        "COLLECT",
        [("books[title = wish][1].loans", "number", "", "", OPTIONAL)],
        ["sign"],
        [["> 100", '"worn"']],
    )
    found = told(model(
        decision("books", books), decision("signs", signs, ["decision:books"]),
        decision("said", CONCLUDED, ["decision:signs"]),
    ))  # fmt: skip
    assert [finding.params.get("inputs") for finding in found] == [None, "“wish”"]
    assert '= "b" it comes to "ASK"' in found[1].sentence("en")


def test_an_outcome_that_nothing_leads_to_is_said() -> None:
    never = [["-", '"always"'], ["> 100", '"debt"']]
    (finding,) = told(graph([("debt", "number", "", "", OPTIONAL)], never))
    assert "“said” never comes to ALLOW" in finding.sentence("en")


def test_what_is_beyond_analysis_is_said_and_what_it_leaves_open() -> None:
    column = ("sum(loans.debt)", "number", "", "", REQUIRED)
    (finding,) = told(graph([column], [["> 100", '"debt"'], ["0", '"none"'], ["null", '"unknown"']]))
    assert finding.code == "dmn_table.graph_not_reached"
    assert "beyond analysis, which cannot tell what becomes of “loans.debt”" in finding.sentence("en")


def test_a_combination_that_may_lead_there_as_far_as_analysis_can_say_is_told_as_such() -> None:
    column = (
        "if card = null and number(debt) = 7777 then 0 else if card = null then 200 else 1",
        "number",
        "",
        "",
        REQUIRED,
    )
    found = told(graph([column], [["> 100", '"debt"']]))
    assert [finding.code for finding in found] == [
        "dmn_table.graph_case",
        "dmn_table.graph_may_permit",
        "dmn_table.graph_idle",
    ]
    assert "while “card” is not known is beyond analysis" in found[1].sentence("en")
    assert "“debt”" in found[2].sentence("en")


def test_more_than_are_listed_are_counted_and_a_graph_too_large_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns = [(f"x{place}", "number", "", "", OPTIONAL) for place in range(25)]
    rules = [["> 1" if at == place else "-" for at in range(25)] + ['"x"'] for place in range(25)]
    found = told(graph(columns, rules))
    codes = [finding.code.removeprefix("dmn_table.") for finding in found]
    assert codes == ["graph_case", *["graph_permits"] * 20, "graph_more"]
    assert found[-1].params["count"] == 5
    monkeypatch.setattr(graph_nulls, "MOST_BRANCHES", 60)
    assert [finding.code for finding in told(graph(columns, rules))] == ["dmn_table.graph_too_large"]


def test_a_table_that_requires_no_other_or_only_constants_is_left_to_the_analysis() -> None:
    rules = [["> limits", '"ASK"'], ["-", '"ALLOW"']]
    priority = table(
        "PRIORITY", [("debt", "number", "", "", OPTIONAL)], [("said", "string", '"ASK", "ALLOW"')], rules
    )
    assert told(model(decision("limits", literal("100")), decision("d", priority, ["decision:limits"]))) == []


@pytest.mark.parametrize("file", sorted(VISIT.rglob("screening.dmn")), ids=lambda path: path.parent.name)
def test_every_case_told_of_the_screening_comes_to_what_is_said_of_it(file: Path) -> None:
    found = decisions.read(etree.parse(file).getroot(), file.name)
    studied = [one for each in found.decisions.values() if (one := graph_nulls.studied(found, each))]
    assert any(one.unknown for one in studied)
    for one in studied:
        for unknown in one.unknown:
            assert {unknown.case[at] for at in unknown.leaves} == {graph_inputs.NULL}
            for case, is_permissive in ((unknown.case, True), (unknown.known, False)):
                variables = graph_inputs.variables(graph_nulls.values(one.inputs, case))
                outcome = decisions.evaluate(found, one.decision.id, variables, MOMENT)
                assert (outcome.value in (one.outcome, [])) is is_permissive


@pytest.mark.parametrize("file", sorted(VISIT.rglob("screening.dmn")), ids=lambda path: path.parent.name)
def test_nothing_of_the_screening_is_left_open(file: Path) -> None:
    found = decisions.read(etree.parse(file).getroot(), file.name)
    studied = graph_nulls.studied(found, found.decisions["conclusion"])
    assert studied is not None
    assert studied.unknown
    assert not studied.is_doubtful
    assert studied.more == 0
