"""Gateways: one way, every way, the true ways, or whichever event comes first; and the joins that wait.

The inclusive join follows BPMN 2.0 (table 13.3): it is ready when a token has arrived and no token elsewhere
in its scope can still reach one of its empty incoming flows without also being able to reach a filled one.
"""

from __future__ import annotations

from engine.bpmn.model import Flow, Kind, Node, ProcessModel, Trigger
from engine.runtime import events
from engine.runtime.outcomes import Happened
from engine.runtime.state import Phase, Token, Variables, WaitKind
from engine.runtime.step import Fault, Step

_HOPELESS = "join_never_complete"


def exclusive(step: Step, token: Token, node: Node) -> None:
    """Take the first flow whose condition is true, else the default."""
    variables = step.visible(token.scope)
    for flow in _conditional(step.model, node):
        if _is_true(step, flow, variables, node):
            break
    else:
        unconditional = node.default or next(
            (f for f in node.outgoing if step.model.flows[f].condition is None), None
        )
        if unconditional is None:
            raise Fault("no_flow_true", element=node.id)
        flow = step.model.flows[unconditional]
    _go(step, token, node, (flow.id,), variables)


def parallel(step: Step, token: Token, node: Node) -> None:
    """Wait until a token has come by every incoming flow, then take every outgoing one."""
    arrived = [token]
    if len(node.incoming) > 1:
        step.rest(token, Phase.JOINING)
        arrived = _one_per_flow(step, node, token.scope)
        if len(arrived) < len(node.incoming):
            return
    for other in arrived:
        step.remove(other)
    _go(step, None, node, node.outgoing, step.visible(token.scope), token)


def inclusive(step: Step, token: Token, node: Node) -> None:
    """Join if several flows come in (decided when all else rests), then take every true flow."""
    if len(node.incoming) > 1:
        step.rest(token, Phase.JOINING)
        return
    _split_inclusive(step, token, node)


def event_based(step: Step, token: Token, node: Node) -> None:
    """Wait for all the events behind the gateway; the first one decides the way."""
    for flow_id in node.outgoing:
        target = step.model.nodes[step.model.flows[flow_id].target]
        if target.trigger is Trigger.TIMER:
            events.await_timer(step, token, target)
        else:
            events.await_message(step, token, target)
    step.note(Happened.ENTERED, node.id, token.id)


def release_inclusive(step: Step) -> bool:
    """Let one inclusive join go that nothing more can reach; True when one went."""
    waiting = [
        token
        for token in step.state.tokens.values()
        if token.phase is Phase.JOINING and step.model.nodes[token.node].kind is Kind.INCLUSIVE
    ]
    for token in waiting:
        node = step.model.nodes[token.node]
        if _may_still_come(step, node, token.scope):
            continue
        arrived = _one_per_flow(step, node, token.scope)
        _release(step, node, arrived)
        return True
    return False


def stop_hopeless(step: Step) -> bool:
    """Turn joins that nothing can complete any more into incidents; True when there were any."""
    by_scope: dict[int, list[Token]] = {}
    for token in step.state.tokens.values():
        by_scope.setdefault(token.scope, []).append(token)
    stopped = False
    for tokens in by_scope.values():
        joining = [token for token in tokens if token.phase is Phase.JOINING]
        if len(joining) + sum(_is_hopeless(step, token) for token in tokens) < len(tokens):
            continue
        for token in joining:
            step.stop(token, Fault(_HOPELESS, element=token.node), Phase.FAULT_ENTERING)
            stopped = True
    return stopped


def _release(step: Step, node: Node, arrived: list[Token]) -> None:
    """Go on with one of the tokens that arrived, by every way that is true."""
    for other in arrived[1:]:
        step.remove(other)
    survivor = step.rest(arrived[0], Phase.WAITING)
    step.guarded(survivor, lambda joined: _split_inclusive(step, joined, node))


def _is_hopeless(step: Step, token: Token) -> bool:
    """Whether a token was stopped at a join before: one that is tried again must not wait for the others."""
    wait = step.wait(token.id, token.node)
    return wait is not None and wait.kind is WaitKind.INCIDENT and wait.name == _HOPELESS


def _split_inclusive(step: Step, token: Token, node: Node) -> None:
    variables = step.visible(token.scope)
    conditional = _conditional(step.model, node)
    chosen = tuple(flow.id for flow in conditional if _is_true(step, flow, variables, node))
    always = tuple(
        flow for flow in node.outgoing if step.model.flows[flow].condition is None and flow != node.default
    )
    taken = chosen + always or ((node.default,) if node.default else ())
    if not taken:
        raise Fault("no_flow_true", element=node.id)
    _go(step, token, node, taken, variables)


def _go(
    step: Step,
    token: Token | None,
    node: Node,
    flows: tuple[str, ...],
    variables: Variables,
    by: Token | None = None,
) -> None:
    at = token or by
    assert at is not None
    if token is not None:
        step.remove(token)
    step.note(Happened.COMPLETED, node.id, at.id, {"flows": flows}, variables)
    step.take(node, at.scope, flows)


def _conditional(model: ProcessModel, node: Node) -> list[Flow]:
    flows = (model.flows[flow_id] for flow_id in node.outgoing if flow_id != node.default)
    return [flow for flow in flows if flow.condition is not None]


def _is_true(step: Step, flow: Flow, variables: Variables, node: Node) -> bool:
    assert flow.condition is not None
    value = step.value(flow.condition, variables, node.id)
    if isinstance(value, bool):
        return value
    missing = sorted(name for name in flow.condition.names if variables.get(name) is None)
    raise Fault(
        "condition_not_boolean",
        element=node.id,
        flow=flow.id,
        expression=flow.condition.text,
        missing=", ".join(missing) or "–",
    )


def _one_per_flow(step: Step, node: Node, scope: int) -> list[Token]:
    """The oldest token waiting at a join, for each incoming flow that has one."""
    first: dict[str | None, Token] = {}
    for token in sorted(step.state.tokens.values(), key=lambda token: token.id):
        if token.node == node.id and token.scope == scope and token.phase is Phase.JOINING:
            first.setdefault(token.flow, token)
    return list(first.values())


def _may_still_come(step: Step, join: Node, scope: int) -> bool:
    filled = {token.flow for token in _one_per_flow(step, join, scope)}
    empty = set(join.incoming) - filled
    if not empty:
        return False
    reaches_empty = _sources(step.model, empty, join.id, through_boundaries=True)
    reaches_filled = _sources(
        step.model, {flow for flow in filled if flow}, join.id, through_boundaries=False
    )
    for token in step.state.tokens.values():
        if token.scope != scope or token.node == join.id:
            continue
        if token.node in reaches_empty and token.node not in reaches_filled:
            return True
    return False


def _sources(model: ProcessModel, flows: set[str], join: str, through_boundaries: bool) -> set[str]:
    """The nodes from which one of the flows can be reached without passing the join.

    The standard's paths are made of sequence flows. A way through an activity's boundary event may bring a
    token, so it is worth waiting for; it need not be taken, so it is no reason to stop waiting.
    """
    reached: set[str] = set()
    ahead = [model.flows[flow].source for flow in flows]
    while ahead:
        node_id = ahead.pop()
        if node_id in reached or node_id == join:
            continue
        reached.add(node_id)
        node = model.nodes[node_id]
        ahead.extend(model.flows[flow].source for flow in node.incoming)
        if through_boundaries and node.attached_to is not None:
            ahead.append(node.attached_to)
    return reached
