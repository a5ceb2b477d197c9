"""Intermediate timers: a duration, a date or a moment, by the campaign's calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine import runtime
from engine.runtime import WaitKind
from tests.elements.drawing import catch, draw
from tests.elements.play import MORNING, Play


def due(trigger: dict[str, str], **variables: Any) -> datetime | None:
    play = Play(draw(catch("rest", **trigger), "start -> rest -> end")).start(**variables)
    return play.wait("rest", WaitKind.TIMER).due_at


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        ({"after": "PT30M"}, MORNING + timedelta(minutes=30)),
        ({"after": "P21D"}, MORNING + timedelta(days=21)),
        ({"after": "P2W"}, MORNING + timedelta(days=14)),
        ({"after": "P1DT2H"}, MORNING + timedelta(days=1, hours=2)),
        ({"after": "P1M"}, datetime(2021, 8, 26, 2, tzinfo=UTC)),
        ({"after": "P7M"}, datetime(2022, 2, 26, 2, tzinfo=UTC)),
        ({"at": "2021-08-01"}, datetime(2021, 7, 31, 17, tzinfo=UTC)),  # midnight in Ha Noi
        ({"at": "2021-08-01T08:00:00"}, datetime(2021, 8, 1, 1, tzinfo=UTC)),
        ({"at": "2021-08-01T08:00:00Z"}, datetime(2021, 8, 1, 8, tzinfo=UTC)),
        ({"at": "2021-08-01T08:00:00+02:00"}, datetime(2021, 8, 1, 6, tzinfo=UTC)),
        ({"at": "2021-08-01T08:00:00@Europe/Paris"}, datetime(2021, 8, 1, 6, tzinfo=UTC)),
        ({"at": "= date(due_on) - duration(\"P2D\")"}, datetime(2021, 7, 29, 17, tzinfo=UTC)),
        ({"after": "= \"P\" + string(days) + \"D\""}, MORNING + timedelta(days=3)),
        ({"at": "= now() + duration(\"PT1H\")"}, MORNING + timedelta(hours=1)),
    ],
)  # fmt: skip
def test_when_it_comes_due(trigger: dict[str, str], expected: datetime) -> None:
    assert due(trigger, due_on="2021-08-01", days=3) == expected


def test_a_month_from_the_end_of_a_month_is_the_end_of_the_next() -> None:
    play = Play(draw(catch("rest", after="P1M"), "start -> rest -> end"))
    play.now = datetime(2022, 1, 31, 2, tzinfo=UTC)
    assert play.start().wait("rest", WaitKind.TIMER).due_at == datetime(2022, 2, 28, 2, tzinfo=UTC)


def test_it_waits_for_its_moment_and_goes_on() -> None:
    play = Play(draw(catch("rest", after="PT24H"), "start -> rest -> end")).start().rests("rest")
    wait = play.wait("rest", WaitKind.TIMER)
    play.move(hours=23).rests("rest").move(hours=1).ended("end")
    play.refuses(runtime.Fire(wait.token, wait.element))


@pytest.mark.parametrize(
    "trigger",
    [{"after": "soon"}, {"after": "= missing"}, {"at": "= 5"}, {"at": "2021-02-30"}, {"after": "P9999Y"},
     {"at": "2021-08-01T08:00:00@Mars/Base"}],
)  # fmt: skip
def test_a_time_that_cannot_be_read_stops_the_case(trigger: dict[str, str]) -> None:
    Play(draw(catch("rest", **trigger), "start -> rest -> end")).start().stopped("rest", "timer_value")
