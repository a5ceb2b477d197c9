"""Owners' scenarios: tried under a virtual clock, and told apart from what they expect."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from engine import clock, texts
from engine.definitions import decision_trials, scenario_files, scenarios
from engine.definitions import definition as definitions
from engine.errors import Invalid
from tests.book_loan.bundles import PROCESSES, definition, edited, services

START = """\
- scenario: One book, returned
  at: 2021-07-01T08:00:00+07:00
  start: {with: {reader_id: "R1", card_kind: reader, debt: 0, home_unit: main, by_post: false, books: [{title: Số đỏ}]}}
"""
LENT = (
    START
    + """\
  steps:
    - {at: fetch, answer: {found: true, place: VH-12}}
    - {at: stamp_card, answer: {stamped: true}}
    - {at: lend, answer: {condition: good}}
"""
)


def tried(text: str, process: str = "loan"):
    (one,) = scenarios.run(
        definition(process), scenario_files.read(text.encode(), "scenarios/s.yaml"), services()
    )
    for finding in one.findings:
        for language in texts.LANGUAGES:
            sentence = finding.sentence(language)
            assert not sentence.startswith("findings.")
            assert "…" not in sentence, sentence
    return one


def codes(text: str, process: str = "loan") -> list[tuple[str, int | None]]:
    return [(finding.code, finding.line) for finding in tried(text, process).findings]


def refused(text: str) -> list[tuple[str, int | None]]:
    with pytest.raises(Invalid) as caught:
        scenario_files.read(text.encode(), "scenarios/s.yaml")
    return [(finding.code, finding.line) for finding in caught.value.findings]


@pytest.mark.parametrize("process", PROCESSES)
def test_the_declared_scenarios_pass(process):
    compiled = definition(process)
    assert [one.findings for one in scenarios.run(compiled, None, services())] == [()] * len(
        compiled.scenarios
    )


def test_time_passes_only_in_the_scenario():
    with clock.frozen(datetime(2030, 1, 1, tzinfo=UTC)):
        one = tried(LENT + "    - advance: P61D\n  expect: {waits_at: [recover]}\n".replace("P61D", "P90D")
                    .replace("  expect", "  services: {post.send: {message_id: m1}}\n  expect"))  # fmt: skip
        assert one.findings == ()
        assert one.ended_at == datetime.fromisoformat("2021-09-29T08:00:00+07:00")
        assert clock.now().year == 2030


def test_a_decision_without_what_it_requires_stops_the_case_with_a_sentence_that_names_it():
    forgetful = edited("limits.dmn", "<text>debt</text>", "<text>if debt = 7 then null else debt</text>")
    told = scenario_files.read(START.replace("debt: 0, ", "debt: 7, ").encode(), "scenarios/s.yaml")
    (one,) = scenarios.run(definitions.compile(forgetful), told, services())
    (found,) = one.findings
    assert found.code == "scenario_incident"
    assert "“Nợ (đồng)”" in found.sentence("vi")
    assert "“limits”" in found.sentence("en")


def test_the_elements_passed_are_known_and_so_are_those_never_reached():
    compiled = definition()
    one = tried(START)
    assert {"asked", "check_limit", "may_borrow", "prepare", "fetch"} <= one.reached
    assert "may_borrow__allowed" in one.flows
    assert "inspect" in scenarios.never_reached(compiled, [one])
    assert "fetch" not in scenarios.never_reached(compiled, [one])


@pytest.mark.parametrize(
    ("expect", "code"),
    [
        ("end: ended_lost", "scenario_end"),
        ("waits_at: [lend]", "scenario_waits_at"),
        ("passed: [lend, inspect]", "scenario_not_passed"),
        ("passed: [wait_return]", "scenario_not_passed"),
        ("not_passed: [stamp_card]", "scenario_passed"),
        ('variables: {due_on: "2021-07-23"}', "scenario_variable"),
        ("sent: [book_returned]", "scenario_not_sent"),
        ("incident: lend", "scenario_no_incident"),
        ("decided: {limits: {outcome: refuse}}", "scenario_decided"),
        ("decided: {limits: {rules: [1]}}", "scenario_decided"),
        ("decided: {limit: {outcome: allow}}", "scenario_not_decided"),
        ("passed: [lent]", "element_unknown_close"),
    ],
)
def test_each_expectation_can_fail_and_says_where_it_stands(expect, code):
    found = codes(LENT + f"  expect:\n    {expect}\n")
    assert (code, 9) in found


def test_expectations_that_hold_say_nothing():
    assert codes(LENT + """\
  expect:
    waits_at: [wait_return]
    passed: [fetch, stamp_card, set_due, lend]
    not_passed: [grant, wrap]
    variables: {due_on: "2021-07-22", found_books: [Số đỏ]}
    decided: {limits: {outcome: allow, days: 21, rules: [2]}, check_limit: {outcome: allow}}
