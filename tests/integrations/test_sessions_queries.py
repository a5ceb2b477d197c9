"""What may be known of sessions: figures that add up, free places as they are now, each within the asker's reach."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, select

from engine import access, tables, units
from engine.access import Actor, Grant
from engine.errors import NotAllowed, NotFound
from engine.ids import AccountId
from engine.units import Unit
from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk
from web import lookups


@pytest.fixture
def desk(connection: Connection, move) -> Desk:
    return sessions_desk.opened(connection)


def worker(unit: Unit, role: str = "receptionist") -> Actor:
    return Actor(AccountId(7), "lan", "Lan", grants=(Grant(role, unit.id, unit.path),))


def sister(desk: Desk) -> Unit:
    """Another site of the same district."""
    return units.create(
        desk.connection, "tang-tien", "site", "Điểm tiêm Tăng Tiến", units.by_code(desk.connection, "219")
    )


def ids_of(answer: dict, part: str = "sessions") -> list[str]:
    return [one["session_id"] for one in answer[part]]


def test_a_days_figures_add_up(desk):
    round_id = desk.round_()
    session_id = desk.session(round_id=round_id, closes="10:00")
    desk.listed(round_id, "held")
    desk.does("offer", session_id=session_id, most=1, hours=1)
    for person, hour in [("a", "08:00"), ("b", "09:00"), ("c", "09:00")]:
        desk.booked(session_id, person, hour)
    desk.does("change", session_id=session_id, state="open")
    desk.does("arrive", person_id="a", arrival_kind="booked", at=f"{DAY}T08:00:00+07:00")
    desk.does("arrive", person_id="guest", arrival_kind="walk_in", at=f"{DAY}T08:00:00+07:00")
    desk.does("outcome", session_id=session_id, person_id="a", outcome="vaccinated")
    told = desk.asks("day", unit_code=desk.site.code, on=DAY)
    (one,) = told["sessions"]
    rows = [
        {name: hour[name] for name in ("hour", "capacity", "held", "booked", "arrived", "missed", "free")}
        for hour in one["hours"]
    ]
    assert rows == [
        {"hour": "08:00", "capacity": 4, "held": 1, "booked": 0, "arrived": 1, "missed": 0, "free": 2},
        {"hour": "09:00", "capacity": 4, "held": 0, "booked": 2, "arrived": 0, "missed": 0, "free": 2},
    ]
    assert told["totals"] == {
        "capacity": 8, "held": 1, "booked": 2, "arrived": 2, "missed": 0, "free": 4, "walk_ins": 1, "vaccinated": 1,
        "unfinished": 1,
    }  # fmt: skip
    assert told["as_of"] == "2021-07-26T09:00:00+07:00"


def test_a_day_of_a_district_is_that_of_its_sites(desk):
    first, second = desk.session(), desk.session(unit=sister(desk))
    assert ids_of(desk.asks("day", unit_code="219", on=DAY)) == [first, second]
    assert ids_of(desk.asks("day", unit_code="bich-dong", on=DAY)) == [first]


def test_nobody_reads_the_lists_of_another_units_sessions(desk):
    session_id = desk.session()
    desk.booked(session_id, "p")
    stranger, own = worker(sister(desk)), worker(desk.site)
    for query, inputs in [
        ("people", {"session_id": session_id}), ("day", {"unit_code": "bich-dong", "on": DAY}),
        ("sessions", {"unit_code": "bich-dong"}),
    ]:  # fmt: skip
        with pytest.raises(NotAllowed):
            desk.asks(query, stranger, **inputs)
        assert desk.asks(query, own, **inputs)
    with pytest.raises(NotFound):
        desk.asks("session", stranger, session_id=session_id)
    assert (
        desk.asks("session", own, session_id=session_id)["label"]
        == "27/07/2021 08:00–11:00 · Điểm tiêm Bích Động"
    )
    assert desk.asks("sessions", stranger)["sessions"] == []
    assert desk.asks("find_sessions", stranger, text="bích")["found"] == []
    visitor = Actor(AccountId(8), "visitor", "Visitor")
    with pytest.raises(NotAllowed):
        desk.asks("sessions", visitor)


def test_the_printed_list_is_by_hour_and_leaves_an_audit_row(desk):
    session_id = desk.session()
    for person, hour in [("c", "10:00"), ("a", "08:00"), ("b", "09:00"), ("d", "08:00"), ("gone", "08:00")]:
        booking_id = desk.booked(session_id, person, hour)
    desk.does("release", booking_id=booking_id, state="cancelled")
    listed = desk.asks("people", worker(desk.site), session_id=session_id)["people"]
    assert [(one["hour"], one["person_id"], one["state"]) for one in listed] == [
        ("08:00", "a", "booked"), ("08:00", "d", "booked"), ("09:00", "b", "booked"), ("10:00", "c", "booked"),
    ]  # fmt: skip
    assert desk.connection.scalars(select(tables.lookup.c.what)).all() == ["sessions.people"]


def test_a_persons_appointments_are_shown_with_what_is_still_to_come_anywhere(desk, move):
    session_id = desk.session()
    booking_id = desk.booked(session_id, "p")
    told = desk.asks("appointments", worker(sister(desk)), person_id="p")["appointments"]
    assert [one["booking_id"] for one in told] == [booking_id]
    desk.does("release", booking_id=booking_id, state="cancelled")
    assert (
        desk.asks("appointments", worker(units.by_code(desk.connection, "tang-tien")), person_id="p")[
            "appointments"
        ]
        == []
    )
    assert [
        one["state"] for one in desk.asks("appointments", worker(desk.site), person_id="p")["appointments"]
    ] == ["cancelled"]
    assert set(desk.connection.scalars(select(tables.lookup.c.subject))) == {"p"}


def test_only_what_is_announced_to_the_public_is_public(desk):
    visitor = Actor(None, "visitor", "Visitor")
    shown = desk.session()
    for number, audience in enumerate(("staff", "invited")):
        desk.session(audience=audience, place=f"Phòng {number}")
    cancelled = desk.session(place="Nhà văn hóa")
    desk.does("change", session_id=cancelled, state="cancelled")
    assert ids_of(desk.asks("public_sessions", visitor)) == [shown]
    assert ids_of(desk.asks("public_sessions", visitor, unit_code="219", on=DAY)) == [shown]
    assert desk.asks("public_sessions", visitor, on="2021-07-26")["sessions"] == []
    assert set(ids_of(desk.asks("free_slots", visitor), "slots")) == {shown}
    assert len(set(ids_of(desk.asks("free_slots", worker(desk.site)), "slots"))) == 3
    assert len(set(ids_of(desk.does("free_slots"), "slots"))) == 2, "a flow offers none of sessions for staff"


def test_a_place_is_free_until_it_is_taken_and_again_when_given_back(desk):
    session_id = desk.session(closes="09:00", tables=1, per_table_hour=1)

    def free() -> list[tuple[str, int]]:
        return [
            (one["starts_at"], one["free"]) for one in desk.asks("free_slots", session_id=session_id)["slots"]
        ]

    assert free() == [(f"{DAY}T08:00:00+07:00", 1)]
    booking_id = desk.booked(session_id, "p")
    assert free() == []
    desk.does("release", booking_id=booking_id, state="cancelled")
    assert free() == [(f"{DAY}T08:00:00+07:00", 1)]


def test_free_places_can_be_asked_for_by_round_unit_and_moment(desk):
    round_id = desk.round_()
    first = desk.session(round_id=round_id)
    second = desk.session(on="2021-07-28")
    assert set(ids_of(desk.asks("free_slots", round_id=round_id), "slots")) == {first}
    assert set(ids_of(desk.asks("free_slots", unit_code="219"), "slots")) == {first, second}
    late = desk.asks("free_slots", since=f"{DAY}T09:30:00+07:00", session_id=first)["slots"]
    assert [one["label"] for one in late] == ["10:00–11:00 27/07/2021 · Điểm tiêm Bích Động · 4"]


def test_sessions_and_rounds_are_found_by_what_is_typed(desk):
    session_id, round_id = desk.session(), desk.round_()
    for typed in ("bích động", "27/07", "bich-dong-2707-0800", session_id):
        assert [one["id"] for one in desk.asks("find_sessions", text=typed)["found"]] == [session_id]
    for typed in ("đợt 5", round_id):
        assert [one["id"] for one in desk.asks("find_rounds", text=typed)["found"]] == [round_id]
    assert (
        desk.asks("find_sessions", text="nowhere")["found"]
        == desk.asks("find_rounds", text="%")["found"]
        == []
    )
    desk.does("change", session_id=session_id, state="closed")
    assert desk.asks("find_sessions", text="bích")["found"] == []


def test_a_lookup_field_shows_a_round_and_a_session_although_both_are_asked_for_by_one_text(desk):
    session_id, round_id = desk.session(), desk.round_()
    presence = SimpleNamespace(actor=worker(desk.site))
    for find, identifier, code in [
        ("sessions.find_rounds", round_id, "Đợt 5"), ("sessions.find_sessions", session_id, "bich-dong-2707-0800"),
    ]:  # fmt: skip
        entry = lookups._known(desk.connection, find, identifier, presence)
        assert (entry["id"], lookups.code_of(entry)) == (identifier, code)
    assert lookups._known(desk.connection, "sessions.find_rounds", "12", presence) == {}


def test_a_round_is_seen_above_and_below_its_unit_and_not_beside_it(desk):
    round_id = str(
        desk.does(
            "open_round",
            units.by_code(desk.connection, "219"),
            name="Đợt 7",
            mode="ample",
            invitation_hours=3,
        )["round_id"]
    )
    elsewhere = units.create(desk.connection, "27", "province", "Tỉnh Bắc Ninh")
    for unit in (desk.site, units.by_code(desk.connection, "24")):
        assert desk.asks("round", worker(unit), round_id=round_id)["name"] == "Đợt 7"
    with pytest.raises(NotFound):
        desk.asks("round", worker(elsewhere), round_id=round_id)
    assert desk.asks("find_rounds", worker(elsewhere), text="đợt")["found"] == []


def test_the_public_sees_the_open_rounds_people_register_in_themselves(desk):
    visitor = Actor(None, "visitor", "Visitor")
    desk.round_()
    ample = str(
        desk.does(
            "open_round",
            units.by_code(desk.connection, "219"),
            name="Đợt 7",
            mode="ample",
            invitation_hours=3,
        )["round_id"]
    )
    assert [one["round_id"] for one in desk.asks("public_rounds", visitor)["rounds"]] == [ample]
    assert [
        one["round_id"] for one in desk.asks("public_rounds", visitor, unit_code="bich-dong")["rounds"]
    ] == [ample]
    assert desk.asks("public_rounds", visitor, unit_code="24")["rounds"] == []
    desk.does("set_round", round_id=ample, state="closed")
    assert desk.asks("public_rounds", visitor)["rounds"] == []


def test_the_engine_itself_reaches_everywhere(desk):
    assert ids_of(desk.asks("sessions", access.SYSTEM)) == []
    session_id = desk.session()
    assert ids_of(desk.asks("sessions", access.SYSTEM, since=DAY, until=DAY)) == [session_id]
    assert ids_of(desk.asks("sessions", access.SYSTEM, since="2021-07-28")) == []


def test_sessions_of_a_day_are_counted_for_each_unit_right_below(desk):
    busy, quiet = desk.session(), desk.session(unit=desk.site, opens="13:00", closes="14:00")
    desk.booked(busy, "1")
    desk.booked(busy, "2", "09:00")
    desk.does("change", case=busy, state="open")
    desk.does("change", case=quiet, state="cancelled")
    for unit_code, child in (("219", "bich-dong"), ("24", "219")):
        (found,) = desk.asks("below", unit_code=unit_code, on=DAY)["units"]
        assert found == {
            "unit_code": child, "sessions": 1, "open": 1, "paused": 0, "stopped": 0, "capacity": 12, "booked": 2,
            "arrived": 0, "missed": 0,
        }  # fmt: skip
    assert desk.asks("below", unit_code="219", on="2021-07-28")["units"] == []
    elsewhere = units.create(desk.connection, "48", "province", "Thành phố Đà Nẵng")
    with pytest.raises(NotFound):
        desk.asks("below", worker(elsewhere), unit_code="219", on=DAY)
