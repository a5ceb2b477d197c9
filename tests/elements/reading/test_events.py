"""Events are read with what they wait for or throw, and refused when they say too little or too much."""

from __future__ import annotations

import pytest

from engine.bpmn.model import Kind, TimerKind, Trigger

MESSAGE = '<bpmn:message id="m1" name="book_returned" tc:key="= reader_id"/>'
ERROR = '<bpmn:error id="e1" name="lost" errorCode="LOST"/>'
ASK = '<bpmn:userTask id="ask"/>'


def timer(inside: str) -> str:
    return f"<bpmn:timerEventDefinition>{inside}</bpmn:timerEventDefinition>"


@pytest.mark.parametrize(
    ("inside", "kind", "text"),
    [
        (
            "<bpmn:timeDate>2021-07-08T09:00:00+07:00</bpmn:timeDate>",
            TimerKind.DATE,
            '"2021-07-08T09:00:00+07:00"',
        ),
        ("<bpmn:timeDuration> P21D </bpmn:timeDuration>", TimerKind.DURATION, '"P21D"'),
        ("<bpmn:timeDuration>= patience</bpmn:timeDuration>", TimerKind.DURATION, "patience"),
        ("<bpmn:timeCycle>R3/PT1H</bpmn:timeCycle>", TimerKind.CYCLE, '"R3/PT1H"'),
    ],
)
def test_a_timer_is_literal_or_feel(read, line, inside, kind, text):
    content = line(
        f'<bpmn:intermediateCatchEvent id="wait">{timer(inside)}</bpmn:intermediateCatchEvent>', "wait"
    )
    wait = read(content).nodes["wait"]
    assert (wait.kind, wait.trigger) == (Kind.CATCH, Trigger.TIMER)
    assert wait.timer is not None
    assert (wait.timer.kind, wait.timer.expression.text) == (kind, text)


def test_a_message_has_its_name_and_its_key(read, line):
    event = (
        '<bpmn:intermediateCatchEvent id="wait"><bpmn:messageEventDefinition messageRef="m1"/>'
        "</bpmn:intermediateCatchEvent>"
    )
    message = read(line(event, "wait", outside=MESSAGE)).nodes["wait"].message
    assert message is not None and message.key is not None
    assert (message.name, message.key.text, message.payload) == ("book_returned", "reader_id", None)


@pytest.mark.parametrize("tag", ["intermediateThrowEvent", "endEvent"])
def test_a_thrown_message_has_a_payload(read, bpmn, tag):
    body = (
        f'<bpmn:startEvent id="start"/><bpmn:{tag} id="tell" tc:payload="= {{book_id: book_id}}">'
        f'<bpmn:messageEventDefinition messageRef="m1"/></bpmn:{tag}><bpmn:endEvent id="end"/>'
        '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="tell"/>'
    )
    message = read(bpmn(body, MESSAGE)).nodes["tell"].message
    assert message is not None and message.payload is not None
    assert message.payload.names == {"book_id"}


def test_a_throw_event_without_definition_is_a_plain_point(read, line):
    node = read(line('<bpmn:intermediateThrowEvent id="point"/>', "point")).nodes["point"]
    assert (node.kind, node.trigger) == (Kind.THROW, Trigger.NONE)


def test_start_events_by_message_timer_and_hand(read, bpmn):
    body = (
        '<bpmn:startEvent id="by_hand" tc:form="ask"/>'
        '<bpmn:startEvent id="by_message"><bpmn:messageEventDefinition messageRef="m1"/></bpmn:startEvent>'
        f'<bpmn:startEvent id="daily">{timer("<bpmn:timeCycle>R/P1D</bpmn:timeCycle>")}</bpmn:startEvent>'
        '<bpmn:endEvent id="end"/>'
        + "".join(
            f'<bpmn:sequenceFlow id="{s}_end" sourceRef="{s}" targetRef="end"/>'
            for s in ("by_hand", "by_message", "daily")
        )
    )
    model = read(bpmn(body, MESSAGE))
    assert [(s.id, s.trigger, s.form) for s in model.starts()] == [
        ("by_hand", Trigger.NONE, "ask"),
        ("by_message", Trigger.MESSAGE, None),
        ("daily", Trigger.TIMER, None),
    ]


def test_end_events_terminate_or_throw_an_error(read, bpmn):
    body = (
        '<bpmn:startEvent id="start"/><bpmn:exclusiveGateway id="which" default="f3"/>'
        '<bpmn:endEvent id="stop"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
        '<bpmn:endEvent id="fail"><bpmn:errorEventDefinition errorRef="e1"/></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f1" sourceRef="start" targetRef="which"/>'
        '<bpmn:sequenceFlow id="f2" sourceRef="which" targetRef="stop">'
        "<bpmn:conditionExpression>done</bpmn:conditionExpression></bpmn:sequenceFlow>"
        '<bpmn:sequenceFlow id="f3" sourceRef="which" targetRef="fail"/>'
    )
    nodes = read(bpmn(body, ERROR)).nodes
    assert nodes["stop"].trigger is Trigger.TERMINATE
    assert (nodes["fail"].trigger, nodes["fail"].error_code) == (Trigger.ERROR, "LOST")


