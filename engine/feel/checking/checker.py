"""Static types: what an expression can be, and what in it can never work, without evaluating it.

The checker is sound: what it refuses is null (a condition or test: never true) for every value of the known types;
null itself counts as missing data and is never refused. A part that is refused is refused once: what is built on it
is null without another word. Names whose type is not known are Any; a free name holds data, never a function.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from engine.feel import habits, type_operators, types
from engine.feel import syntax as tree
from engine.feel.checking import calls, cells, loops, mismatches
from engine.feel.checking.mismatches import Mismatch
from engine.feel.faults import Place
from engine.feel.functions.declared import BUILT_IN
from engine.feel.type_relations import (
    ORDERED,
    base,
    common,
    element,
    is_known,
    kind,
    may_equal,
    may_order,
    words,
)
from engine.feel.types import ANY, BOOLEAN, NULL, ContextType, ExactContext, ListType, RangeType, Type
from engine.feel.values import kind as kind_of

Types = Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Checked:
    """What an expression can be, and what in it cannot work, in reading order."""

    type: Type
    mismatches: tuple[Mismatch, ...]

    @property
    def is_hopeless(self) -> bool:
        """Whether the whole can only be null, or a list of nulls (a test: never true), because of what is refused."""
        return bool(self.mismatches) and self.type in (NULL, ListType("list", NULL))


def expression(
    text: str, node: tree.Node, names: Types, known_types: Types | None = None, is_closed: bool = False
) -> Checked:
    """The type of an expression's tree where names have these types; `known_types` explain type names.

    With `is_closed` there are no other names: one that is not bound is noted.
    """
    checker = Checker(text, names, known_types, is_closed)
    found = checker.infer(node)
    return Checked(found, checker.said())


def condition(text: str, node: tree.Node, names: Types, known_types: Types | None = None) -> Checked:
    """The same for an expression that has to say true or false."""
    checker = Checker(text, names, known_types)
    found = checker.condition(node)
    return Checked(found, checker.said())


def cell(
    text: str,
    tests: tree.Tests,
    tested: Type,
    names: Types,
    known_types: Types | None = None,
    is_closed: bool = False,
) -> Checked:
    """Whether the unary tests of a cell can match a value of a type: boolean, or null when they never do."""
    checker = Checker(text, names, known_types, is_closed)
    found = cells.cell(checker, tests, tested)
    return Checked(found, checker.said())


@dataclass(frozen=True, slots=True)
class Scope:
    """Names bound inside a block; an `open` one (an item of unknown kind) may bind any name."""

    names: Types
    open: bool = False


class Checker:
    """Infers the types of the nodes of one text and gathers what can never work."""

    def __init__(
        self, text: str, names: Types, known_types: Types | None = None, is_closed: bool = False
    ) -> None:
        self.text = text
        self.is_closed = is_closed
        self.names = names
        self.known_types = known_types or {}
        self.scopes: list[Scope] = []
        self.found: list[Mismatch] = []

    def infer(self, node: tree.Node) -> Type:
        """The type of a node: Any where unknown, null where it can be nothing else."""
        return _INFERRED[type(node)](self, node)

    def condition(self, node: tree.Node) -> Type:
        """The type of a node that has to say true or false; what never does is refused."""
        found = self.infer(node)
        inner = element(found) if kind(found) == "list" else found
        if is_known(inner) and kind(inner) != "boolean":
            self.refuse(Mismatch("condition", {"found": words(found)}, self.place(node)))
            return NULL
        return found

    def refuse(self, mismatch: Mismatch) -> Type:
        """Note what can never work; its type is that of null."""
        self.found.append(mismatch)
        return NULL

    def said(self) -> tuple[Mismatch, ...]:
        return tuple(sorted(self.found, key=lambda one: (one.place.start, one.place.end)))

    def place(self, node: tree.Node) -> Place:
        return Place(self.text, node.start, node.end)

    def extract(self, node: tree.Node) -> str:
        return self.place(node).extract

    @contextmanager
    def scope(self, names: Types, is_open: bool = False) -> Iterator[None]:
        """Names bound inside the block."""
        self.scopes.append(Scope(names, is_open))
        try:
            yield
        finally:
            self.scopes.pop()

    def variable(self, name: str) -> Type | None:
        """The type of what a name stands for here; None when nothing binds it."""
        for scope in reversed(self.scopes):
            if name in scope.names:
                return scope.names[name]
            if scope.open:
                return ANY
        return self.names.get(name)

    def resolved(self, wanted: Type) -> Type:
        return types.resolved(wanted, self.known_types)


# -- values and names


def _literal(checker: Checker, node: tree.Literal) -> Type:
    return types.plain(kind_of(node.value)) or ANY


def _name(checker: Checker, node: tree.Name) -> Type:
    found = checker.variable(node.name)
    if found is not None:
        return base(found)
    if node.name in BUILT_IN:
        return types.FUNCTION
    if checker.is_closed and node.name != "?":
        known = {*checker.names, *(name for scope in checker.scopes for name in scope.names)}
        checker.refuse(mismatches.unbound(node.name, checker.place(node), sorted(known)))
    return ANY


def _list(checker: Checker, node: tree.List) -> Type:
    found = NULL
    for item in node.items:
        found = common(found, checker.infer(item))
    return ListType("list", found)


def _context(checker: Checker, node: tree.Context) -> Type:
    entries: dict[str, Type] = {}
    with checker.scope(entries):
        for key, value in node.entries:
            if isinstance(value, tree.FunctionLiteral):  # it may call itself
                entries[key] = calls.declared(checker, value)
            entries[key] = checker.infer(value)
    return ExactContext("context", tuple(entries.items()))


def _interval(checker: Checker, node: tree.Interval) -> Type:
    low, high = checker.infer(node.low), checker.infer(node.high)
    if not may_order(low, high):
        expected = [words(low)] if kind(low) in ORDERED else ORDERED
        at, found = (node.high, high) if len(expected) == 1 else (node.low, low)
        return checker.refuse(mismatches.differing("range_end", checker.place(at), expected, found))
    return RangeType("range", common(low, high))


def _bound(checker: Checker, node: tree.Bound) -> Type:
    return RangeType("range", checker.infer(node.operand))


# -- operators


def _negation(checker: Checker, node: tree.Negation) -> Type:
    found = checker.infer(node.operand)
    if is_known(found) and kind(found) not in _NEGATED:
        return checker.refuse(mismatches.differing("negation", checker.place(node.operand), _NEGATED, found))
    return found


_NEGATED = ("number", "days and time duration", "years and months duration")


def _arithmetic(checker: Checker, node: tree.Arithmetic) -> Type:
    left, right = checker.infer(node.left), checker.infer(node.right)
    if NULL in (left, right):
        return NULL
    found = type_operators.arithmetic(node.operator, left, right)
    if found is not None:
        return found
    expected = type_operators.partners(node.operator, left, "left")
    if expected and is_known(right):
        at, wrong, other = node.right, right, left
    else:
        at, wrong, other = node.left, left, right
        partners = type_operators.partners(node.operator, right, "right")
        expected = partners or type_operators.sides(node.operator, "left")
    return checker.refuse(
        mismatches.differing(
            "operand", checker.place(at), expected, wrong, operator=node.operator, other=words(other)
        )
    )


def _comparison(checker: Checker, node: tree.Comparison) -> Type:
    left, right = checker.infer(node.left), checker.infer(node.right)
    return compared(checker, node.operator, (node.left, left), (node.right, right))


def compared(
    checker: Checker, operator: str, one: tuple[tree.Node, Type], other: tuple[tree.Node, Type]
) -> Type:
    """A comparison's type: boolean, or null when the two never compare."""
    (left_node, left), (right_node, right) = one, other
    if operator in ("=", "!="):
        if may_equal(left, right):
            return BOOLEAN
    elif may_order(left, right):
        return NULL if NULL in (left, right) else BOOLEAN
    if operator not in ("=", "!="):
        for node, of in (one, other):
            if kind(of) not in (*ORDERED, "Any", "null") and (
                kind(of) != "list" or kind(left) == kind(right)
            ):
                said = {"found": words(of), "operator": operator}
                if kind(of) == "function":
                    return checker.refuse(mismatches.differing("compared", checker.place(node), ORDERED, of))
                return checker.refuse(Mismatch("no_order", said, checker.place(node)))
    if kind(left) == "list" or (isinstance(left_node, tree.Literal) and kind(right) != "list"):
        # Said of the side that its author will mend: a list, or a literal.
        left_node, left, right_node, right = right_node, right, left_node, left
    expected = [words(left)] if is_known(left) else ORDERED
    return checker.refuse(
        mismatches.differing(
            "compared", checker.place(right_node), expected, right, other=checker.extract(left_node)
        )
    )


