"""Expressions evaluated for every case at once: what each may come to, and when.

Logic, choices and lists are followed part by part; all else is evaluated as it stands for each combination of values
that its parts may have, so that nothing of the language is written down a second time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from engine import errors
from engine.decisions.verification import paths
from engine.decisions.verification.diagrams import NO, YES, Diagram, Diagrams
from engine.decisions.verification.graph_scopes import (
    ASKS,
    CLOCK,
    MOMENT,
    Scope,
    asks,
    calls,
    may_have,
    read_in,
    reads_clock,
)  # fmt: skip
from engine.decisions.verification.paths import Path
from engine.decisions.verification.possibilities import (
    ANYTHING,
    SOMETHING,
    UNREAD,
    Item,
    Items,
    Part,
    Possibilities,
    Record,
    Unread,
    Values,
    certain,
    is_clear,
)  # fmt: skip
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.compiling import Compiler
from engine.feel.expressions import UnaryTests
from engine.feel.faults import FeelError, Refusal
from engine.feel.frames import Eval, Frame
from engine.feel.functions.declared import BUILT_IN

MOST_COMBINATIONS = 4_096  # of values that the parts of one expression may have together
TRUTH = (True, False, None)
BINDS = (tree.Filter, tree.For, tree.Quantified, tree.Context)
"""What gives names of its own; within a filter, whose item gives names too, it is beyond analysis."""


class Expressions:
    """Expressions over some diagrams; `present` is when the clock shows the moment that stands for all.

    `counted` says of counts from which on more makes no difference. `may_refuse` gathers when a function that is called
    may refuse to decide for want of what it requires.
    """

    def __init__(self, diagrams: Diagrams, present: Diagram, counted: Mapping[tree.Node, int]) -> None:
        self.diagrams, self.present, self.counted = diagrams, present, counted
        self.possible = Possibilities(diagrams)
        self.may_refuse: Diagram = NO

    def refuses(self, when: Diagram) -> None:
        """Note that something may refuse to decide then."""
        self.may_refuse = self.diagrams.either(self.may_refuse, when)

    def part(self, node: tree.Node, scope: Scope) -> Part:
        """What a node may come to."""
        path = paths.path_of(node)
        if path is not None:
            return self._named(path, scope)
        if scope.item is not None and isinstance(node, BINDS):
            return UNREAD
        match node:
            case tree.Literal(value=value):
                return certain(value)
            case tree.If():
                return self._chosen(node, scope)
            case tree.Logic(operator=operator, parts=parts):
                return self._folded(operator, [self.truth(self.part(part, scope)) for part in parts])
            case tree.List(items=items):
                return Items(tuple(Item(self.part(item, scope), YES, YES) for item in items))
            case tree.Context(entries=entries):
                members: dict[str, Part] = {}
                for name, value in entries:
                    members[name] = self.part(value, scope)
                    scope = scope.binding(name, members[name])
                return Record(members)
            case tree.Path(source=source, member=member):
                return self._member(self.part(source, scope), member, node, scope)
            case tree.Filter():
                return self._filtered(node, scope)
            case tree.Quantified(iterators=(tree.Iterator(high=None),)):
                return self._quantified(node, scope)
            case tree.For(iterators=(tree.Iterator(high=None),)):
                return self._mapped(node, scope)
            case tree.Call(callee=tree.Name(name=name), arguments=arguments) if scope.knows_function(name):
                return self._called(name, node, [self.part(one, scope) for one in arguments], scope)
        if isinstance(node, tree.Membership) and not any(paths.of(node.tests)):
            return self._applied(node, [self.part(node.value, scope)], scope)
        if isinstance(
            node, tree.Arithmetic | tree.Comparison | tree.Negation | tree.Between | tree.InstanceOf
        ):
            return self._applied(node, [self.part(child, scope) for child in tree.children(node)], scope)
        return self._whole(node, scope)

    def truth(self, part: Part) -> Values:
        """Whether a part is true, false or neither."""
        if not isinstance(part, Values):
            return certain(None)
        return self.possible.values(
            (one, when)
            for value, when in part.cases
            for one in (TRUTH if isinstance(value, Unread) else (value if isinstance(value, bool) else None,))
        )

    def when(self, truth: Values, *wanted: object) -> Diagram:
        """When a truth may be one of some."""
        found = NO
        for value, when in truth.cases:
            if any(value is one for one in wanted):
                found = self.diagrams.either(found, when)
        return found

    def tested(self, cell: UnaryTests, value: Values, scope: Scope) -> tuple[Diagram, Diagram]:
        """When a value may pass a cell, and when it may fail."""
        if cell.tree.any:
            return YES, NO
        passed = failed = NO
        for (given, *names), when in self._combined([value], cell.tree, scope):
            for passes in self._passed(cell, given, names, scope, when):
                passed = self.diagrams.either(passed, when) if passes else passed
                failed = self.diagrams.either(failed, when) if not passes else failed
        if reads_clock(cell.tree, scope):
            absent = self.diagrams.negated(self.present)
            return self.diagrams.either(passed, absent), self.diagrams.either(failed, absent)
        return passed, failed

    def _passed(
        self, cell: UnaryTests, given: object, names: list[object], scope: Scope, when: Diagram
    ) -> tuple[bool, ...]:
        if is_clear(given) and all(map(is_clear, names)):
            try:
                return (cell.run(given, self._frame(cell.tree, names, scope)) is True,)
            except (FeelError, Refusal):
                return (True, False)
            except errors.Invalid:
                pass
        if calls(cell.tree, scope):
            self.refuses(when)
        tests_null = all(isinstance(one, tree.Literal) and one.value is None for one in cell.tree.tests)
        if isinstance(given, Unread) and given.known and tests_null:
            return (cell.tree.negated,)
        return (True, False)

    # -- names

    def _named(self, path: Path, scope: Scope) -> Part:
        if scope.item is not None:
            if may_have(scope.item, path[0]):
                return self._members(scope.item, path, scope)
            if path[0] == "item":
                return self._members(scope.item, path[1:], scope)
        for size in range(len(path), 0, -1):
            known = scope.names.get(path[:size])
            if known is not None:
                return self._members(known, path[size:], scope)
        return UNREAD if path[0] in BUILT_IN or path[0] in scope.functions else certain(None)

    def _members(self, part: Part, path: Sequence[str], scope: Scope) -> Part:
        for name in path:
            part = self._member(part, name, tree.Path(0, 0, tree.Name(0, 0, ""), name), scope)
        return part

    def _member(self, part: Part, name: str, node: tree.Path, scope: Scope) -> Part:
        match part:
            case Record(members=members):
                return members.get(name, certain(None))
            case Items(items=items):
                return Items(tuple(
                    Item(self._member(item.value, name, node, scope), item.must, item.may) for item in items
                ))  # fmt: skip
            case Values(cases=cases) if all(isinstance(value, dict | Unread) for value, _ in cases):
                return self.possible.values(
                    (value.get(name) if isinstance(value, dict) else ANYTHING, when) for value, when in cases
                )
        return self._applied(node, [part], scope)

    # -- what is followed part by part

    def _chosen(self, node: tree.If, scope: Scope) -> Part:
        holds = self.truth(self.part(node.condition, scope))
        then, otherwise = self.when(holds, True), self.when(holds, False, None)
        if otherwise == NO:
            return self.part(node.then, scope)
        if then == NO:
            return self.part(node.otherwise, scope)
        return self._either(self.part(node.then, scope), then, self.part(node.otherwise, scope), otherwise)

    def _either(self, one: Part, then: Diagram, other: Part, otherwise: Diagram) -> Part:
        """One part or the other; in some cases either may be meant."""
        if isinstance(one, Items) and isinstance(other, Items):
            sides = ((one, then, otherwise), (other, otherwise, then))
            return Items(tuple(
                Item(item.value, self.diagrams.without(item.must, against), self.diagrams.both(item.may, when))
                for side, when, against in sides
                for item in side.items
            ))  # fmt: skip
        cases = [
            (value, self.diagrams.both(possible, when))
            for side, when in ((one, then), (other, otherwise))
            for value, possible in self.possible.flat(side).cases
        ]
        return self.possible.values(cases)

    def _folded(self, operator: str, truths: Sequence[Values]) -> Values:
        """`and` or `or` of three values: false, or true, decides alone."""
        decides = operator == "or"
        found = certain(not decides)
        for truth in truths:
            found = self.possible.values(
                (decides if decides in pair else None if None in pair else not decides, when)
                for pair, when in self.possible.together([found, truth])
            )
        return found

    def _filtered(self, node: tree.Filter, scope: Scope) -> Part:
        source = self._items(self.part(node.source, scope))
        if source is None or not asks(node.condition):
            return self._whole(node, scope)
        kept = []
        for item in source.items:
            holds = self.truth(self.part(node.condition, replace(scope, item=item.value)))
            must = self.diagrams.without(item.must, self.when(holds, False, None))
            kept.append(Item(item.value, must, self.diagrams.both(item.may, self.when(holds, True))))
        return Items(tuple(item for item in kept if item.may != NO))

    def _quantified(self, node: tree.Quantified, scope: Scope) -> Part:
        iterator = node.iterators[0]
        source = self._items(self.part(iterator.source, scope))
        if source is None:
            return self._whole(node, scope)
        operator = "or" if node.quantifier == "some" else "and"
        truths = []
        for item in source.items:
            body = self.truth(self.part(node.body, scope.binding(iterator.name, item.value)))
            absent = [(operator == "and", self.diagrams.negated(item.must))]
            there = [(value, self.diagrams.both(when, item.may)) for value, when in body.cases]
            truths.append(self.possible.values(absent + there))
        return self._folded(operator, truths)

    def _mapped(self, node: tree.For, scope: Scope) -> Part:
        iterator = node.iterators[0]
        source = self._items(self.part(iterator.source, scope))
        if source is None or any(one == ("partial",) for one in paths.of(node.body)):
            return self._whole(node, scope)
        return Items(tuple(
            Item(self.part(node.body, scope.binding(iterator.name, item.value)), item.must, item.may)
            for item in source.items
        ))  # fmt: skip

    def _called(self, name: str, node: tree.Call, parts: list[Part], scope: Scope) -> Part:
        listed = [self._items(part) for part in parts]
        if name in scope.functions or node.names:
            return self._applied(node, parts, scope)
        if name in CLOCK and not parts:
            shown = self._applied(node, parts, scope)
            return self._either(shown, self.present, certain(SOMETHING), self.diagrams.negated(self.present))
        if name == "count" and len(parts) == 1 and listed[0] is not None:
            return self.count(listed[0], self.counted.get(node))
        if name == "concatenate" and all(one is not None for one in listed):
            return Items(tuple(item for one in listed if one is not None for item in one.items))
        if name == "append" and listed and listed[0] is not None:
            return Items((*listed[0].items, *(Item(part, YES, YES) for part in parts[1:])))
        return self._applied(node, parts, scope)

    def count(self, listed: Items, most: int | None = None) -> Values:
        """How many items there may be; `most` stands for any number from there on."""
        found = [YES]
        for item in listed.items:
            if most is None or len(found) <= most:
                found.append(NO)
            more = [NO, *(self.diagrams.both(when, item.may) for when in found)]
            same = [self.diagrams.without(when, item.must) for when in found]
            if len(found) - 1 == most:
                same[-1] = found[-1]
            found = [self.diagrams.either(one, other) for one, other in zip(same, more, strict=False)]
        return self.possible.values((Decimal(count), when) for count, when in enumerate(found))

    def _items(self, part: Part) -> Items | None:
        """A part as a list item by item; None for what is none, or not certain to be one."""
        if isinstance(part, Values) and len(part.cases) == 1 and isinstance(part.cases[0][0], list):
            return Items(tuple(Item(certain(one), YES, YES) for one in part.cases[0][0]))
        return part if isinstance(part, Items) else None

    # -- what is evaluated for each combination

    def _applied(self, node: tree.Node, parts: Sequence[Part], scope: Scope) -> Part:
        """A node of which the parts are known."""
        values = [self.possible.flat(part) for part in parts]
        if _combinations(values) > MOST_COMBINATIONS:
            return UNREAD
        names = [f"·{at}" for at in range(len(values))]
        bare = paths.with_parts(node, [tree.Name(node.start, node.end, name) for name in names])
        evaluate = self._closure(bare, [*names, *scope.functions], scope)
        found: list[tuple[object, Diagram]] = []
        for given, when in self.possible.together(values):
            frame = {**scope.functions, **dict(zip(names, given, strict=True))}
            found += [(result, when) for result in self._results(node, given, evaluate, frame, scope, when)]
        part = self.possible.values(found)
        return self.at_present(part) if isinstance(node, tree.Call) and calls(node.callee, scope) else part

    def _whole(self, node: tree.Node, scope: Scope) -> Part:
        """A node by the values of all the names it reads."""
        if scope.item is not None:
            return UNREAD
        evaluate: Eval | None = None
        found: list[tuple[object, Diagram]] = []
        for given, when in self._combined([], node, scope):
            frame = self._frame(node, given, scope).names
            evaluate = evaluate or self._closure(node, frame.keys(), scope)
            found += [(result, when) for result in self._results(node, given, evaluate, frame, scope, when)]
        part = self.possible.values(found)
        return self.at_present(part) if reads_clock(node, scope) else part

    def _results(
        self,
        node: tree.Node,
        given: Sequence[object],
        evaluate: Eval,
        names: Mapping[str, object],
        scope: Scope,
        when: Diagram,
    ) -> tuple[object, ...]:
        """What a node may come to with these values of what it is made of."""
        if all(map(is_clear, given)):
            try:
                return (evaluate(Frame(names, None, Run(MOMENT))),)
            except (FeelError, Refusal, RecursionError):
                return (ANYTHING,)
            except errors.Invalid:
                pass
        if calls(node, scope):
            self.refuses(when)
        return _unclear(node, given)

    def at_present(self, part: Part) -> Part:
        """A part that was evaluated at the moment that stands for all: at another, it may be anything."""
        return self._either(part, self.present, UNREAD, self.diagrams.negated(self.present))

    def _combined(
        self, parts: Sequence[Values], node: tree.Node, scope: Scope
    ) -> Iterator[tuple[tuple[object, ...], Diagram]]:
        """The values that parts and the names in a node may have together."""
        values = [*parts, *(self.possible.flat(scope.names[path]) for path in read_in(node, scope))]
        if _combinations(values) > MOST_COMBINATIONS:
            values = [*parts, *(UNREAD for _ in values[len(parts) :])]
        return self.possible.together(values)

    def _frame(self, node: tree.Node, given: Sequence[object], scope: Scope) -> Frame:
        names: dict[str, object] = dict(scope.functions)
        for path, value in zip(read_in(node, scope), given, strict=True):
            paths.put(names, path, value)
        return Frame(names, None, Run(MOMENT))

    def _closure(self, node: tree.Node, names: Iterable[str], scope: Scope) -> Eval:
        try:
            return Compiler(scope.text, frozenset(names), scope.types).compile(node)
        except (FeelError, RecursionError):
            return lambda frame: ANYTHING


def _combinations(values: Sequence[Values]) -> int:
    size = 1
    for one in values:
        size *= len(one.cases)
    return size


def _unclear(node: tree.Node, given: Sequence[object]) -> tuple[object, ...]:
    """What a node may come to where a part is beyond analysis."""
    if isinstance(node, tree.Comparison) and node.operator in ("=", "!=") and None in given:
        if any(isinstance(one, Unread) and one.known for one in given):
            return (node.operator == "!=",)
        return (True, False)
    return TRUTH if isinstance(node, ASKS) else (ANYTHING,)
