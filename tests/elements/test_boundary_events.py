"""Boundary events: timers, messages and errors on an activity's edge, interrupting it or running beside it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import runtime
from engine.runtime import Happened, WaitKind
from tests.elements.drawing import boundary, draw, receive, script, service, sub, user
from tests.elements.play import MORNING, Play

WAYS = """
    start -> lend -> end
    late -> remind -> end_reminded
    """


def test_an_interrupting_timer_ends_the_task() -> None:
    model = draw(user("lend"), boundary("late", on="lend", after="PT1H"), user("remind"), WAYS)
    play = Play(model).start()
    task = play.wait("lend", WaitKind.USER_TASK)
    play.move(hours=1).rests("remind")
    assert play.happened(Happened.CANCELLED) == ["lend"]
    play.refuses(runtime.Complete(task.token, "lend"))


def test_the_task_ends_the_timer() -> None:
    model = draw(user("lend"), boundary("late", on="lend", after="PT1H"), user("remind"), WAYS)
    play = Play(model).start()
    timer = play.wait("late", WaitKind.TIMER)
    play.complete("lend").ended("end")
    play.refuses(runtime.Fire(timer.token, "late"))


def test_a_timer_beside_the_task_comes_once() -> None:
    model = draw(
        user("lend"), boundary("late", on="lend", after="PT1H", interrupting=False), user("remind"), WAYS
    )
    play = Play(model).start()
    timer = play.wait("late", WaitKind.TIMER)
    play.move(hours=1).rests("lend", "remind")
    play.refuses(runtime.Fire(timer.token, "late"))
    play.move(days=9).rests("lend", "remind").complete("remind").rests("lend").complete("lend").ended("end")


def test_a_cycle_comes_again_from_the_moment_it_was_due() -> None:
    model = draw(
        user("lend"), boundary("late", on="lend", every="R3/PT1H", interrupting=False), user("remind"), WAYS
    )
    play = Play(model).start()
    play.now += timedelta(minutes=70)
    play.fire("late").rests("lend", "remind")
    assert play.wait("late", WaitKind.TIMER).due_at == MORNING + timedelta(hours=2), (
        "lateness does not add up"
    )
    play.move(hours=9)
    assert play.waits() == ["user_task lend", *["user_task remind"] * 3]


def test_a_cycle_without_a_number_comes_until_the_task_ends() -> None:
    model = draw(
        user("lend"),
        boundary("late", on="lend", every="R/P1D", interrupting=False),
        script("remind", "{n: n + 1}"),
        WAYS,
    )
    play = Play(model).start(n=0).move(days=20).has(n=20).rests("lend")
    play.complete("lend").ended("end")


def test_a_message_interrupts_or_comes_as_often_as_it_is_sent() -> None:
    for interrupting in (True, False):
        edge = boundary("asked", on="lend", message="where_is_it", key="reader", interrupting=interrupting)
        model = draw(user("lend"), edge, user("answer"), "start -> lend -> end", "asked -> answer -> end")
        play = Play(model).start(reader="R1").hear("asked", question="?").has(question="?")
        if interrupting:
            play.rests("answer")
        else:
            play.hear("asked").rests("answer", "answer", "lend")


def test_an_instant_task_leaves_no_boundary_behind() -> None:
    model = draw(script("lend", "{n: 1}"), boundary("late", on="lend", after="PT1H"), user("remind"), WAYS)
    Play(model).start().ended("end")


def test_a_fault_in_a_boundary_stops_the_task_before_it_opens() -> None:
    model = draw(user("lend"), boundary("late", on="lend", after="= patience"), user("remind"), WAYS)
    play = Play(model).start().stopped("lend", "timer_value")
    assert play.waits() == ["incident lend"]


def test_a_message_boundary_on_a_receive_task() -> None:
    model = draw(
        receive("back", "returned", "reader"), boundary("lost", on="back", message="lost", key="reader"), user("pay"),
        "start -> back -> end", "lost -> pay -> end",
    )  # fmt: skip
    Play(model).start(reader="R1").hear("lost").rests("pay")
    Play(model).start(reader="R1").hear("back").ended("end")


# --- errors -----------------------------------------------------------------------------------------------

TELL = """
    start -> tell -> end
    exact -> phone -> end
    any -> write -> end
    """
BOTH = draw(
    service("tell"), boundary("any", on="tell", error="", variable="problem"),
    boundary("exact", on="tell", error="NO_ADDRESS", variable="problem"), user("phone"), user("write"), TELL,
)  # fmt: skip


@pytest.mark.parametrize(("code", "way"), [("NO_ADDRESS", "phone"), ("NO_PAPER", "write")])
def test_the_boundary_that_names_the_error_comes_before_the_one_that_takes_all(code: str, way: str) -> None:
    Play(BOTH).start().refuse("tell", code, "sorry").rests(way).has(
        problem={"code": code, "message": "sorry"}
    )


def test_an_error_goes_outward_to_the_nearest_that_catches_it() -> None:
    model = draw(
        sub("outer",
            sub("inner", service("tell"), boundary("here", on="tell", error="A"), user("a"),
                "start_i -> tell -> end_i", "here -> a -> end_i"),
            boundary("middle", on="inner", error="B"), user("b"),
            "start_o -> inner -> end_o", "middle -> b -> end_o"),
        boundary("last", on="outer", error=""), user("c"),
        "start -> outer -> end", "last -> c -> end",
    )  # fmt: skip
    for code, way in (("A", "a"), ("B", "b"), ("C", "c")):
        Play(model).start().refuse("tell", code).rests(way)


def test_a_technical_failure_is_no_error_of_the_process() -> None:
    Play(BOTH).start().fail("tell").stopped("tell", "service_task_failed")
