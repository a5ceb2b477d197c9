"""The list, invitations and standby: who is next, held once, used once."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import Connection, text

from engine import units
from engine.errors import BusinessError
from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk


@pytest.fixture
def desk(connection: Connection, move) -> Desk:
    return sessions_desk.opened(connection)


@pytest.fixture
def round_id(desk: Desk) -> str:
    return desk.round_()


def offered(desk: Desk, session_id: str, most: int = 10, hours: float = 2) -> list[str]:
    return [
        one["person_id"]
        for one in desk.does("offer", session_id=session_id, most=most, hours=hours)["offers"]
    ]


def joined(desk: Desk, round_id: str, person: str, group: int = 1, **others: object) -> int:
    return int(
        desk.does("join_list", round_id=round_id, person_id=person, priority_group=group, **others)["place"]
    )


def standing(desk: Desk, person: str) -> str | None:
    return desk.connection.scalar(
        text("select state from listing where person_id = :person"), {"person": person}
    )


def test_the_next_are_those_of_the_first_group_who_were_listed_first(desk, round_id, move):
    desk.listed(round_id, "late", "later", group=9)
    move(minutes=1)
    desk.listed(round_id, "first", group=2)
    move(minutes=1)
    desk.listed(round_id, "second", "third", group=2)
    session_id = desk.session(round_id=round_id)
    offers = desk.does("offer", session_id=session_id, most=4, hours=2)["offers"]
    assert [one["person_id"] for one in offers] == ["first", "second", "third", "late"]
    assert {one["starts_at"] for one in offers} == {f"{DAY}T08:00:00+07:00"}, "earliest hour first"
    assert offers[0]["held_until"] == "2021-07-26T11:02:00+07:00"
    assert (offers[0]["unit_code"], offers[0]["place"], offers[0]["on"]) == (
        "bich-dong",
        "Điểm tiêm Bích Động",
        DAY,
    )
    assert sessions_desk.agree(desk.connection) == 4


def test_who_is_listed_already_stays_where_they_are(desk, round_id, move):
    desk.listed(round_id, "a", "b", group=2)
    move(minutes=1)
    again = desk.does(
        "list_people", round_id=round_id, source="x",
        people=[{"person_id": one, "priority_group": 1} for one in ("b", "c", "c")],
    )  # fmt: skip
    assert [one["person_id"] for one in again["listed"]] == ["c"]
    assert [one["person_id"] for one in again["already"]] == ["b"]
    assert joined(desk, round_id, "b") == 3


def test_a_place_on_the_list_counts_those_before(desk, round_id):
    desk.listed(round_id, "a", "b", group=2)
    assert joined(desk, round_id, "c", 2) == 3
    assert joined(desk, round_id, "d", 1) == 1
    assert joined(desk, round_id, "c", 2) == 4
    assert desk.does("leave_list", round_id=round_id, person_id="d")["left"]
    assert not desk.does("leave_list", round_id=round_id, person_id="d")["left"]
    assert joined(desk, round_id, "c", 2) == 3


def test_a_round_that_is_closed_takes_nobody_and_invites_nobody(desk, round_id):
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "a")
    assert desk.does("set_round", round_id=round_id, state="closed")["state"] == "closed"
    with pytest.raises(BusinessError, match=r"Đợt 5.* đã kết thúc"):
        desk.listed(round_id, "b")
    with pytest.raises(BusinessError, match="ROUND_CLOSED"):
        joined(desk, round_id, "b")
    assert offered(desk, session_id) == []
    desk.does("set_round", round_id=round_id, state="open", invitation_hours=6, mode="ample")
    assert desk.does("round", round_id=round_id)["invitation_hours"] == 6
    assert offered(desk, session_id) == ["a"]


def test_no_more_are_invited_than_there_are_places(desk, round_id):
    session_id = desk.session(round_id=round_id, tables=1, per_table_hour=1)
    desk.listed(round_id, *"abcde")
    desk.booked(session_id, "z", "09:00")
    assert offered(desk, session_id) == ["a", "b"]
    assert offered(desk, session_id) == []
    assert sessions_desk.agree(desk.connection) == 3


def test_hours_that_have_begun_are_not_offered_and_no_hold_outlasts_its_hours_beginning(desk, round_id, move):
    session_id = desk.session(round_id=round_id, tables=1, per_table_hour=1)
    desk.listed(round_id, *"abcde")
    move(hours=23, minutes=15)
    offers = desk.does("offer", session_id=session_id, most=10, hours=24)["offers"]
    assert [(one["starts_at"][11:16], one["held_until"][11:16]) for one in offers] == [
        ("09:00", "09:00"), ("10:00", "10:00"),
    ]  # fmt: skip


def test_an_invitation_is_used_once(desk, round_id):
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "a")
    (offer,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    booking = desk.does("accept", booking_id=offer["booking_id"])
    assert (booking["state"], booking["code"], booking["starts_at"]) == (
        "booked",
        offer["code"],
        offer["starts_at"],
    )
    with pytest.raises(BusinessError, match="đã được dùng") as refused:
        desk.does("accept", booking_id=offer["booking_id"])
    assert refused.value.code == "OFFER_EXPIRED"


@pytest.mark.parametrize("state", ["declined", "expired", "cancelled"])
def test_an_invitation_that_ended_is_not_accepted_and_its_place_is_offered_to_the_next(desk, round_id, state):
    session_id = desk.session(round_id=round_id, closes="09:00", tables=1, per_table_hour=1)
    desk.listed(round_id, "a", "b")
    (offer,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    assert offered(desk, session_id) == []
    assert desk.does("release", booking_id=offer["booking_id"], state=state)["released"]
    with pytest.raises(BusinessError, match="OFFER_EXPIRED"):
        desk.does("accept", booking_id=offer["booking_id"])
    assert offered(desk, session_id) == ["b"], "the one who did not take it is not asked again"
    assert sessions_desk.agree(desk.connection) == 1


def test_an_invitation_that_ran_out_is_not_accepted_even_if_nobody_ended_it_yet(desk, round_id, move):
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "a")
    (offer,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    assert datetime.fromisoformat(offer["held_until"]) == move(hours=2)
    with pytest.raises(BusinessError, match="chỉ có hiệu lực đến 11:00 26/07/2021"):
        desk.does("accept", booking_id=offer["booking_id"])
    assert desk.state(offer["booking_id"]) == "held"


def test_a_hold_that_nobody_ended_in_time_stands_in_nobodys_way(desk, round_id, move):
    session_id = desk.session(round_id=round_id, closes="09:00", tables=1, per_table_hour=2)
    desk.listed(round_id, *"abcd")
    first, second = desk.does("offer", session_id=session_id, most=2, hours=2)["offers"]
    with pytest.raises(BusinessError, match="SLOT_FULL"):
        desk.booked(session_id, "x")
    desk.does("accept", booking_id=first["booking_id"])
    move(hours=2)
    desk.booked(session_id, "x")
    assert (desk.state(second["booking_id"]), standing(desk, "b")) == ("expired", "passed")
    assert not desk.does("release", booking_id=second["booking_id"], state="expired")["released"]
    desk.does("release", booking_id=first["booking_id"], state="cancelled")
    desk.does("offer_next", session_id=session_id, hours=1)
    move(hours=1)
    assert offered(desk, session_id) == ["d"]
    assert sessions_desk.agree(desk.connection) == 2


def test_the_next_are_read_from_an_index_in_their_order(desk, round_id):
    desk.listed(round_id, *(f"p{number}" for number in range(300)))
    desk.connection.execute(text("analyze listing"))
    plan = "\n".join(
        desk.connection.scalars(
            text(
                "explain select person_id from listing where round_id = 1 and state = 'waiting' "
                "order by priority_group, listed_at, number limit 5 for update skip locked"
            )
        )
    )
    assert "ix_listing_next" in plan
    assert "Sort" not in plan


def test_who_let_it_lapse_can_be_listed_again_and_then_stands_at_the_end(desk, round_id, move):
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "a", "b")
    (offer,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    desk.does("release", booking_id=offer["booking_id"], state="expired")
    assert standing(desk, "a") == "passed"
    assert joined(desk, round_id, "a") == 2
    assert offered(desk, session_id) == ["b", "a"]


def test_who_is_busy_in_an_hour_is_offered_another_and_holds_nobody_up(desk, round_id):
    elsewhere = desk.session(round_id=desk.round_(), place="Nhà văn hóa")
    only_early = desk.session(round_id=round_id, closes="09:00")
    desk.booked(elsewhere, "a", "08:00")
    desk.listed(round_id, "a", "b")
    assert offered(desk, only_early, most=1) == ["b"]
    later = desk.session(round_id=round_id, place="Trường học")
    (offer,) = desk.does("offer_next", session_id=later, hours=2)["offers"]
    assert (offer["person_id"], offer["starts_at"][11:16]) == ("a", "09:00")
    assert sessions_desk.agree(desk.connection) == 3


def test_who_has_a_booking_in_the_round_is_not_invited_too(desk, round_id):
    session_id = desk.session(round_id=round_id)
    desk.booked(session_id, "a")
    desk.listed(round_id, "a", "b")
    assert offered(desk, session_id) == ["b"]


def test_a_wish_for_a_unit_is_kept_to(desk, round_id):
    other = units.create(
        desk.connection, "tang-tien", "site", "Điểm tiêm Tăng Tiến", units.by_code(desk.connection, "219")
    )
    joined(desk, round_id, "there", wanted_unit="tang-tien")
    joined(desk, round_id, "district", wanted_unit="219")
    joined(desk, round_id, "anywhere")
    assert offered(desk, desk.session(round_id=round_id)) == ["district", "anywhere"]
    assert offered(desk, desk.session(unit=other, round_id=round_id)) == ["there"]


def test_a_session_without_a_round_invites_nobody(desk, round_id):
    desk.listed(round_id, "a")
    assert offered(desk, desk.session()) == []


def test_a_held_invitation_can_be_moved_and_stays_held(desk, round_id):
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "a")
    (offer,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    moved = desk.does(
        "move", booking_id=offer["booking_id"], session_id=session_id, starts_at=f"{DAY}T10:00:00+07:00"
    )
    assert moved["state"] == "held"
    desk.does("accept", booking_id=offer["booking_id"])
    assert sessions_desk.agree(desk.connection) == 1


# --- standby ----------------------------------------------------------------------------------------------


def called(desk: Desk, session_id: str, most: int = 10) -> list[str]:
    return [one["person_id"] for one in desk.does("call_standby", session_id=session_id, most=most)["people"]]


def test_standby_is_called_by_priority_and_nobody_twice_to_the_same_session(desk, round_id):
    for person, group in [("c", 9), ("a", 1), ("b", 1)]:
        joined(desk, round_id, person, group, standby=True)
    joined(desk, round_id, "sitting", 1)
    session_id = desk.session(round_id=round_id)
    assert called(desk, session_id, 2) == ["a", "b"]
    assert called(desk, session_id, 2) == ["c"]
    assert called(desk, session_id) == []
    assert called(desk, desk.session(round_id=round_id, place="Nhà văn hóa")) == ["a", "b", "c"]
    assert standing(desk, "a") == "waiting", "being called changes nothing on the list"


def test_a_session_that_takes_no_standby_calls_nobody(desk, round_id):
    joined(desk, round_id, "a", standby=True)
    assert called(desk, desk.session(round_id=round_id, standby=False)) == []


def test_a_session_without_a_round_calls_those_of_the_rounds_around_it(desk):
    district = units.by_code(desk.connection, "219")
    around = str(
        desk.does("open_round", district, name="Đợt 6", mode="ample", invitation_hours=2)["round_id"]
    )
    elsewhere = units.create(desk.connection, "27", "province", "Tỉnh Bắc Ninh")
    far = str(desk.does("open_round", elsewhere, name="Đợt 6", mode="ample", invitation_hours=2)["round_id"])
    joined(desk, around, "near", standby=True)
    joined(desk, far, "far", standby=True)
    assert called(desk, desk.session()) == ["near"]
