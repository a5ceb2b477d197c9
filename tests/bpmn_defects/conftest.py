"""Models run on SpiffWorkflow exactly as it is installed: no subclass of ours, its own Python expressions."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

HEAD = (
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" id="file" targetNamespace="urn:test">'
    '<bpmn:message id="m1" name="note"/><bpmn:signal id="s1" name="bell"/>'
    '<bpmn:error id="e1" name="lost" errorCode="LOST"/>'
    '<bpmn:process id="loan" isExecutable="true">'
)


def flows(path: str) -> str:
    """`a>b b>c?x` as sequence flows; after `?` the condition."""
    written = []
    for part in path.split():
        ends, _, condition = part.partition("?")
        source, target = ends.split(">")
        inside = f"<bpmn:conditionExpression>{condition}</bpmn:conditionExpression>" if condition else ""
        written.append(
            f'<bpmn:sequenceFlow id="{source}_{target}" sourceRef="{source}" targetRef="{target}">'
            f"{inside}</bpmn:sequenceFlow>"
        )
    return "".join(written)


@pytest.fixture
def parsed() -> Callable[[str, str], BpmnParser]:
    def read(body: str, path: str) -> BpmnParser:
        parser = BpmnParser()
        parser.add_bpmn_io(
            io.BytesIO(f"{HEAD}{body}{flows(path)}</bpmn:process></bpmn:definitions>".encode())
        )
        return parser

    return read


@pytest.fixture
def started(parsed) -> Callable[..., Any]:
    """A workflow that has gone as far as it can by itself."""

    def start(body: str, path: str, **variables: Any) -> BpmnWorkflow:
        parser = parsed(body, path)
        workflow = BpmnWorkflow(parser.get_spec("loan"), parser.get_subprocess_specs("loan"))
        workflow.task_tree.set_data(**variables)
        workflow.do_engine_steps()
        return workflow

    return start
