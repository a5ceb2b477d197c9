"""The demonstration: a campaign as if it had been running, made by the public verbs alone, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy

from engine import (
    bearers,
    campaign,
    clock,
    database,
    demo,
    instances,
    settings,
    stories,
    stuck,
    units,
    user_tasks,
)
from engine.access import SYSTEM
from engine.stuck import Reason
from tests import foundings
from tests.postgres import rows

WHOLE = settings.CHECKOUT / "processes" / "demo.yaml"
SCALE = 0.25  # of the cases of those scenes that have several


def test_it_shows_cases_in_every_state_and_a_second_one_is_not_made(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    began_at = clock.now()
    said: list[str] = []
    with transaction() as connection:
        assert not demo.exists(connection)
    with foundings.cheap_hashes():
        made = demo.create(WHOLE, said.append, lambda done, total: None, SCALE)

    assert clock.now() == began_at, "the clock is as it was"
    assert said[0].startswith("34 units") and said[1].startswith("2000 people")
    with transaction() as connection:
        assert demo.exists(connection)
        kinds = [one.kind for one in units.below(connection, "/")]
        assert kinds.count("province") == 3 and kinds.count("store") >= 6
        visits = instances.find(connection, SYSTEM, process="visit", limit=500)
        assert {one.outcome for one in visits} >= {None, "ended_confirmed", "ended_deferred", "ended_refused"}
        resting = {task.element for task in user_tasks.queue(connection, SYSTEM, limit=500)}
        assert resting >= {
            "reception", "prepare_injection", "observation", "confirmation", "run_session", "steer_round", "approve",
            "approve_request", "receive_vaccine", "resolve_discrepancy", "prepare_session", "review_flags",
        }  # fmt: skip
        sessions = instances.find(connection, SYSTEM, process="session", limit=50)
        assert sum(one.outcome == "ended_closed" for one in sessions) == 5
        assert instances.find(connection, SYSTEM, process="registration", limit=5)
        reasons = {one.reason for one in stuck.find(connection, SYSTEM)}
        assert {Reason.INCIDENT, Reason.LATE} <= reasons
        rows.agree(connection)
    assert made.ended["@review_flags"] == 1
    every_dose_recorded_has_left_the_stock()
    a_code_it_tells_opens_its_case()
    it_plays_whole_sessions_more()


def every_dose_recorded_has_left_the_stock() -> None:
    """Recorded doses equal injected ones, those not covered by a receipt included."""
    with transaction() as connection:
        recorded = connection.scalar(sqlalchemy.text("select count(*) from record where kind = 'dose'"))
        posted = connection.scalar(sqlalchemy.text("select count(*) from stock_dose"))
        assert recorded and recorded > 20
        assert posted == recorded


def a_code_it_tells_opens_its_case() -> None:
    with transaction() as connection:
        for code, proof in demo.codes(connection):
            assert bearers.shown(connection, code, [proof], "here")


def it_plays_whole_sessions_more() -> None:
    """`simulate` plays sessions from plan to closing, with so many cases, on a day that is over."""
    began_at = clock.now()
    for _ in range(2):
        ended = demo.play_more(WHOLE, 4, lambda done, total: None)
        assert sum(one.outcome == "ended_closed" for one in ended) == 2
        assert sum(one.story not in ("nhập kho", "buổi tiêm trọn ngày") for one in ended) >= 4
    assert clock.now() == began_at


transaction = database.transaction


def test_every_sign_in_of_the_declaration_has_a_role_at_a_unit_and_every_role_somebody() -> None:
    content = demo.declared(WHOLE)

    def codes(entry: dict[str, object]) -> set[str]:
        below = entry.get("units") or []
        return {str(entry["code"])}.union(*(codes(inner) for inner in below))  # type: ignore[attr-defined]

    known = set().union(*(codes(entry) for entry in content["units"]))
    held = set()
    for account in content["accounts"]:
        assert account["grants"], account["sign_in"]
        assert {granted["unit"] for granted in account["grants"]} <= known
        held |= {role for granted in account["grants"] for role in granted["roles"]}
    roles = campaign.read(WHOLE.with_name("campaign.yaml")).roles
    assert held == {key for key, role in roles.items() if role.may}
    assert content["subjects"]["with"]["count"] == 2000
    for name, play in content["plays"].items():
        assert stories.script(content, play, 4).scenes, name


@pytest.mark.parametrize(
    "file",
    ["engine/demo.py", "engine/simulation.py", "engine/casts.py", "engine/stories.py", "tiemchung.py",
     "engine/command_line/measures.py", "integrations/people/invention.py"],
)  # fmt: skip
def test_no_row_of_the_demonstration_is_written_by_hand(file: str) -> None:
    assert written_by_hand((settings.CHECKOUT / file).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "planted",
    ["tables.unit.insert().values(x=1)", "from sqlalchemy import Connection, insert", "INSERT INTO unit VALUES (1)",
     "tables.unit.update().where(x)", "tables.unit.delete()", "delete from unit", "update unit set name = 'x'"],
)  # fmt: skip
def test_a_row_written_by_hand_would_be_found(planted: str) -> None:
    assert written_by_hand(planted)


def written_by_hand(text: str) -> list[str]:
    """What in a program writes rows beside the public verbs."""
    found = re.findall(
        r"\.insert\(|\.update\(\)|\.delete\(\)|insert into|\bupdate \w+ set\b|delete from|\.copy\(",
        text,
        re.IGNORECASE,
    )
    return found + re.findall(r"from sqlalchemy.* import .*\b(?:insert|update|delete)\b", text)
