"""What a decision table leaves open or says twice: gaps, overlaps and rules that can never decide, with examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from engine import errors
from engine.decisions import domains, tables
from engine.decisions.domains import Column
from engine.decisions.models import Decision, HitPolicy, Table
from engine.feel import comparisons
from engine.feel import syntax as tree
from engine.feel.arithmetic import negate
from engine.feel.budgets import Run

MOST_STEPS = 1_000_000  # of one search; a table beyond that is said to be not analysed
MOST_PAIRS = 2_000_000
MOST_GAPS = 10
MOST_OVERLAPS = 20

Box = tuple[int, ...]
"""Per column the pieces meant, a bit each."""


@dataclass(slots=True)
class Study:
    """What was found: gaps as boxes; overlaps and rules that never decide by rule number; what was left out."""

    columns: list[Column]
    gaps: list[Box] = field(default_factory=list)
    overlaps: list[tuple[int, int, Box]] = field(default_factory=list)
    impossible: list[int] = field(default_factory=list)
    masked: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    unfinished: list[str] = field(default_factory=list)
    cut: list[str] = field(default_factory=list)  # what there is more of than is listed


def gaps_and_overlaps(decision: Decision) -> list[errors.Finding]:
    """The findings about a decision's table, each with an example in words; none where there is no table.

    Overlaps under UNIQUE (and disagreeing ones under ANY) are errors; gaps without a default, rules that can never
    decide and cells beyond analysis are warnings. Columns are taken to be independent of each other.
    """
    table = decision.table
    if table is None or not table.outputs:
        return []
    found = study(decision)
    findings = [_overlap(decision, found, *pair) for pair in found.overlaps]
    findings += [_gap(decision, found, box) for box in found.gaps]
    findings += [_finding(decision, "rule_impossible", rule, rules=str(rule)) for rule in found.impossible]
    findings += [
        _finding(decision, "rule_masked", rule, rules=str(rule), by=", ".join(map(str, by)))
        for rule, by in found.masked
    ]
    findings += [
        _finding(decision, "cell_unread", rule, rules=str(rule), label=label) for rule, label in found.unread
    ]
    findings += [
        _finding(decision, "column_untyped", None, label=column.label, kind=column.untyped)
        for column in found.columns
        if column.untyped
    ]
    findings += [_finding(decision, f"unfinished_{part}", None) for part in found.unfinished]
    findings += [_finding(decision, f"more_{part}", None) for part in found.cut]
    return findings


def study(decision: Decision) -> Study:
    """The table's gaps, overlaps and idle rules, as boxes and rule numbers."""
    table = decision.table
    assert table is not None
    found = Study([])
    try:
        found.columns = domains.columns(decision)
    except domains.TooLarge:
        found.unfinished += ["overlaps", "gaps", "masked"]
        return found
    for column in found.columns:
        found.unread += [(at + 1, column.label) for at, mask in enumerate(column.masks) if mask is None]
    for part, search in (("overlaps", _find_overlaps), ("gaps", _find_gaps), ("masked", _find_idle)):
        try:
            search(table, found)
        except domains.TooLarge:
            found.unfinished.append(part)
    found.unread.sort()
    return found


# -- searches


def _find_overlaps(table: Table, found: Study) -> None:
    """Pairs of rules that one input makes both match, where the hit policy forbids it."""
    if table.hit_policy not in (HitPolicy.UNIQUE, HitPolicy.ANY):
        return
    rules = [at for at in range(len(table.rules)) if _known(found, at)]
    if len(rules) ** 2 // 2 > MOST_PAIRS:
        raise domains.TooLarge
    for index, one in enumerate(rules):
        for other in rules[index + 1 :]:
            box = tuple((column.masks[one] or 0) & (column.masks[other] or 0) for column in found.columns)
            if not all(box) or (table.hit_policy is HitPolicy.ANY and _agree(table, one, other)):
                continue
            if len(found.overlaps) >= MOST_OVERLAPS:
                found.cut.append("overlaps")
                return
            found.overlaps.append((one + 1, other + 1, box))


