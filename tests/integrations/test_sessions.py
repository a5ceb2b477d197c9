"""Sessions planned and changed; places reserved, exchanged and given back, within what an hour holds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from engine import catalogue, units
from engine.bpmn import marked_yaml
from engine.errors import BusinessError, Invalid, NotFound
from integrations.sessions import bookings, hours, refusals, reservations
from integrations.sessions.hours import Break
from tests.integrations import sessions_desk
from tests.integrations.sessions_desk import DAY, Desk

HA_NOI = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.fixture
def desk(connection: Connection, move) -> Desk:
    return sessions_desk.opened(connection)


def at(hour: str) -> str:
    return f"{DAY}T{hour}:00+07:00"


def hour_of(desk: Desk, session_id: str) -> dict[str, tuple[int, int]]:
    """Capacity and free places by hour."""
    (shown,) = (
        one
        for one in desk.asks("day", unit_code=desk.site.code, on=DAY)["sessions"]
        if one["id"] == session_id
    )
    return {one["hour"]: (one["capacity"], one["free"]) for one in shown["hours"]}


# --- hours: pure ------------------------------------------------------------------------------------------

TIMES = st.times(max_value=time(23, 59)).map(lambda one: one.replace(second=0, microsecond=0))


@given(
    st.tuples(TIMES, TIMES).map(sorted),
    st.lists(st.tuples(TIMES, TIMES).map(sorted), max_size=4),
    st.integers(1, 60),
)
def test_the_hours_of_a_session_lie_in_its_opening_time_outside_the_breaks_and_hold_their_share(
    day, pauses, per_hour
):
    opens, closes = day
    breaks = [Break(*pause) for pause in pauses]
    slots = hours.slots(date(2021, 7, 27), opens, closes, breaks, per_hour, HA_NOI)
    assert [one.starts_at for one in slots] == sorted({one.starts_at for one in slots})
    open_minutes = sum(
        opens <= minute < closes and not any(pause.begins <= minute < pause.ends for pause in breaks)
        for minute in (time(number // 60, number % 60) for number in range(24 * 60))
    )
    assert sum(one.capacity for one in slots) <= per_hour * open_minutes / 60
    assert sum((one.ends_at - one.starts_at for one in slots), timedelta()) <= timedelta(minutes=open_minutes)
    for one in slots:
        assert timedelta(0) < one.ends_at - one.starts_at <= timedelta(hours=1)
        assert one.hour <= one.starts_at < one.ends_at <= one.hour + timedelta(hours=1)
        assert 1 <= one.capacity <= per_hour
        local = one.starts_at.astimezone(HA_NOI).time()
        assert opens <= local < closes
        assert not any(pause.begins <= local < pause.ends for pause in breaks)


def test_hours_are_those_of_the_clock_and_parts_of_them_hold_their_share():
    slots = hours.slots(
        date(2021, 7, 27), time(7, 30), time(16, 20), [Break(time(11, 30), time(13, 15))], 40, HA_NOI
    )
    written = [(f"{one.starts_at.astimezone(HA_NOI):%H:%M}", one.capacity) for one in slots]
    assert written == [
        ("07:30", 20), ("08:00", 40), ("09:00", 40), ("10:00", 40), ("11:00", 20), ("13:15", 30), ("14:00", 40),
        ("15:00", 40), ("16:00", 13),
    ]  # fmt: skip


# --- planning ---------------------------------------------------------------------------------------------


def test_a_plan_makes_the_places_of_its_hours(desk):
    given_back = desk.does(
        "plan", case="700", on=DAY, opens="08:00", closes="10:30", tables=3, per_table_hour=4, walk_ins=True,
        standby=False, products=[],
    )  # fmt: skip
    assert (given_back["session_id"], given_back["capacity"]) == ("700", 12 + 12 + 6)
    assert given_back["slots"][0] == {"starts_at": at("08:00"), "ends_at": at("09:00"), "capacity": 12}
    shown = desk.does("session", session_id="700")
    assert (shown["state"], shown["place"], shown["audience"], shown["free"]) == (
        "planned", "Điểm tiêm Bích Động", "public", 30,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"opens": "11:00", "closes": "08:00"}, "phải sau giờ mở cửa"),
        ({"opens": "08:00", "closes": "08:00"}, "phải sau giờ mở cửa"),
        ({"breaks": [{"from": "10:00", "to": "09:00"}]}, "Giờ nghỉ"),
        ({"breaks": [{"from": "08:00", "to": "11:00"}]}, "không có chỗ nào"),
        ({"opens": "08:00", "closes": "08:01", "tables": 1, "per_table_hour": 1}, "không có chỗ nào"),
        ({"round_id": "12"}, "Đợt tiêm này không còn"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_a_sentence(desk, changed, said):
    with pytest.raises(BusinessError, match=said) as refused:
        desk.session(**changed)
    assert refused.value.code == "PLAN_REFUSED"
    assert desk.connection.scalar(text("select count(*) from session")) == 0


def test_a_plan_needs_a_time_of_the_clock(desk):
    with pytest.raises(Invalid):
        desk.session(opens="8h")


def test_two_sessions_of_a_unit_do_not_stand_at_one_place_at_one_time(desk):
    desk.session()
    with pytest.raises(BusinessError, match="Điểm tiêm Bích Động từ 08:00 đến 11:00"):
        desk.session(opens="10:00", closes="12:00", place=" điểm tiêm  Bích Động")
    desk.session(opens="11:00", closes="12:00")
    desk.session(opens="10:00", closes="12:00", place="Nhà văn hóa thôn 3")
    team = units.create(
        desk.connection, "team-1", "mobile_team", "Đội lưu động 1", units.by_code(desk.connection, "219")
    )
    desk.session(unit=team, place="Điểm tiêm Bích Động")
    desk.session(on="2021-07-28")


def test_the_place_of_a_cancelled_session_is_free(desk):
    desk.does("change", session_id=desk.session(), state="cancelled")
    desk.session()


def test_planned_again_the_hours_change_within_what_is_taken(desk):
    session_id = desk.session(case="700")
    for number in range(3):
        desk.booked(session_id, f"p{number}", "09:00")
    with pytest.raises(BusinessError, match="Từ 09:00 đã có 3 người giữ chỗ") as refused:
        desk.session(case="700", tables=1)
    assert refused.value.code == "CAPACITY_TAKEN"
    with pytest.raises(BusinessError, match="CAPACITY_TAKEN"):
        desk.session(case="700", opens="10:00")
    assert hour_of(desk, session_id)["09:00"] == (4, 1)
    desk.session(case="700", opens="09:00", closes="12:00", tables=3, per_table_hour=1)
    assert hour_of(desk, session_id) == {"09:00": (3, 0), "10:00": (3, 3), "11:00": (3, 3)}
    assert sessions_desk.agree(desk.connection) == 3


def test_an_hour_that_had_bookings_takes_no_more_when_the_plan_leaves_it_out(desk):
    session_id = desk.session(case="700")
    desk.does("release", booking_id=desk.booked(session_id, "p"), state="cancelled")
    desk.session(case="700", opens="09:00")
    assert list(hour_of(desk, session_id)) == ["09:00", "10:00"]
    with pytest.raises(BusinessError, match="SLOT_FULL"):
        desk.booked(session_id, "p")
    desk.session(case="700")
    desk.booked(session_id, "p")


# --- states -----------------------------------------------------------------------------------------------


def test_the_state_a_session_had_at_any_moment_is_known(desk, move):
    session_id = desk.session()
    for state in ("ready", "open", "stopped"):
        move(hours=23 if state == "ready" else 1)
        assert desk.does("change", session_id=session_id, state=state, reason="kiểm tra")["state"] == state
    now = move(hours=1)
    for hours_ago, state in [(0, "stopped"), (1, "stopped"), (1.5, "open"), (2.5, "ready"), (9, "planned")]:
        then = (now - timedelta(hours=hours_ago)).isoformat()
        assert desk.does("at_site", at=then)["session_state"] == state
    assert desk.does("session", session_id=session_id)["state"] == "stopped"


def test_a_change_to_the_same_state_is_none_and_nothing_follows_the_end(desk):
    session_id = desk.session()
    for _ in range(2):
        desk.does("change", session_id=session_id, state="closed")
    rows = desk.connection.scalars(text("select state from session_state order by number")).all()
    assert rows == ["planned", "closed"]
    with pytest.raises(BusinessError, match="SESSION_ENDED"):
        desk.does("change", session_id=session_id, state="open")
    with pytest.raises(BusinessError, match="SESSION_ENDED"):
        desk.session(case=session_id)


@pytest.mark.parametrize("state", ["stopped", "closed", "cancelled"])
def test_a_session_that_is_stopped_or_over_takes_no_bookings_and_has_nothing_free(desk, state):
    session_id = desk.session()
    desk.does("change", session_id=session_id, state=state)
    with pytest.raises(BusinessError, match="không còn nhận hẹn"):
        desk.booked(session_id, "p")
    assert desk.asks("free_slots")["slots"] == []
    assert desk.does("offer", session_id=session_id, most=3, hours=1)["offers"] == []


def test_bookings_go_on_when_a_stopped_session_opens_again(desk):
    session_id = desk.session()
    for state in ("open", "stopped", "open"):
        desk.does("change", session_id=session_id, state=state)
    desk.booked(session_id, "p")


def test_a_cancelled_session_gives_every_place_back_and_its_people_wait_where_they_stood(desk):
    round_id = desk.round_()
    session_id = desk.session(round_id=round_id)
    desk.listed(round_id, *"abc")
    offers = desk.does("offer", session_id=session_id, most=2, hours=2)["offers"]
    desk.does("accept", booking_id=offers[0]["booking_id"])
    released = desk.does("change", session_id=session_id, state="cancelled")["released"]
    assert [(one["person_id"], one["round_id"]) for one in released] == [("a", round_id), ("b", round_id)]
    assert sessions_desk.agree(desk.connection) == 0
    other = desk.session(round_id=round_id)
    offers = desk.does("offer", session_id=other, most=3, hours=2)["offers"]
    assert [one["person_id"] for one in offers] == ["a", "b", "c"]


# --- places -----------------------------------------------------------------------------------------------


def test_an_hour_takes_as_many_as_it_holds(desk):
    session_id = desk.session()
    for number in range(4):
        desk.booked(session_id, f"p{number}")
    with pytest.raises(BusinessError, match="Giờ 08:00 ngày 27/07/2021 đã hết chỗ") as refused:
        desk.booked(session_id, "p4")
    assert refused.value.code == "SLOT_FULL"
    desk.booked(session_id, "p4", "09:00")
    assert sessions_desk.agree(desk.connection) == 5


@pytest.mark.parametrize("hour", ["07:00", "08:30", "11:00"])
def test_only_the_hours_there_are_can_be_booked(desk, hour):
    with pytest.raises(BusinessError, match="không có giờ này"):
        desk.booked(desk.session(), "p", hour)


def test_an_hour_that_is_over_cannot_be_booked(desk, move):
    session_id = desk.session()
    move(hours=23, minutes=30)  # half past eight: the hour goes on
    desk.booked(session_id, "p")
    move(minutes=30)
    with pytest.raises(BusinessError, match="đã qua"):
        desk.booked(session_id, "q")


def test_a_person_has_one_booking_in_a_round(desk):
    round_id = desk.round_()
    first, second = desk.session(round_id=round_id), desk.session(round_id=round_id, place="Nhà văn hóa")
    desk.booked(first, "p")
    with pytest.raises(BusinessError, match="đã có hẹn trong đợt này lúc 08:00") as refused:
        desk.booked(second, "p", "09:00")
    assert refused.value.code == "ALREADY_BOOKED"
    desk.booked(desk.session(round_id=desk.round_(), place="Trường học"), "p", "09:00")


def test_a_person_has_one_booking_in_an_hour_whatever_the_round(desk):
    first = desk.session(round_id=desk.round_())
    second = desk.session(round_id=desk.round_(), opens="08:30", place="Nhà văn hóa")
    desk.booked(first, "p")
    with pytest.raises(BusinessError, match="cùng giờ") as refused:
        desk.booked(second, "p", "08:30")
    assert refused.value.code == "ALREADY_BOOKED"
    assert sessions_desk.agree(desk.connection) == 1


def test_the_database_itself_keeps_a_person_from_two_bookings(desk):
    booking_id = desk.booked(desk.session(round_id=desk.round_()), "p")
    columns = "session_id, starts_at, hour, round_id, person_id, state, made_at, changed_at"
    again = text(
        f"insert into booking ({columns}) select {columns} from booking where booking_id = :booking_id"
    )
    with pytest.raises(BusinessError, match="vừa được đặt hẹn"), desk.connection.begin_nested():  # noqa: SIM117
        with reservations.one_booking_each():
            desk.connection.execute(again, {"booking_id": int(booking_id)})


@pytest.mark.parametrize("state", ["cancelled", "missed"])
def test_a_booking_ends_once(desk, state):
    session_id = desk.session()
    booking_id = desk.booked(session_id, "p")
    assert desk.does("release", booking_id=booking_id, state=state)["released"] is True
    for following in ("cancelled", "expired", "declined", "missed"):
        ended = desk.does("release", booking_id=booking_id, state=following)
        assert (ended["released"], ended["state"]) == (False, state)
    assert sessions_desk.agree(desk.connection) == (1 if state == "missed" else 0)
    if state == "cancelled":
        desk.booked(session_id, "p")


def test_a_booking_that_is_firm_does_not_expire(desk):
    booking_id = desk.booked(desk.session(), "p")
    assert not desk.does("release", booking_id=booking_id, state="expired")["released"]
    assert desk.state(booking_id) == "booked"


def test_a_move_takes_the_new_place_and_gives_the_old_one_back(desk):
    session_id = desk.session()
    other = desk.session(place="Nhà văn hóa", opens="10:00", tables=1, per_table_hour=1)
    booking_id = desk.booked(session_id, "p")
    moved = desk.does("move", booking_id=booking_id, session_id=other, starts_at=at("10:00"))
    assert (moved["place"], moved["starts_at"], moved["booking_id"]) == (
        "Nhà văn hóa",
        at("10:00"),
        booking_id,
    )
    assert hour_of(desk, session_id)["08:00"] == (4, 4)
    stays = desk.booked(session_id, "q")
    with pytest.raises(BusinessError, match="SLOT_FULL"):
        desk.does("move", booking_id=stays, session_id=other, starts_at=at("10:00"))
    assert desk.does("booking", booking_id=stays)["starts_at"] == at("08:00")
    desk.does("move", booking_id=booking_id, session_id=other, starts_at=at("10:00"))  # where it is already
    assert sessions_desk.agree(desk.connection) == 2


def test_a_move_into_an_hour_of_another_booking_and_of_an_ended_one_are_refused(desk):
    first, second = desk.session(), desk.session(place="Nhà văn hóa")
    desk.booked(first, "p", "09:00")
    booking_id = desk.booked(second, "p", "08:00")
    with pytest.raises(BusinessError, match="ALREADY_BOOKED"):
        desk.does("move", booking_id=booking_id, session_id=second, starts_at=at("09:00"))
    desk.does("release", booking_id=booking_id, state="cancelled")
    with pytest.raises(BusinessError, match="BOOKING_ENDED"):
        desk.does("move", booking_id=booking_id, session_id=second, starts_at=at("10:00"))
    assert sessions_desk.agree(desk.connection) == 1


def test_a_moment_may_be_written_in_any_zone_and_without_one_it_is_local(desk):
    session_id = desk.session()
    given_back = desk.does("reserve", session_id=session_id, starts_at=f"{DAY}T01:00:00Z", person_id="p")
    assert given_back["starts_at"] == at("08:00")
    desk.does("reserve", session_id=session_id, starts_at=f"{DAY}T08:00:00", person_id="q")
    assert hours.read_moment(f"{DAY}T08:00", HA_NOI) == datetime(2021, 7, 27, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize("identifier", ["", "x", "9" * 30, "-1", "١٢"])
def test_what_nobody_has_is_not_found(desk, identifier):
    for task in ("session", "close"):
        with pytest.raises(NotFound):
            desk.does(task, session_id=identifier)
    for task, others in [("accept", {}), ("release", {"state": "cancelled"}), ("booking", {})]:
        with pytest.raises(NotFound):
            desk.does(task, booking_id=identifier, **others)
    with pytest.raises(NotFound):
        desk.does("round", round_id=identifier)


def test_bookings_have_different_codes():
    numbers = range(1, 3000)
    assert len({bookings.code(number) for number in numbers}) == len(numbers)


def test_every_refusal_is_said_in_both_languages():
    read = {
        language: marked_yaml.load((refusals.TEXTS / f"{language}.yaml").read_bytes(), language).value
        for language in ("vi", "en")
    }
    assert read["vi"].keys() == read["en"].keys()


def test_every_task_runs_in_the_step_and_the_list_of_people_is_audited():
    loaded = catalogue.current()
    tasks = [task for name, task in loaded.service_tasks.items() if name.startswith("sessions.")]
    assert len(tasks) > 20
    assert {task.mode for task in tasks} == {catalogue.Mode.TRANSACTION}
    assert {name for name, query in loaded.queries.items() if name.startswith("sessions.") and query.audit} == {
        "sessions.people", "sessions.appointments",
    }  # fmt: skip
