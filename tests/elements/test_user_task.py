"""User task: waits for a person; the answers become variables."""

from __future__ import annotations

from decimal import Decimal

from engine import runtime
from tests.elements.drawing import draw, user
from tests.elements.play import Play

LEND = draw(user("lend"), "start -> lend -> end")


def test_it_waits_for_a_person_and_keeps_the_answers() -> None:
    play = Play(LEND).start(reader="R1").rests("lend")
    assert play.waits() == ["user_task lend"]
    play.complete("lend", condition="good", price=Decimal("12.50")).ended("end")
    play.has(reader="R1", condition="good", price=Decimal("12.50"))


def test_answers_may_go_into_one_variable() -> None:
    model = draw(user("lend", result="lent"), "start -> lend -> end")
    Play(model).start().complete("lend", condition="good").has(lent={"condition": "good"}, condition=None)


def test_a_second_submit_changes_nothing() -> None:
    play = Play(LEND).start()
    wait = play.state.waits[0]
    play.complete("lend", condition="good")
    play.refuses(runtime.Complete(wait.token, wait.element, {"condition": "worn"}))
    play.has(condition="good")


def test_only_what_ends_a_persons_task_ends_it() -> None:
    play = Play(LEND).start()
    wait = play.state.waits[0]
    for command in (
        runtime.Fire(wait.token, "lend"),
        runtime.Correlate(wait.token, "lend"),
        runtime.Raise(wait.token, "lend", "LOST"),
        runtime.Fail(wait.token, "lend", "service_task_failed"),
        runtime.Retry(wait.token, "lend"),
        runtime.Complete(wait.token + 1, "lend"),
        runtime.Complete(wait.token, "end"),
        runtime.Start({}),
    ):
        play.refuses(command)


def test_nothing_can_be_done_to_an_ended_case() -> None:
    play = Play(LEND).start()
    wait = play.state.waits[0]
    play.cancel().ended(None, ended="cancelled")
    play.refuses(runtime.Complete(wait.token, "lend"))
    play.refuses(runtime.Cancel())
    play.refuses(runtime.Start({}))
