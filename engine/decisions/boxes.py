"""Boxed expressions: literals, tables, contexts, relations, lists, invocations, functions and boxed loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from engine.decisions import box_types, choices, elements, table_reading, table_types, tables
from engine.decisions.choices import Choice
from engine.decisions.fitting import coerced
from engine.decisions.models import Entries, Logic, Table, Variable
from engine.decisions.scopes import Scope
from engine.decisions.surroundings import Inference
from engine.feel import compiling_calls, compiling_loops, logic, types
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.faults import Place, Refusal
from engine.feel.frames import Frame
from engine.feel.values import Function, kind


@dataclass(frozen=True, slots=True)
class Box:
    """Compiled logic; `table` is set when it is a decision table, `entries` when it is a boxed context.

    `text` is what a literal expression says, `members` the names its value has, in their order, where that is plain;
    `infer` works out its type when asked; `choice` is set when it is an `if` as a whole.
    """

    table: Table | None
    logic: Logic | None
    infer: Inference = box_types.nothing
    entries: Entries | None = None
    text: str = ""
    members: tuple[str, ...] = ()
    choice: Choice | None = None

    @property
    def value(self) -> Logic:
        """The logic; null where there is none."""
        return self.logic or _nothing


def read(element: etree._Element | None, scope: Scope) -> Box:
    """The logic in a boxed expression; none where there is no element."""
    if element is None:
        return Box(None, None)
    if elements.tag(element) == "decisionTable":
        table = table_reading.read(element, scope)
        return Box(
            table,
            lambda frame: _consulted(table, frame),
            lambda around: table_types.infer(table, around),
        )
    wanted = scope.type(elements.type_name(element), element)
    if elements.tag(element) == "literalExpression":
        return _literal(element, wanted, scope)
    if elements.tag(element) == "context":
        return _context(element, wanted, scope)
    found = _READ[elements.tag(element)](element, scope)
    infer = box_types.fitted(found.infer, wanted, scope.spot(element))
    return Box(None, _typed(found.value, wanted, element), infer)


def _consulted(table: Table, frame: Frame) -> object:
    """The value of a table within other logic; what came of it is kept, as for a table that is a decision's own."""
    verdict = tables.decide(table, frame)
    frame.run.consult((table, verdict))
    return verdict.value


def parameters(element: etree._Element, scope: Scope) -> tuple[Variable, ...]:
    """The formal parameters of a function."""
    return tuple(
        Variable(elements.name(found), scope.type(elements.type_name(found), found))
        for found in elements.children(element, "formalParameter")
    )


def function_body(element: etree._Element, scope: Scope) -> Box:
    """The logic of a function definition, paid for at each call; one that calls out to Java or PMML is refused."""
    kind_of_logic = elements.function_kind(element)
    if kind_of_logic not in ("FEEL", "feel", "F"):
        scope.complain("function_external", element, kind=kind_of_logic)
        place = _place(element)
        return Box(None, lambda frame: frame.run.warn("external_function", place))
    begun = scope.steps
    box = read(elements.logic(element), scope)
    logic, weight = box.logic, _weight(element, scope, begun)
    return box if logic is None or weight < 2 else Box(box.table, _paid(logic, weight), box.infer)


def _weight(element: etree._Element, scope: Scope, begun: int) -> int:
    """The steps that running a box once more is worth, by its size and what was read in it since `begun`.

    It pays them itself, each time: what is around it does not.
    """
    within, scope.steps = scope.steps - begun, begun
    return 1 + len(elements.words(element)) // 64 + sum(1 for _ in element.iter()) // 16 + within


def _paid(logic: Logic, weight: int) -> Logic:
    def run(frame: Frame) -> object:
        frame.run.spend(weight)
        return logic(frame)

    return run


def _typed(found: Logic, wanted: types.Type, element: etree._Element) -> Logic:
    if wanted == types.ANY:
        return found
    place = _place(element)
    return lambda frame: coerced(found(frame), wanted, frame.run, place)


def _place(element: etree._Element) -> Place:
    written = elements.child(element, "text")
    words = elements.text(written) or element.get("id", "") or elements.tag(element)
    return Place(words, 0, len(words))


def _inner(element: etree._Element, name: str, scope: Scope) -> Box:
    """The logic inside a named child (`in`, `match`, `then` …)."""
    return read(elements.logic(elements.child(element, name)), scope)


