"""A cell of a decision table in words, where it is plain enough to be said; what is not stays as it was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engine import feel
from engine.decisions import plain_cells
from engine.feel import syntax as tree
from web import rendering

Json = Any
_SIGNS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "=": "", "!=": "≠"}


@dataclass(frozen=True, slots=True)
class Speech:
    """How the parts of a cell are said: a constant by `value`, a `reference` such as `limits.most` when it is known."""

    language: str
    value: Callable[[Json], str]
    reference: Callable[[tree.Node], str | None]

    def condition(self, test: feel.UnaryTests) -> str:
        """A condition: what it lists, what it compares with, and its ranges."""
        written = test.text.strip()
        said = [self._part(part) for part in test.tree.tests]
        if test.tree.any or not said or None in said:
            return written
        if test.tree.negated and [_constant(part) for part in test.tree.tests] == [(None,)]:
            return rendering.sentence("case.not_empty", self.language)
        listed = rendering.sentence("case.or", self.language).join(filter(None, said))
        return rendering.sentence("case.none_of", self.language, what=listed) if test.tree.negated else listed

    def conclusion(self, cell: feel.Expression) -> str:
        """A conclusion: a constant, or what it refers to."""
        held = _constant(cell.tree)
        if held is not None:
            return self.value(held[0])
        return self.reference(cell.tree) or cell.text.strip()

    def _part(self, node: tree.Node) -> str | None:
        if isinstance(node, tree.Bound):
            operand = self._part(node.operand)
            return (
                None if operand is None else f"{_SIGNS.get(node.operator, node.operator)} {operand}".strip()
            )
        if isinstance(node, tree.Interval):
            return self._range(node)
        held = _constant(node)
        if held is None:
            return self.reference(node)
        if held[0] is None:
            return rendering.sentence("case.empty", self.language)
        return self.value(held[0])

    def _range(self, node: tree.Interval) -> str | None:
        low, high = self._part(node.low), self._part(node.high)
        if low is None or high is None:
            return None
        begins = "case.from" if node.low_included else "case.above"
        ends = "case.to" if node.high_included else "case.to_below"
        return " ".join(
            (
                rendering.sentence(begins, self.language, value=low),
                rendering.sentence(ends, self.language, value=high),
            )
        )


def _constant(node: tree.Node) -> tuple[Json] | None:
    """The value a literal stands for, alone in a tuple since it may be null; None for what has to be worked out."""
    found = plain_cells.literal(node)
    return (feel.to_json(found[0]),) if found else None
