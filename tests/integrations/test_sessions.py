"""Sessions planned and changed; places reserved, exchanged and given back, within what an hour holds."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection

from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk


@pytest.fixture
def desk(connection: Connection, move) -> Desk:
    return sessions_desk.opened(connection)


def test_a_day_goes_from_the_list_to_the_last_outcome(desk):
    round_id = desk.round_()
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, "b", "c", group=2)
    desk.listed(round_id, "a", group=1)
    said = {"fever": False}
    joined = desk.does("join_list", round_id=round_id, person_id="d", priority_group=1, declared=said)
    assert joined["place"] == 2
    offers = desk.does("offer", session_id=session_id, most=2, hours=2)["offers"]
    assert [one["person_id"] for one in offers] == ["a", "d"]
    desk.does("accept", booking_id=offers[1]["booking_id"])
    assert desk.does("release", booking_id=offers[0]["booking_id"], state="expired")["released"]
    (following,) = desk.does("offer_next", session_id=session_id, hours=2)["offers"]
    assert following["person_id"] == "b"
    desk.does("change", session_id=session_id, state="open")
    came = desk.does("arrive", person_id="d", arrival_kind="booked", at=f"{DAY}T08:10:00+07:00")
    assert (came["session_state"], came["arrival_flags"], came["declared"]["fever"]) == ("open", [], False)
    desk.does("outcome", session_id=session_id, person_id="d", outcome="vaccinated")
    ended = desk.does("close", session_id=session_id)
    assert (ended["missed"], ended["counts"]["vaccinated"], ended["counts"]["expired"]) == ([], 1, 2)
    assert sessions_desk.agree(desk.connection) == 1
