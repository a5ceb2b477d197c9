"""Whatever is done in whatever order, every state keeps its promises; `Play` checks them after each command.

Each instance has a wait, an incident or an end; scopes do not leak; no id comes twice; stored and restored
states are equal; the same command on the same state gives the same.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from engine import runtime
from engine.bpmn.model import ProcessModel
from engine.runtime import Command, Wait, WaitKind
from tests.elements.play import Play
from tests.properties.models import MODEST
from tests.properties.processes import ERRORS, json_values, processes, variables


def commands(wait: Wait) -> list[str]:
    """What can end a wait."""
    match wait.kind:
        case WaitKind.USER_TASK:
            return ["complete"]
        case WaitKind.JOB | WaitKind.CALL:
            return ["complete", "refuse", "fail"]
        case WaitKind.TIMER:
            return ["fire"]
        case WaitKind.MESSAGE:
            return ["correlate"]
        case WaitKind.INCIDENT:
            return ["retry"]


def command(verb: str, wait: Wait, given_: dict[str, Any]) -> Command:
    match verb:
        case "complete":
            return runtime.Complete(wait.token, wait.element, given_)
        case "refuse":
            return runtime.Raise(wait.token, wait.element, ERRORS[len(given_) % 2], "refused")
        case "fail":
            return runtime.Fail(wait.token, wait.element, "service_task_failed", {"reason": "no answer"})
        case "fire":
            return runtime.Fire(wait.token, wait.element)
        case "correlate":
            return runtime.Correlate(wait.token, wait.element, given_)
        case _:
            return runtime.Retry(wait.token, wait.element)


@MODEST
@given(processes(), variables(), st.booleans(), st.data())
def test_any_order_of_commands_keeps_every_promise(
    model: ProcessModel, first: dict[str, Any], is_child: bool, data: st.DataObject
) -> None:
    note(
        "\n".join(
            f"{f.source} -> {f.target}: {f.condition and f.condition.text}" for f in model.flows.values()
        )
    )
    play = Play(model).start(is_child=is_child, **first)
    done: set[tuple[int, str]] = set()
    for _ in range(data.draw(st.integers(1, 12), "commands")):
        if play.state.ended:
            break
        before = play.state
        ways = [(verb, wait) for wait in before.waits for verb in commands(wait)]
        verb, wait = data.draw(st.sampled_from(ways), "command")
        wanted = command(verb, wait, data.draw(variables(), "with"))
        play.apply(wanted)
        done |= people(before.waits) - people(play.state.waits)
        assert not done & people(play.state.waits), "a person's task that was done has come back"
        if (wait.token, wait.element) not in {(w.token, w.element) for w in play.state.waits}:
            play.refuses(wanted)
    if play.state.ended is None:
        play.cancel()
        assert play.state.ended == "cancelled"


def people(waits: list[Wait]) -> set[tuple[int, str]]:
    return {(wait.token, wait.element) for wait in waits if wait.kind is WaitKind.USER_TASK}


@MODEST
@given(json_values(), st.dictionaries(st.text(max_size=5), json_values(), max_size=4))
def test_what_a_state_holds_comes_back_exactly(value: Any, more: dict[str, Any]) -> None:
    content = runtime.state.encoded(value)
    assert runtime.state.decoded(content) == value
    held = runtime.fresh()
    root = held.scopes[0]
    held.scopes[0] = type(root)(root.id, None, None, None, {"value": value, "more": more})
    assert runtime.restore(runtime.store(held)) == held
