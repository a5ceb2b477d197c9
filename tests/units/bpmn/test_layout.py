"""A derived diagram shows everything once, nothing on top of anything else, and changes no meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from engine.bpmn import diagrams, flows, layout, marked_yaml, reading, xml

REPAIR = Path(__file__).parents[2] / "book_loan" / "processes" / "repair" / "process.yaml"
NESTED = (
    "process: loan\nflow:\n"
    "- user: ask\n  timeout: {after: P1D, name: late, interrupting: false, do: [{manual: remind}]}\n"
    "- parallel: both\n  branches:\n"
    "    left:\n      - group: outer\n        timeout: {after: P2D, name: too_late, do: [{manual: call_off}]}\n"
    "        do: [{user: a}, {each: inner, in: '= xs', do: [{user: b}, {user: c}]}, {user: d}]\n"
    "    right: [{user: e}, {group: small, do: [{user: f}]}]\n"
    "- repeat: again\n  while: '= more'\n  do: [{user: g}]\n"
)


def compiled(text: str) -> bytes:
    return flows.to_bpmn(marked_yaml.load(text.encode(), "process.yaml"), "process.yaml")


def boxes(content: bytes) -> dict[str, tuple[float, float, float, float]]:
    found = {}
    for shape in xml.parse(content, "x").iter(f"{{{xml.BPMNDI}}}BPMNShape"):
        x, y, width, height = (float(shape[0].get(key, "")) for key in ("x", "y", "width", "height"))
        found[str(shape.get("bpmnElement"))] = (x, y, x + width, y + height)
    return found


@pytest.mark.parametrize("text", [NESTED, REPAIR.read_text()], ids=["nested", "repair"])
def test_nothing_lies_on_anything_else(text):
    content = compiled(text)
    model, placed = reading.read(content, "x"), boxes(content)
    for scope in {node.scope for node in model.nodes.values()}:
        inside = [node for node in model.inside(scope) if node.attached_to is None]
        for one in inside:
            for two in inside:
                a, b = placed[one.id], placed[two.id]
                apart = a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
                assert one is two or apart, (one.id, two.id)


def test_an_open_sub_process_holds_its_inside_and_carries_its_boundary_events():
    content = compiled(NESTED)
    model, placed = reading.read(content, "x"), boxes(content)
    for node in model.nodes.values():
        if node.scope is not None:
            outer, inner = placed[node.scope], placed[node.id]
            assert outer[0] < inner[0] and outer[1] < inner[1] and inner[2] < outer[2] and inner[3] < outer[3]
        if node.attached_to is not None:
            host, event = placed[node.attached_to], placed[node.id]
            assert host[3] == (event[1] + event[3]) / 2


def test_flows_begin_and_end_at_their_nodes():
    content = compiled(NESTED)
    model, placed = reading.read(content, "x"), boxes(content)
    for edge in xml.parse(content, "x").iter(f"{{{xml.BPMNDI}}}BPMNEdge"):
        flow = model.flows[str(edge.get("bpmnElement"))]
        for point, node in ((edge[0], flow.source), (edge[-1], flow.target)):
            x, y, box = float(point.get("x", "")), float(point.get("y", "")), placed[node]
            assert box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1, (flow.id, node)


def test_a_file_without_a_diagram_keeps_its_meaning():
    drawn = compiled(NESTED)
    root = xml.parse(drawn, "x")
    for diagram in root.findall(f"{{{xml.BPMNDI}}}BPMNDiagram"):
        root.remove(diagram)
    again = layout.ensure(etree.tostring(root))
    before, after = reading.read(drawn, "x"), reading.read(again, "x")
    assert set(before.flows) == set(after.flows)
    for node_id, node in before.nodes.items():
        same = after.nodes[node_id]
        assert (node.kind, node.incoming, node.outgoing, node.name) == (
            same.kind, same.incoming, same.outgoing, same.name,
        )  # fmt: skip


def test_a_level_that_cannot_be_placed_goes_on_a_grid(monkeypatch):
    monkeypatch.setattr(diagrams, "PLACED_LIMIT", 0)
    content = compiled(NESTED)
    assert boxes(content).keys() == reading.read(content, "x").nodes.keys()
