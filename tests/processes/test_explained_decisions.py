"""What the campaign's tables decide is explained in the clinic's words, in both languages, and kept in few bytes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import decisions, feel, settings, texts, waits
from engine.decisions import explanations
from engine.definitions import editions
from engine.definitions.definition import Definition
from engine.history import Decision
from tests.processes import bundles
from web import decision_view, decision_words

VISIT = settings.CHECKOUT / "processes" / "visit"
EDITIONS = [
    None,
    *(edition.name for edition in editions.of(VISIT) if (VISIT / "editions" / edition.name).exists()),
]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
MOMENT = feel.Moment(datetime(2021, 7, 26, 2, tzinfo=UTC), ZONE)
NO = dict.fromkeys(
    ("anaphylaxis", "acute_illness", "immune_impairment", "immunosuppressant", "covid_recent", "pregnant",
     "breast_feeding", "other_vaccine_recent", "immunoglobulin_recent", "allergy", "chronic_disease",
     "perception_disorder", "coagulation_disorder"), "no",
)  # fmt: skip
WELL: dict[str, Any] = {
    "birth_date": "1990-05-05", "sex": "female", "questions": NO, "label_contraindication": "no", "rests_done": 0,
    "vitals": {"pulse": 80, "systolic": 120, "diastolic": 80, "temperature": 36.8},
}  # fmt: skip
# An id, a word of FEEL, a constant of a table.
RAW = re.compile(r"\b[a-z0-9]+(_[a-z0-9]+)+\b|\bnull\b|\b(fe)?male$|(^|; |: )(?!COVID|HIV)[A-Z_]{3,}($|; )")
# In Vietnamese: words without any mark, which are none of ours.
BARE = re.compile(r"(?!cao$)[a-z]+( [a-z]+)*")
EXPRESSION = re.compile(r"\bif |[a-z]\.[a-z]|[=(]")


def visit(edition: str | None = None) -> Definition:
    return bundles.definition("visit", edition)


def said(decision: str, variables: dict[str, Any], language: str) -> str:
    used = visit().decisions[decision]
    told = explanations.of(used.model, decisions.evaluate(used.model, used.id, variables, MOMENT))
    return decision_words.words(visit(), decision, language, ZONE).sentence(told)


@pytest.mark.parametrize(
    ("decision", "change", "vi", "en"),
    [
        ("screening", {"questions": NO | {"pregnant": "yes"}}, "Trì hoãn: quy tắc 9, đang mang thai",
         "Defer: rule 9, pregnant"),
        ("screening", {}, "Đủ điều kiện: quy tắc 5, không có phát hiện nào", "Eligible: rule 5, nothing was found"),
        ("measurement", {"vitals": {"pulse": 120, "systolic": 120, "diastolic": 80}},
         "Cần nghỉ rồi đo lại: Có: quy tắc 2, mạch trên 100", "Rest and measure again: Yes: rule 2, pulse above 100"),
    ],
    ids=["deferred", "eligible", "to rest"],
)  # fmt: skip
def test_one_sentence_says_what_was_concluded_and_why(
    decision: str, change: dict[str, Any], vi: str, en: str
) -> None:
    assert said(decision, WELL | change, "vi") == vi
    assert said(decision, WELL | change, "en") == en


@pytest.mark.parametrize("edition", EDITIONS, ids=str)
def test_every_decision_and_every_finding_has_a_name_in_both_languages(edition: str | None) -> None:
    definition = visit(edition)
    tables = [decision for model in definition.models.values() for decision in model.decisions.values()]
    for language in texts.LANGUAGES:
        nameless = [
            one.id for one in tables if definition.text_in(language, f"decisions.{one.id}.name") is None
        ]
        assert nameless == []
        named = definition.texts[language]["decisions"]["screening"]["outputs"]["finding"]
        assert findings(tables) - set(named) == set()


def findings(tables: list[decisions.Decision]) -> set[str]:
    """What the rules of tables may find, by the constants of their column of that name."""
    return {
        explanations.constant(rule.outputs[column])
        for decision in tables
        for column, output in enumerate(decision.outputs)
        if output.name == "finding"
        for rule in decision.rules
    }


@pytest.mark.parametrize("edition", EDITIONS, ids=str)
def test_what_a_paper_calls_normal_is_not_explained_by_numbers_that_nobody_measured(
    edition: str | None,
) -> None:
    outcome = decided(edition, "measurement", WELL | {"vitals": {"normal_on_paper": True}})
    assert outcome.value["abnormal"] == []
    signs = [part for part in parts(outcome) if part.decision_id.endswith("vital_signs")]
    measured = [value for part in signs for value in part.values if not isinstance(value, bool)]
    assert measured and set(measured) == {None}


def test_what_is_kept_of_a_screening_takes_little_room() -> None:
    """Twelve decisions, some eighty rules tried: with one finding below 4 kB, with every answer unknown below 16."""
    used = visit().decisions["screening"]

    def size(variables: dict[str, Any]) -> int:
        outcome = decisions.evaluate(used.model, used.id, variables, MOMENT)
        assert len(decisions.compact(used.model, outcome)["steps"]) == len(used.model.decisions) - 1
        return len(waits.for_jsonb(decisions.compact(used.model, outcome)).encode())

    assert size(WELL | {"questions": NO | {"pregnant": "yes"}}) < 4_000
    assert size(WELL | {"questions": {}, "vitals": {}, "birth_date": None}) < 16_000


@pytest.mark.parametrize("edition", EDITIONS, ids=str)
def test_no_id_and_no_word_of_a_table_reaches_who_reads_an_explanation(edition: str | None) -> None:
    """Whatever a table, a form or a parameter calls it: labels, values and plain cells are in the reader's words."""
    definition = visit(edition)
    asked = decided(edition, "parameters", {}).value["asked"]
    dose = {"dose_no": 1, "product": "astrazeneca", "given_at": "2021-05-01T08:00:00+07:00", "lot": "ABV5300"}
    known = {"planned_product": "astrazeneca", "doses": [dose], "dose": dose, "consent": {"agrees": "agree"}}
    prepared = {"product": "comirnaty", "lot": "EW0203", "expires_on": "2021-07-29"}
    people = [
        WELL | known | {"questions": dict.fromkeys(asked, answer), "prepared": prepared}
        for answer in ("no", "yes", "unknown")
    ]
    people += [
        {"prepared": prepared | {"expires_on": None}},
        people[0] | {"birth_date": "2007-11-10", "doses": []},
    ]
    for language, name in itertools.product(texts.LANGUAGES, definition.decisions):
        raw = {
            said
            for person in people
            for said in told(
                decision_view.view(logged(edition, name, person), definition, language, ZONE).why
            )
            if RAW.search(said) or (language == "vi" and BARE.fullmatch(said))
        }
        assert raw == set(), (language, name)


