"""Places for the nodes and flows of a process, sub-processes drawn open with their inside.

`bpmn-io` places one level at a time (it draws sub-processes closed, as wide as a task); every level is placed
for itself, innermost first, and a sub-process then pushes aside what lies right of it and below it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from bpmn_io import auto_layout
from lxml import etree

from engine.bpmn import dialect, xml

PLACED_LIMIT = 400  # nodes of one level; larger ones go on a grid, which costs no time

TASK, EVENT, GATEWAY = (100.0, 80.0), (36.0, 36.0), (50.0, 50.0)
MARGIN, HEAD = 30.0, 40.0  # inside a sub-process: around everything, and above for its name


@dataclass(slots=True)
class Box:
    """Where a node lies: its upper left corner and its size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(slots=True)
class Level:
    """What lies directly in a process or sub-process, and the levels inside it."""

    boxes: dict[str, Box] = field(default_factory=dict)
    lines: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    inside: dict[str, Level] = field(default_factory=dict)

    def moved(self, dx: float, dy: float) -> None:
        """Shift everything, inside included."""
        for box in self.boxes.values():
            box.x, box.y = box.x + dx, box.y + dy
        for flow, points in self.lines.items():
            self.lines[flow] = [(x + dx, y + dy) for x, y in points]
        for level in self.inside.values():
            level.moved(dx, dy)

    def extent(self) -> Box:
        """The smallest box around everything."""
        points = [(b.x, b.y) for b in self.boxes.values()]
        points += [(b.x + b.width, b.y + b.height) for b in self.boxes.values()]
        points += [point for line in self.lines.values() for point in line]
        left, top = min(x for x, _ in points), min(y for _, y in points)
        return Box(left, top, max(x for x, _ in points) - left, max(y for _, y in points) - top)


def placed(scope: etree._Element) -> Level:
    """The places of everything in a process or sub-process element that holds at least one node."""
    nodes = {str(node.get("id")): node for node in scope if xml.local(node) in dialect.FLOW_NODES}
    flows = [node for node in scope if xml.local(node) == "sequenceFlow"]
    level = _by_bpmn_io(nodes, flows) if len(nodes) <= PLACED_LIMIT else None
    level = level or _on_a_grid(nodes, flows)
    for node_id, node in nodes.items():
        if any(xml.local(child) in dialect.FLOW_NODES for child in node):
            level.inside[node_id] = placed(node)
    if level.inside:
        _open(level, nodes, flows)
    return level


def _by_bpmn_io(nodes: dict[str, etree._Element], flows: list[etree._Element]) -> Level | None:
    """One level placed by bpmn-io; None when it fails or forgets a node."""
    definitions = etree.Element(
        f"{{{xml.BPMN}}}definitions", nsmap={"bpmn": xml.BPMN}, id="d", targetNamespace="t"
    )
    process = etree.SubElement(definitions, f"{{{xml.BPMN}}}process", id="p")
    for node_id, node in nodes.items():
        kind = xml.local(node)
        shape = etree.SubElement(
            process, f"{{{xml.BPMN}}}{kind if kind.endswith(('Event', 'Gateway')) else 'task'}"
        )
        shape.set("id", node_id)
        if kind == "boundaryEvent":
            shape.set("attachedToRef", node.get("attachedToRef", ""))
        for tag, end in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
            for flow in flows:
                if flow.get(end) == node_id:
                    etree.SubElement(shape, f"{{{xml.BPMN}}}{tag}").text = flow.get("id")
    for flow in flows:
        ends = {name: flow.get(name, "") for name in ("id", "sourceRef", "targetRef")}
        etree.SubElement(process, f"{{{xml.BPMN}}}sequenceFlow", ends)
    try:
        text = auto_layout.layout_process(etree.tostring(definitions, encoding="unicode"))
    except (
        auto_layout.LayoutError,
        AttributeError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
        RecursionError,
    ):
        return None  # what it raises on models it cannot place; none of it says more than that
    level = _read(xml.parse(text.encode(), ""))
    return level if nodes.keys() <= level.boxes.keys() else None


