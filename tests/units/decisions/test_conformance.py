"""The conformance runner counts what passes, what fails, and what expects more than null."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from engine import errors
from engine.decisions import conformance
from tests.units.decisions.drawn import decision, literal, tree

CASES = """<testCases xmlns="http://www.omg.org/spec/DMN/20160719/testcase"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema">
<modelName>own.dmn</modelName>
<testCase id="1"><inputNode name="days"><value xsi:type="xsd:decimal">3</value></inputNode>
<resultNode name="double"><expected><value xsi:type="xsd:decimal">6</value></expected></resultNode></testCase>
<testCase id="2"><resultNode name="double" errorResult="true">
<expected><value xsi:nil="true"/></expected></resultNode></testCase>
<testCase id="3"><resultNode name="list"><expected><list>
<item><value xsi:type="xsd:date">2026-01-31</value></item>
<item><component name="a"><value xsi:type="xsd:boolean">true</value></component></item></list>
</expected></resultNode></testCase>
<testCase id="4"><resultNode name="broken">
<expected><value xsi:type="xsd:string">x</value></expected></resultNode></testCase>
</testCases>"""


def test_the_runner_counts_per_level_and_folder(tmp_path: Path) -> None:
    folder = tmp_path / "compliance-level-2" / "0001-own"
    folder.mkdir(parents=True)
    parts = [
        decision("double", literal("days * 2")),
        decision("list", literal('[date("2026-01-31"), {a: true}]')),
        decision("broken", literal("1 +")),
    ]
    (folder / "own.dmn").write_bytes(etree.tostring(tree(*parts)))
    (folder / "0001-own-test-01.xml").write_text(CASES)
    report = conformance.run(tmp_path)
    tally = report.levels["compliance-level-2"]
    assert (tally.passed, tally.total, tally.passed_with_value, tally.total_with_value) == (3, 4, 2, 3)
    assert report.folders["compliance-level-2/0001-own"].passed == 3
    assert [(failure.case, failure.expected, failure.found) for failure in report.failures] == [
        ("4", '"x"', "null")
    ]
    assert report.summary() == "compliance-level-2: 3/4 (75.0%), not null 2/3 (66.7%)"


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound) as raised:
        conformance.run(tmp_path)
    assert str(tmp_path) in raised.value.sentence("en")
