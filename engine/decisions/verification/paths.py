"""What is written in expressions: the paths of names they read, and their parts put in place of others."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from engine.feel import syntax as tree

Path = tuple[str, ...]
"""The names of `a.b.c`."""


def path_of(node: tree.Node) -> Path | None:
    """The names of `a.b.c`; None for anything else."""
    if isinstance(node, tree.Name):
        return (node.name,)
    if isinstance(node, tree.Path):
        source = path_of(node.source)
        return None if source is None else (*source, node.member)
    return None


def of(node: object) -> Iterator[Path]:
    """Every path written in a node, bound within it or not."""
    if isinstance(node, tuple):
        for one in node:
            yield from of(one)
    elif isinstance(node, tree.Node):
        path = path_of(node)
        if path is not None:
            yield path
            return
        for field in dataclasses.fields(node):
            yield from of(getattr(node, field.name))


def with_parts(node: tree.Node, parts: Sequence[tree.Node]) -> tree.Node:
    """A node with other nodes in place of its own."""
    match node:
        case tree.Arithmetic() | tree.Comparison():
            return replace(node, left=parts[0], right=parts[1])
        case tree.Negation():
            return replace(node, operand=parts[0])
        case tree.Between():
            return replace(node, value=parts[0], low=parts[1], high=parts[2])
        case tree.InstanceOf():
            return replace(node, value=parts[0])
        case tree.Membership():
            return replace(node, value=parts[0])
        case tree.Path():
            return replace(node, source=parts[0])
        case tree.Call():
            return replace(node, arguments=tuple(parts))
    raise TypeError(node)


def calls(node: object) -> Iterator[tree.Call]:
    """Every function call in a node."""
    return (one for one in tree.nodes(node) if isinstance(one, tree.Call))


def keys(node: object) -> Iterator[str]:
    """The keys of every context that is written out in a node."""
    return (name for one in tree.nodes(node) if isinstance(one, tree.Context) for name, _ in one.entries)


def member(value: object, path: Path) -> object:
    """What a path leads to within a value; null where it leads nowhere."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def leads(names: Mapping[str, object], path: Path) -> bool:
    """Whether a path leads to something among names, if only to null."""
    within = member(names, path[:-1])
    return isinstance(within, Mapping) and path[-1] in within


def put(names: dict[str, object], path: Path, value: object) -> None:
    """Set what a path leads to, the contexts on its way made anew."""
    inside = names
    for name in path[:-1]:
        inner = inside.get(name)
        further: dict[str, object] = dict(inner) if isinstance(inner, dict) else {}
        inside[name] = further
        inside = further
    inside[path[-1]] = value


def names(node: object) -> Iterator[str]:
    """Every name written in a node, of variables and of members."""
    for one in tree.nodes(node):
        if isinstance(one, tree.Name):
            yield one.name
        if isinstance(one, tree.Path):
            yield one.member
