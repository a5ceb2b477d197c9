"""A session from its plan to the closing: safe before it opens, stopped by a reaction at once, closed the same day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import accounts, database, instances, messages
from engine.worker import Worker
from tests.processes.district import SAFE, Case, District, passed

HOUR = timedelta(hours=1)
READY = {
    "prepare_then": "ready", "anaphylaxis_box": True, "fridge_temperature": 5.2,
    "vials_counted": [{"product": "astrazeneca", "lot": "ABV5300", "vials": 6}],
}  # fmt: skip
COUNTS = [
    {
        "product": "astrazeneca",
        "lot": "ABV5300",
        "vials_opened": 0,
        "doses_left": 60,
        "doses_wasted": 0,
        "gained": 0,
    }
]


@pytest.fixture
def session(district: District) -> Case:
    """Tomorrow's session, open, with sixty doses in the refrigerator and nobody invited."""
    delivery = {"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2021-11-30", "doses": 60}
    district.serves("stock.receive", source="opening_count", **delivery)
    return opened(district.plans(None))


def test_a_session_opens_only_after_every_safety_criterion_is_met(district: District) -> None:
    session = district.plans(None).does("prepare_session", **READY)
    session.does("check_safety", **SAFE | {"criterion_4": "fail"})
    assert state(district, session) == "ready"
    assert session.waits_at() == ["fix_safety"]
    session.does("fix_safety", fixed_how="Đã bổ sung adrenalin").does("check_safety", **SAFE)
    assert state(district, session) == "open"
    assert [one["failed"] for one in session.records("safety_check")] == [[4], []]


def test_a_session_closes_with_the_ledger_in_agreement(district: District, session: Case) -> None:
    session.does("run_session", "site_lead", run_step="close").does("close_day", counts=COUNTS)
    assert session.ended() == "ended_closed"
    assert state(district, session) == "closed"


def test_what_differs_from_the_ledger_is_explained_before_the_session_closes(
    district: District, session: Case
) -> None:
    session.does("run_session", run_step="close")
    session.does("close_day", counts=[COUNTS[0] | {"doses_left": 50}])
    assert "explain_differences" in session.waits_at()
    assert state(district, session) == "open"
    session.does("explain_differences", difference_reason="Vỡ một lọ khi vận chuyển")
    assert session.ended() == "ended_closed"
    assert session.records("stock_difference")[0]["difference_reason"] == "Vỡ một lọ khi vận chuyển"


def test_a_serious_reaction_stops_the_session_and_holds_the_lot_at_once(
    district: District, session: Case
) -> None:
    reacted(district, session)
    assert state(district, session) == "stopped"
    assert held(district)
    assert [one.element for one in session.tasks(district.staff["site_lead"])] == ["decide_after_reaction"]
    noted = session.task("note_at_province")
    assert (noted.role, noted.unit_path) == ("province_supervisor", district.units["24"].path)

    session.does("decide_after_reaction", "site_lead", run_step="resume", run_reason="Đã xử trí ổn định")
    assert state(district, session) == "open"
    session.does("note_at_province", "province_supervisor", noted_how="investigating")
    assert [one.element for one in session.tasks()] == ["run_session"]


def test_a_case_stays_open_until_the_province_has_noted_the_reaction(
    district: District, session: Case
) -> None:
    reacted(district, session)
    session.does("decide_after_reaction", run_step="close", run_reason="Chờ điều tra")
    session.does("close_day", counts=COUNTS)
    assert state(district, session) == "closed"
    assert session.waits_at() == ["note_at_province"]
    session.does("note_at_province", noted_how="asked_site")
    assert session.ended() == "province_noted"


def test_a_session_that_is_not_closed_by_the_end_of_its_day_is_the_districts_to_chase(
    district: District, session: Case
) -> None:
    passed(timedelta(hours=38))  # from nine in the morning until eleven at night of the next day
    assert "chase_closing" not in session.waits_at()
    passed(HOUR)
    task = session.task("chase_closing")
    assert (task.role, task.unit_path) == ("district_officer", district.units["219"].path)
    assert "run_session" in session.waits_at()
    session.does("run_session", run_step="close").does("close_day", counts=COUNTS)
    assert session.ended() == "chase_ended"  # nothing is left to chase


def test_roles_of_a_session_end_with_it(district: District) -> None:
    with database.transaction() as connection:
        volunteer = accounts.create(connection, "tinh.nguyen", "Tình nguyện viên", "a long enough password")
    staff = [{"account_id": str(volunteer), "duties": ["receptionist", "observer"]}]
    session = opened(district.plans(None, staff=staff))
    assert roles(volunteer) == {"receptionist", "observer"}
    session.does("run_session", run_step="close").does("close_day", counts=[])
    assert session.ended() == "ended_closed"
    assert roles(volunteer) == set()


