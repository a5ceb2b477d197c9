"""A visit in its session: what does not fit is decided at reception, a stopped session stops the next needle only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from engine import database, messages
from engine.errors import Invalid
from tests.processes.clinic import NO, UNTIL_CONCLUSION, UNTIL_INJECTED, Clinic, Visit, worked

UNTIL_SIGNED = (*UNTIL_CONCLUSION, "conclude")
HELD = ["session_hold", "session_resumed"]  # the task, and the message that ends it by itself
NOT_READY = dict.fromkeys(("product", "lot", "expires_on"))


def test_a_stopped_session_stops_the_next_injection_and_not_the_record_of_one_that_happened(
    clinic: Clinic,
) -> None:
    session = clinic.opened()
    waiting = clinic.visit().goes_through(*UNTIL_SIGNED)
    at_the_needle = clinic.visit().goes_through(*UNTIL_SIGNED, "prepare_injection")
    injected_meanwhile = clinic.visit().goes_through(*UNTIL_SIGNED)
    worked(timedelta(minutes=1))
    clinic.turned(session, "stopped")
    worked(timedelta(minutes=1))

    waiting.completes("prepare_injection")
    assert waiting.waits_at() == HELD
    assert waiting.records("dose") == []

    at_the_needle.completes("give_dose")  # nothing stands between the preparation and the record
    assert [dose["flags"] for dose in at_the_needle.records("dose")] == [["session_not_open"]]

    injected_meanwhile.completes("prepare_injection")
    injected_meanwhile.completes(
        "session_hold", hold_then="already_given", already_given_why="Tiêm xong mới biết buổi dừng"
    )
    injected_meanwhile.completes("give_dose")
    assert [dose["flags"] for dose in injected_meanwhile.records("dose")] == [["session_not_open"]]


def test_a_dose_given_before_the_stop_and_entered_after_it_is_not_flagged(clinic: Clinic) -> None:
    session = clinic.opened()
    visit = clinic.visit().goes_through(*UNTIL_SIGNED, "prepare_injection")
    worked(timedelta(minutes=5))
    clinic.turned(session, "stopped")
    worked(timedelta(minutes=5))
    visit.completes("give_dose", given_at="2021-07-26T09:03:00+07:00")
    assert visit.records("dose")[0]["flags"] == []


def test_a_paused_session_that_opens_again_lets_people_go_on(clinic: Clinic) -> None:
    session = clinic.opened()
    visit = clinic.visit().goes_through(*UNTIL_SIGNED)
    clinic.turned(session, "paused")
    visit.completes("prepare_injection").completes("session_hold", hold_then="recheck")
    visit.completes("prepare_injection")
    assert visit.waits_at() == HELD  # it is still paused
    clinic.turned(session, "open")
    visit.completes("session_hold", hold_then="recheck").goes_through("prepare_injection", "give_dose")
    assert [dose["flags"] for dose in visit.records("dose")] == [[]]


def test_the_message_of_a_session_that_opens_again_leads_everybody_back_to_the_needle(clinic: Clinic) -> None:
    session = clinic.opened()
    waiting = [clinic.visit().goes_through(*UNTIL_SIGNED) for _ in range(2)]
    clinic.turned(session, "paused")
    for visit in waiting:
        visit.completes("prepare_injection")
    clinic.turned(session, "open")
    with database.transaction() as connection:
        messages.publish(
            connection, "session_resumed", session, {}, clinic.units["diem-1"], timedelta(minutes=1)
        )
    worked(timedelta(seconds=1))
    assert [visit.waits_at() for visit in waiting] == [["prepare_injection"]] * 2


def test_whoever_is_sent_home_while_the_session_stands_still_is_on_record(clinic: Clinic) -> None:
    session = clinic.opened()
    visit = clinic.visit().goes_through(*UNTIL_SIGNED)
    clinic.turned(session, "stopped")
    visit.completes("prepare_injection").completes("session_hold", hold_then="send_home")
    assert visit.ended() == "ended_sent_home"
    (sent,) = visit.records("sent_home")
    assert (sent["session_id"], sent["session_state"]) == (session, "stopped")
    assert outcomes(visit.person) == ["left"]


def test_what_does_not_fit_is_decided_with_a_reason(clinic: Clinic) -> None:
    clinic.opened(walk_ins=False, standby=False)
    visit = clinic.visit(arrival_kind="walk_in")
    assert visit.variables()["arrival_flags"] == ["no_booking"]
    with pytest.raises(Invalid):
        visit.completes("reception")
    with pytest.raises(Invalid):
        visit.completes("reception", arrival_decision="receive_anyway")
    visit.completes("reception", arrival_decision="receive_anyway", arrival_reason="Còn liều cuối lọ")
    (received,) = visit.records("received")
    assert (received["arrival_flags"], received["arrival_reason"]) == (["no_booking"], "Còn liều cuối lọ")


def test_whoever_is_not_received_is_on_record_with_the_reason(clinic: Clinic) -> None:
    clinic.opened(walk_ins=False, standby=False)
    visit = clinic.visit(arrival_kind="walk_in")
    visit.completes(
        "reception",
        arrival_decision="send_home",
        arrival_reason="Buổi này chỉ người có hẹn",
        planned_product=None,
    )
    assert visit.ended() == "ended_not_received"
    assert visit.records("not_received")[0]["arrival_reason"] == "Buổi này chỉ người có hẹn"
    assert visit.records("received") == []


def test_a_walk_in_who_is_new_is_added_to_the_registry_and_the_case_is_about_them(clinic: Clinic) -> None:
    visit = arrives_new(clinic, new_identifier_type="cccd", new_identifier="024180001234")
    assert visit.waits_at() == ["reception"]
    person = visit.variables()["person_id"]
    assert [one.instance_id for one in clinic.cases("visit", person)] == [visit.id]
    assert visit.variables()["new_name"] is None  # names stay in the registry

    twin = arrives_new(clinic, new_identifier_type="cccd", new_identifier="024180001234")
    assert twin.waits_at() == ["correct_new_person"]
    twin.completes(
        "correct_new_person", taken_then="corrected", new_name="Trần Thị Hoa", new_born_on="1980-05-07",
        new_sex="female", new_phone="0912345678", new_identifier_type="cccd", new_identifier="024180001235",
    )  # fmt: skip
    assert twin.waits_at() == ["reception"]  # a household may share a phone
    assert twin.variables()["person_id"] != person


@pytest.mark.parametrize("station", ["reception", "ask_questions", "prepare_injection"])
def test_given_elsewhere_closes_the_visit_without_stock_and_without_confirmation(
    clinic: Clinic, station: str
) -> None:
    steps = (*UNTIL_SIGNED, "prepare_injection")
    visit = clinic.visit().goes_through(*steps[: steps.index(station)])
    if station == "reception":
        visit.completes("reception", arrival_decision="given_elsewhere", planned_product=None)
    elif station == "ask_questions":
        nothing = dict.fromkeys((*NO, "pregnant", "breast_feeding"))
        visit.completes("ask_questions", called_as="given_elsewhere", **nothing)
    else:
        visit.completes("prepare_injection", readiness="given_elsewhere", **NOT_READY)
    visit.completes("note_elsewhere", elsewhere_where="Bệnh viện huyện", elsewhere_paper_seen=True)
    assert visit.ended() == "ended_given_elsewhere"
    assert visit.records("given_elsewhere")[0]["elsewhere_where"] == "Bệnh viện huyện"
    assert (visit.records("dose"), visit.records("confirmation")) == ([], [])
    assert injected() == 0


def test_what_was_declared_beforehand_is_known_to_screening_and_answers_nothing(clinic: Clinic) -> None:
    session = clinic.opened()
    visit = clinic.visit()
    person = visit.person
    visit.completes("reception", arrival_decision="send_home", arrival_reason="Đến sớm", planned_product=None)
    clinic.serves(
        "sessions.reserve", session_id=session, starts_at="2021-07-26T09:00:00+07:00", person_id=person,
        declared={"allergy": "yes", "pregnant": "unknown"},
    )  # fmt: skip
    again = clinic.visit_of(person)
    assert again.variables()["declared"]["allergy"] == "yes"
    again.completes("reception", arrival_decision="receive_anyway", arrival_reason="Đến lần thứ hai")
    with pytest.raises(Invalid):
        again.completes("ask_questions", allergy=None)


def test_how_each_visit_ended_is_told_to_the_session(clinic: Clinic) -> None:
    clinic.opened()
    vaccinated = clinic.visit().goes_through(*UNTIL_INJECTED)
    deferred = clinic.visit().goes_through("reception", "ask_questions")
    deferred.completes("measure_vitals", temperature=38.4).goes_through("consent")
    deferred.completes("conclude", signed_conclusion="DEFER", deferral_reason="acute_illness", recheck_days=3)
    gone = clinic.visit().goes_through("reception", "ask_questions")
    gone.completes("measure_vitals", gone=True, temperature=None, pulse=None, systolic=None, diastolic=None)
    assert gone.ended() == "ended_left"
    assert [outcomes(one.person) for one in (vaccinated, deferred, gone)] == [
        ["vaccinated"], ["deferred"], ["left"],
    ]  # fmt: skip


def test_the_dose_that_takes_the_last_of_the_stock_is_recorded_and_owed(clinic: Clinic) -> None:
    clinic.serves("stock.write_off", product="astrazeneca", lot="ABV5300", doses=500, reason="Vỡ thùng")
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    assert visit.records("dose")[0]["flags"] == ["not_in_store"]


def arrives_new(clinic: Clinic, **details: Any) -> Visit:
    clinic.opened()
    answers = {
        "new_person": True, "new_name": "Trần Thị Bình", "new_born_on": "1980-05-06", "new_sex": "female",
        "new_phone": "0912345678", "arrival_kind": "walk_in", **details,
    }  # fmt: skip
    return clinic.begun("arrived", answers)


def injected() -> int:
    """The doses the stock knows as injected."""
    with database.transaction() as connection:
        found = text("select coalesce(sum(doses), 0) from stock_line where account = 'injected'")
        return int(connection.execute(found).scalar_one())


def outcomes(person: str) -> list[str]:
    """How the person's attendances at sites ended, as the sessions know it."""
    with database.transaction() as connection:
        rows = connection.execute(
            text("select outcome from attendance where person_id = :person order by attendance_id"),
            {"person": person},
        )
        return [row.outcome for row in rows]
