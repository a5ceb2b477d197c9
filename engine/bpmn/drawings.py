"""A process under construction: nodes, flows and what hangs on them, written out as BPMN 2.0 XML.

Ids are given by whoever draws; nothing here counts or invents, so that the same steps always give the
same ids.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from engine.bpmn import xml

_PREFIXES = {"bpmn": xml.BPMN, "tc": xml.TC, "xsi": xml.XSI}


@dataclass(frozen=True, slots=True)
class Definition:
    """An event definition: `message`, `error`, `terminate`, or a time by its kind and text."""

    kind: str
    reference: str = ""  # the message's name or the error's code
    time_kind: str = ""
    time: str = ""


@dataclass(frozen=True, slots=True)
class Loop:
    """What a multi-instance goes through, and what it collects; texts are FEEL."""

    sequential: bool
    collection: str | None
    cardinality: str | None
    element_variable: str | None
    output_collection: str | None
    output_element: str | None
    completion_condition: str | None


@dataclass(slots=True)
class Shape:
    """A node as it is drawn."""

    kind: str
    id: str
    scope: str | None
    name: str = ""
    attributes: dict[str, str] = field(default_factory=dict)  # BPMN's own
    extensions: dict[str, str] = field(default_factory=dict)  # tc: attributes
    inputs: Mapping[str, str] = field(default_factory=dict)  # variable -> FEEL
    outputs: Mapping[str, str] = field(default_factory=dict)
    definition: Definition | None = None
    script: str | None = None
    loop: Loop | None = None
    lane: str | None = None


@dataclass(frozen=True, slots=True)
class Arrow:
    """A sequence flow as it is drawn."""

    id: str
    source: str
    target: str
    scope: str | None
    condition: str | None = None
    name: str = ""
    order: int = 0  # among the flows of its source: the first condition that is true is taken


class Drawing:
    """Collects shapes and arrows; `written` gives the file."""

    def __init__(self, process: str, name: str, lanes: Sequence[str], keys: Mapping[str, str]) -> None:
        """`lanes` in order; `keys`: message name -> FEEL of its correlation key."""
        self.process, self.name, self.lanes, self.keys = process, name, lanes, keys
        self.shapes: dict[str, Shape] = {}
        self.arrows: dict[str, Arrow] = {}

    def written(self) -> bytes:
        """The BPMN file, without a diagram."""
        root = etree.Element(_bpmn("definitions"), nsmap=_PREFIXES)
        root.set("id", "Definitions")
        root.set("targetNamespace", "urn:tiemchung:processes")
        self._index()
        self._messages_and_errors(root)
        process = etree.SubElement(root, _bpmn("process"), id=self.process, isExecutable="true")
        if self.name:
            process.set("name", self.name)
        self._lanes(process)
        self._inside(process, None)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)

    def _index(self) -> None:
        """Where each node's flows, and each scope's parts, are; so that writing stays linear."""
        self._into: defaultdict[str, list[str]] = defaultdict(list)
        self._out: defaultdict[str, list[str]] = defaultdict(list)
        self._shapes: defaultdict[str | None, list[Shape]] = defaultdict(list)
        self._arrows: defaultdict[str | None, list[Arrow]] = defaultdict(list)
        for shape in self.shapes.values():
            self._shapes[shape.scope].append(shape)
        place = {shape_id: number for number, shape_id in enumerate(self.shapes)}
        for arrow in sorted(self.arrows.values(), key=lambda arrow: (place[arrow.source], arrow.order)):
            self._arrows[arrow.scope].append(arrow)
            self._into[arrow.target].append(arrow.id)
            self._out[arrow.source].append(arrow.id)

    def _messages_and_errors(self, root: etree._Element) -> None:
        used = [shape.definition for shape in self.shapes.values() if shape.definition is not None]
        for name in dict.fromkeys(each.reference for each in used if each.kind == "message"):
            message = etree.SubElement(root, _bpmn("message"), id=_message_id(name), name=name)
            if name in self.keys:
                message.set(_tc("key"), f"= {self.keys[name]}")
        for code in dict.fromkeys(each.reference for each in used if each.kind == "error" and each.reference):
            etree.SubElement(root, _bpmn("error"), id=_error_id(code), name=code, errorCode=code)

    def _lanes(self, process: etree._Element) -> None:
        if not self.lanes:
            return
        lane_set = etree.SubElement(process, _bpmn("laneSet"), id="Lanes")
        for key in self.lanes:
            lane = etree.SubElement(lane_set, _bpmn("lane"), id=key, name=key)
            for shape in self.shapes.values():
                if shape.lane == key:
                    etree.SubElement(lane, _bpmn("flowNodeRef")).text = shape.id

    def _inside(self, parent: etree._Element, scope: str | None) -> None:
        for shape in self._shapes[scope]:
            self._shape(parent, shape)
        for arrow in self._arrows[scope]:
            flow = etree.SubElement(
                parent, _bpmn("sequenceFlow"), id=arrow.id, sourceRef=arrow.source, targetRef=arrow.target
            )
            if arrow.name:
                flow.set("name", arrow.name)
            if arrow.condition is not None:
                condition = etree.SubElement(flow, _bpmn("conditionExpression"))
                condition.set(f"{{{xml.XSI}}}type", "bpmn:tFormalExpression")
                condition.text = f"= {arrow.condition}"

    def _shape(self, parent: etree._Element, shape: Shape) -> None:
        """One node, its parts in the order the schema wants."""
        node = etree.SubElement(parent, _bpmn(shape.kind), id=shape.id)
        if shape.name:
            node.set("name", shape.name)
        for name, value in shape.attributes.items():
            node.set(name, value)
        for name, value in shape.extensions.items():
            node.set(_tc(name), value)
        if shape.definition is not None and shape.kind in ("sendTask", "receiveTask"):
            node.set("messageRef", _message_id(shape.definition.reference))
        if shape.inputs or shape.outputs:
            io = etree.SubElement(etree.SubElement(node, _bpmn("extensionElements")), _tc("io"))
            for tag, values in (("input", shape.inputs), ("output", shape.outputs)):
                for target, source in values.items():
                    etree.SubElement(io, _tc(tag), target=target, source=f"= {source}")
        for tag, flows in (("incoming", self._into[shape.id]), ("outgoing", self._out[shape.id])):
            for flow in flows:
                etree.SubElement(node, _bpmn(tag)).text = flow
        if shape.loop is not None:
            _loop(node, shape.loop)
        if shape.definition is not None and shape.kind.endswith("Event"):
            _definition(node, shape.definition)
        if shape.script is not None:
            etree.SubElement(node, _bpmn("script")).text = shape.script
        if shape.kind == "subProcess":
            self._inside(node, shape.id)


def _definition(node: etree._Element, definition: Definition) -> None:
    if definition.kind == "timer":
        timer = etree.SubElement(node, _bpmn("timerEventDefinition"))
        time = etree.SubElement(timer, _bpmn(definition.time_kind))
        time.set(f"{{{xml.XSI}}}type", "bpmn:tFormalExpression")
        time.text = definition.time
        return
    event = etree.SubElement(node, _bpmn(f"{definition.kind}EventDefinition"))
    if definition.kind == "message":
        event.set("messageRef", _message_id(definition.reference))
    elif definition.kind == "error" and definition.reference:
        event.set("errorRef", _error_id(definition.reference))


def _loop(node: etree._Element, loop: Loop) -> None:
    element = etree.SubElement(node, _bpmn("multiInstanceLoopCharacteristics"))
    if loop.sequential:
        element.set("isSequential", "true")
    expressions = {"collection": loop.collection, "outputElement": loop.output_element}
    names = {"elementVariable": loop.element_variable, "outputCollection": loop.output_collection}
    for name, value in {**expressions, **names}.items():
        if value is not None:
            element.set(_tc(name), f"= {value}" if name in expressions else value)
    for tag, text in (
        ("loopCardinality", loop.cardinality),
        ("completionCondition", loop.completion_condition),
    ):
        if text is not None:
            child = etree.SubElement(element, _bpmn(tag))
            child.set(f"{{{xml.XSI}}}type", "bpmn:tFormalExpression")
            child.text = f"= {text}"


def _message_id(name: str) -> str:
    return f"Message-{name}"


def _error_id(code: str) -> str:
    return f"Error-{code}"


def _bpmn(name: str) -> str:
    return f"{{{xml.BPMN}}}{name}"


def _tc(name: str) -> str:
    return f"{{{xml.TC}}}{name}"
