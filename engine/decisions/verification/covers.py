"""Boxes over the columns of a table: whether some boxes together cover another, and if not, what they leave.

A box has a bit per piece of each column (Calvanese et al., "Semantics and analysis of DMN decision tables", BPM 2016).
The search goes column by column. Pieces that the boxes still in question do not tell apart are one branch; a branch in
question with fewer boxes is harder to cover, so that only the least branches of a column are looked into, and what was
covered once is not looked into again. `Effort` bounds it: the question is as hard as any in NP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

Box = tuple[int, ...]
"""Per column the pieces meant, a bit each; a box with a 0 is empty."""

MOST_STEPS = 30_000  # branches looked into by one search: seconds for hundreds of rules


class TooLarge(Exception):
    """More rules, constants or cases than are looked at."""


@dataclass(slots=True)
class Effort:
    """The branches that may still be looked into."""

    steps: int = MOST_STEPS

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooLarge


class Cover:
    """The boxes of rules, asked for holes; sets of rules are bits of a number."""

    def __init__(self, boxes: Sequence[Box], sizes: Sequence[int], effort: Effort | None = None) -> None:
        self.boxes = list(boxes)
        self.effort = effort or Effort()
        self.passing = [[0] * size for size in sizes]  # per column and piece the rules that pass it
        self.sides: list[dict[int, tuple[int, int]]] = [{} for _ in sizes]  # what `side` has worked out
        for rule, box in enumerate(self.boxes):
            self._enter(1 << rule, box)
        self.used = 0  # the rules that, by the last search without a hole, are enough to cover

    def add(self, box: Box) -> int:
        """One more box; its rule as a set."""
        self.boxes.append(box)
        rule = 1 << (len(self.boxes) - 1)
        self._enter(rule, box)
        for known in self.sides:
            known.clear()
        return rule

    def hole(self, box: Box, rules: int) -> Box | None:
        """A part of a box that none of these rules meets; None when they cover it, by those in `used`."""
        search = _Search(self, box)
        found = search.below(self.meeting(box, rules))
        self.used = search.used
        return found

    def meeting(self, box: Box, rules: int) -> int:
        """The rules of a set that share something with a box."""
        for column, mask in enumerate(box):
            rules &= self.side(column, mask)[0]
        return rules

    def side(self, column: int, mask: int) -> tuple[int, int]:
        """The rules that share something with these pieces of a column, and those that leave some of them."""
        known = self.sides[column].get(mask)
        if known is None:
            meeting = leaving = 0
            for rule, box in enumerate(self.boxes):
                own = box[column]
                if mask & own:
                    meeting |= 1 << rule
                if mask & ~own:
                    leaving |= 1 << rule
            known = self.sides[column][mask] = meeting, leaving
        return known

    def widened(self, box: Box, rules: int, whole: Box, ordered: int = 0) -> Box:
        """A hole made as wide as it goes inside the whole without meeting a rule.

        Columns that do not matter are freed first; in `ordered` ones (a bit each) only neighbours are joined.
        """
        wide = list(box)
        for column, mask in enumerate(box):
            room = self._room(wide, column, rules, whole)
            wide[column] = room if room == whole[column] else mask
        for column in range(len(box)):
            room = self._room(wide, column, rules, whole)
            wide[column] = _around(wide[column], room) if ordered >> column & 1 else room
        return tuple(wide)

    def _room(self, box: list[int], column: int, rules: int, whole: Box) -> int:
        """The pieces of a column that no rule takes where the other columns are as in the box."""
        slice_ = (*box[:column], whole[column], *box[column + 1 :])
        taken = 0
        for rule in bits(self.meeting(slice_, rules)):
            taken |= self.boxes[rule][column]
        return whole[column] & ~taken

    def _enter(self, rule: int, box: Box) -> None:
        for pieces, mask in zip(self.passing, box, strict=True):
            for piece in bits(mask):
                pieces[piece] |= rule


class _Search:
    """One search for a hole: the box as narrowed so far, and the sets of rules known to cover their branches."""

    def __init__(self, cover: Cover, box: Box) -> None:
        self.cover = cover
        self.box = list(box)
        self.used = 0
        self.limits = [cover.side(column, mask)[1] for column, mask in enumerate(box)]
        self.covered: set[tuple[int, int]] = set()

    def below(self, rules: int, fixed: int = 0) -> Box | None:
        """A hole in the box as it is now, of which these rules may still cover something."""
        if not rules:
            return tuple(self.box)
        splits = []
        once = twice = often = 0  # the rules that at least so many columns limit
        for column, limits in enumerate(self.limits):
            if not fixed >> column & 1 and (limited := limits & rules):
                splits.append((column, limited))
                often |= twice & limited
                twice |= once & limited
                once |= limited
        free = rules & ~once
        if free:
            self.used |= free & -free
            return None
        if (rules, fixed) in self.covered:
            return None
        column = _most_telling(splits, once & ~twice, twice & ~often)
        hole = self._branches(rules, column, fixed)
        if hole is None:
            self.covered.add((rules, fixed))
        return hole

    def _branches(self, rules: int, column: int, fixed: int) -> Box | None:
        whole = self.box[column]
        groups: dict[int, int] = {}
        for piece in bits(whole):
            passing = self.cover.passing[column][piece] & rules
            groups[passing] = groups.get(passing, 0) | 1 << piece
        least: list[int] = []
        for passing in sorted(groups, key=int.bit_count):
            if any(passing & smaller == smaller for smaller in least):
                continue
            least.append(passing)
            self.cover.effort.spend(1)
            self.box[column] = groups[passing]
            hole = self.below(passing, fixed | 1 << column)
            if hole is not None:
                return hole
        self.box[column] = whole
        return None


def _most_telling(splits: list[tuple[int, int]], nearly: int, almost: int) -> int:
    """The column that limits most of the rules that only one limits, then of those that two limit, then of all."""
    return max(
        splits,
        key=lambda split: (
            (split[1] & nearly).bit_count(),
            (split[1] & almost).bit_count(),
            split[1].bit_count(),
        ),
    )[0]


def bits(mask: int) -> Iterator[int]:
    """The places of the bits that are set, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _around(some: int, room: int) -> int:
    """The bits of `room` that follow `some` without a break."""
    grown = 0
    while grown != some:
        grown, some = some, (some | some << 1 | some >> 1) & room
    return some


def common(boxes: Iterable[Box]) -> Box:
    """What boxes have in common; with a 0 where they do not meet."""
    first, *others = boxes
    for other in others:
        first = tuple(left & right for left, right in zip(first, other, strict=True))
    return first
