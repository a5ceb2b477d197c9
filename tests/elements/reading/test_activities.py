"""Activities are read with what they carry; what would be ignored or run as Python is refused."""

from __future__ import annotations

import pytest

from engine.bpmn.model import Kind

MESSAGE = '<bpmn:message id="m1" name="book_returned"/>'
IO = (
    '<bpmn:extensionElements><tc:io><tc:input target="to" source="= phone"/>'
    '<tc:output target="message_id" source="message_id"/></tc:io></bpmn:extensionElements>'
)


def one(read, line, xml, outside=""):
    return read(line(xml, "step", outside=outside)).nodes["step"]


def test_a_user_task_has_a_form_a_name_and_a_result(read, line):
    task = one(read, line, '<bpmn:userTask id="step" name="Cho mượn" tc:form="lend" tc:result="lent"/>')
    assert (task.kind, task.form, task.name, task.result) == (Kind.USER_TASK, "lend", "Cho mượn", "lent")


def test_a_service_task_has_inputs_and_outputs(read, line):
    task = one(read, line, f'<bpmn:serviceTask id="step" tc:service="post.send">{IO}</bpmn:serviceTask>')
    assert task.service == "post.send"
    assert [(a.target, a.source.text) for a in task.inputs] == [("to", "phone")]
    assert [(a.target, a.source.text) for a in task.outputs] == [("message_id", "message_id")]


def test_a_rule_task_names_its_decision_and_where_the_outcome_goes(read, line):
    task = one(read, line, '<bpmn:businessRuleTask id="step" tc:decision="limits" tc:result="limit"/>')
    assert (task.decision, task.result) == ("limits", "limit")
    task = one(read, line, '<bpmn:businessRuleTask id="step" tc:decision="limits"/>')
    assert task.result == "limits"


@pytest.mark.parametrize("script_format", ["", 'scriptFormat="text/feel"', 'scriptFormat="feel"'])
def test_a_script_is_feel(read, line, script_format):
    script = "<bpmn:script>{due_on: today() + duration(&quot;P21D&quot;)}</bpmn:script>"
    task = one(read, line, f'<bpmn:scriptTask id="step" {script_format}>{script}</bpmn:scriptTask>')
    assert task.script is not None
    assert task.script.text.startswith("{due_on")


def test_a_script_may_begin_with_the_mark_of_an_expression(read, line):
    task = one(read, line, '<bpmn:scriptTask id="step"><bpmn:script>= {a: 1}</bpmn:script></bpmn:scriptTask>')
    assert task.script is not None
    assert task.script.text == "{a: 1}"


def test_a_send_task_sends_a_message_or_calls_a_service(read, line):
    task = one(read, line, '<bpmn:sendTask id="step" messageRef="m1" tc:payload="= {a: b}"/>', MESSAGE)
    assert task.message is not None and task.message.payload is not None
    assert (task.message.name, task.message.payload.text, task.service) == ("book_returned", "{a: b}", None)
    task = one(read, line, f'<bpmn:sendTask id="step" tc:service="post.send">{IO}</bpmn:sendTask>')
    assert (task.service, task.message) == ("post.send", None)


def test_a_receive_task_waits_for_a_message(read, line):
    task = one(read, line, '<bpmn:receiveTask id="step" messageRef="m1"/>', MESSAGE)
    assert task.message is not None
    assert task.message.name == "book_returned"


def test_a_manual_task_is_read(read, line):
    assert one(read, line, '<bpmn:manualTask id="step"/>').kind is Kind.MANUAL_TASK


def test_a_call_activity_names_a_process_and_maps_both_ways(read, line):
    task = one(read, line, f'<bpmn:callActivity id="step" calledElement="repair">{IO}</bpmn:callActivity>')
    assert (task.called, len(task.inputs), len(task.outputs)) == ("repair", 1, 1)


