"""Static types of calls: arguments against the parameters of built-ins, and of functions by their types."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.feel import habits, types
from engine.feel import syntax as tree
from engine.feel.checking import constants, mismatches
from engine.feel.checking.mismatches import Mismatch
from engine.feel.functions.declared import BUILT_IN, BuiltIn, Parameter, Signature, accepted
from engine.feel.type_relations import base, common, element, is_known, kind, may_become, words
from engine.feel.types import ANY, NULL, FunctionType, ListType, NamedFunction, Type

if TYPE_CHECKING:
    from engine.feel.checking.checker import Checker


def call(checker: Checker, node: tree.Call) -> Type:
    """What a call gives."""
    name = node.callee.name if isinstance(node.callee, tree.Name) else ""
    bound = checker.variable(name) if name else checker.infer(node.callee)
    given = [checker.infer(argument) for argument in node.arguments]
    if name in BUILT_IN and (bound is None or kind(bound) != "function"):
        return _built_in(
            checker, node, BUILT_IN[name], given
        )  # a name that data bears too still calls the built-in
    if bound is None:
        return _unknown(checker, node.callee, name)
    callee = base(bound)
    if isinstance(callee, FunctionType):
        return _function(checker, node, callee, given, name)
    if is_known(callee) and kind(callee) != "function":
        said = {"found": words(callee)}
        return checker.refuse(Mismatch("not_a_function", said, checker.place(node.callee)))
    return NULL if callee == NULL else ANY


def declared(checker: Checker, node: tree.FunctionLiteral) -> Type:
    """A function literal as its parameters tell it, before its body is looked at."""
    return NamedFunction("function", tuple(checker.resolved(of) for _, of in node.parameters), ANY,
                         tuple(name for name, _ in node.parameters))  # fmt: skip


def function_literal(checker: Checker, node: tree.FunctionLiteral) -> Type:
    """`function(a: T, b) body`: its result is what the body can be."""
    if node.external:
        return NULL
    taken = {name: base(checker.resolved(of)) for name, of in node.parameters}
    with checker.scope(taken):
        result = checker.infer(node.body)
    return NamedFunction("function", tuple(taken.values()), result, tuple(taken))


# -- built-ins


@dataclass(frozen=True, slots=True)
class Argument:
    """What a parameter is given; `node` is None, and the type that of null, where it is left out."""

    parameter: Parameter
    node: tree.Node | None
    type: Type

    @property
    def fits(self) -> bool:
        """Whether the parameter may take it: an item stands for a list of one, and a list of one for its item."""
        kinds, given = accepted(self.parameter.kind), self.type
        if self.is_sure or kinds is None or not is_known(given):
            return True
        inner = element(given)
        return kind(given) == "list" and (not is_known(inner) or kind(inner) in kinds)

    @property
    def is_sure(self) -> bool:
        """Whether the parameter takes every value of the type but null."""
        kinds = accepted(self.parameter.kind)
        return kinds is None or kind(self.type) in kinds or (is_known(self.type) and "list" in kinds)

    @property
    def is_null(self) -> bool:
        """Whether it is null where the parameter takes no null."""
        return self.type == NULL and not self.parameter.optional and bool(accepted(self.parameter.kind))


def _built_in(checker: Checker, node: tree.Call, called: BuiltIn, given: list[Type]) -> Type:
    """The result of the ways of calling it that take these arguments."""
    results: list[Type] = []
    misfit: Argument | None = None
    most = -1
    for signature in called.signatures:
        arguments = _arranged(signature, node, given)
        if arguments is None:
            continue
        fitting = next((at for at, one in enumerate(arguments) if not one.fits), len(arguments))
        if fitting < len(arguments):
            misfit, most = (arguments[fitting], fitting) if fitting > most else (misfit, most)
            continue
        results.append(_result(signature, arguments))
        if all(one.is_sure for one in arguments):
            break  # the first way whose kinds fit decides
    if results:
        refused = _items_refused(checker, called.name, node.arguments, given)
        return refused or constants.call(checker, node, called.name) or functools.reduce(common, results)
    if misfit is not None:
        return _refused(checker, called.name, misfit)
    said = {"name": called.name, "count": len(given), "ways": called.ways}
    return checker.refuse(Mismatch("arguments", said, checker.place(node)))


def _items_refused(
    checker: Checker, name: str, nodes: Sequence[tree.Node], given: Sequence[Type]
) -> Type | None:
    """Refuse items that a function of numbers or of an order never takes, in one list or one by one.

    One by one they have to be of the same kind, too: there is no sum of a number and a duration, no least of a date
    and a text.
    """
    kinds = accepted(_COUNTED.get(name, ""))
    if kinds is None:
        return None
    first: Type | None = None
    for node, of in zip(nodes, given, strict=True):
        item = element(of) if kind(of) == "list" else of
        item = element(item) if kind(item) == "list" else item  # a list of one stands for its item
        if not is_known(item):
            continue
        if kind(item) not in kinds:
            said = {"function": name, "expected": ", ".join(sorted(kinds)), "found": words(item)}
            return checker.refuse(Mismatch("items", said, checker.place(node)))
        first = first or item
        if kind(item) != kind(first):
            said = {"function": name, "expected": words(first), "found": words(item)}
            return checker.refuse(Mismatch("items_differ", said, checker.place(node)))
    return None


_COUNTED = {
    "sum": "number or duration", "mean": "number or duration", "product": "number", "median": "number",
    "stddev": "number", "min": "point", "max": "point",
}  # fmt: skip
"""Functions that are null of an empty list and of one with an item of another kind."""


def _refused(checker: Checker, name: str, misfit: Argument) -> Type:
    assert misfit.node is not None
    kinds = accepted(misfit.parameter.kind) or ()
    place, parameter = checker.place(misfit.node), misfit.parameter.name
    return checker.refuse(
        mismatches.differing("argument", place, kinds, misfit.type, function=name, parameter=parameter)
    )


def _arranged(signature: Signature, node: tree.Call, given: list[Type]) -> list[Argument] | None:
    """Each parameter with its argument; None when this way of calling does not take them."""
    parameters, last = signature.parameters, len(signature.parameters) - 1
    if not node.names:
        if not signature.takes(len(given)):
            return None
        return [
            Argument(parameters[min(at, last)], *pair)
            for at, pair in enumerate(zip(node.arguments, given, strict=True))
        ]
    places = signature.order(node.names)
    if places is None:
        return None
    return [
        Argument(parameter, node.arguments[place], given[place])
        if place >= 0
        else Argument(parameter, None, NULL)
        for parameter, place in zip(parameters, places, strict=True)
    ]


def _result(signature: Signature, given: list[Argument]) -> Type:
    """The type a signature's result means for these arguments; null where one that is needed is."""
    word = signature.result
    if any(one.is_null for one in given):
        return NULL
    inner = word.removeprefix("list<").removesuffix(">")
    if inner == "T":
        items = functools.reduce(common, map(_items, given), NULL)
        return items if word == "T" else ListType("list", items)
    plain = types.plain(inner)
    if plain is not None:
        return base(plain) if word == inner else ListType("list", base(plain))
    same = functools.reduce(common, (element(one.type) for one in given), NULL)
    return same if kind(same) in (accepted(word) or ()) else ANY  # `number or duration`: as the arguments are


