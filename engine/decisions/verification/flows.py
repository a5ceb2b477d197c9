"""Where values from outside go in a graph of decisions, and what they are compared with on the way.

A value that is only ever passed on and compared with constants is known by its place among those: whatever lies between
two neighbouring ones is treated alike. Whatever else becomes of it is beyond analysis.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation

from engine.decisions import plans
from engine.decisions.models import Decision, DecisionModel
from engine.decisions.verification import constants, graph_scopes, nulls, paths
from engine.decisions.verification.constants import BeyondAnalysis, Known
from engine.decisions.verification.paths import Path
from engine.decisions.verification.uses import Flows, Use, for_items
from engine.feel import syntax as tree
from engine.feel import types
from engine.feel.expressions import UnaryTests
from engine.feel.functions.declared import BUILT_IN

SCALAR = constants.ORDERED | {"string", "boolean"}
_DATES = frozenset(("date", "date and time"))
_PASSING = frozenset(("concatenate", "append", "flatten", "distinct values", "union", "reverse"))
_CLOCK = frozenset(("now", "today"))


def of(parts: Sequence[tuple[DecisionModel, Decision]]) -> Flows:
    """The flows of a graph's decisions, those below first; the last one's results are compared with the permissive."""
    found = Flows()
    model, decision = parts[-1]
    permissive = nulls.most_permissive(decision.table) if decision.table else []
    compared = found.decisions.setdefault((id(model), decision.id), Use()).constants
    for _, text in permissive:
        for value in (text, *_number(text), *({"true": [True], "false": [False]}.get(text, []))):
            compared.add(value, False)
    for _, decision in parts:
        _note_names(decision, found)
    for model, decision in parts:
        _Reading(model, decision, found).read()
    return found


def _note_names(decision: Decision, found: Flows) -> None:
    """Every name that may be asked of a conclusion; all, where logic is beyond reading."""
    table, expression = decision.table, graph_scopes.literal(decision)
    trees: list[object] = [] if expression is None else [expression.tree]
    if table is not None:
        trees += [clause.expression.tree for clause in table.inputs]
        trees += [cell.tree for rule in table.rules for cell in rule.tests]
        trees += [cell.tree for rule in table.rules for cell in rule.outputs]
        trees += [clause.default.tree for clause in table.outputs if clause.default]
    for at, output in enumerate(table.outputs if table else ()):
        cells = (rule.outputs[at].tree for rule in table.rules) if table else ()
        values = [cell.value for cell in cells if isinstance(cell, tree.Literal) and cell.value is not None]
        found.concluded.setdefault(output.name, []).extend(values)
    found.members |= found.concluded.keys() | {name for one in trees for name in paths.keys(one)}
    found.asked.update(name for one in trees for name in paths.names(one))
    if is_unread(decision) or any(need.kind == "knowledge" for need in decision.needs):
        found.is_all_asked = found.clock = True


def is_unread(decision: Decision) -> bool:
    """Whether a decision is other boxed logic, which is looked at as a whole only."""
    return decision.logic is not None and decision.table is None and graph_scopes.literal(decision) is None


class _Reading:
    """One decision's expressions."""

    def __init__(self, model: DecisionModel, decision: Decision, found: Flows) -> None:
        self.decision, self.found = decision, found
        self.known: Known = constants.known(decision)
        self.required: dict[Path, Use] = {}
        inputs = set()
        for need in decision.needs:
            variable = plans.variable(need)
            if need.kind == "decision":
                use = found.decisions.setdefault((id(need.model), need.id), Use())
                self.required[(*need.path, variable.name)] = use
            elif need.kind == "input":
                inputs.add(variable.name)
                found.types.setdefault(variable.name, variable.type)
        decided = {one.variable.name for one in model.decisions.values()}
        self.outside = (decision.names - decided) | inputs
        self.own = found.decisions.setdefault((id(model), decision.id), Use())
        self.read_here: set[Path] = set()
        self.bound: dict[str, tree.Node] = {}
        self.item: tree.Node | None = None
        self.text = ""

    def read(self) -> None:
        if self.decision.variable.type.name in SCALAR:
            self.own.kinds.add(self.decision.variable.type.name)
        expression = graph_scopes.literal(self.decision)
        if self.decision.table is not None:
            self._table()
        elif expression is not None:
            self.text = expression.text
            self._flow(expression.tree, self.own)
        else:
            for name in sorted(self.decision.names & self.outside):
                self._named((name,), Use(beyond=True))

    def _table(self) -> None:
        table = self.decision.table
        assert table is not None
        for at, clause in enumerate(table.inputs):
            use = Use()
            plain = types.unrestricted(clause.type).name
            use.kinds |= {plain} & SCALAR
            cells = [rule.tests[at] for rule in table.rules if at < len(rule.tests)]
            for cell in [*cells, *([clause.allowed] if clause.allowed else [])]:
                self._cell(cell, use)
            self.text = clause.expression.text
            self.read_here.clear()
            self._flow(clause.expression.tree, use)
            self._label(clause.expression.tree, clause.label)
            path = paths.path_of(clause.expression.tree)
            if clause.allowed and path in self.found.leaves:
                self.found.allowed.setdefault(path, []).append(clause.allowed)
        asked = self.found.asked
        for at, output in enumerate(table.outputs):
            if (
                len(table.outputs) == 1
                or output.name in asked
                or output.permissive
                or self.found.is_all_asked
            ):
                cells_of = [rule.outputs[at] for rule in table.rules]
                for conclusion in cells_of + ([output.default] if output.default else []):
                    self.text = conclusion.text
                    self._flow(conclusion.tree, self.own)

    def _label(self, node: tree.Node, label: str) -> None:
        """A column's label stands for what it asks for alone, or gives rather than asks about on the way."""
        if label == self.text:
            return
        given = {path for path in _given(node) if path in self.found.leaves}
        named = given or self.read_here
        if len(named) == 1:
            self.found.labels.setdefault(next(iter(named)), label)

    def _cell(self, cell: UnaryTests, use: Use) -> None:
        self.text = cell.text
        for test in cell.tree.tests:
            try:
                constants.note(test, cell.text, use.constants, self.known)
            except BeyondAnalysis:
                use.beyond = True
                self._literals(test, use)
                self._flow(test, Use(beyond=True))

    # -- expressions

    def _flow(self, node: tree.Node, to: Use) -> None:
        """Note that a node's value goes to a place, and what becomes of its parts on the way."""
        path = paths.path_of(node)
        if path is not None:
            self._named(path, to)
            return
        truth = Use(kinds={"boolean"})
        match node:
            case tree.Comparison(operator=operator, left=left, right=right):
                for side, other in ((left, right), (right, left)):
                    self._flow(side, self._compared([other], operator not in ("=", "!=")))
                self._share(left, right)
            case tree.Between(value=value, low=low, high=high):
                self._flow(value, self._compared([low, high], True))
                self._flow(low, self._compared([value], True))
                self._flow(high, self._compared([value], True))
            case tree.Membership(value=value, tests=tests):
                self._flow(value, self._tested(tests))
                for test in tests:
                    self._flow(test, self._compared([value], True))
            case tree.Logic(parts=parts):
                for part in parts:
                    self._flow(part, truth)
            case tree.If(condition=condition, then=then, otherwise=otherwise):
                self._flow(condition, truth)
                self._flow(then, to)
                self._flow(otherwise, to)
            case tree.Path(source=source):
                self._flow(source, to)
            case tree.List(items=items):
                for item in items:
                    self._flow(item, Use(to=list(for_items(to))))
            case tree.Context(entries=entries):
                for _, value in entries:
                    self._flow(value, to)
            case tree.Filter(source=source, condition=condition):
                self._flow(source, Use(listed=True, to=[to]))
                outer, self.item = self.item, source
                self._flow(condition, truth)
                self.item = outer
            case tree.For(iterators=iterators, body=body) | tree.Quantified(iterators=iterators, body=body):
                self._loop(iterators, body, to if isinstance(node, tree.For) else truth)
            case tree.Call(callee=tree.Name(name=name), arguments=arguments):
                self._called(name, node, arguments, to)
            case tree.Literal():
                return
            case _:
                self.found.clock |= isinstance(node, tree.Call)
                self._computed(node, tree.children(node))

    def _named(self, path: Path, to: Use) -> None:
        if path[0] in self.bound:
            self._flow(self.bound[path[0]], to)
            return
        for size in (2, 1):
            if path[:size] in self.required:
                self.required[path[:size]].to.append(to)
                if not paths.leads(self.known, path[:size]):
                    self.read_here.add(path)
                if to.beyond:
                    self._literal_of(path, to)
                return
        if path[0] in self.outside or self._is_no_member(path[0]):
            declared = types.unrestricted(self.found.types.get(path[0], types.ANY))
            if declared.name in SCALAR and len(path) > 1:  # a part of a date and the like
                path, to = path[:1], Use(beyond=True)
            self.found.leaves.setdefault(path, Use()).to.append(to)
            self.read_here.add(path)
        elif self.item is not None:
            outer, self.item = self.item, None
            self._flow(outer, to)
            self.item = outer

    def _called(self, name: str, node: tree.Call, arguments: Sequence[tree.Node], to: Use) -> None:
        if name in _CLOCK or name not in BUILT_IN:
            self.found.clock = True
        if name == "not" and len(arguments) == 1:
            self._flow(arguments[0], Use(kinds={"boolean"}))
        elif name == "count" and len(arguments) == 1:
            self.found.counts.setdefault(node, []).append(to)
            self._flow(arguments[0], Use(listed=True))
        elif name in _PASSING:
            for argument in arguments:
                self._flow(argument, Use(listed=True, to=[to]))
        else:
            self._computed(node, arguments, dated=name in _DATES)

    def _computed(self, node: tree.Node, parts: Sequence[tree.Node], dated: bool = False) -> None:
        kinds = {"number"} if isinstance(node, tree.Arithmetic | tree.Negation) else set()
        use = Use(beyond=True, dated=dated, kinds=kinds)
        self._literals(node, use)
        for part in parts:
            self._flow(part, use)

    def _loop(self, iterators: Sequence[tree.Iterator], body: tree.Node, to: Use) -> None:
        outer = dict(self.bound)
        for one in iterators:
            self._flow(one.source, Use(listed=True, beyond=one.high is not None))
            if one.high is not None:
                self._flow(one.high, Use(beyond=True))
            self.bound = {**self.bound, one.name: one.source}
        self._flow(body, to)
        self.bound = outer

    # -- what values are compared with

    def _compared(self, others: Sequence[tree.Node], ordered: bool) -> Use:
        """A place where values are compared with others; beyond analysis, unless those are constants."""
        use = Use()
        for other in others:
            try:
                for value in self._constants(other):
                    use.constants.add(value, ordered)
            except BeyondAnalysis:
                use.beyond = True
                self._literals(other, use)
        return use

    def _constants(self, node: tree.Node) -> list[object]:
        """The values that a node always has, or that it has for one or the other item of a constant list."""
        path = paths.path_of(node)
        if path is None or self.item is None or path[0] in self.outside or path[:1] in self.required:
            value = constants.value(node, self.text, self.known)
            return [value] if value is not None or isinstance(node, tree.Literal) else []
        if self._is_no_member(path[0]):
            raise BeyondAnalysis("data", path[:1])
        found = [paths.member(item, path) for item in self._items()]
        return [value for value in found if value is not None]

    def _items(self) -> list[object]:
        """The items that a filter looks at, where they are constants."""
        assert self.item is not None
        items = constants.value(self.item, self.text, self.known)
        return items if isinstance(items, list) else [items]

    def _is_no_member(self, name: str) -> bool:
        """Whether a name within a filter is no member of what it looks at, and so one from outside."""
        if self.item is None or name not in self.decision.reads:
            return False
        try:
            return not any(isinstance(item, Mapping) and name in item for item in self._items())
        except BeyondAnalysis:
            from_outside = any(path[0] in self.outside for path in paths.of(self.item))
            return not (from_outside or self.found.is_all_asked or name in self.found.members)

    def _tested(self, tests: Sequence[tree.Node]) -> Use:
        use = Use()
        for test in tests:
            try:
                constants.note(test, self.text, use.constants, self.known)
            except BeyondAnalysis:
                use.beyond = True
                self._literals(test, use)
        return use

    def _share(self, left: tree.Node, right: tree.Node) -> None:
        """What is compared with each other takes its values from the same constants."""
        sides = [
            [use for path in paths.of(side) if (use := self.found.leaves.get(path)) is not None]
            for side in (left, right)
        ]
        for one in sides[0]:
            for other in sides[1]:
                one.to.append(other)
                other.to.append(one)

    def _literals(self, node: tree.Node, use: Use) -> None:
        """Constants within what is beyond analysis, and conclusions that are looked up there, are worth looking at."""
        if isinstance(node, tree.Literal):
            _add(node.value, use)
        if isinstance(node, tree.Name) and self.item is not None:
            for value in self.found.concluded.get(node.name, ()):
                _add(value, use)
        for child in tree.children(node):
            self._literals(child, use)

    def _literal_of(self, path: Path, use: Use) -> None:
        _add(paths.member(self.known, path), use)


def _number(text: str) -> Iterator[Decimal]:
    try:
        yield Decimal(text)
    except InvalidOperation:
        return


def _add(value: object, use: Use) -> None:
    try:
        use.constants.add(value, not isinstance(value, str))
    except BeyondAnalysis:
        return


def _given(node: tree.Node) -> Iterator[Path]:
    """The paths whose value may be that of the expression, rather than asked about on the way."""
    path = paths.path_of(node)
    if path is not None:
        yield path
    if isinstance(node, tree.If):
        yield from _given(node.then)
        yield from _given(node.otherwise)
