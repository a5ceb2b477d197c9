"""The file around the flow: lanes, pools, ids, labels, hostile content; everything wrong is said at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine import errors
from engine.bpmn import reading, structure

LOAN = Path(__file__).parents[2] / "book_loan" / "processes" / "loan" / "loan.bpmn"


def lanes(inside: str) -> str:
    return f'<bpmn:laneSet id="lanes">{inside}</bpmn:laneSet>'


def lane(lane_id: str, name: str, *nodes: str, inside: str = "") -> str:
    refs = "".join(f"<bpmn:flowNodeRef>{node}</bpmn:flowNodeRef>" for node in nodes)
    return f'<bpmn:lane id="{lane_id}" name="{name}">{refs}{inside}</bpmn:lane>'


FLOW = (
    '<bpmn:startEvent id="start"/><bpmn:userTask id="ask"/><bpmn:endEvent id="end"/>'
    '<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="ask"/>'
    '<bpmn:sequenceFlow id="f2" sourceRef="ask" targetRef="end"/>'
)


def test_nodes_know_their_lane_by_id(read, bpmn):
    model = read(bpmn(lanes(lane("desk", "Quầy", "ask") + lane("stacks", "Kho")) + FLOW))
    assert dict(model.lanes) == {"desk": "Quầy", "stacks": "Kho"}
    assert (model.nodes["ask"].lane, model.nodes["end"].lane) == ("desk", None)


def test_the_innermost_lane_counts(read, bpmn):
    inner = f'<bpmn:childLaneSet id="inner">{lane("counter", "Quầy 1", "ask")}</bpmn:childLaneSet>'
    model = read(bpmn(lanes(lane("desk", "Quầy", "start", "ask", inside=inner)) + FLOW))
    assert (model.nodes["start"].lane, model.nodes["ask"].lane) == ("desk", "counter")


def test_a_lane_with_a_made_up_id_is_known_by_its_name(read, bpmn):
    drawn = lane("Lane_1x7fq0a", "Quầy mượn trả", "ask") + lane("Lane_0", "Kho &amp; đóng sách", "end")
    model = read(bpmn(lanes(drawn) + FLOW))
    assert (model.nodes["ask"].lane, model.nodes["end"].lane) == ("quay_muon_tra", "kho_dong_sach")
    assert set(model.lanes) == {"quay_muon_tra", "kho_dong_sach"}
    model = read(bpmn(lanes(lane("Lane_1", "Desk", "ask") + lane("Lane_2", "DESK", "end")) + FLOW))
    assert (model.nodes["ask"].lane, model.nodes["end"].lane) == ("Lane_1", "Lane_2")


def test_the_inside_of_a_sub_process_is_in_its_lane(read, bpmn):
    sub = f'<bpmn:subProcess id="sub">{FLOW}</bpmn:subProcess>'
    body = (
        lanes(lane("desk", "Quầy", "sub")) + '<bpmn:startEvent id="s"/>' + sub + '<bpmn:endEvent id="e"/>'
        '<bpmn:sequenceFlow id="g1" sourceRef="s" targetRef="sub"/>'
        '<bpmn:sequenceFlow id="g2" sourceRef="sub" targetRef="e"/>'
    )
    assert read(bpmn(body)).nodes["ask"].lane == "desk"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        (lane("desk", "A", "ask") + lane("stacks", "B", "ask"), "bpmn.two_lanes"),
        (lane("desk", "A", "nobody"), "bpmn.unknown_reference"),
        ('<bpmn:lane name="A"/>', "bpmn.no_id"),
    ],
)
def test_lanes_that_do_not_fit_are_refused(refused, bpmn, inside, code):
    assert code in refused(bpmn(lanes(inside) + FLOW))


def test_a_pool_with_an_empty_second_pool_is_one_process(read, bpmn):
    pools = (
        '<bpmn:collaboration id="c"><bpmn:participant id="p1" processRef="loan"/>'
        '<bpmn:participant id="p2" name="Bạn đọc"/>'
        '<bpmn:messageFlow id="mf" sourceRef="p2" targetRef="p1"/></bpmn:collaboration>'
    )
    assert read(bpmn(FLOW, pools)).id == "loan"


def test_drawn_remarks_are_read_over(read, bpmn):
    remarks = (
        '<bpmn:textAnnotation id="t"><bpmn:text>&lt;script&gt;alert(1)&lt;/script&gt;</bpmn:text></bpmn:textAnnotation>'
        '<bpmn:association id="a" sourceRef="ask" targetRef="t"/><bpmn:group id="g"/>'
    )
    assert set(read(bpmn(FLOW + remarks)).nodes) == {"start", "ask", "end"}


def test_script_in_a_label_is_harmless_text(read, bpmn):
    name = "&lt;img src=x onerror=alert(1)&gt;"
    model = read(bpmn(FLOW.replace('id="ask"', f'id="ask" name="{name}"')))
    assert model.nodes["ask"].name == "<img src=x onerror=alert(1)>"


@pytest.mark.parametrize(
    "identity", ["Start", "End", "loan.EndJoin", "Root", "StartEventSplit", "ask.BoundaryEventSplit"]
)
def test_ids_that_collide_inside_spiffworkflow_are_read_right(read, bpmn, identity):
    model = read(bpmn(FLOW.replace('"ask"', f'"{identity}"')))
    assert set(model.nodes) == {"start", identity, "end"}
    assert model.nodes[identity].outgoing == ("f2",)
    assert structure.findings(model, "loan.bpmn") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (FLOW.replace('"ask"', '"ask me"'), "bpmn.id_characters"),
        (FLOW.replace('"ask"', '"hỏi"'), "bpmn.id_characters"),
        (FLOW.replace('"ask"', f'"{"a" * 101}"'), "bpmn.id_too_long"),
        (FLOW.replace('id="ask"', 'name="x"'), "bpmn.no_id"),
        (FLOW.replace('id="ask"', f'id="ask" name="{"a" * 256}"'), "bpmn.text_too_long"),
        (FLOW.replace('id="ask"', 'id="ask" name="a&#x202e;b"'), "bpmn.control_character"),
        (FLOW.replace('id="ask"', 'id="ask" name="a&#x85;b"'), "bpmn.control_character"),
        (FLOW.replace('id="ask"', 'id="ask" onclick="alert(1)"'), "bpmn.refused.attribute"),
        (FLOW + '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>', "bpmn.foreign_element"),
        (FLOW + "<bpmn:choreographyTask id='x'/>", "bpmn.refused.element"),
        (
            FLOW.replace(
                '<bpmn:userTask id="ask"/>',
                '<bpmn:userTask id="ask"><bpmn:incoming>f1</bpmn:incoming><bpmn:documentation/></bpmn:userTask>',
            ),
            "bpmn.schema",
        ),
    ],
)
def test_ids_labels_and_foreign_parts_are_checked(refused, bpmn, body, code):
    assert code in refused(bpmn(body))


@pytest.mark.parametrize(
    ("process", "outside", "code"),
    [
        ('id="loan" isExecutable="false"', "", "bpmn.not_executable"),
        ('id="loan" isExecutable="1"', "", "bpmn.attribute_value"),
        ('id="loan"', '<bpmn:process id="other"/>', "bpmn.several_processes"),
        ('id="loan"', '<bpmn:signal id="s" name="x"/>', "bpmn.refused.signal"),
        ('id="loan"', '<bpmn:message id="m"/>', "bpmn.missing_attribute"),
        ('id="loan"', '<bpmn:error id="e" name="x"/>', "bpmn.missing_attribute"),
        ('id="loan"', '<bpmn:message id="m" name="x" tc:key="= 1 +"/>', "bpmn.feel"),
        ('id="loan"', '<bpmn:import importType="x" location="file:///x" namespace="y"/>', "bpmn.refused.import"),
        ('id="loan"', '<bpmn:dataStore id="d" name="x"/>', "bpmn.refused.dataStore"),
    ],
)  # fmt: skip
def test_what_stands_around_the_process_is_checked(refused, bpmn, process, outside, code):
    assert code in refused(bpmn(FLOW, outside, process))


def test_another_kind_of_file_is_refused():
    with pytest.raises(errors.Invalid) as caught:
        reading.read(b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "x.bpmn")
    assert [finding.code for finding in caught.value.findings] == ["bpmn.not_bpmn"]


def test_all_findings_come_at_once_in_the_order_of_the_file(bpmn):
    body = (
        '<bpmn:startEvent id="start"/>\n<bpmn:task id="a"/>\n<bpmn:serviceTask id="b"/>\n'
        '<bpmn:scriptTask id="c"><bpmn:script>1 +</bpmn:script></bpmn:scriptTask>\n'
        '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="nowhere"/>'
    )
    with pytest.raises(errors.Invalid) as caught:
        reading.read(bpmn(body), "loan.bpmn")
    found = [(finding.code, finding.element, finding.line) for finding in caught.value.findings]
    assert found == [
        ("bpmn.refused.task", "a", 5),
        ("bpmn.no_service", "b", 6),
        ("bpmn.feel", "c", 7),
        ("bpmn.unknown_reference", "f", 8),
    ]


def test_an_expression_error_has_the_line_inside_the_script(bpmn):
    body = (
        '<bpmn:startEvent id="start"/>\n<bpmn:scriptTask id="c"><bpmn:script>\n{\n  a: 1,\n  b: 2 +\n}\n'
        "</bpmn:script></bpmn:scriptTask>"
    )
    with pytest.raises(errors.Invalid) as caught:
        reading.read(bpmn(body), "loan.bpmn")
    assert [(f.code, f.line) for f in caught.value.findings] == [("bpmn.feel", 9)]


def test_a_long_process_is_read(read, bpmn):
    """SpiffWorkflow's own parser follows flows by recursion and ends after some three hundred nodes."""
    tasks = "".join(f'<bpmn:userTask id="t{n}"/>' for n in range(1500))
    flows = "".join(
        f'<bpmn:sequenceFlow id="f{n}" sourceRef="t{n}" targetRef="t{n + 1}"/>' for n in range(1499)
    )
    ends = (
        '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"/>'
        '<bpmn:sequenceFlow id="fs" sourceRef="start" targetRef="t0"/>'
        '<bpmn:sequenceFlow id="fe" sourceRef="t1499" targetRef="end"/>'
    )
    began = time.process_time()
    model = read(bpmn(ends + tasks + flows))
    assert len(model.nodes) == 1502
    assert time.process_time() - began < 20


