"""The campaign's promises, as a clinical lead would say them: on PostgreSQL, with the worker, by single roles."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import (
    access,
    clock,
    database,
    feel,
    incidents,
    instances,
    messages,
    settings,
    stuck,
    user_tasks,
)
from engine.bpmn.model import Kind, ProcessModel
from engine.errors import Conflict, NotAllowed, NotFound
from engine.stuck import Reason
from tests.processes import bundles
from tests.processes.clinic import (
    AT_SITES,
    OTHER,
    UNTIL_CONCLUSION,
    UNTIL_INJECTED,
    Clinic,
    Visit,
    worked,
)
from web import document_view, documents

HALF_AN_HOUR = timedelta(minutes=31)


# --- the way through --------------------------------------------------------------------------------------


def test_a_healthy_person_is_injected_observed_and_given_a_confirmation(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(HALF_AN_HOUR)
    visit.goes_through("observation", "confirmation")

    assert visit.ended() == "ended_confirmed"
    assert [dose["dose_no"] for dose in visit.records("dose")] == [1]
    assert visit.records("dose")[0]["flags"] == []
    assert visit.records("confirmation")[0]["observation_complete"] is True


def test_every_step_is_done_by_the_role_of_its_lane_and_by_nobody_else(clinic: Clinic) -> None:
    visit = clinic.visit()
    held = {}
    for element in (*UNTIL_INJECTED, "observation", "confirmation"):
        task = visit.task(element)
        held[element] = task.role
        for role in set(AT_SITES) - {task.role}:
            refused(visit, task, role, NotAllowed)
            assert visit.tasks(clinic.staff[role]) == []
        visit.completes(element)

    assert held["reception"] == "receptionist"
    assert {held[element] for element in ("ask_questions", "measure_vitals", "consent", "conclude")} == {
        "screener"
    }
    assert {held[element] for element in ("prepare_injection", "give_dose")} == {"vaccinator"}
    assert (held["observation"], held["confirmation"]) == ("observer", "certifier")


def test_another_sites_staff_see_nothing_and_are_refused(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_CONCLUSION)
    screener = clinic.staff[f"screener{OTHER}"]
    with database.transaction() as connection:
        assert user_tasks.queue(connection, screener) == []
        with pytest.raises(NotFound):
            instances.view(connection, visit.id, screener)
        with pytest.raises(NotAllowed):
            user_tasks.view(connection, visit.task("conclude").id, screener)
        with pytest.raises(NotAllowed):
            user_tasks.claim(connection, visit.task("conclude").id, screener)
    refused(visit, visit.task("conclude"), f"screener{OTHER}", NotAllowed)


def test_only_reception_and_the_site_lead_receive_people(clinic: Clinic) -> None:
    for role in ("screener", "vaccinator", "observer", "certifier", f"receptionist{OTHER}"):
        with database.transaction() as connection, pytest.raises(NotAllowed):
            variables = {"person_id": "1", "arrival_kind": "invited"}
            instances.start(connection, "visit", clinic.units["diem-1"], variables, clinic.staff[role])


def test_the_same_answers_sent_twice_change_nothing(clinic: Clinic) -> None:
    visit = clinic.visit()
    task = visit.task("reception")
    visit.completes("reception")
    before = visit.history()
    refused(visit, task, "receptionist", Conflict)
    assert visit.history() == before


# --- observation and confirmation -------------------------------------------------------------------------


def test_leaving_early_is_recorded_and_the_confirmation_says_so(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(timedelta(minutes=10))
    visit.completes("observation", observation_outcome="left_early", told_to_watch=None).completes(
        "confirmation"
    )

    assert visit.records("observation")[0]["observation_complete"] is False
    assert visit.records("confirmation")[0]["observation_complete"] is False
    paper = printed(clinic, visit)
    assert "Chưa theo dõi đủ thời gian" in paper
    assert "Observation at the site is incomplete" in paper


def test_after_the_full_time_the_confirmation_says_nothing_of_leaving(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(HALF_AN_HOUR)
    visit.goes_through("observation", "confirmation")
    paper = printed(clinic, visit)
    assert "ABV5300" in paper
    assert "Chưa theo dõi đủ thời gian" not in paper


def test_there_is_no_paper_before_the_confirmation(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    with database.transaction() as connection:
        view = instances.view(connection, visit.id, clinic.staff["site_lead"])
        assert documents.ready(connection, view, "vi") == []


def test_a_severe_reaction_is_reported_by_the_site_lead_and_does_not_withhold_the_paper(
    clinic: Clinic,
) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(timedelta(minutes=5))
    visit.completes("observation", observation_outcome="reaction", told_to_watch=None)
    assert visit.task("treat_reaction").role == "screener"
    visit.completes(
        "treat_reaction", signs=["rash", "breathing_trouble"], reaction_began_at="2021-07-26T09:04:00+07:00",
        anaphylaxis_degree="2", serious=True, serious_criteria=["life_threatening"], treatment="Adrenalin tiêm bắp",
        reaction_outcome="recovered",
    )  # fmt: skip
    assert visit.waits_at() == ["confirmation", "report_reaction"]
    assert visit.task("report_reaction").role == "site_lead"
    visit.completes("confirmation")
    assert visit.ended() is None  # the report is still owed
    assert visit.records("reaction")[0]["serious"] is True


def test_the_confirmation_is_reachable_only_through_a_completed_injection() -> None:
    model = bundles.definition("visit").model
    # The sub-process completes by a dose and in no other way: its other ends are errors, which leave it.
    ends = [node for node in model.inside("injection") if node.kind is Kind.END]
    assert {node.id for node in ends if node.error_code is None} == {"dose_given"}
    assert {"confirmation", "observation"} <= reached(model)
    # A dose written on paper is the other injection there is: it happened before its line was entered.
    injected = ("injection", "number_written")
    papers = {"confirmation", "observation", "note_written_confirmation", "ended_confirmed"}
    assert reached(model, *injected) & papers == set()
    assert "confirmation" in reached(model, "injection")
    assert "confirmation" in reached(model, "number_written")
    assert "dose_given" not in reached(model, "give_dose")
    assert "number_dose" not in reached(model, "give_dose")
    assert "dose_given" not in reached(model, "number_dose")


def test_an_injection_without_a_confirmation_after_its_service_level_is_stuck(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(HALF_AN_HOUR)
    visit.goes_through("observation")
    supervisor = clinic.staff["province_supervisor"]

    worked(timedelta(minutes=59))
    with database.transaction() as connection:
        assert stuck.find(connection, supervisor) == []
    worked(timedelta(minutes=31))  # the task's hour, and the two hours after the injection, are over
    with database.transaction() as connection:
        found = stuck.find(connection, supervisor)
    assert {(one.instance_id, one.element, one.reason) for one in found} == {
        (visit.id, "confirmation", Reason.LATE),
        (visit.id, "confirmation", Reason.NOT_FOLLOWED),
    }
    visit.completes("confirmation")
    with database.transaction() as connection:
        assert stuck.find(connection, supervisor) == []


def test_somebody_unknown_to_the_registry_stops_until_help_comes(clinic: Clinic) -> None:
    visit = clinic.visit_of("404")
    with database.transaction() as connection:
        assert [one.element for one in incidents.of(connection, visit.id)] == ["read_person"]
        assert not incidents.retry(
            connection, visit.id, incidents.of(connection, visit.id)[0].token, "read_person",
            clinic.staff["province_supervisor"],
        )  # fmt: skip
        with pytest.raises(NotAllowed):
            incidents.retry(
                connection, visit.id, incidents.of(connection, visit.id)[0].token, "read_person",
                clinic.staff["receptionist"],
            )  # fmt: skip


# --- deferral ---------------------------------------------------------------------------------------------


def test_a_deferral_starts_its_own_case_and_a_return_closes_it(clinic: Clinic) -> None:
    visit = deferred(clinic)
    (deferral,) = clinic.cases("deferral", visit.person)
    assert (deferral.state, deferral.unit_path) == ("active", clinic.units["diem-1"].path)

    worked(timedelta(days=3))
    clinic.visit_of(visit.person, arrival_kind="after_deferral").goes_through("reception")
    (closed,) = clinic.cases("deferral", visit.person)
    assert (closed.state, closed.outcome) == ("completed", "ended_rebooked")


def test_a_return_of_somebody_else_leaves_the_deferral_open(clinic: Clinic) -> None:
    visit = deferred(clinic)
    clinic.visit(arrival_kind="after_deferral").goes_through("reception")
    assert clinic.cases("deferral", visit.person)[0].state == "active"


def test_who_stays_away_after_a_deferral_is_followed_up_by_the_home_commune(clinic: Clinic) -> None:
    visit = deferred(clinic)
    worked(timedelta(days=3))
    (deferral,) = clinic.cases("deferral", visit.person)
    followed = Visit(clinic, deferral.instance_id, visit.person, visit.sex)
    assert followed.task("recheck").unit_path == clinic.units["xa-1"].path

    followed.completes("recheck", condition_state="ended")
    worked(timedelta(days=7))
    assert followed.task("follow_up").role == "commune_officer"
    refused(followed, followed.task("follow_up"), "site_lead", NotAllowed)
    followed.completes("follow_up", contact_outcome="rebooked", rebooked_for="2021-08-15")
    assert followed.ended() == "ended_appointed"


def test_a_message_that_nobody_awaits_any_more_changes_nothing(clinic: Clinic) -> None:
    visit = deferred(clinic)
    with database.transaction() as connection, pytest.raises(NotFound):
        messages.correlate(connection, "rebooked", "999", {}, access.SYSTEM)
    worked(timedelta(minutes=1))
    assert clinic.cases("deferral", visit.person)[0].state == "active"


def reached(model: ProcessModel, *without: str) -> set[str]:
    """Where tokens may come to when the activities `without` never complete, though they may be left at a boundary."""
    seen: set[str] = set()
    ahead = [node.id for node in model.starts()]
    while ahead:
        node = model.nodes[ahead.pop()]
        if node.id in seen:
            continue
        seen.add(node.id)
        ahead += [start.id for start in model.starts(node.id)]
        ahead += [one.id for one in model.nodes.values() if one.attached_to == node.id]
        if node.id not in without:
            ahead += [flow.target for flow in model.flows.values() if flow.source == node.id]
    return seen


def deferred(clinic: Clinic) -> Visit:
    """Somebody with a fever, deferred for three days at a time."""
    visit = clinic.visit().goes_through("reception", "ask_questions")
    visit.completes("measure_vitals", temperature=38.4).goes_through("consent")
    visit.completes("conclude", signed_conclusion="DEFER", deferral_reason="acute_illness", recheck_days=3)
    assert visit.ended() == "ended_deferred"
    return visit


def refused(visit: Visit, task: user_tasks.Task, who: str, refusal: type[Exception]) -> None:
    with database.transaction() as connection, pytest.raises(refusal):
        user_tasks.complete(connection, task.id, visit.clinic.staff[who], {})


def printed(clinic: Clinic, visit: Visit) -> str:
    """Every word on the confirmation."""
    with database.transaction() as connection:
        view = instances.view(connection, visit.id, clinic.staff["site_lead"])
        assert [one.key for one in documents.ready(connection, view, "vi")] == ["confirmation"]
    surroundings = {
        "subject": {"name": "Nguyễn Minh Anh", "shown_code": "1"},
        "unit": {"name": view.unit.name},
    }
    declared = view.definition.documents["confirmation"]
    moment = feel.Moment(clock.now(), settings.current().zone_info)
    return str(document_view.view(view.definition, declared, {**view.variables, **surroundings}, moment))
