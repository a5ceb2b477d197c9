"""What the screening table proposes and the doctor signs: unknown and contradicting answers are never healthy."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine import catalogue
from engine.definitions import definition as definitions
from engine.definitions import scenario_files, scenarios
from engine.definitions.definition import Definition
from engine.errors import Invalid
from tests.processes import bundles
from tests.processes.clinic import UNTIL_CONCLUSION, Clinic, worked

RULE_SCENARIO = "- scenario: Vắc xin khác trong 14 ngày chỉ là phát hiện khi bật quy tắc\n"
OFF = '"{}_rule_on"</text></outputEntry>\n        <outputEntry id="parameter_table_{}_rule_on_out_value"><text>false'


def test_a_pregnant_person_is_deferred(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception")
    visit.completes("ask_questions", pregnant="yes", pregnancy_weeks=20).goes_through(
        "measure_vitals", "consent"
    )

    assert visit.proposes() == "DEFER"
    assert visit.findings() == {"pregnant"}
    visit.completes(
        "conclude",
        signed_conclusion="DEFER",
        deferral_reason="pregnant",
        deferred_until="2021-12-13",
        recheck_days=30,
    )
    assert visit.ended() == "ended_deferred"
    assert visit.records("deferral")[0]["deferral_reason"] == "pregnant"
    assert visit.records("dose") == []


def test_the_doctor_cannot_sign_less_than_the_table_says(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception")
    visit.completes("ask_questions", pregnant="yes", pregnancy_weeks=20).goes_through(
        "measure_vitals", "consent"
    )
    with pytest.raises(Invalid) as caught:
        visit.completes("conclude", signed_conclusion="ELIGIBLE")
    assert caught.value.findings[0].pointer == "/signed_conclusion"
    assert visit.waits_at() == ["conclude"]


def test_a_person_over_65_is_referred_when_the_site_cannot_resuscitate(clinic: Clinic) -> None:
    visit = clinic.visit(born_on="1950-01-01", sex="male").goes_through(*UNTIL_CONCLUSION)

    assert (visit.proposes(), visit.findings()) == ("CAUTIOUS", {"old_age"})
    visit.completes("conclude", signed_conclusion="CAUTIOUS", site_can_resuscitate=False)
    visit.completes(
        "refer", referred_to="Bệnh viện Đa khoa tỉnh", referral_reason="Trên 65 tuổi", transport="own"
    )
    assert visit.ended() == "ended_referred"
    assert visit.records("referral")[0]["referred_to"] == "Bệnh viện Đa khoa tỉnh"
    assert visit.records("dose") == []


def test_a_person_over_65_is_injected_where_the_site_can_resuscitate(clinic: Clinic) -> None:
    visit = clinic.visit(born_on="1950-01-01", sex="male").goes_through(*UNTIL_CONCLUSION)
    visit.completes("conclude", signed_conclusion="CAUTIOUS", site_can_resuscitate=True)
    assert visit.waits_at() == ["prepare_injection"]


@pytest.mark.parametrize("signed", ["CAUTIOUS", "HOSPITAL"])
def test_a_doctors_own_caution_asks_whether_the_site_can_resuscitate(clinic: Clinic, signed: str) -> None:
    visit = clinic.visit().goes_through(*UNTIL_CONCLUSION)
    assert visit.proposes() == "ELIGIBLE"
    with pytest.raises(Invalid) as caught:
        visit.completes("conclude", signed_conclusion=signed, stricter_reason="Người mệt và da tái")
    assert "site_can_resuscitate" in caught.value.findings[0].pointer

    visit.completes(
        "conclude",
        signed_conclusion=signed,
        stricter_reason="Người mệt và da tái",
        site_can_resuscitate=False,
    )
    assert visit.waits_at() == ["refer"]


def test_high_blood_pressure_rests_is_measured_again_and_goes_on(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception", "ask_questions")
    visit.completes("measure_vitals", systolic=152, diastolic=94)
    assert visit.waits_at() == ["rest_pause"]

    worked(timedelta(minutes=19))
    assert visit.waits_at() == ["rest_pause"]
    worked(timedelta(minutes=2))
    visit.goes_through("measure_vitals", "consent")
    assert visit.proposes() == "ELIGIBLE"


def test_blood_pressure_that_stays_high_is_a_caution_after_two_rests(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception", "ask_questions")
    for _ in range(2):
        visit.completes("measure_vitals", systolic=158)
        worked(timedelta(minutes=21))
    visit.completes("measure_vitals", systolic=158).goes_through("consent")
    assert (visit.proposes(), visit.findings()) == ("CAUTIOUS", {"abnormal_vitals"})


@pytest.mark.parametrize(
    "question",
    ["allergy", "acute_illness", "chronic_disease", "immune_impairment", "coagulation_disorder",
     "perception_disorder", "covid_recent", "immunosuppressant", "label_contraindication", "anaphylaxis", "pregnant",
     "breast_feeding"],
)  # fmt: skip
def test_an_unknown_answer_is_never_eligible(clinic: Clinic, question: str) -> None:
    visit = clinic.visit().goes_through("reception")
    answers = {question: "unknown"}
    if question in ("chronic_disease", "acute_illness"):  # then breathing is measured too
        visit.completes("ask_questions", **answers).completes("measure_vitals", respiration=18, spo2=98)
    else:
        visit.completes("ask_questions", **answers).goes_through("measure_vitals")
    visit.goes_through("consent")
    assert visit.proposes() != "ELIGIBLE"
    assert visit.findings()


def test_a_refusal_is_recorded_with_its_reason_and_ends_the_visit(clinic: Clinic) -> None:
    visit = clinic.visit().goes_through("reception", "ask_questions", "measure_vitals")
    visit.completes(
        "consent", agrees="disagree", refusal_reason="later", statement_protection=None, statement_reactions=None,
        statement_understood=None, consent_on_paper=None,
    )  # fmt: skip
    assert visit.ended() == "ended_refused"
    assert visit.records("refusal") == [{"person_id": visit.person, "refusal_reason": "later"}]


@pytest.mark.parametrize("rule", ["other_vaccine", "immunoglobulin"])
@pytest.mark.parametrize(("on", "actions"), [("2021-07-15", "START_DEFERRAL"), ("2021-02-01", "CLARIFY")])
def test_a_switched_on_rule_defers_a_recent_date_and_clears_up_a_contradicting_one(
    rule: str, on: str, actions: str
) -> None:
    definition = switched_on(rule)
    written = bundles.bundle("visit").files["scenarios/visits.yaml"].decode()
    one = RULE_SCENARIO + written.partition(RULE_SCENARIO)[2].partition("\n\n")[0]
    asked = one.replace('other_vaccine_recent: "yes"', 'other_vaccine_recent: "no"').replace(
        f'{rule}_recent: "no"', f'{rule}_recent: "yes"'
    )
    asked = asked.replace('other_vaccine_on: "2021-07-15"', f'{rule}_on: "{on}"')
    expected = asked.replace("{conclusion: ELIGIBLE}", f"{{conclusion: DEFER, actions: [{actions}]}}")
    assert expected != asked
    assert f'{rule}_on: "{on}"' in asked

    (tried,) = scenarios.run(
        definition,
        scenario_files.read(expected.encode(), "scenarios/visits.yaml"),
        catalogue.current(),
    )
    assert [finding.sentence("en") for finding in tried.findings] == []


def switched_on(rule: str) -> Definition:
    """The visit with a rule that stands in the screening table switched on."""
    held = bundles.bundle("visit")
    table = held.files["screening.dmn"].decode()
    off = OFF.format(rule, rule)
    assert table.count(off) == 1
    return definitions.compile(
        held.changed({"screening.dmn": table.replace(off, off.replace("false", "true")).encode()})
    )
