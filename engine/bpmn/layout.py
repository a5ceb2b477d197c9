"""Gives a BPMN file a diagram when it has none; a diagram that somebody drew is never touched."""

from __future__ import annotations

from lxml import etree

from engine.bpmn import diagrams, dialect, xml

_DC = "http://www.omg.org/spec/DD/20100524/DC"
_DI = "http://www.omg.org/spec/DD/20100524/DI"


def ensure(content: bytes) -> bytes:
    """The file with a diagram; the very same bytes when it has one already.

    Expects a file that `reading.read` accepts. Pools and lanes get no shape of their own.
    """
    root = xml.parse(content, "")
    if root.find(f".//{{{xml.BPMNDI}}}BPMNShape") is not None:
        return content
    for empty in root.findall(f"{{{xml.BPMNDI}}}BPMNDiagram"):
        root.remove(empty)
    process = root.find(f"{{{xml.BPMN}}}process")
    if process is None or not any(xml.local(node) in dialect.FLOW_NODES for node in process):
        return content
    _write_flow_lists(root)
    root.append(_diagram(process, diagrams.placed(process)))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _diagram(process: etree._Element, level: diagrams.Level) -> etree._Element:
    diagram = etree.Element(
        f"{{{xml.BPMNDI}}}BPMNDiagram", nsmap={"bpmndi": xml.BPMNDI, "dc": _DC, "di": _DI}
    )
    plane = etree.SubElement(diagram, f"{{{xml.BPMNDI}}}BPMNPlane", bpmnElement=process.get("id", ""))
    _write_level(plane, level, {str(node.get("id")): xml.local(node) for node in process.iter()})
    return diagram


def _write_level(plane: etree._Element, level: diagrams.Level, kinds: dict[str, str]) -> None:
    """Shapes and edges without ids of their own: those of a file are the author's."""
    for node_id, box in level.boxes.items():
        shape = etree.SubElement(plane, f"{{{xml.BPMNDI}}}BPMNShape", bpmnElement=node_id)
        if node_id in level.inside:
            shape.set("isExpanded", "true")
        if kinds.get(node_id) == "exclusiveGateway":
            shape.set("isMarkerVisible", "true")
        sizes = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
        etree.SubElement(shape, f"{{{_DC}}}Bounds", {name: f"{value:g}" for name, value in sizes.items()})
    for inside in level.inside.values():
        _write_level(plane, inside, kinds)
    for flow_id, points in level.lines.items():
        edge = etree.SubElement(plane, f"{{{xml.BPMNDI}}}BPMNEdge", bpmnElement=flow_id)
        for x, y in points:
            etree.SubElement(edge, f"{{{_DI}}}waypoint", x=f"{x:g}", y=f"{y:g}")


def _write_flow_lists(root: etree._Element) -> None:
    """`incoming` and `outgoing` of every node, from the flows, where the schema wants them.

    Viewers and editors go by them.
    """
    by_id = {node.get("id"): node for node in root.iter() if xml.local(node) in dialect.FLOW_NODES}
    for node in by_id.values():
        for child in [c for c in node if xml.local(c) in ("incoming", "outgoing")]:
            node.remove(child)
    flows = [node for node in root.iter() if xml.local(node) == "sequenceFlow"]
    for tag, end in (("outgoing", "sourceRef"), ("incoming", "targetRef")):
        for flow in reversed(flows):
            holder = by_id[flow.get(end)]
            before = sum(1 for child in holder if xml.local(child) in ("documentation", "extensionElements"))
            child = etree.Element(f"{{{xml.BPMN}}}{tag}")
            child.text = flow.get("id")
            holder.insert(before, child)
