"""What happens when an element is done: results are written, its waits close, the token goes on."""

from __future__ import annotations

from engine.bpmn.model import Kind, Node
from engine.runtime import loops
from engine.runtime.outcomes import Happened
from engine.runtime.state import Token, Variables
from engine.runtime.step import Step


def complete(step: Step, token: Token, node: Node, outputs: Variables) -> None:
    """Finish an activity or event with what came back, and go on."""
    step.write(token.scope, _written(step, node, step.visible(token.scope), outputs))
    leave(step, token, node)


def leave(step: Step, token: Token, node: Node) -> None:
    """Finish an activity or event whose results are already written.

    The last iteration of a multi-instance finishes the whole, so its host leaves in its place.
    """
    if loops.is_iteration(step, token):
        host = loops.iteration_ended(step, token, node)
        if host is None:
            return
        token = host
    step.note(Happened.COMPLETED, node.id, token.id, None, step.visible(token.scope))
    step.remove(token)
    step.take(node, token.scope)


def _written(step: Step, node: Node, before: Variables, outputs: Variables) -> Variables:
    if node.outputs:
        # a called instance's variables are its own: only what is mapped comes back
        visible = outputs if node.kind is Kind.CALL_ACTIVITY else {**before, **outputs}
        return step.assigned(node.outputs, visible, node.id)
    if node.kind in (Kind.CALL_ACTIVITY, Kind.SUB_PROCESS):
        return {}
    if node.result:
        return {node.result: outputs}
    return outputs
