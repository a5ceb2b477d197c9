"""Cells of a table that cannot mean what they say: values that are not allowed, and kinds that never come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.decisions.models import Table
from engine.decisions.verification import constants
from engine.decisions.verification.constants import BeyondAnalysis, Constants, Known
from engine.decisions.verification.domains import Column
from engine.feel import syntax as tree


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is wrong with a cell of a rule (from 0): "kind", "outside" or "partly", with the text meant and the kinds.

    `whole` where no other part of the cell can pass, so that the rule never matches.
    """

    code: str
    rule: int
    column: Column
    text: str
    found: tuple[str, ...]
    expected: tuple[str, ...]
    whole: bool


def doubts(table: Table, columns: Sequence[Column], known: Known) -> Iterator[Doubt]:
    """Every doubtful part of a cell; equal cells of a column are each said."""
    for column in columns:
        for rule in range(len(table.rules)):
            if column.masks[rule] is None:
                continue
            for place in column.places:
                if place < len(table.rules[rule].tests):
                    yield from _doubts(table, column, rule, place, known)


def mixed(
    columns: Sequence[Column], table: Table, known: Known
) -> Iterator[tuple[Column, dict[str, list[int]]]]:
    """Columns without a certain kind whose cells compare with several: each kind with its rules (from 0)."""
    for column in columns:
        if column.kinds:
            continue
        rules: dict[str, list[int]] = {}
        for rule, row in enumerate(table.rules):
            found = Constants()
            constants.read([row.tests[at] for at in column.places if at < len(row.tests)], found, known)
            for name in found.by_kind.keys() - {"null"}:
                rules.setdefault(name, []).append(rule)
        if len(rules) > 1:
            yield column, rules


def _doubts(table: Table, column: Column, rule: int, place: int, known: Known) -> Iterator[Doubt]:
    cell = table.rules[rule].tests[place]
    whole = column.masks[rule] == 0
    for test in cell.tree.tests:
        text = cell.text[test.start : test.end] or cell.text
        found = Constants()
        try:
            constants.note(test, cell.text, found, known)
        except BeyondAnalysis:
            continue
        kinds = tuple(sorted(found.by_kind.keys() - {"null"}))
        if column.kinds and kinds and not set(kinds) & set(column.kinds):
            yield Doubt("kind", rule, column, text, kinds, column.kinds, whole)
        elif column.barred and kinds:
            passed = _passed(column, test, cell.text, known)
            if passed and not passed & column.full:
                yield Doubt("outside", rule, column, text, kinds, column.kinds, whole)
            elif passed & column.barred and _is_closed(test):
                yield Doubt("partly", rule, column, text, kinds, column.kinds, False)


def _passed(column: Column, test: tree.Node, text: str, known: Known) -> int:
    """The pieces that one test of a cell passes, barred ones too."""
    alone = constants.test(test, text, known)
    frame = constants.frame(known)
    return sum(1 << at for at, piece in enumerate(column.pieces) if alone(piece.sample, frame) is True)


def _is_closed(test: tree.Node) -> bool:
    """Whether a test names all it passes: a value, a list or a range with two ends."""
    return isinstance(test, tree.Literal | tree.Interval | tree.List)
