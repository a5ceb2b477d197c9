"""The requirements graph of a model: what needs what, and that nothing needs itself."""

from __future__ import annotations

from lxml import etree

from engine import errors
from engine.decisions import elements
from engine.decisions.models import DecisionModel, Need


def holds(model: DecisionModel, identity: str, kind: str) -> bool:
    """Whether a model has an input, a decision or knowledge of this id."""
    if kind == "knowledge":
        return identity in model.knowledge or identity in model.services
    return identity in (model.inputs if kind == "input" else model.decisions)


def findings(model: DecisionModel, root: etree._Element, file: str) -> list[errors.Finding]:
    """A finding for each decision that requires itself, directly or through others."""
    found: list[errors.Finding] = []
    lines = {element.get("id", ""): elements.line(element) for element in root}
    settled: set[str] = set()
    for identity in model.decisions:
        circle = _circle(model, identity, settled)
        if circle:
            names = " → ".join(model.decisions[part].name for part in circle)
            found.append(
                errors.Finding("dmn.circle", {"names": names}, file, lines.get(circle[0]), circle[0])
            )
    return found


def _circle(model: DecisionModel, start: str, settled: set[str]) -> list[str]:
    """The ids of a circle reached from a decision; empty when there is none. `settled` are known to reach none."""
    path: list[str] = []
    turns = [iter((start,))]
    while turns:
        for identity in turns[-1]:
            if identity in path:
                return [*path[path.index(identity) :], identity]
            if identity not in settled:
                path.append(identity)
                turns.append(iter([need.id for need in _decisions(model, identity)]))
                break
        else:
            turns.pop()
            if path:
                settled.add(path.pop())
    return []


def _decisions(model: DecisionModel, identity: str) -> list[Need]:
    decision = model.decisions.get(identity)
    if decision is None:
        return []
    return [need for need in decision.needs if need.kind == "decision" and need.model is model]
