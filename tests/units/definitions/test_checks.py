"""The gate before publication: each thing that can be wrong with a bundle is found, placed, and said with a remedy."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import texts
from engine.definitions import checks
from tests.book_loan.bundles import PROCESSES, bundle, edited, library, services


def run(whole, known=PROCESSES):
    return checks.run(whole, services(), known, library().roles, library().unit_kinds)


def found(whole, **others) -> list[tuple[str, str]]:
    """Code and place of each finding."""
    return [(finding.code, finding.element or finding.pointer or "") for finding in run(whole, **others)[1]]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_declared_processes_pass_without_a_remark(process):
    compiled, findings = run(bundle(process))
    assert compiled is not None
    assert findings == []


def test_a_bundle_that_cannot_be_compiled_has_no_definition():
    compiled, findings = run(bundle().changed({"loan.bpmn": b"<x/>"}))
    assert compiled is None
    assert {finding.file for finding in findings} == {"loan.bpmn"}


PROCESS, BPMN = "process.yaml", "loan.bpmn"


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "place"),
    [
        (PROCESS, "owner: process_owner", "owner: proces_owner", "role_undeclared_close", "/owner"),
        (PROCESS, "desk: {role: librarian}", "desk: {role: porter}", "role_undeclared", "/lanes/desk/role"),
        (PROCESS, "roles: [librarian]", "roles: [librarien]", "role_undeclared_close", "/start/roles"),
        (PROCESS, "at: [branch]", "at: [brunch]", "unit_kind_unknown_close", "/start/at"),
        (PROCESS, "  stacks: {role: stacker}", "  stack: {role: stacker}", "lane_unknown_close", "fetch"),
        (PROCESS, "  lend: PT15M\n", "", "service_level_missing", "lend"),
        (PROCESS, "  announce: PT1H\n", "", "service_level_missing", "announce"),
        (PROCESS, "  mend: P30D\n", "", "service_level_missing", "mend"),
        (PROCESS, "  airing: PT36H\n", "", "service_level_missing", "airing"),
        (PROCESS, "  lend: PT15M", "  lent: PT15M", "element_unknown_close", "/service_levels/lent"),
        (PROCESS, "at: lend", "at: lent", "element_unknown_close", "/records/0/at"),
        (PROCESS, "after: inspect", "after: inspects", "element_unknown_close", "/expects/0/after"),
        (PROCESS, "reaches: receipt", "reaches: reciept", "element_unknown_close", "/expects/0/reaches"),
        (PROCESS, "book_returned: {keep", "book_return: {keep", "message_undeclared_close", "wait_return"),
        (PROCESS, 'titles: "= found_books"', 'titles: "= found_book"', "name_unknown_close", "lend"),
        (PROCESS, '"= home_unit"', '"= home_units"', "name_unknown_close", "/lanes/head/unit"),
        (PROCESS, "query: people.person", "query: people.persons", "query_unknown_close", "/subject/query"),
        (PROCESS, "decision: limits,", "decision: limit,", "decision_not_in_file_close", "/decisions/limits/decision"),
        ("documents/receipt.yaml", "after: inspect", "after: inspekt", "element_unknown_close", "/after"),
        ("documents/receipt.yaml", '"= due_on"', '"= due_onn"', "name_unknown_close", ""),
        (BPMN, 'tc:form="lend"', 'tc:form="lent"', "form_unknown_close", "lend"),
        (BPMN, 'tc:decision="limits"', 'tc:decision="limit"', "decision_unknown_close", "check_limit"),
        (BPMN, 'calledElement="repair"', 'calledElement="repairs"', "process_unknown_close", "mend"),
        (BPMN, 'tc:service="post.send"', 'tc:service="post.sent"', "service_unknown_close", "announce"),
        (BPMN, 'target="text_key"', 'target="text_kei"', "service_input_unknown_close", "announce"),
        (BPMN, '<tc:input target="to" source="= reader_id" />', "", "service_input_missing", "announce"),
        (BPMN, 'errorCode="ADDRESS_UN', 'errorCode="ADDRES_UN', "service_error_unknown_close", "no_address"),
        (BPMN, 'tc:key="= reader_id"', "", "message_without_key", "wait_return"),
        (BPMN, "= by_post<", "= by_pst<", "name_unknown_close", "extras__announce"),
        (BPMN, 'limit.outcome = "ask"', 'limit.outcom = "ask"', "member_unknown_close", "may_borrow__grant"),
        (BPMN, 'tc:collection="= books"', 'tc:collection="= boks"', "name_unknown_close", "fetch"),
        (BPMN, "title: book.title", "title: boook.title", "name_unknown_close", "fetch"),
        ("forms/lend.json", '"prefill": "due_on"', '"prefill": "du_on"', "form_name_unknown_close", ""),
        ("forms/ask.json", '"query": "people.find"', '"query": "people.fnd"', "query_unknown_close", ""),
        ("texts/vi.yaml", "  lend: {name", "  lent: {name", "text_missing", ""),
    ],
)  # fmt: skip
def test_each_mistake_is_found_where_it_is(path, old, new, code, place):
    if (path, new[:10]) == ("texts/vi.yaml", "  lent: {n"):
        whole = edited("loan.bpmn", 'name="Giao sách"', 'name=""')
        content = whole.files[path].decode().replace("lend:\n    name", "lent:\n    name", 1)
        whole = whole.changed({path: content.encode()})
    else:
        whole = edited(path, old, new)
    _, findings = run(whole)
    assert (code, place) in found(whole)
    for finding in findings:
        for language in texts.LANGUAGES:
            sentence = finding.sentence(language)
            assert not sentence.startswith("findings."), f"{finding.code} has no sentence in {language}"
            assert "…" not in sentence or "…" in str(finding.params), (
                f"{finding.code} has an empty gap in {language}"
            )


def test_a_finding_names_file_line_and_element():
    _, findings = run(edited(BPMN, 'tc:form="lend"', 'tc:form="lent"'))
    finding = next(one for one in findings if one.code == "form_unknown_close")
    assert (finding.file, finding.element) == ("loan.bpmn", "lend")
    assert (
        finding.line == bundle().files[BPMN][: bundle().files[BPMN].index(b'tc:form="lend"')].count(b"\n") + 1
    )
    assert "lend" in finding.sentence("vi")


def test_a_step_written_in_yaml_is_placed_in_process_yaml():
    whole = edited("process.yaml", 'when: "= cost > 500000"', 'when: "= costs > 500000"', "repair")
    _, findings = run(whole)
    finding = next(one for one in findings if one.code == "name_unknown_close")
    assert finding.file == "process.yaml"
    assert finding.line is not None
    assert finding.line > whole.files["process.yaml"].decode().split("flow:")[0].count("\n")


def test_an_unknown_name_is_only_a_warning_where_data_comes_from_outside():
    """The content of a message is declared nowhere, so the loan's data is open."""
    _, findings = run(edited(PROCESS, 'titles: "= found_books"', 'titles: "= found_book"'))
    assert {one.severity for one in findings if one.code == "name_unknown_close"} == {"warning"}


