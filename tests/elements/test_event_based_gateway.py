"""Event-based gateway: whichever event comes first decides the way; the others are not awaited any more."""

from __future__ import annotations

from datetime import timedelta

from engine import runtime
from engine.runtime import WaitKind
from tests.elements.drawing import catch, draw, race, receive, user
from tests.elements.play import MORNING, Play

RETURN = draw(
    race("first"), catch("returned", message="book_returned", key="reader"), catch("overdue", after="P21D"),
    receive("lost", "book_lost", "reader"), user("inspect"), user("recall"), user("replace"),
    """
    start -> first
    first -> returned -> inspect -> end
    first -> overdue -> recall -> end
    first -> lost -> replace -> end
    """,
)  # fmt: skip


def test_it_waits_for_every_event_at_once() -> None:
    play = Play(RETURN).start(reader="R1").rests("first")
    assert play.waits() == ["message lost", "message returned", "timer overdue"]
    assert play.wait("returned", WaitKind.MESSAGE).key == "R1"
    assert play.wait("overdue", WaitKind.TIMER).due_at == MORNING + timedelta(days=21)


def test_a_message_decides_and_its_content_is_kept() -> None:
    play = Play(RETURN).start(reader="R1")
    timer = play.wait("overdue", WaitKind.TIMER)
    play.hear("returned", damaged=True).rests("inspect").has(damaged=True)
    play.refuses(runtime.Fire(timer.token, timer.element))


def test_a_timer_decides() -> None:
    play = Play(RETURN).start(reader="R1")
    message = play.wait("returned", WaitKind.MESSAGE)
    play.move(days=21).rests("recall")
    play.refuses(runtime.Correlate(message.token, message.element))


def test_a_receive_task_decides() -> None:
    Play(RETURN).start(reader="R1").hear("lost").rests("replace")


def test_without_its_key_it_stops_and_waits_for_nothing() -> None:
    play = Play(RETURN).start()
    assert play.waits() == ["incident first"]
    play.stopped("first", "key_empty").retry("first").stopped("first", "key_empty")
