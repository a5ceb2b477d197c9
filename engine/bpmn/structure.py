"""Flows that can be read but would not work are found before anyone starts them.

Errors: what can never work. Warnings: what may wait for ever, run for ever or find no way, for some data.
"""

from __future__ import annotations

import itertools
import re

from engine import errors
from engine.bpmn import graphs, times
from engine.bpmn.model import ACTIVITIES, Flow, Kind, Node, ProcessModel, Trigger

JOIN_LIMIT = 1_000_000  # joins times choices times nodes; beyond it joins are not searched

_CHOICES = frozenset({Kind.EXCLUSIVE, Kind.INCLUSIVE})
_AUTOMATIC = frozenset(
    {Kind.SCRIPT_TASK, Kind.RULE_TASK, Kind.MANUAL_TASK, Kind.THROW, Kind.EXCLUSIVE, Kind.PARALLEL,
     Kind.INCLUSIVE, Kind.SUB_PROCESS}
)  # fmt: skip


def findings(model: ProcessModel, file: str) -> list[errors.Finding]:
    """What would not work in a model, by line; `severity` tells errors from warnings."""
    check = _Check(model, file)
    check.starts_and_ends()
    check.reachable()
    check.ways_out()
    for flow in model.flows.values():
        check.condition(flow)
    for node in model.nodes.values():
        check.node(node)
    check.waiting_joins()
    check.endless_loops()
    return sorted(check.findings, key=lambda finding: finding.line or 0)


