"""The pages on BPMN and on YAML flows say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.bpmn import dialect, flows, marked_yaml, reading, refusals, steps, structure

ROOT = Path(__file__).parents[3]
BPMN = (ROOT / "docs" / "bpmn.md").read_text("utf-8")
YAML = (ROOT / "docs" / "yaml-flows.md").read_text("utf-8")
EXAMPLES = re.findall(r"^```yaml flow\n(.*?)^```$", YAML, re.MULTILINE | re.DOTALL)
DEFECTS = (ROOT / "tests" / "bpmn_defects" / "test_spiffworkflow_3_2_0.py").read_text("utf-8")
HEAD = 'process: loan\nlanes: {desk: {role: librarian}}\nmessages: {book_returned: {key: "= reader_id"}}\nflow:\n'


def said(page: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", page))


def test_every_accepted_element_is_described():
    inner = {
        "definitions", "process", "collaboration", "laneSet", "flowNodeRef", "categoryValue", "text", "script",
        "extensionElements", "incoming", "outgoing", "conditionExpression", "documentation",
    }  # fmt: skip
    assert dialect.ELEMENTS.keys() - inner <= said(BPMN)


def test_every_extension_attribute_is_described():
    attributes = {name for shape in dialect.ELEMENTS.values() for name in shape.extensions or ()}
    assert {name for name in attributes if f"tc:{name}" not in BPMN} == set()


def test_every_refusal_with_a_remedy_is_listed():
    named = dialect.REFUSED_ELEMENTS | dialect.REFUSED_ATTRIBUTES | dialect.SPIFFWORKFLOW_REFUSED
    assert named <= said(BPMN)


def test_every_defect_in_the_table_has_its_test_and_every_test_its_line():
    tests = set(re.findall(r"^def (test_\w+)\(", DEFECTS, re.MULTILINE))
    listed = {name for name in said(BPMN) if name.startswith("test_")}
    assert listed == tests - {"test_the_version_these_defects_were_seen_in"}


def test_the_limits_on_the_page_are_those_of_the_code():
    assert f"at most {refusals.ID_LIMIT}" in BPMN
    assert f"up to {refusals.NAME_LIMIT} characters" in BPMN


def test_every_kind_of_step_is_described_with_its_keys():
    for kind, keys in steps.KEYS.items():
        row = next(line for line in YAML.splitlines() if line.startswith(f"| `{kind}` |"))
        assert {key for key in keys if f"`{key}" not in row} == set(), kind


def test_the_page_has_examples():
    assert len(EXAMPLES) >= 7


@pytest.mark.parametrize("example", EXAMPLES, ids=[e.split("\n")[0] for e in EXAMPLES])
def test_every_example_compiles(example):
    content = flows.to_bpmn(marked_yaml.load((HEAD + example).encode(), "process.yaml"), "process.yaml")
    findings = structure.findings(reading.read(content, "loan.bpmn"), "loan.bpmn")
    assert [finding.code for finding in findings] == []