def _find_gaps(table: Table, found: Study) -> None:
    """Inputs that no rule matches, where nothing else speaks for them. A cell beyond analysis may match."""
    gathers = table.hit_policy in (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)
    if gathers or any(clause.default is not None for clause in table.outputs) or not found.columns:
        return
    cover = _Cover(found.columns, unread_matches=True)
    whole = tuple(column.full for column in found.columns)
    for box in cover.uncovered(whole, [cover.rule(at) for at in range(len(table.rules))]):
        if len(found.gaps) >= MOST_GAPS:
            found.cut.append("gaps")
            break
        found.gaps.append(box)
    found.gaps.sort(key=lambda box: [bits & -bits for bits in box])


def _find_idle(table: Table, found: Study) -> None:
    """Rules that no input matches, and rules that always come after others that match too."""
    for at in range(len(table.rules)):
        if any(column.masks[at] == 0 for column in found.columns):
            found.impossible.append(at + 1)
    stronger = _STRONGER.get(table.hit_policy)
    if stronger is None:
        return
    cover = _Cover(found.columns, unread_matches=False)
    boxes = [cover.rule(at) for at in range(len(table.rules))]
    for at, box in enumerate(boxes):
        if not _known(found, at) or at + 1 in found.impossible:
            continue
        others = [other for other in stronger(table, at) if _meet(boxes[other], box)]
        if others and next(cover.uncovered(box, [boxes[other] for other in others]), None) is None:
            found.masked.append((at + 1, tuple(other + 1 for other in others)))


def _earlier(table: Table, at: int) -> list[int]:
    return list(range(at))


def _higher(table: Table, at: int) -> list[int]:
    """The rules whose constant conclusions rank before a rule's own."""
    own = _rank(table, at)
    if own is None:
        return []
    ranks = [(other, _rank(table, other)) for other in range(len(table.rules))]
    return [other for other, rank in ranks if rank is not None and rank < own]


_STRONGER: dict[HitPolicy, Callable[[Table, int], list[int]]] = {
    HitPolicy.FIRST: _earlier,
    HitPolicy.PRIORITY: _higher,
}


class _Cover:
    """Looks for what rules leave of boxes, by cutting each box along one rule after the other; counts its steps."""

    def __init__(self, columns: Sequence[Column], unread_matches: bool) -> None:
        self.columns = columns
        self.unread_matches = unread_matches
        self.steps = 0

    def rule(self, at: int) -> Box:
        """The box of a rule; a cell beyond analysis passes all or nothing."""
        return tuple(
            (column.full if self.unread_matches else 0) if (mask := column.masks[at]) is None else mask
            for column in self.columns
        )

    def uncovered(self, box: Box, rules: Sequence[Box]) -> Iterator[Box]:
        """The parts of a box that no rule covers, as boxes that do not meet."""
        open_boxes = [(box, [rule for rule in rules if _meet(rule, box)])]
        while open_boxes:
            whole, meeting = open_boxes.pop()
            self.steps += len(meeting) + 1
            if self.steps > MOST_STEPS:
                raise domains.TooLarge
            if not meeting:
                yield whole
                continue
            cut = min(meeting, key=lambda rule: _sides(rule, whole))
            for part in reversed(_parts(whole, cut)):
                open_boxes.append((part, [rule for rule in meeting if rule is not cut and _meet(rule, part)]))


def _meet(one: Box, other: Box) -> bool:
    return all(left & right for left, right in zip(one, other, strict=True))


def _sides(rule: Box, box: Box) -> int:
    """In how many columns a rule covers less than the box."""
    return sum(1 for own, whole in zip(rule, box, strict=True) if whole & ~own)


def _parts(box: Box, rule: Box) -> list[Box]:
    """What is left of a box without a rule, as boxes that do not meet."""
    parts: list[Box] = []
    inner = list(box)
    for at, own in enumerate(rule):
        left = inner[at] & ~own
        if left:
            parts.append((*inner[:at], left, *inner[at + 1 :]))
        inner[at] &= own
    return parts


# -- conclusions


def _known(found: Study, rule: int) -> bool:
    return all(column.masks[rule] is not None for column in found.columns)


def _conclusions(table: Table, rule: int) -> list[object] | None:
    """The constant conclusions of a rule; None when one is computed."""
    values: list[object] = []
    for cell in table.rules[rule].outputs:
        node = cell.tree
        if isinstance(node, tree.Literal):
            values.append(node.value)
        elif isinstance(node, tree.Negation) and isinstance(node.operand, tree.Literal):
            values.append(negate(node.operand.value))
        else:
            return None
    return values


