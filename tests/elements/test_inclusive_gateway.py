"""Inclusive gateway: every true way; the join waits for all that can still come (BPMN 2.0, table 13.3)."""

from __future__ import annotations

import pytest

from tests.elements.drawing import boundary, draw, exclusive, inclusive, manual, parallel, sub, user
from tests.elements.play import Play

EXTRAS = draw(
    inclusive("which"), user("post"), user("wrap"), inclusive("done"), user("lend"),
    """
    start -> which
    which -> post: by_post
    which -> wrap: books > 2
    which -> done: otherwise
    post -> done
    wrap -> done
    done -> lend -> end
    """,
)  # fmt: skip


@pytest.mark.parametrize(
    ("by_post", "books", "rests"),
    [(True, 3, ["post", "wrap"]), (True, 1, ["post"]), (False, 3, ["wrap"]), (False, 1, ["lend"])],
)
def test_every_true_way_is_taken_and_the_default_only_alone(
    by_post: bool, books: int, rests: list[str]
) -> None:
    Play(EXTRAS).start(by_post=by_post, books=books).rests(*rests)


def test_the_join_waits_for_the_ways_taken_only() -> None:
    play = Play(EXTRAS).start(by_post=True, books=3).complete("wrap").rests("done", "post")
    play.complete("post").rests("lend")
    Play(EXTRAS).start(by_post=True, books=1).complete("post").rests("lend")


def test_a_condition_that_is_neither_true_nor_false_stops_the_case() -> None:
    Play(EXTRAS).start(by_post=True).rests("which").stopped("which", "condition_not_boolean")


def test_no_true_way_and_no_default_stops_the_case() -> None:
    model = draw(
        inclusive("which"), manual("a"), manual("b"),
        """
        start -> which
        which -> a: false
        which -> b: false
        a -> end
        b -> end
        """,
    )  # fmt: skip
    Play(model).start().stopped("which", "no_flow_true")


LOOPED = draw(
    inclusive("which"), user("a"), user("b"), exclusive("redo"), inclusive("join"), user("after"),
    """
    start -> which
    which -> a: true
    which -> b: true
    a -> redo
    redo -> a: again
    redo -> join: otherwise
    b -> join
    join -> after -> end
    """,
)  # fmt: skip


def test_the_join_waits_while_a_branch_goes_round() -> None:
    play = Play(LOOPED).start().complete("b").rests("a", "join")
    for _ in range(3):
        play.complete("a", again=True).rests("a", "join")
    play.complete("a", again=False).rests("after")


def test_a_token_that_cannot_reach_the_join_is_not_waited_for() -> None:
    model = draw(
        parallel("split"), user("a"), user("b"), inclusive("join"), user("after"), manual("c"), exclusive("way"),
        """
        start -> split
        split -> a -> join
        split -> b -> way
        way -> c: elsewhere
        way -> join: otherwise
        c -> end_elsewhere
        join -> after -> end
        """,
    )  # fmt: skip
    play = Play(model).start().complete("a").rests("b", "join")
    play.complete("b", elsewhere=True).rests("after")


def test_a_token_that_can_also_reach_a_filled_way_is_not_waited_for() -> None:
    """The upstream token may come by the way that is filled already: the standard lets the join go."""
    model = draw(
        parallel("split"), user("a"), user("b"), exclusive("meet"), exclusive("way"), inclusive("join"), user("after"),
        """
        start -> split
        split -> a -> meet
        split -> b -> way
        way -> meet: left
        way -> join: otherwise
        meet -> join
        join -> after -> end
        """,
    )  # fmt: skip
    Play(model).start().complete("a").rests("after", "b")


def test_two_joins_in_one_loop_wait_for_what_is_upstream_only() -> None:
    model = draw(
        inclusive("first"), user("a"), exclusive("back"), parallel("split"), user("b"), inclusive("last"), user("z"),
        """
        start -> split
        split -> first -> a -> back
        back -> first: again
        back -> last: otherwise
        split -> b -> last
        last -> z -> end
        """,
    )  # fmt: skip
    play = Play(model).start().rests("a", "b").complete("b").rests("a", "last")
    play.complete("a", again=True).rests("a", "last")
    play.complete("a", again=False).rests("z")


def test_what_a_boundary_event_may_send_is_waited_for() -> None:
    model = draw(
        parallel("split"), user("a"), user("b"), boundary("late", on="b", after="P1D"), inclusive("join"), user("z"),
        """
        start -> split
        split -> a -> join
        split -> b -> end_b
        late -> join
        join -> z -> end
        """,
    )  # fmt: skip
    Play(model).start().complete("a").rests("b", "join").complete("b").rests("z")
    Play(model).start().complete("a").move(days=1).rests("z")


def test_a_task_whose_reminder_came_first_is_waited_for() -> None:
    """The task may send another token by its boundary event too, but its own way is what the join waits for."""
    model = draw(
        user("b"), boundary("late", on="b", every="R/P1D", interrupting=False), manual("remind"), inclusive("join"),
        user("z"),
        """
        start -> b -> join
        late -> remind -> join
        join -> z -> end
        """,
    )  # fmt: skip
    Play(model).start().move(days=1).rests("b", "join").complete("b").rests("z")


def test_tokens_in_an_inner_scope_are_told_apart_from_those_outside() -> None:
    model = draw(
        parallel("split"), user("a"), inclusive("join"), user("z"),
        sub("inner", inclusive("which"), user("b"), user("c"), inclusive("inner_join"),
            """
            start_in -> which
            which -> b: true
            which -> c: true
            b -> inner_join
            c -> inner_join
            inner_join -> end_in
            """),
        """
        start -> split
        split -> a -> join
        split -> inner -> join
        join -> z -> end
        """,
    )  # fmt: skip
    play = Play(model).start().complete("a").rests("b", "c", "join")
    play.complete("b").rests("c", "inner_join", "join")
    play.complete("c").rests("z")


def test_a_stopped_branch_keeps_the_join_waiting() -> None:
    model = draw(
        inclusive("which"), manual("a"), exclusive("choice"), inclusive("join"), user("z"),
        """
        start -> which
        which -> a: true
        which -> choice: true
        choice -> join: missing > 1
        a -> join
        join -> z -> end
        """,
    )  # fmt: skip
    Play(model).start().rests("choice", "join").stopped("choice", "condition_not_boolean")
