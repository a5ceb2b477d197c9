"""Multi-instance activities: one local scope per element, in parallel or one after the other."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from engine.bpmn.model import Loop, Node
from engine.runtime.outcomes import Happened
from engine.runtime.state import Json, LoopState, Phase, Token, Variables
from engine.runtime.step import Fault, Step

MOST_ITERATIONS = 64  # more belong into called instances: one growing state behind one lock serves nobody


def is_iteration(step: Step, token: Token) -> bool:
    """Whether a token is one iteration of the looping activity it stands on."""
    scope = step.state.scopes[token.scope]
    return scope.index is not None and scope.node == token.node


def unfold(step: Step, token: Token, node: Node, loop: Loop) -> Token | None:
    """Begin a multi-instance: all iterations at once, or the first. Without elements, its host, done already."""
    items = _items(step, token, node, loop)
    host = step.rest(token, Phase.HOSTING)
    step.state.loops[host.id] = LoopState(items, 0, 0, {})
    step.note(Happened.ENTERED, node.id, token.id, {"iterations": len(items)})
    for _ in range(min(1, len(items)) if loop.sequential else len(items)):
        _begin_next(step, host, node, loop)
    return None if items else _gathered(step, host, loop)


def iteration_ended(step: Step, token: Token, node: Node) -> Token | None:
    """One iteration is done: collect its result, begin the next; the host when the whole is done."""
    loop = node.loop
    variables = step.visible(token.scope)
    scope = step.state.scopes[token.scope]
    assert loop is not None and scope.host is not None and scope.index is not None
    host = step.state.tokens[scope.host]
    before = step.state.loops[host.id]
    results = before.results
    if loop.output_element is not None:
        results = {**results, scope.index: step.value(loop.output_element, variables, node.id)}
    progress = msgspec.structs.replace(before, done=before.done + 1, results=results)
    finished = progress.done == len(progress.items) or _satisfied(step, node, loop, progress, variables)
    step.note(Happened.COMPLETED, node.id, token.id, {"iteration": scope.index + 1}, variables)
    step.remove(token)
    step.state.scopes.pop(scope.id)
    step.state.loops[host.id] = progress
    if finished:
        return _gathered(step, host, loop)
    if loop.sequential:
        _begin_next(step, host, node, loop)
    return None


def _begin_next(step: Step, host: Token, node: Node, loop: Loop) -> None:
    progress = step.state.loops[host.id]
    index = progress.started
    variables: Variables = {"loopCounter": index + 1}
    if loop.element_variable:
        variables[loop.element_variable] = progress.items[index]
    step.state.loops[host.id] = msgspec.structs.replace(progress, started=index + 1)
    scope = step.new_scope(host, variables, local=True, index=index)
    step.begin(node, scope.id)


def _gathered(step: Step, host: Token, loop: Loop) -> Token:
    """The host, with the results written and iterations that are not needed any more ended."""
    progress = step.state.loops[host.id]
    step.empty(host)
    if loop.output_collection:
        collected: Json = [progress.results.get(index) for index in range(progress.started)]
        step.write(host.scope, {loop.output_collection: collected})
    return host


def _items(step: Step, token: Token, node: Node, loop: Loop) -> list[Json]:
    variables = step.visible(token.scope)
    if loop.collection is not None:
        items = step.value(loop.collection, variables, node.id)
        if not isinstance(items, list):
            raise Fault("collection_not_a_list", element=node.id, expression=loop.collection.text)
    elif loop.cardinality is not None:
        count = step.value(loop.cardinality, variables, node.id)
        if (
            isinstance(count, bool)
            or not isinstance(count, (int, Decimal))
            or count < 0
            or count != int(count)
        ):
            raise Fault("cardinality_not_a_number", element=node.id, expression=loop.cardinality.text)
        items = [None] * min(int(count), MOST_ITERATIONS + 1)
    else:
        raise Fault("collection_not_a_list", element=node.id, expression="")
    if len(items) > MOST_ITERATIONS:
        raise Fault("too_many_iterations", element=node.id, found=len(items), most=MOST_ITERATIONS)
    return items


def _satisfied(step: Step, node: Node, loop: Loop, progress: LoopState, variables: Variables) -> bool:
    if loop.completion_condition is None:
        return False
    counts = {
        "numberOfInstances": len(progress.items),
        "numberOfCompletedInstances": progress.done,
        "numberOfActiveInstances": progress.started - progress.done,
    }
    return step.value(loop.completion_condition, {**variables, **counts}, node.id) is True
