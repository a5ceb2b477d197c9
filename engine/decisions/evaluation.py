"""Decisions evaluated: what they require first, then their own logic, with the reasons kept."""

from __future__ import annotations

from collections.abc import Sequence

from engine import errors, feel
from engine.decisions import boxes, fitting, plans, tables
from engine.decisions.graphs import DEEPEST
from engine.decisions.models import Decision, DecisionModel, Knowledge, Outcome, Service, Variables
from engine.decisions.plans import Key, Plan, Sides, Taken
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.faults import FeelError, Place, Refusal
from engine.feel.frames import Frame
from engine.feel.values import Function


def evaluate(model: DecisionModel, decision: str, variables: Variables, moment: feel.Moment) -> Outcome:
    """Evaluate a decision (by id or name) and everything it requires.

    Raises NotFound for an unknown decision, Invalid when a table lacks what it requires (`tc:required`), FeelError
    only when the budget is exhausted; data that is merely wrong never raises.
    """
    found = model.decision(decision)
    if found is None:
        raise errors.NotFound("decision_unknown", decision=decision, known=", ".join(model.decisions))
    return Evaluation(variables, Run(moment)).outcome(model, found)


def evaluate_service(
    model: DecisionModel, service: str, variables: Variables, moment: feel.Moment
) -> feel.Json:
    """Evaluate a decision service (by id or name) with its inputs taken from the variables by name."""
    found = _service(model, service)
    evaluation = Evaluation(variables, Run(moment))
    function = evaluation.service(model, found)
    arguments = [feel.from_json(variables.get(name)) for name in function.parameters or ()]
    try:
        return feel.to_json(function.call(evaluation.run, arguments))
    except Refusal as refusal:
        evaluation.run.note(refusal, Place(service, 0, len(service)))
        return None


def service_outcomes(
    model: DecisionModel, service: str, variables: Variables, moment: feel.Moment
) -> tuple[tuple[DecisionModel, Outcome], ...]:
    """Why a decision service says what it says: the outcome of each of its output decisions, with its model."""
    found = _service(model, service)
    run = Run(moment)
    given: dict[Key, object] = {}
    for need in found.input_decisions:
        known = plans.variable(need)
        place = Place(known.name, 0, len(known.name))
        value = feel.from_json(variables.get(known.name))
        given[(id(need.model), need.id)] = fitting.coerced(value, known.type, run, place)
    names = [plans.variable(need).name for need in found.input_data]
    evaluation = Evaluation({name: variables.get(name) for name in names}, run, given)
    return tuple(
        (need.model, evaluation.outcome(need.model, need.model.decisions[need.id])) for need in found.outputs
    )


def _service(model: DecisionModel, service: str) -> Service:
    found = model.service(service)
    if found is None:
        raise errors.NotFound("decision_unknown", decision=service, known=", ".join(model.services))
    return found


