"""The requirements graph of a model: what needs what, that nothing needs itself, and that no chain is too long."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine import errors
from engine.decisions import elements
from engine.decisions.models import Decision, DecisionModel, Need

DEEPEST = 60  # decisions requiring decisions, one after the other

_Place = tuple[DecisionModel, str]
"""An element of a graph of models: the model it stands in, and its id."""


def holds(model: DecisionModel, identity: str, kind: str) -> bool:
    """Whether a model has an input, a decision or knowledge of this id."""
    if kind == "knowledge":
        return identity in model.knowledge or identity in model.services
    return identity in (model.inputs if kind == "input" else model.decisions)


def findings(model: DecisionModel, root: etree._Element, file: str) -> list[errors.Finding]:
    """A finding for each circle of decisions and services that require each other, else for each chain too long."""
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
    for identity in () if found else _too_deep(model):
        told = {"name": _name(model, identity), "most": DEEPEST}
        found.append(errors.Finding("dmn.chain_too_long", told, file, lines.get(identity), identity))
    for decision in model.decisions.values():
        for name, required in _by_other_names(model, decision):
            told = {"name": name, "decision": required}
            found.append(errors.Finding("dmn.required_by_other_name", told, file, decision.line, decision.id))
    return found


def _by_other_names(model: DecisionModel, decision: Decision) -> Iterator[tuple[str, str]]:
    """Names read from outside that a required decision has for a column of results, or for its id.

    Some engines know what it gives by these; by the standard its variable alone names it (DMN 1.5, 6.3.7), and
    what is meant would be null without a word.
    """
    declared = {known.name for known in model.inputs.values()}
    declared |= {known.variable.name for known in model.decisions.values()}
    for need in decision.needs:
        if need.kind == "decision":
            required = need.model.decisions[need.id]
            others = {clause.name for clause in required.outputs} | {required.id}
            for name in sorted((others & decision.names) - declared):
                yield name, required.variable.name


def _too_deep(model: DecisionModel) -> Iterator[str]:
    """The decisions at which a chain becomes too long: those that they require are none too many by themselves.

    Calling a service takes a level of its own, as its evaluation does.
    """
    depths: dict[tuple[int, str], int] = {}
    for identity in model.decisions:
        open_ones: list[_Place] = [(model, identity)]
        while open_ones:
            at = open_ones[-1]
            waiting = [] if _key(at) in depths else [one for one in _below(at) if _key(one) not in depths]
            depths.setdefault(_key(at), 0)  # a circle in an imported file comes to no depth of its own
            if waiting:
                open_ones += waiting
                continue
            open_ones.pop()
            own = 0 if at[1] in at[0].knowledge else 1
            depths[_key(at)] = own + max((depths[_key(one)] for one in _below(at)), default=0)
    for identity in model.decisions:
        below = [depths[_key(one)] for one in _below((model, identity))]
        if depths[id(model), identity] > DEEPEST >= max(below, default=0):
            yield identity


def _below(place: _Place) -> list[_Place]:
    """What an element is worked out from that has something below itself."""
    return [(need.model, need.id) for need in _needs(*place) if need.kind != "input"]


def _key(place: _Place) -> tuple[int, str]:
    return id(place[0]), place[1]


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

    Knowledge may call itself and each other, as functions may; that it comes to an end is seen to when it runs. Only
    the services that it requires lead on to decisions.
    """
    if identity in model.decisions:
        return model.decisions[identity].needs
    if identity in model.knowledge:
        return tuple(_services(model, identity))
    service = model.services.get(identity)
    return () if service is None else (*service.outputs, *service.encapsulated)


def _services(model: DecisionModel, identity: str) -> Iterator[Need]:
    """The services that knowledge requires, itself or through other knowledge."""
    seen: set[tuple[int, str]] = set()
    open_ones: list[_Place] = [(model, identity)]
    while open_ones:
        at = open_ones.pop()
        if _key(at) in seen:
            continue
        seen.add(_key(at))
        for need in at[0].knowledge[at[1]].needs:
            if need.id in need.model.services:
                yield need
            elif need.id in need.model.knowledge:
                open_ones.append((need.model, need.id))


def _name(model: DecisionModel, identity: str) -> str:
    if identity in model.decisions:
        return model.decisions[identity].name
    known = model.knowledge.get(identity) or model.services.get(identity)
    return known.variable.name if known else identity
