"""What stock SpiffWorkflow 3.2.0 does with constructs it accepts and runs otherwise than BPMN says.

Each test asserts today's wrong behaviour. When one turns red, SpiffWorkflow has mended it: strike it from
the table in docs/bpmn.md and look at ADR 2 again.
"""

from __future__ import annotations

from importlib.metadata import version

import pytest
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs.defaults import SubWorkflowTask
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import NoneEventDefinition
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

ENDS = '<bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'


def completed(workflow) -> list[str]:
    return [task.task_spec.name for task in workflow.get_tasks(state=TaskState.COMPLETED)]


def ready(workflow) -> list[str]:
    return [task.task_spec.name for task in workflow.get_tasks(state=TaskState.READY)]


def run(workflow, name, **answers) -> None:
    task = next(t for t in workflow.get_tasks(state=TaskState.READY) if t.task_spec.name == name)
    task.set_data(**answers)
    task.run()
    workflow.do_engine_steps()


def test_the_version_these_defects_were_seen_in():
    assert version("SpiffWorkflow") == "3.2.0"


def test_a_start_event_with_the_id_Start_empties_the_process(parsed):
    body = '<bpmn:startEvent id="Start"/><bpmn:endEvent id="e"/><bpmn:userTask id="ask"/>'
    spec = parsed(body, "Start>ask ask>e").get_spec("loan")
    assert set(spec.task_specs) == {"Start", "End", "loan.EndJoin"}


def test_an_end_event_with_the_id_End_loses_its_meaning(parsed):
    body = (
        '<bpmn:startEvent id="s"/><bpmn:userTask id="ask"/>'
        '<bpmn:endEvent id="End"><bpmn:terminateEventDefinition/></bpmn:endEvent>'
    )
    end = parsed(body, "s>ask ask>End").get_spec("loan").task_specs["End"]
    assert not hasattr(end, "event_definition")


@pytest.mark.parametrize(
    "definition", ['<bpmn:signalEventDefinition signalRef="s1"/>', "<bpmn:compensateEventDefinition/>"]
)
def test_a_signal_or_compensation_end_event_is_read_as_a_plain_end(parsed, definition):
    body = f'<bpmn:startEvent id="s"/><bpmn:endEvent id="e">{definition}</bpmn:endEvent>'
    end = parsed(body, "s>e").get_spec("loan").task_specs["e"]
    assert isinstance(end.event_definition, NoneEventDefinition)


def test_a_link_event_is_read_as_a_plain_point(parsed):
    body = (
        ENDS
        + '<bpmn:intermediateThrowEvent id="jump"><bpmn:linkEventDefinition name="a"/></bpmn:intermediateThrowEvent>'
    )
    assert isinstance(
        parsed(body, "s>jump jump>e").get_spec("loan").task_specs["jump"].event_definition,
        NoneEventDefinition,
    )


def test_a_false_condition_after_a_task_is_followed(started):
    workflow = started(ENDS + '<bpmn:manualTask id="a"/><bpmn:manualTask id="b"/>', "s>a a>b?False b>e")
    run(workflow, "a")
    assert ready(workflow) == ["b"]


def test_a_second_flow_out_of_a_task_is_refused_though_bpmn_means_both(parsed):
    body = ENDS + '<bpmn:userTask id="a"/><bpmn:userTask id="b"/><bpmn:userTask id="c"/>'
    with pytest.raises(ValidationException):
        parsed(body, "s>a a>b a>c b>e c>e").get_spec("loan")


def test_a_parallel_join_inside_a_loop_fires_early_the_second_time(started):
    body = ENDS + (
        '<bpmn:exclusiveGateway id="again"/><bpmn:parallelGateway id="split"/><bpmn:userTask id="a"/>'
        '<bpmn:userTask id="b"/><bpmn:parallelGateway id="join"/><bpmn:userTask id="after"/>'
        '<bpmn:exclusiveGateway id="more" default="more_e"/>'
    )
    path = "s>again again>split split>a split>b a>join b>join join>after after>more more>again?more more>e"
    workflow = started(body, path, more=True)
    run(workflow, "a")
    assert sorted(ready(workflow)) == ["b"]
    run(workflow, "b")
    assert sorted(ready(workflow)) == ["after"]
    run(workflow, "after")
    assert sorted(ready(workflow)) == ["a", "b"]
    run(workflow, "b")  # the other one first, this time
    assert sorted(ready(workflow)) == ["a", "after"]  # though a is still being worked on


