"""Files in the shapes that editors write them, of DMN 1.1 to 1.5, are read as they are and decide what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine import decisions
from engine.bpmn import xml
from engine.decisions.elements import NAMESPACES
from tests.units.decisions.drawn import MOMENT, outcome

WRITTEN = sorted(Path(__file__).with_name("written").glob("*.dmn"))
ROOTS = {path.name: xml.parse(path.read_bytes(), path.name) for path in WRITTEN}
MODELS, FINDINGS = decisions.link(ROOTS)

DECIDED: list[tuple[str, str, dict[str, Any], Any]] = [
    ("dmn_js_1_3.dmn", "Decision_days", {"reader": "child", "title": {"copies": 1}}, 7),
    ("dmn_js_1_3.dmn", "Loan days", {"reader": "child", "title": {"copies": 9}}, 14),
    ("dmn_js_1_3.dmn", "Loan days", {"reader": "staff", "title": {"copies": 9}}, 28),
    ("dmn_js_1_3.dmn", "Loan days", {"reader": "guest", "title": {"copies": 9}}, None),
    ("camunda_7_1_1.dmn", "fee", {"days late": 15, "since": "2025-12-01"}, 5),
    ("camunda_7_1_1.dmn", "fee", {"days late": 15, "since": "2026-12-01"}, 2),
    ("camunda_7_1_1.dmn", "fee", {"days late": 1, "since": "2025-12-01"}, None),
    ("signavio_like_1_1.dmn", "Letter", {"daysLate": 31}, {"tone": "firm", "pages": 2}),
    ("signavio_like_1_1.dmn", "Letter", {"daysLate": 3}, {"tone": "kind", "pages": 1}),
    (
        "drools_like_1_2.dmn",
        "All Fines",
        {"Loans": [{"Days Late": 2, "Kind": "book"}, {"Days Late": 3, "Kind": "map"}]},
        8,
    ),
    ("drools_like_1_2.dmn", "All Fines", {"Loans": []}, 0),
    ("drools_like_1_2.dmn", "All Fines", {"Loans": [{"Days Late": 2, "Kind": "globe"}]}, None),
    ("trisotech_like_1_4.dmn", "fits", {"shelf": {"room": "hall", "heights": [10, 0, 30]}}, [False, True]),
    ("trisotech_like_1_4.dmn", "fits", {"shelf": {"room": "cellar", "heights": [10]}}, []),
    (
        "boxed_1_5.dmn",
        "summary",
        {"ages": [10, 40, 70]},
        {
            "children": [10],
            "any": False,
            "all": False,
            "sums": [10, 50, 120],
            "rows": [{"name": "children", "count": 1}],
            "ends": [10, 70],
        },
    ),
]


def test_nothing_in_these_files_is_complained_of() -> None:
    assert FINDINGS == []
    assert MODELS.keys() == ROOTS.keys()


def test_every_version_is_among_them() -> None:
    versions = {NAMESPACES[str(root.tag)[1:].partition("}")[0]] for root in ROOTS.values()}
    assert versions == set(NAMESPACES.values())


@pytest.mark.parametrize(("file", "decision", "variables", "expected"), DECIDED)
def test_a_file_decides_what_it_says(
    file: str, decision: str, variables: dict[str, Any], expected: Any
) -> None:
    found = outcome(MODELS[file], decision, **variables).value
    if isinstance(expected, dict) and isinstance(found, dict):
        found = {key: found[key] for key in expected}
    assert found == expected


def test_a_service_is_called_by_its_name() -> None:
    loans = [{"Days Late": 4, "Kind": "map"}]
    model = MODELS["drools_like_1_2.dmn"]
    assert decisions.evaluate_service(model, "Fine Service", {"Loans": loans}, MOMENT) == 8


def test_what_an_editor_wrote_about_a_rule_is_kept() -> None:
    rule = MODELS["dmn_js_1_3.dmn"].decisions["Decision_days"].rules[0]
    assert (rule.number, rule.id, rule.line) == (1, "DecisionRule_1", 34)
    assert rule.annotation == "Rare titles come back soon; one copy"
    letter = MODELS["signavio_like_1_1.dmn"].decisions["id-letter"]
    assert letter.description == "<p>Which letter goes out.</p>"
