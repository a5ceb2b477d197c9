"""A decision whose whole logic is `if … then … else …`: only what the chosen side speaks of is worked out.

DMN asks for no order among required decisions, so leaving one out changes no value. It keeps a decision's explanation
to the tables that were consulted, and what a table refuses to decide without to the side that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from engine.feel import syntax as tree
from engine.feel.expressions import Expression
from engine.feel.frames import Eval


@dataclass(frozen=True, slots=True)
class Choice:
    """The condition, and the names that it and each side may speak of; a side's include the condition's."""

    condition: Eval
    asked: frozenset[str]
    then: frozenset[str]
    otherwise: frozenset[str]


def of(found: Expression, read: Callable[[str], Expression]) -> Choice | None:
    """The choice that an expression is as a whole; None for any other. `read` reads a part of it where it stands."""
    node = found.tree
    if not isinstance(node, tree.If):
        return None
    condition = read(found.text[node.condition.start : node.condition.end])
    asked = frozenset(_named(node.condition))
    return Choice(
        condition.closure,
        asked,
        asked | frozenset(_named(node.then)),
        asked | frozenset(_named(node.otherwise)),
    )


def _named(part: tree.Node) -> Iterator[str]:
    """Every name written in a part of an expression, bound within it or not."""
    return (one.name for one in tree.nodes(part) if isinstance(one, tree.Name))