def _nothing(frame: Frame) -> object:
    return None


def _literal(element: etree._Element, wanted: types.Type, scope: Scope) -> Box:
    text = elements.text(element)
    if not text:
        return Box(None, _typed(_nothing, wanted, element))
    found = scope.expression(element)
    spot = scope.spot(element)
    infer = box_types.fitted(box_types.literal(found, spot), wanted, spot)
    choice = choices.of(found, lambda part: scope.text(element, part))
    return Box(None, _typed(found.closure, wanted, element), infer, None, text, _members(found.tree), choice)


def _members(node: tree.Node) -> tuple[str, ...]:
    """The names of the context that an expression gives, as written: `{…}`, or `{…}.result`."""
    if isinstance(node, tree.Path) and isinstance(node.source, tree.Context):
        member = node.member
        node = next((value for name, value in node.source.entries if name == member), node)
    return tuple(name for name, _ in node.entries) if isinstance(node, tree.Context) else ()


def _context(element: etree._Element, wanted: types.Type, scope: Scope) -> Box:
    """Entries one after the other, each seeing those before; an entry without a name is the result."""
    entries: list[tuple[str, Logic, types.Type]] = []
    typed: list[box_types.Entry] = []
    result: Box | None = None
    place = _place(element)
    with scope.binding(()):
        begun = len(scope.bound)
        for entry in elements.children(element, "contextEntry"):
            variable = elements.child(entry, "variable")
            name = elements.name(variable)
            inner = elements.logic(entry)
            if name and inner is not None and elements.tag(inner) == "functionDefinition":
                scope.bind(name)  # a function may call itself
            found = read(inner, scope)
            if variable is None or not name:
                result = found
            else:
                kept = scope.type(elements.type_name(variable), variable)
                entries.append((name, found.value, kept))
                typed.append((name, found.infer, kept, scope.spot(entry)))
                scope.bind(name)
        del scope.bound[begun:]

    def build(frame: Frame) -> tuple[dict[str, object], object]:
        built: dict[str, object] = {}
        inner = Frame(built, frame, frame.run)
        for name, value, kept in entries:
            built[name] = coerced(value(inner), kept, frame.run, place)
        found = built if result is None else result.value(inner)
        return built, coerced(found, wanted, frame.run, place)

    members = tuple(name for name, _, _ in entries) if result is None else ()
    infer = box_types.context(typed, None if result is None else result.infer)
    infer = box_types.fitted(infer, wanted, scope.spot(element))
    return Box(None, lambda frame: build(frame)[1], infer, build, "", members)


def _relation(element: etree._Element, scope: Scope) -> Box:
    declared = elements.children(element, "column")
    columns = [elements.name(column) for column in declared]
    kept = [scope.type(elements.type_name(column), column) for column in declared]
    rows = [
        [_cell(cell, wanted, scope) for cell, wanted in zip(_boxed(row), kept, strict=False)]
        for row in elements.children(element, "row")
    ]

    def build(frame: Frame) -> object:
        return [{name: cell.value(frame) for name, cell in zip(columns, row, strict=False)} for row in rows]

    return Box(None, build, box_types.rows(columns, [[cell.infer for cell in row] for row in rows]))


def _cell(element: etree._Element, wanted: types.Type, scope: Scope) -> Box:
    """A cell of a relation, made to fit the type of its column."""
    found = read(element, scope)
    infer = box_types.fitted(found.infer, wanted, scope.spot(element))
    return Box(None, _typed(found.value, wanted, element), infer)


def _boxed(element: etree._Element) -> list[etree._Element]:
    """The boxed expressions directly inside an element."""
    return [part for part in element if elements.tag(part) in elements.LOGIC]


def _list(element: etree._Element, scope: Scope) -> Box:
    found = [read(item, scope) for item in _boxed(element)]
    items = [item.value for item in found]
    infer = box_types.items([item.infer for item in found])
    return Box(None, lambda frame: [item(frame) for item in items], infer)


def _invocation(element: etree._Element, scope: Scope) -> Box:
    called = elements.logic(element)
    function = read(called, scope)
    callee = function.value
    bindings = elements.children(element, "binding")
    names = tuple(_parameter(found) for found in bindings)
    given = [read(elements.logic(found), scope) for found in bindings]
    arguments = [argument.value for argument in given]
    place = _place(called) if called is not None else _place(element)

    def invoke(frame: Frame) -> object:
        try:
            values = [argument(frame) for argument in arguments]
            return compiling_calls.invoke(callee(frame), frame.run, values, names)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    inferred = [argument.infer for argument in given]
    return Box(None, invoke, box_types.invocation(function.infer, names, inferred, scope.spot(element)))


