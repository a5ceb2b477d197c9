"""The constructs that begin with a word: if, for, some, every, function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from engine.feel import parsing_types, types
from engine.feel import syntax as tree
from engine.feel.faults import FeelError, Place
from engine.feel.readers import Reader


class Parse(Protocol):
    """Reads an expression whose operators bind at least as tightly as `least`."""

    def __call__(self, reader: Reader, least: int = 0) -> tree.Node: ...


def _if(reader: Reader, parse: Parse) -> tree.Node:
    start = reader.advance().start
    condition = parse(reader)
    reader.expect("then")
    then = parse(reader)
    reader.expect("else")
    otherwise = parse(reader)
    return tree.If(start, otherwise.end, condition, then, otherwise)


def _for(reader: Reader, parse: Parse) -> tree.Node:
    start = reader.advance().start
    with reader.scope():
        iterators = _iterators(reader, parse, "return")
        body = parse(reader)
    return tree.For(start, body.end, iterators, body)


def _quantified(reader: Reader, parse: Parse) -> tree.Node:
    quantifier = reader.advance()
    with reader.scope():
        iterators = _iterators(reader, parse, "satisfies")
        body = parse(reader)
    return tree.Quantified(quantifier.start, body.end, quantifier.text, iterators, body)


def _iterators(reader: Reader, parse: Parse, end: str) -> tuple[tree.Iterator, ...]:
    found = [_iterator(reader, parse)]
    # The standard separates iterators with commas; old models repeat them with spaces only.
    while reader.takes(",") or (
        reader.token.kind == "name" and not reader.sees(end) and reader.has_ahead("in")
    ):
        found.append(_iterator(reader, parse))
    reader.expect(end)
    return tuple(found)


def _iterator(reader: Reader, parse: Parse) -> tree.Iterator:
    start = reader.token.start
    name = reader.name_until("in")
    reader.expect("in")
    source = parse(reader)
    high = parse(reader) if reader.takes("..") else None
    reader.declare(name)
    return tree.Iterator(start, (high or source).end, name, source, high)


def _function(reader: Reader, parse: Parse) -> tree.Node:
    start = reader.advance().start
    reader.expect("(")
    parameters: dict[str, types.Type] = {}
    with reader.scope():
        while parameters or not reader.sees(")"):
            at = reader.token
            name = reader.name_until(")", ",", ":")
            if name in parameters:
                raise FeelError("parameter_twice", Place(reader.text, at.start, at.end), name=name)
            parameters[name] = parsing_types.read(reader) if reader.takes(":") else types.ANY
            reader.declare(name)
            if not reader.takes(","):
                break
        reader.expect(")")
        external = reader.takes("external")
        body = parse(reader)
    return tree.FunctionLiteral(start, body.end, tuple(parameters.items()), body, external)


BLOCKS: dict[str, Callable[[Reader, Parse], tree.Node]] = {
    "if": _if, "for": _for, "some": _quantified, "every": _quantified, "function": _function,
}  # fmt: skip