def _read(root: etree._Element) -> Level:
    level = Level()
    for part in root.iter():
        element = str(part.get("bpmnElement"))
        if xml.local(part) == "BPMNShape" and len(part):
            x, y, width, height = (float(part[0].get(key, "0")) for key in ("x", "y", "width", "height"))
            level.boxes[element] = Box(x, y, width, height)
        elif xml.local(part) == "BPMNEdge":
            points = [
                (float(p.get("x", "0")), float(p.get("y", "0"))) for p in part if xml.local(p) == "waypoint"
            ]
            level.lines[element] = points
    return level


def _on_a_grid(nodes: dict[str, etree._Element], flows: list[etree._Element]) -> Level:
    """Nodes in the order of the file, eight to a row; plain, but every element is there to be seen."""
    level = Level()
    for place, (node_id, node) in enumerate(nodes.items()):
        kind = xml.local(node)
        width, height = EVENT if kind.endswith("Event") else GATEWAY if kind.endswith("Gateway") else TASK
        x, y = 100.0 + place % 8 * 160, 100.0 + place // 8 * 160
        level.boxes[node_id] = Box(x - width / 2, y - height / 2, width, height)
    for flow in flows:
        ends = [level.boxes.get(str(flow.get(name))) for name in ("sourceRef", "targetRef")]
        points = [(box.x + box.width / 2, box.y + box.height / 2) for box in ends if box is not None]
        level.lines[str(flow.get("id"))] = points
    return level


def _open(level: Level, nodes: dict[str, etree._Element], flows: list[etree._Element]) -> None:
    """Give each sub-process the room its inside needs, and put the inside there."""
    sizes = {}
    for node_id, inside in level.inside.items():
        extent = inside.extent()
        sizes[node_id] = (extent.width + 2 * MARGIN, extent.height + HEAD + MARGIN)
    before = {node_id: Box(box.x, box.y, box.width, box.height) for node_id, box in level.boxes.items()}
    hosts = {
        node_id: str(node.get("attachedToRef"))
        for node_id, node in nodes.items()
        if node.get("attachedToRef")
    }
    rows: defaultdict[float, float] = defaultdict(float)  # lower edge of a row -> how much it grows
    columns: defaultdict[float, float] = defaultdict(float)
    for node_id, (width, height) in sizes.items():
        box = before[node_id]
        rows[box.y + box.height] = max(rows[box.y + box.height], height - box.height)
        columns[box.x + box.width] = max(columns[box.x + box.width], width - box.width)
    for node_id, box in level.boxes.items():
        own = (
            before[hosts.get(node_id, node_id)] if hosts.get(node_id, node_id) in before else before[node_id]
        )
        box.x, box.y = box.x + _grown(columns, own.x), box.y + _grown(rows, own.y)
    for node_id, (width, height) in sizes.items():
        level.boxes[node_id].width, level.boxes[node_id].height = width, height
        extent = level.inside[node_id].extent()
        box = level.boxes[node_id]
        level.inside[node_id].moved(box.x + MARGIN - extent.x, box.y + HEAD - extent.y)
    for event, host in hosts.items():
        if host in sizes:
            level.boxes[event].y = (
                level.boxes[host].y + level.boxes[host].height - level.boxes[event].height / 2
            )
    for flow in flows:
        points = level.lines.get(str(flow.get("id")), [])
        moved = [(x + _grown(columns, x), y + _grown(rows, y)) for x, y in points]
        for end, name in ((0, "sourceRef"), (-1, "targetRef")) if moved else ():
            node_id = str(flow.get(name))
            is_open = node_id in sizes
            moved[end] = _docked(points[end], before[node_id], level.boxes[node_id], is_open)
        level.lines[str(flow.get("id"))] = moved


def _grown(edges: dict[float, float], place: float) -> float:
    """How far something at `place` is pushed by all that grows before it."""
    return sum(growth for edge, growth in edges.items() if place >= edge)


def _docked(point: tuple[float, float], old: Box, new: Box, is_open: bool) -> tuple[float, float]:
    """The end of a flow, moved with its node; at the right or lower edge of one that has grown, to that edge."""
    x, y = point[0] - old.x, point[1] - old.y
    if is_open and x >= old.width:
        x = new.width
    if is_open and y >= old.height:
        y = new.height
    return new.x + x, new.y + y
