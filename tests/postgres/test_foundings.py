"""What tests found once in a run comes back as it was, and nothing of an earlier test can be taken for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy

from engine import campaign, ids, units
from engine import database as databases
from engine.units import Unit
from tests import database_fixtures, foundings
from tests.book_loan import bundles

founded: list[str] = []


def _network() -> dict[str, Unit]:
    founded.append("network")
    with databases.transaction() as connection:
        made = units.create(connection, "net", "network", "Mạng lưới")
    return {"network": made}


def emptied(database: sqlalchemy.Engine) -> None:
    with database.begin() as connection:
        databases.driver(connection).execute(database_fixtures.EMPTY)


def test_a_world_is_founded_once_and_comes_back_with_its_rows_for_each_its_own(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    with campaign.using(bundles.library()):
        first = foundings.once(_network)
        kept, times = dict(first), len(founded)
        first["spoilt"] = first["network"]  # what a test does to its world is its own affair
        emptied(database)
        assert foundings.once(_network) == kept
    assert len(founded) == times
    with databases.transaction() as connection:
        assert units.by_code(connection, "net") == kept["network"]


def test_a_world_of_another_moment_is_another(
    database: sqlalchemy.Engine, move: Callable[..., datetime]
) -> None:
    move(days=400)
    with campaign.using(bundles.library()):
        before = len(founded)
        foundings.once(_network)
    assert len(founded) == before + 1


def test_no_id_is_issued_twice_in_a_run(database: sqlalchemy.Engine) -> None:
    with databases.transaction() as connection:
        earlier = {ids.issue(connection) for _ in range(50)}
    emptied(database)
    with databases.transaction() as connection:
        assert earlier.isdisjoint(ids.issue(connection) for _ in range(50))