def _parameter(binding: etree._Element) -> str:
    return elements.name(elements.child(binding, "parameter"))


def _function(element: etree._Element, scope: Scope) -> Box:
    taken = parameters(element, scope)
    with scope.binding([parameter.name for parameter in taken]):
        found = function_body(element, scope)
    body = found.value
    infer = box_types.function(taken, found.infer, types.ANY, scope.spot(element))
    return Box(None, lambda frame: function(taken, body, frame), infer)


def function(
    taken: tuple[Variable, ...], body: Logic, frame: Frame, name: str = "", result: types.Type = types.ANY
) -> Function:
    """A function value whose body runs inside a frame."""
    names = tuple(parameter.name for parameter in taken)
    place = Place(name, 0, len(name))

    def call(run: Run, values: list[object]) -> object:
        fitting = {
            parameter.name: types.coerced(value, parameter.type, run)
            if not isinstance(parameter.type, types.Reference) else value
            for parameter, value in zip(taken, values, strict=True)
        }  # fmt: skip
        run.enter()
        try:
            return coerced(body(Frame(fitting, frame, run)), result, run, place)
        finally:
            run.leave()

    return Function(name, names, call, tuple(parameter.type for parameter in taken), result)


def _conditional(element: etree._Element, scope: Scope) -> Box:
    parts = [_inner(element, name, scope) for name in ("if", "then", "else")]
    condition, then, otherwise = (part.value for part in parts)
    place = _place(element)

    def choose(frame: Frame) -> object:
        verdict = condition(frame)
        if verdict is not None and logic.truth(verdict) is None:
            frame.run.warn("type_differs", place, expected="boolean", found=kind(verdict))
            return None
        return then(frame) if logic.truth(verdict) is True else otherwise(frame)

    asked, first, second = (part.infer for part in parts)
    return Box(None, choose, box_types.conditional(asked, first, second, scope.spot(element)))


def _filter(element: etree._Element, scope: Scope) -> Box:
    whole = _inner(element, "in", scope)
    begun = scope.steps
    with scope.binding(("item",)):
        asked = _inner(element, "match", scope)
    source, match = whole.value, asked.value
    weight, place = _weight(element, scope, begun), _place(element)

    def keep(frame: Frame) -> object:
        kept: list[object] = []
        value = source(frame)
        for item in value if isinstance(value, list) else [] if value is None else [value]:
            frame.run.spend(weight)
            verdict = match(compiling_loops.item_frame(item, frame))
            if verdict is not None and not isinstance(verdict, bool):
                frame.run.warn("filter_undecided", place, kind=kind(verdict))
                return None
            if verdict:
                kept.append(item)
        return kept

    return Box(None, keep, box_types.filtered(whole.infer, asked.infer, scope.spot(element)))


def _loop(element: etree._Element, scope: Scope) -> Box:
    """Boxed `for`, `some` and `every`: the same loops as in text."""
    source = _inner(element, "in", scope)
    begun, which = scope.steps, elements.tag(element)
    name = elements.spaced(element.get("iteratorVariable", "item"))
    with scope.binding((name, "partial")):
        body = _inner(element, "return" if which == "for" else "satisfies", scope)
    sources: list[compiling_loops.Source] = [(name, source.value, None)]
    weight, place = _weight(element, scope, begun), _place(element)
    if which == "for":
        with_partial = "partial" in elements.words(element)
        evaluate = compiling_loops.gathered(sources, body.value, weight, with_partial=with_partial)
    else:
        evaluate = compiling_loops.decided(sources, body.value, weight, decisive=which == "some")

    def run_loop(frame: Frame) -> object:
        try:
            return evaluate(frame)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return Box(None, run_loop, box_types.loop(which, name, source.infer, body.infer, scope.spot(element)))


_READ: dict[str, Callable[[etree._Element, Scope], Box]] = {
    "relation": _relation, "list": _list,
    "invocation": _invocation, "functionDefinition": _function, "conditional": _conditional, "filter": _filter,
    "for": _loop, "some": _loop, "every": _loop,
}  # fmt: skip