def test_a_hostile_file_is_refused_before_it_is_read():
    bomb = b'<!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<d>&b;</d>'
    with pytest.raises(errors.Invalid) as caught:
        reading.read(bomb, "loan.bpmn")
    assert [(f.code, f.line) for f in caught.value.findings] == [("xml.doctype", 1)]


def read_or_refused(content: bytes) -> None:
    try:
        model = reading.read(content, "loan.bpmn")
    except errors.Invalid as refused:
        assert refused.findings
        assert all(f.sentence("vi") and f.sentence("en") for f in refused.findings)
    else:
        structure.findings(model, "loan.bpmn")


WORDS = st.sampled_from(
    [
        "",
        "=",
        "loan",
        "lend",
        "1",
        "true",
        "false",
        "P1D",
        "<",
        "&amp;",
        "../x",
        "Start",
        "bpmn:userTask",
        "\u202e",
        "a" * 300,
    ]
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused_and_nothing_else(data):
    """Bytes cut out, doubled, overwritten: of a real process."""
    content = LOAN.read_bytes()
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        upto = min(len(content), at + data.draw(st.integers(0, 40)))
        middle = data.draw(st.one_of(st.just(b""), st.just(content[at:upto] * 2), WORDS.map(str.encode)))
        content = content[:at] + middle + content[upto:]
    read_or_refused(content)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_changed_model_is_read_or_refused_and_nothing_else(data):
    """Well-formed, but with attributes changed, elements renamed, moved and removed."""
    from lxml import etree

    root = etree.fromstring(LOAN.read_bytes())
    nodes = [n for n in root.iter() if isinstance(n.tag, str) and "BPMNDiagram" not in n.tag]
    for _ in range(data.draw(st.integers(1, 3))):
        node = data.draw(st.sampled_from(nodes))
        match data.draw(st.sampled_from(["attribute", "rename", "remove", "move", "text"])):
            case "attribute":
                name = data.draw(
                    st.sampled_from([*map(str, node.attrib), "id", "name", "default", "messageRef"])
                )
                node.set(name, data.draw(WORDS).replace("\u202e", "?"))
            case "rename":
                other = data.draw(st.sampled_from(nodes))
                node.tag = other.tag
            case "remove":
                if node.getparent() is not None:
                    node.getparent().remove(node)
            case "move":
                other = data.draw(st.sampled_from(nodes))
                if node not in [other, *other.iterancestors()] and node.getparent() is not None:
                    other.append(node)
            case _:
                node.text = data.draw(WORDS)
    read_or_refused(etree.tostring(root))
