"""The results of a table's rules as constants: whether they agree, how they rank, and what is allowed."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decisions import tables
from engine.decisions.models import HitPolicy, Output, Table
from engine.decisions.verification import constants, domains
from engine.decisions.verification.constants import BeyondAnalysis, Known
from engine.feel import comparisons
from engine.feel.budgets import Run
from engine.feel.expressions import Expression

SINGLE = (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY)


class Results:
    """A table's results by rule (from 0) and output, computed ones not known; and their ranks by allowed values."""

    def __init__(self, table: Table, known: Known) -> None:
        self.table = table
        self.known = known
        self.values = [[self._value(cell) for cell in rule.outputs] for rule in table.rules]
        self.ranks = [self._rank(rule) for rule in range(len(table.rules))]

    def default(self, clause: Output) -> object:
        """The constant result of an output where no rule applies; None where there is none."""
        return None if clause.default is None else self._value(clause.default)

    def agree(self, one: int, other: int) -> bool | None:
        """Whether two rules conclude the same; None where only an evaluation can tell."""
        texts = [[cell.text for cell in self.table.rules[rule].outputs] for rule in (one, other)]
        if texts[0] == texts[1]:
            return True
        unknown = False
        for left, right in zip(self.values[one], self.values[other], strict=False):
            if COMPUTED in (left, right):
                unknown = True
            elif not same(left, right):
                return False
        return None if unknown else True

    def _rank(self, rule: int) -> tuple[int, ...] | None:
        """The place of a rule's conclusions among the allowed values; None when one is computed."""
        found = self.values[rule]
        if COMPUTED in found:
            return None
        run = Run(constants.MOMENT)
        return tuple(
            tables.rank(clause, value, run) for clause, value in zip(self.table.outputs, found, strict=False)
        )

    def disallowed(self) -> Iterator[tuple[int | None, Output, object]]:
        """Constant conclusions, and defaults (rule None), that are not among their output's allowed values."""
        for at, clause in enumerate(self.table.outputs):
            if clause.allowed is None or not clause.priorities:
                continue
            said: list[tuple[int | None, object]] = [
                (rule, values[at]) for rule, values in enumerate(self.values) if at < len(values)
            ]
            if clause.default is not None:
                said.append((None, self._value(clause.default)))
            for rule, value in said:
                if (
                    value is not COMPUTED
                    and value is not None
                    and not domains.passes(clause.allowed, value, self.known)
                ):
                    yield rule, clause, value

    def never(self) -> Iterator[tuple[Output, object]]:
        """Allowed values that no rule concludes, where one rule decides and all conclusions are constant."""
        if self.table.hit_policy not in SINGLE:
            return
        for at, clause in enumerate(self.table.outputs):
            said = [values[at] for values in self.values if at < len(values)]
            if clause.default is not None:
                said.append(self._value(clause.default))
            if any(value is COMPUTED for value in said):
                continue
            for value in clause.priorities:
                if not any(same(value, other) for other in said):
                    yield clause, value

    def _value(self, cell: Expression) -> object:
        try:
            return constants.value(cell.tree, cell.text, self.known)
        except BeyondAnalysis:
            return COMPUTED


class _Computed:
    __slots__ = ()


COMPUTED = _Computed()


def same(one: object, other: object) -> bool:
    """Whether two conclusions are the same value."""
    if one is None or other is None:
        return one is other
    return comparisons.same(one, other, Run(constants.MOMENT))
