"""A clinic with the campaign's processes in force, on a held Monday morning, in an otherwise empty database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy

from engine import database as databases
from engine.definitions import registry
from tests.processes import clinic as clinics
from tests.processes import district as districts
from tests.processes import snapshots
from tests.processes.clinic import Clinic
from tests.processes.district import District
from tests.processes.snapshots import Snapshot


@pytest.fixture(scope="module")
def _founded() -> Iterator[list[tuple[Clinic, Snapshot]]]:
    """Founded once for a module: no test here publishes, so the compiled versions may stay too."""
    registry.forget()
    yield []
    registry.forget()


@pytest.fixture
def clinic(
    database: sqlalchemy.Engine, move: Callable[..., datetime], _founded: list[tuple[Clinic, Snapshot]]
) -> Clinic:
    """One site with somebody for every role, and another site beside it."""
    if not _founded:
        made = clinics.founded()
        with databases.transaction() as connection:
            _founded.append((made, snapshots.taken(connection)))
    else:
        with databases.transaction() as connection:
            snapshots.put_back(connection, _founded[0][1])
    return _founded[0][0]


@pytest.fixture(scope="module")
def _settled() -> Iterator[list[tuple[District, Snapshot]]]:
    """As for the clinic: founded once for a module."""
    registry.forget()
    yield []
    registry.forget()


@pytest.fixture
def district(
    database: sqlalchemy.Engine, move: Callable[..., datetime], _settled: list[tuple[District, Snapshot]]
) -> District:
    """Two communes with a site each, and the offices above them."""
    if not _settled:
        made = districts.founded()
        with databases.transaction() as connection:
            _settled.append((made, snapshots.taken(connection)))
    else:
        with databases.transaction() as connection:
            snapshots.put_back(connection, _settled[0][1])
    return _settled[0][0]
