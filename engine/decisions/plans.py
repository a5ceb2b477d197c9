"""What an element's logic sees, worked out once: the variables it reads, and what it requires, name by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.decisions import fitting
from engine.decisions.choices import Choice
from engine.decisions.models import Decision, DecisionModel, Knowledge, Need, Variable
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.frames import Eval

Key = tuple[int, str]
"""An element of a graph of models: its model (by identity) and its id."""

_SAME_IN_JSON = frozenset((str, bool))


@dataclass(frozen=True, slots=True)
class Taken:
    """One thing required: where it is found, the name it is seen under, and the type it is made to fit.

    `is_variable` for an input that no import brings in. A value whose Python type is `fits`, and that `allows` does
    not object to, is of that type already;
    a variable whose Python type is `is_as_given` is that value as it stands, as most are. `reads_texts` where a text
    may stand for a date or the like.
    """

    need: Need
    key: Key
    name: str
    prefix: str
    wanted: types.Type
    fits: object
    allows: Callable[[object, Run], bool | None] | None
    is_as_given: object
    is_variable: bool
    reads_texts: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How a frame is filled: `reads` are variables taken as they are, `taken` what is required, in order.

    `decisions` are those of `taken` that are decisions themselves; `steps` is what evaluating the element's own logic
    costs of the budget, whatever it finds. `sides` are the plans of a choice, of which one is followed instead.
    """

    reads: tuple[str, ...]
    taken: tuple[Taken, ...]
    decisions: tuple[Taken, ...]
    steps: int
    sides: Sides | None = None


@dataclass(frozen=True, slots=True)
class Sides:
    """A choice between required decisions: what its condition takes, and what it takes when that holds or does not."""

    condition: Eval
    asked: Plan
    then: Plan
    otherwise: Plan


def of(model: DecisionModel, element: Decision | Knowledge) -> Plan:
    """The plan of a model's decision or function, made when it is first asked for: what it needs is read by then."""
    known = model.plans.get(id(element))
    if known is None:
        table = element.table if isinstance(element, Decision) else None
        # A function sees its parameters and what it requires, and no variable from outside.
        reads = element.reads if isinstance(element, Decision) else frozenset()
        steps = 1 + len(table.rules) * (1 + len(table.inputs)) // 16 if table else 1
        choice = element.choice if isinstance(element, Decision) else None
        known = model.plans[id(element)] = _plan(element.needs, reads, steps, choice)
    return known


def variable(need: Need) -> Variable:
    """The variable under which a needed element's value is known."""
    model: DecisionModel = need.model
    if need.id in model.inputs:
        return model.inputs[need.id]
    if need.id in model.decisions:
        return model.decisions[need.id].variable
    if need.id in model.services:
        return model.services[need.id].variable
    return model.knowledge[need.id].variable


def _plan(needs: tuple[Need, ...], reads: frozenset[str], steps: int, choice: Choice | None = None) -> Plan:
    taken = tuple(_taken(need) for need in needs)
    required = {one.name for one in taken if not one.prefix}  # taken once only, as what is required
    decisions = tuple(one for one in taken if one.need.kind == "decision")
    left = tuple(sorted(reads - required))
    if choice is None or not decisions:
        return Plan(left, taken, decisions, steps)

    def side(names: frozenset[str]) -> Plan:
        kept = tuple(one for one in taken if (one.prefix or one.name) in names)
        return Plan(left, kept, tuple(one for one in kept if one.need.kind == "decision"), steps)

    sides = Sides(choice.condition, side(choice.asked), side(choice.then), side(choice.otherwise))
    return Plan(left, taken, decisions, steps, sides)


def _taken(need: Need) -> Taken:
    known = variable(need)
    prefix = need.path[0] if need.path else ""
    restricted = known.type if isinstance(known.type, types.Restricted) else None
    fits = fitting.KINDS.get(restricted.of if restricted else known.type)
    return Taken(
        need, (id(need.model), need.id), known.name, prefix, known.type,
        fits=fits,
        allows=restricted.allows if restricted else None,
        is_as_given=fits if fits in _SAME_IN_JSON and not restricted else None,
        is_variable=need.kind == "input" and not prefix,
        reads_texts=types.reads_texts(known.type),
    )  # fmt: skip
