"""A site's profile: the site edits it, the district confirms, everybody sees the new one and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy

from engine import access, catalogue, instances, user_tasks
from engine import database as databases
from engine.access import Actor
from engine.errors import Invalid, NotFound
from engine.ids import InstanceId
from tests import foundings
from tests.processes import bundles
from tests.processes import clinic as clinics
from tests.processes.clinic import Clinic

DETAILS = {
    "place": "Nhà văn hóa thôn Đông", "address": "Thôn Đông, xã Quảng Minh", "table_count": 4,
    "person_in_charge": "Ngô Đức Thắng", "audience": "public", "opens_at": "07:30", "closes_at": "17:00",
    "open_days": ["mon", "tue"], "latitude": 21.27, "longitude": 106.1,
}  # fmt: skip


@pytest.fixture
def profiles(database: sqlalchemy.Engine, move: Callable[..., datetime]) -> Clinic:
    """The clinic with the process in force and an officer at the district."""
    return foundings.once(_profiled)


def _profiled() -> Clinic:
    clinic = foundings.once(clinics.founded)
    clinic.publish(bundles.bundle("site_profile"))
    with databases.transaction() as connection:
        clinic.staff["district_officer"] = clinics._account(
            connection, "district_officer", "district_officer", clinic.units["219"]
        )
    return clinic


def started(clinic: Clinic) -> InstanceId:
    with databases.transaction() as connection:
        return instances.start(
            connection, "site_profile", clinic.units["diem-1"], {}, clinic.staff["site_lead"]
        )


def answered(case: InstanceId, actor: Actor, **answers: Any) -> None:
    with databases.transaction() as connection:
        (task,) = user_tasks.queue(connection, actor, instance_id=case)
        user_tasks.complete(connection, task.id, actor, answers)


def public(**asked: Any) -> list[dict[str, Any]]:
    with databases.transaction() as connection:
        found = catalogue.ask(connection, "sites.public", asked, access.SYSTEM)["sites"]
        return [dict(one) for one in found]


def test_the_public_page_follows_what_the_district_confirms(profiles: Clinic) -> None:
    case = started(profiles)
    answered(case, profiles.staff["site_lead"], **DETAILS)
    assert public() == []
    answered(case, profiles.staff["district_officer"], review_outcome="confirm")
    (shown,) = public()
    assert (shown["place"], shown["table_count"], shown["province_code"]) == (
        "Nhà văn hóa thôn Đông",
        4,
        "24",
    )
    again = started(profiles)
    answered(again, profiles.staff["site_lead"], **DETAILS | {"table_count": 6})
    answered(again, profiles.staff["district_officer"], review_outcome="confirm")
    assert [(one["version"], one["table_count"]) for one in public()] == [(2, 6)]


def test_a_refused_change_leaves_what_is_public_as_it_was(profiles: Clinic) -> None:
    case = started(profiles)
    answered(case, profiles.staff["site_lead"], **DETAILS)
    answered(case, profiles.staff["district_officer"], review_outcome="refuse", review_reason="Chưa đủ bàn")
    assert public() == []


def test_what_was_said_before_is_there_to_be_edited(profiles: Clinic) -> None:
    case = started(profiles)
    answered(case, profiles.staff["site_lead"], **DETAILS)
    answered(case, profiles.staff["district_officer"], review_outcome="confirm")
    again = started(profiles)
    with databases.transaction() as connection:
        assert instances.state_of(connection, again).variables["profile"]["place"] == DETAILS["place"]


def test_a_site_for_its_own_staff_is_never_shown(profiles: Clinic) -> None:
    case = started(profiles)
    answered(case, profiles.staff["site_lead"], **DETAILS | {"audience": "staff"})
    answered(case, profiles.staff["district_officer"], review_outcome="confirm")
    assert public() == []
    with databases.transaction() as connection, pytest.raises(NotFound):
        catalogue.ask(connection, "sites.site", {"unit_code": "diem-1"}, access.SYSTEM)


def test_sites_are_found_below_a_unit_and_without_diacritics(profiles: Clinic) -> None:
    case = started(profiles)
    answered(case, profiles.staff["site_lead"], **DETAILS)
    answered(case, profiles.staff["district_officer"], review_outcome="confirm")
    assert [one["unit_code"] for one in public(text="nha van hoa dong")] == ["diem-1"]
    assert public(text="Quảng  Minh", unit_code="219")
    assert not public(unit_code="xa-2") and not public(text="truong hoc")


def test_half_a_position_is_refused_at_the_form(profiles: Clinic) -> None:
    case = started(profiles)
    half = {name: value for name, value in DETAILS.items() if name != "longitude"}
    with pytest.raises(Invalid):
        answered(case, profiles.staff["site_lead"], **half)


def test_an_opening_that_ends_before_it_begins_is_refused_where_it_is_typed(profiles: Clinic) -> None:
    case = started(profiles)
    with pytest.raises(Invalid):
        answered(case, profiles.staff["site_lead"], **DETAILS | {"closes_at": "06:00"})
