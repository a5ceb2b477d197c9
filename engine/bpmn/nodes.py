"""The nodes and flows of a model, compiled from what was read; every expression is compiled once here."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from lxml import etree

from engine import feel
from engine.bpmn import refusals, spiff, xml
from engine.bpmn.model import Assignment, Flow, Kind, Loop, Message, Node, Timer, TimerKind, Trigger


def flow(read: spiff.Flow) -> Flow:
    """A sequence flow with its condition."""
    return Flow(read.id, read.source, read.target, _optional(read.condition), read.name)


def nodes(elements: Iterable[spiff.Element], flows: Iterable[spiff.Flow]) -> dict[str, Node]:
    """Every node by id, in document order, with its flows and boundary events."""
    read = list(elements)
    into: defaultdict[str, list[str]] = defaultdict(list)
    out: defaultdict[str, list[str]] = defaultdict(list)
    boundaries: defaultdict[str, list[str]] = defaultdict(list)
    for each in flows:
        into[each.target].append(each.id)
        out[each.source].append(each.id)
    for element in read:
        if element.kind == Kind.BOUNDARY:
            boundaries[element.node.get("attachedToRef", "")].append(element.id)
    return {
        element.id: _node(element, into[element.id], out[element.id], boundaries[element.id])
        for element in read
    }


def _node(element: spiff.Element, into: list[str], out: list[str], boundaries: list[str]) -> Node:
    node, kind = element.node, Kind(element.kind)
    inputs, outputs = _assignments(node)
    return Node(
        id=element.id,
        kind=kind,
        name=element.name,
        lane=element.lane,
        scope=element.scope,
        incoming=tuple(into),
        outgoing=tuple(out),
        default=node.get("default"),
        line=xml.line(node),
        trigger=Trigger(element.trigger),
        timer=_timer(element.time),
        message=_message(element),
        error_code=element.error_code,
        error_variable=_tc(node, "errorVariable"),
        attached_to=node.get("attachedToRef"),
        interrupting=element.interrupting,
        boundaries=tuple(boundaries),
        form=_tc(node, "form") or _spiffworkflow_form(node),
        service=_tc(node, "service"),
        decision=_tc(node, "decision") or _spiffworkflow(node, "calledDecisionId"),
        script=_optional(element.script),
        result=_result(node, kind),
        called=element.called,
        inputs=inputs,
        outputs=outputs,
        loop=_loop(node.find(f"{{{xml.BPMN}}}multiInstanceLoopCharacteristics")),
    )


def _result(node: etree._Element, kind: Kind) -> str | None:
    """The variable that takes the result; a decision's own key when nothing else is said."""
    written = _tc(node, "result") or _spiffworkflow(node, "variableName")
    if written is None and kind is Kind.RULE_TASK:
        key = _tc(node, "decision") or _spiffworkflow(node, "calledDecisionId") or ""
        return key.replace("-", "_")
    return written


def _timer(time: tuple[str, str] | None) -> Timer | None:
    """A time as an expression; one written literally becomes a FEEL string."""
    if time is None:
        return None
    kind, text = time[0], time[1].strip()
    written = refusals.expression(text) if text.startswith("=") else json.dumps(text, ensure_ascii=False)
    return Timer(TimerKind(kind), feel.compile(written))


def _message(element: spiff.Element) -> Message | None:
    """The message awaited or thrown; its key stands on the `message` element, the payload on the thrower."""
    if element.message is None:
        return None
    return Message(element.message, _optional(element.message_key), _optional(_tc(element.node, "payload")))


def _loop(node: etree._Element | None) -> Loop | None:
    if node is None:
        return None
    return Loop(
        sequential=node.get("isSequential") == "true",
        collection=_optional(_tc(node, "collection")),
        cardinality=_optional(node.findtext(f"{{{xml.BPMN}}}loopCardinality")),
        element_variable=_tc(node, "elementVariable"),
        output_collection=_tc(node, "outputCollection"),
        output_element=_optional(_tc(node, "outputElement")),
        completion_condition=_optional(node.findtext(f"{{{xml.BPMN}}}completionCondition")),
    )


def _assignments(node: etree._Element) -> tuple[tuple[Assignment, ...], tuple[Assignment, ...]]:
    extensions = node.find(f"{{{xml.BPMN}}}extensionElements")
    both: dict[str, list[Assignment]] = {"input": [], "output": []}
    for io in () if extensions is None else extensions.findall(f"{{{xml.TC}}}io"):
        for child in io:
            source = feel.compile(refusals.expression(child.get("source", "")))
            both[xml.local(child)].append(Assignment(child.get("target", ""), source))
    return tuple(both["input"]), tuple(both["output"])


def _optional(text: str | None) -> feel.Expression | None:
    return None if text is None else feel.compile(refusals.expression(text))


def _tc(node: etree._Element, attribute: str) -> str | None:
    return node.get(f"{{{xml.TC}}}{attribute}")


def _spiffworkflow(node: etree._Element, name: str) -> str | None:
    found = node.findtext(f"{{{xml.BPMN}}}extensionElements/{{{xml.SPIFFWORKFLOW}}}{name}")
    return found.strip() if found is not None else None


def _spiffworkflow_form(node: etree._Element) -> str | None:
    properties = f"{{{xml.BPMN}}}extensionElements/{{{xml.SPIFFWORKFLOW}}}properties"
    found = node.find(f"{properties}/{{{xml.SPIFFWORKFLOW}}}property[@name='formJsonSchemaFilename']")
    return None if found is None else refusals.form_name(found.get("value", ""))
