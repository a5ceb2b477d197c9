"""Every screening rule of the campaign, edition by edition: whatever is not known, nobody is eligible by it."""

from __future__ import annotations

import itertools
from datetime import datetime
from typing import Any

import pytest

from engine import decisions, feel, settings
from engine.definitions import definition as definitions
from engine.definitions import editions
from engine.definitions.definition import Definition
from tests.processes import bundles

PROCESSES = settings.CHECKOUT / "processes"
EDITIONS = [one.name for one in editions.of(PROCESSES / "visit")]
MOMENT = feel.Moment(datetime.fromisoformat("2021-12-22T08:00:00+07:00"), settings.current().zone_info)
PEOPLE: tuple[dict[str, Any], ...] = (
    {}, {"planned_product": "sputnik_v"}, {"birth_date": "2007-03-02", "planned_product": "comirnaty"},
)  # fmt: skip
"""A woman of 30, one who is to get Sputnik V, a child: an item matters to one of them."""
SWITCHED_OFF = {"2995": {"other_vaccine_recent", "immunoglobulin_recent"}}  # not certain of this rule
HEALTHY = {
    "temperature": 36.6, "pulse": 74, "systolic": 120, "diastolic": 76, "respiration": 18, "spo2": 98,
    "pressure_history": "no", "heart_history": "no", "auscultation": "normal",
}  # fmt: skip


def compiled(edition: str) -> Definition:
    return bundles.definition("visit", edition)


def asked(edition: str, key: str, given: dict[str, Any]) -> Any:
    """What a decision of an edition says about a person."""
    used = compiled(edition).decisions[key]
    return decisions.evaluate(used.model, used.decision, given, MOMENT).value


def healthy(edition: str, **changed: Any) -> dict[str, Any]:
    """A woman of 30 who answers no to every item of the form, with the answers changed."""
    questions = dict.fromkeys(asked(edition, "parameters", {})["asked"], "no") | changed
    return {
        "birth_date": "1991-03-02", "sex": "female", "planned_product": "astrazeneca", "questions": questions,
        "label_contraindication": questions.get("label_contraindication"), "vitals": HEALTHY, "rests_done": 0,
        "consent": {"agrees": "agree", "guardian_name": "Trần Thị Hoa", "guardian_relation": "mother"},
    }  # fmt: skip


DUE_FOR_SOME = {
    "1624": {"respiration", "spo2"}, "2995": {"respiration", "spo2"}, "3445": {"respiration", "spo2"},
    "mixing_08": {"respiration", "spo2"}, "3802": set[str](),
    "4355": {"systolic", "diastolic", "pulse", "respiration"},
    "5002": {"systolic", "diastolic", "pulse", "respiration"},
    "10225": {"systolic", "diastolic", "pulse", "respiration"},
    "5785": {"systolic", "diastolic", "pulse", "respiration"},
}  # fmt: skip
"""Vital signs that need not be measured of a healthy person; the README says when they must."""


def concluded(edition: str, given: dict[str, Any]) -> str:
    return str(asked(edition, "screening", given)["conclusion"])


@pytest.mark.parametrize("edition", EDITIONS)
def test_no_to_every_item_is_eligible_and_anything_not_known_is_not(edition: str) -> None:
    assert concluded(edition, healthy(edition)) == "ELIGIBLE"
    people = [one for one in PEOPLE if concluded(edition, healthy(edition) | one) == "ELIGIBLE"]
    for item in healthy(edition)["questions"].keys() - SWITCHED_OFF.get(edition, set()):
        for answer in (None, "unknown", "perhaps"):
            given = healthy(edition, **{item: answer})
            assert any(concluded(edition, given | one) != "ELIGIBLE" for one in people), (item, answer)
    for missing in ("birth_date", "questions", "vitals"):
        assert concluded(edition, {**healthy(edition), missing: None}) != "ELIGIBLE", missing
    assert concluded(edition, {}) != "ELIGIBLE"


@pytest.mark.parametrize("edition", EDITIONS)
def test_only_vital_signs_that_are_due_for_some_may_be_missing(edition: str) -> None:
    measured = {sign for sign, value in HEALTHY.items() if not isinstance(value, str)}
    for sign in measured & compiled(edition).forms["vitals"].names:
        given = healthy(edition) | {"vitals": {**HEALTHY, sign: None}}
        assert (concluded(edition, given) == "ELIGIBLE") == (sign in DUE_FOR_SOME[edition]), sign


def test_breathing_not_measured_is_abnormal_where_a_chronic_disease_cannot_be_excluded() -> None:
    for edition, answer, sign in itertools.product(
        ("2995", "3445", "mixing_08"), ("yes", "unknown", None), ("respiration", "spo2")
    ):
        given = healthy(edition, chronic_disease=answer)
        assert asked(edition, "measurement", given)["abnormal"] == []
        given["vitals"] = {**HEALTHY, sign: None}
        assert asked(edition, "measurement", given)["abnormal"] == [f"{sign}_missing"]
        assert asked(edition, "measurement", {**given, "vitals": {"normal_on_paper": True}})["abnormal"] == []


@pytest.mark.parametrize("edition", EDITIONS)
def test_the_items_of_the_table_are_those_of_the_form_and_of_the_line_on_paper(edition: str) -> None:
    definition = compiled(edition)
    items = set(asked(edition, "parameters", {})["asked"])
    assert items <= definition.forms["screening_questions"].names
    listed = definition.forms["paper_line"].schema["properties"]["yes_items"]["items"]["enum"]
    assert set(listed) == items
    order = definition.forms["screening_questions"].schema["x-ui"]["order"]
    for children in (True, False):  # the form asks a child first, the paper list tells adults first
        told = [item for item in listed if item.startswith("child_") == children]
        assert told == [item for item in order if item in told]


def test_the_readme_tells_every_edition_with_its_day() -> None:
    told = (PROCESSES / "visit" / "README.md").read_text("utf-8")
    for one in editions.of(PROCESSES / "visit"):
        assert f"| `{one.name}` | {one.effective_from:%Y-%m-%d} |" in told, one.name


@pytest.mark.parametrize(
    ("switch", "item"),
    [("other_vaccine", "other_vaccine_recent"), ("immunoglobulin", "immunoglobulin_recent")],
)
def test_what_is_not_certain_of_3445_can_be_switched_off(switch: str, item: str) -> None:
    assert concluded("3445", healthy("3445", **{item: "yes"})) == "DEFER"
    assert concluded("2995", healthy("2995", **{item: "yes"})) == "ELIGIBLE", "off in the folder"


def test_the_usual_pressure_of_4355_can_be_switched_off() -> None:
    treated = {**HEALTHY, "pressure_history": "yes", "treated_pressure": "yes", "usual_systolic": 150,
               "usual_diastolic": 85, "systolic": 170, "diastolic": 88}  # fmt: skip
    given = {**healthy("4355"), "vitals": treated}
    assert concluded("4355", given) == "ELIGIBLE"
    whole = compiled("4355").bundle
    table = whole.files["screening.dmn"].decode()
    before, found, after = table.partition('usual_pressure_on_out_value"><text>true<')
    assert found
    off = definitions.compile(
        whole.changed({"screening.dmn": (before + found.replace("true", "false") + after).encode()})
    )
    used = off.decisions["screening"]
    assert decisions.evaluate(used.model, used.decision, given, MOMENT).value["conclusion"] == "CAUTIOUS"
