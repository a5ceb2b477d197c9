"""One step in the making: the working state, the agenda, and the moves every element is built from.

The agenda runs until nothing automatic is left; then inclusive joins are looked at, then scopes that have
emptied are ended, and around again. What fails while an element is entered or completed becomes an
incident on its token, in the one place in this file that catches `Fault`; the rest of the step stands.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from engine import feel
from engine.bpmn.model import Assignment, Node, ProcessModel
from engine.runtime.outcomes import Event, Happened, Job, Outgoing, Surroundings
from engine.runtime.state import ROOT, Json, Phase, Scope, State, Token, Variables, Wait, WaitKind

MOST_MOVES = 5_000  # elements entered in one step; more is a loop without a wait


class Fault(Exception):
    """The process model failed at an element. `code` names a sentence under `incidents:`."""

    def __init__(self, code: str, **params: Any) -> None:
        self.code, self.params = code, params
        super().__init__(code)


@dataclass(slots=True)
class Step:
    """The working state of one `apply`."""

    model: ProcessModel
    state: State
    around: Surroundings
    behave: Callable[[Step, Token, Node], None]  # what each kind of element does when it is entered
    events: list[Event] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    jobs: list[Job] = field(default_factory=list)
    agenda: deque[Callable[[], None]] = field(default_factory=deque)
    moves: int = 0

    # --- tokens -------------------------------------------------------------------------------------------

    def new_id(self) -> int:
        number = self.state.next_id
        self.state.next_id = number + 1
        return number

    def put(self, token: Token) -> Token:
        self.state.tokens[token.id] = token
        return token

    def rest(self, token: Token, phase: Phase, payload: Json = None) -> Token:
        """Let a token rest in another phase."""
        return self.put(msgspec.structs.replace(token, phase=phase, payload=payload))

    def renewed(self, token: Token) -> Token:
        """The same place under a new id (a call is known by its token), with the waits beside it as they are."""
        anew = self.put(Token(self.new_id(), token.node, token.scope, token.phase, token.flow))
        for index, wait in enumerate(self.state.waits):
            if wait.token == token.id:
                self.state.waits[index] = msgspec.structs.replace(wait, token=anew.id)
        self.remove(token)
        return anew

    def remove(self, token: Token, cancelled: bool = False) -> None:
        """End a token with its waits and everything inside the scopes it hosts."""
        for wait in [wait for wait in self.state.waits if wait.token == token.id]:
            if cancelled and wait.kind is WaitKind.CALL:
                self.outgoing.append(Outgoing("cancel", token.id, token.node, wait.name, {}))
            self.close(wait)
        self.empty(token, cancelled)
        self.state.tokens.pop(token.id, None)
        self.state.loops.pop(token.id, None)
        if cancelled:
            self.note(Happened.CANCELLED, token.node, token.id)

    def empty(self, host: Token, cancelled: bool = True) -> None:
        """End everything inside the scopes a token hosts."""
        for scope in [scope for scope in self.state.scopes.values() if scope.host == host.id]:
            for inner in [inner for inner in self.state.tokens.values() if inner.scope == scope.id]:
                self.remove(inner, cancelled)
            self.state.scopes.pop(scope.id, None)

    # --- waits --------------------------------------------------------------------------------------------

    def open(self, wait: Wait) -> None:
        self.state.waits.append(wait)

    def close(self, wait: Wait) -> None:
        self.state.waits.remove(wait)

    def wait(self, token: int, element: str) -> Wait | None:
        """The wait with this key, if the instance still waits for it."""
        for wait in self.state.waits:
            if wait.token == token and wait.element == element:
                return wait
        return None

    # --- scopes and variables -----------------------------------------------------------------------------

    def new_scope(self, host: Token, variables: Variables, local: bool, index: int | None = None) -> Scope:
        scope = Scope(self.new_id(), host.scope, host.id, host.node, variables, local, index)
        self.state.scopes[scope.id] = scope
        return scope

    def visible(self, scope_id: int) -> Variables:
        """The variables in scope: the nearest wins. Not to be changed."""
        return self.state.visible(scope_id)

    def write(self, scope_id: int, values: Variables) -> None:
        """Set variables in the nearest scope that keeps its own."""
        if not values:
            return
        scope = self.state.scopes[scope_id]
        while not scope.local and scope.parent is not None:
            scope = self.state.scopes[scope.parent]
        self.state.scopes[scope.id] = msgspec.structs.replace(scope, variables={**scope.variables, **values})

    def value(self, expression: feel.Expression, variables: Variables, element: str) -> Json:
        """An expression's value as JSON; Fault when its budget is exhausted."""
        try:
            return expression.json(variables, self.around.moment)
        except feel.FeelError as error:
            raise Fault(
                "expression_failed", element=element, expression=expression.text, reason=str(error)
            ) from error

    def assigned(self, assignments: tuple[Assignment, ...], variables: Variables, element: str) -> Variables:
        """The values of input or output assignments; later ones see what earlier ones set."""
        values: Variables = {}
        for assignment in assignments:
            values[assignment.target] = self.value(assignment.source, {**variables, **values}, element)
        return values

    # --- what happened ------------------------------------------------------------------------------------

    def note(
        self,
        happened: Happened,
        element: str,
        token: int,
        details: dict[str, Any] | None = None,
        variables: Variables | None = None,
    ) -> None:
        self.events.append(Event(happened, element, token, details, variables))

    # --- moving on ----------------------------------------------------------------------------------------

    def later(self, act: Callable[[], None]) -> None:
        self.agenda.append(act)

    def take(self, node: Node, scope: int, flows: tuple[str, ...] | None = None) -> None:
        """Go on along outgoing flows (all of them unless named)."""
        for flow_id in node.outgoing if flows is None else flows:
            target = self.model.flows[flow_id].target
            token = self.put(Token(self.new_id(), target, scope, Phase.WAITING, flow_id))
            self.later(lambda token=token: self.guarded(token, self.enter))  # type: ignore[misc]

    def begin(self, node: Node, scope: int) -> Token:
        """Put a token on a node that is not reached by a flow, and enter it."""
        token = self.put(Token(self.new_id(), node.id, scope, Phase.WAITING))
        self.later(lambda: self.guarded(token, self.enter))
        return token

    def guarded(self, token: Token, act: Callable[[Token], None], payload: Json = None) -> None:
        """Act on a token; a fault of the model becomes an incident there."""
        if token.id not in self.state.tokens:
            return
        self.moves += 1
        try:
            if self.moves > MOST_MOVES:
                raise Fault("endless_loop", element=token.node, moves=MOST_MOVES)
            act(token)
        except Fault as fault:
            completing = payload is not None
            self.stop(token, fault, Phase.FAULT_COMPLETING if completing else Phase.FAULT_ENTERING, payload)

    def stop(self, token: Token, fault: Fault, phase: Phase, payload: Json = None) -> None:
        """Turn a fault into an incident on its token."""
        for wait in [wait for wait in self.state.waits if wait.token == token.id]:
            self.close(wait)
        self.empty(token)
        self.state.loops.pop(token.id, None)
        self.rest(token, phase, payload)
        self.open_incident(token, fault.code, fault.params)

    def open_incident(self, token: Token, code: str, params: Json) -> None:
        self.open(Wait(WaitKind.INCIDENT, token.id, token.node, name=code, params=params))
        self.note(Happened.STOPPED, token.node, token.id, {"code": code, "params": params})

    def enter(self, token: Token) -> None:
        """Do what an element does when a token reaches it."""
        self.behave(self, token, self.model.nodes[token.node])

    def end(self, ended: str) -> None:
        """End the whole instance; whatever still rests in it is cancelled."""
        for token in list(self.state.tokens.values()):
            if token.scope == ROOT and token.id in self.state.tokens:
                self.remove(token, cancelled=True)
        self.state.tokens.clear()
        self.state.waits.clear()
        self.state.loops.clear()
        self.state.scopes = {ROOT: self.state.scopes[ROOT]}
        self.state.ended = ended
        self.note(Happened.ENDED, self.state.outcome or "", 0, {"as": ended, "error": self.state.error})
