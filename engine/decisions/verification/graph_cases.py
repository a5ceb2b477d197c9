"""The cases in which a decision comes to its most permissive outcome, and what may be unknown in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.decisions.models import Decision, DecisionModel
from engine.decisions.table_reading import NOTHING
from engine.decisions.verification.covers import Effort
from engine.decisions.verification.diagrams import NO, YES, Diagram, Diagrams
from engine.decisions.verification.graph_expressions import Expressions
from engine.decisions.verification.graph_inputs import NULL, Inputs
from engine.decisions.verification.graph_outcomes import Outcomes
from engine.decisions.verification.null_sets import Families
from engine.decisions.verification.paths import Path
from engine.decisions.verification.possibilities import UNREAD, Items, Part, Unread, Values
from engine.feel import formats

_RATHER_NOT = 1_000  # what an unknown input costs where one is not wanted

Case = list[int]
"""The piece of each input, by its place."""


class Cases:
    """Every case of one graph by whether it comes to the outcome, and by what is unknown in it.

    `surely` and `perhaps` are the cases with the outcome, `otherwise` those evaluated to another; where nothing is
    beyond analysis, the first two are the same. Raises TooLarge beyond so many branches.
    """

    def __init__(
        self,
        model: DecisionModel,
        decision: Decision,
        wanted: Sequence[tuple[str, str]],
        inputs: Inputs,
        most_branches: int,
    ) -> None:
        self.leaves, self.wanted = inputs.leaves, wanted
        self.is_single = len(decision.outputs) == 1
        effort = Effort(most_branches)
        clock = [2] if inputs.clock else []
        self.diagrams = Diagrams([*(len(leaf.seen) for leaf in self.leaves), *clock], effort)
        self.families = Families(len(self.leaves), effort)
        present = self.diagrams.answers(len(self.leaves), 1) if clock else YES
        expressions = Expressions(self.diagrams, present, inputs.counted)
        parts: dict[Path, Part] = {
            leaf.path: Values(tuple(
                (value, self.diagrams.answers(at, 1 << piece)) for piece, value in enumerate(leaf.seen)
            ))
            for at, leaf in enumerate(self.leaves)
        }  # fmt: skip
        parts |= dict.fromkeys(inputs.bare, UNREAD)
        outcome = Outcomes(expressions, parts, inputs).of(model, decision)
        permissive, other = self._permitted(outcome.part)
        may_refuse = self.diagrams.either(outcome.may_refuse, expressions.may_refuse)
        self._sort(permissive, other, outcome.must_refuse, may_refuse, present)

    def _permitted(self, part: Part) -> tuple[Diagram, Diagram]:
        """When a part may be the most permissive result, and when another."""
        permissive = other = NO
        if isinstance(part, Items):
            permissive = YES
            for item in part.items:
                permissive = self.diagrams.without(permissive, item.must)
                other = self.diagrams.either(other, item.may)
            return permissive, other
        for value, when in part.cases if isinstance(part, Values) else UNREAD.cases:
            is_it = self.permits(value)
            permissive = self.diagrams.either(permissive, when) if is_it is not False else permissive
            other = self.diagrams.either(other, when) if is_it is not True else other
        return permissive, other

    def _sort(
        self, permissive: Diagram, other: Diagram, must_refuse: Diagram, may_refuse: Diagram, present: Diagram
    ) -> None:
        without = self.diagrams.without
        self.perhaps = without(permissive, must_refuse)
        concrete = present
        for at, leaf in enumerate(self.leaves):
            if leaf.beyond:
                last = len(leaf.seen) - 1
                concrete = self.diagrams.both(concrete, self.diagrams.answers(at, (1 << last) - 1))
        self.surely = self.diagrams.both(without(without(permissive, other), may_refuse), concrete)
        self.otherwise = self.diagrams.both(without(without(other, permissive), may_refuse), concrete)
        self.tell = self.diagrams.both(self.surely, self._filled(self.otherwise))
        families, sets = self.families, self.families.diagrams
        self._telling = families.nonempty(self._unknown(self.tell))
        reached = families.nonempty(self._unknown(self.surely))
        self._idle = sets.without(reached, families.above(self._telling))
        doubtful = families.nonempty(self._unknown(self.perhaps))
        self._doubtful = sets.without(doubtful, families.above(sets.either(self._telling, reached)))

    def permits(self, value: object) -> bool | None:
        """Whether a result is the most permissive one; None where that is beyond analysis."""
        if isinstance(value, Unread):
            return None
        if self.wanted[0][1] == NOTHING:
            return value in (None, [], 0)
        if self.is_single:
            results = [value]
        elif isinstance(value, Mapping):
            results = [value.get(name) for name, _ in self.wanted]
        else:
            return False
        said = [
            None if isinstance(one, Unread) else one is not None and formats.text(one) == text
            for one, (_, text) in zip(results, self.wanted, strict=True)
        ]
        return False if False in said else None if None in said else True

    # -- combinations

    def telling(self) -> Iterator[tuple[int, ...]]:
        """The least combinations that lead to the outcome while known values would lead elsewhere."""
        return self.families.least(self._telling)

    def count(self) -> int:
        """How many of those there are."""
        return sum(self.families.sizes(self._telling).values())

    def idle(self) -> Iterator[tuple[int, ...]]:
        """The least combinations besides that lead to the outcome, where no known value would lead elsewhere."""
        return self.families.least(self._idle)

    def idle_count(self) -> int:
        """How many of those there are."""
        return sum(self.families.sizes(self._idle).values())

    def doubtful(self) -> Iterator[tuple[int, ...]]:
        """The least combinations besides of which analysis cannot say that they do not lead to the outcome."""
        return self.families.least(self._doubtful)

    # -- cases

    def base(self) -> Case | None:
        """A case with the outcome, with everything known if there is one; None where there is no case."""
        return self._cheapest(self.surely, [0] * len(self.leaves), unknown=_RATHER_NOT)

    def may_be_reached(self) -> bool:
        """Whether something beyond analysis may lead to the outcome."""
        return self.perhaps != NO

    def with_unknown(self, leaves: Sequence[int], near: Case) -> tuple[Case, Case]:
        """A case with the outcome in which exactly these are unknown, as near to another as can be; and the same with
        them known, which leads elsewhere."""
        exactly = YES
        for at in reversed(range(len(self.leaves))):
            null = 1 << NULL
            wanted = null if at in leaves else ~null & (1 << len(self.leaves[at].seen)) - 1
            exactly = self.diagrams.both(self.diagrams.answers(at, wanted), exactly)
        case = self._cheapest(self.diagrams.both(self.tell, exactly), near)
        assert case is not None
        rest = {at: piece for at, piece in enumerate(case) if at not in leaves}
        known = self._cheapest(
            self.diagrams.both(self.otherwise, self.diagrams.case(rest)), case, unknown=_RATHER_NOT
        )
        assert known is not None
        return case, known

    def differing(self, case: Case) -> tuple[int, ...]:
        """The inputs of which another known value alone would lead elsewhere."""
        return tuple(
            at
            for at in range(len(self.leaves))
            if any(
                self._holds(self.otherwise, _changed(case, {at: piece}))
                for piece in range(len(self.leaves[at].seen))
                if piece not in (NULL, case[at])
            )
        )

    def mattering(self, leaves: Sequence[int], case: Case, base: Case) -> tuple[int, ...]:
        """The inputs whose value lets the unknown ones pass: it differs from the base, or another would not do."""

        def matters(at: int) -> bool:
            others = (piece for piece in range(len(self.leaves[at].seen)) if piece != case[at])
            return any(
                self._holds(self.surely, _changed(case, {**known, at: piece}))
                and not self._holds(self.surely, _changed(case, {at: piece}))
                for piece in others
            )

        known = {at: base[at] for at in leaves}
        rest = (at for at in range(len(self.leaves)) if at not in leaves)
        return tuple(at for at in rest if case[at] != base[at] or matters(at))

    def _cheapest(self, diagram: Diagram, near: Case, unknown: int = 1) -> Case | None:
        costs = [
            [unknown if piece == NULL else 1 + piece for piece in range(len(leaf.seen))]
            for leaf in self.leaves
        ]
        for own, piece in zip(costs, near, strict=True):
            if piece != NULL:
                own[piece] = 0
        clock = [[0, 0]] * (len(self.diagrams.sizes) - len(self.leaves))
        found = self.diagrams.cheapest(diagram, [*costs, *clock])
        return None if found is None else found[: len(self.leaves)]

    def _holds(self, diagram: Diagram, case: Case) -> bool:
        pieces = [*case, 0]  # the clock shows the moment
        while diagram > YES:
            diagram = self.diagrams.branches[diagram][pieces[self.diagrams.questions[diagram]]]
        return diagram == YES

    # -- diagrams made of others

    def _filled(self, diagram: Diagram) -> Diagram:
        """The cases that lead into a diagram once what is unknown in them is known."""

        def at(question: int, branches: tuple[Diagram, ...]) -> Diagram:
            if question == len(self.leaves):
                return self.diagrams.node(question, branches)
            some = NO
            for branch in branches[NULL + 1 :]:
                some = self.diagrams.either(some, branch)
            return self.diagrams.node(question, (some, *branches[NULL + 1 :]))

        return self.diagrams.rebuilt(diagram, at, {})

    def _unknown(self, diagram: Diagram) -> Diagram:
        """What is unknown in the cases of a diagram, as a family of sets."""
        sets = self.families.diagrams

        def at(question: int, branches: tuple[Diagram, ...]) -> Diagram:
            null, some = branches[NULL], NO
            for branch in branches if question == len(self.leaves) else branches[NULL + 1 :]:
                some = sets.either(some, branch)
            return some if question == len(self.leaves) else sets.node(question, (some, null))

        return self.diagrams.rebuilt(diagram, at, {})


def _changed(case: Case, pieces: Mapping[int, int]) -> Case:
    return [pieces.get(at, piece) for at, piece in enumerate(case)]
