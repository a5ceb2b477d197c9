"""Script task: FEEL whose entries become variables. Business rule task: a decision whose outcome becomes one."""

from __future__ import annotations

from decimal import Decimal

from engine.bpmn.model import Kind, Node
from engine.runtime import Happened
from tests.elements.drawing import Part, draw, rule, script, user
from tests.elements.play import Play


def test_the_entries_of_a_script_become_variables() -> None:
    model = draw(script("count", "{total: sum(prices), many: count(prices) > 2}"), "start -> count -> end")
    Play(model).start(prices=[1, 2, 4]).ended("end").has(total=7, many=True)


def test_a_script_may_write_one_variable() -> None:
    model = draw(script("count", "price / 3", result="share"), "start -> count -> end")
    play = Play(model).start(price=1).ended("end")
    assert play.state.variables["share"].quantize(Decimal("0.001")) == Decimal("0.333")


def test_a_script_that_gives_no_context_stops_the_case() -> None:
    model = draw(script("count", "1 + 1"), "start -> count -> end")
    Play(model).start().rests("count").stopped("count", "script_not_a_context").retry("count").rests("count")


def test_a_script_without_text_stops_the_case() -> None:
    Play(draw(Part(Node("count", Kind.SCRIPT_TASK)), "start -> count -> end")).start().stopped(
        "count", "script_missing"
    )


LIMIT = draw(
    rule("limit", "limits", {"books": "count(titles)"}), user("lend"), "start -> limit -> lend -> end"
)


def test_the_outcome_becomes_a_variable_and_is_told_with_its_reasons() -> None:
    play = Play(LIMIT, {"limits": lambda v: {"ok": v["books"] < 3}}).start(titles=["a", "b"]).rests("lend")
    play.has(limits={"ok": True})
    [decided] = [event for event in play.events if event.happened is Happened.DECIDED]
    assert decided.details is not None
    assert (decided.details["decision"], decided.details["outcome"]) == ("limits", {"ok": True})
    assert decided.details["rules"] == (1,)


def test_the_outcome_may_go_into_another_variable() -> None:
    model = draw(rule("limit", "limits", result="allowed"), "start -> limit -> end")
    Play(model, {"limits": lambda _: 3}).start().has(allowed=3, limits=None)


def test_no_rule_that_fits_stops_the_case_and_retry_decides_again() -> None:
    outcomes = [None, None, {"ok": True}, {"ok": True}]
    play = Play(LIMIT, {"limits": lambda _: outcomes.pop(0)}).start(titles=[])
    play.rests("limit").stopped("limit", "decision_without_outcome")
    play.retry("limit").rests("lend")


def test_an_unknown_decision_stops_the_case() -> None:
    Play(LIMIT).start(titles=[]).stopped("limit", "decision_unknown")
    Play(draw(rule("limit", None), "start -> limit -> end")).start().stopped("limit", "decision_missing")


def test_an_expression_that_runs_out_of_budget_stops_the_case() -> None:
    model = draw(
        script("count", "{n: count(for a in 1..9999, b in 1..9999 return a)}"), "start -> count -> end"
    )
    Play(model).start().stopped("count", "expression_failed")
