"""Start events: none, message, timer. End events: none, message, error, terminate."""

from __future__ import annotations

import pytest

from engine import runtime
from engine.errors import Conflict
from engine.runtime import Happened
from tests.elements.drawing import boundary, call, draw, end, parallel, start, sub, user
from tests.elements.play import Play

STARTS = draw(
    start("asked"), start("told", message="book_returned"), start("nightly", every="R/P1D"), user("lend"),
    user("inspect"), user("count"),
    """
    asked -> lend -> end
    told -> inspect -> end
    nightly -> count -> end
    """,
)  # fmt: skip


def test_a_case_begins_at_its_only_plain_start_or_at_the_one_named() -> None:
    Play(STARTS).start(reader="R1").rests("lend").has(reader="R1")
    Play(STARTS).start("told", damaged=True).rests("inspect").has(damaged=True)
    Play(STARTS).start("nightly").rests("count")


def test_a_start_that_is_not_there_or_not_clear_is_refused() -> None:
    for command, model in (
        (runtime.Start({}, "nowhere"), STARTS),
        (runtime.Start({}), draw(start("a"), start("b"), "a -> end", "b -> end")),
        (runtime.Start({}), draw(start("told", message="m"), "told -> end")),
    ):
        play = Play(model)
        with pytest.raises(Conflict) as refused:
            runtime.apply(model, play.state, command, play.around())
        assert refused.value.code == "start_event_unclear"


def test_a_case_ends_when_its_last_token_has_ended() -> None:
    model = draw(
        parallel("split"), user("a"), user("b"),
        """
        start -> split
        split -> a -> end_a
        split -> b -> end_b
        """,
    )  # fmt: skip
    play = Play(model).start().complete("a").rests("b")
    assert play.state.outcome == "end_a"
    play.complete("b").ended("end_b")
    assert play.happened(Happened.ENDED) == ["end_b"]


BRANCHES = """
    start -> split
    split -> a -> stop
    split -> b -> end
    split -> c -> end
    """


def test_terminate_ends_everything_else_in_the_case() -> None:
    model = draw(end("stop", terminate=True), parallel("split"), user("a"), call("b"), user("c"), BRANCHES)
    play = Play(model).start().rests("a", "b", "c").complete("a").ended("stop")
    assert sorted(play.happened(Happened.CANCELLED)) == ["b", "c"]
    assert [(sent.kind, sent.element) for sent in play.sent] == [("cancel", "b")]


def test_terminate_inside_a_sub_process_ends_only_that() -> None:
    model = draw(
        sub("inner", end("stop_in", terminate=True), parallel("split"), user("a"), user("b"),
            "start_in -> split", "split -> a -> stop_in", "split -> b -> end_in"),
        user("after"),
        "start -> inner -> after -> end",
    )  # fmt: skip
    Play(model).start().rests("a", "b").complete("a").rests("after")


def test_an_error_end_event_ends_the_case_in_that_error() -> None:
    model = draw(
        end("stop", error="BEYOND_REPAIR"), parallel("split"), user("a"), user("b"), user("c"), BRANCHES
    )
    Play(model).start().complete("a").ended("stop", error="BEYOND_REPAIR")


def test_an_error_end_event_inside_is_caught_outside_and_cancels_what_is_beside_it() -> None:
    model = draw(
        sub("inner", end("stop_in", error="LOST"), parallel("split"), user("a"), user("b"),
            "start_in -> split", "split -> a -> stop_in", "split -> b -> end_in"),
        boundary("lost", on="inner", error="LOST", variable="problem"),
        user("replace"), user("after"),
        """
        start -> inner -> after -> end
        lost -> replace -> end
        """,
    )  # fmt: skip
    play = Play(model).start().complete("a").rests("replace")
    assert play.state.variables["problem"]["code"] == "LOST"
    assert sorted(play.happened(Happened.CANCELLED)) == ["b", "inner"]


def test_an_error_that_nothing_outside_catches_ends_the_whole_case() -> None:
    model = draw(
        sub("inner", end("stop_in", error="LOST"), user("a"), "start_in -> a -> stop_in"),
        boundary("other", on="inner", error="LATE"),
        """
        start -> inner -> end
        other -> end
        """,
    )  # fmt: skip
    Play(model).start().complete("a").ended("stop_in", error="LOST")
