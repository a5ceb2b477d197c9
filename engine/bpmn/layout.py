"""Gives a BPMN file a diagram when it has none; a diagram that somebody drew is never touched.

The places are worked out by `bpmn-io`, the Python port of bpmn.io's auto-layout. It follows `incoming`
and `outgoing`, draws the first pool only, leaves out lanes, and fails on odd models with plain Python
errors; so the flows are written out for it, and a model it cannot place is put on a simple grid by us.
"""

from __future__ import annotations

from bpmn_io import auto_layout
from lxml import etree

from engine.bpmn import dialect, xml

_DC = "http://www.omg.org/spec/DD/20100524/DC"
_DI = "http://www.omg.org/spec/DD/20100524/DI"
PLACED_LIMIT = 400  # nodes; larger models go on the grid, which costs no time

_SIZES = {"Event": (36, 36), "Gateway": (50, 50)}
_TASK = (100, 80)


def ensure(content: bytes) -> bytes:
    """The file with a diagram; the very same bytes when it has one already.

    Expects a file that `reading.read` accepts.
    """
    root = xml.parse(content, "")
    if root.find(f".//{{{xml.BPMNDI}}}BPMNShape") is not None:
        return content
    for empty in root.findall(f"{{{xml.BPMNDI}}}BPMNDiagram"):
        root.remove(empty)
    _write_flow_lists(root)
    diagrams = [] if len(_flow_nodes(root)) > PLACED_LIMIT else _placed(root)
    if not diagrams:
        diagrams = [_grid(root)]
    root.extend(diagrams)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _placed(root: etree._Element) -> list[etree._Element]:
    """The diagrams bpmn-io draws; none when it fails, forgets a node, or uses an id that is taken."""
    try:
        drawn = xml.parse(auto_layout.layout_process(etree.tostring(root, encoding="unicode")).encode(), "")
    except (
        auto_layout.LayoutError,
        AttributeError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        RecursionError,
    ):
        return []  # what it raises on models it cannot place; none of it says more than that
    diagrams = drawn.findall(f"{{{xml.BPMNDI}}}BPMNDiagram")
    parts = [part for diagram in diagrams for part in diagram.iter()]
    shapes = {part.get("bpmnElement") for part in parts if xml.local(part) == "BPMNShape"}
    taken = {part.get("id") for part in parts} & {node.get("id") for node in root.iter()} - {None}
    complete = {node.get("id") for node in _flow_nodes(root)} <= shapes
    return diagrams if complete and not taken else []


def _flow_nodes(root: etree._Element) -> list[etree._Element]:
    return [node for node in _nodes(root) if xml.local(node) in dialect.FLOW_NODES]


def _nodes(root: etree._Element) -> list[etree._Element]:
    return [node for node in root.iter() if xml.namespace(node) == xml.BPMN]


def _write_flow_lists(root: etree._Element) -> None:
    """`incoming` and `outgoing` of every node, from the flows, where the schema wants them."""
    by_id = {node.get("id"): node for node in _flow_nodes(root)}
    for node in by_id.values():
        for child in [c for c in node if xml.local(c) in ("incoming", "outgoing")]:
            node.remove(child)
    flows = [node for node in _nodes(root) if xml.local(node) == "sequenceFlow"]
    for tag, end in (("outgoing", "sourceRef"), ("incoming", "targetRef")):
        for flow in reversed(flows):
            holder = by_id[flow.get(end)]
            before = sum(1 for child in holder if xml.local(child) in ("documentation", "extensionElements"))
            child = etree.Element(f"{{{xml.BPMN}}}{tag}")
            child.text = flow.get("id")
            holder.insert(before, child)


def _grid(root: etree._Element) -> etree._Element:
    """Nodes in the order of the file, eight to a row; plain, but every element is there to be seen."""
    process = next(node for node in _nodes(root) if xml.local(node) == "process")
    diagram = etree.Element(
        f"{{{xml.BPMNDI}}}BPMNDiagram", nsmap={"bpmndi": xml.BPMNDI, "dc": _DC, "di": _DI}
    )
    plane = etree.SubElement(diagram, f"{{{xml.BPMNDI}}}BPMNPlane")
    plane.set("bpmnElement", process.get("id", ""))
    centres: dict[str | None, tuple[int, int]] = {}
    for place, node in enumerate(_flow_nodes(root)):
        x, y = 100 + place % 8 * 160, 100 + place // 8 * 160
        width, height = next((size for tail, size in _SIZES.items() if xml.local(node).endswith(tail)), _TASK)
        shape = etree.SubElement(plane, f"{{{xml.BPMNDI}}}BPMNShape", bpmnElement=node.get("id", ""))
        etree.SubElement(shape, f"{{{_DC}}}Bounds", x=str(x - width // 2), y=str(y - height // 2),
                         width=str(width), height=str(height))  # fmt: skip
        centres[node.get("id")] = (x, y)
    for flow in (node for node in _nodes(root) if xml.local(node) == "sequenceFlow"):
        edge = etree.SubElement(plane, f"{{{xml.BPMNDI}}}BPMNEdge", bpmnElement=flow.get("id", ""))
        for end in ("sourceRef", "targetRef"):
            x, y = centres[flow.get(end)]
            etree.SubElement(edge, f"{{{_DI}}}waypoint", x=str(x), y=str(y))
    return diagram
