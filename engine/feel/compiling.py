"""Tree to closures: each expression is compiled once and then runs without looking at its text again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from collections.abc import Iterator as Turns
from contextlib import contextmanager
from decimal import Decimal

from engine.feel import (
    comparisons,
    compiling_calls,
    compiling_loops,
    compiling_tests,
    logic,
    paths,
    types,
    weights,
)
from engine.feel import syntax as tree
from engine.feel.arithmetic import calculate, negate
from engine.feel.budgets import NUMBERS
from engine.feel.faults import Place, Refusal
from engine.feel.frames import MISSING, Eval, Frame
from engine.feel.functions.declared import BUILT_IN
from engine.feel.values import Range, kind


class Compiler:
    """Compiles the nodes of one text; gathers the free names it reads on the way.

    `names` are the names known to be in scope outside, `known_types` what type references mean.
    """

    def __init__(
        self, text: str, names: Collection[str] = (), known_types: Mapping[str, types.Type] | None = None
    ):
        self.text = text
        self.given = frozenset(names)
        self.known_types = known_types or {}
        self.scopes: list[set[str]] = []
        self.in_filter = 0
        self.constants: dict[tree.Node, object] = {}  # calls worked out already
        self.work = 0  # what evaluating once weighs, as far as compiled
        self.names: set[str] = set()  # certainly free
        self.reads: set[str] = set()  # perhaps free: a member of a filter's item, or a built-in's name

    def place(self, node: tree.Node) -> Place:
        return Place(self.text, node.start, node.end)

    @property
    def steps(self) -> int:
        """What evaluating all that was compiled once is worth."""
        return self.work // weights.STEP

    def body(self, node: tree.Node) -> tuple[Eval, int]:
        """The closure of a node that is run again and again, and the steps that each run is worth."""
        with self.apart() as weighed:
            evaluate = self.compile(node)
        return evaluate, weighed()

    @contextmanager
    def apart(self) -> Turns[Callable[[], int]]:
        """What is compiled inside pays by itself, each time it runs: afterwards, how many steps that is."""
        before, within = self.work, 0
        yield lambda: 1 + within // weights.STEP
        within, self.work = self.work - before, before

    @contextmanager
    def scope(self, names: Collection[str], dynamic: bool = False) -> Turns[set[str]]:
        """Names bound inside the block, which may add more; `dynamic` where a filter's item may bind any name."""
        bound = set(names)
        self.scopes.append(bound)
        self.in_filter += dynamic
        try:
            yield bound
        finally:
            self.in_filter -= dynamic
            self.scopes.pop()

    def binds(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    def compile(self, node: tree.Node) -> Eval:
        """The closure of a node."""
        self.work += weights.of(node, len(self.scopes))
        return _COMPILED[type(node)](self, node)

    def warned(self, evaluate: Eval, node: tree.Node) -> Eval:
        """`evaluate`, with a refusal inside turned into null and a warning at this node."""
        place = self.place(node)

        def guarded(frame: Frame) -> object:
            try:
                return evaluate(frame)
            except Refusal as refusal:
                frame.run.note(refusal, place)
                return None

        return guarded


def _literal(compiler: Compiler, node: tree.Literal) -> Eval:
    value = node.value
    return lambda frame: value


def _name(compiler: Compiler, node: tree.Name) -> Eval:
    name, place = node.name, compiler.place(node)
    built_in = BUILT_IN.get(name)
    fallback: object = built_in.value if built_in else MISSING
    if not compiler.binds(name) and name != "?":
        compiler.reads.add(name)
        if name in compiler.given or not (compiler.in_filter or built_in):
            compiler.names.add(name)

    def lookup(frame: Frame) -> object:
        at: Frame | None = frame
        while at is not None:
            if name in at.names:
                return at.names[name]
            at = at.parent
        if fallback is MISSING:
            frame.run.warn("name_unknown", place, name=name)
            return None
        return fallback

    return lookup


def _list(compiler: Compiler, node: tree.List) -> Eval:
    items = [compiler.compile(item) for item in node.items]
    if all(isinstance(item, tree.Literal) for item in node.items):
        constant = [item.value for item in node.items if isinstance(item, tree.Literal)]
        return lambda frame: constant
    size = len(items) // 4
    if not size:
        return lambda frame: [item(frame) for item in items]

    def build(frame: Frame) -> object:
        frame.run.spend(size)
        return [item(frame) for item in items]

    return build


def _context(compiler: Compiler, node: tree.Context) -> Eval:
    entries: list[tuple[str, Eval]] = []
    with compiler.scope(()) as bound:
        for key, value in node.entries:
            # A function may call itself by its own key; anything else sees the keys before it.
            if isinstance(value, tree.FunctionLiteral):
                bound.add(key)
            entries.append((key, compiler.compile(value)))
            bound.add(key)
    size = len(entries) // 4

    def build(frame: Frame) -> object:
        frame.run.spend(size)
        built: dict[str, object] = {}
        inner = Frame(built, frame, frame.run)
        for key, value in entries:
            built[key] = value(inner)
        return built

    return build


def _interval(compiler: Compiler, node: tree.Interval) -> Eval:
    low, high = compiler.compile(node.low), compiler.compile(node.high)
    low_included, high_included = node.low_included, node.high_included

    def build(frame: Frame) -> object:
        first, last = low(frame), high(frame)
        if first is not None and last is not None:
            comparisons.compare(first, last, frame.run)  # ends of different kinds make no range
        return Range(first, last, low_included, high_included)

    return compiler.warned(build, node)


def _bound(compiler: Compiler, node: tree.Bound) -> Eval:
    operand, operator = compiler.compile(node.operand), node.operator
    return lambda frame: bound_range(operator, operand(frame))


def bound_range(operator: str, end: object) -> Range:
    """The range `(< end)` … stands for."""
    match operator:
        case "<" | "<=":
            return Range(None, end, False, operator == "<=", operator)
        case ">" | ">=":
            return Range(end, None, operator == ">=", False, operator)
    return Range(end, end, True, True, operator)


def _negation(compiler: Compiler, node: tree.Negation) -> Eval:
    operand = compiler.compile(node.operand)
    if isinstance(node.operand, tree.Literal) and isinstance(node.operand.value, Decimal):
        constant = negate(node.operand.value)
        return lambda frame: constant
    return compiler.warned(lambda frame: negate(operand(frame)), node)


_FAST: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "+": NUMBERS.add, "-": NUMBERS.subtract, "*": NUMBERS.multiply,
}  # fmt: skip