def test_an_unknown_name_is_an_error_where_all_data_is_declared():
    flow = b"""\
process: shelf
owner: process_owner
inputs: [book]
lanes: {desk: {role: librarian}}
service_levels: {put: PT1H}
flow:
  - script: note
    set: {shelf: "= book.shelf"}
  - user: put
    lane: desk
  - script: end_note
    set: {place: "= shelv"}
"""
    shelf = bundle("repair").changed(
        {path: None for path in bundle("repair").files if path != "process.yaml"} | {"process.yaml": flow}
    )
    _, findings = run(shelf)
    finding = next(one for one in findings if one.code.startswith("name_unknown"))
    assert (finding.code, finding.severity, finding.element) == ("name_unknown_close", "error", "end_note")
    assert finding.params["close"] == "shelf"


def test_a_missing_text_is_an_error_in_vietnamese_and_a_warning_in_english():
    _, findings = run(bundle().changed({"texts/en.yaml": None}))
    assert [(one.code, one.severity) for one in findings] == [("texts_missing", "error")]
    whole = edited("forms/lend.json", '"worn"', '"torn"')
    _, findings = run(whole)
    missing = {(one.params["into"], one.severity) for one in findings if one.code == "text_missing"}
    assert missing == {("vi", "error"), ("en", "warning")}
    assert {one.params["name"] for one in findings if one.code == "text_missing"} == {
        "forms.lend.fields.condition.options.torn"
    }


def test_what_is_declared_and_not_used_is_remarked():
    whole = bundle().changed({"forms/extra.json": b'{"type": "object", "properties": {}}'})
    assert ("form_unused", "") in found(whole)
    assert ("lane_unused", "/lanes/attic") in found(
        edited(PROCESS, "lanes:", "lanes:\n  attic: {role: librarian}")
    )
    assert ("message_unused", "/messages/x_lost") in found(
        edited(PROCESS, "messages:", "messages:\n  x_lost: {}")
    )


