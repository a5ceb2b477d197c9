"""A model's types: what its decisions and functions give, and everything in them that can never work."""

from __future__ import annotations

from engine import errors
from engine.decisions.models import Decision, DecisionModel, Knowledge, Need, Service, Variable
from engine.decisions.surroundings import Spot, Surroundings
from engine.feel import types
from engine.feel.type_relations import base, is_known, kind, words
from engine.feel.types import ANY, NULL, FunctionType, NamedFunction, Type


def findings(model: DecisionModel) -> list[errors.Finding]:
    """What in a model can never work because of its types.

    An error says that a result can only be null, or that a rule never matches; a warning, that a part of it can.
    Nothing here stops a model from being read: the standard gives null for it.
    """
    study = _Study(model)
    for identity in model.knowledge:
        study.knowledge(model, identity)
    for identity in model.decisions:
        study.decision(model, identity)
    return sorted(study.findings, key=lambda found: found.line or 0)


def result(model: DecisionModel, decision: Decision) -> Type:
    """What a decision of the model gives; Any where only evaluating it tells."""
    return _Study(model).decision(model, decision.id)


class _Study:
    """The types of a model's parts, each worked out once; within itself a part is Any."""

    def __init__(self, model: DecisionModel) -> None:
        self.model = model
        self.findings: list[errors.Finding] = []
        self.known: dict[tuple[int, str], Type] = {}

    def decision(self, model: DecisionModel, identity: str) -> Type:
        key = (id(model), identity)
        if key not in self.known:
            decision = model.decisions[identity]
            self.known[key] = base(decision.variable.type)
            spot = Spot(decision.line, decision.id)
            around = self._around(model, decision.needs)
            found = decision.infer(around)
            self.known[key] = base(around.fitted(found, decision.variable.type, spot))
            if decision.table is not None and kind(found) == "list" and _is_single(self.known[key]):
                said = {"policy": decision.hit_policy, "expected": words(self.known[key])}
                around.refuse("gathers_list", spot, **said)
        return self.known[key]

    def knowledge(self, model: DecisionModel, identity: str) -> Type:
        key = (id(model), identity)
        if key not in self.known:
            knowledge = model.knowledge[identity]
            self.known[key] = _function(knowledge.parameters, _given(knowledge))
            around = self._around(model, knowledge.needs)
            around = around.having({taken.name: base(taken.type) for taken in knowledge.parameters})
            found = around.fitted(knowledge.infer(around), _given(knowledge), Spot(None, knowledge.id))
            self.known[key] = _function(knowledge.parameters, found)
        return self.known[key]

    def service(self, model: DecisionModel, identity: str) -> Type:
        """A decision service as a function of its inputs, in their order."""
        service = model.services[identity]
        given = service.input_data + service.input_decisions
        found = _given(service)
        if found == ANY and len(service.outputs) == 1:
            found = self._needed(service.outputs[0])
        return _function(tuple(_variable(need) for need in given), found)

    def _around(self, model: DecisionModel, needs: tuple[Need, ...]) -> Surroundings:
        """The names that what is required provides; of an imported model those under its prefix are not looked into."""
        names: dict[str, Type] = {}
        for need in needs:
            of = self._needed(need)
            names[need.path[0] if need.path else _variable(need).name] = types.CONTEXT if need.path else of
        found = self.findings if model is self.model else []
        functions = {one.variable.name for one in model.knowledge.values()}
        functions |= {one.variable.name for one in model.services.values()}
        undrawn, is_drawn = frozenset(functions - names.keys()), bool(needs or model.inputs)
        return Surroundings(model.file, names, model.types, found, undrawn, is_drawn)

    def _needed(self, need: Need) -> Type:
        if need.kind == "input":
            return base(need.model.inputs[need.id].type)
        if need.kind == "decision":
            return self.decision(need.model, need.id)
        if need.id in need.model.services:
            return self.service(need.model, need.id)
        return self.knowledge(need.model, need.id)


def _is_single(wanted: Type) -> bool:
    return wanted != NULL and is_known(wanted) and kind(wanted) != "list"


def _given(function: Knowledge | Service) -> Type:
    """What a function is declared to give."""
    wanted = function.variable.type
    return base(wanted.result if isinstance(wanted, FunctionType) else wanted)


def _function(taken: tuple[Variable, ...], given: Type) -> NamedFunction:
    parameters = tuple(base(parameter.type) for parameter in taken)
    return NamedFunction("function", parameters, given, tuple(parameter.name for parameter in taken))


def _variable(need: Need) -> Variable:
    if need.kind == "input":
        return need.model.inputs[need.id]
    if need.kind == "decision":
        return need.model.decisions[need.id].variable
    found = need.model.services.get(need.id) or need.model.knowledge[need.id]
    return found.variable
