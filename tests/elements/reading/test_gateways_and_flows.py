"""Gateways and flows are read with their conditions and ids; contradictions between parts are refused."""

from __future__ import annotations

import pytest

from engine.bpmn.model import Kind

WHEN = "<bpmn:conditionExpression{}>{}</bpmn:conditionExpression>"


def choice(
    tag: str = "exclusiveGateway", attributes: str = 'default="f3"', condition: str = "= days > 3"
) -> str:
    written = WHEN.format("", condition) if condition else ""
    return (
        f'<bpmn:startEvent id="start"/><bpmn:{tag} id="which" {attributes}/>'
        '<bpmn:userTask id="a"/><bpmn:userTask id="b"/><bpmn:endEvent id="end"/>'
        '<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="which"/>'
        f'<bpmn:sequenceFlow id="f2" name="long" sourceRef="which" targetRef="a">{written}</bpmn:sequenceFlow>'
        '<bpmn:sequenceFlow id="f3" sourceRef="which" targetRef="b"/>'
        '<bpmn:sequenceFlow id="f4" sourceRef="a" targetRef="end"/>'
        '<bpmn:sequenceFlow id="f5" sourceRef="b" targetRef="end"/>'
    )


@pytest.mark.parametrize(
    ("tag", "kind"), [("exclusiveGateway", Kind.EXCLUSIVE), ("inclusiveGateway", Kind.INCLUSIVE)]
)
def test_a_choice_has_conditions_and_a_default(read, bpmn, tag, kind):
    model = read(bpmn(choice(tag)))
    gateway = model.nodes["which"]
    assert (gateway.kind, gateway.default) == (kind, "f3")
    assert (gateway.incoming, gateway.outgoing) == (("f1",), ("f2", "f3"))
    flow = model.flows["f2"]
    assert flow.condition is not None
    assert (flow.source, flow.target, flow.name, flow.condition.text) == ("which", "a", "long", "days > 3")
    assert model.flows["f3"].condition is None


def test_flows_keep_their_ids_and_order(read, bpmn):
    assert list(read(bpmn(choice())).flows) == ["f1", "f2", "f3", "f4", "f5"]


@pytest.mark.parametrize("attributes", ["", 'gatewayDirection="Diverging"'])
def test_a_parallel_gateway_has_no_conditions(read, bpmn, attributes):
    model = read(bpmn(choice("parallelGateway", attributes, "")))
    assert model.nodes["which"].kind is Kind.PARALLEL


def test_an_event_based_gateway_is_read(read, bpmn):
    body = (
        '<bpmn:startEvent id="start"/><bpmn:eventBasedGateway id="first"/>'
        '<bpmn:intermediateCatchEvent id="late"><bpmn:timerEventDefinition><bpmn:timeDuration>P1D</bpmn:timeDuration>'
        "</bpmn:timerEventDefinition></bpmn:intermediateCatchEvent>"
        '<bpmn:receiveTask id="back" messageRef="m1"/><bpmn:endEvent id="end"/>'
        + "".join(
            f'<bpmn:sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>'
            for a, b in (
                ("start", "first"),
                ("first", "late"),
                ("first", "back"),
                ("late", "end"),
                ("back", "end"),
            )
        )
    )
    gateway = read(bpmn(body, '<bpmn:message id="m1" name="book_returned"/>')).nodes["first"]
    assert (gateway.kind, gateway.outgoing) == (Kind.EVENT_BASED, ("first_late", "first_back"))


@pytest.mark.parametrize(
    ("attributes", "written", "accepted"),
    [
        (' xsi:type="bpmn:tFormalExpression"', "days > 3", True),
        (' xsi:type="bpmn:tFormalExpression" language="feel"', "days > 3", True),
        ("", "= days &gt; 3", True),
        (' xsi:type="bpmn:tFormalExpression" language="python"', "days > 3", False),
        (' xsi:type="bpmn:tScript"', "days > 3", False),
        ("", "days >", False),
        ("", " ", False),
    ],
)
def test_conditions_are_feel(read, refused, bpmn, attributes, written, accepted):
    body = choice().replace(WHEN.format("", "= days > 3"), WHEN.format(attributes, written))
    if accepted:
        assert read(bpmn(body)).flows["f2"].condition.text == "days > 3"
    else:
        assert "f2" in {finding.element for finding in refused(bpmn(body)).values()}