""") == []  # fmt: skip


def test_a_task_that_does_not_wait_is_told_with_what_does():
    one = tried(START + "  steps: [{at: lend, answer: {condition: good}}]\n")
    assert [finding.code for finding in one.findings] == ["scenario_not_waiting"]
    assert "fetch, stamp_card" in one.findings[0].sentence("vi")


def test_answers_are_judged_by_the_form():
    one = tried(START + "  steps: [{at: stamp_card, answer: {stampd: true}}]\n")
    assert {finding.code for finding in one.findings} == {"scenario_answer"}
    assert one.findings[0].params["form"] == "card"
    assert codes(START.replace("card_kind: reader, ", ""))[0][0] == "scenario_answer"


def test_an_element_that_does_not_exist_is_told_with_the_one_meant():
    one = tried(START + "  steps: [{at: stamp_cart, answer: {stamped: true}}]\n")
    assert [(finding.code, finding.params["close"]) for finding in one.findings] == [
        ("element_unknown_close", "stamp_card")
    ]


def test_a_message_nobody_awaits_is_told_with_those_awaited():
    one = tried(LENT + "    - {message: {name: book_returned, key: R2}}\n")
    assert [finding.code for finding in one.findings] == ["scenario_message"]
    assert "book_returned (R1)" in one.findings[0].sentence("en")


def test_a_service_without_a_result_stops_the_scenario():
    one = tried(LENT.replace("by_post: false", "by_post: true, email: a@example.org"))
    assert [finding.code for finding in one.findings] == ["scenario_stub_missing"]
    assert "post.send" in one.findings[0].sentence("vi")


def test_a_result_given_for_a_service_must_be_as_declared():
    posted = LENT.replace("by_post: false", "by_post: true, email: a@example.org")
    assert [code for code, _ in codes(posted + "  services: {post.send: {message_id: 7}}\n")] == [
        "scenario_stub"
    ]
    assert codes(posted + "  services: {post.send: {}}\n") == [], (
        "what the process does not use may be left out"
    )


def test_a_failing_service_is_an_incident_that_may_be_expected():
    posted = LENT.replace("by_post: false", "by_post: true, email: a@example.org").partition(
        "    - {at: lend"
    )[0]
    failing = posted + "  services: {post.send: {fails: true}}\n"
    assert [code for code, _ in codes(failing)] == ["scenario_incident"]
    assert codes(failing + "  expect: {incident: announce}\n") == []


def test_a_step_after_the_end_is_told():
    text = START.replace("debt: 0", "debt: 60000") + "  steps: [{at: lend, answer: {condition: good}}]\n"
    assert codes(text) == [("scenario_ended_before", 4)]


def test_lines_are_those_of_the_file_for_a_list_and_for_a_map():
    listed = START + "  expect: {end: ended_lost}\n"
    mapped = "scenarios:\n" + "".join(f"  {line}\n" for line in listed.splitlines())
    assert codes(listed)[0] == ("scenario_end", 4)
    assert codes(mapped)[0] == ("scenario_end", 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- {scenario: x, at: yesterday}\n", [("scenario_moment", 1)]),
        ("- {scenario: x, at: 2021-07-01T08:00:00}\n", [("scenario_moment", 1)]),
        ("# why\n- {scenario: x}\n", [("declared_missing", 2)]),
        (START + "  steps: [{at: lend, advance: P1D}]\n", [("scenario_step", 4)]),
        (START + "  steps:\n    - {advance: tomorrow}\n", [("declared_value", 5)]),
        (START + "  expects: {}\n", [("declared_key_close", 4)]),
        (START + "  a: [\n", [("yaml.syntax", 5)]),
        ("scenario: x\n", [("declared_key_close", 1), ("declared_missing", 1)]),
    ],
)
def test_a_scenario_that_cannot_be_read_is_refused_at_its_line(text, expected):
    found = refused(text)
    assert sorted(code for code, _ in found) == sorted(code for code, _ in expected)
    assert {line for _, line in found} == {line for _, line in expected}


CARDS = """\
- scenario: Cards and debts
  at: 2021-07-01T08:00:00+07:00
  decision: limits
  given: {card_kind: reader, debt: 0, books: [{title: Emma}]}
  cases:
    - {expect: {outcome: allow, days: 21}}
    - {given: {card_kind: teacher}, expect: {days: 60}}
    - {given: {debt: 90000}, expect: {outcome: refuse, rules: [1]}}
"""


def test_a_decision_is_tried_alone_case_by_case():
    assert tried(CARDS).findings == ()
    wrong = CARDS.replace("days: 60", "days: 21").replace("rules: [1]", "rules: [2]")
    assert codes(wrong) == [("scenario_decided", 7), ("scenario_decided", 8)]
    (one, _) = tried(wrong).findings
    assert "limits.days should be 21, but is 60" in one.sentence("en")


def test_a_case_without_what_the_table_requires_is_told_unless_it_expects_the_refusal():
    unknown = CARDS + "    - {given: {debt: null}, expect: {outcome: allow}}\n"
    (found,) = tried(unknown).findings
    assert (found.code, found.line) == ("scenario_case_refused", 9)
    assert "“Nợ (đồng)”" in found.sentence("vi")
    assert tried(CARDS + "    - {given: {debt: null}, expect: {refused: true}}\n").findings == ()
    assert codes(CARDS + "    - {given: {debt: 1}, expect: {refused: true}}\n") == [("scenario_decided", 9)]


def test_a_decision_that_is_not_there_and_a_case_without_expectation_are_said():
    assert codes(CARDS.replace("decision: limits", "decision: limit")) == [("decision_unknown_close", 1)]
    assert refused(CARDS.replace("{expect: {outcome: allow, days: 21}}", "{given: {debt: 1}}")) == [
        ("declared_missing", 6)
    ]


def test_cases_change_maps_key_by_key():
    shared = {"card": {"kind": "reader", "since": 2019}, "debt": 0}
    assert decision_trials.laid_over(shared, {"card": {"since": None}}) == {
        "card": {"kind": "reader", "since": None},
        "debt": 0,
    }
    assert shared["card"] == {"kind": "reader", "since": 2019}