def decided(edition: str | None, decision: str, variables: dict[str, Any]) -> decisions.Outcome:
    used = visit(edition).decisions[decision]
    return decisions.evaluate(used.model, used.decision, variables, MOMENT)


def parts(outcome: decisions.Outcome) -> Iterator[decisions.Outcome]:
    """The decisions that one is based on, however deep."""
    for part in outcome.sub:
        yield part
        yield from parts(part)


def logged(edition: str | None, decision: str, variables: dict[str, Any]) -> Decision:
    """An evaluation as history keeps it."""
    outcome, used = decided(edition, decision, variables), visit(edition).decisions[decision]
    trace = decisions.compact(used.model, outcome)
    return Decision(1, MOMENT.now, "visit", 1, 1, decision, "", variables, outcome.value, (), trace)


def told(shown: decision_view.DecisionView) -> Iterator[str]:
    """Everything a page says of a decision, but what is shown as written: an expression."""
    yield from (shown.name, shown.sentence, shown.how, *shown.outputs)
    yield from itertools.chain.from_iterable((*shown.outcome, *shown.inputs, *shown.entries))
    for row in shown.rows:
        written = [cell.text for cell in row.conditions] + [said for _, said in row.conclusions]
        yield from (row.label, *(text for text in written if not EXPRESSION.search(text)))
    for part in shown.parts:
        yield from told(part)


def test_a_conclusion_that_a_rule_works_out_is_explained_by_that_rule_and_leads_to_its_table() -> None:
    """The place of a child's item is a parameter, so that no rule says “hospital” in so many words."""
    items = decided("5002", "parameters", {}).value["child_asked"]
    child = WELL | {
        "birth_date": "2007-11-10", "planned_product": "comirnaty", "vitals": {"temperature": 36.8, "pulse": 88},
        "questions": dict.fromkeys(items, "no") | {"child_chronic": "yes"},
        "consent": {"agrees": "agree", "guardian_name": "Trần Thị Hoa", "guardian_relation": "mother"},
    }  # fmt: skip
    shown = decision_view.view(logged("5002", "screening", child), visit("5002"), "en", ZONE).why
    assert "rule 9, congenital or chronic disease of heart" in shown.sentence
    ((table, anchor),) = shown.because
    assert table == "rule 9 of “Items of the checklist”"
    (named,) = [part for part in every(shown) if part.anchor == anchor]
    assert [row.number for row in named.rows if row.state == "decided"] == [9]
    assert named.because == ()  # a table says itself which of its rules decided
    # What only passes on the children's conclusion does not say all of it again.
    again = [part.name for part in every(shown) if part.is_same and len(part.outcome) > 1]
    assert again == ["Result of the table for the age", "Screening conclusion"]


def every(shown: decision_view.DecisionView) -> Iterator[decision_view.DecisionView]:
    yield shown
    for part in shown.parts:
        yield from every(part)


def test_a_table_that_found_nothing_says_so_in_a_word() -> None:
    shown = decision_view.view(logged(None, "screening", WELL), visit(), "vi", ZONE).why
    (deferrals,) = [part for part in every(shown) if part.name == "Lý do trì hoãn"]
    assert (deferrals.sentence, deferrals.how) == (
        "Không có",
        "Không quy tắc nào khớp, nên không có gì để gom.",
    )
