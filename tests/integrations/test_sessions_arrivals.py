"""Who comes is found among the bookings, flagged where it does not fit, never refused; and what closes a day."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text

from engine import units
from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk


@pytest.fixture
def desk(connection: Connection, move) -> Desk:
    return sessions_desk.opened(connection)


@pytest.fixture
def opened(desk: Desk, move) -> str:
    """A session of a round, open; it is half past eight."""
    session_id = desk.session(round_id=desk.round_())
    move(hours=22)
    desk.does("change", session_id=session_id, state="open")
    move(hours=1, minutes=30)
    return session_id


def came(desk: Desk, person: str, kind: str = "booked", **others: object) -> dict:
    return desk.does("arrive", person_id=person, arrival_kind=kind, **others)


def flags(desk: Desk, person: str, kind: str = "booked", **others: object) -> list[str]:
    return came(desk, person, kind, **others)["arrival_flags"]


def ends(desk: Desk, session_id: str | None, person: str, outcome: str) -> bool:
    return desk.does("outcome", session_id=session_id, person_id=person, outcome=outcome)["recorded"]


def test_who_comes_in_the_hour_booked_is_marked_arrived(desk, opened, move):
    round_id = desk.does("session", session_id=opened)["round_id"]
    booking_id = desk.booked(opened, "p", declared={"fever": "no"})
    move(minutes=5)
    assert came(desk, "p") == {
        "session_id": opened, "session_state": "open", "booking_id": booking_id, "booked_for": f"{DAY}T08:00:00+07:00",
        "declared": {"fever": "no", "declared_at": f"{DAY}T08:30:00+07:00"}, "round_id": round_id, "arrival_flags": [],
    }  # fmt: skip
    assert desk.state(booking_id) == "arrived"
    assert sessions_desk.agree(desk.connection) == 1


def test_what_was_said_when_joining_the_list_is_shown_when_nothing_was_said_at_booking(desk, opened):
    round_id = desk.does("session", session_id=opened)["round_id"]
    desk.does(
        "join_list", round_id=round_id, person_id="p", priority_group=1, declared={"allergy": "unknown"}
    )
    desk.booked(opened, "p")
    assert came(desk, "p")["declared"]["allergy"] == "unknown"
    assert came(desk, "nobody")["declared"] is None


@pytest.mark.parametrize(
    ("hour", "minutes", "expected"),
    [("09:00", None, []), ("10:00", None, ["other_hour"]), ("10:00", 90, []), ("09:00", 0, ["other_hour"])],
)
def test_who_comes_in_another_hour_is_flagged_beyond_the_grace(desk, opened, hour, minutes, expected):
    booking_id = desk.booked(opened, "p", hour)
    assert flags(desk, "p", grace_minutes=minutes) == expected
    assert desk.state(booking_id) == "arrived", "they are here, and have their place"


def test_a_booking_for_another_day_is_told_and_kept(desk, opened):
    later = desk.session(on="2021-07-29")
    given = desk.does("reserve", session_id=later, starts_at="2021-07-29T08:00:00+07:00", person_id="p")
    told = came(desk, "p")
    assert (told["session_id"], told["booking_id"], told["arrival_flags"]) == (
        opened,
        given["booking_id"],
        ["other_day"],
    )
    assert desk.state(given["booking_id"]) == "booked"


def test_a_booking_at_another_site_is_told_and_given_back_only_when_the_dose_is_given_here(desk, opened):
    other = units.create(
        desk.connection, "tang-tien", "site", "Điểm tiêm Tăng Tiến", units.by_code(desk.connection, "219")
    )
    round_id = desk.does("session", session_id=opened)["round_id"]
    elsewhere = desk.session(unit=other, round_id=round_id)
    booking_id = desk.booked(elsewhere, "p")
    told = came(desk, "p")
    assert (told["session_id"], told["booking_id"], told["arrival_flags"]) == (
        opened,
        booking_id,
        ["other_site"],
    )
    ends(desk, opened, "p", "left")
    assert desk.state(booking_id) == "booked"
    came(desk, "p")
    ends(desk, opened, "p", "vaccinated")
    assert desk.state(booking_id) == "cancelled"
    assert sessions_desk.agree(desk.connection) == 0


def test_who_has_no_booking_is_flagged_only_where_the_session_does_not_admit_them(desk, opened):
    assert flags(desk, "p", "walk_in") == ["no_booking"]
    assert flags(desk, "q", "standby") == []
    assert came(desk, "r")["booking_id"] is None
    desk.session(case=opened, walk_ins=True)
    assert flags(desk, "s", "walk_in") == []


@pytest.mark.parametrize(
    ("state", "expected"),
    [("paused", "session_paused"), ("stopped", "session_stopped"), ("closed", "session_not_open")],
)
def test_a_session_that_is_not_open_is_flagged(desk, opened, state, expected):
    desk.booked(opened, "p")
    desk.does("change", session_id=opened, state=state)
    told = came(desk, "p")
    assert (told["session_state"], told["arrival_flags"]) == (state, [expected])


def test_before_it_opened_it_was_not_open_whatever_it_is_now(desk, opened):
    desk.booked(opened, "p")
    desk.does("change", session_id=opened, state="stopped")
    assert flags(desk, "p", at=f"{DAY}T06:00:00+07:00") == ["session_not_open", "other_hour"]
    assert desk.does("at_site", at=f"{DAY}T08:00:00+07:00")["session_state"] == "open"


def test_where_there_is_no_session_that_is_said(desk):
    told = came(desk, "p", "walk_in")
    assert (told["session_id"], told["session_state"], told["arrival_flags"]) == (None, None, ["no_session"])
    assert desk.does("at_site") == {
        "session_id": None, "session_state": None, "walk_ins": False, "standby": False, "products": [],
        "round_id": None, "place": None,
    }  # fmt: skip
    assert ends(desk, None, "p", "vaccinated"), "what happened is recorded all the same"


def test_who_comes_twice_is_flagged_and_counted_once(desk, opened):
    desk.booked(opened, "p")
    assert flags(desk, "p") == []
    assert flags(desk, "p") == ["already_arrived"]
    ends(desk, opened, "p", "deferred")
    assert flags(desk, "p") == ["already_arrived"]
    ends(desk, opened, "p", "vaccinated")
    assert desk.connection.scalars(text("select outcome from attendance order by 1")).all() == [
        "deferred",
        "vaccinated",
    ]
    assert desk.connection.scalar(text("select state from booking")) == "served"


def test_of_two_sessions_of_a_day_it_is_the_one_booked_else_the_one_open_else_the_nearest(desk, opened):
    afternoon = desk.session(opens="13:00", closes="16:00", walk_ins=True)
    desk.booked(afternoon, "p", "13:00")
    assert came(desk, "p")["session_id"] == afternoon
    assert came(desk, "q")["session_id"] == opened
    assert desk.does("at_site", at=f"{DAY}T15:00:00+07:00")["session_id"] == opened, "the one that is open"
    desk.does("change", session_id=opened, state="closed")
    assert desk.does("at_site", at=f"{DAY}T15:00:00+07:00")["session_id"] == afternoon, "the nearest"
    assert desk.does("at_site", at=f"{DAY}T07:30:00+07:00")["session_id"] == opened


def test_an_outcome_without_an_arrival_is_an_arrival(desk, opened):
    booking_id = desk.booked(opened, "p")
    assert ends(desk, opened, "p", "vaccinated")
    assert desk.state(booking_id) == "served"
    assert not ends(desk, opened, "p", "left"), "nothing undoes a vaccination"
    assert desk.connection.scalars(text("select outcome from attendance")).all() == ["vaccinated"]


@pytest.mark.parametrize("outcome", ["deferred", "refused", "left", "referred", "contraindicated"])
def test_who_was_not_vaccinated_is_not_done_and_can_be_listed_again(desk, opened, outcome):
    round_id = desk.does("session", session_id=opened)["round_id"]
    desk.listed(round_id, "p", "q")
    desk.booked(opened, "p")
    came(desk, "p")
    ends(desk, opened, "p", outcome)
    assert desk.does("join_list", round_id=round_id, person_id="p", priority_group=1)["place"] == 2
    desk.booked(opened, "p", "09:00")


def test_who_was_vaccinated_is_done_with_the_round(desk, opened):
    round_id = desk.does("session", session_id=opened)["round_id"]
    desk.listed(round_id, "p")
    desk.booked(opened, "p")
    came(desk, "p")
    ends(desk, opened, "p", "vaccinated")
    assert desk.does("join_list", round_id=round_id, person_id="p", priority_group=1)["place"] == 0
    assert desk.does("offer", session_id=opened, most=5, hours=1)["offers"] == []


def test_at_the_close_who_did_not_come_has_missed_it_and_holds_are_given_back(desk, opened, move):
    round_id = desk.does("session", session_id=opened)["round_id"]
    desk.listed(round_id, "held")
    desk.does("offer", session_id=opened, most=1, hours=1)
    absent, present = desk.booked(opened, "absent", "09:00"), desk.booked(opened, "present", "09:00")
    came(desk, "present")
    came(desk, "guest", "walk_in")
    move(hours=3)
    ended = desk.does("close", session_id=opened)
    assert [(one["person_id"], one["booking_id"]) for one in ended["missed"]] == [("absent", absent)]
    counts = {name: number for name, number in ended["counts"].items() if number}
    assert counts == {"missed": 1, "expired": 1, "arrived": 2, "walk_ins": 1, "unfinished": 2}
    assert desk.does("session", session_id=opened)["state"] == "closed"
    assert desk.does("close", session_id=opened)["missed"] == []
    assert desk.state(present) == "arrived"
    assert sessions_desk.agree(desk.connection) == 2


def test_who_missed_it_and_is_entered_later_had_come(desk, opened, move):
    booking_id = desk.booked(opened, "p")
    move(hours=8)
    desk.does("close", session_id=opened)
    assert desk.state(booking_id) == "missed"
    assert flags(desk, "p", at=f"{DAY}T08:40:00+07:00") == ["missed_before"]
    assert desk.state(booking_id) == "arrived"
    assert sessions_desk.agree(desk.connection) == 1


def test_who_missed_it_and_has_another_booking_in_the_round_keeps_that(desk, opened, move):
    round_id = desk.does("session", session_id=opened)["round_id"]
    missed = desk.booked(opened, "p")
    desk.does("release", booking_id=missed, state="missed")
    desk.does(
        "reserve",
        session_id=desk.session(on="2021-07-28", round_id=round_id),
        starts_at="2021-07-28T08:00:00+07:00",
        person_id="p",
    )
    assert flags(desk, "p") == ["missed_before"]
    assert desk.state(missed) == "missed"
    assert sessions_desk.agree(desk.connection) == 2
