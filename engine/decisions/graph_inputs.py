"""What a decision and all it requires read from outside, and values of it that may make a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from engine import feel
from engine.decisions import constants, domains, plans
from engine.decisions.covers import TooLarge
from engine.decisions.models import Decision, DecisionModel
from engine.feel import syntax as tree
from engine.feel.faults import FeelError

Leaf = tuple[str, ...]
"""The path of something read from outside: `("reader", "debt")`."""

MOMENT = feel.Moment(datetime(2000, 1, 1, tzinfo=UTC), ZoneInfo("UTC"))
_DAYS_AGO = (0, 1, 10, 100, 1_000, 4_000, 8_000, 16_000, 32_000, -10, -1_000)
_DATES = frozenset(("date", "date and time"))
_LISTS = frozenset(
    ("count", "sum", "max", "min", "concatenate", "append", "distinct values", "sort", "flatten")
)


@dataclass(slots=True)
class Inputs:
    """All that is read from outside, in order of reading: values to try, what is read beside it, what it is called."""

    values: dict[Leaf, list[feel.Json]] = field(default_factory=dict)
    beside: dict[Leaf, set[Leaf]] = field(default_factory=dict)
    labels: dict[Leaf, str] = field(default_factory=dict)

    def label(self, leaf: Leaf) -> str:
        """The label of the column that asks for it alone, else its path."""
        return self.labels.get(leaf) or ".".join(leaf)

    def add(self, leaves: list[Leaf], values: list[feel.Json]) -> None:
        """Things read in one expression, and values that it or its cells compare with."""
        for leaf in leaves:
            known = self.values.setdefault(leaf, [])
            known += [value for value in values if value is not None and not _holds(known, value)]
            self.beside.setdefault(leaf, set()).update(other for other in leaves if other != leaf)


def of(model: DecisionModel, decision: Decision) -> Inputs:
    """The inputs of a decision's graph; lists are tried empty, texts read as dates as days around the moment."""
    found, lists = Inputs(), set[str]()
    decided = frozenset(one.variable.name for one in model.decisions.values())
    for part in parts(model, decision):
        _read(part, decided, found, lists)
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
            values.append("…")
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


def parts(model: DecisionModel, decision: Decision) -> Iterator[Decision]:
    """A decision and all it requires, those below first."""
    seen: set[tuple[int, str]] = set()

    def below(model: DecisionModel, decision: Decision) -> Iterator[Decision]:
        if (id(model), decision.id) in seen:
            return
        seen.add((id(model), decision.id))
        for need in decision.needs:
            if need.kind == "decision":
                yield from below(need.model, need.model.decisions[need.id])
        yield decision

    return below(model, decision)


def _read(decision: Decision, decided: frozenset[str], found: Inputs, lists: set[str]) -> None:
    inputs = {plans.variable(need).name for need in decision.needs if need.kind == "input"}
    outside = (decision.names - decided) | inputs
    if decision.table is None:
        _note(_parsed(decision), outside, [], found, lists)
        return
    known = constants.known(decision)
    try:
        columns = domains.columns(decision, known)
    except TooLarge:
        return
    for column in columns:
        clause = decision.table.inputs[column.places[0]]
        samples = [feel.to_json(piece.sample) for piece in column.pieces if piece.sample is not None]
        leaves = _note(clause.expression.tree, outside, samples, found, lists)
        given = set(_given(clause.expression.tree)) & set(leaves) or set(leaves)
        if len(given) == 1:
            found.labels.setdefault(given.pop(), clause.label)
    for rule in decision.table.rules:
        for cell in rule.tests:
            _note(cell.tree, outside, [], found, lists)


def _parsed(decision: Decision) -> tree.Node:
    """The tree of a literal expression; null for other logic."""
    names = decision.names | decision.reads | {plans.variable(need).name for need in decision.needs}
    try:
        return feel.compile(decision.text or "null", names).tree
    except FeelError:
        return feel.compile("null").tree


def _given(node: tree.Node) -> Iterator[Leaf]:
    """The paths whose value may be that of the expression, rather than asked about on the way."""
    path = _path(node)
    if path is not None:
        yield path
    if isinstance(node, tree.If):
        yield from _given(node.then)
        yield from _given(node.otherwise)


def _note(
    node: tree.Node, outside: frozenset[str], samples: list[feel.Json], found: Inputs, lists: set[str]
) -> list[Leaf]:
    """Note what one expression reads, and values for it; the leaves."""
    asked: list[tuple[Leaf, bool]] = []
    literals: list[feel.Json] = []
    _walk(node, outside, asked, literals, lists, False)
    leaves = list(dict.fromkeys(leaf for leaf, _ in asked))
    found.add(leaves, [*samples, *literals])
    dated = [leaf for leaf, is_date in asked if is_date]
    for leaf in dict.fromkeys(dated):
        found.values[leaf] = [(MOMENT.now - timedelta(days)).date().isoformat() for days in _DAYS_AGO]
    return leaves


def _walk(
    node: tree.Node, outside: frozenset[str], asked: list[tuple[Leaf, bool]], literals: list[feel.Json],
    lists: set[str], dated: bool,
) -> None:  # fmt: skip
    path = _path(node)
    if path is not None:
        if path[0] in outside:
            asked.append((path, dated))
        return
    if isinstance(node, tree.Literal):
        literals.append(feel.to_json(node.value))
    source = node.source if isinstance(node, tree.Filter | tree.Iterator) else None
    if isinstance(node, tree.Call) and isinstance(node.callee, tree.Name):
        name = node.callee.name
        if name in _LISTS and node.arguments:
            source = node.arguments[0]
        for argument in node.arguments:
            _walk(argument, outside, asked, literals, lists, name in _DATES)
    else:
        for child in tree.children(node):
            _walk(child, outside, asked, literals, lists, False)
    listed = _path(source) if source is not None else None
    if listed is not None and listed[0] in outside:
        lists.add(listed[0])


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
