"""Scopes: how a sub-process opens and ends, and what each kind of end event does to its scope."""

from __future__ import annotations

from engine.bpmn.model import Node, Trigger
from engine.runtime import boundaries, completion, events
from engine.runtime.outcomes import Happened
from engine.runtime.state import ROOT, Phase, Scope, Token
from engine.runtime.step import Fault, Step


def open_inside(step: Step, token: Token, node: Node) -> None:
    """Open a sub-process: its start event begins in a scope of its own."""
    starts = [start for start in step.model.starts(node.id) if start.trigger is Trigger.NONE]
    if not starts:
        raise Fault("start_missing", element=node.id)
    inputs = step.assigned(node.inputs, step.visible(token.scope), node.id)
    host = step.rest(token, Phase.HOSTING)
    scope = step.new_scope(host, inputs, local=bool(node.inputs or node.outputs))
    step.note(Happened.ENTERED, node.id, token.id)
    step.begin(starts[0], scope.id)


def reach_end(step: Step, token: Token, node: Node) -> None:
    """A token reaches an end event: it ends there; some kinds do more."""
    if node.trigger is Trigger.MESSAGE:
        events.throw_message(step, token, node)
    scope = step.state.scopes[token.scope]
    step.note(Happened.COMPLETED, node.id, token.id, None, step.visible(token.scope))
    step.remove(token)
    if scope.id == ROOT:
        step.state.outcome = node.id
    match node.trigger:
        case Trigger.TERMINATE:
            _terminate(step, scope)
        case Trigger.ERROR:
            raise_error(step, scope, node)


def raise_error(step: Step, scope: Scope, node: Node) -> None:
    """An error end event: the scope ends, and the nearest boundary outside catches; else the process ends in error."""
    code = node.error_code or ""
    step.note(Happened.THROWN, node.id, 0, {"error": code})
    if scope.host is not None and boundaries.error(step, step.state.tokens[scope.host], code, node.name):
        return
    step.state.outcome = node.id
    step.state.error = code
    step.end("completed")


def _terminate(step: Step, scope: Scope) -> None:
    if scope.id == ROOT:
        step.end("completed")
        return
    for inner in [inner for inner in step.state.tokens.values() if inner.scope == scope.id]:
        step.remove(inner, cancelled=True)


def end_empty(step: Step) -> bool:
    """End the scopes in which no token is left, the innermost first; True when one ended."""
    occupied = {token.scope for token in step.state.tokens.values()}
    for scope in sorted(step.state.scopes.values(), key=lambda scope: -scope.id):
        if scope.id in occupied or scope.index is not None:
            continue
        if scope.id == ROOT:
            step.end("completed")
        else:
            _end(step, scope)
        return True
    return False


def _end(step: Step, scope: Scope) -> None:
    """A sub-process is done: what its outputs name is written outside, and its host goes on."""
    assert scope.host is not None
    host = step.state.tokens[scope.host]
    node = step.model.nodes[host.node]
    results = scope.variables
    step.state.scopes.pop(scope.id)
    step.later(
        lambda: step.guarded(host, lambda token: completion.complete(step, token, node, results), results)
    )
