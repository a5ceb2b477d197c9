"""Cells that speak of constants only: what they ask, as data, so that a table can be compiled and indexed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.feel import compiling, compiling_tests, dates, durations
from engine.feel import syntax as tree
from engine.feel.arithmetic import negate
from engine.feel.durations import DaysTime, YearsMonths
from engine.feel.expressions import UnaryTests
from engine.feel.values import Range

# Kinds whose equality and order in FEEL are those of Python; a time's depend on its zone.
_ORDERED = (str, Decimal, dates.Date, durations.DaysTime, durations.YearsMonths)
PLAIN = (*_ORDERED, bool)


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of constants: it passes a value that is one of `among` or lies in one of `spans`, or, negated, no such.

    `kind` is the Python type of the constants; None when null is the only one. For a value of that kind, and with
    `takes_null` for null too, Python's operators say what the cell says, and it never warns.
    """

    kind: type | None
    among: tuple[object, ...]
    spans: tuple[Range, ...]
    negated: bool

    @property
    def takes_null(self) -> bool:
        return not self.spans


ANYTHING = Cell(None, (), (), True)


def read(tests: UnaryTests) -> Cell | None:
    """The constants of a cell; none at all for `-`; None for a cell that needs more than constants of one kind."""
    if tests.tree.any:
        return ANYTHING
    among: list[object] = []
    spans: list[Range] = []
    nodes, negated = tests.tree.tests, tests.tree.negated
    if len(nodes) == 1 and isinstance(nodes[0], tree.Bound) and nodes[0].operator == "!=":
        nodes, negated = (tree.Bound(0, 0, "=", nodes[0].operand),), not negated
    for node in nodes:
        span = _span(node, tests.constants)
        same = node.operand if isinstance(node, tree.Bound) and node.operator == "=" else node
        value = _constant(same, tests.constants)
        if span is not None:
            spans.append(span)
        elif value is not None:
            among += value
        else:
            return None
    ends = (end for span in spans for end in (span.low, span.high))
    kinds = {type(value) for value in (*among, *ends)} - {type(None)}
    if len(kinds) > 1 or not kinds <= set(_ORDERED if spans else PLAIN):
        return None
    return Cell(next(iter(kinds), None), tuple(among), tuple(spans), negated)


def literal(node: tree.Node) -> tuple[object] | None:
    """The value that a node says in so many words, a negative one too, alone in a tuple; None for any other node."""
    match node:
        case tree.Literal(value=value):
            return (value,)
        case tree.Negation(operand=tree.Literal(value=Decimal() | DaysTime() | YearsMonths() as value)):
            return (negate(value),)
    return None


def constant(node: tree.Node) -> tuple[object] | None:
    """The value of a node that is a constant of a plain kind or null, alone in a tuple; None for any other node."""
    value = _constant(node, {})
    return value if value and (value[0] is None or type(value[0]) in PLAIN) else None


def _span(node: tree.Node, known: Mapping[tree.Node, object]) -> Range | None:
    """The stretch a test with constant ends lets pass."""
    match node:
        case tree.Bound(operator="<" | "<=" | ">" | ">=" as operator, operand=operand):
            (end,) = _constant(operand, known) or (None,)
            return None if end is None else compiling.bound_range(operator, end)
        case tree.Interval(low=below, high=above):
            (low,), (high,) = _constant(below, known) or (None,), _constant(above, known) or (None,)
            if low is not None and high is not None:
                return Range(low, high, node.low_included, node.high_included)
    return None


def _constant(node: tree.Node, known: Mapping[tree.Node, object]) -> tuple[object] | None:
    """The value of a literal, a negative number or a node whose value is known; None for any other node."""
    match node:
        case tree.Literal(value=value):
            return (value,)
        case tree.Negation(operand=tree.Literal(value=Decimal())):
            return (compiling_tests.number(node),)
        case tree.Call() if node in known:
            return (known[node],)
    return None
