"""Send and receive tasks, throw and catch events: what leaves, what is awaited, and under which key."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine import runtime
from engine.runtime import Outgoing, WaitKind
from tests.elements.drawing import catch, draw, end, manual, receive, send, service, throw, user
from tests.elements.play import Play

TELL = {"key": "reader", "payload": "{title: title}"}


@pytest.mark.parametrize(
    "part", [send("tell", "book_ready", **TELL), throw("tell", message="book_ready", **TELL)]
)
def test_a_message_leaves_and_the_case_goes_on(part: Any) -> None:
    play = Play(draw(part, user("lend"), "start -> tell -> lend -> end")).start(reader="R1", title="Số đỏ")
    play.rests("lend")
    [sent] = play.sent
    assert (sent.kind, sent.name, sent.inputs) == (
        "message",
        "book_ready",
        {"key": "R1", "payload": {"title": "Số đỏ"}},
    )


def test_a_message_end_event_sends_and_ends() -> None:
    play = (
        Play(draw(end("told", message="book_ready", key="reader"), "start -> told"))
        .start(reader="R1")
        .ended("told")
    )
    assert [(sent.name, sent.inputs) for sent in play.sent] == [("book_ready", {"key": "R1", "payload": {}})]


def test_a_message_end_event_that_cannot_send_stops_and_has_not_ended() -> None:
    play = Play(draw(end("told", message="book_ready", key="reader"), "start -> told")).start()
    play.rests("told").stopped("told", "key_empty")
    assert play.sent == []


def test_a_message_whose_content_is_no_context_is_not_sent() -> None:
    play = Play(draw(throw("tell", message="m", payload="3"), "start -> tell -> end")).start()
    play.stopped("tell", "payload_not_a_context")


@pytest.mark.parametrize(
    "part", [receive("wait", "back", "reader"), catch("wait", message="back", key="reader")]
)
def test_a_message_is_awaited_under_its_key_and_its_content_is_kept(part: Any) -> None:
    play = Play(draw(part, "start -> wait -> end")).start(reader="R1").rests("wait")
    wait = play.wait("wait", WaitKind.MESSAGE)
    assert (wait.name, wait.key) == ("back", "R1")
    play.hear("wait", damaged=False).ended("end").has(damaged=False)
    play.refuses(runtime.Correlate(wait.token, wait.element))


@pytest.mark.parametrize(
    ("value", "key"),
    [("R1", "R1"), (7, "7"), (Decimal("1.50"), "1.5"), (Decimal("1E+2"), "100"), (True, "true")],
)
def test_both_sides_write_a_key_alike(value: Any, key: str) -> None:
    model = draw(throw("tell", message="back", key="k"), catch("wait", message="back", key="k"),
                 "start -> tell -> wait -> end")  # fmt: skip
    play = Play(model).start(k=value)
    assert play.sent[0].inputs["key"] == play.wait("wait", WaitKind.MESSAGE).key == key


@pytest.mark.parametrize("value", [None, "", [], {"a": 1}])
def test_an_empty_key_would_match_a_stranger_and_stops_the_case(value: Any) -> None:
    play = Play(draw(catch("wait", message="back", key="k"), "start -> wait -> end")).start(k=value)
    play.stopped("wait", "key_empty")


def test_a_message_without_a_key_is_awaited_by_name() -> None:
    play = Play(draw(catch("wait", message="back"), "start -> wait -> end")).start()
    assert play.wait("wait", WaitKind.MESSAGE).key == ""


def test_a_send_task_may_call_a_service() -> None:
    play = Play(draw(service("tell", "post.send"), "start -> tell -> end")).start()
    assert play.waits() == ["job tell"]


def test_a_manual_task_only_passes() -> None:
    Play(draw(manual("wrap"), "start -> wrap -> end")).start().ended("end")


def test_what_is_sent_names_the_place_it_came_from_anew_each_time() -> None:
    model = draw(throw("a", message="m"), throw("b", message="m"), "start -> a -> b -> end")
    keys = [(sent.token, sent.element) for sent in Play(model).start().sent]
    assert len(set(keys)) == 2
    assert all(isinstance(sent, Outgoing) for sent in Play(model).start().sent)
