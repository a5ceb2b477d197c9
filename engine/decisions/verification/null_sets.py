"""Families of sets of inputs, as diagrams that ask of each input whether it is in; their least sets, counted."""

from __future__ import annotations

from collections.abc import Iterator

from engine.decisions.verification.covers import Effort
from engine.decisions.verification.diagrams import NO, YES, Diagram, Diagrams


class Families:
    """Families of sets of so many inputs, as conditions on which are in: branch 0 without an input, 1 with it."""

    def __init__(self, inputs: int, effort: Effort) -> None:
        self.diagrams = Diagrams([2] * inputs, effort)
        self._above: dict[Diagram, Diagram] = {}
        self._least: dict[Diagram, Diagram] = {}
        self._kept: dict[tuple[Diagram, Diagram], Diagram] = {}
        self._sizes: dict[Diagram, dict[int, int]] = {NO: {}, YES: {0: 1}}
        # Least sets are kept in a form of their own: an input that is not asked for is not in the set.
        self._lists: list[tuple[int, Diagram, Diagram]] = [(-1, NO, NO), (-1, NO, NO)]
        self._listed: dict[tuple[int, Diagram, Diagram], Diagram] = {}

    def nonempty(self, family: Diagram) -> Diagram:
        """The family without the empty set."""
        empty = YES
        for at in reversed(range(len(self.diagrams.sizes))):
            empty = self.diagrams.node(at, (empty, NO))
        return self.diagrams.without(family, empty)

    def above(self, family: Diagram) -> Diagram:
        """Every set that contains one of the family."""

        def with_more(question: int, branches: tuple[Diagram, ...]) -> Diagram:
            without, with_it = branches
            return self.diagrams.node(question, (without, self.diagrams.either(without, with_it)))

        return self.diagrams.rebuilt(family, with_more, self._above)

    def sizes(self, family: Diagram) -> dict[int, int]:
        """How many least sets the family has, by their size: those that contain no other of it."""
        return self._counted(self._least_of(self.above(family)))

    def least(self, family: Diagram) -> Iterator[tuple[int, ...]]:
        """The least sets of the family, those of the fewest inputs first."""
        found = self._least_of(self.above(family))
        for size in sorted(self._counted(found)):
            yield from self._of_size(found, size)

    def _least_of(self, above: Diagram) -> Diagram:
        """The least sets of a family that has with each set all that contain it."""
        if above <= YES:
            return above
        found = self._least.get(above)
        if found is None:
            without, with_it = self.diagrams.branches[above]
            rest = self._without(self._least_of(with_it), without)
            found = self._least[above] = self._list(
                self.diagrams.questions[above], self._least_of(without), rest
            )
        return found

    def _without(self, listed: Diagram, family: Diagram) -> Diagram:
        """Those of some listed sets that are not in a family."""
        if listed == NO or family == NO:
            return listed
        key = listed, family
        found = self._kept.get(key)
        if found is None:
            question = self._lists[listed][0] if listed != YES else len(self.diagrams.sizes)
            asked = self.diagrams.questions[family]
            if asked < question:
                found = self._without(listed, self.diagrams.branches[family][0])
            elif listed == YES:
                found = NO  # the family has the empty set
            else:
                branches = self.diagrams.branches[family] if asked == question else (family, family)
                _, without, with_it = self._lists[listed]
                found = self._list(
                    question, self._without(without, branches[0]), self._without(with_it, branches[1])
                )
            self._kept[key] = found
        return found

    def _list(self, question: int, without: Diagram, with_it: Diagram) -> Diagram:
        if with_it == NO:
            return without
        entry = (question, without, with_it)
        found = self._listed.get(entry)
        if found is None:
            self.diagrams.effort.spend(1)
            found = self._listed[entry] = len(self._lists)
            self._lists.append(entry)
        return found

    def _counted(self, listed: Diagram) -> dict[int, int]:
        found = self._sizes.get(listed)
        if found is None:
            _, without, with_it = self._lists[listed]
            found = dict(self._counted(without))
            for size, count in self._counted(with_it).items():
                found[size + 1] = found.get(size + 1, 0) + count
            self._sizes[listed] = found
        return found

    def _of_size(self, listed: Diagram, size: int) -> Iterator[tuple[int, ...]]:
        if size not in self._counted(listed):
            return
        if listed == YES:
            yield ()
            return
        question, without, with_it = self._lists[listed]
        for rest in self._of_size(with_it, size - 1):
            yield (question, *rest)
        yield from self._of_size(without, size)