def test_scenarios_are_tried_only_when_nothing_else_is_wrong():
    whole = edited("scenarios/loans.yaml", "end: ended_returned", "end: ended_lost")
    assert [code for code, _ in found(whole)] == ["scenario_end"]
    both = whole.changed({PROCESS: whole.files[PROCESS].replace(b"  lend: PT15M\n", b"")})
    assert [code for code, _ in found(both)] == ["service_level_missing"]


def test_a_process_without_scenarios_is_remarked():
    assert found(bundle().changed({"scenarios/loans.yaml": None})) == [("scenarios_missing", "")]


def test_called_processes_are_not_judged_where_nobody_says_which_there_are():
    assert found(bundle(), known=None) == []
    assert [code for code, _ in found(bundle(), known=())] == ["process_unknown"]


SCRAPS = (
    b"null",
    b"[]",
    b"{}",
    b"-1",
    b'""',
    b"lend",
    b"= x.y",
    b"P1D",
    b"&lt;",
    "đ".encode(),
    b"'",
    b":",
    b"\n  ",
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_is_written_is_checked_without_an_exception(data):
    """Lines lost, doubled and scribbled into: each time there are findings, or a bundle that still works."""
    whole = bundle(data.draw(st.sampled_from(PROCESSES)))
    path = data.draw(st.sampled_from(sorted(whole.files)))
    lines = whole.files[path].split(b"\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        other = lines[data.draw(st.integers(0, len(lines) - 1))]
        words = lines[at].split(b" ")
        words[data.draw(st.integers(0, len(words) - 1))] = data.draw(st.sampled_from(SCRAPS))
        lines[at : at + 1] = data.draw(st.sampled_from([[], [lines[at], other], [b" ".join(words)]])) or [b""]
    compiled, findings = run(whole.changed({path: b"\n".join(lines)}))
    assert compiled is not None or findings
    for finding in findings:
        assert finding.sentence("vi")
        assert finding.place()


def test_a_table_in_a_file_that_is_only_imported_is_checked_too():
    """The lending days stand in a file of their own, which process.yaml does not name; a card without days is a gap."""
    limits = bundle().files["limits.dmn"].decode()
    start, end = limits.index('<decision id="lending_days"'), limits.index('<decision id="limits"')
    head = limits[: limits.index(">", limits.index("<definitions")) + 1]
    imported = (
        '<import name="" namespace="urn:days" importType="https://www.omg.org/spec/DMN/20191111/MODEL/"/>'
    )
    importing = limits[:start].replace(head, head + imported) + limits[end:]
    importing = importing.replace('href="#lending_days"', 'href="urn:days#lending_days"')
    table = (
        '<decisionTable id="days_table" hitPolicy="UNIQUE"><input id="days_card" label="card">'
        '<inputExpression id="days_card_read" typeRef="string"><text>card_kind</text></inputExpression>'
        '<inputValues id="days_card_values"><text>"reader","teacher"</text></inputValues></input>'
        '<output id="days_out" typeRef="number"/><rule id="days_reader">'
        '<inputEntry id="days_reader_card"><text>"reader"</text></inputEntry>'
        '<outputEntry id="days_reader_days"><text>21</text></outputEntry></rule></decisionTable>'
    )
    expression = limits[limits.index("<literalExpression", start) : limits.index("</decision>", start)]
    card = limits[limits.index('<inputData id="card_input"') : limits.index('<inputData id="debt_input"')]
    namespace = head.replace('id="', 'id="days_').replace(
        head[head.index("namespace=") : -1], 'namespace="urn:days"'
    )
    days = namespace + card + limits[start:end].replace(expression, table) + "</definitions>"
    files = {"limits.dmn": importing.encode(), "days.dmn": days.encode()}

    gaps = [one for one in run(bundle().changed(files))[1] if one.code == "dmn_table.gap"]
    assert [(one.file, one.severity) for one in gaps] == [("days.dmn", "warning")]


def test_a_rule_that_never_matches_because_of_its_type_stops_the_publication():
    cell = '<inputEntry id="rule_debt_debt"><text>'
    whole = edited("limits.dmn", f"{cell}&gt; 50000", f'{cell}"much"')
    findings = [one for one in run(whole)[1] if one.element == "rule_debt"]
    assert len(findings) == 1, "what types say is not said again by the analysis of values"
    finding = findings[0]
    assert (finding.code, finding.severity) == ("dmn_types.cell_test_convert", "error")
    assert (finding.file, finding.element) == ("limits.dmn", "rule_debt")
    assert "Dòng 1 không bao giờ khớp" in finding.sentence("vi")
