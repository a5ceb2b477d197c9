"""Exclusive gateway: one way, the first that is true, else the default."""

from __future__ import annotations

import pytest

from engine.runtime import Happened
from tests.elements.drawing import draw, exclusive, parallel, user
from tests.elements.play import Play

COUNTER = draw(
    exclusive("choice"), user("lend"), user("ask_head"), user("refuse"),
    """
    start -> choice
    choice -> lend: books < 3
    choice -> ask_head: books < 10
    choice -> refuse: otherwise
    lend -> end
    ask_head -> end
    refuse -> end
    """,
)  # fmt: skip


@pytest.mark.parametrize(("books", "way"), [(1, "lend"), (5, "ask_head"), (40, "refuse")])
def test_the_first_true_way_is_taken_and_no_other(books: int, way: str) -> None:
    Play(COUNTER).start(books=books).rests(way)


def test_the_way_taken_is_told() -> None:
    play = Play(COUNTER).start(books=1)
    [taken] = [e for e in play.events if e.element == "choice" and e.happened is Happened.COMPLETED]
    assert taken.details == {"flows": ("choice__lend",)}


def test_a_condition_that_is_neither_true_nor_false_stops_the_case_and_names_what_is_missing() -> None:
    play = Play(COUNTER).start().rests("choice").stopped("choice", "condition_not_boolean")
    assert play.state.waits[0].params["missing"] == "books"


def test_conditions_behind_the_taken_way_are_not_looked_at() -> None:
    model = draw(
        exclusive("choice"), user("lend"),
        """
        start -> choice
        choice -> lend: true
        choice -> end: unknown > 3
        lend -> end
        """,
    )  # fmt: skip
    Play(model).start().rests("lend")


def test_no_true_way_and_no_default_stops_the_case() -> None:
    model = draw(
        exclusive("choice"), user("lend"), user("refuse"),
        """
        start -> choice
        choice -> lend: books < 3
        choice -> refuse: books < 10
        lend -> end
        refuse -> end
        """,
    )  # fmt: skip
    Play(model).start(books=40).rests("choice").stopped("choice", "no_flow_true")


def test_a_single_way_out_is_not_taken_against_its_condition() -> None:
    model = draw(
        exclusive("choice"), user("lend"), "start -> choice", "choice -> lend: books < 3", "lend -> end"
    )
    Play(model).start(books=40).stopped("choice", "no_flow_true")
    Play(model).start(books=1).rests("lend")


def test_a_join_lets_every_token_pass_on_its_own() -> None:
    model = draw(
        parallel("split"), user("wrap"), user("stamp"), exclusive("meet"), user("hand_over"),
        """
        start -> split
        split -> wrap -> meet
        split -> stamp -> meet
        meet -> hand_over -> end
        """,
    )  # fmt: skip
    play = Play(model).start().complete("wrap").rests("hand_over", "stamp")
    play.complete("stamp").rests("hand_over", "hand_over")
    play.complete("hand_over").complete("hand_over").ended("end")


def test_a_loop_goes_round_until_its_condition_fails() -> None:
    model = draw(
        user("look"), exclusive("found"),
        """
        start -> look -> found
        found -> look: again
        found -> end: otherwise
        """,
    )  # fmt: skip
    play = Play(model).start()
    tokens = set()
    for _ in range(40):
        tokens.add(play.state.waits[0].token)
        play.complete("look", again=True).rests("look")
    assert len(tokens) == 40
    play.complete("look", again=False).ended("end")