@pytest.mark.parametrize(
    ("body", "code", "element"),
    [
        (choice("complexGateway", ""), "bpmn.refused.complexGateway", "which"),
        (choice("eventBasedGateway", 'instantiate="true"', ""), "bpmn.refused.instantiate", "which"),
        (choice("eventBasedGateway", 'eventGatewayType="Parallel"', ""), "bpmn.refused.eventGatewayType", "which"),
        (choice(attributes=""), "bpmn.flow_without_condition", "f3"),
        (choice(attributes='default="f5"'), "bpmn.default_elsewhere", "which"),
        (choice(attributes='default="f2"'), "bpmn.default_with_condition", "f2"),
        (choice("userTask", ""), "bpmn.implicit_split", "which"),
        (choice().replace('targetRef="b"', 'targetRef="c"'), "bpmn.unknown_reference", "f3"),
        (choice().replace('sourceRef="b"', 'sourceRef="end"'), "bpmn.flow_from_end", "f5"),
        (choice().replace('targetRef="end"', 'targetRef="start"'), "bpmn.flow_into_start", "f4"),
        (choice().replace(' targetRef="b"', ""), "bpmn.missing_attribute", "f3"),
        (choice().replace('id="b"', 'id="a"'), "bpmn.duplicate_id", "a"),
        (choice().replace('<bpmn:userTask id="b"/>', '<bpmn:userTask id="b"><bpmn:incoming>f2</bpmn:incoming>'
                          "</bpmn:userTask>"), "bpmn.flow_lists", "b"),
        (choice().replace(' id="f3"', ' id="f3" isImmediate="true"'), "bpmn.refused.isImmediate", "f3"),
    ],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(refused, bpmn, body, code, element):
    findings = refused(bpmn(body))
    assert code in findings
    assert findings[code].element == element


def test_a_flow_may_not_cross_the_border_of_a_sub_process(refused, line):
    inside = (
        '<bpmn:startEvent id="in"/><bpmn:endEvent id="out"/><bpmn:userTask id="ask"/>'
        '<bpmn:sequenceFlow id="g1" sourceRef="in" targetRef="out"/>'
    )
    more = '<bpmn:sequenceFlow id="g2" sourceRef="step" targetRef="ask"/>'
    findings = refused(line(f'<bpmn:subProcess id="step">{inside}</bpmn:subProcess>', "step", more=more))
    assert findings["bpmn.flow_crosses_scope"].element == "g2"


def test_multi_instance_is_read_with_our_collections(read, line):
    loop = (
        '<bpmn:multiInstanceLoopCharacteristics isSequential="true" tc:collection="= books" tc:elementVariable="book"'
        ' tc:outputCollection="results" tc:outputElement="= ok">'
        "<bpmn:completionCondition>= numberOfCompletedInstances > 2</bpmn:completionCondition>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    found = read(line(f'<bpmn:userTask id="ask">{loop}</bpmn:userTask>', "ask")).nodes["ask"].loop
    assert found is not None and found.collection is not None and found.output_element is not None
    assert found.completion_condition is not None
    assert (found.sequential, found.collection.text, found.element_variable) == (True, "books", "book")
    assert (found.output_collection, found.output_element.text) == ("results", "ok")
    assert found.completion_condition.text == "numberOfCompletedInstances > 2"


def test_multi_instance_may_count(read, line):
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
        "</bpmn:multiInstanceLoopCharacteristics>"
    )
    found = read(line(f'<bpmn:userTask id="ask">{loop}</bpmn:userTask>', "ask")).nodes["ask"].loop
    assert found is not None and found.cardinality is not None
    assert (found.sequential, found.cardinality.text, found.collection) == (False, "3", None)


@pytest.mark.parametrize(
    ("attributes", "inside", "code"),
    [
        ('behavior="One"', "", "bpmn.refused.behavior"),
        ('noneBehaviorEventRef="x"', "", "bpmn.refused.attribute"),
        ("", "<bpmn:loopDataInputRef>books</bpmn:loopDataInputRef>", "bpmn.refused.loopDataInputRef"),
        ('tc:collection="= books["', "", "bpmn.feel"),
        ('spiffworkflow:scriptsOnInstances="true"', "", "bpmn.foreign_attribute"),
    ],
)
def test_multi_instance_that_says_more_is_refused(refused, line, attributes, inside, code):
    loop = f"<bpmn:multiInstanceLoopCharacteristics {attributes}>{inside}</bpmn:multiInstanceLoopCharacteristics>"
    assert code in refused(line(f'<bpmn:userTask id="ask">{loop}</bpmn:userTask>', "ask"))
