"""Which round a unit belongs to, where somebody stands in it, and which hours those who were listed see."""

from __future__ import annotations

import pytest

from engine import units
from engine.access import Actor
from tests.integrations.sessions_desk import DAY, Desk

NOBODY = Actor(None, "nobody", "Nobody")


@pytest.fixture
def desk(connection, move):
    vn = units.create(connection, "vn", "national", "Toàn quốc")
    province = units.create(connection, "24", "province", "Tỉnh", vn)
    district = units.create(connection, "219", "district", "Huyện", province)
    return Desk(connection, units.create(connection, "xa-1", "commune", "Xã 1", district))


def test_the_round_of_a_unit_is_the_newest_open_one_of_the_nearest_unit_above_it(desk, move):
    assert desk.does("round_for", unit_code="xa-1")["round_id"] is None
    of_province = desk.round_(unit_code="24")
    assert desk.does("round_for", unit_code="xa-1")["round_id"] == of_province
    first = desk.round_(unit_code="219", name="Đợt 4")
    move(days=1)
    second = desk.round_(unit_code="219", mode="ample")
    found = desk.does("round_for", unit_code="xa-1")
    assert (found["round_id"], found["mode"]) == (second, "ample")
    desk.does("set_round", round_id=second, state="closed")
    assert desk.does("round_for", unit_code="xa-1")["round_id"] == first


def test_a_round_covers_no_unit_that_is_beside_it(desk):
    desk.round_(unit_code="219")
    assert desk.does("round_for", unit_code="24")["round_id"] is None


def test_where_somebody_stands_on_a_list_can_be_asked(desk):
    round_id = desk.round_(unit_code="219")
    assert desk.does("listing", round_id=round_id, person_id="1")["state"] is None
    desk.listed(round_id, "1", group=9)
    assert desk.does("listing", round_id=round_id, person_id="1") == {"state": "waiting", "priority_group": 9}


def test_hours_for_the_invited_are_seen_by_those_who_name_the_round(desk):
    round_id = desk.round_(unit_code="219")
    desk.session(round_id=round_id, audience="invited")
    assert desk.asks("free_slots", NOBODY, unit_code="xa-1")["slots"] == []
    seen = desk.asks("free_slots", NOBODY, round_id=round_id)["slots"]
    assert seen[0]["starts_at"] == f"{DAY}T08:00:00+07:00"


def test_hours_for_staff_stay_with_the_staff(desk):
    round_id = desk.round_(unit_code="219")
    desk.session(round_id=round_id, audience="staff")
    assert desk.asks("free_slots", NOBODY, round_id=round_id)["slots"] == []
