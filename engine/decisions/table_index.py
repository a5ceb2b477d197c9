"""A large table indexed: for each column of constants, which rules a value passes, as one integer with a bit per rule.

The rules that match are what all columns leave over, so that thousands of rules cost about as much as a few. Columns
are consulted in order up to the first whose cells might warn of the value at hand; from there on the cells of the
rules left over are asked one by one, as `searches.walk` asks them. What failed first in a rule is read off the
columns' integers when somebody wants to know: nothing is evaluated for it.
"""

from __future__ import annotations

import functools
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from operator import xor
from typing import Any, overload

from engine.decisions import plain_cells
from engine.decisions.fitting import taken
from engine.decisions.models import HitPolicy, Search, Table, Verdict
from engine.decisions.plain_cells import Cell
from engine.feel.frames import Frame, Test
from engine.feel.values import Range

MOST_BITS = 128_000_000  # of one column's integers together; a column that needs more is asked cell by cell

Passing = Callable[[Any], int | None]
"""The rules whose cell in a column passes a value; None when that is for the cells to say."""


class Failures(Sequence[int]):
    """Per rule tried the column that failed first, or -1: worked out when it is first looked at.

    `consulted` are columns with the rules each of them passed; `asked` rules that all of them passed, and the column
    that failed then.
    """

    def __init__(self, tried: int, consulted: list[tuple[int, int]], asked: dict[int, int]) -> None:
        self.tried, self.consulted, self.asked = tried, consulted, asked

    @functools.cached_property
    def places(self) -> bytes:
        """A byte per rule: the column that failed first, from 1 on, or 0. Column by column they are laid together."""
        left = (1 << self.tried) - 1
        failed = 0
        for column, passing in self.consulted:
            bits = format(left & ~passing, f"0{self.tried}b").encode()
            failed |= int.from_bytes(bits.translate(bytes.maketrans(b"01", bytes((0, column + 1)))))
            left &= passing
        found = bytearray(failed.to_bytes(self.tried, "little"))
        for index, column in self.asked.items():
            found[index] = column + 1
        return bytes(found)

    def __len__(self) -> int:
        return self.tried

    @overload
    def __getitem__(self, at: int) -> int: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[int]: ...
    def __getitem__(self, at: int | slice) -> int | Sequence[int]:
        if isinstance(at, int):
            return self.places[at] - 1
        return [place - 1 for place in self.places[at]]

    def __iter__(self) -> Iterator[int]:
        return iter(self[:])


def compiled(table: Table) -> Search:
    """A function that finds the rules of a table that match, and what failed first in each that does not."""
    asked, steps, everything = table.asked, table.steps, (1 << len(table.rules)) - 1
    columns = [(at, _passing(table, at)) for at in sorted({at for step in steps for at, _ in step})]
    only_first = table.hit_policy is HitPolicy.FIRST

    def search(frame: Frame) -> Verdict:
        values = tuple([taken(column, frame) for column in asked])
        left, consulted, begun = everything, [], len(values)
        for at, passing in columns:
            passed = passing(values[at])
            if passed is None:
                begun = at
                break
            left &= passed
            consulted.append((at, passed))
        failed: dict[int, int] = {}
        matched: list[int] = []
        for index in _bits(left):
            column = -1 if begun == len(values) else _failing(steps[index], begun, values, frame)
            if column >= 0:
                failed[index] = column
                continue
            matched.append(index)
            if only_first:
                break
        tried = matched[0] + 1 if only_first and matched else len(steps)
        return Verdict(values, Failures(tried, consulted, failed), matched)

    return search


def _failing(steps: tuple[tuple[int, Test], ...], begun: int, values: Sequence[object], frame: Frame) -> int:
    """The first column from `begun` on that fails; -1 when none does."""
    for column, test in steps:
        if column >= begun and test(values[column], frame) is not True:
            return column
    return -1


def _bits(integer: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while integer:
        lowest = integer & -integer
        yield lowest.bit_length() - 1
        integer ^= lowest


# -- the index of a column


def _passing(table: Table, at: int) -> Passing:
    found = [plain_cells.read(rule.tests[at]) for rule in table.rules]
    known = [cell for cell in found if cell is not None]
    kinds = {cell.kind for cell in known if cell.kind is not None}
    if len(known) < len(found) or len(kinds) > 1:
        return _unknown
    kind = next(iter(kinds), None)
    if kind is None:
        return _null(known)
    return _equal(known, kind) if all(cell.takes_null for cell in known) else _ordered(known, kind)


def _unknown(value: object) -> None:
    return None


def _null(known: Sequence[Cell]) -> Passing:
    """A column that asks for null or nothing."""
    null = sum((None in cell.among) is not cell.negated and 1 << rule for rule, cell in enumerate(known))
    other = sum(cell.negated and 1 << rule for rule, cell in enumerate(known))
    return lambda value: null if value is None else other


def _equal(known: Sequence[Cell], kind: type) -> Passing:
    """A column that compares with constants: each with its rules, and the rules for any other value."""
    other = sum(1 << rule for rule, cell in enumerate(known) if cell.negated)
    passing: dict[object, int] = {}
    for rule, cell in enumerate(known):
        for constant in set(cell.among):
            passing[constant] = passing.get(constant, other) ^ 1 << rule
    if len(passing) * len(known) > MOST_BITS:
        return _unknown
    passed = passing.get
    return lambda value: passed(value, other) if value is None or type(value) is kind else None


def _ordered(known: Sequence[Cell], kind: type) -> Passing:
    """A column that compares by order: between and at the constants it names, the rules that pass."""
    named = {end for cell in known for span in cell.spans for end in (span.low, span.high)}
    ends: list[Any] = sorted(named.union(*(cell.among for cell in known)) - {None})
    if 2 * len(ends) * len(known) > MOST_BITS:
        return _unknown
    places = {end: place for place, end in enumerate(ends)}
    changes = [0] * (2 * len(ends) + 1)
    for rule, cell in enumerate(known):
        pieces = _pieces(cell, places)
        for place in _bits((pieces ^ pieces << 1) & ((1 << len(changes)) - 1)):
            changes[place] ^= 1 << rule
    passing: list[int] = list(accumulate(changes, xor))

    def passed(value: Any) -> int | None:
        if type(value) is not kind:
            return None
        place = bisect_left(ends, value)
        is_named = place < len(ends) and ends[place] == value
        return passing[2 * place + 1 if is_named else 2 * place]

    return passed


def _pieces(cell: Cell, places: dict[Any, int]) -> int:
    """The pieces a cell passes, a bit each: 2n before the n-th constant in order, 2n + 1 at it."""
    passed = 0
    for span in cell.spans:
        first, last = _first(span, places), _last(span, places)
        passed |= (1 << last + 1) - (1 << first) if first <= last else 0
    for constant in cell.among:
        passed |= 0 if constant is None else 1 << 2 * places[constant] + 1
    return passed ^ ((1 << 2 * len(places) + 1) - 1) if cell.negated else passed


def _first(span: Range, places: dict[Any, int]) -> int:
    return 0 if span.low is None else 2 * places[span.low] + (1 if span.low_included else 2)


def _last(span: Range, places: dict[Any, int]) -> int:
    return 2 * len(places) if span.high is None else 2 * places[span.high] + (1 if span.high_included else 0)
