"""What a decision and all it requires read from outside, and values of it that may make a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.decisions import plans
from engine.decisions.models import Decision, DecisionModel
from engine.decisions.verification import constants, domains
from engine.decisions.verification.constants import BeyondAnalysis, Constants, Known
from engine.decisions.verification.covers import TooLarge
from engine.feel import syntax as tree
from engine.feel.expressions import Expression, UnaryTests
from engine.feel.faults import FeelError

Leaf = tuple[str, ...]
"""The path of something read from outside: `("reader", "debt")`."""

MOMENT = feel.Moment(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
_OTHER = "…"  # a text that nothing compares with
_DAYS = [
    (MOMENT.now - timedelta(days)).date().isoformat()
    for days in (10_000, 0, 100, 1_000, 3_000, 5_000, 20_000, 30_000, -1_000)
]
_DATES = frozenset(("date", "date and time"))
_LISTS = frozenset(
    ("count", "sum", "max", "min", "concatenate", "append", "distinct values", "sort", "flatten")
)


@dataclass(slots=True)
class Inputs:
    """All that is read from outside, in order of reading: values to try, what is read beside it, what it is called.

    `spare` are values for what nothing is compared with.
    """

    values: dict[Leaf, list[feel.Json]] = field(default_factory=dict)
    beside: dict[Leaf, set[Leaf]] = field(default_factory=dict)
    labels: dict[Leaf, str] = field(default_factory=dict)
    spare: dict[Leaf, list[feel.Json]] = field(default_factory=dict)

    def label(self, leaf: Leaf) -> str:
        """The label of the column that asks for it alone, else its path."""
        return self.labels.get(leaf) or ".".join(leaf)

    def note(self, leaf: Leaf, values: Sequence[feel.Json], beside: Sequence[Leaf]) -> None:
        """Something read, values for it, and all that one expression reads."""
        known = self.values.setdefault(leaf, [])
        for value in values:
            if value is not None and not _holds(known, value):
                known.append(value)
        self.beside.setdefault(leaf, set()).update(other for other in beside if other != leaf)


def of(model: DecisionModel, decision: Decision) -> Inputs:
    """The inputs of a decision's graph; lists are tried empty, texts read as dates as days around the moment."""
    found, lists = Inputs(), set[str]()
    for its_model, part in parts(model, decision):
        _read(part, {one.variable.name for one in its_model.decisions.values()}, found, lists)
    for leaf in [leaf for leaf in found.values if leaf[0] in lists]:
        for known in (found.values, found.beside, found.labels):
            known.pop(leaf, None)
    bare = [
        leaf for leaf in found.values if any(other[: len(leaf)] == leaf != other for other in found.values)
    ]
    for leaf in bare:  # its members are read one by one
        del found.values[leaf]
    for name in sorted(lists):
        found.values[name,] = [[]]
    for leaf, values in found.values.items():
        found.beside[leaf] = found.beside.get(leaf, set()) & found.values.keys()
        if not values:
            found.note(leaf, found.spare.get(leaf, []), ())
        if not values:
            values.append(_OTHER)
    return found


def variables(case: Mapping[Leaf, feel.Json]) -> dict[str, feel.Json]:
    """A case as the variables an evaluation takes."""
    found: dict[str, Any] = {}
    for leaf, value in case.items():
        inside = found
        for name in leaf[:-1]:
            inside = inside.setdefault(name, {})
        inside[leaf[-1]] = value
    return found


def parts(model: DecisionModel, decision: Decision) -> Iterator[tuple[DecisionModel, Decision]]:
    """A decision and all it requires, with the models they stand in, those below first."""
    seen: set[tuple[int, str]] = set()

    def below(model: DecisionModel, decision: Decision) -> Iterator[tuple[DecisionModel, Decision]]:
        if (id(model), decision.id) in seen:
            return
        seen.add((id(model), decision.id))
        for need in decision.needs:
            if need.kind == "decision":
                yield from below(need.model, need.model.decisions[need.id])
        yield model, decision

    return below(model, decision)


