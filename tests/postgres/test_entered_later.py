"""What is entered after it happened is done as of then, and history tells both moments (ADR 13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from engine import catalogue, clock, database, history, instances, records, tables
from engine.access import SYSTEM
from engine.catalogue import Context, Json, Mode
from engine.definitions import definition as definitions
from engine.definitions import registry, scenario_files, scenarios
from engine.definitions.bundle import Bundle
from engine.definitions.checks import run
from engine.errors import Invalid, NotAllowed
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import Library

Move = Callable[..., datetime]

ENTRY = """
process: entry
owner: process_owner
subject: {variable: reader_id}
start: {roles: [librarian]}
starts: {written_down: {roles: [librarian], as_of: "= lent_at"}}
lanes: {desk: {role: librarian}}
forms: [slip]
decisions: {limits: {file: limits.dmn}}
service_levels: {tell: PT1H, rest: P9D, look: P2D}
records: [{kind: entry, at: note, values: {reader: "= reader_id", noted_at: "= noted_at", debt: "= debt"}}]
expects: [{after: note, reaches: look, within: P1D}]
flow:
  - {start: written_down, form: slip}
  - {decide: judge, decision: limits, result: limit}
  - {service: tell, call: post.send, with: {to: "= reader_id", text_key: noted}, take: {told_at: "= message_id"}}
  - script: note
    set: {noted_at: "= string(now())", noted_on: "= string(today())"}
  - {wait: rest, for: PT6H}
  - script: later
    set: {rested_at: "= string(now())"}
  - {user: look, lane: desk}
