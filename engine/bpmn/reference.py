"""Runs a model on stock SpiffWorkflow, so that our own execution can be laid beside it.

SpiffWorkflow's own parser and its own engine, untouched but for two things: expressions and scripts are our
FEEL, and what waits for somebody (a person, a worker, a decision) is answered by the caller. Only the subset
that both understand is run; anything else is refused with the elements that stand in the way. Where stock
SpiffWorkflow is wrong inside that subset (docs/bpmn.md), so is the trace: that is what it is for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, full_tag
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine import clock, errors, feel
from engine.bpmn import reading, refusals, xml
from engine.bpmn.model import Kind, Node, ProcessModel, Trigger

ANSWER_LIMIT = 300  # SpiffWorkflow loses ready tasks silently at a depth of 1,000 (docs/bpmn.md)

Answers = Callable[[str, Mapping[str, Any]], Mapping[str, Any]] | Mapping[str, Any]

_ANSWERED = frozenset({Kind.USER_TASK, Kind.MANUAL_TASK, Kind.SERVICE_TASK, Kind.RULE_TASK})
_COMMON = _ANSWERED | {
    Kind.START,
    Kind.END,
    Kind.THROW,
    Kind.SCRIPT_TASK,
    Kind.SUB_PROCESS,
    Kind.EXCLUSIVE,
    Kind.PARALLEL,
    Kind.INCLUSIVE,
}


def trace(
    content: bytes,
    answers: Answers,
    variables: Mapping[str, Any],
    moment: feel.Moment | None = None,
    file: str = "reference.bpmn",
) -> list[str]:
    """The ids of the elements that stock SpiffWorkflow completed, in the order in which it did.

    `answers`: what people, workers and decisions give, by element id (a list: one after another), or a
    function of element id and variables. Of several waiting elements the first in the file is answered.
    Raises `Invalid` when the model is not acceptable, is outside the common subset, or does not come to an end.
    """
    model = reading.read(content, file)
    outside = [finding for node in model.nodes.values() for finding in _outside(node, model, file)]
    if outside:
        raise errors.Invalid(outside)
    moment = moment or feel.Moment(clock.now(), ZoneInfo("UTC"))
    engine = _Feel(model, moment)
    workflow = _workflow(content, model, file, engine)
    done: list[str] = []
    for spec in (workflow.spec, *workflow.subprocess_specs.values()):
        for task_spec in spec.task_specs.values():
            if task_spec.name in model.nodes:
                task_spec.completed_event.connect(lambda _, task: done.append(task.task_spec.name))
    workflow.task_tree.set_data(**variables)
    _run(workflow, model, answers, engine, file)
    return done


def _outside(node: Node, model: ProcessModel, file: str) -> list[errors.Finding]:
    plain = node.trigger is Trigger.NONE or (node.kind is Kind.END and node.trigger is Trigger.TERMINATE)
    # ids under which SpiffWorkflow keeps nodes of its own
    taken = node.id in ("Root", "Start", "End", f"{model.id}.EndJoin", f"{node.scope}.EndJoin")
    if node.kind in _COMMON and plain and node.loop is None and not taken:
        return []
    what = node.id if taken else node.kind.value
    return [errors.Finding("bpmn.reference_outside", {"tag": what}, file, node.line, node.id)]


def _workflow(content: bytes, model: ProcessModel, file: str, engine: _Feel) -> Any:
    parser = _Parser()
    try:
        parser.add_bpmn_xml(xml.parse(content, file), file)
        spec, inner = parser.get_spec(model.id), parser.get_subprocess_specs(model.id)
    except ValidationException as refused:
        params = {"problem": str(refused)[:300]}
        raise errors.Invalid(
            [errors.Finding("bpmn.not_read", params, file, None, refused.id or None)]
        ) from None
    return BpmnWorkflow(spec, inner, script_engine=engine)


def _run(workflow: Any, model: ProcessModel, answers: Answers, engine: _Feel, file: str) -> None:
    """Let the engine go as far as it can, answer the first that waits, and so on to the end."""
    place = {node_id: number for number, node_id in enumerate(model.nodes)}
    asked: dict[str, int] = {}
    for _ in range(ANSWER_LIMIT):
        workflow.do_engine_steps()
        if workflow.completed:
            return
        waiting = list(workflow.get_tasks(state=TaskState.READY, manual=True))
        if not waiting:
            raise errors.Invalid([errors.Finding("bpmn.reference_stalled", {}, file)])
        task = min(waiting, key=lambda task: place[task.task_spec.name])
        node = model.nodes[task.task_spec.name]
        given = _given(answers, node.id, asked.get(node.id, 0), task.data)
        asked[node.id] = asked.get(node.id, 0) + 1
        task.set_data(**engine.written(node, given, task.data))
        task.run()
    raise errors.Invalid([errors.Finding("bpmn.reference_too_long", {"limit": ANSWER_LIMIT}, file)])


def _given(answers: Answers, node_id: str, before: int, variables: Mapping[str, Any]) -> Any:
    if callable(answers):
        return answers(node_id, variables)
    given = answers.get(node_id, {})
    if isinstance(given, list):
        return given[min(before, len(given) - 1)] if given else {}
    return given


class _Feel(PythonScriptEngine):  # type: ignore[misc]
    """FEEL where SpiffWorkflow would run Python."""

    def __init__(self, model: ProcessModel, moment: feel.Moment) -> None:
        super().__init__()
        self.model, self.moment = model, moment

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> bool:
        """A condition: true only when FEEL says true, so that null is no way to go."""
        return feel.compile(refusals.expression(expression)).json(task.data, self.moment) is True

    def execute(self, task: Any, script: str, external_context: Any = None) -> bool:
        node = self.model.nodes[task.task_spec.name]
        value = feel.compile(refusals.expression(script)).json(task.data, self.moment)
        task.set_data(**({node.result: value} if node.result else value if isinstance(value, dict) else {}))
        return True

    def written(self, node: Node, given: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
        """The variables that an answer sets, by the element's outputs or result."""
        if node.outputs:
            seen = {**variables, **given}
            return {each.target: each.source.json(seen, self.moment) for each in node.outputs}
        if node.result:
            return {node.result: given}
        return dict(given)


class _Parser(BpmnParser):  # type: ignore[misc]
    """Stock, but that service and business rule tasks wait to be answered like user tasks."""

    OVERRIDE_PARSER_CLASSES = {
        full_tag("serviceTask"): (TaskParser, defaults.UserTask),
        full_tag("businessRuleTask"): (TaskParser, defaults.UserTask),
    }