class Evaluation:
    """One evaluation of a graph: each decision at most once, each input read once, all within one budget.

    `given` are values put in place of decisions and inputs by a decision service.
    """

    __slots__ = ("variables", "run", "given", "done", "inputs", "depth")

    def __init__(self, variables: Variables, run: Run, given: dict[Key, object] | None = None) -> None:
        self.variables = variables
        self.run = run
        self.given = given or {}
        self.done: dict[Key, Outcome] = {}
        self.inputs: dict[Key, object] = {}
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
        plan = plans.of(model, decision)
        if plan.sides is not None:
            plan = self._side(plan.sides)
        sub = tuple(
            [
                self.outcome(one.need.model, one.need.model.decisions[one.need.id])
                for one in plan.decisions
                if one.key not in self.given
            ]
        )
        own = len(self.run.warnings)
        self.run.spend(plan.steps)
        frame = self.frame(plan)
        values: tuple[object, ...] = ()
        failed: Sequence[int] = ()
        matched: tuple[int, ...] = ()
        entries: dict[str, object] = {}
        begun = len(self.run.consulted)
        value: object = None
        if decision.table is not None:
            verdict = tables.decide(decision.table, frame)
            value, values = verdict.value, verdict.values
            failed, matched = verdict.failed, tuple(verdict.matched)
        elif decision.entries is not None:
            entries, value = decision.entries(frame)
        elif decision.logic is not None:
            value = decision.logic(frame)
        if decision.variable.type is not types.ANY:
            place = Place(decision.name, 0, len(decision.name))
            value = fitting.coerced(value, decision.variable.type, self.run, place)
        warnings = tuple(self.run.warnings[own if sub else before :])
        consulted = tuple(self.run.consulted[begun:])
        return Outcome(
            decision, value, values, failed, matched, warnings, sub, frame.names, entries, consulted
        )

    def _side(self, sides: Sides) -> Plan:
        """The side of a choice that is taken; its condition is evaluated again, with its warnings, by the logic."""
        frame = self.frame(sides.asked)
        warned = len(self.run.warnings)
        holds = sides.condition(frame) is True
        del self.run.warnings[warned:]
        return sides.then if holds else sides.otherwise

    def frame(self, plan: Plan) -> Frame:
        """The names an element's logic sees: the variables it reads, and all that it requires."""
        variables = self.variables
        names: dict[str, object] = {
            name: feel.from_json(variables[name]) for name in plan.reads if name in variables
        }
        for one in plan.taken:
            if one.is_variable and not self.given:
                found = variables.get(one.name)
                names[one.name] = found if type(found) is one.is_as_given else self._input(one, found)
                continue
            value = self._value(one)
            if one.prefix:
                inner = names.get(one.prefix)
                names[one.prefix] = {**(inner if isinstance(inner, dict) else {}), one.name: value}
            else:
                names[one.name] = value
        return Frame(names, None, self.run)

    def _value(self, one: Taken) -> object:
        need = one.need
        if one.key in self.given:
            return self.given[one.key]
        if need.kind == "input":
            return self._input(one, self._found(one))
        if need.kind == "decision":
            return self.outcome(need.model, need.model.decisions[need.id]).result
        if need.id in need.model.services:
            return self.service(need.model, need.model.services[need.id])
        return self.function(need.model, need.model.knowledge[need.id])

    def _input(self, one: Taken, found: feel.Json) -> object:
        """An input's value; one that had to be refused is refused again to each decision that requires it."""
        if one.key in self.inputs and not one.prefix:
            return self.inputs[one.key]
        value = feel.from_json(found)
        if one.reads_texts and type(value) is str:
            value = types.read_as(value, one.wanted)
        if value is None or (
            type(value) is one.fits and (one.allows is None or one.allows(value, self.run) is True)
        ):
            return value
        warned = len(self.run.warnings)
        value = fitting.coerced(value, one.wanted, self.run, Place(one.name, 0, len(one.name)))
        if len(self.run.warnings) == warned:
            self.inputs[one.key] = value
        return value

    def _found(self, one: Taken) -> feel.Json:
        """The variable that an input is: under the name of the import that brings it in, if it is there."""
        inner = self.variables.get(one.prefix)
        if one.prefix and isinstance(inner, dict) and one.name in inner:
            return inner[one.name]
        return self.variables.get(one.name)

    def function(self, model: DecisionModel, knowledge: Knowledge) -> Function:
        """A business knowledge model as a function; what it requires is looked up when it is first called."""
        logic = knowledge.logic or _nothing
        plan = plans.of(model, knowledge)
        frames: list[Frame] = []

        def body(frame: Frame) -> object:
            if not frames:
                frames.append(self.frame(plan))
            frame.parent = frames[0]
            return logic(frame)

        wanted = knowledge.variable.type
        result = wanted.result if isinstance(wanted, types.FunctionType) else wanted
        outer = Frame({}, None, self.run)
        return boxes.function(knowledge.parameters, body, outer, knowledge.variable.name, result)

    def service(self, model: DecisionModel, service: Service) -> Function:
        """A decision service as a function of its input data, then its input decisions."""
        needs = service.input_data + service.input_decisions
        parameters = tuple(plans.variable(need) for need in service.input_data + service.input_decisions)

        def body(frame: Frame) -> object:
            given = {(id(need.model), need.id): frame.names[plans.variable(need).name] for need in needs}
            inner = Evaluation({}, frame.run, given)
            inner.depth = self.depth + 1
            found = {
                plans.variable(need).name: inner.outcome(need.model, need.model.decisions[need.id]).result
                for need in service.outputs
            }
            return found if len(found) != 1 else next(iter(found.values()))

        wanted = service.variable.type
        result = wanted.result if isinstance(wanted, types.FunctionType) else wanted
        return boxes.function(parameters, body, Frame({}, None, self.run), service.variable.name, result)


def _nothing(frame: Frame) -> object:
    return None