def test_a_sub_process_holds_its_own_nodes_and_flows(read, line):
    inside = (
        '<bpmn:startEvent id="in"/><bpmn:userTask id="ask"/><bpmn:endEvent id="out"/>'
        '<bpmn:sequenceFlow id="g1" sourceRef="in" targetRef="ask"/>'
        '<bpmn:sequenceFlow id="g2" sourceRef="ask" targetRef="out"/>'
    )
    model = read(line(f'<bpmn:subProcess id="step">{inside}</bpmn:subProcess>', "step"))
    assert [node.id for node in model.inside("step")] == ["in", "ask", "out"]
    assert [start.id for start in model.starts("step")] == ["in"]
    assert model.nodes["ask"].incoming == ("g1",)


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        ('<bpmn:task id="step"/>', "bpmn.refused.task"),
        ('<bpmn:serviceTask id="step"/>', "bpmn.no_service"),
        ('<bpmn:serviceTask id="step" tc:service="os.system()"/>', "bpmn.service_name"),
        ('<bpmn:serviceTask id="step" tc:service="a.b" implementation="http://x"/>', "bpmn.refused.implementation"),
        ('<bpmn:serviceTask id="step" tc:service="a.b" operationRef="x"/>', "bpmn.refused.operationRef"),
        ('<bpmn:sendTask id="step"/>', "bpmn.send_what"),
        ('<bpmn:sendTask id="step" messageRef="m1" tc:service="post.send"/>', "bpmn.send_what"),
        (f'<bpmn:sendTask id="step" messageRef="m1">{IO}</bpmn:sendTask>', "bpmn.io_without_service"),
        ('<bpmn:sendTask id="step" tc:service="a.b" tc:payload="= {}"/>', "bpmn.payload_without_message"),
        ('<bpmn:receiveTask id="step"/>', "bpmn.missing_attribute"),
        ('<bpmn:receiveTask id="step" messageRef="m1" instantiate="true"/>', "bpmn.refused.instantiate"),
        ('<bpmn:businessRuleTask id="step"/>', "bpmn.no_decision"),
        ('<bpmn:businessRuleTask id="step" tc:decision="../secret"/>', "bpmn.key_name"),
        ('<bpmn:scriptTask id="step"/>', "bpmn.no_script"),
        ('<bpmn:scriptTask id="step"><bpmn:script> </bpmn:script></bpmn:scriptTask>', "bpmn.empty_expression"),
        ('<bpmn:scriptTask id="step" scriptFormat="python"><bpmn:script>import os</bpmn:script></bpmn:scriptTask>',
         "bpmn.refused.scriptFormat"),
        ('<bpmn:scriptTask id="step"><bpmn:script>for x in y: print(x)</bpmn:script></bpmn:scriptTask>', "bpmn.feel"),
        ('<bpmn:callActivity id="step"/>', "bpmn.missing_attribute"),
        ('<bpmn:userTask id="step" tc:form="../lend"/>', "bpmn.key_name"),
        ('<bpmn:userTask id="step" tc:result="a b"/>', "bpmn.variable_name"),
        ('<bpmn:userTask id="step" tc:fom="lend"/>', "bpmn.tc_attribute"),
        ('<bpmn:userTask id="step" isForCompensation="true"/>', "bpmn.refused.isForCompensation"),
        ('<bpmn:userTask id="step" startQuantity="2"/>', "bpmn.refused.startQuantity"),
        ('<bpmn:userTask id="step" completionQuantity="2"/>', "bpmn.refused.completionQuantity"),
        ('<bpmn:userTask id="step" default="step__end"/>', "bpmn.refused.default"),
        ('<bpmn:userTask id="step" camunda:formKey="lend"/>', "bpmn.foreign_attribute"),
        ('<bpmn:userTask id="step"><bpmn:extensionElements><camunda:formData/></bpmn:extensionElements>'
         "</bpmn:userTask>", "bpmn.foreign_extension"),
        (f'<bpmn:userTask id="step">{IO}</bpmn:userTask>', "bpmn.tc_element"),
        ('<bpmn:userTask id="step"><bpmn:potentialOwner/></bpmn:userTask>', "bpmn.refused.potentialOwner"),
        ('<bpmn:userTask id="step"><bpmn:standardLoopCharacteristics/></bpmn:userTask>',
         "bpmn.refused.standardLoopCharacteristics"),
        ('<bpmn:userTask id="step"><bpmn:ioSpecification><bpmn:inputSet/><bpmn:outputSet/></bpmn:ioSpecification>'
         "</bpmn:userTask>", "bpmn.refused.ioSpecification"),
        ('<bpmn:transaction id="step"/>', "bpmn.refused.transaction"),
        ('<bpmn:adHocSubProcess id="step"/>', "bpmn.refused.adHocSubProcess"),
        ('<bpmn:subProcess id="step" triggeredByEvent="true"/>', "bpmn.refused.triggeredByEvent"),
        ('<bpmn:subProcess id="step"/>', "bpmn.one_start_in_subprocess"),
        ('<bpmn:subProcess id="step"><bpmn:startEvent id="in"/></bpmn:subProcess>', "bpmn.no_end_in_subprocess"),
        ('<bpmn:subProcess id="step"><bpmn:startEvent id="in"><bpmn:messageEventDefinition messageRef="m1"/>'
         '</bpmn:startEvent><bpmn:endEvent id="out"/></bpmn:subProcess>', "bpmn.start_in_subprocess"),
        ('<bpmn:subProcess id="step"><bpmn:laneSet id="ls"/><bpmn:startEvent id="in"/><bpmn:endEvent id="out"/>'
         "</bpmn:subProcess>", "bpmn.refused.laneSet"),
        ('<bpmn:dataObject id="step"/>', "bpmn.refused.dataObject"),
        ('<bpmn:userTask id="step">free words</bpmn:userTask>', "bpmn.stray_text"),
    ],
)  # fmt: skip
def test_an_activity_that_would_not_run_as_it_says_is_refused(refused, line, xml, code):
    findings = refused(line(xml, "step", outside=MESSAGE))
    assert code in findings
    assert findings[code].element in ("step", "in", "ls")


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ('<tc:input target="to"/>', "bpmn.missing_attribute"),
        ('<tc:input target="to" source="= 1 +"/>', "bpmn.feel"),
        ('<tc:input target="9" source="= 1"/>', "bpmn.variable_name"),
        ('<tc:input target="a" source="= 1"/><tc:input target="a" source="= 2"/>', "bpmn.duplicate_target"),
        ('<tc:input target="a" source="= 1" kind="x"/>', "bpmn.refused.attribute"),
        ('<tc:script target="a" source="= 1"/>', "bpmn.tc_element"),
    ],
)
def test_inputs_and_outputs_are_complete_and_feel(refused, line, inside, code):
    xml = (
        '<bpmn:serviceTask id="step" tc:service="post.send"><bpmn:extensionElements>'
        f"<tc:io>{inside}</tc:io></bpmn:extensionElements></bpmn:serviceTask>"
    )
    assert refused(line(xml, "step"))[code].element == "step"


