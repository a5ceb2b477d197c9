"""Calls and function literals: built-ins bound when compiled, other functions looked up when run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.feel import syntax as tree
from engine.feel import types, weights
from engine.feel.budgets import EPOCH, Run
from engine.feel.faults import FeelError, Refusal
from engine.feel.frames import MISSING, Eval, Frame
from engine.feel.functions.declared import BUILT_IN, BuiltIn
from engine.feel.values import Function, kind

if TYPE_CHECKING:
    from engine.feel.compiling import Compiler

_CONSTANT = (
    "date",
    "time",
    "date and time",
    "duration",
)  # how other editors write dates and durations in cells


def call(compiler: Compiler, node: tree.Call) -> Eval:
    """A call by position or by name; what is not a function gives null and a warning."""
    arguments = [compiler.compile(argument) for argument in node.arguments]
    name = node.callee.name if isinstance(node.callee, tree.Name) else ""
    built_in = BUILT_IN.get(name)
    if built_in is None:
        return compiler.warned(_any_call(compiler.compile(node.callee), arguments, node.names), node)
    _check(compiler, built_in, node)
    compiler.work += built_in.steps * weights.STEP
    if compiler.binds(name) or name in compiler.given or compiler.in_filter:
        return compiler.warned(_shadowed_call(built_in, arguments, node.names), node)
    evaluate = _built_in_call(built_in, arguments, node.names)
    constant = _constant(evaluate, node) if name in _CONSTANT else None
    if constant is not None:
        compiler.constants[node] = constant
        return lambda frame: constant
    return compiler.warned(evaluate, node)


def function_literal(compiler: Compiler, node: tree.FunctionLiteral) -> Eval:
    """`function(a: T, b) body`, closed over the names around it."""
    names = tuple(name for name, _ in node.parameters)
    wanted = tuple(types.resolved(of, compiler.known_types) for _, of in node.parameters)
    place = compiler.place(node)
    if node.external:

        def external(frame: Frame) -> object:
            frame.run.warn("external_function", place)
            return None

        return external
    with compiler.scope(names):
        body, weight = compiler.body(node.body)
    weight += 1 + len(names) // 2  # the call itself, with each argument made to fit

    def create(frame: Frame) -> object:
        def run_body(run: Run, values: list[object]) -> object:
            fitting = [types.coerced(value, of, run) for value, of in zip(values, wanted, strict=True)]
            run.enter(weight)
            try:
                return body(Frame(dict(zip(names, fitting, strict=True)), frame, run))
            finally:
                run.leave()

        return Function("", names, run_body, wanted)

    return create


def invoke(function: object, run: Run, values: list[object], names: tuple[str, ...] = ()) -> object:
    """Call a function value; refuses what is no function, and arguments that do not fit its parameters.

    By name, a parameter that is left out is null (DMN 1.5, 10.3.2.13.5).
    """
    if not isinstance(function, Function):
        raise Refusal("not_a_function", kind=kind(function))
    if function.call_named is not None:
        return function.call_named(run, names, values) if names else function.call(run, values)
    parameters = function.parameters or ()
    if names:
        if len(set(names)) != len(names) or not set(names) <= set(parameters):
            raise Refusal("arguments_unknown", name=function.name, names=", ".join(names))
        given = dict(zip(names, values, strict=True))
        values = [given.get(parameter) for parameter in parameters]
    elif len(values) != len(parameters):
        raise Refusal("arguments_count", name=function.name, count=len(values))
    return function.call(run, values)


def _check(compiler: Compiler, built_in: BuiltIn, node: tree.Call) -> None:
    """Refuse a call that no signature takes: it could only ever be null."""
    if compiler.binds(built_in.name) or built_in.name in compiler.given or compiler.in_filter:
        return
    place, name = compiler.place(node), built_in.name
    if node.names:
        if all(signature.order(node.names) is None for signature in built_in.signatures):
            raise FeelError("arguments_unknown", place, name=name, ways=built_in.ways)
    elif not any(signature.takes(len(node.arguments)) for signature in built_in.signatures):
        raise FeelError("arguments_count", place, name=name, count=len(node.arguments), ways=built_in.ways)


def _constant(evaluate: Eval, node: tree.Call) -> object:
    """What a call with literal arguments always gives; None where that has to be worked out, or is null."""
    if not all(isinstance(argument, tree.Literal) for argument in node.arguments):
        return None
    run = Run(EPOCH)
    try:
        value = evaluate(Frame({}, None, run))
    except Refusal:
        return None
    return None if run.warnings else value


def _built_in_call(built_in: BuiltIn, arguments: list[Eval], names: tuple[str, ...]) -> Eval:
    if names:
        return lambda frame: built_in.call_named(
            frame.run, names, [argument(frame) for argument in arguments]
        )
    fitting = [signature for signature in built_in.signatures if signature.takes(len(arguments))]
    if len(fitting) == 1:
        only = fitting[0]
        return lambda frame: only.call(frame.run, [argument(frame) for argument in arguments])
    return lambda frame: built_in.call(frame.run, [argument(frame) for argument in arguments])


def _shadowed_call(built_in: BuiltIn, arguments: list[Eval], names: tuple[str, ...]) -> Eval:
    """A built-in's name that a variable also bears: the variable is called if it holds a function."""
    otherwise = _built_in_call(built_in, arguments, names)

    def evaluate(frame: Frame) -> object:
        found = frame.lookup(built_in.name)
        if found is MISSING or not isinstance(found, Function):
            return otherwise(frame)
        return invoke(found, frame.run, [argument(frame) for argument in arguments], names)

    return evaluate


def _any_call(callee: Eval, arguments: list[Eval], names: tuple[str, ...]) -> Eval:
    return lambda frame: invoke(callee(frame), frame.run, [argument(frame) for argument in arguments], names)
