"""A model run in memory from its start, to see which way it goes: the elements in the order they completed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from engine import feel, runtime
from engine.bpmn.model import ProcessModel
from engine.errors import Finding, Invalid
from engine.runtime import Decided, Happened, State, Surroundings, Variables, Wait, WaitKind

MOST_ANSWERS = 2_000
Answers = Mapping[str, Any]


def trace(model: ProcessModel, answers: Answers, variables: Variables, moment: feel.Moment) -> list[str]:
    """The ids of the elements completed, with what people, workers, calls and decisions give by element id.

    A list of answers is given one after another. Of several waits the first in the file is answered. Invalid
    when the model stops, waits for a message or a moment, or does not come to an end.
    """
    asked: Counter[str] = Counter()

    def given(element: str) -> Any:
        found = answers.get(element, {})
        asked[element] += 1
        if isinstance(found, list):
            return found[min(asked[element] - 1, len(found) - 1)] if found else {}
        return found

    def decide(key: str, _: Variables) -> Decided:
        return Decided(given(key), {}, (1,), None, "")

    around = Surroundings(moment, decide)
    outcome = runtime.apply(model, runtime.fresh(), runtime.Start(variables), around)
    passed = _passed(outcome)
    for _ in range(MOST_ANSWERS):
        if outcome.state.ended is not None:
            return passed
        wait = _next(model, outcome.state)
        command = runtime.Complete(wait.token, wait.element, given(wait.element))
        outcome = runtime.apply(model, outcome.state, command, around)
        passed += _passed(outcome)
    raise Invalid([Finding("trace_without_end", {"most": MOST_ANSWERS})])


def _next(model: ProcessModel, state: State) -> Wait:
    place = {node_id: number for number, node_id in enumerate(model.nodes)}
    answerable = [w for w in state.waits if w.kind in (WaitKind.USER_TASK, WaitKind.JOB, WaitKind.CALL)]
    if not answerable:
        elements = ", ".join(sorted(wait.element for wait in state.waits))
        raise Invalid([Finding("trace_stalled", {"elements": elements})])
    return min(answerable, key=lambda wait: (place[wait.element], wait.token))


def _passed(outcome: runtime.Outcome) -> list[str]:
    return [event.element for event in outcome.events if event.happened is Happened.COMPLETED]
