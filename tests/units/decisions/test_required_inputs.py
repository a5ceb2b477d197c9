"""Unknown is not healthy: a table that requires an input does not decide without it, unless a rule says how."""

from __future__ import annotations

from typing import Any

import pytest

from engine import decisions, errors, texts
from engine.decisions.verification import nulls
from tests.units.decisions.drawn import clause, decision, findings, model, one_table, outcome, table

REQUIRED = ("pulse", "number", "", "", 'tc:required="true"')
OPTIONAL = ("pulse", "number", "", "", 'tc:required="false"')
SILENT = ("pulse", "number")


def healthy(column: tuple[str, ...], *cells: str) -> decisions.DecisionModel:
    """A table that takes everybody for healthy whom no other cell catches."""
    rules = [*([cell, '"check"'] for cell in cells), ["-", '"healthy"']]
    return one_table("FIRST", [column], ["said"], rules)


def refusal(found: decisions.DecisionModel, **variables: Any) -> errors.Finding:
    with pytest.raises(errors.Invalid) as caught:
        outcome(found, **variables)
    (finding,) = caught.value.findings
    return finding


@pytest.mark.parametrize("variables", [{"pulse": None}, {}])
def test_null_in_a_required_input_is_refused_with_its_name(variables: dict[str, Any]) -> None:
    finding = refusal(healthy(REQUIRED, "< 60"), **variables)
    for language in texts.LANGUAGES:
        sentence = finding.sentence(language)
        assert "“d”" in sentence
        assert "“pulse”" in sentence


def test_every_required_input_that_is_missing_is_named_at_once() -> None:
    found = one_table("FIRST", [REQUIRED, ("age", *REQUIRED[1:])], ["said"], [["< 60", "-", "1"]])
    assert refusal(found).params["inputs"] == "“pulse”, “age”"
    assert refusal(found, pulse=70).params["inputs"] == "“age”"


def test_what_is_given_as_another_type_is_not_said_to_be_missing() -> None:
    declared = '<inputData id="i" name="pulse"><variable name="pulse" typeRef="number"/></inputData>'
    both = table("FIRST", [REQUIRED, ("age", *REQUIRED[1:])], ["said"], [["< 60", "-", "1"]])
    with pytest.raises(errors.Invalid) as refused:
        outcome(model(declared, decision("d", both, ["input:i"])), pulse="70")
    absent, differing = refused.value.findings
    assert (absent.code, absent.params["inputs"]) == ("decision_needs_input", "“age”")
    assert (differing.code, differing.params["inputs"]) == ("decision_input_differs", "“pulse”")
    assert "“pulse” as number, but string was given" in differing.sentence("en")
    assert "kiểu number, nhưng dữ liệu đưa vào là string" in differing.sentence("vi")


def test_a_required_value_that_its_type_does_not_allow_is_refused_as_such() -> None:
    kind = '<itemDefinition name="tP"><typeRef>number</typeRef><allowedValues><text>[20..250]</text></allowedValues>'
    declared = (
        '</itemDefinition><inputData id="i" name="pulse"><variable name="pulse" typeRef="tP"/></inputData>'
    )
    rules = table("FIRST", [REQUIRED], ["said"], [["< 60", "1"]])
    with pytest.raises(errors.Invalid) as refused:
        outcome(model(kind + declared, decision("d", rules, ["input:i"])), pulse=700)
    (finding,) = refused.value.findings
    assert (finding.code, finding.params["allowed"]) == ("decision_input_not_allowed", "[20..250]")
    assert "[20..250]" in finding.sentence("vi")
    assert "[20..250]" in finding.sentence("en")


def test_a_required_value_of_another_type_than_its_column_is_refused_as_such() -> None:
    """It is null (DMN 1.5, 10.3.2.9.4), and a table that lists what is wrong would take that for fine."""
    refused = refusal(healthy(REQUIRED, "< 60"), pulse="50")
    assert (refused.code, refused.params["inputs"]) == ("decision_input_differs", "“pulse”")
    assert (refused.params["expected"], refused.params["found"]) == ("number", "string")


def test_a_value_of_another_type_than_its_column_is_not_known_and_warned_of() -> None:
    assert outcome(healthy(REQUIRED, "null"), pulse="50").value == "check"
    assert outcome(healthy(OPTIONAL, "null, < 60"), pulse=True).value == "check"
    said = outcome(healthy(OPTIONAL, "< 60"), pulse="50")
    assert (said.value, said.values) == ("healthy", (None,))
    assert "type_differs" in [warning.code for warning in said.warnings]


def test_a_list_of_one_is_taken_for_its_item() -> None:
    assert outcome(healthy(REQUIRED, "< 60"), pulse=[50]).value == "check"


def test_a_known_value_is_decided_as_ever() -> None:
    assert outcome(healthy(REQUIRED, "< 60"), pulse=50).value == "check"
    assert outcome(healthy(REQUIRED, "< 60"), pulse=70).value == "healthy"


@pytest.mark.parametrize("cell", ["null", "? = null", "null, < 60", "? in (null, 1)", "not(? != null)"])
def test_a_rule_that_mentions_null_decides_about_it(cell: str) -> None:
    assert outcome(healthy(REQUIRED, cell)).value == "check"


@pytest.mark.parametrize("cell", ["not(60)", "-", "< 60"])
def test_a_cell_that_merely_lets_null_pass_does_not_mention_it(cell: str) -> None:
    assert refusal(healthy(REQUIRED, cell)).code == "decision_needs_input"


def test_an_optional_or_undeclared_input_may_be_unknown() -> None:
    assert outcome(healthy(OPTIONAL, "< 60")).value == "healthy"
    assert outcome(healthy(SILENT, "< 60")).value == "healthy"


def test_a_required_decision_is_refused_under_its_own_name() -> None:
    signs = table("FIRST", [REQUIRED], ["said"], [["-", "1"]])
    found = model(decision("signs", signs), decision("d", table("FIRST", ["signs"], ["x"], [["-", "1"]]),
                                                     ["decision:signs"]))  # fmt: skip
    assert refusal(found).params["table"] == "signs"


def test_a_value_that_cannot_be_read_as_its_type_counts_as_unknown() -> None:
    dated = ("born_on", "date", "", "", 'tc:required="true"')
    assert refusal(one_table("FIRST", [dated], ["x"], [["-", "1"]]), born_on=None).params["table"] == "d"


def test_another_word_than_true_and_false_is_refused_where_it_stands() -> None:
    column = clause("input", "pulse", more='tc:required="yes"')
    drawn = f'<decisionTable>{column}<output name="x"/></decisionTable>'
    (finding,) = findings(decision("d", drawn))
    assert (finding.code, finding.params["found"]) == ("dmn.required_unknown", "yes")


def test_publication_asks_for_the_declaration_of_each_input_that_reads_data() -> None:
    columns: list[Any] = [REQUIRED, OPTIONAL, ("age", "number"), ("true", "boolean"), "count(visits)"]
    found = one_table("FIRST", columns, ["x"], [["-", "-", "-", "-", "-", "1"]])
    said = list(nulls.undeclared(found.decisions["d"]))
    assert [(finding.code, finding.params["label"], finding.severity) for finding in said] == [
        ("dmn_table.input_undeclared", "age", "warning"),
        ("dmn_table.input_undeclared", "count(visits)", "warning"),
    ]
