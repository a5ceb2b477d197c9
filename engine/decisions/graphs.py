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
    """A finding for each circle of decisions and services that require each other."""
    found: list[errors.Finding] = []
    lines = {element.get("id", ""): elements.line(element) for element in root}
    settled: set[str] = set()
    for identity in (*model.decisions, *model.knowledge, *model.services):
        circle = _circle(model, identity, settled)
        if circle:
            names = " → ".join(_name(model, part) for part in circle)
            found.append(
                errors.Finding("dmn.circle", {"names": names}, file, lines.get(circle[0]), circle[0])
            )
    return found


def _circle(model: DecisionModel, start: str, settled: set[str]) -> list[str]:
    """The ids of a circle reached from an element; empty when there is none. `settled` are known to reach none."""
    path: list[str] = []
    turns = [iter((start,))]
    while turns:
        for identity in turns[-1]:
            if identity in path:
                settled.update(path)
                return [*path[path.index(identity) :], identity]
            if identity not in settled:
                path.append(identity)
                turns.append(iter([need.id for need in _needs(model, identity) if need.model is model]))
                break
        else:
            turns.pop()
            if path:
                settled.add(path.pop())
    return []


def _needs(model: DecisionModel, identity: str) -> tuple[Need, ...]:
    """What an element is worked out from; a service ends at its input decisions, whose values it is given.

    Knowledge may call itself, as functions may; that it comes to an end is seen to when it runs.
    """
    if identity in model.decisions:
        return model.decisions[identity].needs
    if identity in model.knowledge:
        return tuple(need for need in model.knowledge[identity].needs if need.id in model.services)
    service = model.services.get(identity)
    return () if service is None else (*service.outputs, *service.encapsulated)


def _name(model: DecisionModel, identity: str) -> str:
    if identity in model.decisions:
        return model.decisions[identity].name
    known = model.knowledge.get(identity) or model.services.get(identity)
    return known.variable.name if known else identity
