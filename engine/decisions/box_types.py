"""The types of boxed expressions: for each kind of box, what its value can be, given what its parts can be."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from engine.decisions.models import Variable
from engine.decisions.surroundings import Inference, Spot, Surroundings
from engine.feel.expressions import Expression
from engine.feel.type_relations import base, common, element, is_known, kind, may_become, words
from engine.feel.types import ANY, BOOLEAN, NULL, ContextType, ExactContext, ListType, NamedFunction, Type

Entry = tuple[str, Inference, Type, Spot]
"""Of a boxed context: name, value, declared type, place."""


def nothing(around: Surroundings) -> Type:
    """The type of a box that is not there."""
    return NULL


def literal(expression: Expression, spot: Spot) -> Inference:
    """A literal expression: what its text can be."""
    return lambda around: around.expression(expression, spot)


def fitted(found: Inference, wanted: Type, spot: Spot) -> Inference:
    """A box with a declared type."""
    return lambda around: around.fitted(found(around), wanted, spot)


def context(entries: Sequence[Entry], result: Inference | None) -> Inference:
    """Entries one after the other, each seeing those before; without a result they are the value."""

    def infer(around: Surroundings) -> Type:
        built: dict[str, Type] = {}
        for name, value, wanted, spot in entries:
            # A function sees itself before its type is known.
            inner = around.having({name: ANY, **built})
            built[name] = inner.fitted(value(inner), wanted, spot)
        if result is not None:
            return result(around.having(built))
        return ExactContext("context", tuple(built.items()))

    return infer


def rows(columns: Sequence[str], cells: Sequence[Sequence[Inference]]) -> Inference:
    """A relation: a list of contexts, one per row."""

    def infer(around: Surroundings) -> Type:
        found = [
            ExactContext(
                "context", tuple((name, cell(around)) for name, cell in zip(columns, row, strict=False))
            )
            for row in cells
        ]
        return ListType("list", functools.reduce(common, found, NULL))

    return infer


def items(found: Sequence[Inference]) -> Inference:
    """A boxed list."""
    return lambda around: ListType("list", functools.reduce(common, [item(around) for item in found], NULL))


def invocation(
    callee: Inference, names: Sequence[str], arguments: Sequence[Inference], spot: Spot
) -> Inference:
    """A boxed invocation: every argument by name, of a type its parameter takes."""

    def infer(around: Surroundings) -> Type:
        called = base(callee(around))
        given = [(name, argument(around)) for name, argument in zip(names, arguments, strict=True)]
        if not isinstance(called, NamedFunction):
            if is_known(called) and kind(called) != "function":
                return around.refuse("not_a_function", spot, found=words(called))
            return ANY
        wanted = dict(zip(called.names, called.parameters, strict=True))
        for name, of in given:
            if name not in wanted:
                known = ", ".join(called.names)
                return around.refuse("parameter_unknown", spot, name=name, known=known)
            if not may_become(of, wanted[name]):
                said = {"name": name, "expected": words(wanted[name]), "found": words(of)}
                return around.refuse("parameter_type", spot, **said)
        return base(called.result)

    return infer


def function(taken: Sequence[Variable], body: Inference, result: Type, spot: Spot) -> Inference:
    """A function definition: what its body can be where its parameters have their types."""

    def infer(around: Surroundings) -> Type:
        parameters = {parameter.name: base(parameter.type) for parameter in taken}
        inner = around.having(parameters)
        found = inner.fitted(body(inner), result, spot)
        return NamedFunction("function", tuple(parameters.values()), found, tuple(parameters))

    return infer


def conditional(condition: Inference, then: Inference, otherwise: Inference, spot: Spot) -> Inference:
    """A boxed `if`: null when its condition is neither true nor false."""

    def infer(around: Surroundings) -> Type:
        verdict = around.condition(condition(around), spot)
        found = common(then(around), otherwise(around))
        return NULL if verdict == NULL else found

    return infer


def filtered(source: Inference, match: Inference, spot: Spot) -> Inference:
    """A boxed filter: the items of which the condition is true."""

    def infer(around: Surroundings) -> Type:
        of = source(around)
        item = element(of) if kind(of) == "list" else base(of)
        entries = dict(item.fields) if isinstance(item, ContextType) else {}
        is_open = kind(item) in ("Any", "context") and not entries
        match_type = match(around.having({"item": item, **entries}, is_open))
        if is_known(match_type) and kind(match_type) != "boolean":
            return around.refuse("condition", spot, found=words(match_type))
        return ListType("list", item)

    return infer


def loop(which: str, name: str, source: Inference, body: Inference, spot: Spot) -> Inference:
    """A boxed `for`, `some` or `every`."""

    def infer(around: Surroundings) -> Type:
        of = source(around)
        item = element(of) if kind(of) in ("list", "range") else base(of)
        found = body(around.having({"partial": ListType("list", ANY), name: item}))
        if which == "for":
            return ListType("list", found)
        around.condition(found, spot)
        return BOOLEAN

    return infer