def _logic(checker: Checker, node: tree.Logic) -> Type:
    found = [checker.condition(part) for part in node.parts]
    return NULL if all(one == NULL for one in found) else BOOLEAN


def _between(checker: Checker, node: tree.Between) -> Type:
    value = checker.infer(node.value)
    ends = [(end, checker.infer(end)) for end in (node.low, node.high)]
    found = [compared(checker, ">=", (node.value, value), end) for end in ends]
    return NULL if NULL in found else BOOLEAN


def _membership(checker: Checker, node: tree.Membership) -> Type:
    value = checker.infer(node.value)
    found = [cells.member(checker, test, value) for test in node.tests]
    return BOOLEAN if any(found) else NULL


def _instance_of(checker: Checker, node: tree.InstanceOf) -> Type:
    checker.infer(node.value)
    wanted = checker.resolved(node.type)
    if isinstance(wanted, types.Reference):
        known = [*checker.known_types, *types.PLAIN]
        close = habits.OTHER_TYPES.get(wanted.name.lower()) or mismatches.near(wanted.name, known)
        code = "type_unknown_near" if close else "type_unknown"
        return checker.refuse(Mismatch(code, {"name": wanted.name, "near": close}, checker.place(node)))
    return BOOLEAN


def _if(checker: Checker, node: tree.If) -> Type:
    checker.condition(node.condition)
    then, otherwise = checker.infer(node.then), checker.infer(node.otherwise)
    return common(then, otherwise)