def _agree(table: Table, one: int, other: int) -> bool:
    """Whether two rules conclude the same, or something that only an evaluation can tell."""
    left, right = _conclusions(table, one), _conclusions(table, other)
    if left is None or right is None:
        texts = [[cell.text for cell in table.rules[rule].outputs] for rule in (one, other)]
        return texts[0] == texts[1] or left is None or right is None
    run = Run(domains.MOMENT)
    return all(comparisons.same(x, y, run) for x, y in zip(left, right, strict=False))


def _rank(table: Table, rule: int) -> tuple[int, ...] | None:
    values = _conclusions(table, rule)
    if values is None:
        return None
    run = Run(domains.MOMENT)
    return tuple(
        tables.rank(clause, value, run) for clause, value in zip(table.outputs, values, strict=False)
    )


# -- sentences


def _overlap(decision: Decision, found: Study, one: int, other: int, box: Box) -> errors.Finding:
    table = decision.table
    code = "rules_disagree" if table and table.hit_policy is HitPolicy.ANY else "rules_overlap"
    return _finding(
        decision,
        code,
        other,
        "error",
        rules=f"{one}, {other}",
        where=where(found, box),
        example=example(found, box),
    )


def _gap(decision: Decision, found: Study, box: Box) -> errors.Finding:
    return _finding(decision, "gap", None, where=where(found, box), example=example(found, box))


def _finding(
    decision: Decision, code: str, rule: int | None, severity: str = "warning", **params: object
) -> errors.Finding:
    line, element = decision.line, decision.id
    if rule is not None:
        row = decision.rules[rule - 1]
        line, element = row.line or line, row.id or element
    return errors.Finding(f"dmn_table.{code}", params, decision.file, line, element, severity=severity)


def where(found: Study, box: Box) -> str:
    """A box as conditions on the inputs; an input that may be anything is left out."""
    parts = [
        f"{column.label} {_condition(column, bits)}"
        for column, bits in zip(found.columns, box, strict=True)
        if bits != column.full
    ]
    return "; ".join(parts) or "-"


def example(found: Study, box: Box) -> str:
    """One input of a box, value by value."""
    return "; ".join(
        f"{column.label} {_sample(column, bits)}" for column, bits in zip(found.columns, box, strict=True)
    )


def values(found: Study, box: Box) -> list[object]:
    """One input of a box: a value for each column."""
    return [_first(column, bits).sample for column, bits in zip(found.columns, box, strict=True)]


def _first(column: Column, bits: int) -> domains.Piece:
    return column.pieces[(bits & -bits).bit_length() - 1]


def _sample(column: Column, bits: int) -> str:
    piece = _first(column, bits)
    return piece.words() if piece.other else f"= {domains.literal(piece.sample)}"


def _condition(column: Column, bits: int) -> str:
    """The pieces of a column as unary tests, neighbours joined."""
    rest = next((piece for at, piece in enumerate(column.pieces) if piece.other and bits >> at & 1), None)
    if rest is not None:
        left_out = [piece for at, piece in enumerate(column.pieces) if not bits >> at & 1]
        return f"not({', '.join(piece.words() for piece in left_out)})"
    runs: list[list[domains.Piece]] = []
    before = -2
    for at, piece in enumerate(column.pieces):
        if not bits >> at & 1:
            continue
        joins = at == before + 1 and runs and _touch(runs[-1][-1], piece)
        if joins:
            runs[-1].append(piece)
        else:
            runs.append([piece])
        before = at
    points = len(runs[0]) == 1 and runs[0][0].point
    return ("= " if points else "") + ", ".join(_run(pieces) for pieces in runs)


def _touch(one: domains.Piece, other: domains.Piece) -> bool:
    """Whether two neighbouring pieces are parts of one stretch."""
    if one.point == other.point:
        return False
    return (other.low is not None and one.sample == other.low) if one.point else one.high == other.sample


def _run(pieces: list[domains.Piece]) -> str:
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return first.words()
    low = first.sample if first.point else first.low
    high = last.sample if last.point else last.high
    if low is None and high is None:
        return "-"
    return domains.span(low, first.point, high, last.point)
