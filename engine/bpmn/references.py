"""What a BPMN file says about its own parts must fit together: ids, flows, lanes, messages, errors.

Looks across elements, where `refusals` looks at one at a time. Expects nothing of the file but that its
root is `definitions`, so that its findings can be shown together with those of `refusals`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping

from lxml import etree

from engine import errors
from engine.bpmn import dialect, xml

_WANTED = {
    "sequenceFlow": ("sourceRef", "targetRef"),
    "boundaryEvent": ("attachedToRef",),
    "receiveTask": ("messageRef",),
    "callActivity": ("calledElement",),
    "messageEventDefinition": ("messageRef",),
    "message": ("name",),
    "error": ("errorCode",),
}
_Found = list[etree._Element]
_NEEDS_ID = dialect.FLOW_NODES | {"process", "sequenceFlow", "lane", "message", "error"}


def findings(root: etree._Element, file: str) -> list[errors.Finding]:
    """What does not fit together, in no particular order."""
    check = _Check(root, file)
    check.ids()
    check.processes()
    for node in check.nodes:
        check.wanted(node)
    for process in check.of("process"):
        check.scope(process)
    check.lanes()
    return check.findings


class _Check:
    def __init__(self, root: etree._Element, file: str) -> None:
        self.file = file
        self.findings: list[errors.Finding] = []
        self.nodes = list(_semantic(root))
        self.by_id: dict[str, etree._Element] = {}

    def found(self, code: str, node: etree._Element, **params: object) -> None:
        found = errors.Finding(f"bpmn.{code}", params, self.file, xml.line(node), xml.named(node))
        self.findings.append(found)

    def of(self, name: str) -> list[etree._Element]:
        return [node for node in self.nodes if xml.local(node) == name]

    def ids(self) -> None:
        for node in self.nodes:
            identity = node.get("id")
            if identity is None:
                if xml.local(node) in _NEEDS_ID:
                    self.found("no_id", node, tag=xml.local(node))
            elif identity in self.by_id:
                self.found("duplicate_id", node, first=xml.line(self.by_id[identity]))
            else:
                self.by_id[identity] = node

    def processes(self) -> None:
        """Exactly one process is executed; a second pool may be drawn only as an empty box."""
        processes = self.of("process")
        if not processes:
            self.findings.append(errors.Finding("bpmn.no_process", {}, self.file, 1))
        elif len(processes) == 1 and processes[0].get("isExecutable") == "false":
            self.found("not_executable", processes[0])
        for extra in processes[1:]:
            self.found("several_processes", extra)
        for participant in self.of("participant"):
            reference = participant.get("processRef")
            if reference is not None:
                self._refers(participant, "processRef", reference, "process")

    def wanted(self, node: etree._Element) -> None:
        """Attributes that must be there, and references out of the flow."""
        name = xml.local(node)
        for attribute in _WANTED.get(name, ()):
            if not (node.get(attribute) or "").strip():
                self.found("missing_attribute", node, attribute=attribute, tag=name)
        if node.get("messageRef") and name != "messageFlow":
            self._refers(node, "messageRef", node.get("messageRef", ""), "message")
        if node.get("errorRef"):
            self._refers(node, "errorRef", node.get("errorRef", ""), "error")
        if name in _CHECKS:
            _CHECKS[name](self, node)

    def _refers(self, node: etree._Element, attribute: str, reference: str, kind: str) -> None:
        target = self.by_id.get(reference)
        if target is None or xml.local(target) != kind:
            self.found("unknown_reference", node, attribute=attribute, reference=reference[:80], kind=kind)

    # one per element, called by _CHECKS

    def service_task(self, node: etree._Element) -> None:
        if _tc(node, "service") is None:
            self.found("no_service", node)

    def send_task(self, node: etree._Element) -> None:
        if (_tc(node, "service") is None) == (node.get("messageRef") is None):
            self.found("send_what", node)
        elif node.get("messageRef") is not None:
            self._only_with_service(node)
        elif _tc(node, "payload") is not None:
            self.found("payload_without_message", node)

    def _only_with_service(self, node: etree._Element) -> None:
        if _tc(node, "result") is not None or node.find(f".//{{{xml.TC}}}io") is not None:
            self.found("io_without_service", node)

    def rule_task(self, node: etree._Element) -> None:
        called = node.find(f"{{{xml.BPMN}}}extensionElements/{{{xml.SPIFFWORKFLOW}}}calledDecisionId")
        if _tc(node, "decision") is None and called is None:
            self.found("no_decision", node)

    def script_task(self, node: etree._Element) -> None:
        if len(_children(node, "script")) != 1:
            self.found("no_script", node)

    def timer(self, node: etree._Element) -> None:
        times = [
            child for name in ("timeDate", "timeDuration", "timeCycle") for child in _children(node, name)
        ]
        if len(times) != 1:
            self.found("one_time", node, count=len(times))

    def start(self, node: etree._Element) -> None:
        triggers = self._triggers(node, 1)
        around = node.getparent()
        if around is not None and xml.local(around) == "subProcess" and triggers:
            self.found("start_in_subprocess", node)
        if triggers and _tc(node, "form") is not None:
            self.found("form_on_triggered_start", node)

    def end(self, node: etree._Element) -> None:
        triggers = self._triggers(node, 1)
        if "errorEventDefinition" in triggers:
            for definition in _children(node, "errorEventDefinition"):
                if definition.get("errorRef") is None:
                    self.found(
                        "missing_attribute", definition, attribute="errorRef", tag="errorEventDefinition"
                    )
        self._payload(node, triggers)

    def throw(self, node: etree._Element) -> None:
        self._payload(node, self._triggers(node, 1))

    def _payload(self, node: etree._Element, triggers: list[str]) -> None:
        if _tc(node, "payload") is not None and "messageEventDefinition" not in triggers:
            self.found("payload_without_message", node)

    def catch(self, node: etree._Element) -> None:
        if not self._triggers(node, 1):
            self.found("event_without_trigger", node)

    def boundary(self, node: etree._Element) -> None:
        triggers = self._triggers(node, 1)
        if not triggers:
            self.found("event_without_trigger", node)
        is_error = "errorEventDefinition" in triggers
        if is_error and node.get("cancelActivity") == "false":
            self.found("error_interrupts", node)
        if _tc(node, "errorVariable") is not None and not is_error:
            self.found("error_variable_without_error", node)

    def _triggers(self, node: etree._Element, limit: int) -> list[str]:
        """The event's definitions, also those that are refused elsewhere."""
        triggers = [xml.local(child) for child in node if xml.local(child).endswith("EventDefinition")]
        if len(triggers) > limit:
            self.found("several_triggers", node)
        return triggers

    # flows

    def scope(self, around: etree._Element) -> None:
        """Flows, boundary events and their nodes in a process or sub-process, and in those inside it."""
        inside = {child.get("id"): child for child in around if xml.local(child) in dialect.FLOW_NODES}
        out: defaultdict[str | None, _Found] = defaultdict(list)
        for flow in _children(around, "sequenceFlow"):
            out[flow.get("sourceRef")].append(flow)
            for attribute in ("sourceRef", "targetRef"):
                self._end_of_flow(flow, attribute, inside)
        for identity, node in inside.items():
            self._node(node, out[identity], inside)
        for child in around:
            if xml.local(child) == "subProcess":
                self.scope(child)

    def _end_of_flow(
        self, flow: etree._Element, attribute: str, inside: dict[str | None, etree._Element]
    ) -> None:
        reference = flow.get(attribute)
        if not reference:
            return
        if reference not in inside:
            known = self.by_id.get(reference)
            crosses = known is not None and xml.local(known) in dialect.FLOW_NODES
            code = "flow_crosses_scope" if crosses else "unknown_reference"
            self.found(code, flow, attribute=attribute, reference=reference[:80], kind="flow node")
            return
        kind = xml.local(inside[reference])
        if attribute == "sourceRef" and kind == "endEvent":
            self.found("flow_from_end", flow, reference=reference)
        if attribute == "targetRef" and kind in ("startEvent", "boundaryEvent"):
            self.found("flow_into_start", flow, reference=reference, tag=kind)

    def _node(self, node: etree._Element, out: _Found, inside: dict[str | None, etree._Element]) -> None:
        self._flow_lists(node)
        self._splits(node, out)
        kind = xml.local(node)
        attached = node.get("attachedToRef")
        if kind == "boundaryEvent" and attached and attached not in inside:
            self.found(
                "unknown_reference", node, attribute="attachedToRef", reference=attached[:80], kind="activity"
            )
        if kind == "subProcess" and len(_children(node, "startEvent")) != 1:
            self.found("one_start_in_subprocess", node, count=len(_children(node, "startEvent")))
        if kind == "subProcess" and not _children(node, "endEvent"):
            self.found("no_end_in_subprocess", node)

    def _flow_lists(self, node: etree._Element) -> None:
        """What is missing in a list of flows is only unwritten; what is too much contradicts the flows."""
        for name, attribute in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
            for child in _children(node, name):
                flow = self.by_id.get((child.text or "").strip().rpartition(":")[2])
                if flow is None or flow.get(attribute) != node.get("id"):
                    self.found("flow_lists", node, tag=name, flows=(child.text or "").strip()[:80])

    def _splits(self, node: etree._Element, out: _Found) -> None:
        kind = xml.local(node)
        if len(out) > 1 and not kind.endswith("Gateway"):
            self.found("implicit_split", node, count=len(out))
        default = node.get("default")
        if default is not None and kind in ("exclusiveGateway", "inclusiveGateway"):
            self._default(node, default, out)
        if kind in ("exclusiveGateway", "inclusiveGateway") and len(out) > 1:
            for flow in out:
                if flow.get("id") != default and not _children(flow, "conditionExpression"):
                    self.found("flow_without_condition", flow, gateway=node.get("id"))

    def _default(self, node: etree._Element, default: str, out: _Found) -> None:
        flow = next((flow for flow in out if flow.get("id") == default), None)
        if flow is None:
            self.found("default_elsewhere", node, reference=default[:80])
        elif _children(flow, "conditionExpression"):
            self.found("default_with_condition", flow, gateway=node.get("id"))

    # lanes

    def lanes(self) -> None:
        """Each node stands in one lane; a lane inside a lane repeats the nodes of the outer one or not."""
        owners: dict[str, etree._Element] = {}
        for lane in self.of("lane"):
            for reference in _children(lane, "flowNodeRef"):
                named = (reference.text or "").strip()
                target = self.by_id.get(named)
                if target is None or xml.local(target) not in dialect.FLOW_NODES:
                    self.found("unknown_reference", reference, attribute="flowNodeRef", reference=named[:80],
                               kind="flow node")  # fmt: skip
                before = owners.get(named)
                if before is not None and before not in lane.iterancestors():
                    self.found("two_lanes", reference, reference=named[:80], first=before.get("id"))
                owners[named] = lane


_CHECKS: Mapping[str, Callable[[_Check, etree._Element], None]] = {
    "serviceTask": _Check.service_task,
    "sendTask": _Check.send_task,
    "businessRuleTask": _Check.rule_task,
    "scriptTask": _Check.script_task,
    "timerEventDefinition": _Check.timer,
    "startEvent": _Check.start,
    "endEvent": _Check.end,
    "intermediateThrowEvent": _Check.throw,
    "intermediateCatchEvent": _Check.catch,
    "boundaryEvent": _Check.boundary,
}


def _semantic(root: etree._Element) -> Iterator[etree._Element]:
    """The BPMN elements, without diagrams and what is inside extension elements."""
    yield root
    for child in root:
        if xml.namespace(child) == xml.BPMN and xml.local(child) != "extensionElements":
            yield from _semantic(child)


def _children(node: etree._Element, name: str) -> _Found:
    return node.findall(f"{{{xml.BPMN}}}{name}")


def _tc(node: etree._Element, attribute: str) -> str | None:
    return node.get(f"{{{xml.TC}}}{attribute}")