@pytest.mark.parametrize(
    ("element", "code"),
    [
        ("<spiffworkflow:preScript>import os</spiffworkflow:preScript>", "bpmn.spiffworkflow.preScript"),
        ("<spiffworkflow:postScript>x = 1</spiffworkflow:postScript>", "bpmn.spiffworkflow.postScript"),
        ('<spiffworkflow:serviceTaskOperator id="http/Get"/>', "bpmn.spiffworkflow.serviceTaskOperator"),
        ("<spiffworkflow:instructionsForEndUser>Hi</spiffworkflow:instructionsForEndUser>",
         "bpmn.spiffworkflow.instructionsForEndUser"),
        ("<spiffworkflow:unitTests/>", "bpmn.spiffworkflow.unitTests"),
        ("<spiffworkflow:calledDecisionId>limits</spiffworkflow:calledDecisionId>", "bpmn.spiffworkflow.other"),
        ('<spiffworkflow:properties><spiffworkflow:property name="x" value="y"/></spiffworkflow:properties>',
         "bpmn.spiffworkflow.property"),
    ],
)  # fmt: skip
def test_spiffworkflows_python_is_refused_with_a_remedy(refused, line, element, code):
    xml = (
        f'<bpmn:userTask id="step"><bpmn:extensionElements>{element}</bpmn:extensionElements></bpmn:userTask>'
    )
    assert refused(line(xml, "step"))[code].element == "step"


def test_spiffworkflows_harmless_extensions_are_read(read, line):
    decision = "<spiffworkflow:calledDecisionId>limits</spiffworkflow:calledDecisionId>"
    task = one(read, line, '<bpmn:businessRuleTask id="step"><bpmn:extensionElements>'
               f"{decision}</bpmn:extensionElements></bpmn:businessRuleTask>")  # fmt: skip
    assert (task.decision, task.result) == ("limits", "limits")
    form = (
        '<spiffworkflow:properties><spiffworkflow:property name="formJsonSchemaFilename" value="lend-schema.json"/>'
        "</spiffworkflow:properties><spiffworkflow:variableName>lent</spiffworkflow:variableName>"
    )
    task = one(read, line, f'<bpmn:userTask id="step"><bpmn:extensionElements>{form}</bpmn:extensionElements>'
               "</bpmn:userTask>")  # fmt: skip
    assert (task.form, task.result) == ("lend", "lent")
