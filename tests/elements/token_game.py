"""A naive token game: what BPMN says of splits and joins, written down once more and without any cleverness.

Tokens are counted, not named. Where several inclusive joins could go, every order is played, so that the
game gives all the markings the standard allows. Knows plain tasks, exclusive, parallel and inclusive
gateways and ends; every way round must lead through a task.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.bpmn.model import Flow, Kind, ProcessModel

Choices = Mapping[str, bool]  # what the conditions, each a variable's name, say now


@dataclass(frozen=True)
class Marking:
    """How many tokens rest at each task, and at each join by each flow."""

    tasks: frozenset[tuple[str, int]]
    joins: frozenset[tuple[str, int]]  # by flow: it leads into one join only

    @staticmethod
    def of(tasks: Counter[str], joins: Counter[str]) -> Marking:
        return Marking(frozenset((+tasks).items()), frozenset((+joins).items()))

    def opened(self) -> tuple[Counter[str], Counter[str]]:
        return Counter(dict(self.tasks)), Counter(dict(self.joins))

    @property
    def is_empty(self) -> bool:
        return not self.tasks and not self.joins


@dataclass(frozen=True)
class Game:
    """One model, played."""

    model: ProcessModel

    def begin(self, start: str, choices: Choices) -> set[Marking]:
        """Every marking in which the process may rest after its start."""
        return self._played(Counter(), Counter(), list(self.model.nodes[start].outgoing), choices)

    def complete(self, marking: Marking, task: str, choices: Choices) -> set[Marking]:
        """Every marking in which it may rest once a token has left a task."""
        tasks, joins = marking.opened()
        assert tasks[task] > 0
        tasks[task] -= 1
        return self._played(tasks, joins, list(self.model.nodes[task].outgoing), choices)

    def _played(
        self, tasks: Counter[str], joins: Counter[str], moving: list[str], choices: Choices
    ) -> set[Marking]:
        while moving:
            flow = self.model.flows[moving.pop()]
            node = self.model.nodes[flow.target]
            joining = len(node.incoming) > 1
            if node.kind is Kind.USER_TASK:
                tasks[node.id] += 1
            elif node.kind is Kind.EXCLUSIVE or (node.kind is Kind.INCLUSIVE and not joining):
                moving += self._ways(node.id, choices)
            elif node.kind is Kind.INCLUSIVE:
                joins[flow.id] += 1
            elif node.kind is Kind.PARALLEL:
                joins[flow.id] += 1
                if all(joins[way] > 0 for way in node.incoming):
                    joins.subtract(node.incoming)
                    moving += node.outgoing
        ready = [join for join in self._filled(joins) if self._may_go(join, tasks, joins)]
        if not ready:
            return {Marking.of(tasks, joins)}
        found: set[Marking] = set()
        for join in ready:
            left = Counter(joins)
            left.subtract(way for way in self.model.nodes[join].incoming if joins[way] > 0)
            found |= self._played(Counter(tasks), left, self._ways(join, choices), choices)
        return found

    def _ways(self, gateway: str, choices: Choices) -> list[str]:
        node = self.model.nodes[gateway]
        flows = [self.model.flows[way] for way in node.outgoing]
        true = [flow.id for flow in flows if flow.condition and choices[flow.condition.text]]
        always = [flow.id for flow in flows if flow.condition is None and flow.id != node.default]
        if node.kind is Kind.EXCLUSIVE:
            return [(true + always + [str(node.default)])[0]]
        return true + always or [str(node.default)]

    def _filled(self, joins: Counter[str]) -> list[str]:
        """The inclusive joins at which a token waits."""
        targets = {self.model.flows[way].target for way in +joins}
        return sorted(name for name in targets if self.model.nodes[name].kind is Kind.INCLUSIVE)

    def _may_go(self, join: str, tasks: Counter[str], joins: Counter[str]) -> bool:
        """Table 13.3: whoever can reach an empty way in can also reach a filled one."""
        incoming = self.model.nodes[join].incoming
        filled = {way for way in incoming if joins[way] > 0}
        empty = set(incoming) - filled
        places = {*(+tasks), *(self.model.flows[way].target for way in +joins)} - {join}
        for place in places:
            ends = {path[-1].id for path in self._paths(place, join)}
            if ends & empty and not ends & filled:
                return False
        return True

    def _paths(self, place: str, join: str) -> Iterator[list[Flow]]:
        """Every path of flows from a place that ends at the join and passes no node twice."""
        ahead: list[tuple[str, list[Flow], frozenset[str]]] = [(place, [], frozenset({place}))]
        while ahead:
            node, path, seen = ahead.pop()
            for flow in (self.model.flows[way] for way in self.model.nodes[node].outgoing):
                if flow.target == join:
                    yield [*path, flow]
                elif flow.target not in seen:
                    ahead.append((flow.target, [*path, flow], seen | {flow.target}))
