"""Inputs that are not known: columns that do not say what becomes of them, and what they lead to.

Unknown is not healthy: a table that lists what is wrong takes what nobody measured for fine. So every combination of
inputs that leads to the most permissive outcome while they are not known is told to whoever approves the table.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from engine import errors
from engine.decisions.models import Decision, HitPolicy, Output, Table
from engine.decisions.table_reading import NOTHING
from engine.decisions.verification.covers import Box, Cover
from engine.decisions.verification.results import COMPUTED
from engine.decisions.verification.studies import STRONGER, Study
from engine.feel import formats

TRIED_TOGETHER = 3  # inputs not known at once, of which every combination is tried; wider ones are looked for
MOST_LOOKED = 1_000  # times a wider combination is looked for
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class Permitted:
    """A least combination of columns (by place) that are not known where the most permissive outcome is reached.

    `rule` (from 0) concludes it, None where no rule applies. `box` holds inputs of the kind, in all of which the other
    columns are known; not `sure` where a condition beyond analysis has a say.
    """

    unknown: tuple[int, ...]
    rule: int | None
    outcome: object
    box: Box
    sure: bool


def undeclared(decision: Decision) -> Iterator[errors.Finding]:
    """A warning for each input of a table that reads data and is declared neither required nor optional."""
    for clause in decision.inputs:
        if clause.required is None and clause.expression.reads:
            yield errors.Finding(
                "dmn_table.input_undeclared",
                {"label": clause.label},
                decision.file,
                clause.line or decision.line,
                clause.id or decision.id,
                severity="warning",
            )


def permitted(found: Study) -> tuple[list[Permitted], bool]:
    """The combinations, fewest inputs first, none of which contains another; whether there may be more than listed.

    Raises TooLarge when the search is given up.
    """
    targets = list(_targets(found))
    nullable = [place for place, column in enumerate(found.columns) if column.null]
    listed: list[Permitted] = []
    if not targets or not nullable:
        return listed, False
    surely, perhaps = found.cover(perhaps=False), found.cover(perhaps=True)
    for size in range(1, TRIED_TOGETHER + 1):
        for unknown in combinations(nullable, size):
            if any(set(one.unknown) <= set(unknown) for one in listed):
                continue
            reached = _reached(found, targets, unknown, surely, perhaps)
            if reached is None:
                continue
            if len(listed) >= MOST_LISTED:
                return listed, True
            listed.append(reached)
    wider = _Wider(found, targets, listed, surely, perhaps)
    return listed, not wider.is_complete(nullable)


def most_permissive(table: Table) -> list[tuple[int, str]]:
    """The outputs (by place) with the result that counts as the most permissive, as text.

    What the author declares with `tc:permissive`; under PRIORITY without that the last of the first output's allowed
    values, since the strictest comes first there.
    """
    outputs = table.outputs
    declared = [(place, clause.permissive) for place, clause in enumerate(outputs) if clause.permissive]
    if not declared and table.hit_policy is HitPolicy.PRIORITY and outputs[0].priorities:
        return [(0, formats.text(outputs[0].priorities[-1]))]
    return declared


@dataclass(frozen=True, slots=True)
class _Target:
    """A way to the most permissive outcome: a rule where none of `stronger` matches, or none of all rules."""

    rule: int | None
    outcome: object
    box: Box
    stronger: int
    read: bool


def _targets(found: Study) -> Iterator[_Target]:
    wanted = most_permissive(found.table)
    if not wanted:
        return
    place = wanted[0][0]
    if not found.table.hit_policy.gathers:
        for rule in range(len(found.table.rules)):
            values = found.results.values[rule]
            if all(at < len(values) and _is(values[at], text) for at, text in wanted):
                box = found.box(rule, perhaps=True)
                yield _Target(rule, values[place], box, _rivals(found, rule), found.read(rule))
    clause = found.table.outputs[place]
    default = found.results.default(clause)
    nothing = any(text == NOTHING for _, text in wanted) and default is None
    if nothing or (default is not None and all(_is_default(found, at, text) for at, text in wanted)):
        yield _Target(None, default, found.whole, found.all_rules, True)


def _is(value: object, text: str) -> bool:
    return value is not None and value is not COMPUTED and text != NOTHING and formats.text(value) == text


def _is_default(found: Study, place: int, text: str) -> bool:
    clause: Output = found.table.outputs[place]
    return _is(found.results.default(clause), text)


def _rivals(found: Study, rule: int) -> int:
    """The rules beside which a rule's result is not the table's."""
    policy = found.table.hit_policy
    if policy in STRONGER:
        return STRONGER[policy](found, rule)
    others = (other for other in range(len(found.table.rules)) if other != rule)
    if policy is HitPolicy.ANY:
        return sum(1 << other for other in others if found.results.agree(rule, other) is False)
    return sum(1 << other for other in others)


def _reached(
    found: Study, targets: list[_Target], unknown: tuple[int, ...], surely: Cover, perhaps: Cover
) -> Permitted | None:
    """A way to the most permissive outcome while exactly these columns are not known, a sure one if there is one."""
    doubtful: Permitted | None = None
    for target in targets:
        box = tuple(
            bits & column.null if place in unknown else bits & ~column.null
            for place, (column, bits) in enumerate(zip(found.columns, target.box, strict=True))
        )
        if not all(box):
            continue
        hole = perhaps.hole(box, target.stronger) if target.read else None
        if hole is not None:
            return Permitted(unknown, target.rule, target.outcome, hole, True)
        hole = surely.hole(box, target.stronger) if doubtful is None else None
        if hole is not None:
            doubtful = Permitted(unknown, target.rule, target.outcome, hole, False)
    return doubtful


class _Wider:
    """Looks for combinations of more inputs than are tried one by one, and adds the least ones to those `listed`."""

    def __init__(
        self, found: Study, targets: list[_Target], listed: list[Permitted], surely: Cover, perhaps: Cover
    ) -> None:
        self.found, self.targets, self.listed = found, targets, listed
        self.surely, self.perhaps = surely, perhaps
        self.looked = 0

    def is_complete(self, nullable: list[int]) -> bool:
        """Whether every combination that there is has been listed in the end."""
        alone = frozenset(one.unknown[0] for one in self.listed if len(one.unknown) == 1)
        try:
            for place in nullable if len(nullable) > TRIED_TOGETHER else ():
                while place not in alone and (unknown := self._other(place, alone)):
                    if len(self.listed) >= MOST_LISTED:
                        return False
                    self.listed.append(self._least(unknown))
        except _LookedEnough:
            return False
        return True

    def _other(self, place: int, known: frozenset[int]) -> tuple[int, ...] | None:
        """A combination with this column that contains none of those listed; `known` columns are left out of it."""
        for target in self.targets:
            self._look()
            box = tuple(
                bits & ~column.null if at in known else bits & column.null if at == place else bits
                for at, (column, bits) in enumerate(zip(self.found.columns, target.box, strict=True))
            )
            hole = self.surely.hole(box, target.stronger) if all(box) else None
            if hole is None:
                continue
            unknown = tuple(
                at
                for at, (column, bits) in enumerate(zip(self.found.columns, hole, strict=True))
                if not bits & ~column.null
            )
            within = next((one.unknown for one in self.listed if {*one.unknown} <= {*unknown}), None)
            if within is None:
                return unknown
            for at in within:
                other = self._other(place, known | {at}) if at != place else None
                if other is not None:
                    return other
        return None

    def _least(self, unknown: tuple[int, ...]) -> Permitted:
        """The least part of a combination that leads to the most permissive outcome too."""
        for size in range(TRIED_TOGETHER + 1, len(unknown) + 1):
            for part in combinations(unknown, size):
                self._look()
                reached = _reached(self.found, self.targets, part, self.surely, self.perhaps)
                if reached is not None:
                    return reached
        raise AssertionError("a combination was found that leads nowhere")

    def _look(self) -> None:
        self.looked += 1
        if self.looked > MOST_LOOKED:
            raise _LookedEnough


class _LookedEnough(Exception):
    """Looking for more would take longer than who publishes should wait."""
