"""Boxed expressions: literals, tables, contexts, relations, lists, invocations, functions and boxed loops."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lxml import etree

from engine.decisions import elements, table_reading, tables
from engine.decisions.models import Entries, Logic, Table, Variable
from engine.decisions.scopes import Scope
from engine.feel import compiling_calls, compiling_loops, logic, types
from engine.feel import syntax as tree
from engine.feel.budgets import Run
from engine.feel.faults import Place, Refusal
from engine.feel.frames import Frame
from engine.feel.values import Function, kind


@dataclass(frozen=True, slots=True)
class Box:
    """Compiled logic; `table` is set when it is a decision table, `entries` when it is a boxed context.

    `text` is what a literal expression says, `members` the names its value has, in their order, where that is plain.
    """

    table: Table | None
    logic: Logic | None
    entries: Entries | None = None
    text: str = ""
    members: tuple[str, ...] = ()


def read(element: etree._Element | None, scope: Scope) -> Box:
    """The logic in a boxed expression; none where there is no element."""
    if element is None:
        return Box(None, None)
    if elements.tag(element) == "decisionTable":
        table = table_reading.read(element, scope)
        return Box(table, lambda frame: tables.decide(table, frame).value)
    wanted = scope.type(elements.type_name(element), element)
    if elements.tag(element) == "literalExpression":
        return _literal(element, wanted, scope)
    if elements.tag(element) == "context":
        return _context(element, wanted, scope)
    return Box(None, _typed(_READ[elements.tag(element)](element, scope), wanted, element))


def parameters(element: etree._Element, scope: Scope) -> tuple[Variable, ...]:
    """The formal parameters of a function."""
    return tuple(
        Variable(found.get("name", ""), scope.type(elements.type_name(found), found))
        for found in elements.children(element, "formalParameter")
    )


def function_body(element: etree._Element, scope: Scope) -> Box:
    """The logic of a function definition, paid for at each call; one that calls out to Java or PMML is refused."""
    if element.get("kind", "FEEL") not in ("FEEL", "feel"):
        scope.complain("function_external", element, kind=element.get("kind", ""))
        place = _place(element)
        return Box(None, lambda frame: frame.run.warn("external_function", place))
    box = read(elements.logic(element), scope)
    logic, weight = box.logic, _weight(element)
    return box if logic is None or weight < 2 else Box(box.table, _paid(logic, weight))


def _weight(element: etree._Element) -> int:
    """The steps that running a box once more is worth, by its size."""
    return 1 + len(elements.words(element)) // 64 + sum(1 for _ in element.iter()) // 16


def _paid(logic: Logic, weight: int) -> Logic:
    def run(frame: Frame) -> object:
        frame.run.spend(weight)
        return logic(frame)

    return run


def coerced(value: object, wanted: types.Type, run: Run, place: Place) -> object:
    """A value made to fit a declared type, or null with a warning when it does not."""
    if wanted == types.ANY or isinstance(wanted, types.Reference) or value is None:
        return value
    try:
        return types.coerced(types.read_as(value, wanted), wanted)
    except Refusal as refusal:
        run.note(refusal, place)
        return None


def _typed(found: Logic, wanted: types.Type, element: etree._Element) -> Logic:
    if wanted == types.ANY:
        return found
    place = _place(element)
    return lambda frame: coerced(found(frame), wanted, frame.run, place)


def _place(element: etree._Element) -> Place:
    words = elements.text(element) or element.get("id", "") or elements.tag(element)
    return Place(words, 0, len(words))


def _inner(element: etree._Element, name: str, scope: Scope) -> Logic:
    """The logic inside a named child (`in`, `match`, `then` …)."""
    found = read(elements.logic(elements.child(element, name)), scope).logic
    return found or _nothing


def _nothing(frame: Frame) -> object:
    return None


def _literal(element: etree._Element, wanted: types.Type, scope: Scope) -> Box:
    text = elements.text(element)
    if not text:
        return Box(None, _typed(_nothing, wanted, element))
    found = scope.expression(element)
    members = tuple(name for name, _ in found.tree.entries) if isinstance(found.tree, tree.Context) else ()
    return Box(None, _typed(found.closure, wanted, element), None, text, members)


def _context(element: etree._Element, wanted: types.Type, scope: Scope) -> Box:
    """Entries one after the other, each seeing those before; an entry without a name is the result."""
    entries: list[tuple[str, Logic, types.Type]] = []
    result: Logic | None = None
    place = _place(element)
    with scope.binding(()):
        begun = len(scope.bound)
        for entry in elements.children(element, "contextEntry"):
            variable = elements.child(entry, "variable")
            name = "" if variable is None else variable.get("name", "")
            inner = elements.logic(entry)
            if name and inner is not None and elements.tag(inner) == "functionDefinition":
                scope.bind(name)  # a function may call itself
            found = read(inner, scope).logic or _nothing
            if variable is None:
                result = found
            else:
                entries.append((name, found, scope.type(elements.type_name(variable), variable)))
                scope.bind(name)
        del scope.bound[begun:]

    def build(frame: Frame) -> tuple[dict[str, object], object]:
        built: dict[str, object] = {}
        inner = Frame(built, frame, frame.run)
        for name, value, kept in entries:
            built[name] = coerced(value(inner), kept, frame.run, place)
        found = built if result is None else result(inner)
        return built, coerced(found, wanted, frame.run, place)

    members = tuple(name for name, _, _ in entries) if result is None else ()
    return Box(None, lambda frame: build(frame)[1], build, "", members)


def _relation(element: etree._Element, scope: Scope) -> Logic:
    columns = [column.get("name", "") for column in elements.children(element, "column")]
    rows = [
        [read(cell, scope).logic or _nothing for cell in row if elements.tag(cell) in elements.LOGIC]
        for row in elements.children(element, "row")
    ]
    return lambda frame: [
        {name: cell(frame) for name, cell in zip(columns, row, strict=False)} for row in rows
    ]


def _list(element: etree._Element, scope: Scope) -> Logic:
    items = [read(item, scope).logic or _nothing for item in element if elements.tag(item) in elements.LOGIC]
    return lambda frame: [item(frame) for item in items]


def _invocation(element: etree._Element, scope: Scope) -> Logic:
    called = elements.logic(element)
    callee = read(called, scope).logic or _nothing
    bindings = elements.children(element, "binding")
    names = tuple(_parameter(found) for found in bindings)
    arguments = [read(elements.logic(found), scope).logic or _nothing for found in bindings]
    place = _place(called) if called is not None else _place(element)

    def invoke(frame: Frame) -> object:
        try:
            values = [argument(frame) for argument in arguments]
            return compiling_calls.invoke(callee(frame), frame.run, values, names)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return invoke


def _parameter(binding: etree._Element) -> str:
    found = elements.child(binding, "parameter")
    return "" if found is None else found.get("name", "")


def _function(element: etree._Element, scope: Scope) -> Logic:
    taken = parameters(element, scope)
    with scope.binding([parameter.name for parameter in taken]):
        body = function_body(element, scope).logic or _nothing
    return lambda frame: function(taken, body, frame)


def function(
    taken: tuple[Variable, ...], body: Logic, frame: Frame, name: str = "", result: types.Type = types.ANY
) -> Function:
    """A function value whose body runs inside a frame."""
    names = tuple(parameter.name for parameter in taken)
    place = Place(name, 0, len(name))

    def call(run: Run, values: list[object]) -> object:
        fitting = {
            parameter.name: types.coerced(value, parameter.type)
            if not isinstance(parameter.type, types.Reference) else value
            for parameter, value in zip(taken, values, strict=True)
        }  # fmt: skip
        run.enter()
        try:
            return coerced(body(Frame(fitting, frame, run)), result, run, place)
        finally:
            run.leave()

    return Function(name, names, call, tuple(parameter.type for parameter in taken), result)


def _conditional(element: etree._Element, scope: Scope) -> Logic:
    condition, then, otherwise = (_inner(element, name, scope) for name in ("if", "then", "else"))
    place = _place(element)

    def choose(frame: Frame) -> object:
        verdict = condition(frame)
        if verdict is not None and logic.truth(verdict) is None:
            frame.run.warn("type_differs", place, expected="boolean", found=kind(verdict))
            return None
        return then(frame) if logic.truth(verdict) is True else otherwise(frame)

    return choose


def _filter(element: etree._Element, scope: Scope) -> Logic:
    source = _inner(element, "in", scope)
    with scope.binding(("item",)):
        match = _inner(element, "match", scope)
    weight, place = _weight(element), _place(element)

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

    return keep


def _loop(element: etree._Element, scope: Scope) -> Logic:
    """Boxed `for`, `some` and `every`: the same loops as in text."""
    source = _inner(element, "in", scope)
    name, which = element.get("iteratorVariable", "item"), elements.tag(element)
    with scope.binding((name, "partial")):
        body = _inner(element, "return" if which == "for" else "satisfies", scope)
    sources: list[compiling_loops.Source] = [(name, source, None)]
    weight, place = _weight(element), _place(element)
    if which == "for":
        with_partial = "partial" in elements.words(element)
        evaluate = compiling_loops.gathered(sources, body, weight, with_partial=with_partial)
    else:
        evaluate = compiling_loops.decided(sources, body, weight, decisive=which == "some")

    def run_loop(frame: Frame) -> object:
        try:
            return evaluate(frame)
        except Refusal as refusal:
            frame.run.note(refusal, place)
            return None

    return run_loop


_READ: dict[str, Callable[[etree._Element, Scope], Logic]] = {
    "relation": _relation, "list": _list,
    "invocation": _invocation, "functionDefinition": _function, "conditional": _conditional, "filter": _filter,
    "for": _loop, "some": _loop, "every": _loop,
}  # fmt: skip
