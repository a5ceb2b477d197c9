"""Call activity: another instance runs, and comes back with variables or an error."""

from __future__ import annotations

from datetime import timedelta

from engine import runtime
from engine.runtime import WaitKind
from tests.elements.drawing import boundary, call, draw, end, parallel, service, user
from tests.elements.play import MORNING, Play

MEND = draw(
    call("mend", "repair", {"titles": "damaged"}, {"cost": "price"}),
    boundary("beyond", on="mend", error="BEYOND_REPAIR", variable="loss"), boundary("late", on="mend", after="P30D"),
    user("replace"), user("shelve"), user("ask"),
    """
    start -> mend -> shelve -> end
    beyond -> replace -> end
    late -> ask -> end
    """,
)  # fmt: skip


def test_it_asks_for_the_called_process_with_the_mapped_inputs_only() -> None:
    play = Play(MEND).start(damaged=["A"], reader="R1").rests("mend")
    assert play.waits() == ["call mend", "timer late"]
    [asked] = play.sent
    assert (asked.kind, asked.name, asked.inputs) == ("call", "repair", {"variables": {"titles": ["A"]}})


def test_only_the_mapped_variables_come_back() -> None:
    play = Play(MEND).start(damaged=["A"], price=1).complete("mend", price=9, glue="much").rests("shelve")
    play.has(cost=9, price=1, glue=None)


def test_without_outputs_nothing_comes_back() -> None:
    Play(draw(call("mend"), "start -> mend -> end")).start().complete("mend", price=9).ended("end").has(
        price=None
    )


def test_an_error_of_the_called_process_is_caught_at_its_boundary() -> None:
    play = Play(MEND).start(damaged=["A"]).refuse("mend", "BEYOND_REPAIR", "too old").rests("replace")
    play.has(loss={"code": "BEYOND_REPAIR", "message": "too old"})
    assert play.sent == [], "the called instance has ended: there is nothing to cancel"


def test_an_error_that_nothing_catches_is_an_incident_and_retry_calls_anew() -> None:
    play = Play(MEND).start(damaged=["A"])
    before = play.wait("mend", WaitKind.CALL)
    play.move(days=10).refuse("mend", "CANCELLED").rests("mend").stopped("mend", "error_not_caught")
    play.retry("mend").rests("mend")
    anew = play.wait("mend", WaitKind.CALL)
    assert anew.token != before.token, "the ended instance must not answer for the new one"
    assert [(sent.kind, sent.token) for sent in play.sent] == [("call", anew.token)]
    play.refuses(runtime.Complete(before.token, "mend"))
    assert play.wait("late", WaitKind.TIMER).due_at == MORNING + timedelta(days=30), (
        "the deadline stays what it was"
    )
    play.complete("mend", price=1).rests("shelve")


def test_a_call_that_could_not_begin_is_an_incident_and_retry_asks_again() -> None:
    play = (
        Play(MEND)
        .start(damaged=["A"])
        .fail("mend", "called_process_unknown")
        .stopped("mend", "called_process_unknown")
    )
    play.retry("mend")
    assert [sent.kind for sent in play.sent] == ["call"]


def test_interrupting_it_cancels_the_called_instance() -> None:
    play = Play(MEND).start(damaged=["A"])
    token = play.wait("mend", WaitKind.CALL).token
    play.move(days=30).rests("ask")
    assert [(sent.kind, sent.token, sent.name) for sent in play.sent] == [("cancel", token, "repair")]


def test_cancelling_the_case_cancels_what_it_called() -> None:
    play = Play(MEND).start(damaged=["A"]).cancel().ended(None, ended="cancelled")
    assert [sent.kind for sent in play.sent] == ["cancel"]


def test_a_called_case_ends_in_an_error_it_does_not_catch() -> None:
    model = draw(
        parallel("split"),
        service("glue"),
        user("dry"),
        "start -> split",
        "split -> glue -> end",
        "split -> dry -> end",
    )
    play = Play(model).start(is_child=True).refuse("glue", "NO_GLUE").ended("glue", error="NO_GLUE")
    alone = Play(model).start().refuse("glue", "NO_GLUE").rests("dry", "glue")
    alone.stopped("glue", "error_not_caught")
    assert play.state.is_child and not alone.state.is_child


def test_a_called_case_that_catches_its_error_goes_on() -> None:
    model = draw(
        service("glue"), boundary("none_left", on="glue", error=""), user("sew"), end("stop", error="BEYOND_REPAIR"),
        """
        start -> glue -> end
        none_left -> sew -> stop
        """,
    )  # fmt: skip
    play = Play(model).start(is_child=True).refuse("glue", "NO_GLUE").rests("sew")
    play.complete("sew").ended("stop", error="BEYOND_REPAIR")


def test_without_a_process_it_stops() -> None:
    Play(draw(call("mend", None), "start -> mend -> end")).start().stopped("mend", "called_missing")
