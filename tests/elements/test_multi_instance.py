"""Multi-instance: once per element, in parallel or one after the other, with results, conditions and edges."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine import runtime
from engine.runtime import WaitKind
from engine.runtime.loops import MOST_ITERATIONS
from tests.elements.drawing import (
    boundary,
    call,
    draw,
    each,
    end,
    exclusive,
    receive,
    script,
    service,
    sub,
    user,
)
from tests.elements.play import Play

BOOKS = ["A", "B", "C"]


def fetching(**more: Any) -> Play:
    loop = each("books", "book", into="places", value="{book: book, place: place}", **more)
    return Play(draw(user("fetch", loop=loop), user("lend"), "start -> fetch -> lend -> end"))


def test_in_parallel_every_element_has_its_task_and_results_keep_the_order() -> None:
    play = fetching().start(books=BOOKS).rests("fetch", "fetch", "fetch")
    play.complete("fetch", which=2, place=3).complete("fetch", which=0, place=1).rests("fetch")
    play.complete("fetch", place=2).rests("lend")
    play.has(places=[{"book": b, "place": n} for n, b in enumerate(BOOKS, 1)], book=None, place=None)


def test_one_after_the_other_each_sees_its_element_and_counter() -> None:
    loop = each("books", "book", sequential=True, into="told", value="{book: book, n: loopCounter}")
    play = Play(draw(user("fetch", loop=loop), "start -> fetch -> end")).start(books=BOOKS)
    for number, book in enumerate(BOOKS, 1):
        play.rests("fetch")
        [scope] = [scope for scope in play.state.scopes.values() if scope.index is not None]
        assert scope.variables == {"book": book, "loopCounter": number}
        play.complete("fetch")
    play.ended("end").has(told=[{"book": b, "n": n} for n, b in enumerate(BOOKS, 1)])


def test_what_an_iteration_writes_stays_inside_it() -> None:
    fetching().start(books=BOOKS, place=0).complete("fetch", place=9).has(place=0)


@pytest.mark.parametrize("sequential", [True, False])
def test_without_elements_it_passes_at_once(sequential: bool) -> None:
    fetching(sequential=sequential).start(books=[]).rests("lend").has(places=[])


def test_a_number_of_times() -> None:
    play = (
        Play(draw(user("ask", loop=each(times="n + 1")), "start -> ask -> end"))
        .start(n=1)
        .rests("ask", "ask")
    )
    play.complete("ask").complete("ask").ended("end")


@pytest.mark.parametrize("n", [None, "two", -1, Decimal("1.5"), True])
def test_a_number_of_times_that_is_none_stops_the_case(n: Any) -> None:
    play = Play(draw(user("ask", loop=each(times="n")), "start -> ask -> end")).start(n=n)
    play.stopped("ask", "cardinality_not_a_number")


@pytest.mark.parametrize("books", [None, "A", 3, {"title": "A"}])
def test_a_collection_that_is_no_list_stops_the_case(books: Any) -> None:
    play = fetching().start(books=books).stopped("fetch", "collection_not_a_list").retry("fetch")
    play.stopped("fetch", "collection_not_a_list").rests("fetch")


def test_more_than_one_state_should_hold_is_refused() -> None:
    fetching().start(books=["A"] * MOST_ITERATIONS)
    fetching().start(books=["A"] * (MOST_ITERATIONS + 1)).stopped("fetch", "too_many_iterations")


@pytest.mark.parametrize("sequential", [True, False])
def test_a_condition_that_comes_true_ends_the_rest(sequential: bool) -> None:
    play = fetching(sequential=sequential, until="numberOfCompletedInstances >= 2").start(books=BOOKS)
    late = play.state.waits[-1]
    play.complete("fetch", which=0, place=1).complete("fetch", which=0, place=2).rests("lend")
    assert [place and place["place"] for place in play.state.variables["places"]][:2] == [1, 2]
    if not sequential:
        assert play.state.variables["places"][2] is None
        play.refuses(runtime.Complete(late.token, "fetch"))


def test_the_condition_sees_the_counts_and_the_answers() -> None:
    counts = "[numberOfInstances, numberOfActiveInstances, numberOfCompletedInstances] = [3, 2, 1] and found"
    play = fetching(until=counts).start(books=BOOKS).complete("fetch", found=True).rests("lend")
    assert play.waits() == ["user_task lend"]
    fetching(until=counts).start(books=BOOKS).complete("fetch", found=False).rests("fetch", "fetch")


def test_a_script_or_service_or_call_or_message_may_be_the_one_that_repeats() -> None:
    loop = each("books", "book", into="got", value="x")
    ended = Play(draw(script("s", "{x: book + loopCounter}", loop=loop), "start -> s -> end")).start(
        books=[1, 2]
    )
    ended.ended("end").has(got=[2, 4])
    play = Play(draw(service("s", give={"to": "book"}, loop=loop), "start -> s -> end")).start(books=BOOKS)
    assert [job.inputs["to"] for job in play.jobs] == BOOKS
    for number in range(3):
        play.complete("s", x=number)
    play.ended("end").has(got=[0, 1, 2])
    play = Play(draw(call("s", give={"b": "book"}, take={"x": "y"}, loop=loop), "start -> s -> end")).start(
        books=BOOKS
    )
    assert [sent.inputs["variables"] for sent in play.sent] == [{"b": book} for book in BOOKS]
    play = Play(draw(receive("s", "came", "book", loop=loop), "start -> s -> end")).start(books=BOOKS)
    assert sorted(wait.key for wait in play.state.waits) == BOOKS
    play.hear("s", x=1).hear("s", x=2).hear("s", x=3).ended("end")


MENDING = draw(
    sub("mend_each", user("mend"), exclusive("good"),
        """
        start_in -> mend -> good
        good -> mend: not(firm)
        good -> lost_in: otherwise
        """, end("lost_in"),
        loop=each("books", "book", into="done", value="{book: book, by: by}")),
    boundary("late", on="mend_each", after="P1D"), user("hurry"), user("shelve"),
    """
    start -> mend_each -> shelve -> end
    late -> hurry -> end
    """,
)  # fmt: skip


def test_over_a_sub_process_each_iteration_has_variables_of_its_own() -> None:
    play = Play(MENDING).start(books=["A", "B"]).rests("mend", "mend")
    play.complete("mend", which=0, by="x", firm=False).rests("mend", "mend")
    play.complete("mend", which=0, by="y", firm=True).complete("mend", by="z", firm=True).rests("shelve")
    play.has(done=[{"book": "A", "by": "z"}, {"book": "B", "by": "y"}], by=None, firm=None)


def test_a_boundary_of_the_whole_is_awaited_once_and_ends_every_iteration() -> None:
    play = Play(MENDING).start(books=["A", "B"])
    assert play.waits() == ["timer late", "user_task mend", "user_task mend"]
    play.complete("mend", by="x", firm=True).move(days=1).rests("hurry")
    assert list(play.state.scopes) == [0]


def test_nested_in_parallel_and_one_after_the_other() -> None:
    model = draw(
        sub("shelf_each",
            user("take", loop=each("shelf.books", "book", sequential=True, into="taken", value="book + answer")),
            "start_in -> take -> end_in",
            loop=each("shelves", "shelf", into="all", value="taken")),
        "start -> shelf_each -> end",
    )  # fmt: skip
    play = (
        Play(model)
        .start(shelves=[{"books": ["A", "B"]}, {"books": []}, {"books": ["C"]}])
        .rests("take", "take")
    )
    for answer in "123":
        play.complete("take", answer=answer)
    play.ended("end")
    assert [sorted(one) for one in play.state.variables["all"]] == [["A1", "B3"], [], ["C2"]]


def test_an_error_in_one_iteration_is_caught_on_the_boundary_of_the_whole() -> None:
    model = draw(
        service("tell", loop=each("books", "book")), boundary("none", on="tell", error="NO_ADDRESS"), user("phone"),
        "start -> tell -> end", "none -> phone -> end",
    )  # fmt: skip
    Play(model).start(books=BOOKS).refuse("tell", "NO_ADDRESS", which=1).rests("phone")


def test_an_error_end_event_in_one_iteration_reaches_the_boundary_of_the_whole() -> None:
    model = draw(
        sub("mend_each", user("mend"), end("stop_in", error="LOST"), "start_in -> mend -> stop_in",
            loop=each("books", "book")),
        boundary("lost", on="mend_each", error="LOST"), user("pay"),
        "start -> mend_each -> end", "lost -> pay -> end",
    )  # fmt: skip
    Play(model).start(books=BOOKS).complete("mend").rests("pay")


def test_terminate_in_one_iteration_ends_that_iteration_only() -> None:
    model = draw(
        sub("mend_each", user("mend"), end("stop_in", terminate=True), "start_in -> mend -> stop_in",
            loop=each("books", "book")),
        "start -> mend_each -> end",
    )  # fmt: skip
    play = Play(model).start(books=BOOKS).complete("mend").rests("mend", "mend")
    play.complete("mend").complete("mend").ended("end")


def test_one_failed_iteration_is_tried_again_while_the_others_go_on() -> None:
    model = draw(service("tell", give={"to": "book"}, loop=each("books", "book")), "start -> tell -> end")
    play = (
        Play(model).start(books=BOOKS).fail("tell", which=1).complete("tell").complete("tell").rests("tell")
    )
    play.retry("tell")
    assert [job.inputs for job in play.jobs] == [{"to": "B"}]
    play.complete("tell").ended("end")


def test_a_faulty_result_stops_that_iteration_and_keeps_its_answers() -> None:
    heavy = "count(for a in 1..9999, b in 1..9999 return a)"
    loop = each("books", "book", into="r", value=f"if heavy then {heavy} else 1")
    play = Play(draw(user("fetch", loop=loop), "start -> fetch -> end")).start(books=BOOKS)
    play.complete("fetch", heavy=False).complete("fetch", heavy=True).stopped("fetch", "expression_failed")
    play.retry("fetch").stopped("fetch", "expression_failed")
    assert play.wait("fetch", WaitKind.USER_TASK)
