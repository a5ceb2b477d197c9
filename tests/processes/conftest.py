"""A clinic with the campaign's processes in force, on a held Monday morning, in an otherwise empty database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy

from tests import foundings
from tests.processes import clinic as clinics
from tests.processes import district as districts
from tests.processes.clinic import Clinic
from tests.processes.district import District


@pytest.fixture
def clinic(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Clinic:
    """One site with somebody for every role, and another site beside it."""
    return foundings.once(clinics.founded)


@pytest.fixture
def district(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> District:
    """Two communes with a site each, and the offices above them."""
    return foundings.once(districts.founded)
