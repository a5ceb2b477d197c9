"""Each hit policy makes of the matching rules what the standard says, and the outcome explains itself."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.units.decisions.drawn import one_table, outcome

RULES = [["< 10", '"short"'], ["[5..20]", '"usual"'], ["> 15", '"long"']]
OUTPUT = ("length", "string", '"long", "usual", "short"')


@pytest.mark.parametrize(
    ("policy", "days", "expected", "matched"),
    [
        ("UNIQUE", 3, "short", (1,)),
        ("UNIQUE", 7, None, (1, 2)),
        ("FIRST", 7, "short", (1,)),
        ("FIRST", 18, "usual", (2,)),
        ("ANY", 3, "short", (1,)),
        ("ANY", 7, None, (1, 2)),
        ("PRIORITY", 7, "usual", (1, 2)),
        ("PRIORITY", 18, "long", (2, 3)),
        ("RULE ORDER", 7, ["short", "usual"], (1, 2)),
        ("OUTPUT ORDER", 7, ["usual", "short"], (1, 2)),
        ("COLLECT", 18, ["usual", "long"], (2, 3)),
        ("UNIQUE", None, None, ()),
        ("COLLECT", None, [], ()),
    ],
)
def test_a_policy_chooses_among_the_rules_that_match(
    policy: str, days: int | None, expected: Any, matched: tuple[int, ...]
) -> None:
    found = outcome(one_table(policy, ["days"], [OUTPUT], RULES), days=days)
    assert found.value == expected
    assert found.matched == matched
    assert found.hit_policy == policy


@pytest.mark.parametrize(("aggregation", "expected"), [("SUM", 12), ("MIN", 2), ("MAX", 7), ("COUNT", 3)])
def test_collect_aggregates(aggregation: str, expected: int) -> None:
    rules = [["> 0", "2"], ["> 0", "3"], ["> 0", "7"], ["< 0", "100"]]
    found = one_table("COLLECT", ["days"], ["fee"], rules, aggregation=aggregation)
    assert outcome(found, days=1).value == expected
    assert outcome(found, days=0).value == (0 if aggregation == "COUNT" else None)


@pytest.mark.parametrize("aggregation", ["SUM", "MIN", "MAX"])
def test_what_cannot_be_aggregated_is_null_with_a_reason(aggregation: str) -> None:
    rules = [["> 0", '"a"'], ["> 0", "{b: 1}" if aggregation != "SUM" else '"b"']]
    found = outcome(one_table("COLLECT", ["days"], ["fee"], rules, aggregation=aggregation), days=1)
    assert found.value is None
    assert [warning.code for warning in found.warnings] in (["argument_kind"], ["kinds_differ"])


def test_any_is_satisfied_when_the_rules_agree() -> None:
    found = one_table("ANY", ["days"], ["fee"], [["> 0", "2"], ["> 1", "2.0"]])
    assert outcome(found, days=5).value == 2
    assert outcome(found, days=5).matched == (1, 2)


def test_several_outputs_make_a_context() -> None:
    found = one_table(
        "UNIQUE", ["days"], ["fee", "letter"], [["> 14", "days * 2", "true"], ["<= 14", "0", "false"]]
    )
    assert outcome(found, days=20).value == {"fee": 40, "letter": True}


def test_default_outputs_speak_when_no_rule_does() -> None:
    outputs = [("fee", "number", "", "1.5"), ("letter", "boolean", "", "false")]
    found = one_table("UNIQUE", ["days"], outputs, [["> 14", "9", "true"]])
    assert outcome(found, days=1).value == {"fee": Decimal("1.5"), "letter": False}
    assert outcome(found, days=1).matched == ()


def test_an_overlap_under_unique_warns_with_the_rules() -> None:
    found = outcome(one_table("UNIQUE", ["days"], [OUTPUT], RULES), days=7)
    assert [warning.code for warning in found.warnings] == ["rules_overlap"]
    assert "1, 2" in found.warnings[0].sentence("vi")


def test_the_trace_names_the_first_failing_cell_of_each_rule() -> None:
    rules = [["< 10", '"a"', "1", "young"], ["-", '"b"', "2", "other"], ["> 10", "-", "3"]]
    found = outcome(one_table("UNIQUE", ["days", "kind"], ["fee"], rules), days=20, kind="x")
    assert [(step.rule, step.matched, step.failed_input, step.annotation) for step in found.trace] == [
        (1, False, 0, "young"),
        (2, False, 1, "other"),
        (3, True, None, ""),
    ]
    assert found.inputs == {"days": 20, "kind": "x"}


def test_a_first_table_stops_at_its_first_match() -> None:
    found = outcome(one_table("FIRST", ["days"], [OUTPUT], RULES), days=7)
    assert [step.rule for step in found.trace] == [1]


def test_an_input_that_is_not_allowed_gives_null_and_says_so() -> None:
    found = one_table("UNIQUE", [("kind", "string", '"book", "map"')], ["fee"], [["-", "1"]])
    assert outcome(found, kind="map").value == 1
    refused = outcome(found, kind="sword")
    assert refused.value is None
    assert [warning.code for warning in refused.warnings] == ["input_not_allowed"]


def test_dates_arrive_as_texts_and_are_read_by_their_type() -> None:
    found = one_table("UNIQUE", [("due", "date")], ["late"], [["< today()", "true"], [">= today()", "false"]])
    assert outcome(found, due="2026-01-31").value is True
    assert outcome(found, due="2026-02-01").value is False
    assert outcome(found, due="someday").value is None


def test_priorities_count_output_by_output() -> None:
    outputs = [("a", "string", '"x", "y"'), ("b", "number", "1, 2")]
    rules = [["-", '"y"', "1"], ["-", '"x"', "2"], ["-", '"x"', "1"]]
    assert outcome(one_table("OUTPUT ORDER", ["days"], outputs, rules), days=1).value == [
        {"a": "x", "b": 1},
        {"a": "x", "b": 2},
        {"a": "y", "b": 1},
    ]
