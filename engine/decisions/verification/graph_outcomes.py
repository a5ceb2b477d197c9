"""A graph of decisions decided for every case at once, from what it reads up to the decision asked about."""

from __future__ import annotations

import math
from collections.abc import Mapping

from engine import errors
from engine.decisions import fitting, plans
from engine.decisions.evaluation import Evaluation
from engine.decisions.models import Decision, DecisionModel, Need
from engine.decisions.verification import constants, paths
from engine.decisions.verification.constants import Known
from engine.decisions.verification.diagrams import NO, YES, Diagram
from engine.decisions.verification.graph_expressions import MOST_COMBINATIONS, Expressions
from engine.decisions.verification.graph_inputs import Inputs
from engine.decisions.verification.graph_scopes import MOMENT, Scope, literal
from engine.decisions.verification.graph_tables import Outcome, TableReading
from engine.decisions.verification.paths import Path
from engine.decisions.verification.possibilities import ANYTHING, UNREAD, Part, certain, is_clear
from engine.feel import syntax as tree
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.expressions import Expression
from engine.feel.faults import FeelError, Place
from engine.feel.frames import Frame


class Outcomes:
    """The outcomes of decisions, each worked out once; `leaves` are the parts of what is read from outside, by path."""

    def __init__(self, expressions: Expressions, leaves: Mapping[Path, Part], inputs: Inputs) -> None:
        self.expressions, self.leaves, self.inputs = expressions, leaves, inputs
        self.diagrams, self.possible = expressions.diagrams, expressions.possible
        self.known: dict[tuple[int, str], Outcome] = {}

    def of(self, model: DecisionModel, decision: Decision) -> Outcome:
        """What a decision may come to; refusals of what it requires are its own."""
        key = id(model), decision.id
        if key not in self.known:
            self.known[key] = self._worked_out(model, decision)
        return self.known[key]

    def _worked_out(self, model: DecisionModel, decision: Decision) -> Outcome:
        constant = constants.known(decision)
        scope = self._scope(model, decision, constant)
        expression = literal(decision)
        if decision.table is not None:
            most = self.inputs.counted_by.get((id(model), decision.id))
            own = TableReading(self.expressions, decision.table, scope, self.inputs.asked, most).outcome()
        elif expression is not None:
            own = Outcome(self.expressions.part(expression.tree, scope.within(expression.text)))
        else:
            own = Outcome(self._boxed(decision, scope))
        must, may = own.must_refuse, own.may_refuse
        for need in decision.needs:
            path = (*need.path, plans.variable(need).name)
            if need.kind == "decision" and not paths.leads(constant, path):
                below = self.of(need.model, need.model.decisions[need.id])
                asked_must, asked_may = self._asked(decision, need, expression, scope)
                must = self.diagrams.either(must, self.diagrams.both(below.must_refuse, asked_must))
                may = self.diagrams.either(may, self.diagrams.both(below.may_refuse, asked_may))
        return Outcome(self._typed(own.part, decision), must, may)

    def _asked(
        self, decision: Decision, need: Need, expression: Expression | None, scope: Scope
    ) -> tuple[Diagram, Diagram]:
        """When a required decision must and may be worked out: a choice leaves out what the other side needs."""
        choice = decision.choice
        name = need.path[0] if need.path else plans.variable(need).name
        if choice is None or name in choice.asked:
            return YES, YES
        if expression is None or not isinstance(expression.tree, tree.If):
            return NO, YES
        condition = self.expressions.part(expression.tree.condition, scope.within(expression.text))
        truth = self.expressions.truth(condition)
        holds, fails = self.expressions.when(truth, True), self.expressions.when(truth, False, None)
        then, otherwise = name in choice.then, name in choice.otherwise
        may = self.diagrams.either(holds if then else NO, fails if otherwise else NO)
        never = self.diagrams.either(NO if then else holds, NO if otherwise else fails)
        return self.diagrams.negated(never), may

    def _scope(self, model: DecisionModel, decision: Decision, constant: Known) -> Scope:
        names: dict[Path, Part] = {}
        functions: dict[str, object] = {}
        required = {
            plans.variable(need).name for need in decision.needs if need.kind == "decision" and not need.path
        }
        for path, part in self.leaves.items():
            if path[0] not in required:
                names[path] = part
        for need in decision.needs:
            path = (*need.path, plans.variable(need).name)
            if need.kind == "decision" and paths.leads(constant, path):
                names[path] = certain(paths.member(constant, path))
            elif need.kind == "decision":
                names[path] = self.of(need.model, need.model.decisions[need.id]).part
            elif need.kind == "knowledge":
                paths.put(functions, path, _function(need))
            elif need.path:
                names |= {
                    (*need.path, *leaf): part for leaf, part in self.leaves.items() if leaf[0] == path[-1]
                }
        return Scope("", names, functions, model.types)

    def _typed(self, part: Part, decision: Decision) -> Part:
        wanted = decision.variable.type
        if wanted is types.ANY or (isinstance(wanted, types.ListType) and wanted.element == types.ANY):
            return part
        place = Place(decision.name, 0, len(decision.name))
        return self.possible.values(
            (fitting.coerced(value, wanted, Run(MOMENT), place) if is_clear(value) else value, when)
            for value, when in self.possible.flat(part).cases
        )

    def _boxed(self, decision: Decision, scope: Scope) -> Part:
        """Other boxed logic by the whole values of what it reads, where there are few."""
        wanted = decision.names | decision.reads | {plans.variable(need).name for need in decision.needs}
        read = [
            path
            for path in scope.names
            if path[0] in wanted and not any(path[:size] in scope.names for size in range(1, len(path)))
        ]
        values = [self.possible.flat(scope.names[path]) for path in read]
        logic = decision.entries or decision.logic
        if logic is None:
            return certain(None)
        if math.prod(len(one.cases) for one in values) > MOST_COMBINATIONS:
            self.expressions.refuses(YES)
            return UNREAD
        found: list[tuple[object, Diagram]] = []
        for given, when in self.possible.together(values):
            value: object = ANYTHING
            if all(map(is_clear, given)):
                names = dict(scope.functions)
                for path, one in zip(read, given, strict=True):
                    paths.put(names, path, one)
                value = _evaluated(decision, names)
            if value is ANYTHING:
                self.expressions.refuses(when)
            found.append((value, when))
        return self.expressions.at_present(self.possible.values(found))


def _evaluated(decision: Decision, names: Mapping[str, object]) -> object:
    frame = Frame(names, None, Run(MOMENT))
    try:
        if decision.entries is not None:
            return decision.entries(frame)[1]
        return None if decision.logic is None else decision.logic(frame)
    except (FeelError, errors.Invalid, RecursionError):
        return ANYTHING


def _function(need: Need) -> object:
    """Required knowledge, or a service, as the function it is."""
    evaluation = Evaluation({}, Run(MOMENT))
    service = need.model.services.get(need.id)
    if service is not None:
        return evaluation.service(need.model, service)
    return evaluation.function(need.model, need.model.knowledge[need.id])
