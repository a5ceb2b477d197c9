"""Conditions on independent questions with finitely many answers each, as decision diagrams.

A diagram asks the questions in one order and leads to yes or no; equal ones are one, so that comparing them is
comparing numbers (Bryant, "Graph-based algorithms for Boolean function manipulation", 1986; here with more answers).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.decisions.verification.covers import Effort

NO, YES = 0, 1
Diagram = int
"""A condition of one `Diagrams`; NO and YES are those that never and always hold."""

_END = 1 << 30  # comes after every question


class Diagrams:
    """The diagrams over some questions, given by how many answers each has; raises TooLarge beyond the effort."""

    def __init__(self, sizes: Sequence[int], effort: Effort) -> None:
        self.sizes, self.effort = tuple(sizes), effort
        self.questions: list[int] = [_END, _END]
        self.branches: list[tuple[Diagram, ...]] = [(), ()]
        self._known: dict[tuple[int, tuple[Diagram, ...]], Diagram] = {}
        self._both: dict[tuple[Diagram, Diagram], Diagram] = {}
        self._either: dict[tuple[Diagram, Diagram], Diagram] = {}
        self._negated: dict[Diagram, Diagram] = {NO: YES, YES: NO}

    def node(self, question: int, branches: tuple[Diagram, ...]) -> Diagram:
        """The diagram that asks a question first and goes on by its answer."""
        if branches.count(branches[0]) == len(branches):
            return branches[0]
        found = self._known.get((question, branches))
        if found is None:
            self.effort.spend(1 + len(branches) // 16)
            found = self._known[question, branches] = len(self.questions)
            self.questions.append(question)
            self.branches.append(branches)
        return found

    def answers(self, question: int, wanted: int) -> Diagram:
        """That the answer to a question is one of some (a bit each)."""
        return self.node(question, tuple(wanted >> at & 1 for at in range(self.sizes[question])))

    def both(self, one: Diagram, other: Diagram) -> Diagram:
        if one == other or other == YES:
            return one
        if one == YES:
            return other
        if one == NO or other == NO:
            return NO
        return self._paired(one, other, self._both, self.both)

    def either(self, one: Diagram, other: Diagram) -> Diagram:
        if one == other or other == NO:
            return one
        if one == NO:
            return other
        if one == YES or other == YES:
            return YES
        return self._paired(one, other, self._either, self.either)

    def _paired(
        self,
        one: Diagram,
        other: Diagram,
        known: dict[tuple[Diagram, Diagram], Diagram],
        combined: Callable[[Diagram, Diagram], Diagram],
    ) -> Diagram:
        pair = (one, other) if one < other else (other, one)
        found = known.get(pair)
        if found is None:
            first, second = self.questions[one], self.questions[other]
            left, right = self.branches[one], self.branches[other]
            if first < second:
                branches = tuple([combined(branch, other) for branch in left])
            elif second < first:
                branches = tuple([combined(one, branch) for branch in right])
            else:
                branches = tuple(map(combined, left, right))
            self.effort.spend(1 + len(branches) // 16)
            found = known[pair] = self.node(min(first, second), branches)
        return found

    def negated(self, one: Diagram) -> Diagram:
        found = self._negated.get(one)
        if found is None:
            branches = tuple(map(self.negated, self.branches[one]))
            found = self._negated[one] = self.node(self.questions[one], branches)
            self._negated[found] = one
        return found

    def without(self, one: Diagram, other: Diagram) -> Diagram:
        """That one holds and the other does not."""
        return NO if one in (NO, other) else self.both(one, self.negated(other))

    def rebuilt(
        self, one: Diagram, at: Callable[[int, tuple[Diagram, ...]], Diagram], known: dict[Diagram, Diagram]
    ) -> Diagram:
        """A diagram made anew from its ends up: `at` is asked for each question with the branches as rebuilt."""
        if one <= YES:
            return one
        found = known.get(one)
        if found is None:
            branches = tuple([self.rebuilt(branch, at, known) for branch in self.branches[one]])
            found = known[one] = at(self.questions[one], branches)
        return found

    def cheapest(self, one: Diagram, costs: Sequence[Sequence[int]]) -> list[int] | None:
        """Of all cases that hold, the one whose answers cost least together: an answer for each question."""
        known: dict[Diagram, tuple[int, int] | None] = {NO: None, YES: (0, 0)}
        least = [min(range(len(own)), key=own.__getitem__) for own in costs]
        over = [own[at] for own, at in zip(costs, least, strict=True)]

        def cost(diagram: Diagram) -> tuple[int, int] | None:
            if diagram not in known:
                question = self.questions[diagram]
                found = [
                    (below[0] + costs[question][at] - over[question], at)
                    for at, branch in enumerate(self.branches[diagram])
                    if (below := cost(branch)) is not None
                ]
                known[diagram] = min(found)
            return known[diagram]

        if cost(one) is None:
            return None
        chosen = list(least)
        while one != YES:
            below = known[one]
            assert below is not None
            chosen[self.questions[one]] = below[1]
            one = self.branches[one][below[1]]
        return chosen

    def case(self, chosen: Mapping[int, int]) -> Diagram:
        """That these questions are answered so."""
        found = YES
        for question in sorted(chosen, reverse=True):
            found = self.both(self.answers(question, 1 << chosen[question]), found)
        return found
