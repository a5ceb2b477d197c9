"""The tree of units as processes ask for it."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from engine import access, catalogue, clock, settings, units
from engine.catalogue import Context
from engine.errors import BusinessError
from engine.units import Unit


@pytest.fixture
def site(connection: Connection) -> Unit:
    province = units.create(connection, "24", "province", "Tỉnh Bắc Giang")
    district = units.create(connection, "219", "district", "Huyện Việt Yên", province)
    return units.create(connection, "bich-dong", "site", "Điểm tiêm Bích Động", district)


def asked(connection: Connection, name: str, unit: Unit | None, **inputs: object) -> catalogue.Json:
    context = Context("1-1-x", clock.now(), connection, access.SYSTEM, unit, settings.current())
    return catalogue.current().service_task(name).call(dict(inputs), context)


def test_the_unit_of_a_kind_above_a_site_is_found(connection: Connection, site: Unit) -> None:
    assert asked(connection, "units.above", site, kind="district")["unit_code"] == "219"
    assert (
        asked(connection, "units.above", None, kind="province", unit_code="bich-dong")["name"]
        == "Tỉnh Bắc Giang"
    )
    assert asked(connection, "units.above", site, kind="site")["unit_code"] == "bich-dong"


def test_what_covers_nobody_is_refused_as_the_process_models_it(connection: Connection, site: Unit) -> None:
    for inputs in ({"kind": "region"}, {"kind": "site", "unit_code": "nowhere"}):
        with pytest.raises(BusinessError, match="UNIT_UNKNOWN"):
            asked(connection, "units.above", site, **inputs)


def test_units_are_found_by_part_of_a_name_and_of_the_kinds_asked(connection: Connection, site: Unit) -> None:
    found = catalogue.ask(connection, "units.find", {"text": "việt yên"}, access.SYSTEM)["found"]
    assert [one["id"] for one in found] == ["219"]
    assert catalogue.ask(connection, "units.find", {"text": "b", "kinds": ["site"]}, access.SYSTEM)["found"]
    assert not catalogue.ask(connection, "units.find", {"text": "100%", "kinds": []}, access.SYSTEM)["found"]
