"""What the model fails at stops one token, says why in both languages, and can be tried again."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import runtime, texts
from engine.runtime import Happened, Phase, WaitKind
from engine.runtime.step import MOST_MOVES
from tests.elements.drawing import draw, exclusive, manual, parallel, service, user
from tests.elements.play import Play

OPENED = (
    r'(?:Fault\(|_HOPELESS = |open_incident\([\w.]+,|Fail\([\w.]+, [\w.]+,|_fail_call\(\w+, \w+,)\s*"(\w+)"'
)
CODES = sorted(
    {
        code
        for path in (Path(runtime.__file__).parent.parent).rglob("*.py")
        for code in re.findall(OPENED, path.read_text("utf-8"))
    }
)


@pytest.mark.parametrize("code", CODES)
def test_every_incident_has_a_sentence_in_both_languages(code: str) -> None:
    for language in texts.LANGUAGES:
        assert texts.lookup(texts.catalogue(language), f"incidents.{code}"), (code, language)


def test_the_codes_were_found() -> None:
    assert {"no_flow_true", "error_not_caught", "join_never_complete", "called_process_unknown"} <= set(CODES)
    assert "called_process_without_start" in CODES


def test_a_fault_stops_one_branch_and_the_others_go_on() -> None:
    model = draw(
        parallel("split"), exclusive("choice"), user("b"), parallel("join"),
        """
        start -> split
        split -> choice
        choice -> join: ready
        split -> b -> join
        join -> end
        """,
    )  # fmt: skip
    play = Play(model).start().rests("b", "choice").complete("b", ready=True).rests("choice", "join")
    assert play.happened(Happened.STOPPED) == []
    play.retry("choice").ended("end")
    assert "choice" in play.happened(Happened.RETRIED)


def test_a_fault_after_the_answers_keeps_them_for_the_retry() -> None:
    model = draw(
        service("tell", take={"n": "count(for a in 1..size, b in 1..size return a)"}), "start -> tell -> end"
    )
    play = Play(model).start().complete("tell", size=9999).rests("tell").stopped("tell", "expression_failed")
    [token] = play.state.tokens.values()
    assert (token.phase, token.payload) == (Phase.FAULT_COMPLETING, {"size": 9999})
    play.retry("tell").stopped("tell", "expression_failed")
    assert play.waits() == ["incident tell"]


def test_a_loop_without_a_wait_is_stopped() -> None:
    model = draw(
        manual("round"),
        exclusive("again"),
        "start -> round -> again",
        "again -> round: true",
        "again -> end: otherwise",
    )
    play = Play(model).start()
    [incident] = play.state.waits
    assert (incident.kind, incident.name, incident.params["moves"]) == (
        WaitKind.INCIDENT,
        "endless_loop",
        MOST_MOVES,
    )
    play.retry(incident.element)
    assert [wait.name for wait in play.state.waits] == ["endless_loop"]


def test_a_loop_that_splits_without_a_wait_is_stopped() -> None:
    model = draw(
        parallel("split"),
        exclusive("meet"),
        "start -> meet -> split",
        "split -> meet",
        "split -> meet",
        "split -> end",
    )
    assert {wait.name for wait in Play(model).start().state.waits} == {"endless_loop"}


def test_a_retry_needs_an_open_incident() -> None:
    play = Play(draw(user("lend"), "start -> lend -> end")).start()
    play.refuses(runtime.Retry(play.state.waits[0].token, "lend"))
    play.refuses(runtime.Retry(99, "lend"))


def test_cancelling_ends_a_stopped_case() -> None:
    Play(draw(service("tell"), "start -> tell -> end")).start().fail("tell").cancel().ended(
        None, ended="cancelled"
    )
