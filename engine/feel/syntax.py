"""The tree of an expression: immutable nodes, each with the offsets of the text it was read from."""

from __future__ import annotations

import dataclasses
from collections import abc
from dataclasses import dataclass

from engine.feel.types import Type


@dataclass(frozen=True, slots=True)
class Node:
    """Any node; `start` and `end` are offsets into the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """null, true, a number, a string, or an `@"…"` date, time or duration."""

    value: object


@dataclass(frozen=True, slots=True)
class Name(Node):
    name: str


@dataclass(frozen=True, slots=True)
class List(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Context(Node):
    entries: tuple[tuple[str, Node], ...]


@dataclass(frozen=True, slots=True)
class Interval(Node):
    """`[low..high)`: a range with both ends."""

    low: Node
    high: Node
    low_included: bool
    high_included: bool


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """`< x`, `>= x`, `= x`, `!= x` without a left side: a unary test, and in parentheses a range value."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Negation(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """`and` / `or` over two or more parts."""

    operator: str
    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Between(Node):
    value: Node
    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Membership(Node):
    """`value in test` or `value in (test, test)`."""

    value: Node
    tests: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class InstanceOf(Node):
    value: Node
    type: Type


@dataclass(frozen=True, slots=True)
class If(Node):
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Iterator(Node):
    """`name in source`, or `name in low..high` when `high` is given."""

    name: str
    source: Node
    high: Node | None


@dataclass(frozen=True, slots=True)
class For(Node):
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Quantified(Node):
    """`some` / `every` … `satisfies` …"""

    quantifier: str
    iterators: tuple[Iterator, ...]
    body: Node


@dataclass(frozen=True, slots=True)
class Path(Node):
    source: Node
    member: str


@dataclass(frozen=True, slots=True)
class Filter(Node):
    source: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function call; `names` is empty for positional arguments, else as long as `arguments`."""

    callee: Node
    arguments: tuple[Node, ...]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunctionLiteral(Node):
    """`function(a: T, b) body`; an `external` one is read but evaluates to null."""

    parameters: tuple[tuple[str, Type], ...]
    body: Node
    external: bool


@dataclass(frozen=True, slots=True)
class Tests(Node):
    """The unary tests of a cell: `-` (any), or tests of which one must hold; `negated` for `not(…)`."""

    tests: tuple[Node, ...]
    negated: bool
    any: bool


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below, in reading order."""
    match node:
        case List(items=parts) | Logic(parts=parts) | Tests(tests=parts):
            return parts
        case Context(entries=entries):
            return tuple(value for _, value in entries)
        case Interval(low=low, high=high):
            return (low, high)
        case Bound(operand=operand) | Negation(operand=operand):
            return (operand,)
        case Arithmetic(left=left, right=right) | Comparison(left=left, right=right):
            return (left, right)
        case Between(value=value, low=low, high=high):
            return (value, low, high)
        case Membership(value=value, tests=tests):
            return (value, *tests)
        case InstanceOf(value=value):
            return (value,)
        case If(condition=condition, then=then, otherwise=otherwise):
            return (condition, then, otherwise)
        case Iterator(source=source, high=high_end):
            return (source,) if high_end is None else (source, high_end)
        case For(iterators=iterators, body=body) | Quantified(iterators=iterators, body=body):
            return (*iterators, body)
        case Path(source=source):
            return (source,)
        case Filter(source=source, condition=condition):
            return (source, condition)
        case Call(callee=callee, arguments=arguments):
            return (callee, *arguments)
        case FunctionLiteral(body=body):
            return (body,)
    return ()


def nodes(part: object) -> abc.Iterator[Node]:
    """Every node of a tree or of a tuple within one, each before those it is made of."""
    if isinstance(part, tuple):
        for one in part:
            yield from nodes(one)
    elif isinstance(part, Node):
        yield part
        for field in dataclasses.fields(part):
            yield from nodes(getattr(part, field.name))
