"""From a list to an appointment: proposed, approved, invited in turn, answered once, passed on when nobody answers."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import bearers, database, messages, user_tasks
from engine.access import SYSTEM
from engine.errors import Conflict, NotAllowed, NotFound
from engine.worker import Worker
from tests.processes.district import Case, District, passed

HOUR = timedelta(hours=1)


@pytest.fixture
def people(district: District) -> list[str]:
    return [district.person(name) for name in ("Nguyễn Minh Anh", "Trần Thu Hà", "Lê Văn Bình")]


@pytest.fixture
def round_id(district: District) -> str:
    return str(district.opens_round().knows("round_id"))


def test_who_the_district_approves_is_listed_and_has_a_case_of_their_own(
    district: District, people, round_id
) -> None:
    rows = [{"person_id": one, "priority_group": "9"} for one in people]
    proposed = district.starts("nomination", "xa-1", "commune_officer", round_id=round_id, people=rows)
    assert proposed.task("approve").unit_path == district.units["219"].path
    rows[2] |= {"struck": True, "struck_reason": "Đã chuyển đi nơi khác"}
    proposed.does("approve", "district_officer", review_outcome="approve", reviewed=rows)

    for person in people[:2]:
        assert {one.element for one in district.registration(person).tasks()} == {
            "my_place",
            "place_on_behalf",
        }
    assert district.cases("registration", people[2]) == []
    assert proposed.knows("struck")[0]["struck_reason"] == "Đã chuyển đi nơi khác"
    proposed.does("see_outcome", "commune_officer")
    assert proposed.ended() == "ended_listed"


def test_nobody_gets_a_second_case_in_a_round(district: District, people, round_id) -> None:
    district.lists(round_id, people[0])
    again = district.lists(round_id, people[0], people[1])
    assert [one["person_id"] for one in again.knows("already")] == [people[0]]
    assert len(district.cases("registration", people[0])) == 1
    assert len(district.cases("registration", people[1])) == 1


def test_only_the_district_may_approve(district: District, people, round_id) -> None:
    rows = [{"person_id": people[0], "priority_group": "9"}]
    proposed = district.starts("nomination", "xa-1", "commune_officer", round_id=round_id, people=rows)
    with database.transaction() as connection, pytest.raises(NotAllowed):
        user_tasks.complete(
            connection, proposed.task("approve").id, district.staff["commune_officer"],
            {"review_outcome": "approve", "reviewed": rows},
        )  # fmt: skip


def test_an_invitation_is_told_once_and_used_once(district: District, people, round_id) -> None:
    district.lists(round_id, people[0])
    district.plans(round_id, invite=1)
    case = district.registration(people[0])
    (told,) = district.texts()
    assert "08:00 27/07/2021" in told
    task = case.task("answer_invitation")
    case.does("answer_invitation", answer="accept")
    assert case.records("appointment")[0]["starts_at"] == "2021-07-27T08:00:00+07:00"
    with database.transaction() as connection, pytest.raises(Conflict):
        user_tasks.complete(connection, task.id, SYSTEM, {"answer": "accept"})
    assert "answer_on_behalf" not in case.waits_at()


def test_an_invitation_that_lapses_goes_to_the_next_in_the_list(district: District, people, round_id) -> None:
    district.lists(round_id, *people)
    district.plans(round_id, invite=2, hours=6)
    first, second, third = (district.registration(one) for one in people)
    assert "answer_invitation" in first.waits_at()
    assert "answer_invitation" in second.waits_at()
    assert "my_place" in third.waits_at()
    second.does("answer_invitation", answer="accept")

    passed(5 * HOUR)
    assert "answer_invitation" in first.waits_at()
    passed(2 * HOUR)
    assert "my_place" in first.waits_at()  # back at the end of the list
    assert "answer_invitation" in third.waits_at()
    assert third.knows("hour")["starts_at"] == "2021-07-27T08:00:00+07:00"
    assert first.records("invitation_end")[0]["given_back_as"] == "expired"


def test_who_declines_gives_the_hour_to_the_next_at_once(district: District, people, round_id) -> None:
    district.lists(round_id, *people[:2])
    district.plans(round_id, invite=1)
    district.registration(people[0]).does("answer_invitation", answer="decline", decline_reason="later")
    assert "answer_invitation" in district.registration(people[1]).waits_at()


def test_who_declines_too_often_leaves_the_list(district: District, people, round_id) -> None:
    district.lists(round_id, people[0])
    district.plans(round_id, invite=1)
    case = district.registration(people[0])
    for _ in range(2):
        case.does("answer_invitation", answer="decline")
        case = offered_again(district, case, people[0])
    case.does("answer_invitation", answer="decline")
    assert case.ended() == "ended_declined"


def test_an_hour_never_has_more_appointments_than_places(district: District, people, round_id) -> None:
    district.lists(round_id, *people)
    district.plans(round_id, invite=3)
    invited = [one for one in people if "answer_invitation" in district.registration(one).waits_at()]
    assert invited == people[:2]  # two hours of one place each
    for person in invited:
        district.registration(person).does("answer_invitation", answer="accept")
    hours = [district.registration(one).knows("hour")["starts_at"] for one in invited]
    assert len(set(hours)) == 2


def test_the_commune_answers_for_somebody_without_a_telephone(district: District, round_id) -> None:
    person = district.person("Hoàng Thị Lý", phone=None)
    district.lists(round_id, person)
    district.plans(round_id, invite=1)
    case = district.registration(person)
    assert district.texts() == []
    task = case.task("answer_on_behalf")
    with database.transaction() as connection, pytest.raises(NotAllowed):
        user_tasks.complete(
            connection, task.id, district.staff["commune_officer_of_another_commune"], {"answer": "accept"}
        )
    case.does("answer_on_behalf", "commune_officer", answer="accept")
    assert "my_appointment" in case.waits_at()


def test_a_person_opens_their_invitation_with_code_and_birth_date_and_nobody_elses(
    district: District, people, round_id
) -> None:
    district.lists(round_id, *people[:2])
    district.plans(round_id, invite=2)
    own, other = district.registration(people[0]), district.registration(people[1])
    with database.transaction() as connection:
        hold = bearers.shown(connection, own.knows("person_code"), ["1990-03-02"], "10.0.0.1")
        with pytest.raises(NotAllowed):
            bearers.shown(connection, own.knows("person_code"), ["1991-03-02"], "10.0.0.1")
    with database.transaction() as connection:
        token = bearers.add(connection, "", hold)
        session = bearers.session(connection, token)
        assert session is not None
        actor = bearers.actor(connection, session.hold(), "vi")
        seen = user_tasks.borne(connection, own.id, actor)
        assert [one.element for one in seen] == ["answer_invitation"]
        with pytest.raises(NotFound):
            user_tasks.complete(connection, other.task("answer_invitation").id, actor, {"answer": "accept"})
        user_tasks.complete(connection, seen[0].id, actor, {"answer": "accept"})


def test_an_appointment_is_moved_to_another_free_hour_and_given_up(
    district: District, people, round_id
) -> None:
    district.lists(round_id, *people[:2])
    session = district.plans(round_id, invite=1)
    case = district.registration(people[0]).does("answer_invitation", answer="accept")
    nine = f"{session.knows('session_id')}/2021-07-27T09:00:00+07:00"
    case.does("my_appointment", change_wanted="move", hour_wanted=nine)
    assert case.knows("hour")["starts_at"] == "2021-07-27T09:00:00+07:00"
    assert "09:00 27/07/2021" in district.texts()[-1]

    case.does("my_appointment", change_wanted="cancel", cancel_then="leave")
    assert case.ended() == "ended_withdrawn"
    assert "answer_invitation" in district.registration(people[1]).waits_at()  # the hour goes on


def test_who_comes_ends_their_registration_and_is_reminded_the_day_before(
    district: District, people, round_id
) -> None:
    district.lists(round_id, people[0])
    district.plans(round_id, invite=1, session_on="2021-07-29")
    case = district.registration(people[0]).does("answer_invitation", answer="accept")
    passed(timedelta(days=2))
    assert "nhắc hẹn" in district.texts()[-1]
    with database.transaction() as connection:
        messages.publish(connection, "arrived_at_site", people[0], {}, district.units["diem-1"], HOUR)
    Worker().settle()
    assert case.ended() == "ended_attended"


def offered_again(district: District, case: Case, person: str) -> Case:
    """The session invites once more; the only one on the list is invited again."""
    if "answer_invitation" not in case.waits_at():
        (session,) = district.cases("session")
        session.does("prepare_session", prepare_then="invite_more")
        session.does("schedule_people", invite_count=1, stands_hours=12)
    return district.registration(person)
