"""A citizen registers: known, suspected or new; listed when supply is ample, kept on file when lists come first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from engine import bearers, database
from engine.errors import Invalid, NotAllowed
from engine.worker import Worker
from tests.processes.district import Case, District, passed

WANTS: dict[str, Any] = {
    "relation": "self", "full_name": "Vũ Thị Mai", "born_on": "1985-04-12", "sex": "female", "phones": ["0987654321"],
    "identifiers": [{"type": "cmnd", "value": "121456789"}], "occupation": "freelance_worker", "standby": False,
    "declared": {"anaphylaxis": "no", "allergy": "unknown"}, "data_consent": True,
}  # fmt: skip


def test_a_citizen_without_an_account_is_registered_listed_and_chooses_an_hour(district: District) -> None:
    round_id = district.opens_round("ample").knows("round_id")
    session = district.plans(round_id, audience="public")
    case = applied_by_citizen(district)
    assert case.ended() == "ended_listed"
    person = case.knows("person_id")
    assert district.cases("application", person)[0].id == case.id  # the case is about the person from now on

    registration = district.registration(person)
    assert registration.knows("declared")["allergy"] == "unknown"
    (slot, _) = district.asks("sessions.free_slots", round_id=round_id)["slots"]
    registration.does("my_place", wanted="choose_hour", hour_wanted=slot["id"])
    assert "my_appointment" in registration.waits_at()
    assert registration.knows("hour")["session_id"] == session.knows("session_id")


def test_nobody_is_registered_twice(district: District) -> None:
    district.opens_round("ample")
    first, second = applied(district), applied(district)
    assert first.knows("person_id") == second.knows("person_id")
    assert second.ended() == "ended_already"
    assert len(district.cases("registration", first.knows("person_id"))) == 1


def test_who_is_like_somebody_known_is_looked_at_by_their_own_commune(district: District) -> None:
    district.opens_round("ample")
    known = district.person("Vũ Thị Mai", phone="0987654321", born_on="1985-04-12")
    case = applied(district)
    task = case.task("review_duplicates")
    assert (task.role, task.unit_path) == ("commune_officer", district.units["xa-1"].path)
    assert case.tasks(district.staff["commune_officer_of_another_commune"]) == []
    case.does("review_duplicates", "commune_officer", review_says="same", same_as="1")
    assert case.knows("person_id") == known
    assert case.ended() == "ended_listed"
    shown = district.asks("people.person", person_id=known)
    assert [one["value"] for one in shown["identifiers"]] == ["121456789"]  # what was new is kept


def test_an_application_in_a_round_of_lists_is_kept_until_the_round_is_switched(district: District) -> None:
    steering = district.opens_round("scarce")
    case = applied(district)
    assert "my_request" in case.waits_at()
    assert "chưa vào danh sách" in district.texts()[-1]
    assert district.cases("registration", case.knows("person_id")) == []

    steering.does(
        "steer_round", "district_officer", steering_step="switch_mode", switch_reason="Đã nhận đủ vắc xin"
    )
    assert case.ended() == "ended_listed"
    assert len(district.cases("registration", case.knows("person_id"))) == 1
    assert [one["supply_mode"] for one in steering.records("round_change")] == ["ample"]


def test_an_application_without_a_round_is_looked_at_again_each_day(district: District) -> None:
    case = applied(district)
    assert "my_request" in case.waits_at()
    district.opens_round("ample")
    passed(timedelta(days=1, minutes=1))
    assert case.ended() == "ended_listed"


def test_who_waits_is_told_when_the_round_closes(district: District) -> None:
    steering = district.opens_round("ample")
    case = applied(district)
    steering.does("steer_round", steering_step="close_round", closing_reason="Hết đợt")
    assert steering.ended() == "ended_closed"
    assert district.registration(case.knows("person_id")).ended() == "ended_round_closed"


def test_without_consent_nothing_is_kept(district: District) -> None:
    with pytest.raises(Invalid):
        applied(district, data_consent=False)
    assert district.cases("application") == []


def test_only_whom_the_round_names_may_steer_it(district: District) -> None:
    with pytest.raises(NotAllowed):
        district.starts(
            "round", "219", "commune_officer", round_name="Đợt 4", supply_mode="ample", invitation_hours=12
        )


def applied(district: District, **answers: Any) -> Case:
    """The commune types it in for somebody."""
    given = {name: value for name, value in (WANTS | answers).items() if value is not None}
    return district.starts("application", "xa-1", "commune_officer", **given)


def applied_by_citizen(district: District) -> Case:
    with database.transaction() as connection:
        started = bearers.start(
            connection, "application", district.units["xa-1"], WANTS, b"a page", "10.0.0.1", 20
        )
    Worker().settle()
    return Case(district, started)
