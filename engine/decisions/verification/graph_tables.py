"""Decision tables decided for every case at once: what each may give, and when it refuses to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.decisions import tables
from engine.decisions.models import HitPolicy, Output, Rule, Table
from engine.decisions.verification import paths
from engine.decisions.verification.diagrams import NO, YES, Diagram
from engine.decisions.verification.graph_expressions import Expressions
from engine.decisions.verification.graph_scopes import MOMENT, Scope
from engine.decisions.verification.possibilities import (
    ANYTHING,
    SOMETHING,
    UNREAD,
    Item,
    Items,
    Part,
    Record,
    Unread,
    Values,
    certain,
    is_clear,
)  # fmt: skip
from engine.feel import types
from engine.feel.budgets import Run
from engine.feel.expressions import Expression
from engine.feel.faults import FeelError, Refusal
from engine.feel.frames import Frame
from engine.feel.functions.declared import BUILT_IN


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a decision may come to, and when it must and may be refused for want of what it requires."""

    part: Part
    must_refuse: Diagram = NO
    may_refuse: Diagram = NO


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule's conclusion, with when the rule must and may match."""

    conclusion: Part
    must: Diagram
    may: Diagram


class TableReading:
    """One table; members of conclusions that nobody has `asked` for by name are not worked out.

    If it counts, from `most` on more makes no difference.
    """

    def __init__(
        self,
        expressions: Expressions,
        table: Table,
        scope: Scope,
        asked: frozenset[str],
        most: int | None = None,
    ) -> None:
        self.expressions, self.table, self.scope, self.asked = expressions, table, scope, asked
        self.most = most
        self.diagrams, self.possible = expressions.diagrams, expressions.possible
        self.columns = [self._column(at) for at in range(len(table.inputs))]

    def outcome(self) -> Outcome:
        must = may = NO
        for at in self.table.needed:
            unknown, known = self._null(self.columns[at])
            must = self.diagrams.either(must, self.diagrams.negated(known))
            may = self.diagrams.either(may, unknown)
        return Outcome(self._allowed(self._decided()), must, may)

    def _column(self, at: int) -> Values:
        clause, asked = self.table.inputs[at], self.table.asked[at]
        part = self.expressions.part(clause.expression.tree, self.scope.within(clause.expression.text))
        values = self.possible.flat(part)
        fit = asked.fit
        if fit is None:
            return values
        frame = Frame({}, None, Run(MOMENT))
        return self.possible.values(
            (fit(value, frame) if is_clear(value) else ANYTHING, when) for value, when in values.cases
        )

    def _null(self, values: Values) -> tuple[Diagram, Diagram]:
        """When a column may be null, and when it may be something else."""
        unknown = known = NO
        for value, when in values.cases:
            anything = isinstance(value, Unread) and not value.known
            unknown = self.diagrams.either(unknown, when) if value is None or anything else unknown
            known = self.diagrams.either(known, when) if value is not None else known
        return unknown, known

    def _allowed(self, part: Part) -> Part:
        """The table's value, null where an input is not one its author allows; what is not read is taken to be."""
        must = may = NO
        for clause, values in zip(self.table.inputs, self.columns, strict=True):
            if clause.allowed is None:
                continue
            there = Values(tuple(one for one in values.cases if one[0] is not None and is_clear(one[0])))
            fits, failed = self.expressions.tested(clause.allowed, there, self.scope)
            may = self.diagrams.either(may, failed)
            for value, when in values.cases:
                fits = self.diagrams.either(fits, when) if value is None or not is_clear(value) else fits
            must = self.diagrams.either(must, self.diagrams.negated(fits))
        if may == NO:
            return part
        kept = [(value, self.diagrams.without(when, must)) for value, when in self.possible.flat(part).cases]
        return self.possible.values([*kept, (None, may)])

    # -- rules

    def _matches(self) -> list[_Match]:
        asked: dict[tuple[int, str], tuple[Diagram, Diagram]] = {}
        found = []
        for rule in self.table.rules:
            must = may = YES
            for at, cell in enumerate(rule.tests):
                key = at, cell.text
                if key not in asked:
                    asked[key] = self.expressions.tested(cell, self.columns[at], self.scope)
                passed, failed = asked[key]
                may, must = self.diagrams.both(may, passed), self.diagrams.without(must, failed)
            if may != NO:
                found.append(_Match(self._conclusion(rule), must, may))
        return found

    def _conclusion(self, rule: Rule) -> Part:
        parts = {
            clause.name: self._output(clause, cell)
            for clause, cell in zip(self.table.outputs, rule.outputs, strict=True)
        }
        return Record(parts) if len(parts) != 1 else next(iter(parts.values()))

    def _output(self, clause: Output, cell: Expression) -> Part:
        if len(self.table.outputs) > 1 and clause.name not in self.asked and any(paths.of(cell.tree)):
            return UNREAD
        part = self.expressions.part(cell.tree, self.scope.within(cell.text))
        if not isinstance(part, Values):
            return part
        return self.possible.values(
            (types.read_as(value, clause.type) if isinstance(value, str) else value, when)
            for value, when in part.cases
        )

    def _default(self) -> Part | None:
        clauses = self.table.outputs
        if all(clause.default is None for clause in clauses):
            return None
        parts = {
            clause.name: certain(None)
            if clause.default is None
            else self.expressions.part(clause.default.tree, self.scope.within(clause.default.text))
            for clause in clauses
        }
        return Record(parts) if len(parts) != 1 else next(iter(parts.values()))

    # -- hit policies

    def _decided(self) -> Part:
        matches, policy = self._matches(), self.table.hit_policy
        if policy.gathers:
            return self._gathered(matches)
        unmatched = YES
        for match in matches:
            unmatched = self.diagrams.without(unmatched, match.must)
        if policy is HitPolicy.UNIQUE:
            cases = self._unique(matches)
        elif policy is HitPolicy.ANY:
            cases = self._any(matches)
        else:
            cases = self._first(self._ranked(matches) if policy is HitPolicy.PRIORITY else matches)
        default = self._default()
        otherwise = self.possible.flat(default).cases if default is not None else ((None, YES),)
        cases += [(value, self.diagrams.both(when, unmatched)) for value, when in otherwise]
        return self.possible.values(cases)

    def _first(self, matches: Sequence[_Match]) -> list[tuple[object, Diagram]]:
        cases, left = [], YES
        for match in matches:
            reached = self.diagrams.both(left, match.may)
            cases += [
                (value, self.diagrams.both(reached, when))
                for value, when in self.possible.flat(match.conclusion).cases
            ]
            left = self.diagrams.without(left, match.must)
        return cases

    def _ranked(self, matches: Sequence[_Match]) -> list[_Match]:
        """The conclusions that rules may have, one by one, those that win first; unread ones may win always."""
        single: list[tuple[tuple[int, ...], _Match]] = []
        for match in matches:
            cases = self.possible.flat(match.conclusion).cases
            for value, when in cases:
                others = NO
                for other, then in cases:
                    others = self.diagrams.either(others, then) if other is not value else others
                clear = is_clear(value)
                must = self.diagrams.without(match.must, others) if clear else NO
                one = _Match(certain(value if clear else ANYTHING), must, self.diagrams.both(match.may, when))
                single.append((self._rank(value) if clear else (-1,), one))
        return [match for _, match in sorted(single, key=lambda pair: pair[0])]

    def _rank(self, value: object) -> tuple[int, ...]:
        clauses = self.table.outputs
        parts = list(value.values()) if isinstance(value, dict) and len(clauses) > 1 else [value]
        run = Run(MOMENT)
        return tuple(tables.rank(clause, part, run) for clause, part in zip(clauses, parts, strict=True))

    def _unique(self, matches: Sequence[_Match]) -> list[tuple[object, Diagram]]:
        """The conclusion of a rule beside which no other must match; nothing where two may."""
        before, after, cases = [YES], [YES], []
        for match in matches:
            before.append(self.diagrams.without(before[-1], match.must))
        for match in reversed(matches):
            after.append(self.diagrams.without(after[-1], match.must))
        seen = twice = NO
        for at, match in enumerate(matches):
            alone = self.diagrams.both(before[at], after[len(matches) - at - 1])
            alone = self.diagrams.both(alone, match.may)
            cases += [
                (value, self.diagrams.both(alone, when))
                for value, when in self.possible.flat(match.conclusion).cases
            ]
            twice = self.diagrams.either(twice, self.diagrams.both(seen, match.may))
            seen = self.diagrams.either(seen, match.may)
        return [*cases, (None, twice)]

    def _any(self, matches: Sequence[_Match]) -> list[tuple[object, Diagram]]:
        """A conclusion that no rule must contradict; nothing where two may differ."""
        said = [
            (value, self.diagrams.both(match.may, when))
            for match in matches
            for value, when in self.possible.flat(match.conclusion).cases
        ]
        joined = self.possible.values(said).cases
        cases: list[tuple[object, Diagram]] = []
        for value, when in joined:
            agreed = when
            for match in matches:
                own = [
                    possible
                    for other, possible in self.possible.flat(match.conclusion).cases
                    if (other == value and type(other) is type(value)) or not is_clear(other)
                ]
                same = NO
                for possible in own:
                    same = self.diagrams.either(same, possible)
                agreed = self.diagrams.without(agreed, self.diagrams.without(match.must, same))
            cases.append((value, agreed))
        for at, (value, when) in enumerate(joined):
            for _, other in joined[at + (1 if is_clear(value) else 0) :]:
                cases.append((None, self.diagrams.both(when, other)))
        return cases

    def _gathered(self, matches: Sequence[_Match]) -> Part:
        if self.table.hit_policy is HitPolicy.OUTPUT_ORDER:
            if any(len(self.possible.flat(one.conclusion).cases) > 1 for one in matches):
                return certain(SOMETHING)
            matches = self._ranked(matches)
        items = [Item(match.conclusion, match.must, match.may) for match in matches]
        default = self._default()
        if default is not None:
            values = self.possible.flat(default)
            if len(values.cases) > 1 or isinstance(values.cases[0][0], list | Unread):
                return UNREAD
            must = may = YES
            for item in items:
                must, may = self.diagrams.without(must, item.may), self.diagrams.without(may, item.must)
            if not self.table.aggregation:
                items.append(Item(default, must, may))
            else:
                cases = self.possible.flat(self._aggregated(items)).cases
                kept = [(value, self.diagrams.without(when, must)) for value, when in cases]
                return self.possible.values([*kept, (values.cases[0][0], may)])
        return self._aggregated(items) if self.table.aggregation else Items(tuple(items))

    def _aggregated(self, items: Sequence[Item]) -> Part:
        if self.table.aggregation == "COUNT":
            return self.expressions.count(Items(tuple(items)), self.most)
        function = BUILT_IN[tables.AGGREGATED[self.table.aggregation]]

        def aggregated(value: object) -> object:
            if not is_clear(value):
                return ANYTHING
            try:
                return function.call(Run(MOMENT), [value]) if value else None
            except Refusal:
                return None
            except FeelError:
                return ANYTHING

        listed = self.possible.flat(Items(tuple(items)))
        return self.possible.values((aggregated(value), when) for value, when in listed.cases)
