"""The conformance runner counts what passes, what fails, and what expects more than null."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from lxml import etree

import tiemchung
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


PARTS = (
    decision("double", literal("days * 2")),
    decision("list", literal('[date("2026-01-31"), {a: true}]')),
    decision("broken", literal("1 +")),
)


def _case(inner: str, attributes: str = 'id="1"') -> str:
    """A file with one case."""
    return f"{CASES[: CASES.index('<testCase id')]}<testCase {attributes}>{inner}</testCase></testCases>"


def _kit(path: Path, cases: str, *parts: str) -> Path:
    """A kit of one folder, its model made of the parts."""
    folder = path / "compliance-level-2" / "0001-own"
    folder.mkdir(parents=True)
    (folder / "own.dmn").write_bytes(etree.tostring(tree(*parts)))
    (folder / "0001-own-test-01.xml").write_text(cases)
    return path


def test_the_runner_counts_per_level_and_folder(tmp_path: Path) -> None:
    report = conformance.run(_kit(tmp_path, CASES, *PARTS))
    tally = report.levels["compliance-level-2"]
    assert (tally.passed, tally.total, tally.passed_with_value, tally.total_with_value) == (3, 4, 2, 3)
    assert report.folders["compliance-level-2/0001-own"] == report.total == tally
    assert [(failure.case, failure.expected, failure.found) for failure in report.failures] == [
        ("4", '"x"', "null")
    ]
    assert report.told().splitlines() == [
        "compliance-level-2/0001-own: 3/4 (75.0%), not null 2/3 (66.7%)",
        "",
        "compliance-level-2: 3/4 (75.0%), not null 2/3 (66.7%)",
        "total: 3/4 (75.0%), not null 2/3 (66.7%)",
        "",
        "otherwise than expected (1):",
        '  0001-own 4 (broken): expected "x", found null',
    ]
    assert not report.as_intended


def test_one_level_or_folder_alone_is_run_too(tmp_path: Path) -> None:
    kit = _kit(tmp_path, CASES, *PARTS)
    for folder in (kit / "compliance-level-2", kit / "compliance-level-2" / "0001-own"):
        assert conformance.run(folder) == conformance.run(kit)


def test_what_is_refused_on_purpose_is_told_apart(tmp_path: Path) -> None:
    java = 'function(a) external {java: {class: "x", method signature: "y"}}'
    boxed = f'<functionDefinition kind="Java"><formalParameter name="a"/>{literal("1")}</functionDefinition>'
    named = f'<contextEntry><variable name="f"/>{boxed}</contextEntry>'
    entries = f"<context>{named}<contextEntry>{literal('f(1)')}</contextEntry></context>"
    for number, logic in enumerate(
        (literal(f"{{f: {java}, r: f(1)}}.r"), literal('matches("aa", "(a)\\1")'), entries)
    ):
        found = _kit(tmp_path / str(number), _case(RESULT), decision("d", logic))
        report = conformance.run(found)
        assert [failure.on_purpose for failure in report.failures] == [True], logic
        assert report.as_intended
        assert "refused on purpose (1):" in report.told()


RESULT = """<inputNode name="a"><value xsi:type="xsd:decimal">3</value></inputNode><resultNode name="d">
<expected><value xsi:type="xsd:decimal">6</value></expected></resultNode>"""


def test_knowledge_and_services_are_called_with_the_values_of_the_case(tmp_path: Path) -> None:
    logic = f'<encapsulatedLogic><formalParameter name="a"/>{literal("a * 2")}</encapsulatedLogic>'
    knowledge = f'<businessKnowledgeModel id="k" name="k">{logic}</businessKnowledgeModel>'
    service = (
        '<decisionService id="s" name="s"><outputDecision href="#d"/><inputData href="#i"/></decisionService>'
    )
    given = '<inputData id="i" name="a"><variable name="a"/></inputData>'
    parts = (given, knowledge, service, decision("d", literal("a * 2"), ["input:i"]))
    for kind, name in (("bkm", "k"), ("decisionService", "s")):
        case = _case(RESULT, f'id="1" type="{kind}" invocableName="{name}"')
        assert conformance.run(_kit(tmp_path / kind, case, *parts)).failures == []


def test_a_file_that_cannot_be_read_fails_and_the_others_are_run(tmp_path: Path) -> None:
    kit = _kit(tmp_path, CASES, *PARTS)
    (kit / "compliance-level-2" / "0001-own" / "0001-own-test-02.xml").write_text(
        CASES.replace("own.dmn", "no.dmn")
    )
    (kit / "compliance-level-2" / "0001-own" / "0001-own-test-03.xml").write_text("<testCases>")
    report = conformance.run(kit)
    assert (report.total.passed, report.total.total) == (3, 6)
    assert [failure.case for failure in report.failures if failure.reasons == ("unreadable",)] == [
        "0001-own-test-02.xml", "0001-own-test-03.xml",
    ]  # fmt: skip


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound) as raised:
        conformance.run(tmp_path)
    assert str(tmp_path) in raised.value.sentence("en")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound) as raised:
        conformance.run(tmp_path / "kit")
    assert raised.value.sentence("en").startswith(f"There is no folder {tmp_path / 'kit'}")


def test_the_command_prints_every_folder_and_failure_and_tells_by_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = str(_kit(tmp_path, CASES, *PARTS))
    assert tiemchung.main(["conformance", "dmn", kit]) == 1
    assert "compliance-level-2/0001-own: 3/4" in capsys.readouterr().out
    assert tiemchung.main(["conformance", "dmn", kit, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["total"] == {"passed": 3, "total": 4, "passed_with_value": 2, "total_with_value": 3}
    assert told["failures"][0]["case"] == "4" and told["failures"][0]["on_purpose"] is False
    assert told["as_intended"] is False
    own = CASES[: CASES.index('<testCase id="4"')] + "</testCases>"
    assert tiemchung.main(["conformance", "dmn", str(_kit(tmp_path / "own", own, *PARTS))]) == 0
