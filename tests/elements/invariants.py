"""What holds of every state the runtime reaches, whatever was done: checked after each command of every test."""

from __future__ import annotations

from engine import runtime
from engine.bpmn.model import ProcessModel
from engine.runtime import Outcome, Phase, State, WaitKind
from engine.runtime.state import ROOT

RESTING = {Phase.WAITING, Phase.FAULT_ENTERING, Phase.FAULT_COMPLETING}


def hold(model: ProcessModel, before: State, outcome: Outcome) -> None:
    """Assert all of them of one step."""
    after = outcome.state
    assert runtime.restore(runtime.store(after)) == after
    _is_alive_or_over(after)
    _scopes_belong(after)
    _waits_belong(model, after)
    _ids_are_new(before, after)


def _is_alive_or_over(state: State) -> None:
    """An instance has a wait, or has ended and holds nothing more."""
    if state.ended is None:
        assert state.waits, "neither a wait, an incident nor an end"
    else:
        assert (state.tokens, state.waits, state.loops) == ({}, [], {})
        assert list(state.scopes) == [ROOT]


def _scopes_belong(state: State) -> None:
    """Each scope but the process's has a host that waits around it, and holds a token; none is left over."""
    for scope in state.scopes.values():
        if scope.id != ROOT:
            host = state.tokens[scope.host or -1]
            assert (host.phase, host.node, host.scope) == (Phase.HOSTING, scope.node, scope.parent)
            assert any(token.scope == scope.id for token in state.tokens.values())
    for token in state.tokens.values():
        assert token.scope in state.scopes
        if token.phase is Phase.HOSTING:
            assert any(scope.host == token.id for scope in state.scopes.values())
    for host, loop in state.loops.items():
        assert state.tokens[host].phase is Phase.HOSTING
        iterations = [
            scope for scope in state.scopes.values() if scope.host == host and scope.index is not None
        ]
        assert len(iterations) == loop.started - loop.done > 0


def _waits_belong(model: ProcessModel, state: State) -> None:
    """Each wait has its token, no two share a key, and a token at rest has one of its own."""
    keys = [(wait.token, wait.element) for wait in state.waits]
    assert len(keys) == len(set(keys))
    for wait in state.waits:
        token = state.tokens[wait.token]
        assert model.nodes[wait.element].scope == model.nodes[token.node].scope
        faulty = token.phase in (Phase.FAULT_ENTERING, Phase.FAULT_COMPLETING)
        assert not faulty or wait.kind is WaitKind.INCIDENT
    own = {wait.token for wait in state.waits}
    for token in state.tokens.values():
        assert token.phase not in RESTING or token.id in own, f"{token.node} rests and waits for nothing"


def _ids_are_new(before: State, after: State) -> None:
    """No token or scope takes an id that was issued before this step."""
    assert after.next_id >= before.next_id
    old = {*before.tokens, *before.scopes}
    for issued in {*after.tokens, *after.scopes} - old:
        assert before.next_id <= issued < after.next_id
