"""What a case's page shows is what happened: marks, sentences, reasons, answers and papers, from rows alone."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from engine import advance, clock, feel, runtime
from engine.definitions import bundle
from engine.definitions import definition as definitions
from engine.definitions.definition import Definition
from engine.definitions.registry import Release
from engine.history import Decision, Row
from engine.ids import InstanceId, ReleaseId, SubmissionId, VersionId
from engine.records import Record
from engine.runtime import Wait, WaitKind
from engine.runtime.state import Phase, Token
from web import (
    answers_view,
    case_view,
    decision_view,
    diagram_state,
    document_view,
    readable,
    timeline,
    wordings,
)

BOOKS = Path(__file__).parents[2] / "book_loan"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AT = datetime(2021, 7, 26, 2, 0, tzinfo=UTC)
MOMENT = feel.Moment(AT, ZONE)
ASKED: dict[str, Any] = {
    "reader_id": "R1", "card_kind": "teacher", "debt": 0, "home_unit": "main", "by_post": False,
    "books": [{"title": "Số đỏ", "shelf": "VH-12"}, {"title": "Giông tố"}],
}  # fmt: skip


@functools.cache
def loan() -> Definition:
    return definitions.compile(
        bundle.read(BOOKS / "processes" / "loan", BOOKS / "forms"), VersionId(7), 3, "hash"
    )


def row(
    event: str, steps: list[list[Any]], element: str | None = None, who: str | None = "Lan", **more: Any
) -> Row:
    return Row(1, AT, event, element, 1, 1, who, 7, {"steps": steps, **more})


def decided(variables: dict[str, Any]) -> Decision:
    """A decision as the engine logs it; the store keeps no order of names."""
    used = loan().decisions["limits"]
    told = advance.evaluated(loan(), used, variables, MOMENT)
    shuffled = dict(sorted(told.inputs.items()))
    return Decision(
        100, AT, "loan", 7, 3, "limits", "check_limit", shuffled, told.value, told.rules, told.trace
    )


def test_a_diagram_marks_what_was_passed_and_by_which_flows() -> None:
    steps = [
        ["completed", "asked"], ["decided", "check_limit", {"decision": "limits", "rules": [2]}],
        ["completed", "check_limit"], ["completed", "may_borrow", {"flows": ["may_borrow__grant"]}],
        ["entered", "grant"],
    ]  # fmt: skip
    tokens = [Token(9, "grant", 0, Phase.WAITING), Token(3, "fetch", 0, Phase.HOSTING)]
    found = diagram_state.of(loan().model, [row("instance_started", steps)], tokens, [])
    assert found.marks()["here"] == {"grant": 1}  # the token around an inner scope rests inside
    assert found.flows == ("asked__check_limit", "check_limit__may_borrow", "may_borrow__grant")
    assert "may_borrow__allowed" not in found.marks()["visited"]
    assert diagram_state.completed([row("instance_started", steps)]) == {"asked", "check_limit", "may_borrow"}


def test_a_diagram_marks_where_it_stopped_and_ignores_what_the_version_does_not_have() -> None:
    steps = [["completed", "removed_long_ago"], ["stopped", "announce", {"code": "service_task_failed"}]]
    waits = [Wait(WaitKind.INCIDENT, 4, "announce"), Wait(WaitKind.TIMER, 5, "due_soon")]
    found = diagram_state.of(loan().model, [row("job_failed", steps)], [], waits)
    assert (found.visited, found.incidents) == (("announce",), ("announce",))


def test_one_pass_of_a_loop_takes_no_flow() -> None:
    found = diagram_state.of(loan().model, [row("x", [["completed", "fetch", {"iteration": 1}]])], [], [])
    assert (found.visited, found.flows) == (("fetch",), ())


@pytest.mark.parametrize(
    ("language", "said"), [("vi", "Hoàn thành: Giao sách"), ("en", "Completed: Hand over")]
)
def test_history_is_told_in_the_readers_language(language: str, said: str) -> None:
    rows = [row("user_task_completed", [["completed", "lend"], ["entered", "wait_return"]], "lend")]
    (entry,) = timeline.entries(rows, {7: loan()}, language)
    assert (entry.sentence, entry.who, entry.version) == (said, "Lan", 3)
    assert len(entry.steps) == 1  # the act's own element is the sentence already


def test_history_says_which_rule_decided_and_which_way_was_taken() -> None:
    steps = [
        ["decided", "check_limit", {"decision": "limits", "rules": [2]}], ["completed", "check_limit"],
        ["completed", "may_borrow", {"flows": ["may_borrow__ended_over_limit"]}],
        ["ended", "ended_over_limit", {"as": "completed"}],
    ]  # fmt: skip
    (entry,) = timeline.entries([row("instance_started", steps)], {7: loan()}, "en")
    assert "Lending limit: by rule 2" in entry.steps
    assert any(step.startswith("May they borrow?") for step in entry.steps)
    assert entry.steps[-1] == "Ended: Over the limit"


def test_history_gives_the_reason_of_a_cancellation() -> None:
    (entry,) = timeline.entries([row("instance_cancelled", [], reason="đổi ý {0}")], {7: loan()}, "vi")
    assert "đổi ý {0}" in entry.sentence
    assert entry.tone == "bad"


def why(variables: dict[str, Any], language: str = "en") -> decision_view.DecisionView:
    return decision_view.view(decided(variables), loan(), language, ZONE).why


def test_a_decision_shows_each_input_under_its_own_column() -> None:
    shown = why(ASKED | {"debt": 60_000})
    assert shown.inputs == (("Card", "Teacher"), ("Books asked for", "2"), ("Debt", "60,000"))
    assert [(column.label, column.value) for column in shown.columns] == list(shown.inputs)
    assert shown.outcome[0][1] == "Refuse"
    assert shown.name == "Lending limit"
    (row,) = [row for row in shown.rows if row.state == "decided"]
    assert (row.number, row.label) == (1, "Owes more than 50 000 dong")
    assert [(cell.label, cell.text, cell.found) for cell in row.conditions if cell.state == "held"] == [
        ("Debt", "> 50,000", "60,000")
    ]
    assert row.conclusions[0][1] == "Refuse"


def test_a_rule_that_did_not_fire_is_marked_at_the_cell_that_did_not_hold() -> None:
    shown = why(ASKED)
    states = {row.number: row.state for row in shown.rows}
    assert states == {1: "failed", 2: "failed", 3: "failed", 4: "decided", 5: "failed"}
    broke = {row.number: row.broke for row in shown.rows}
    assert broke[4] is None
    assert broke[1] is not None
    assert (broke[1].label, broke[1].text, broke[1].found) == ("Debt", "> 50,000", "0")
    assert broke[2] is not None
    assert (broke[2].label, broke[2].found) == ("Card", "Teacher")
    later = [cell.state for cell in shown.rows[1].conditions[1:]]
    assert "held" not in later, "what stands after the first failing cell was not looked at"


@pytest.mark.parametrize(
    ("language", "said"),
    [("vi", "Từ chối: quy tắc 1, Nợ quá 50 000 đồng"), ("en", "Refuse: rule 1, Owes more than 50 000 dong")],
)
def test_one_sentence_says_what_came_out_and_by_which_rule(language: str, said: str) -> None:
    assert why(ASKED | {"debt": 60_000}, language).sentence == said


def test_constants_in_cells_are_said_as_the_form_says_them_and_numbers_in_local_style() -> None:
    texts = {(cell.label, cell.text) for row in why(ASKED).rows for cell in row.conditions}
    assert ("Card", "Teacher") in texts
    assert ("Debt", "> 50,000") in texts


def test_a_decision_shows_the_decisions_it_required() -> None:
    (part,) = why(ASKED, "vi").parts
    assert (part.name, part.outcome) == ("lending_days", (("", "60"),))
    assert part.inputs == (("Loại thẻ", "Giáo viên"),)
    assert "card" in part.written


def test_a_decision_says_which_version_judged_it_and_from_when_that_held() -> None:
    def release(version: int, day: int) -> Release:
        at = datetime(2021, 7, day, tzinfo=UTC)
        return Release(
            ReleaseId(day), "loan", VersionId(version), version, SubmissionId(1), "/", at, at
        )  # fmt: skip

    releases = [release(7, 1), release(8, 20), release(7, 25), release(7, 30)]
    shown = decision_view.view(decided(ASKED), loan(), "vi", ZONE, releases)
    assert (shown.version, shown.at) == (3, AT)
    assert shown.since == datetime(2021, 7, 25, tzinfo=UTC)
    assert decision_view.view(decided(ASKED), loan(), "vi", ZONE, releases[1:2]).since is None
    with clock.frozen(datetime(2021, 8, 20, tzinfo=UTC)):
        assert decision_view.view(decided(ASKED), loan(), "vi", ZONE, releases).until is None
        later = decision_view.view(decided(ASKED), loan(), "vi", ZONE, [*releases[:1], release(8, 28)])
    assert later.until == datetime(2021, 7, 28, tzinfo=UTC), "new cases have followed another one since"


def test_of_a_very_long_table_the_page_holds_the_first_rules_and_those_that_matched() -> None:
    files = bundle.read(BOOKS / "processes" / "loan", BOOKS / "forms")
    table = files.files["limits.dmn"].decode()
    first = table.index("      <rule id=")
    never = "".join(
        f'<rule id="never_{number}"><inputEntry><text>"nobody"</text></inputEntry>'
        "<inputEntry><text>-</text></inputEntry><inputEntry><text>-</text></inputEntry>"
        '<outputEntry><text>"refuse"</text></outputEntry><outputEntry><text>0</text></outputEntry>'
        "<outputEntry><text>null</text></outputEntry></rule>"
        for number in range(300)
    )
    changed = files.changed({"limits.dmn": (table[:first] + never + table[first:]).encode()})
    definition = definitions.compile(changed, VersionId(7), 3, "hash")
    told = advance.evaluated(definition, definition.decisions["limits"], ASKED, MOMENT)
    logged = Decision(
        100, AT, "loan", 7, 3, "limits", "check_limit", told.inputs, told.value, told.rules, told.trace
    )
    shown = decision_view.view(logged, definition, "vi", ZONE).why
    assert (len(shown.rows), shown.count) == (decision_view.LARGEST + 1, 305)
    assert [row.number for row in shown.fired] == [304]


def test_a_decision_that_is_gone_is_shown_as_it_was_logged() -> None:
    logged = Decision(1, AT, "loan", 7, 3, "gone", "check_limit", {"a": True}, {"b": None}, (2,), None)
    shown = decision_view.view(logged, loan(), "vi", ZONE).why
    assert (shown.name, shown.inputs, shown.outcome) == ("gone", (("a", "Có"),), (("b", "–"),))
    assert shown.rows == ()


def test_answers_stand_under_the_questions_that_were_asked() -> None:
    shown = answers_view.view(
        loan(), ["asked", "check_limit"], ASKED | {"due_on": "2021-08-16"}, "vi", ZONE, {"R1": "Bùi Huy"}
    )
    (sheet,) = shown.sheets
    told = {answer.label: answer.value for answer in sheet.answers}
    assert told["Bạn đọc"] == "Bùi Huy"
    assert told["Loại thẻ"] == "Giáo viên"
    assert told["Báo qua thư điện tử?"] == "Không"
    assert [answer.value for answer in sheet.answers if answer.depth == 2] == ["Số đỏ", "VH-12", "Giông tố"]
    assert [answer.value for answer in shown.computed] == ["16/08/2021"]


def test_a_form_that_was_never_reached_shows_nothing() -> None:
    assert answers_view.view(loan(), [], ASKED, "vi", ZONE).sheets == ()


def test_a_paper_says_everything_in_both_languages() -> None:
    variables = {
        "reader_id": "R1",
        "found_books": ["Số đỏ", "Vỡ đê"],
        "due_on": "2021-08-16",
        "damaged_titles": [],
    }
    paper = document_view.view(loan(), loan().documents["receipt"], variables, MOMENT)
    assert paper.title == ("Biên nhận trả sách", "Receipt")
    lines = [line for part in paper.parts for line in part.lines]
    assert [line.value for line in lines] == [("R1",), ("Số đỏ, Vỡ đê",), ("16/08/2021",)]
    assert paper.notes == ()  # its condition does not hold
    damaged = document_view.view(
        loan(), loan().documents["receipt"], variables | {"damaged_titles": ["Vỡ đê"]}, MOMENT
    )
    assert len(damaged.notes) == 1


@pytest.mark.parametrize(
    ("found", "language", "text"),
    [
        (None, "vi", "–"), ([], "en", "–"), (True, "vi", "Có"), (False, "en", "No"), (1234.5, "vi", "1.234,5"),
        (Decimal("0.5"), "en", "0.5"), ("2021-07-26", "en", "26/07/2021"),
        ("2021-07-26T02:00:00Z", "vi", "26/07/2021 09:00"),
        (["a", 2], "vi", "a; 2"), ({"a": True}, "en", "a: Yes"), ("x" * 900, "vi", "x" * 400 + "…"),
    ],
)  # fmt: skip
def test_values_are_written_as_people_here_write_them(found: Any, language: str, text: str) -> None:
    assert readable.value(found, language, ZONE) == text


def test_a_code_is_never_written_as_a_number_or_a_day() -> None:
    assert readable.formatted("2021-07-26", "code", "vi", ZONE) == "2021-07-26"
    assert readable.formatted("2021-07-26", None, "vi", ZONE) == "26/07/2021"


def test_the_state_of_a_new_case_has_no_marks() -> None:
    state = runtime.fresh()
    assert diagram_state.of(loan().model, [], state.tokens.values(), state.waits).marks() == {
        "visited": [],
        "here": {},
        "incident": [],
    }


def recorded(kind: str, entries: dict[str, Any]) -> Record:
    return Record(InstanceId(1), 1, kind, AT, "main", "R1", 7, entries)


def test_a_record_is_in_its_declared_order_without_the_id_of_whom_the_case_is_about() -> None:
    shuffled = {"due_on": "2021-08-16", "titles": ["Số đỏ"], "reader": "R1", "missing": []}
    (written,) = case_view.records_of([recorded("loan", shuffled)], loan(), "vi", ZONE)
    assert [value for _, value in written.entries] == ["Số đỏ", "16/08/2021"]


def test_a_record_leaves_out_ids_that_tell_a_reader_nothing() -> None:
    entries = {"due_on": "2021-08-16", "shelf_id": "212291643506752512", "copy_id": "VH-12"}
    (written,) = case_view.records_of([recorded("loan", entries)], loan(), "vi", ZONE)
    assert sorted(value for _, value in written.entries) == ["16/08/2021", "VH-12"]


def test_a_recorded_constant_is_said_as_the_form_that_asked_for_it_says_it() -> None:
    (written,) = case_view.records_of(
        [recorded("loss", {"reader": "R1", "outcome": "paid"})], loan(), "en", ZONE
    )
    assert [value for _, value in written.entries] == ["Paid for"]


@pytest.mark.parametrize(
    ("label", "said"), [("Thẻ", "Thẻ: Cần trả lời."), ("Còn hạn?", "Còn hạn? Cần trả lời.")]
)
def test_a_question_is_not_followed_by_a_second_mark(label: str, said: str) -> None:
    assert wordings.said_of(label, "Cần trả lời.") == said


def test_a_wide_table_is_cut_after_so_many_cells_but_never_before_the_rule_that_decided(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(decision_view, "MOST_ROWS", 2)
    monkeypatch.setattr(decision_view, "MOST_CELLS", 6)  # of six columns
    shown = why(ASKED)
    assert [(row.number, row.state) for row in shown.rows] == [(1, "failed"), (2, "failed"), (4, "decided")]
    assert shown.count == 5