class _Check:
    def __init__(self, model: ProcessModel, file: str) -> None:
        self.model, self.file = model, file
        self.findings: list[errors.Finding] = []
        self._scopes: dict[str | None, list[Node]] = {}
        for node in model.nodes.values():
            self._scopes.setdefault(node.scope, []).append(node)

    def error(self, code: str, node: Node | None, element: str | None = None, **params: object) -> None:
        self._found(code, "error", node, element, params)

    def warning(self, code: str, node: Node, element: str | None = None, **params: object) -> None:
        self._found(code, "warning", node, element, params)

    def _found(
        self, code: str, severity: str, node: Node | None, element: str | None, params: dict[str, object]
    ) -> None:
        line, place = (node.line, element or node.id) if node else (None, self.model.id)
        self.findings.append(
            errors.Finding(f"structure.{code}", params, self.file, line, place, None, severity)
        )

    # the whole

    def starts_and_ends(self) -> None:
        top = self._scopes.get(None, [])
        if not any(node.kind is Kind.START for node in top):
            self.error("no_start", None)
        if not any(node.kind is Kind.END for node in top):
            self.error("no_end", None)

    def reachable(self) -> None:
        starts = [node.id for node in self._scopes.get(None, []) if node.kind is Kind.START]
        if not starts:
            return
        found = graphs.reached(starts, self._following)
        for node in self.model.nodes.values():
            if node.id not in found:
                self.error("unreachable", node)

    def _following(self, node_id: str) -> list[str]:
        """Where a token on a node may go next: along its flows, to its boundary events, into its inside."""
        node = self.model.nodes.get(node_id)
        if node is None:
            return []
        after = [self.model.flows[flow].target for flow in node.outgoing] + list(node.boundaries)
        if node.kind is Kind.SUB_PROCESS:
            after += [inside.id for inside in self._scopes.get(node.id, []) if inside.kind is Kind.START]
        return after

    def ways_out(self) -> None:
        """Every node can reach an end of its own process or sub-process."""
        last = [node for node in self.model.nodes.values() if not node.outgoing]
        for node in last:
            if node.kind is not Kind.END:
                self.error("dead_end", node)
        found = graphs.reached([node.id for node in last], self._preceding)
        for node in self.model.nodes.values():
            if node.id not in found:
                self.error("no_way_out", node)

    def _preceding(self, node_id: str) -> list[str]:
        node = self.model.nodes[node_id]
        before = [self.model.flows[flow].source for flow in node.incoming]
        return before + (
            [node.attached_to] if node.attached_to in self.model.nodes and node.attached_to else []
        )

    # one flow, one node

    def condition(self, flow: Flow) -> None:
        source = self.model.nodes[flow.source]
        if flow.condition is not None and source.kind not in _CHOICES:
            self.error("condition_elsewhere", source, flow.id, source=source.id)

    def node(self, node: Node) -> None:
        if node.kind in _CHOICES:
            self._choice(node)
        elif node.kind is Kind.EVENT_BASED:
            self._race(node)
        elif node.kind is Kind.BOUNDARY:
            host = self.model.nodes.get(node.attached_to or "")
            if host is None or host.kind not in ACTIVITIES:
                self.error("boundary_elsewhere", node, host=node.attached_to or "?")
        if node.timer is not None:
            self._timer(node)
        if node.loop is not None:
            self._loop(node)

    def _choice(self, node: Node) -> None:
        flows = [self.model.flows[flow] for flow in node.outgoing]
        if node.default is not None or not any(flow.condition for flow in flows):
            return
        texts = {_normal(flow.condition.text) for flow in flows if flow.condition is not None}
        negated = {f"not({text})" for text in texts} | {"true"}
        if not texts & negated and len(texts) == len(flows):
            self.warning("no_default", node)

    def _race(self, node: Node) -> None:
        if len(node.outgoing) < 2:
            self.warning("race_alone", node)
        for flow in node.outgoing:
            target = self.model.nodes[self.model.flows[flow].target]
            waits = target.kind is Kind.RECEIVE_TASK or (
                target.kind is Kind.CATCH and target.trigger in (Trigger.TIMER, Trigger.MESSAGE)
            )
            if not waits:
                self.error("race_target", node, flow, target=target.id)
            elif len(target.incoming) > 1:
                self.error("race_shared", node, flow, target=target.id)
            elif target.boundaries or target.loop:
                self.error("race_receive", node, flow, target=target.id)

    def _timer(self, node: Node) -> None:
        assert node.timer is not None
        literal = times.literal(node.timer.expression.text)
        if literal is not None and not times.valid(node.timer.kind, literal):
            self.error(f"timer.{node.timer.kind}", node, text=literal[:60])
        repeats = node.kind is Kind.START or (node.kind is Kind.BOUNDARY and not node.interrupting)
        if node.timer.kind == "timeCycle" and not repeats:
            self.error("cycle_once", node)

    def _loop(self, node: Node) -> None:
        assert node.loop is not None
        if node.loop.collection is None and node.loop.cardinality is None:
            self.error("loop_without_count", node)
        if node.loop.collection is not None and node.loop.cardinality is not None:
            self.error("loop_counted_twice", node)
        if (node.loop.output_collection is None) != (node.loop.output_element is None):
            self.error("loop_output", node)
        if node.loop.element_variable is not None and node.loop.collection is None:
            self.error("loop_element", node)

    # what may wait or run for ever

    def waiting_joins(self) -> None:
        """A parallel join that needs tokens of two ways of which only one is ever taken.

        For each choice and each way out of it: the ways into the join that this way reaches, against those
        that only another way of the same choice can reach.
        """
        joins = [n for n in self.model.nodes.values() if n.kind is Kind.PARALLEL and len(n.incoming) > 1]
        choices = self._alternatives()
        if len(joins) * len(choices) * len(self.model.nodes) > JOIN_LIMIT:
            return
        for join, choice in itertools.product(joins, choices):
            if choice[0].scope == join.scope and self._starves(join, *choice):
                self.warning("join_waits", join, choice=choice[0].id)

    def _alternatives(self) -> list[tuple[Node, list[str]]]:
        """Each node that lets a token out on one of several ways, with the flows that begin them."""
        found = []
        for node in self.model.nodes.values():
            exits = list(node.outgoing) if node.kind in (Kind.EXCLUSIVE, Kind.EVENT_BASED) else []
            interrupting = [self.model.nodes[b] for b in node.boundaries if self.model.nodes[b].interrupting]
            if interrupting:
                exits = [*node.outgoing, *(flow for event in interrupting for flow in event.outgoing)]
            if len(exits) > 1:
                found.append((node, exits))
        return found

    def _starves(self, join: Node, choice: Node, exits: list[str]) -> bool:
        starts = [node.id for node in self._scopes.get(join.scope, []) if node.kind is Kind.START]
        apart = graphs.reached(starts, self._following, {choice.id, join.id})
        needed = {flow for flow in join.incoming if self.model.flows[flow].source not in apart}
        for way in exits:
            first = self.model.flows[way].target
            region = graphs.reached([first], self._following, {join.id, choice.id})
            fed = {flow for flow in join.incoming if flow == way or self.model.flows[flow].source in region}
            if fed and needed - fed:
                return True
        return False

    def endless_loops(self) -> None:
        automatic = [node.id for node in self.model.nodes.values() if self._runs_through(node)]
        for part in graphs.cycles(automatic, self._along):
            first = min(part, key=lambda node_id: self.model.nodes[node_id].line or 0)
            self.warning("endless_loop", self.model.nodes[first], nodes=", ".join(sorted(part)[:8]))

    def _along(self, node_id: str) -> list[str]:
        return [self.model.flows[flow].target for flow in self.model.nodes[node_id].outgoing]

    def _runs_through(self, node: Node) -> bool:
        """Whether a token passes a node without waiting for anybody or anything."""
        if node.kind is Kind.SUB_PROCESS:
            inside = self._scopes.get(node.id, [])
            events = (Kind.START, Kind.END)
            return all(each.kind in events or self._runs_through(each) for each in inside)
        return node.kind in _AUTOMATIC


def _normal(text: str) -> str:
    """An expression's text with spaces evened out, to see that one condition is the other's opposite."""
    return re.sub(r"\s+", " ", re.sub(r"\s*([()<>=,])\s*", r"\1", text.strip()))
