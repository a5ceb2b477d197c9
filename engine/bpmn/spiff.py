"""What SpiffWorkflow's parser reads of a BPMN file, handed on as plain values.

The only module that reads with SpiffWorkflow. Its parser is subclassed where it drops or misreads:
it follows flows by recursion (so unreachable nodes vanish and long processes exhaust the stack), forgets
the ids of flows, lets ids such as `Start` collide with its own, knows lanes by name only and not nested,
and reads neither our attributes nor multi-instance collections. docs/bpmn.md says which, per element.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.parser import event_parsers, task_parsers
from SpiffWorkflow.bpmn.parser.BpmnParser import BpmnParser, BpmnValidator
from SpiffWorkflow.bpmn.parser.ProcessParser import ProcessParser
from SpiffWorkflow.bpmn.parser.TaskParser import TaskParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.parser.ValidationException import ValidationException
from SpiffWorkflow.bpmn.specs import defaults
from SpiffWorkflow.bpmn.specs.event_definitions import item_aware_event, message, simple, timer

from engine import errors
from engine.bpmn import lanes, xml


@dataclass(frozen=True, slots=True)
class Element:
    """A flow node as it was read; texts are still texts."""

    kind: str  # the BPMN element's name
    id: str
    node: etree._Element
    scope: str | None
    name: str
    lane: str | None
    trigger: str = "none"
    message: str | None = None
    message_key: str | None = None
    time: tuple[str, str] | None = None  # the kind of time and its text
    error_code: str | None = None
    interrupting: bool = True
    script: str | None = None
    called: str | None = None


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow as it was read."""

    id: str
    name: str
    source: str
    target: str
    condition: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """The process of a file, with all that is inside its sub-processes."""

    id: str
    name: str
    elements: tuple[Element, ...]
    flows: tuple[Flow, ...]
    lanes: Mapping[str, str] = field(default_factory=dict)


def read(root: etree._Element, file: str) -> Reading:
    """Read the one executable process; raises `Invalid` when SpiffWorkflow's parser refuses the file."""
    reader = Reader()
    try:
        reader.add_bpmn_xml(root, file)
        process = reader.process_parsers[reader.get_process_ids()[0]]
        elements, flows = _inside(reader, process.bpmn_id, None)
    except ValidationException as refused:
        params = {"problem": str(refused)[:300]}
        raise errors.Invalid(
            [errors.Finding("bpmn.not_read", params, file, None, refused.id or None)]
        ) from None
    name = process.node.get("name") or ""
    return Reading(process.bpmn_id, name, tuple(elements), tuple(flows), reader.lanes)


def schema_findings(root: etree._Element, file: str) -> list[errors.Finding]:
    """What BPMN's XML schema says against the file, by SpiffWorkflow's validator.

    The validator is built each time (15 ms): its error log is not to be shared between threads.
    """
    validator = BpmnValidator()
    try:
        validator.validate(root, file)
    except ValidationException:
        return [
            errors.Finding("bpmn.schema", {"problem": _without_namespaces(entry.message)}, file, entry.line)
            for entry in validator.validator.error_log
        ]
    return []


def _without_namespaces(message: str) -> str:
    return re.sub(r"\{[^}]*\}", "", message)[:300]


def _inside(reader: Reader, scope_id: str, scope: str | None) -> tuple[list[Element], list[Flow]]:
    """The elements of a process or sub-process in document order, each sub-process followed by its own."""
    spec = reader.get_spec(scope_id)
    parser = reader.process_parsers[scope_id]
    flows = list(parser.flows)
    elements: list[Element] = []
    for read_spec in spec.task_specs.values():
        element = _element(read_spec, scope, reader.message_keys)
        elements.append(element)
        if element.kind == "subProcess":
            inner_elements, inner_flows = _inside(reader, element.id, element.id)
            elements += inner_elements
            flows += inner_flows
    return elements, flows


_TRIGGERS: Mapping[type[Any], str] = {
    message.MessageEventDefinition: "message",
    timer.TimeDateEventDefinition: "timer",
    timer.DurationTimerEventDefinition: "timer",
    timer.CycleTimerEventDefinition: "timer",
    item_aware_event.ErrorEventDefinition: "error",
    simple.TerminateEventDefinition: "terminate",
    simple.NoneEventDefinition: "none",
}
_TIMES: Mapping[type[Any], str] = {
    timer.TimeDateEventDefinition: "timeDate",
    timer.DurationTimerEventDefinition: "timeDuration",
    timer.CycleTimerEventDefinition: "timeCycle",
}


def _element(spec: Any, scope: str | None, message_keys: Mapping[str | None, str]) -> Element:
    """The plain values of a SpiffWorkflow task spec."""
    node: etree._Element = spec.extensions["node"]
    kind = xml.local(node)
    definition = None if kind.endswith("Gateway") else getattr(spec, "event_definition", None)
    trigger = "none" if definition is None else _TRIGGERS[type(definition)]
    time = _TIMES.get(type(definition))
    return Element(
        kind=kind,
        id=spec.name,
        node=node,
        scope=scope,
        name=spec.bpmn_name or "",
        lane=spec.lane,
        trigger=trigger,
        message=definition.name if trigger == "message" and definition is not None else None,
        message_key=message_keys.get(_message_id(node)),
        time=(time, definition.expression or "") if time and definition is not None else None,
        error_code=definition.code if trigger == "error" and definition is not None else None,
        interrupting=getattr(spec, "cancel_activity", True),
        script=getattr(spec, "script", None),
        called=spec.spec if kind == "callActivity" else None,
    )


def _message_id(node: etree._Element) -> str | None:
    definition = node.find(f"{{{xml.BPMN}}}messageEventDefinition")
    return (node if definition is None else definition).get("messageRef")


