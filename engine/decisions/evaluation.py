"""Decisions evaluated: what they require first, then their own logic, with the reasons kept."""

from __future__ import annotations

from engine import errors, feel
from engine.decisions import boxes, tables
from engine.decisions.models import (
    Decision,
    DecisionModel,
    Knowledge,
    Need,
    Outcome,
    Service,
    Variable,
    Variables,
)
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.faults import FeelError, Place, Refusal
from engine.feel.frames import Frame
from engine.feel.values import Function

DEEPEST = 60  # decisions requiring decisions


def evaluate(model: DecisionModel, decision: str, variables: Variables, moment: feel.Moment) -> Outcome:
    """Evaluate a decision (by id or name) and everything it requires.

    Raises NotFound for an unknown decision, FeelError only when the budget is exhausted; data never raises.
    """
    found = model.decision(decision)
    if found is None:
        raise errors.NotFound("decision_unknown", decision=decision, known=", ".join(model.decisions))
    return Evaluation(variables, Run(moment)).outcome(model, found)


def evaluate_service(
    model: DecisionModel, service: str, variables: Variables, moment: feel.Moment
) -> feel.Json:
    """Evaluate a decision service (by id or name) with its inputs taken from the variables by name."""
    known = (model.services.get(service), *(s for s in model.services.values() if s.variable.name == service))
    found = next((one for one in known if one is not None), None)
    if found is None:
        raise errors.NotFound("decision_unknown", decision=service, known=", ".join(model.services))
    evaluation = Evaluation(variables, Run(moment))
    function = evaluation.service(model, found)
    arguments = [feel.from_json(variables.get(name)) for name in function.parameters or ()]
    try:
        return feel.to_json(function.call(evaluation.run, arguments))
    except Refusal as refusal:
        evaluation.run.note(refusal, Place(service, 0, len(service)))
        return None


class Evaluation:
    """One evaluation of a graph: each decision at most once, all within one budget.

    `given` are values put in place of decisions and inputs (by model and id) by a decision service.
    """

    def __init__(
        self, variables: Variables, run: Run, given: dict[tuple[int, str], object] | None = None
    ) -> None:
        self.variables = variables
        self.run = run
        self.given = given or {}
        self.done: dict[tuple[int, str], Outcome] = {}
        self.depth = 0

    def outcome(self, model: DecisionModel, decision: Decision) -> Outcome:
        """The decision's outcome, required ones first."""
        key = (id(model), decision.id)
        if key in self.done:
            return self.done[key]
        self.depth += 1
        if self.depth > DEEPEST:
            raise FeelError("too_deep", Place(decision.name, 0, len(decision.name)), most=DEEPEST)
        before = len(self.run.warnings)
        try:
            self.done[key] = self._evaluated(model, decision, before)
        except RecursionError:
            raise FeelError("too_deep", Place(decision.name, 0, len(decision.name)), most=DEEPEST) from None
        finally:
            self.depth -= 1
        return self.done[key]

    def _evaluated(self, model: DecisionModel, decision: Decision, before: int) -> Outcome:
        sub = tuple(
            self.outcome(need.model, need.model.decisions[need.id])
            for need in decision.needs
            if need.kind == "decision" and (id(need.model), need.id) not in self.given
        )
        own = len(self.run.warnings)
        frame = self.frame(decision.needs, decision.reads)
        values: tuple[object, ...] = ()
        failed: tuple[int, ...] = ()
        matched: tuple[int, ...] = ()
        value: object = None
        if decision.table is not None:
            verdict = tables.decide(decision.table, frame)
            value, values = verdict.value, tuple(verdict.values)
            failed, matched = tuple(verdict.failed), tuple(verdict.matched)
        elif decision.logic is not None:
            value = decision.logic(frame)
        if decision.variable.type is not types.ANY:
            place = Place(decision.name, 0, len(decision.name))
            value = boxes.coerced(value, decision.variable.type, self.run, place)
        warnings = tuple(self.run.warnings[own if sub else before :])
        return Outcome(decision, value, values, failed, matched, warnings, sub)

    def frame(self, needs: tuple[Need, ...], reads: frozenset[str]) -> Frame:
        """The names an element's logic sees: the variables it reads, and all that it requires."""
        variables = self.variables
        names: dict[str, object] = {
            name: feel.from_json(variables[name]) for name in reads if name in variables
        }
        for need in needs:
            value = self._value(need)
            variable = _variable(need)
            if need.path:
                inner = names.get(need.path[0])
                names[need.path[0]] = {**(inner if isinstance(inner, dict) else {}), variable.name: value}
            else:
                names[variable.name] = value
        return Frame(names, None, self.run)

    def _value(self, need: Need) -> object:
        key = (id(need.model), need.id)
        if key in self.given:
            return self.given[key]
        if need.kind == "input":
            return self._input(need)
        if need.kind == "decision":
            return self.outcome(need.model, need.model.decisions[need.id]).result
        if need.id in need.model.services:
            return self.service(need.model, need.model.services[need.id])
        return self._function(need.model.knowledge[need.id])

    def _input(self, need: Need) -> object:
        variable = need.model.inputs[need.id]
        found: object = self.variables.get(variable.name)
        for prefix in need.path:
            inner = self.variables.get(prefix)
            if isinstance(inner, dict) and variable.name in inner:
                found = inner[variable.name]
        place = Place(variable.name, 0, len(variable.name))
        return boxes.coerced(feel.from_json(found), variable.type, self.run, place)

    def _function(self, knowledge: Knowledge) -> Function:
        """A business knowledge model as a function; what it requires is looked up when it is first called."""
        logic = knowledge.logic or _nothing
        frames: list[Frame] = []

        def body(frame: Frame) -> object:
            if not frames:
                frames.append(self.frame(knowledge.needs, knowledge.reads - _own_names(knowledge)))
            frame.parent = frames[0]
            return logic(frame)

        wanted = knowledge.variable.type
        result = wanted.result if isinstance(wanted, types.FunctionType) else wanted
        outer = Frame({}, None, self.run)
        return boxes.function(knowledge.parameters, body, outer, knowledge.variable.name, result)

    def service(self, model: DecisionModel, service: Service) -> Function:
        """A decision service as a function of its input decisions, then its input data."""
        needs = service.input_data + service.input_decisions
        parameters = tuple(_variable(need) for need in service.input_data + service.input_decisions)

        def body(frame: Frame) -> object:
            given = {(id(need.model), need.id): frame.names[_variable(need).name] for need in needs}
            inner = Evaluation({}, frame.run, given)
            inner.depth = self.depth + 1
            found = {
                _variable(need).name: inner.outcome(need.model, need.model.decisions[need.id]).result
                for need in service.outputs
            }
            return found if len(found) != 1 else next(iter(found.values()))

        wanted = service.variable.type
        result = wanted.result if isinstance(wanted, types.FunctionType) else wanted
        return boxes.function(parameters, body, Frame({}, None, self.run), service.variable.name, result)


def _variable(need: Need) -> Variable:
    """The variable under which a needed element's value is known."""
    model = need.model
    if need.id in model.inputs:
        return model.inputs[need.id]
    if need.id in model.decisions:
        return model.decisions[need.id].variable
    if need.id in model.services:
        return model.services[need.id].variable
    return model.knowledge[need.id].variable


def _own_names(knowledge: Knowledge) -> frozenset[str]:
    return frozenset(parameter.name for parameter in knowledge.parameters)


def _nothing(frame: Frame) -> object:
    return None
