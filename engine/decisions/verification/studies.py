"""What a decision table leaves open or says twice: gaps, overlaps and rules that can never decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.decisions.models import Decision, HitPolicy, Table
from engine.decisions.verification import constants, covers, domains
from engine.decisions.verification.constants import Known
from engine.decisions.verification.covers import Box, Cover, TooLarge
from engine.decisions.verification.domains import Column
from engine.decisions.verification.results import Results

MOST_PAIRS = 2_000_000
MOST_GAPS = 10
MOST_OVERLAPS = 20


@dataclass(slots=True)
class Study:
    """What was found, rules counted from 0: gaps as boxes as wide as they go; pairs that overlap where they must not.

    `idle` rules are passed by no input; `masked` ones always come after others, which are named. `unfinished` are parts
    that are too large to be looked at, `cut` those of which there is more than is listed.
    """

    table: Table
    known: Known
    columns: list[Column]
    results: Results
    gaps: list[Box] = field(default_factory=list)
    overlaps: list[tuple[int, int, Box]] = field(default_factory=list)
    doubtful: list[tuple[int, int, Box]] = field(
        default_factory=list
    )  # under ANY: computed, so perhaps different
    idle: list[int] = field(default_factory=list)
    masked: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)

    @property
    def whole(self) -> Box:
        """Every input there is."""
        return tuple(column.full for column in self.columns)

    @property
    def all_rules(self) -> int:
        return (1 << len(self.table.rules)) - 1

    def read(self, rule: int) -> bool:
        """Whether every cell of a rule is within analysis."""
        return all(column.masks[rule] is not None for column in self.columns)

    def cover(self, *, perhaps: bool) -> Cover:
        """The rules as boxes; a cell beyond analysis passes all that it may (`perhaps`), or nothing."""
        boxes = [self.box(rule, perhaps=perhaps) for rule in range(len(self.table.rules))]
        return Cover(boxes, [len(column.pieces) for column in self.columns])

    def box(self, rule: int, *, perhaps: bool) -> Box:
        """The inputs a rule matches."""
        return tuple(
            (column.perhaps[rule] if perhaps else 0) if (mask := column.masks[rule]) is None else mask
            for column in self.columns
        )


def study(decision: Decision) -> Study:
    """The table's gaps, overlaps and rules that never decide. Columns are taken to be independent of each other."""
    table = decision.table
    assert table is not None
    known = constants.known(decision)
    found = Study(table, known, [], Results(table, known))
    try:
        found.columns = domains.columns(decision, known)
    except TooLarge:
        found.unfinished += ["overlaps", "gaps", "masked", "nulls"]
        return found
    if any(column.full == 0 for column in found.columns):
        return found  # what is allowed excludes everything: nothing to search
    for part, search in (("overlaps", _find_overlaps), ("gaps", _find_gaps), ("masked", _find_idle)):
        try:
            search(found)
        except TooLarge:
            found.unfinished.append(part)
    return found


def _find_overlaps(found: Study) -> None:
    """Pairs of rules that one input makes both match, where the hit policy forbids it."""
    policy = found.table.hit_policy
    if policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return
    rules = [rule for rule in range(len(found.table.rules)) if found.read(rule)]
    if len(rules) ** 2 // 2 > MOST_PAIRS:
        raise TooLarge
    boxes = {rule: found.box(rule, perhaps=False) for rule in rules}
    for index, one in enumerate(rules):
        mine = boxes[one]
        for other in rules[index + 1 :]:
            if not all(left & right for left, right in zip(mine, boxes[other], strict=True)):
                continue
            agree = policy is HitPolicy.ANY and found.results.agree(one, other)
            if agree is True:
                continue
            pairs = found.doubtful if agree is None else found.overlaps
            if len(pairs) >= MOST_OVERLAPS:
                found.cut.append("overlaps")
                return
            pairs.append((one, other, covers.common((mine, boxes[other]))))


def _find_gaps(found: Study) -> None:
    """Inputs that no rule matches, where nothing else speaks for them. A cell beyond analysis may match."""
    table = found.table
    has_default = any(clause.default is not None for clause in table.outputs)
    if table.hit_policy.gathers or has_default or not found.columns:
        return
    found.gaps, more = uncovered(found, MOST_GAPS)
    if more:
        found.cut.append("gaps")


def uncovered(found: Study, most: int) -> tuple[list[Box], bool]:
    """What no rule matches, in boxes as wide as they go that together are all of it; whether there are more."""
    cover, rules = found.cover(perhaps=True), found.all_rules
    ordered = sum(1 << at for at, column in enumerate(found.columns) if column.ordered)
    gaps: list[Box] = []
    while (hole := cover.hole(found.whole, rules)) is not None:
        if len(gaps) >= most:
            return _in_order(gaps), True
        wide = cover.widened(hole, found.all_rules, found.whole, ordered)
        gaps.append(wide)
        rules |= cover.add(wide)
    return _in_order(gaps), False


def _in_order(boxes: list[Box]) -> list[Box]:
    return sorted(boxes, key=lambda box: [bits & -bits for bits in box])


def _find_idle(found: Study) -> None:
    """Rules that no input matches, and rules that always come after others that match too."""
    rules = range(len(found.table.rules))
    found.idle = [rule for rule in rules if any(column.masks[rule] == 0 for column in found.columns)]
    stronger = STRONGER.get(found.table.hit_policy)
    if stronger is None:
        return
    cover, idle = found.cover(perhaps=False), set(found.idle)
    for rule in rules:
        if rule in idle or not found.read(rule):
            continue
        if cover.hole(cover.boxes[rule], stronger(found, rule)) is None:
            found.masked.append((rule, tuple(covers.bits(cover.used))))


def _earlier(found: Study, rule: int) -> int:
    return (1 << rule) - 1


def _higher(found: Study, rule: int) -> int:
    """The rules whose constant conclusions rank before a rule's own."""
    ranks = found.results.ranks
    own = ranks[rule]
    if own is None:
        return 0
    return sum(1 << other for other, rank in enumerate(ranks) if rank is not None and rank < own)


STRONGER: dict[HitPolicy, Callable[[Study, int], int]] = {
    HitPolicy.FIRST: _earlier,
    HitPolicy.PRIORITY: _higher,
}
"""The rules that decide before a rule where they match too."""