# -- members


def _path(checker: Checker, node: tree.Path) -> Type:
    return _member(checker, node, checker.infer(node.source))


def _member(checker: Checker, node: tree.Path, source: Type) -> Type:
    """The type of a member; of a list, a list of its items' members."""
    if kind(source) == "list":
        return ListType("list", _member(checker, node, element(source)))
    if not is_known(source) or source == types.CONTEXT:
        return NULL if source == NULL else ANY
    known: Types
    if isinstance(source, ContextType):
        known = dict(source.fields)
        if node.member in known:
            return base(known[node.member])
    else:
        member = type_operators.member(source, node.member)
        if member is not None:
            return member
        known = type_operators.MEMBERS.get(kind(source), {})
    close = mismatches.near(node.member, known)
    code = "member_unknown" if known else "member_of_plain"
    said = {"name": node.member, "found": words(source), "known": ", ".join(known), "near": close}
    checker.refuse(Mismatch(f"{code}_near" if close else code, said, checker.place(node)))
    return ANY if isinstance(source, ContextType) and not isinstance(source, ExactContext) else NULL


_INFERRED: dict[type[tree.Node], Callable[..., Type]] = {
    tree.Literal: _literal, tree.Name: _name, tree.List: _list, tree.Context: _context, tree.Interval: _interval,
    tree.Bound: _bound, tree.Negation: _negation, tree.Arithmetic: _arithmetic, tree.Comparison: _comparison,
    tree.Logic: _logic, tree.Between: _between, tree.Membership: _membership, tree.InstanceOf: _instance_of,
    tree.If: _if, tree.Path: _path,
    tree.For: loops.for_each, tree.Quantified: loops.quantified,
    tree.Filter: loops.filtered,
    tree.Call: calls.call, tree.FunctionLiteral: calls.function_literal,
}  # fmt: skip