def _arithmetic(compiler: Compiler, node: tree.Arithmetic) -> Eval:
    left, right, operator = compiler.compile(node.left), compiler.compile(node.right), node.operator
    fast, place = _FAST.get(operator), compiler.place(node)

    def evaluate(frame: Frame) -> object:
        one, other = left(frame), right(frame)
        try:
            if fast is not None and type(one) is Decimal and type(other) is Decimal:
                return fast(one, other)
            return calculate(operator, one, other, frame.run)
        except Refusal as refusal:
            frame.run.note(refusal, place)
        except ArithmeticError:
            frame.run.warn("number_out_of_bounds", place)
        return None

    return evaluate


def _comparison(compiler: Compiler, node: tree.Comparison) -> Eval:
    left, right = compiler.compile(node.left), compiler.compile(node.right)
    decide, place = logic.DECIDE[node.operator], compiler.place(node)

    def evaluate(frame: Frame) -> object:
        try:
            return decide(left(frame), right(frame), frame.run)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return evaluate


def _logic(compiler: Compiler, node: tree.Logic) -> Eval:
    parts = [compiler.compile(part) for part in node.parts]
    places = [compiler.place(part) for part in node.parts]
    decisive = node.operator == "or"

    def evaluate(frame: Frame) -> object:
        unknown = False
        for part, place in zip(parts, places, strict=True):
            value = part(frame)
            if value is decisive:
                return decisive
            if value is (not decisive):
                continue
            found = logic.truth(value)
            if found is decisive:
                return decisive
            if found is None:
                unknown = True
                if value is not None:
                    frame.run.warn("type_differs", place, expected="boolean", found=kind(value))
        return None if unknown else not decisive

    return evaluate


def _between(compiler: Compiler, node: tree.Between) -> Eval:
    value, low, high = (compiler.compile(part) for part in (node.value, node.low, node.high))

    def evaluate(frame: Frame) -> object:
        tested = value(frame)
        return comparisons.includes(Range(low(frame), high(frame), True, True), tested, frame.run)

    return compiler.warned(evaluate, node)


def _membership(compiler: Compiler, node: tree.Membership) -> Eval:
    value = compiler.compile(node.value)
    tests = [compiling_tests.member_test(compiler, test) for test in node.tests]
    return lambda frame: logic.any_of(tests, value(frame), frame)


def _instance_of(compiler: Compiler, node: tree.InstanceOf) -> Eval:
    value, wanted = compiler.compile(node.value), types.resolved(node.type, compiler.known_types)
    if isinstance(wanted, types.Reference) or wanted in types.UNFINISHED:
        name, place = wanted.name, compiler.place(node)
        code = "type_unfinished" if wanted in types.UNFINISHED else "type_unknown"

        def unknown(frame: Frame) -> object:
            frame.run.warn(code, place, name=name)
            return None

        return unknown
    return compiler.warned(lambda frame: types.is_instance(value(frame), wanted, frame.run), node)


def _if(compiler: Compiler, node: tree.If) -> Eval:
    condition, then, otherwise = (
        compiler.compile(part) for part in (node.condition, node.then, node.otherwise)
    )
    place = compiler.place(node.condition)

    def choose(frame: Frame) -> object:
        verdict = condition(frame)
        if verdict is not None and logic.truth(verdict) is None:
            frame.run.warn("type_differs", place, expected="boolean", found=kind(verdict))
        return then(frame) if logic.truth(verdict) is True else otherwise(frame)

    return choose


def _path(compiler: Compiler, node: tree.Path) -> Eval:
    source, member = compiler.compile(node.source), node.member
    place = Place(compiler.text, node.start, node.end)

    def evaluate(frame: Frame) -> object:
        value = source(frame)
        if type(value) is dict and member in value:
            return value[member]
        try:
            return paths.member(value, member, frame.run)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return evaluate


_COMPILED: dict[type[tree.Node], Callable[..., Eval]] = {
    tree.Literal: _literal, tree.Name: _name, tree.List: _list, tree.Context: _context, tree.Interval: _interval,
    tree.Bound: _bound, tree.Negation: _negation, tree.Arithmetic: _arithmetic, tree.Comparison: _comparison,
    tree.Logic: _logic, tree.Between: _between, tree.Membership: _membership, tree.InstanceOf: _instance_of,
    tree.If: _if, tree.Path: _path,
    tree.For: compiling_loops.for_each, tree.Quantified: compiling_loops.quantified,
    tree.Filter: compiling_loops.filtered,
    tree.Call: compiling_calls.call, tree.FunctionLiteral: compiling_calls.function_literal,
}  # fmt: skip