def boundary(attributes: str, definition: str) -> str:
    return (
        f'{ASK}<bpmn:boundaryEvent id="late" attachedToRef="ask" {attributes}>{definition}</bpmn:boundaryEvent>'
        '<bpmn:endEvent id="gone"/><bpmn:sequenceFlow id="f9" sourceRef="late" targetRef="gone"/>'
    )


@pytest.mark.parametrize(("attributes", "interrupting"), [("", True), ('cancelActivity="false"', False)])
def test_a_boundary_event_interrupts_or_not(read, line, attributes, interrupting):
    definition = timer("<bpmn:timeDuration>P2D</bpmn:timeDuration>")
    nodes = read(line(boundary(attributes, definition), "ask")).nodes
    assert (nodes["late"].attached_to, nodes["late"].interrupting) == ("ask", interrupting)
    assert nodes["ask"].boundaries == ("late",)


def test_an_error_boundary_catches_one_code_or_all_and_keeps_the_error(read, line):
    one = boundary('tc:errorVariable="problem"', '<bpmn:errorEventDefinition errorRef="e1"/>')
    late = read(line(one, "ask", outside=ERROR)).nodes["late"]
    assert (late.trigger, late.error_code, late.error_variable) == (Trigger.ERROR, "LOST", "problem")
    late = read(line(boundary("", "<bpmn:errorEventDefinition/>"), "ask")).nodes["late"]
    assert (late.trigger, late.error_code) == (Trigger.ERROR, None)


@pytest.mark.parametrize(
    ("definition", "attributes", "code"),
    [
        ("", "", "bpmn.event_without_trigger"),
        ("<bpmn:signalEventDefinition/>", "", "bpmn.refused.signalEventDefinition"),
        ("<bpmn:escalationEventDefinition/>", "", "bpmn.refused.escalationEventDefinition"),
        ("<bpmn:compensateEventDefinition/>", "", "bpmn.refused.compensateEventDefinition"),
        ("<bpmn:cancelEventDefinition/>", "", "bpmn.refused.cancelEventDefinition"),
        ("<bpmn:conditionalEventDefinition/>", "", "bpmn.refused.conditionalEventDefinition"),
        ("<bpmn:messageEventDefinition/>", "", "bpmn.missing_attribute"),
        ('<bpmn:messageEventDefinition messageRef="m9"/>', "", "bpmn.unknown_reference"),
        ('<bpmn:errorEventDefinition errorRef="e9"/>', "", "bpmn.unknown_reference"),
        ("<bpmn:errorEventDefinition/>", 'cancelActivity="false"', "bpmn.error_interrupts"),
        ("<bpmn:terminateEventDefinition/>", "", "bpmn.misplaced"),
        ("<bpmn:timerEventDefinition/>", "", "bpmn.one_time"),
        (timer("<bpmn:timeDuration> </bpmn:timeDuration>"), "", "bpmn.empty_expression"),
        (timer("<bpmn:timeDuration>= 1 +</bpmn:timeDuration>"), "", "bpmn.feel"),
        (timer("<bpmn:timeDuration>P1D</bpmn:timeDuration>"), 'cancelActivity="1"', "bpmn.attribute_value"),
        (timer("<bpmn:timeDuration>P1D</bpmn:timeDuration>"), 'tc:errorVariable="x"',
         "bpmn.error_variable_without_error"),
        (timer("<bpmn:timeDuration>P1D</bpmn:timeDuration>") * 2, "", "bpmn.several_triggers"),
        (timer("<bpmn:timeDuration>P1D</bpmn:timeDuration>"), 'parallelMultiple="true"',
         "bpmn.refused.parallelMultiple"),
    ],
)  # fmt: skip
def test_a_boundary_event_that_says_something_else_is_refused(refused, line, definition, attributes, code):
    findings = refused(line(boundary(attributes, definition), "ask"))
    assert code in findings
    assert findings[code].element == "late"


def test_a_link_event_is_refused(refused, line):
    event = '<bpmn:intermediateThrowEvent id="jump"><bpmn:linkEventDefinition name="a"/></bpmn:intermediateThrowEvent>'
    assert "bpmn.refused.linkEventDefinition" in refused(line(event, "jump"))


def test_a_signal_end_event_is_refused_not_read_as_a_plain_end(refused, bpmn):
    body = (
        '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"><bpmn:signalEventDefinition/></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end"/>'
    )
    findings = refused(bpmn(body))
    assert findings["bpmn.refused.signalEventDefinition"].element == "end"


def test_an_error_end_without_error_is_refused(refused, bpmn):
    body = (
        '<bpmn:startEvent id="start"/><bpmn:endEvent id="end"><bpmn:errorEventDefinition/></bpmn:endEvent>'
        '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end"/>'
    )
    assert "bpmn.missing_attribute" in refused(bpmn(body))


def test_a_payload_without_a_message_is_refused(refused, line):
    assert "bpmn.payload_without_message" in refused(
        line('<bpmn:intermediateThrowEvent id="tell" tc:payload="= {}"/>', "tell")
    )


def test_a_form_on_a_start_that_nobody_fills_in_is_refused(refused, bpmn):
    body = (
        '<bpmn:startEvent id="start" tc:form="ask"><bpmn:messageEventDefinition messageRef="m1"/></bpmn:startEvent>'
        '<bpmn:endEvent id="end"/><bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end"/>'
    )
    assert "bpmn.form_on_triggered_start" in refused(bpmn(body, MESSAGE))