def test_from_the_list_to_the_door_of_the_site(district: District) -> None:
    with database.transaction() as connection:
        volunteer = accounts.create(connection, "tiep.don", "Tiếp đón", "a long enough password")
    person, session = booked(district, staff=[{"account_id": str(volunteer), "duties": ["receptionist"]}])
    opened(session)
    passed(timedelta(hours=23, minutes=5))  # eight o'clock of the next day
    with database.transaction() as connection:
        receptionist = accounts.actor(connection, volunteer)
        answers = {"person_id": person, "arrival_kind": "invited"}
        visit = Case(
            district,
            instances.start(connection, "visit", district.units["diem-1"], answers, receptionist, "arrived"),
        )
    Worker().settle()
    assert visit.knows("session_id") == session.knows("session_id")
    assert visit.knows("arrival_flags") == []
    identity = {
        "name_matches": True, "birth_date_matches": True, "identifier_seen": "cccd", "planned_product": "astrazeneca",
    }  # fmt: skip
    visit.does("reception", **identity)
    assert district.registration(person).ended() == "ended_attended"


def test_who_was_booked_at_a_cancelled_session_waits_again_where_they_stood(district: District) -> None:
    person, session = booked(district)
    session.does("prepare_session", prepare_then="cancel_session", cancel_reason="Lô vắc xin về chậm")
    assert session.ended() == "ended_cancelled"
    case = district.registration(person)
    assert "my_place" in case.waits_at()
    assert (case.knows("missed_hours"), case.knows("declines")) == (0, 0)
    assert "không diễn ra" in district.texts()[-1]


def test_who_misses_a_session_is_asked_once_more_and_then_followed_up_by_the_commune(
    district: District,
) -> None:
    person, session = booked(district)
    opened(session)
    passed(timedelta(days=1))
    session.does("run_session", run_step="close").does("close_day", counts=[])
    case = district.registration(person)
    assert case.records("missed_appointment")[0]["missed_hours"] == 1
    assert "lỡ hẹn" in district.texts()[-1]
    assert "my_place" in case.waits_at()

    second = district.plans(case.knows("round_id"), invite=1, session_on="2021-07-29")
    case.does("answer_invitation", answer="accept")
    opened(second)
    passed(timedelta(days=2))
    second.does("run_session", run_step="close").does("close_day", counts=[])
    task = case.task("missed_follow_up")
    assert (task.role, task.unit_path) == ("commune_officer", district.units["xa-1"].path)
    case.does("missed_follow_up", "commune_officer", follow_up_outcome="closed", closed_because="moved")
    assert case.ended() == "ended_missed"


def test_who_was_still_to_come_when_a_session_was_stopped_has_missed_nothing(district: District) -> None:
    person, session = booked(district)
    opened(session)
    session.does("run_session", run_step="stop", run_reason="Hết vắc xin").does(
        "run_session", run_step="close"
    )
    session.does("close_day", counts=[])
    case = district.registration(person)
    assert "my_place" in case.waits_at()
    assert case.knows("missed_hours") == 0


def test_standby_is_called_for_the_last_doses_and_stays_on_the_list(district: District) -> None:
    round_id = district.opens_round().knows("round_id")
    person = district.person("Phạm Thu Hà")
    district.lists(round_id, person)
    district.serves("sessions.join_list", round_id=round_id, person_id=person, priority_group=9, standby=True)
    session = opened(district.plans(round_id))
    session.does("run_session", run_step="call_standby", standby_count=3)
    assert session.knows("standby_called_now") == 1
    assert "liều vắc xin cuối ngày" in district.texts()[-1]
    assert "my_place" in district.registration(person).waits_at()


def booked(district: District, **plan: Any) -> tuple[str, Case]:
    """Somebody with an appointment tomorrow at eight."""
    round_id = district.opens_round().knows("round_id")
    person = district.person("Nguyễn Minh Anh")
    district.lists(round_id, person)
    session = district.plans(round_id, invite=1, **plan)
    district.registration(person).does("answer_invitation", answer="accept")
    return person, session


def opened(session: Case) -> Case:
    return session.does("prepare_session", "site_lead", **READY).does("check_safety", "site_lead", **SAFE)


def state(district: District, session: Case) -> str:
    return str(district.serves("sessions.session", session_id=session.knows("session_id"))["state"])


def reacted(district: District, session: Case) -> None:
    """A visit tells of a serious reaction."""
    with database.transaction() as connection:
        payload = {"product": "astrazeneca", "lot": "ABV5300"}
        messages.publish(
            connection,
            "serious_reaction",
            session.knows("session_id"),
            payload,
            district.units["diem-1"],
            HOUR,
        )
    Worker().settle()


def held(district: District) -> bool:
    (lot,) = [
        one for one in district.asks("stock.at_unit", unit_code="diem-1")["lots"] if one["lot"] == "ABV5300"
    ]
    return bool(lot["state"] == "held")


def roles(account: int) -> set[str]:
    with database.transaction() as connection:
        return {grant.role for grant in accounts.actor(connection, account).grants}