def _read(decision: Decision, decided: set[str], found: Inputs, lists: set[str]) -> None:
    inputs = {plans.variable(need).name for need in decision.needs if need.kind == "input"}
    outside = (decision.names - decided) | inputs
    known = constants.known(decision)
    if decision.table is None:
        names = decision.names | decision.reads | {plans.variable(need).name for need in decision.needs}
        try:
            _take(_Expression(feel.compile(decision.text or "null", names), outside, known), [], found, lists)
        except FeelError:
            return
        return
    try:
        columns = domains.columns(decision, known)
    except TooLarge:
        return
    for column in columns:
        clause = decision.table.inputs[column.places[0]]
        samples = [feel.to_json(piece.sample) for piece in column.pieces if piece.sample is not None]
        expression = _Expression(clause.expression, outside, known)
        _take(expression, samples, found, lists)
        named = [leaf for leaf in expression.leaves if leaf in expression.given] or list(expression.leaves)
        if len(named) == 1:
            found.labels.setdefault(named[0], clause.label)
    for rule in decision.table.rules:
        for cell in rule.tests:
            _take(_Expression(cell, outside, known), [], found, lists)


def _take(expression: _Expression, samples: list[feel.Json], found: Inputs, lists: set[str]) -> None:
    """What one expression reads, with values: what it compares each with, and a column's for what it may give."""
    leaves = list(expression.leaves)
    lists |= expression.lists
    for leaf in leaves:
        found.note(leaf, expression.leaves[leaf], leaves)
        found.note(leaf, samples if leaf in expression.given else [], leaves)
        found.spare.setdefault(leaf, []).extend([*samples, *expression.literals])


class _Expression:
    """What an expression or cell reads from outside: `leaves` with the values each is compared with."""

    def __init__(self, read: Expression | UnaryTests, outside: frozenset[str], known: Known) -> None:
        self.text, self.outside, self.known = read.text, outside, known
        self.leaves: dict[Leaf, list[feel.Json]] = {}
        self.literals: list[feel.Json] = []
        self.lists: set[str] = set()
        self.given = set(_given(read.tree))
        self._walk(read.tree)

    def _walk(self, node: tree.Node, values: Sequence[feel.Json] = ()) -> None:
        """Note what a node reads; `values` are worth trying for it where it is a path."""
        path = _path(node)
        if path is not None:
            if path[0] in self.outside:
                self.leaves.setdefault(path, []).extend(values)
            return
        match node:
            case tree.Literal(value=value):
                self.literals.append(feel.to_json(value))
            case tree.Comparison(left=left, right=right):
                self._walk(left, self._values(right))
                self._walk(right, self._values(left))
            case tree.Membership(value=value, tests=tests):
                self._walk(value, [one for test in tests for one in self._values(test)])
            case tree.Between(value=value, low=low, high=high):
                self._walk(value, [*self._values(low), *self._values(high)])
            case tree.Logic(parts=parts):
                for part in parts:
                    self._walk(part, (True, False))
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                self._walk(condition, (True, False))
                self._walk(then)
                self._walk(otherwise)
            case tree.Call(callee=tree.Name(name=name), arguments=arguments):
                if name in _LISTS and arguments:
                    self._listed(arguments[0])
                for argument in arguments:
                    self._walk(argument, _DAYS if name in _DATES else (True, False) if name == "not" else ())
            case _:
                if isinstance(node, tree.Filter | tree.Iterator):
                    self._listed(node.source)
                for child in tree.children(node):
                    self._walk(child)

    def _values(self, node: tree.Node) -> list[feel.Json]:
        """The constants of one side of a comparison, numbers with those beside them."""
        found = Constants()
        try:
            constants.note(node, self.text, found, self.known)
        except BeyondAnalysis:
            return []
        values: list[feel.Json] = []
        for kind, known in found.by_kind.items():
            for value in known:
                values += [value, value - 1, value + 1] if kind == "number" else [feel.to_json(value)]
        if "boolean" in found.by_kind:
            return [True, False]
        return [*values, _OTHER] if "string" in found.by_kind else values

    def _listed(self, node: tree.Node) -> None:
        path = _path(node)
        if path is not None and path[0] in self.outside:
            self.lists.add(path[0])


def _given(node: tree.Node) -> Iterator[Leaf]:
    """The paths whose value may be that of the expression, rather than asked about on the way."""
    path = _path(node)
    if path is not None:
        yield path
    if isinstance(node, tree.If):
        yield from _given(node.then)
        yield from _given(node.otherwise)


def _path(node: tree.Node) -> Leaf | None:
    """The names of `a.b.c`; None for anything else."""
    if isinstance(node, tree.Name):
        return (node.name,)
    if isinstance(node, tree.Path):
        source = _path(node.source)
        return None if source is None else (*source, node.member)
    return None


def _holds(known: list[feel.Json], value: feel.Json) -> bool:
    """Whether a value is among others; 1 and true are two."""
    return any(type(one) is type(value) and one == value for one in known)
