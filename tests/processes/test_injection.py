"""At the injection table: what was given is recorded at once and numbered rightly, what was not is never recorded."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from engine import clock, texts
from engine.definitions import editions
from engine.definitions.definition import Definition
from engine.errors import Conflict
from tests.processes import bundles
from tests.processes.clinic import (
    UNTIL_CONCLUSION,
    UNTIL_INJECTED,
    Clinic,
    clock_time,
    local,
    worked,
)

HALF_AN_HOUR = timedelta(minutes=31)
STOCK_FLAGS = ("lot_unknown", "lot_expired", "lot_held", "vial_too_old", "not_in_store")
FLAG_COLUMNS = {
    "refusals": 0,
    "lot_refusals": 0,
    "mixing_refusals": 0,
    "cautions_of_product": 0,
    "dose_kind": 2,
}
UNTIL_PREPARED = (*UNTIL_CONCLUSION, "conclude", "prepare_injection")


def test_a_second_dose_too_early_is_stopped(clinic: Clinic) -> None:
    first = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(timedelta(days=10))
    second = clinic.visit_of(first.person).goes_through(*UNTIL_CONCLUSION, "conclude", "prepare_injection")
    assert second.waits_at() == ["product_stopped"]
    assert second.decided("products").outcome["reasons"] == ["too_early"]


def test_a_dose_that_was_given_is_recorded_even_when_the_table_refuses_it(clinic: Clinic) -> None:
    first = clinic.visit().goes_through(*UNTIL_INJECTED)
    worked(timedelta(days=10))
    second = clinic.visit_of(first.person).goes_through(*UNTIL_CONCLUSION, "conclude", "prepare_injection")
    second.completes(
        "product_stopped", stopped_then="already_given", already_given_why="Tiêm trước khi nhập máy"
    )
    second.completes("give_dose")

    (dose,) = second.records("dose")
    assert (dose["dose_no"], dose["flags"], dose["lot"]) == (2, ["too_early"], "ABV5300")
    worked(HALF_AN_HOUR)
    second.goes_through("observation").completes("confirmation", next_appointment_on=None)
    assert second.ended() == "ended_confirmed"


@pytest.mark.parametrize("readiness", ["left", "refused"])
def test_who_leaves_or_refuses_at_the_table_is_neither_injected_nor_confirmed(
    clinic: Clinic, readiness: str
) -> None:
    visit = clinic.visit().goes_through(*UNTIL_CONCLUSION, "conclude")
    visit.completes("prepare_injection", readiness=readiness, product=None, lot=None, expires_on=None)
    assert visit.ended() in ("ended_left_table", "ended_refused_at_table")
    assert (visit.records("dose"), visit.records("confirmation")) == ([], [])


@pytest.mark.parametrize(
    ("given", "end"), [("refused", "ended_refused_at_table"), ("left", "ended_left_table")]
)
def test_who_refuses_or_leaves_at_the_last_moment_has_no_dose_on_record(
    clinic: Clinic, given: str, end: str
) -> None:
    visit = clinic.visit().goes_through(*UNTIL_PREPARED)
    visit.completes("give_dose", given=given, arm=None)
    assert visit.ended() == end
    assert (visit.records("dose"), visit.records("confirmation")) == ([], [])


def test_who_feels_unwell_at_the_last_moment_is_examined_anew_with_all_rests(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception", "ask_questions")
    for _ in range(2):
        visit.completes("measure_vitals", systolic=158)
        worked(timedelta(minutes=21))
    visit.goes_through("measure_vitals", "consent", "conclude", "prepare_injection")
    visit.completes("give_dose", given="unwell", arm=None)

    assert visit.records("dose") == []
    visit.goes_through("ask_questions").completes("measure_vitals", systolic=158)
    assert visit.waits_at() == ["rest_pause"]


def test_a_dose_is_on_record_while_the_person_is_still_observed(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through(*UNTIL_INJECTED)
    assert "observation" in visit.waits_at()
    assert [dose["dose_no"] for dose in visit.records("dose")] == [1]


def test_the_record_and_the_owed_confirmation_begin_with_the_dose_itself() -> None:
    manifest = bundles.definition("visit").manifest
    assert [rule.at for rule in manifest.records if rule.kind == "dose"] == ["number_dose", "number_written"]
    assert [(one.after, one.reaches) for one in manifest.expects] == [("number_dose", "confirmation")]


def test_a_dose_entered_from_paper_meanwhile_does_not_share_a_dose_number(clinic: Clinic) -> None:
    live = clinic.visit().goes_through(*UNTIL_PREPARED)
    worked(timedelta(minutes=20))
    ago = {
        "received_time": clock_time(timedelta(minutes=-15)),
        "injected_time": clock_time(timedelta(minutes=-5)),
    }
    written = clinic.wrote(live.person, paper_no=7, **ago)
    live.completes("give_dose")

    assert [(dose["dose_no"], dose["flags"]) for dose in written.records("dose")] == [(1, [])]
    assert [(dose["dose_no"], dose["flags"]) for dose in live.records("dose")] == [
        (2, ["dose_given_meanwhile"])
    ]


def test_of_one_person_one_visit_is_open_at_a_time(clinic: Clinic) -> None:
    first = clinic.visit()
    with pytest.raises(Conflict) as refused:
        clinic.visit_of(first.person)
    assert refused.value.code == "case_open"
    first.completes("reception", arrival_decision="send_home", arrival_reason="Hết giờ", planned_product=None)
    assert clinic.visit_of(first.person).waits_at() == ["reception"]


@pytest.mark.parametrize("away", [timedelta(minutes=6), timedelta(hours=-25)])
def test_an_implausible_time_is_recorded_and_flagged(clinic: Clinic, away: timedelta) -> None:
    visit = clinic.visit().goes_through(*UNTIL_PREPARED)
    visit.completes("give_dose", given_at=local(clock.now() + away))
    (dose,) = visit.records("dose")
    assert "time_implausible" in dose["flags"]


def test_every_flag_a_dose_can_carry_is_said_in_both_languages() -> None:
    possible: set[str] = set()
    for definition in every_edition("visit"):
        flags = flags_of(definition)
        for language in texts.LANGUAGES:
            assert flags <= set(definition.texts[language]["records"]["dose"]["options"]["flags"])
        possible |= flags
    assert {"dose_given_meanwhile", "session_not_open", "possible_duplicate", "mixing_not_agreed"} <= possible
    assert set(definition.texts["vi"]["records"]["dose"]["options"]["flags"]) == possible


def every_edition(process: str) -> list[Definition]:
    """The process in each of its editions."""
    names = [None, *(one.name for one in editions.of(bundles.PROCESSES / process))]
    return [bundles.definition(process, name) for name in names]


def flags_of(definition: Definition) -> set[str]:
    """What the tables and scripts of one edition may note on a dose."""
    flags = {*STOCK_FLAGS}
    for element in ("number_dose", "number_written"):
        flags |= set(re.findall(r'\["(\w+)"\]', definition.model.nodes[element].script.text))
    for model in definition.models.values():
        for name, column in FLAG_COLUMNS.items():
            found = model.decision(name)
            cells = [rule.outputs[column].text.strip() for rule in found.rules] if found else []
            flags |= {cell.strip('"') for cell in cells if cell.startswith('"')}
    return flags