"""
SLIP = {
    "$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "additionalProperties": False,
    "required": ["reader_id", "card_kind", "debt", "books"],
    "properties": {
        "reader_id": {"type": "string"}, "card_kind": {"enum": ["reader", "teacher"]}, "debt": {"type": "integer"},
        "books": {"type": "array", "items": {"type": "string"}},
        "lent_at": {"type": "string", "format": "date-time"},
    },
}  # fmt: skip
GIVEN = {"reader_id": "R1", "card_kind": "reader", "debt": 40_000, "books": ["Số đỏ"]}


def entry(manifest: str = ENTRY, limit: int = 50_000) -> Bundle:
    """The process; whoever owes more than the limit is refused."""
    table = bundles.bundle().files["limits.dmn"].replace(b"&gt; 50000", f"&gt; {limit}".encode())
    table = table.replace(b"&lt;= 50000", f"&lt;= {limit}".encode()).replace(
        b"[0..50000]", f"[0..{limit}]".encode()
    )
    return bundles.small(manifest, {"limits.dmn": table}, slip=SLIP)


def _note(inputs: Json, context: Context) -> Json:
    return {"message_id": context.now.isoformat()}


@contextmanager
def within_the_step() -> Iterator[None]:
    """Let the post tell the moment it was asked at, inside the step."""
    whole = bundles.services()
    task = replace(whole.service_task("post.send"), mode=Mode.TRANSACTION, handler=_note)
    with catalogue.using(catalogue.Catalogue({**whole.service_tasks, "post.send": task}, whole.queries)):
        yield


def entered(library: Library, lent_at: Any, who: str = "librarian", **more: Any) -> int:
    with database.transaction() as connection:
        answers = {**GIVEN, "lent_at": lent_at, **more}
        return instances.start(
            connection, "entry", library.branch, answers, library.people[who], "written_down"
        )


@pytest.fixture
def ruled(library: Library, move: Move) -> Iterator[Library]:
    """First one may owe 50,000; from three days later only 30,000. It is noon of the fifth day."""
    with within_the_step():
        with database.transaction() as connection:
            library.publish(connection, entry())
        move(days=3)
        with database.transaction() as connection:
            library.publish(connection, entry(limit=30_000))
        move(days=2, hours=3)
        yield library


def test_the_answers_are_judged_by_the_form_of_then(ruled: Library) -> None:
    slip = {**SLIP, "required": [*SLIP["required"], "shelf"]}
    slip["properties"] = {**SLIP["properties"], "shelf": {"type": "string"}}
    with database.transaction() as connection:
        table = entry().files["limits.dmn"]
        ruled.publish(connection, bundles.small(ENTRY, {"limits.dmn": table}, slip=slip))
    yesterday = (clock.now() - timedelta(days=1)).isoformat()
    assert entered(ruled, yesterday)
    with pytest.raises(Invalid) as caught:
        entered(ruled, clock.now().isoformat())
    assert [finding.pointer for finding in caught.value.findings] == ["/shelf"]
    with pytest.raises(Invalid):
        entered(ruled, yesterday, shelf="VH")


def known(instance_id: int) -> dict[str, Any]:
    with database.transaction() as connection:
        return instances.state_of(connection, instance_id).variables


def version_of(instance_id: int) -> int:
    with database.transaction() as connection:
        case = instances.view(connection, instance_id, SYSTEM)
        return registry.definition(connection, case.summary.version_id).version


def test_the_rule_that_held_then_decides(ruled: Library) -> None:
    before, after = entered(ruled, "2021-07-28T10:00:00+07:00"), entered(ruled, "2021-07-30T10:00:00+07:00")
    assert (version_of(before), version_of(after)) == (1, 2)
    assert known(before)["limit"]["outcome"] == "allow"
    assert known(after)["limit"]["outcome"] == "refuse"
    assert not known(before)["as_of_version_missing"]


def test_the_first_step_runs_as_of_then_and_what_comes_later_now(ruled: Library, move: Move) -> None:
    instance_id = entered(ruled, "2021-07-30T23:30:00+07:00")
    happened, now = datetime(2021, 7, 30, 16, 30, tzinfo=UTC), clock.now()
    variables = known(instance_id)
    assert variables["noted_at"].startswith("2021-07-30T23:30:00")
    assert variables["noted_on"] == "2021-07-30"
    assert variables["told_at"] == "2021-07-30T23:30:00+07:00"  # the service said it in UTC
    with database.transaction() as connection:
        [decision] = history.decisions(connection, instance_id)
        [record] = records.of(connection, instance_id)
        [row] = history.of(connection, instance_id)
        assert (decision.at, record.at) == (happened, happened)
        assert (row.at, row.details["occurred_at"]) == (now, happened.isoformat())
        case = instances.view(connection, instance_id, SYSTEM).summary
        assert (case.started_at, case.progressed_at) == (now, now)
        assert connection.scalar(select(tables.service_level.c.due_at)) == now + timedelta(days=9)
        assert connection.scalar(select(tables.expectation.c.due_at)) == now + timedelta(days=1)
        [delta] = connection.execute(select(tables.tally_delta)).all()
        assert (delta.kind, delta.on.isoformat()) == ("entry", "2021-07-30")
    Worker().settle()
    with database.transaction() as connection:
        [task] = ruled.tasks(connection, instance_id)
        assert (task.element, task.due_at) == ("look", now + timedelta(days=2))
        assert [one.event for one in history.of(connection, instance_id)] == [
            "instance_started",
            "timer_fired",
        ]
        rows.agree(connection)
    assert known(instance_id)["rested_at"].startswith("2021-07-31T12:00:00"), "the timer's moment had passed"


def test_a_timer_whose_moment_is_still_ahead_waits_for_it(ruled: Library, move: Move) -> None:
    instance_id = entered(ruled, "2021-07-31T10:00:00+07:00")
    Worker().settle()
    with database.transaction() as connection:
        assert ruled.tasks(connection, instance_id) == []
    move(hours=4)
    Worker().settle()
    with database.transaction() as connection:
        assert ruled.elements(connection, instance_id) == ["look"]


def test_without_a_version_then_the_one_of_now_is_taken_and_told(ruled: Library) -> None:
    instance_id = entered(ruled, "2021-07-20T10:00:00+07:00")
    assert version_of(instance_id) == 2
    assert known(instance_id)["as_of_version_missing"] is True
    assert known(instance_id)["noted_on"] == "2021-07-20"


def test_a_version_that_does_not_begin_there_is_not_taken(library: Library, move: Move) -> None:
    with within_the_step():
        other = ENTRY.replace("written_down", "asked")
        with database.transaction() as connection:
            library.publish(connection, entry(other))
        move(days=3)
        with database.transaction() as connection:
            library.publish(connection, entry())
        instance_id = entered(library, "2021-07-27T10:00:00+07:00")
        assert (version_of(instance_id), known(instance_id)["as_of_version_missing"]) == (2, True)


def test_without_a_moment_it_happens_now(ruled: Library) -> None:
    with database.transaction() as connection:
        instance_id = instances.start(
            connection, "entry", ruled.branch, GIVEN, ruled.people["librarian"], "written_down"
        )
    with database.transaction() as connection:
        [row] = history.of(connection, instance_id)
        assert "occurred_at" not in row.details
    assert known(instance_id)["as_of_version_missing"] is False


@pytest.mark.parametrize(
    ("lent_at", "code", "said"),
    [
        ("2021-07-31T12:00:01+07:00", "as_of_ahead", "31/07/2021 12:00"),
        ("2021-06-01T11:59:00+07:00", "as_of_too_early", "60"),
        ("9999-12-31T23:59:59+07:00", "as_of_ahead", "31/12/9999"),
    ],
)
def test_a_moment_ahead_or_too_long_ago_is_refused_with_a_sentence(
    ruled: Library, lent_at: str, code: str, said: str
) -> None:
    with pytest.raises(Invalid) as refused:
        entered(ruled, lent_at)
    [finding] = refused.value.findings
    assert (finding.code, finding.pointer) == (code, "/lent_at")
    assert said in finding.sentence("vi") and said in finding.sentence("en")


def test_all_that_is_wrong_is_said_at_once(ruled: Library) -> None:
    with pytest.raises(Invalid) as refused:
        entered(ruled, "2021-08-31T12:00:01+07:00", debt="much")
    assert {finding.pointer for finding in refused.value.findings} == {"/lent_at", "/debt"}
    with pytest.raises(Invalid) as refused:
        entered(ruled, "yesterday")
    assert [finding.pointer for finding in refused.value.findings] == ["/lent_at"]


def test_a_start_event_may_ask_for_another_role(library: Library) -> None:
    with within_the_step():
        strict = ENTRY.replace("written_down: {roles: [librarian]", "written_down: {roles: [stacker]")
        with database.transaction() as connection:
            library.publish(connection, entry(strict))
            offered = registry.startable(connection, library.people["librarian"], library.branch)
            assert [one.element.id for one in offered if one.process == "entry"] == []
        with pytest.raises(NotAllowed):
            entered(library, "2021-07-25T10:00:00+07:00")


def test_names_and_start_events_are_checked_before_publication() -> None:
    for old, new, code in (
        ("= lent_at", "= lent_on", "name_unknown_close"),
        ("= lent_at", "= limit.days", "name_unknown"),
        ("starts: {written_down", "starts: {write_down", "start_unknown_close"),
    ):
        _, found = run(entry(ENTRY.replace(old, new)), bundles.services())
        assert code in [one.code for one in found if one.severity == "error"], (old, new)


SCENARIO = """
- scenario: A loan written down the day before
  at: 2021-07-31T12:00:00+07:00
  start:
    with: {reader_id: R1, card_kind: reader, debt: 0, books: [Emma], lent_at: "2021-07-30T23:30:00+07:00"}
  services: {post.send: {message_id: m1}}
  expect:
    waits_at: [look]
    variables: {noted_on: "2021-07-30", as_of_version_missing: false}
"""


def test_a_scenario_says_when_it_happened_and_when_it_was_entered() -> None:
    compiled = definitions.compile(entry())
    with within_the_step():
        told = scenario_files.read(SCENARIO.encode(), "scenarios/late.yaml")
        [tried] = scenarios.run(compiled, told, catalogue.current())
    assert tried.findings == ()
    ahead = SCENARIO.replace('"2021-07-30T23', '"2021-08-30T23')
    [tried] = scenarios.run(compiled, scenario_files.read(ahead.encode(), "scenarios/late.yaml"))
    assert [finding.code for finding in tried.findings] == ["scenario_as_of"]