class _Element(TaskParser):  # type: ignore[misc]
    """Reads one element and no further: the process parser goes through all of them in document order."""

    def parse_node(self) -> Any:
        self.task = self.create_task()
        self.task.extensions = {"node": self.node}
        return self.task


class _StartEvent(_Element, event_parsers.StartEventParser):  # type: ignore[misc]
    pass


class _EndEvent(_Element, event_parsers.EndEventParser):  # type: ignore[misc]
    pass


class _CatchEvent(_Element, event_parsers.IntermediateCatchEventParser):  # type: ignore[misc]
    pass


class _ThrowEvent(_Element, event_parsers.IntermediateThrowEventParser):  # type: ignore[misc]
    pass


class _BoundaryEvent(_Element, event_parsers.BoundaryEventParser):  # type: ignore[misc]
    pass


class _SendTask(_Element, event_parsers.SendTaskParser):  # type: ignore[misc]
    pass


class _ReceiveTask(_Element, event_parsers.ReceiveTaskParser):  # type: ignore[misc]
    pass


class _EventBasedGateway(_Element, event_parsers.EventBasedGatewayParser):  # type: ignore[misc]
    pass


class _ScriptTask(_Element, task_parsers.ScriptTaskParser):  # type: ignore[misc]
    pass


class _CallActivity(_Element, task_parsers.CallActivityParser):  # type: ignore[misc]
    pass


class _SubProcess(_Element, task_parsers.SubWorkflowParser):  # type: ignore[misc]
    pass


class _Process(ProcessParser):  # type: ignore[misc]
    """Reads every element, reached or not, and every flow with its id."""

    flows: list[Flow]

    def parse_node(self, node: etree._Element) -> Any:
        parser, spec_class = self.parser.PARSER_CLASSES[node.tag]
        lane = self.get_lane_name(node.get("id")) or self.lane  # a sub-process lends its lane
        return parser(self, spec_class, node, self.nsmap, lane=lane).parse_node()

    def create_spec(self) -> Any:
        spec = super().create_spec()
        # Its own start and end stay reachable as attributes; out of the table they collide with no id.
        spec.task_specs.clear()
        return spec

    def add_tasks(self) -> None:
        for node in self.node:
            if node.tag in self.parser.PARSER_CLASSES:
                self.parse_node(node)
        self.flows = [
            Flow(
                flow.get("id"),
                flow.get("name") or "",
                flow.get("sourceRef"),
                flow.get("targetRef"),
                self.parse_condition(flow),
            )
            for flow in self.xpath("./bpmn:sequenceFlow")
        ]


class Reader(BpmnParser):  # type: ignore[misc]
    """SpiffWorkflow's parser for the accepted elements, reading lanes by key, also lanes inside lanes."""

    PROCESS_PARSER_CLASS = _Process
    PARSER_CLASSES = {
        full_tag("startEvent"): (_StartEvent, defaults.StartEvent),
        full_tag("endEvent"): (_EndEvent, defaults.EndEvent),
        full_tag("intermediateCatchEvent"): (_CatchEvent, defaults.IntermediateCatchEvent),
        full_tag("intermediateThrowEvent"): (_ThrowEvent, defaults.IntermediateThrowEvent),
        full_tag("boundaryEvent"): (_BoundaryEvent, defaults.BoundaryEvent),
        full_tag("userTask"): (_Element, defaults.UserTask),
        full_tag("manualTask"): (_Element, defaults.ManualTask),
        full_tag("serviceTask"): (_Element, defaults.ServiceTask),
        full_tag("scriptTask"): (_ScriptTask, defaults.ScriptTask),
        full_tag("businessRuleTask"): (_Element, defaults.NoneTask),
        full_tag("sendTask"): (_SendTask, defaults.SendTask),
        full_tag("receiveTask"): (_ReceiveTask, defaults.ReceiveTask),
        full_tag("subProcess"): (_SubProcess, defaults.SubWorkflowTask),
        full_tag("callActivity"): (_CallActivity, defaults.CallActivity),
        full_tag("exclusiveGateway"): (_Element, defaults.ExclusiveGateway),
        full_tag("inclusiveGateway"): (_Element, defaults.InclusiveGateway),
        full_tag("parallelGateway"): (_Element, defaults.ParallelGateway),
        full_tag("eventBasedGateway"): (_EventBasedGateway, defaults.EventBasedGateway),
    }

    def __init__(self) -> None:
        super().__init__()
        self.lanes: dict[str, str] = {}
        self.message_keys: dict[str | None, str] = {}

    def _add_messages(self, bpmn: etree._Element) -> None:
        """Messages as SpiffWorkflow reads them, and the correlation key that stands on each."""
        super()._add_messages(bpmn)
        for definition in bpmn.iter(full_tag("message")):
            key = definition.get(f"{{{xml.TC}}}key")
            if key is not None:
                self.message_keys[definition.get("id")] = key

    def _add_diagram_indexes(self, bpmn: etree._Element) -> None:
        """Lanes by key, the innermost winning, in place of SpiffWorkflow's lanes by name; no positions."""
        of_node: dict[str, str] = {}
        named = {lane.get("id", ""): lane.get("name") or "" for lane in bpmn.iter(full_tag("lane"))}
        keys = lanes.keys(named)
        self.lanes = {keys[lane]: name for lane, name in named.items()}
        for lane in bpmn.iter(full_tag("lane")):
            for reference in lane.findall(full_tag("flowNodeRef")):
                of_node[(reference.text or "").strip()] = keys[lane.get("id", "")]
        key = self._document_key(bpmn)
        self.document_lanes[key], self.document_positions[key] = of_node, {}
