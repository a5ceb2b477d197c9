"""What a body is worth in steps, by the nodes in it.

A body that runs again and again (a loop's turn, a filter's condition, a function) is weighed once, when it is compiled,
and pays that weight each time. What only its data tells (lengths, kinds, zones) is paid for where the work is done.
"""

from __future__ import annotations

from engine.feel import syntax as tree

STEP = 100  # the weights of nodes are hundredths of a step

_DEPTH = 8  # each block that a name may have to be looked for in
_WEIGHTS: dict[type[tree.Node], int] = {
    tree.Literal: 4, tree.Name: 8, tree.List: 40, tree.Context: 80, tree.Interval: 150, tree.Bound: 60,
    tree.Negation: 40, tree.Arithmetic: 30, tree.Comparison: 20, tree.Logic: 12, tree.Between: 150,
    tree.Membership: 40, tree.InstanceOf: 90, tree.If: 25, tree.Path: 15, tree.For: 110, tree.Quantified: 90,
    tree.Filter: 110, tree.Call: 100, tree.FunctionLiteral: 100,
}  # fmt: skip
TEST = 30  # one unary test of a cell, or right of `in`


def of(node: tree.Node, depth: int) -> int:
    """A node's own weight without its parts', inside so many blocks that bind names; a built-in's call weighs more."""
    weight = _WEIGHTS[type(node)]
    match node:
        case tree.Name():
            weight += _DEPTH * depth
        case tree.Context(entries=entries):
            weight += 8 * len(entries)
        case tree.List(items=items):
            weight += 2 * len(items)
        case tree.Logic(parts=parts):
            weight += 4 * len(parts)
    return weight
