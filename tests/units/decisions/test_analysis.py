"""Gaps, overlaps and idle rules of tables: found exactly, and said with an example and rule numbers."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from engine import decisions, errors, texts
from engine.decisions.verification import analysis, covers, study_bench
from tests.units.decisions.drawn import decision, literal, model, one_table, table

DAYS = ("days", "number")


def said(found: decisions.DecisionModel) -> list[errors.Finding]:
    """What is found about the table, but for the request to declare its inputs."""
    every = analysis.findings(found.decisions["d"])
    return [finding for finding in every if finding.code != "dmn_table.input_undeclared"]


def codes(found: decisions.DecisionModel) -> list[str]:
    return [finding.code.removeprefix("dmn_table.") for finding in said(found)]


def test_an_overlap_is_said_with_rules_and_an_example() -> None:
    rules = [["< 10", '"book"', "1"], ["[5..20]", "-", "2"], ["> 20", "-", "3"], ["< 5", 'not("book")', "4"]]
    found = said(one_table("UNIQUE", [DAYS, ("kind", "string")], ["fee"], rules))
    assert [finding.code for finding in found] == ["dmn_table.rules_overlap"]
    assert found[0].severity == "error"
    sentence = found[0].sentence("en")
    assert "Rules 1, 2" in sentence
    assert 'when “days” [5..10); “kind” = "book"' in sentence
    assert 'for example: “days” = 5; “kind” = "book"' in sentence


def test_a_gap_is_said_with_an_example() -> None:
    rules = [["< 6", "true", "1"], ["[6..24)", "-", "2"], ["> 24", "-", "3"]]
    found = said(one_table("UNIQUE", [DAYS, ("late", "boolean")], ["fee"], rules))
    assert [finding.code for finding in found] == ["dmn_table.gap", "dmn_table.gap"]
    words = [finding.sentence("vi") for finding in found]
    assert "“days” < 6; “late” = false" in words[0]
    assert "“days” = 24" in words[1]
    assert all(finding.severity == "warning" for finding in found)


@pytest.mark.parametrize(
    ("policy", "outputs"),
    [("COLLECT", ["fee"]), ("RULE ORDER", ["fee"]), ("UNIQUE", [("fee", "number", "", "0")])],
)
def test_no_gap_is_said_where_no_match_means_something(policy: str, outputs: list[Any]) -> None:
    assert codes(one_table(policy, [DAYS], outputs, [["< 6", "1"]])) == []


def test_allowed_values_bound_what_can_occur() -> None:
    rules = [["< 6", '"book"', "1"], [">= 6", "-", "2"], ["< 6", '"map"', "3"]]
    inputs = [("days", "number", "[0..60]"), ("kind", "string", '"book", "map"')]
    assert codes(one_table("UNIQUE", inputs, ["fee"], rules)) == []
    assert codes(one_table("UNIQUE", [DAYS, ("kind", "string")], ["fee"], rules)) == ["gap"]


def test_an_inputs_own_type_bounds_what_can_occur() -> None:
    kind = """<itemDefinition name="tKind"><typeRef>string</typeRef>
    <allowedValues><text>"book", "map"</text></allowedValues></itemDefinition>
    <inputData id="i" name="kind"><variable name="kind" typeRef="tKind"/></inputData>"""
    table = """<decisionTable><input><inputExpression><text>kind</text></inputExpression></input><output name="x"/>
    <rule><inputEntry><text>"book"</text></inputEntry><outputEntry><text>1</text></outputEntry></rule>
    <rule><inputEntry><text>"map"</text></inputEntry><outputEntry><text>2</text></outputEntry></rule></decisionTable>"""
    assert codes(model(kind, decision("d", table, ["input:i"]))) == []
    assert codes(model(decision("d", table))) == ["gap"]


def test_days_are_whole_so_no_gap_lies_between_neighbours() -> None:
    rules = [['<= date("2026-01-31")', "1"], ['>= date("2026-02-01")', "2"]]
    assert codes(one_table("UNIQUE", [("due", "date")], ["fee"], rules)) == []
    numbers = one_table("UNIQUE", [DAYS], ["fee"], [["<= 5", "1"], [">= 6", "2"]])
    assert codes(numbers) == ["gap"]
    assert "(5..6)" in said(numbers)[0].sentence("en")


def test_durations_times_and_moments_are_ordered_too() -> None:
    for low, high in (("PT1H", "PT2H"), ("P1M", "P2M")):
        kind = "days and time duration" if "T" in low else "years and months duration"
        rules = [[f'< duration("{low}")', "1"], [f'> duration("{high}")', "2"]]
        assert codes(one_table("UNIQUE", [("span", kind)], ["fee"], rules)) == ["gap"]
    rules = [['< time("08:00:00")', "1"], ['>= time("08:00:00")', "2"]]
    assert codes(one_table("UNIQUE", [("at", "time")], ["fee"], rules)) == []
    at = 'date and time("2026-01-31T08:00:00+07:00")'
    assert (
        codes(one_table("UNIQUE", [("at", "date and time")], ["fee"], [[f"<= {at}", "1"], [f"> {at}", "2"]]))
        == []
    )


def test_neighbouring_days_are_one_stretch_and_examples_are_plain() -> None:
    day = ("due", "date", "", "", 'tc:required="true"')
    rules = [['< date("2026-01-31")', "1"], ['date("2026-03-01")', "2"]]
    assert "“due” [2026-01-31..2026-03-01), > 2026-03-01 (" in said(one_table("UNIQUE", [day], ["x"], rules))[
        0
    ].sentence("en")
    rules = [['< date("2026-01-31")', "1"], ['> date("2026-02-01")', "2"]]
    assert "[2026-01-31..2026-02-01]" in said(one_table("UNIQUE", [day], ["x"], rules))[0].sentence("en")
    span = ("span", "days and time duration", "", "", 'tc:required="true"')
    found = said(one_table("UNIQUE", [span], ["x"], [['>= duration("PT36H")', "1"]]))
    assert "“span” < 1 ngày 12 giờ (ví dụ: “span” = 12 giờ)" in found[0].sentence("vi")


def test_a_rule_that_cannot_match_is_said() -> None:
    rules = [["? > 5 and ? < 3", "1"], ["-", "2"]]
    found = said(one_table("FIRST", [DAYS], ["fee"], rules))
    assert [(finding.code, finding.params["rules"]) for finding in found] == [
        ("dmn_table.rule_impossible", 1)
    ]


def test_a_rule_behind_others_is_said() -> None:
    rules = [["< 10", "1"], [">= 5", "2"], ["[3..7]", "3"], ["-", "4"]]
    found = [
        finding for finding in said(one_table("FIRST", [DAYS], ["fee"], rules)) if "masked" in finding.code
    ]
    assert [(finding.params["rules"], finding.params["by"]) for finding in found] == [
        (3, "1"),
        (4, "1, 2"),
    ]


def test_a_rule_outranked_everywhere_is_said() -> None:
    fee = ("fee", "number", "1, 2")
    assert codes(one_table("PRIORITY", [DAYS], [fee], [["> 5", "2"], ["-", "1"]])) == ["rule_masked"]
    assert codes(one_table("PRIORITY", [DAYS], [fee], [["> 5", "1"], ["-", "2"]])) == []


def test_under_any_only_disagreeing_overlaps_are_said() -> None:
    assert codes(one_table("ANY", [DAYS], ["fee"], [["> 5", "1"], ["-", "1.0"]])) == []
    assert codes(one_table("ANY", [DAYS], ["fee"], [["> 5", "1"], ["-", "2"]])) == ["rules_disagree"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("< limit", "cell_reads_data"),
        ("[1..limit]", "cell_reads_data"),
        ("shelf.days", "cell_reads_data"),
        ("< today()", "cell_reads_clock"),
        ("even(?)", "cell_computes"),
        ("? * 2 > 5", "cell_computes"),
    ],
)
def test_a_cell_beyond_analysis_is_said_with_the_reason_and_causes_no_false_alarm(
    cell: str, code: str
) -> None:
    found = said(one_table("UNIQUE", [DAYS], ["fee"], [[cell, "1"], ["-", "2"]]))
    assert [(finding.code, finding.params["rules"], finding.params["label"]) for finding in found] == [
        (f"dmn_table.{code}", 1, "days")
    ]


def test_null_never_passes_an_order_whatever_it_is_compared_with() -> None:
    optional = ("days", "number", "", "", 'tc:required="false"')
    found = said(one_table("UNIQUE", [optional], ["fee"], [["<= limit", "1"], ["> 5", "2"]]))
    assert [finding.code for finding in found] == ["dmn_table.gap_unknown", "dmn_table.cell_reads_data"]
    assert codes(one_table("UNIQUE", [optional], ["fee"], [["not(limit)", "1"], ["> 5", "2"]])) == [
        "cell_reads_data"
    ]


def test_columns_with_one_expression_are_one_dimension() -> None:
    rules = [["> 5", "< 8", "1"], ["<= 5", "-", "2"], ["-", ">= 8", "3"]]
    assert codes(one_table("UNIQUE", ["days", "days"], ["fee"], rules)) == []


def test_null_counts_where_a_cell_speaks_of_it() -> None:
    assert codes(one_table("UNIQUE", [DAYS], ["fee"], [["null", "0"], ["< 5", "1"], [">= 5", "2"]])) == []
    found = said(one_table("UNIQUE", [DAYS], ["fee"], [["not(null)", "1"]]))
    assert "“days” chưa biết" in found[0].sentence()


def test_texts_compared_by_order_are_cut_by_order() -> None:
    rules = [['< "m"', "1"], ['["m".."z"]', "2"]]
    found = said(one_table("UNIQUE", [("title", "string")], ["fee"], rules))
    assert 'when “title” > "z" (' in found[0].sentence("en")


def test_a_date_compared_without_a_declared_type_is_said() -> None:
    rules = [['< date("2026-01-31")', "1"], ['>= date("2026-01-31")', "2"]]
    assert codes(one_table("UNIQUE", ["due"], ["fee"], rules)) == ["column_untyped"]
    assert codes(one_table("UNIQUE", ["date(due)"], ["fee"], rules)) == []


def test_tables_within_other_boxes_and_within_functions_are_checked_too() -> None:
    gapped = table("UNIQUE", [DAYS], ["fee"], [["< 6", "1"]])
    boxed = f'<context><contextEntry><variable name="fee"/>{gapped}</contextEntry></context>'
    function = (
        '<businessKnowledgeModel id="f" name="f"><variable name="f"/><encapsulatedLogic>'
        f'<formalParameter name="days" typeRef="number"/>{gapped}</encapsulatedLogic></businessKnowledgeModel>'
    )
    found = list(analysis.of_model(model(function, decision("d", boxed), decision("e", gapped))))
    assert [(one.element, one.file) for one in found if one.code == "dmn_table.gap"] == [
        ("d", "rules.dmn"), ("e", "rules.dmn"), ("f", "rules.dmn"),
    ]  # fmt: skip


def test_findings_are_kept_as_json_and_said_from_it() -> None:
    rules = [["< 6", "true", "1"], ["[6..24)", "-", "2"], ["> 20", "-", "3"]]
    for finding in said(one_table("UNIQUE", [DAYS, ("late", "boolean")], ["fee"], rules)):
        kept = errors.Finding(**json.loads(json.dumps(asdict(finding))))
        assert kept.sentence("vi") == finding.sentence("vi")
        assert "{" not in kept.sentence("vi")


def test_logic_that_is_no_table_has_no_findings() -> None:
    assert said(model(decision("d", literal("1")))) == []


def test_every_finding_has_a_sentence_in_each_language() -> None:
    source = "".join(
        path.read_text("utf-8")
        for path in Path(analysis.__file__).parent.glob("*.py")
        if path.stem in ("analysis", "nulls", "graph_nulls")
    )
    for language in texts.LANGUAGES:
        known = texts.catalogue(language)["findings"]["dmn_table"]
        assert known.keys() == texts.catalogue("vi")["findings"]["dmn_table"].keys()
        for code in known:
            assert code in source or code.startswith(("cell_", "unfinished_", "more_", "rules_")), code


@pytest.mark.parametrize("at", [0, 4, 6, 10])
def test_a_table_of_200_rules_and_10_inputs_is_studied_to_its_end(at: int) -> None:
    shape = study_bench.SHAPES[at]
    found = study_bench.table(shape, random.Random(1)).decisions["d"]
    assert (len(found.rules), len(found.inputs)) == (200, 10)
    told = [finding.code for finding in analysis.findings(found)]
    assert not any("unfinished" in code for code in told)
    assert bool(told) == (shape.name != "parted without gap or overlap")


def test_the_measurement_tells_seconds_findings_and_what_was_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(study_bench, "SHAPES", study_bench.SHAPES[:1])
    (one,) = study_bench.measured()
    assert (one.policy, one.findings, one.complete) == ("UNIQUE", 0, True)
    assert one.seconds > 0
    assert "given up" not in study_bench.told([one])
    assert "given up" in study_bench.told([replace(one, complete=False)])


def test_a_search_that_is_given_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(covers, "Effort", partial(covers.Effort, 10))
    rules = study_bench.table(study_bench.SHAPES[2], random.Random(1)).decisions["d"]
    told = [finding.code.removeprefix("dmn_table.") for finding in analysis.findings(rules)]
    assert told == ["unfinished_gaps"]
