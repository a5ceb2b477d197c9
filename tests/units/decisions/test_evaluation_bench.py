"""The measurement of decisions compares like with like, and reports what it promises."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

import tiemchung
from engine import decisions
from engine.decisions import evaluation_bench as bench
from tests.units.decisions.drawn import MOMENT

LOAN = Path(__file__).parents[2] / "book_loan" / "processes" / "loan"
CONTENT = bench.document("FIRST", bench.INPUTS, bench.OUTPUTS, bench.RULES)


def read() -> decisions.DecisionModel:
    return decisions.read(etree.fromstring(CONTENT), "bench.dmn")


def test_the_rules_written_by_hand_say_what_the_table_says() -> None:
    model = read()
    days = [None, -1, 0, 3, 7, 8, 14, 15, 28, 29]
    cases = [
        {**case, "days": day, "late": late} for case in bench.CASES for day in days for late in (False, True)
    ]
    for case in cases:
        assert decisions.evaluate(model, "d", case, MOMENT).value == bench.by_hand(case), case


def test_every_rule_of_the_measured_table_decides_some_case() -> None:
    model = read()
    days = [-1, 3, 10, 20, 40, None]
    cases = [
        {**case, "days": day, "late": late} for case in bench.CASES for day in days for late in (False, True)
    ]
    decided = {number for case in cases for number in decisions.evaluate(model, "d", case, MOMENT).matched}
    assert decided == set(range(1, len(bench.RULES) + 1))


def test_a_measurement_reports_rates_ratios_and_times_as_json_and_in_words() -> None:
    report = bench.measured(0.01, bench.Graph(read, "d", bench.CASES))
    said = {
        "plain_per_second",
        "explained_per_second",
        "explained_ratio",
        "kept_ratio",
        "read_ms",
        "first_ms",
    }
    assert said <= set(report["table"])
    assert said <= set(report["graph"])
    assert set(report["sizes"]) == {"few_us", "many_us", "ratio"}
    assert report == json.loads(json.dumps(report))
    assert f"{report['table']['plain_per_second']:,}" in bench.told(report)


def test_the_command_measures_a_decision_of_a_file_too(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(LOAN / "limits.dmn")
    given = '{"books": 1, "card_kind": "adult", "debt": 0}'
    asked = ["bench", "decisions", "--json", "--seconds", "0.01", "--file", file]
    assert tiemchung.main([*asked, "--decision", "limits", "--input", given]) == 0
    graph = json.loads(capsys.readouterr().out)["graph"]
    assert graph["decision"] == "limits"
    assert graph["plain_per_second"] > 0
    assert tiemchung.main([*asked, "--decision", "limit"]) == 1
    refused = capsys.readouterr()
    assert "limits" in refused.out + refused.err