def test_a_non_interrupting_message_boundary_event_fires_once_only(started):
    body = ENDS + (
        '<bpmn:userTask id="a"/><bpmn:boundaryEvent id="heard" attachedToRef="a" cancelActivity="false">'
        '<bpmn:messageEventDefinition messageRef="m1"/></bpmn:boundaryEvent><bpmn:userTask id="note"/>'
        '<bpmn:endEvent id="e2"/>'
    )
    workflow = started(body, "s>a a>e heard>note note>e2")
    for _ in range(2):
        workflow.catch(BpmnEvent(MessageEventDefinition("note"), {}))
        workflow.do_engine_steps()
    assert ready(workflow).count("note") == 1
    assert "a" in ready(workflow)


def test_a_boundary_event_written_with_the_boolean_1_does_not_interrupt(parsed):
    body = ENDS + (
        '<bpmn:userTask id="a"/><bpmn:boundaryEvent id="heard" attachedToRef="a" cancelActivity="1">'
        '<bpmn:messageEventDefinition messageRef="m1"/></bpmn:boundaryEvent><bpmn:endEvent id="e2"/>'
    )
    assert parsed(body, "s>a a>e heard>e2").get_spec("loan").task_specs["heard"].cancel_activity is False


def test_an_event_sub_process_is_read_as_a_plain_one(parsed):
    inside = (
        '<bpmn:startEvent id="in"/><bpmn:endEvent id="out"/>'
        '<bpmn:sequenceFlow id="g" sourceRef="in" targetRef="out"/>'
    )
    body = (
        ENDS
        + f'<bpmn:userTask id="a"/><bpmn:subProcess id="sub" triggeredByEvent="true">{inside}</bpmn:subProcess>'
    )
    spec = parsed(body, "s>a a>e").get_spec("loan")
    assert type(spec.task_specs["sub"]) is SubWorkflowTask


def test_the_body_of_an_event_sub_process_with_an_error_start_runs_at_once(started):
    inside = (
        '<bpmn:startEvent id="in"><bpmn:errorEventDefinition errorRef="e1"/></bpmn:startEvent>'
        '<bpmn:manualTask id="rescue"/><bpmn:endEvent id="out"/>'
        '<bpmn:sequenceFlow id="g1" sourceRef="in" targetRef="rescue"/>'
        '<bpmn:sequenceFlow id="g2" sourceRef="rescue" targetRef="out"/>'
    )
    body = (
        ENDS
        + f'<bpmn:userTask id="a"/><bpmn:subProcess id="sub" triggeredByEvent="true">{inside}</bpmn:subProcess>'
    )
    assert "rescue" in ready(started(body, "s>a a>e"))


def test_start_quantity_is_ignored(started):
    body = ENDS + '<bpmn:userTask id="a" startQuantity="2"/>'
    assert ready(started(body, "s>a a>e")) == ["a"]


def test_what_nothing_leads_to_vanishes_without_a_word(parsed):
    body = ENDS + '<bpmn:userTask id="a"/><bpmn:userTask id="lost"/>'
    assert "lost" not in parsed(body, "s>a a>e lost>e").get_spec("loan").task_specs


def test_a_long_process_exhausts_the_stack(parsed):
    tasks = "".join(f'<bpmn:userTask id="t{n}"/>' for n in range(600))
    path = "s>t0 " + " ".join(f"t{n}>t{n + 1}" for n in range(599)) + " t599>e"
    with pytest.raises(ValidationException, match="RecursionError"):
        parsed(ENDS + tasks, path).get_spec("loan")


def test_an_error_boundary_event_does_not_catch_a_fault_in_a_script(started):
    from SpiffWorkflow.bpmn.exceptions import WorkflowTaskException

    body = ENDS + (
        '<bpmn:scriptTask id="a"><bpmn:script>1 / 0</bpmn:script></bpmn:scriptTask>'
        '<bpmn:boundaryEvent id="caught" attachedToRef="a"><bpmn:errorEventDefinition/></bpmn:boundaryEvent>'
        '<bpmn:endEvent id="e2"/>'
    )
    with pytest.raises(WorkflowTaskException):
        started(body, "s>a a>e caught>e2")


def test_a_script_may_read_the_process_that_runs_it(started):
    """`safe` globals or not: Python from a model is never run here."""
    body = (
        ENDS
        + '<bpmn:scriptTask id="a"><bpmn:script>import os\npid = os.getpid()</bpmn:script></bpmn:scriptTask>'
    )
    assert isinstance(started(body, "s>a a>e").data["pid"], int)
