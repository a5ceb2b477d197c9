"""Incidents after the last attempt, honest retries, timers under a moved clock, and the list of stuck cases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import clock, database, incidents, instances, messages, stuck, tables, user_tasks
from engine.access import SYSTEM
from engine.catalogue import Retry
from engine.definitions import bundle
from engine.errors import Conflict, NotAllowed, NotFound
from engine.jobs import backoff
from engine.stuck import Reason
from engine.worker import Worker
from tests.book_loan import bundles
from tests.book_loan.integrations.post import handlers
from tests.postgres import rows
from tests.postgres.library import Library

Move = Callable[..., datetime]


def announced(library: Library, **more: object) -> int:
    """A loan that waits for the post to announce it."""
    with database.transaction() as connection:
        instance_id = library.start(connection, by_post=True, email="a@example.org", **more)
        library.answer(connection, instance_id, "fetch", "stamp_card")
    return instance_id


def listed(library: Library, **filters: object) -> list[tuple[str, str]]:
    with database.transaction() as connection:
        rows.agree(connection)
        found = stuck.find(connection, library.people["head_librarian"], **filters)  # type: ignore[arg-type]
        return [(one.reason.value, one.element) for one in found]


# --- attempts and incidents -------------------------------------------------------------------------------


def test_the_pause_grows_up_to_a_limit_and_ends_with_the_attempts() -> None:
    rule = Retry(5, timedelta(seconds=30), 10, timedelta(hours=1))
    pauses = [backoff(rule, attempt) for attempt in range(1, 6)]
    assert pauses == [
        timedelta(seconds=30),
        timedelta(minutes=5),
        timedelta(minutes=50),
        timedelta(hours=1),
        None,
    ]


def test_a_failing_job_is_tried_again_later_and_after_the_last_attempt_is_an_incident(
    library: Library, move: Move
) -> None:
    instance_id = announced(library, reader_id="strike")
    Worker().settle()
    for pause in (30, 60):
        move(seconds=pause - 1)
        Worker().settle()
        with database.transaction() as connection:
            assert incidents.of(connection, instance_id) == []
        move(seconds=1)
        Worker().settle()
    with database.transaction() as connection:
        [incident] = incidents.of(connection, instance_id)
        assert (incident.element, incident.code) == ("announce", "service_task_failed")
        assert "the post does not run" in incident.sentence("en")
        assert connection.execute(select(tables.job)).all() == []
    assert listed(library) == [("incident", "announce")]


def failed(library: Library, move: Move) -> incidents.Incident:
    instance_id = announced(library, reader_id="strike")
    for _ in range(4):
        Worker().settle()
        move(hours=1)
    with database.transaction() as connection:
        [incident] = incidents.of(connection, instance_id)
    return incident


def test_retry_opens_the_job_again_and_the_case_goes_on_when_the_post_runs(
    library: Library, move: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = failed(library, move)
    monkeypatch.setattr(handlers, "STRIKE", "elsewhere")
    with database.transaction() as connection:
        head = library.people["head_librarian"]
        assert incidents.retry(connection, incident.instance_id, incident.token, incident.element, head)
    Worker().settle()
    with database.transaction() as connection:
        rows.agree(connection)
        assert library.elements(connection, incident.instance_id) == ["lend"]
        with pytest.raises(NotFound):
            incidents.retry(connection, incident.instance_id, incident.token, incident.element, head)


def test_retry_needs_the_permission_to_free(library: Library, move: Move) -> None:
    incident = failed(library, move)
    with database.transaction() as connection, pytest.raises(NotAllowed):
        incidents.retry(
            connection, incident.instance_id, incident.token, incident.element, library.people["binder"]
        )


def test_a_wait_stopped_by_the_model_says_so_at_each_retry_and_stays_one_incident(library: Library) -> None:
    broken = bundles.edited("loan.bpmn", 'date(due_on) + duration("P60D")', "date(email)")
    broken = broken.changed({"scenarios/loans.yaml": None})
    with database.transaction() as connection:
        library.publish(connection, broken)
        instance_id = library.start(connection)
        library.answer(connection, instance_id, "fetch", "stamp_card", "lend")
        [incident] = incidents.of(connection, instance_id)
        assert (incident.element, incident.code) == ("wait_return", "timer_value")
        for _ in range(2):
            assert not incidents.retry(connection, instance_id, incident.token, incident.element, SYSTEM)
        rows.agree(connection)
        assert incidents.of(connection, instance_id) == [incident]


def test_a_persons_task_that_opens_at_a_retry_has_its_place_and_its_time(library: Library) -> None:
    """Its token was known from the incident already, and once this made the step fail."""
    bpmn = bundles.edited(
        "loan.bpmn", '<bpmn:userTask id="lend"',
        '<bpmn:boundaryEvent id="slow" name="Chậm" attachedToRef="lend"><bpmn:outgoing>slow__recover</bpmn:outgoing>'
        '<bpmn:timerEventDefinition><bpmn:timeDuration xsi:type="bpmn:tFormalExpression">'
        '= if today() &gt; date("2021-07-26") then "PT1H" else null</bpmn:timeDuration></bpmn:timerEventDefinition>'
        '</bpmn:boundaryEvent><bpmn:sequenceFlow id="slow__recover" sourceRef="slow" targetRef="recover" />'
        '<bpmn:userTask id="lend"',
    ).changed({"scenarios/loans.yaml": None})  # fmt: skip
    with database.transaction() as connection:
        library.publish(connection, bpmn)
        instance_id = library.start(connection)
        library.answer(connection, instance_id, "fetch", "stamp_card")
        [incident] = incidents.of(connection, instance_id)
        assert (incident.element, incident.code) == ("lend", "timer_value")
    clock.move(timedelta(days=1))
    with database.transaction() as connection:
        assert incidents.retry(connection, instance_id, incident.token, incident.element, SYSTEM)
        [task] = library.tasks(connection, instance_id)
        assert (task.element, task.role, task.due_at) == (
            "lend",
            "librarian",
            clock.now() + timedelta(minutes=15),
        )
        rows.agree(connection)


# --- timers -----------------------------------------------------------------------------------------------


def test_reminder_deadline_and_rest_come_at_their_moments(library: Library, move: Move) -> None:
    instance_id = library.lent()
    move(days=18)
    Worker().settle()
    letters = len(handlers.letterbox)
    move(days=1)
    Worker().settle()
    assert len(handlers.letterbox) == letters + 1, "two days before the day it is due"
    move(days=61)
    Worker().settle()
    with database.transaction() as connection:
        assert library.elements(connection, instance_id) == []
    move(days=1)
    Worker().settle()
    with database.transaction() as connection:
        assert library.elements(connection, instance_id) == ["recover"]
        rows.agree(connection)


def test_many_timers_due_at_once_all_fire(library: Library, move: Move) -> None:
    cases = [library.lent(reader_id=f"R{number}") for number in range(12)]
    move(days=120)
    Worker().settle()
    with database.transaction() as connection:
        assert all("recover" in library.elements(connection, case) for case in cases)


def nightly() -> bundle.Bundle:
    """The loan, with a case of its own every night that begins at the shelf."""
    return bundles.edited(
        "loan.bpmn",
        '<bpmn:startEvent id="asked"',
        '<bpmn:startEvent id="nightly" name="Hằng đêm"><bpmn:outgoing>nightly__shelve</bpmn:outgoing>'
        '<bpmn:timerEventDefinition><bpmn:timeCycle xsi:type="bpmn:tFormalExpression">R/P1D</bpmn:timeCycle>'
        "</bpmn:timerEventDefinition></bpmn:startEvent>"
        '<bpmn:sequenceFlow id="nightly__shelve" sourceRef="nightly" targetRef="shelve" />'
        '<bpmn:startEvent id="asked"',
    )


def test_a_timer_start_event_begins_a_case_each_time_until_another_version_holds(
    library: Library, move: Move
) -> None:
    with database.transaction() as connection:
        library.publish(connection, nightly())
    Worker().settle()
    for days in range(1, 4):
        move(days=1)
        Worker().settle()
        with database.transaction() as connection:
            assert len(instances.find(connection, SYSTEM, process="loan")) == days
    with database.transaction() as connection:
        library.publish(connection, bundles.bundle("loan"))
    move(days=3)
    Worker().settle()
    with database.transaction() as connection:
        assert len(instances.find(connection, SYSTEM, process="loan")) == 3
        assert connection.execute(select(tables.start_timer)).all() == []


# --- stuck ------------------------------------------------------------------------------------------------


def test_a_case_is_listed_with_the_reason_and_its_age_in_the_step(library: Library, move: Move) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
    assert listed(library) == []
    move(minutes=11)
    assert listed(library) == [("late", "stamp_card")], "stamp_card is to be done within ten minutes"
    move(minutes=20)
    with database.transaction() as connection:
        found = stuck.find(connection, library.people["head_librarian"])
        assert sorted(one.element for one in found) == ["fetch", "stamp_card"]
        assert {one.age(clock.now()) for one in found} == {timedelta(minutes=31)}
        assert {one.instance_id for one in found} == {instance_id}
        library.answer(connection, instance_id, "stamp_card", "fetch")
    assert listed(library) == []


def test_waits_other_than_a_persons_are_late_too(library: Library, move: Move) -> None:
    announced(library)
    move(minutes=59)
    assert listed(library) == []
    move(minutes=2)
    assert listed(library) == [("late", "announce")]
    assert listed(library, reason=Reason.LATE, element="announce") == [("late", "announce")]
    assert listed(library, process="repair") == []
    Worker().settle()
    assert listed(library) == []


def test_a_step_that_must_follow_and_does_not_is_listed(library: Library, move: Move) -> None:
    instance_id = library.lent()
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", "R1", {}, SYSTEM)
        library.answer(connection, instance_id, "inspect")
    move(days=46)
    Worker().settle()
    assert ("not_followed", "receipt") in listed(library)
    with database.transaction() as connection:
        library.answer(connection, instance_id, "shelve", "receipt")
    assert listed(library) == []


def test_only_those_who_oversee_the_unit_see_the_list(library: Library, move: Move) -> None:
    announced(library)
    move(days=1)
    with database.transaction() as connection:
        assert stuck.find(connection, library.people["binder"]) == []
        assert stuck.count(connection, library.people["head_librarian"])[Reason.LATE] >= 1
        assert stuck.find(connection, library.people["head_librarian"], unit_path="/net/elsewhere/") == []


def test_a_case_without_progress_and_without_anything_ahead_is_listed(library: Library, move: Move) -> None:
    files = {
        "process.yaml": (
            b"process: silent\nowner: process_owner\nstart: {roles: [librarian]}\nlanes: {desk: {role: librarian}}\n"
            b'messages: {word: {keep: PT1H, key: "= reader_id"}}\nservice_levels: {wait_word: P1D}\n'
            b"flow:\n  - {receive: wait_word, message: word}\n"
        ),
        "texts/vi.yaml": b"process: {name: S}\n", "texts/en.yaml": b"process: {name: S}\n",
    }  # fmt: skip
    with database.transaction() as connection:
        library.publish(connection, bundle.of(files))
        instances.start(
            connection, "silent", library.branch, {"reader_id": "R1"}, library.people["librarian"]
        )
    move(hours=23)
    assert listed(library) == []
    move(hours=2)
    assert ("late", "wait_word") in listed(library)


def test_what_was_done_cannot_be_claimed(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        task = next(one for one in library.tasks(connection, instance_id) if one.element == "stamp_card")
        library.answer(connection, instance_id, "stamp_card")
        with pytest.raises(Conflict):
            user_tasks.claim(connection, task.id, library.people["librarian"])


def test_a_decision_without_what_it_requires_is_an_incident_that_names_it_and_no_traceback(
    library: Library,
) -> None:
    forgetful = bundles.edited(
        "limits.dmn", "<text>debt</text>", "<text>if debt = 7 then null else debt</text>"
    )
    with database.transaction() as connection:
        library.publish(connection, forgetful)
        instance_id = library.start(connection, debt=7)
        [incident] = incidents.of(connection, instance_id)
        assert (incident.element, incident.code) == ("check_limit", "decision_needs_input")
        assert "“Nợ (đồng)”" in incident.sentence("vi")
        rows.agree(connection)
