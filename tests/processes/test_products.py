"""Which product may be given, by each edition of the rules: nothing unknown is ever allowed, and a switch in a table
changes what it says and no more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from engine import decisions, feel, settings
from engine.bpmn import xml
from engine.decisions import DecisionModel, conclusions, explanations
from engine.definitions import bundle, editions
from engine.definitions.bundle import Bundle

NOW = feel.Moment(datetime(2021, 12, 15, 2, tzinfo=UTC), settings.current().zone_info)
CHILDREN = "children_screening.dmn"
EDITIONS = [one.name for one in editions.of(settings.current().processes_dir / "visit")]
SECOND_DOSE = {
    "prepared": {"product": "astrazeneca", "lot": "ABV5300", "expires_on": "2022-06-30"},
    "planned_product": "astrazeneca",
    "birth_date": "1980-03-02",
    "doses": [{"product": "astrazeneca", "given_on": "2021-10-01"}],
}
UNKNOWN: dict[str, Mapping[str, Any]] = {
    "product": {"prepared": {"product": None, "expires_on": "2022-06-30"}},
    "expiry": {"prepared": {"product": "astrazeneca", "expires_on": None}},
    "preparation": {"prepared": None},
    "plan": {"planned_product": None},
    "date of birth": {"birth_date": None},
    "history": {"doses": None},
    "earlier product": {"doses": [{"product": None, "given_on": "2021-10-01"}]},
    "earlier date": {"doses": [{"product": "astrazeneca", "given_on": None}]},
    "earlier dose": {"doses": [{}]},
    "one of two earlier dates": {
        "doses": [*SECOND_DOSE["doses"], {"product": "astrazeneca", "given_on": None}]  # type: ignore[misc]
    },
}


def edition(name: str) -> Bundle:
    """One edition without its forms; only its tables are asked."""
    return bundle.read(settings.current().processes_dir / "visit", None, name)


def tables(read: Bundle) -> Mapping[str, DecisionModel]:
    roots = {path: xml.parse(content, path) for path, content in read.files.items() if path.endswith(".dmn")}
    found, findings = decisions.link(roots)
    assert findings == []
    return found


def decided(model: DecisionModel, decision: str, given: Mapping[str, Any]) -> Any:
    return decisions.evaluate(model, decision, given, NOW).value


@pytest.mark.parametrize("name", EDITIONS)
def test_what_is_not_known_never_leads_to_an_injection(name: str) -> None:
    model = tables(edition(name))["products.dmn"]

    def allowed(given: Mapping[str, Any]) -> bool:
        outcome = decided(model, "products", given)
        assert outcome["allowed"] is (outcome["reasons"] == [])
        return bool(outcome["allowed"])

    assert allowed(SECOND_DOSE)
    assert [what for what, gap in UNKNOWN.items() if allowed({**SECOND_DOSE, **gap})] == []


@pytest.mark.parametrize(
    ("row", "days"), [("six_weeks", 42), ("four_weeks", 28), ("by_7820", 28)], ids=lambda one: str(one)
)
def test_an_interval_is_shorter_where_its_row_is_switched_on(row: str, days: int) -> None:
    """Six weeks in one city, four in some localities, four by a letter that could not be verified: all are off."""
    read = edition("4355")
    earliest = {**SECOND_DOSE, "doses": [{"product": "astrazeneca", "given_on": "2021-11-01"}]}
    assert decided(tables(read)["products.dmn"], "products", earliest)["earliest_on"] == "2021-12-27"
    on = switched(read, "product_list.dmn", f"shorter_intervals_{row}_out_on", "false", "true")
    assert (
        decided(tables(on)["products.dmn"], "products", earliest)["earliest_on"]
        == {42: "2021-12-13", 28: "2021-11-29"}[days]
    )
    other = {**earliest, "doses": [{"product": "vero_cell", "given_on": "2021-12-01"}]}
    other |= {"prepared": {**SECOND_DOSE["prepared"], "product": "vero_cell"}, "planned_product": "vero_cell"}  # type: ignore[dict-item]
    assert decided(tables(on)["products.dmn"], "products", other)["earliest_on"] == "2021-12-22", (
        "other products keep theirs"
    )


def test_a_childs_item_is_a_caution_when_it_is_taken_off_the_list_for_hospitals() -> None:
    """Which items send a child to a hospital is known from one source only, so the list is a parameter."""
    read = edition("5002")
    asked = decided(tables(read)[CHILDREN], "parameters", {})["child_asked"]
    child = {
        "birth_date": "2007-12-15",
        "questions": {**dict.fromkeys(asked, "no"), "child_chronic": "yes"},
        "label_contraindication": "no",
        "vitals": {"temperature": 36.8, "pulse": 80},
        "consent": {"guardian_name": "Hoa", "guardian_relation": "mother"},
    }
    assert decided(tables(read)[CHILDREN], "screening", child)["place_required"] == "HOSPITAL"
    shorter = switched(
        read, CHILDREN, "parameter_table_child_hospital_items_out_value", '"child_chronic", ', ""
    )
    outcome = decided(tables(shorter)[CHILDREN], "screening", child)
    assert (outcome["conclusion"], outcome["place_required"]) == ("CAUTIOUS", "HERE")


def switched(read: Bundle, file: str, cell: str, old: str, new: str) -> Bundle:
    """The edition with one cell of a table edited."""
    text = read.files[file].decode()
    start = text.index(f'id="{cell}"')
    end = text.index("</outputEntry>", start)
    assert text[start:end].count(old) == 1
    return read.changed({file: (text[:start] + text[start:end].replace(old, new) + text[end:]).encode()})


def test_every_product_is_judged_for_a_person_each_with_its_reasons() -> None:
    """Somebody of 70 with two doses of AstraZeneca half a year ago, as a booster by 10225/BYT-DP."""
    given = {
        **SECOND_DOSE,
        "birth_date": "1951-03-02",
        "doses": [{"product": "astrazeneca", "given_on": day} for day in ("2021-06-15", "2021-03-10")],
        "consent": {"immune_impaired": "no"},
    }
    options = decided(tables(edition("10225"))["products.dmn"], "product_options", given)
    assert {one["product"]: one["reasons"] for one in options} == {
        "astrazeneca": [],
        "comirnaty": [],
        "spikevax": [],
        "vero_cell": ["different_product"],
        "sputnik_v": ["different_product"],
        "janssen": ["different_product"],
        "hayat_vax": ["different_product"],
        "abdala": ["too_old", "different_product"],
        "covaxin": ["different_product"],
    }
    assert {one["product"] for one in options if one["agreement"]} == {"comirnaty", "spikevax"}
    assert {one["earliest_on"] for one in options} == {"2021-12-15"}


def test_a_child_is_told_why_by_the_childrens_table_and_an_adult_by_the_adults() -> None:
    model = tables(edition("5002"))["screening_by_age.dmn"]
    child = {"birth_date": "2007-12-15", "questions": {"child_allergy": "yes"}}
    for given, mine, others in ((child, CHILDREN, "screening.dmn"), ({}, "screening.dmn", CHILDREN)):
        outcome = decisions.evaluate(model, "screening", given, NOW)
        rules = conclusions.reasons(explanations.of(model, outcome))
        assert outcome.value["conclusion"] == "DEFER"  # type: ignore[index,call-overload]
        files = {reason.explanation.decision.file for reason in rules if reason.explanation.decision}
        assert (mine in files, others in files) == (True, False)