def _items(given: Argument) -> Type:
    """What an argument adds to the items a function gives back."""
    match given.parameter.kind:
        case "list":
            return element(given.type) if kind(given.type) == "list" else given.type
        case "any":
            return given.type
    return NULL


# -- other functions


def _unknown(checker: Checker, callee: tree.Node, name: str) -> Type:
    """A call of a name that nothing here defines as a function."""
    functions = [known for known, of in checker.names.items() if kind(of) == "function"]
    close = habits.OTHER_FUNCTIONS.get(name.lower()) or mismatches.near(name, [*BUILT_IN, *functions])
    code = "function_unknown_near" if close else "function_unknown"
    return checker.refuse(Mismatch(code, {"name": name, "near": close}, checker.place(callee)))


def _function(checker: Checker, node: tree.Call, called: FunctionType, given: list[Type], name: str) -> Type:
    """The result of a function; refused when the arguments are too many, too few or do not fit its parameters."""
    known = called.names if isinstance(called, NamedFunction) else ()
    shown = ", ".join(known) or ", ".join(words(of) for of in called.parameters)
    said = {"name": name or checker.extract(node.callee), "count": len(given), "parameters": shown}
    if node.names:
        return _by_name(checker, node, called, given, said)
    if len(given) != len(called.parameters):
        return checker.refuse(Mismatch("function_arguments", said, checker.place(node)))
    parameters = known or tuple(str(at) for at in range(1, len(given) + 1))
    wanted = list(zip(parameters, called.parameters, strict=True))
    return _fitting(
        checker, node, called, list(zip(wanted, node.arguments, given, strict=True)), said["name"]
    )


def _by_name(
    checker: Checker, node: tree.Call, called: FunctionType, given: list[Type], said: dict[str, object]
) -> Type:
    if not isinstance(called, NamedFunction):
        return called.result
    wanted = dict(zip(called.names, called.parameters, strict=True))
    strange = [name for name in node.names if name not in wanted]
    if strange or len(set(node.names)) != len(node.names):
        said = {**said, "names": ", ".join(node.names)}
        return checker.refuse(Mismatch("function_names", said, checker.place(node)))
    pairs = [
        ((name, wanted[name]), argument, of)
        for name, argument, of in zip(node.names, node.arguments, given, strict=True)
    ]
    return _fitting(checker, node, called, pairs, str(said["name"]))


def _fitting(
    checker: Checker,
    node: tree.Call,
    called: FunctionType,
    pairs: list[tuple[tuple[str, Type], tree.Node, Type]],
    name: object,
) -> Type:
    """The result when each argument can become what its parameter asks for."""
    for (parameter, wanted), argument, of in pairs:
        if not may_become(of, wanted):
            return checker.refuse(
                mismatches.differing(
                    "argument",
                    checker.place(argument),
                    [words(wanted)],
                    of,
                    function=name,
                    parameter=parameter,
                )
            )
    return base(called.result)
