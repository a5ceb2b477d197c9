"""The demonstration: a campaign as if it had been running, made by the public verbs alone, once."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy
import yaml

from engine import clock, database, demo, instances, settings, simulation, stuck, user_tasks
from engine.access import SYSTEM
from engine.definitions import registry
from engine.errors import EngineError
from engine.stuck import Reason
from tests.postgres import rows

WHOLE = settings.CHECKOUT / "processes" / "demo.yaml"
PLAY = {
    "sites": ["bich-dong", "quang-minh"],
    "sessions": [
        {"after": "PT30M", "every": "PT5M", "cases": 7,
         "stories": ["khỏe mạnh", "dị ứng nhẹ", "mang thai", "trên 65 tuổi", "từ chối", "phản ứng nhẹ", "về sớm"]},
        {"before_now": "PT26H", "every": "PT3M", "cases": 3,
         "stories": ["quên giấy xác nhận", "bỏ dở khám", "mã người nhập sai"]},
        {"before_now": "PT45M", "every": "PT1M", "cases": 5,
         "stories": ["đang chờ tiếp đón", "đang chờ khám", "đang chờ tiêm", "đang theo dõi", "đang chờ giấy"]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def declaration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demonstration with the same units, staff and stories, but few people and cases."""
    content = yaml.safe_load(WHOLE.read_text("utf-8"))
    content["subjects"]["with"]["count"] = 40
    content["play"] = PLAY
    path = tmp_path_factory.mktemp("demo") / "demo.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    return path


def test_it_shows_cases_in_every_state_and_a_second_one_is_not_made(
    database: sqlalchemy.Engine,
    move: Callable[..., datetime],
    declaration: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    began_at = clock.now()
    said: list[str] = []
    seen: list[tuple[int, int]] = []
    with transaction() as connection:
        assert not demo.exists(connection)
    made = demo.create(declaration, said.append, lambda done, total: seen.append((done, total)))

    assert clock.now() == began_at, "the clock is as it was"
    assert sum(made.ended.values()) == 15
    assert said[0].startswith("13 units, 15 accounts")
    assert seen[-1] == (5, 5)
    assert {one.sign_in for one in made.sign_ins} >= {"tiepdon", "giamsat", "soanthao", "pheduyet", "quantri"}
    with transaction() as connection:
        assert demo.exists(connection)
        visits = instances.find(connection, SYSTEM, process="visit", limit=100)
        assert len(visits) == 15
        assert {one.outcome for one in visits} >= {
            None, "ended_confirmed", "ended_deferred", "ended_referred", "ended_refused",
        }  # fmt: skip
        resting = {task.element for task in user_tasks.queue(connection, SYSTEM)}
        assert resting >= {"reception", "ask_questions", "prepare_injection", "observation", "confirmation"}
        (deferral,) = instances.find(connection, SYSTEM, process="deferral")
        assert deferral.state == "active"
        reasons = {one.reason for one in stuck.find(connection, SYSTEM)}
        assert {Reason.INCIDENT, Reason.LATE, Reason.NOT_FOLLOWED} <= reasons
        assert registry.processes(connection) == ["deferral", "visit"]
        rows.agree(connection)

    plays_more(declaration)
    is_refused_over_there(declaration)


def plays_more(declaration: Path) -> None:
    """`simulate` begins so many cases more, ends them about now, and counts them all."""
    began_at = clock.now()
    ended = demo.play_more(declaration, 6, lambda done, total: None)
    assert len(ended) == 6
    assert all(one.outcome.startswith("ended_") for one in ended)
    assert clock.now() == began_at
    with transaction() as connection:
        assert len(instances.find(connection, SYSTEM, process="visit", limit=100)) == 21


def is_refused_over_there(declaration: Path) -> None:
    """A demonstration over a campaign that exists would mix the two: refused, and nothing of it stays."""
    with transaction() as connection:
        before = rows.all_of(connection)
    with pytest.raises(EngineError):
        demo.create(declaration, lambda line: None, lambda done, total: None)
    with transaction() as connection:
        assert rows.all_of(connection) == before


transaction = database.transaction


def test_every_sign_in_of_the_real_declaration_has_a_role_at_a_unit_it_declares() -> None:
    content = demo.declared(WHOLE)

    def codes(entry: dict[str, object]) -> set[str]:
        below = entry.get("units") or []
        return {str(entry["code"])}.union(*(codes(inner) for inner in below))  # type: ignore[attr-defined]

    known = set().union(*(codes(entry) for entry in content["units"]))
    for account in content["accounts"]:
        assert account["grants"], account["sign_in"]
        assert {granted["unit"] for granted in account["grants"]} <= known
    assert content["subjects"]["with"]["count"] == 200
    told = {story.name for story in simulation.stories(WHOLE)}
    played = {name for session in content["play"]["sessions"] for name in session["stories"]}
    assert played <= told


@pytest.mark.parametrize(
    "file", ["engine/demo.py", "engine/simulation.py", "tiemchung.py", "integrations/people/invention.py"]
)
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
