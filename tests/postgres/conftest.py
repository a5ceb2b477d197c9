"""The library in an empty database, its clock standing still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy

from tests.postgres import library as libraries
from tests.postgres.library import Library


@pytest.fixture
def library(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Iterator[Library]:
    """One branch with somebody for every role, and the book loan in force."""
    with libraries.opened() as opened:
        yield opened
