"""A bundle compiled: everything of a version ready, or every finding of every file."""

from __future__ import annotations

import pytest

from engine.bpmn.model import Kind
from engine.definitions import definition as definitions
from engine.errors import Invalid
from tests.book_loan.bundles import bundle, definition, edited


def findings(broken) -> dict[str, set[str]]:
    with pytest.raises(Invalid) as caught:
        definitions.compile(broken)
    by_file: dict[str, set[str]] = {}
    for finding in caught.value.findings:
        by_file.setdefault(finding.file or "", set()).add(finding.code)
    return by_file


def test_a_drawn_process_is_compiled_whole():
    loan = definition()
    assert (loan.key, loan.version_id, loan.version) == ("loan", None, 0)
    assert loan.content_hash == bundle().content_hash
    assert loan.model.nodes["lend"].kind is Kind.USER_TASK
    assert set(loan.forms) == set(loan.manifest.forms)
    assert loan.decisions["limits"].id == "limits"
    assert not loan.decisions["limits"].is_latest
    assert loan.documents["receipt"].after == "inspect"
    assert loan.bpmn_xml == bundle().files["loan.bpmn"], "a drawn layout is not touched"
    assert loan.scenarios[0].steps


def test_a_written_process_is_compiled_to_bpmn_with_a_layout_and_its_names():
    repair = definition("repair")
    assert repair.model.nodes["assess"].lane == "bench"
    assert b"BPMNShape" in repair.bpmn_xml
    assert repair.model.nodes["assess"].name == repair.text("vi", "elements.assess.name")


def test_texts_fall_back_to_vietnamese_then_to_the_drawing():
    loan = definitions.compile(edited("texts/en.yaml", "lend:", "lent:"))
    assert loan.text("en", "elements.lend.name") == "Giao sách"
    assert loan.text("en", "elements.inspect.name") == "Inspect the books"
    assert loan.text("en", "forms.ask.fields.books[].title.title")
    assert loan.text("en", "elements.nothing.name") is None
    assert loan.text("vi", "lanes.desk")
    bare = definitions.compile(bundle().changed({"texts/vi.yaml": b"process: {name: Loan}\n"}))
    assert bare.text("en", "messages.book_returned") == "A reader returns books"
    assert bare.text("vi", "elements.lend.name") == "Giao sách"
    assert bare.element_name("en", "nothing") == "nothing"


def test_the_findings_of_all_files_come_together():
    broken = bundle().changed(
        {
            "loan.bpmn": b"<not-bpmn/>",
            "limits.dmn": b"<definitions",
            "forms/lend.json": b"{",
            "texts/en.yaml": b"a: &anchor 1\n",
            "scenarios/loans.yaml": b"- {scenario: x, at: yesterday}\n",
            "documents/receipt.yaml": b"after: lend\n",
        }
    )
    assert findings(broken).keys() == {
        "loan.bpmn", "limits.dmn", "forms/lend.json", "texts/en.yaml", "scenarios/loans.yaml", "documents/receipt.yaml",
    }  # fmt: skip


def test_a_flow_is_drawn_or_written_and_only_once():
    assert findings(bundle().changed({"loan.bpmn": None})) == {"process.yaml": {"flow_missing"}}
    both = bundle("repair").changed({"repair.bpmn": bundle().files["loan.bpmn"]})
    assert findings(both) == {"process.yaml": {"flow_twice"}}
    renamed = bundle().changed({"loan.bpmn": None, "lending.bpmn": bundle().files["loan.bpmn"]})
    assert findings(renamed) == {"lending.bpmn": {"flow_file_name"}, "process.yaml": {"flow_missing"}}


def test_files_that_process_yaml_names_must_be_there():
    broken = bundle().changed({"limits.dmn": None, "documents/receipt.yaml": None})
    assert findings(broken) == {"process.yaml": {"decision_file", "document_file"}}


def test_a_flow_written_wrong_is_said_at_its_line_in_process_yaml():
    with pytest.raises(Invalid) as caught:
        definitions.compile(edited("process.yaml", "- user: assess", "- usr: assess", "repair"))
    assert {finding.file for finding in caught.value.findings} == {"process.yaml"}
    assert all(finding.line and finding.line > 20 for finding in caught.value.findings)
