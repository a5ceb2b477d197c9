"""What an element's logic sees, worked out once: the variables it reads, and what it requires, name by name."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from engine.decisions.models import Decision, DecisionModel, Knowledge, Need, Variable
from engine.feel import types

Key = tuple[int, str]
"""An element of a graph of models: its model (by identity) and its id."""

_FITTING: dict[types.Type, type] = {types.NUMBER: Decimal, types.STRING: str, types.BOOLEAN: bool}
_SAME_IN_JSON = frozenset((str, bool))


@dataclass(frozen=True, slots=True)
class Taken:
    """One thing required: where it is found, the name it is seen under, and the type it is made to fit.

    A value whose Python type is `fits` is of that type already, and a variable whose Python type is `is_as_given`
    is that value, as most are; with `takes_any` every value fits.
    """

    need: Need
    key: Key
    name: str
    prefix: str
    wanted: types.Type
    fits: object
    is_as_given: object
    takes_any: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How a frame is filled: `reads` are variables taken as they are, `taken` what is required, in order.

    `decisions` are those of `taken` that are decisions themselves.
    """

    reads: tuple[str, ...]
    taken: tuple[Taken, ...]
    decisions: tuple[Taken, ...]


def of(model: DecisionModel, element: Decision | Knowledge) -> Plan:
    """The plan of a model's decision or function, made when it is first asked for: what it needs is read by then."""
    known = model.plans.get(id(element))
    if known is None:
        own = {one.name for one in element.parameters} if isinstance(element, Knowledge) else set()
        known = model.plans[id(element)] = _plan(element.needs, element.reads - own)
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


def _plan(needs: tuple[Need, ...], reads: frozenset[str]) -> Plan:
    taken = tuple(_taken(need) for need in needs)
    required = {one.name for one in taken if not one.prefix}  # taken once only, as what is required
    decisions = tuple(one for one in taken if one.need.kind == "decision")
    return Plan(tuple(sorted(reads - required)), taken, decisions)


def _taken(need: Need) -> Taken:
    known = variable(need)
    prefix = need.path[0] if need.path else ""
    fits = _FITTING.get(known.type)
    is_as_given = fits if fits in _SAME_IN_JSON and need.kind == "input" and not prefix else None
    key, takes_any = (id(need.model), need.id), known.type == types.ANY
    return Taken(need, key, known.name, prefix, known.type, fits, is_as_given, takes_any)
