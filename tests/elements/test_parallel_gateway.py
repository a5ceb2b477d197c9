"""Parallel gateway: every way out; a join waits for one token by every way in."""

from __future__ import annotations

from engine import runtime
from tests.elements.drawing import draw, exclusive, manual, parallel, user
from tests.elements.play import Play

PREPARE = draw(
    parallel("split"), user("fetch"), user("stamp"), manual("note"), parallel("join"), user("lend"),
    """
    start -> split
    split -> fetch -> join
    split -> stamp -> join
    split -> note -> join
    join -> lend -> end
    """,
)  # fmt: skip


def test_every_way_is_taken_and_the_join_waits_for_all() -> None:
    play = Play(PREPARE).start().rests("fetch", "join", "stamp")
    play.complete("fetch").rests("join", "join", "stamp")
    play.complete("stamp").rests("lend")
    play.complete("lend").ended("end")


def test_the_order_of_arrival_does_not_matter() -> None:
    Play(PREPARE).start().complete("stamp").complete("fetch").rests("lend")


def test_what_each_branch_wrote_is_kept() -> None:
    Play(PREPARE).start().complete("fetch", place="VH-12").complete("stamp", stamped=True).has(
        place="VH-12", stamped=True
    )


TWICE = draw(
    parallel("split"), user("a"), user("b"), user("c"), exclusive("meet"), parallel("join"), user("after"),
    """
    start -> split
    split -> a -> meet
    split -> b -> meet
    meet -> join
    split -> c -> join
    join -> after -> end
    """,
)  # fmt: skip


def test_two_tokens_by_one_way_do_not_stand_for_the_other() -> None:
    play = Play(TWICE).start().complete("a").complete("b").rests("c", "join", "join")
    play.complete("c").rests("after", "join")


def test_what_is_left_at_a_join_that_nothing_can_complete_becomes_an_incident() -> None:
    play = Play(TWICE).start().complete("a").complete("b").complete("c").complete("after")
    play.rests("join").stopped("join", "join_never_complete")


def test_a_join_behind_a_choice_never_completes_and_says_so() -> None:
    model = draw(
        exclusive("choice"), user("a"), user("b"), parallel("join"),
        """
        start -> choice
        choice -> a: left
        choice -> b: otherwise
        a -> join
        b -> join
        join -> end
        """,
    )  # fmt: skip
    play = Play(model).start(left=True).complete("a").rests("join").stopped("join", "join_never_complete")
    play.retry("join").rests("join").stopped("join", "join_never_complete")
    play.cancel().ended(None, ended="cancelled")


def test_trying_one_of_several_hopeless_tokens_again_does_not_hide_it() -> None:
    model = draw(
        parallel("split"), exclusive("choice"), manual("a"), manual("b"), manual("c"), parallel("one"), parallel("two"),
        """
        start -> split
        split -> a -> one
        split -> choice
        choice -> b: true
        choice -> c: otherwise
        b -> two
        c -> one
        one -> two -> end
        """,
    )  # fmt: skip
    play = Play(model).start().rests("one", "two")
    assert play.waits() == ["incident one", "incident two"]
    play.retry("one")
    assert play.waits() == ["incident one", "incident two"]


def test_a_join_inside_a_loop_joins_once_in_each_pass() -> None:
    model = draw(
        exclusive("again"), parallel("split"), user("a"), user("b"), parallel("join"), exclusive("more"),
        """
        start -> again -> split
        split -> a -> join
        split -> b -> join
        join -> more
        more -> again: more
        more -> end: otherwise
        """,
    )  # fmt: skip
    play = Play(model).start(more=True)
    for _ in range(5):
        play.complete("b").rests("a", "join").complete("a").rests("a", "b")
    play.complete("a").complete("b", more=False).ended("end")


def test_one_gateway_may_join_and_split() -> None:
    model = draw(
        parallel("split"), user("a"), user("b"), parallel("both"), user("c"), user("d"),
        """
        start -> split
        split -> a -> both
        split -> b -> both
        both -> c -> end
        both -> d -> end
        """,
    )  # fmt: skip
    play = Play(model).start().complete("a").complete("b").rests("c", "d")
    play.complete("d").rests("c").complete("c").ended("end")


def test_a_task_of_a_branch_that_is_done_cannot_be_done_again() -> None:
    play = Play(PREPARE).start()
    done = play.state.waits[0]
    play.complete(done.element)
    play.refuses(runtime.Complete(done.token, done.element))
