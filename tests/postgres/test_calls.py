"""Across instances: a call starts, returns, fails, is cancelled; each step locks one instance only."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select

from engine import clock, database, incidents, instances, jobs, messages, outbox, tables, user_tasks
from engine.access import SYSTEM
from engine.definitions import bundle
from engine.ids import InstanceId
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import ANSWERS, Library


def damaged(library: Library, **more: object) -> int:
    """A loan whose book has come back damaged: it is about to call the repair."""
    instance_id = library.lent(**more)
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", "R1", {}, SYSTEM)
        library.answer(connection, instance_id, "inspect", damaged_titles=["Số đỏ"])
    return instance_id


def repair_of(instance_id: int) -> InstanceId:
    with database.transaction() as connection:
        [child] = [one for one in instances.children(connection, instance_id) if one.state == "active"]
    return child.instance_id


def answer(library: Library, instance_id: int, *elements: str, **answers: object) -> None:
    """Answer tasks, the engine's own work done before and after each."""
    for element in elements:
        Worker().settle()
        with database.transaction() as connection:
            library.answer(connection, instance_id, element, **answers)
    Worker().settle()
    with database.transaction() as connection:
        rows.agree(connection)


def mended(library: Library, repair: int) -> None:
    answer(library, repair, "assess", "mend_page", "mend_page")
    with database.transaction() as connection:
        messages.correlate(connection, "paper_arrived", "repair-R1", {}, SYSTEM)
    clock.move(timedelta(hours=6))
    answer(library, repair, "check_binding")


def test_the_called_instance_runs_and_its_outputs_come_back(library: Library) -> None:
    loan = damaged(library)
    with database.transaction() as connection:
        [call] = connection.execute(select(tables.call)).all()
        assert (call.process, call.child_id) == ("repair", None)
    Worker().settle()
    repair = repair_of(loan)
    with database.transaction() as connection:
        assert connection.scalar(select(tables.call.c.child_id)) == repair
        assert set(instances.state_of(connection, repair).variables) == {"titles", "reader_id"}
    mended(library, repair)
    with database.transaction() as connection:
        assert instances.state_of(connection, repair).ended == "completed"
        variables = instances.state_of(connection, loan).variables
        assert variables["repair_cost"] == 1500
        assert connection.execute(select(tables.call)).all() == []
        assert connection.execute(select(tables.job)).all() == []


def test_decimals_cross_from_one_instance_to_the_other_exactly(library: Library) -> None:
    price = Decimal("0.1000000000000000000000000000000001")
    dear = bundles.edited(
        "process.yaml", "sum(for page in torn_pages return page.price)", str(price), "repair"
    ).changed({"scenarios/repairs.yaml": None})
    with database.transaction() as connection:
        library.publish(connection, dear)
    loan = damaged(library)
    Worker().settle()
    mended(library, repair_of(loan))
    with database.transaction() as connection:
        assert instances.state_of(connection, loan).variables["repair_cost"] == price


def test_an_error_of_the_called_instance_is_caught_by_the_caller(library: Library) -> None:
    loan = damaged(library)
    Worker().settle()
    repair = repair_of(loan)
    answer(library, repair, "assess", torn_pages=[{"number": 1, "price": 900_000}])
    answer(library, repair, "decide_cost")
    with database.transaction() as connection:
        assert instances.state_of(connection, repair).error == "BEYOND_REPAIR"
        assert library.elements(connection, loan) == ["replace"]
        assert instances.state_of(connection, loan).variables["loss"]["code"] == "BEYOND_REPAIR"


def test_ending_the_caller_ends_what_it_called(library: Library) -> None:
    loan = damaged(library)
    Worker().settle()
    repair = repair_of(loan)
    with database.transaction() as connection:
        instances.cancel(connection, loan, SYSTEM, "the reader has paid")
        assert instances.state_of(connection, repair).ended is None, "never two instances in one transaction"
    Worker().settle()
    with database.transaction() as connection:
        assert instances.state_of(connection, repair).ended == "cancelled"
        rows.agree(connection)


def test_a_caller_ended_before_the_call_is_delivered_calls_nobody(library: Library) -> None:
    loan = damaged(library)
    with database.transaction() as connection:
        instances.cancel(connection, loan, SYSTEM, "the reader has paid")
    Worker().settle()
    with database.transaction() as connection:
        assert instances.children(connection, loan) == []
        assert connection.execute(select(tables.job)).all() == []


def test_ending_the_called_instance_is_an_incident_of_the_caller_and_retry_calls_anew(
    library: Library,
) -> None:
    loan = damaged(library)
    Worker().settle()
    first = repair_of(loan)
    with database.transaction() as connection:
        instances.cancel(connection, first, SYSTEM, "the binder is ill")
    Worker().settle()
    with database.transaction() as connection:
        [incident] = incidents.of(connection, loan)
        assert (incident.element, incident.code) == ("mend", "error_not_caught")
        assert "CANCELLED" in incident.sentence("en")
        assert incidents.retry(connection, loan, incident.token, incident.element, SYSTEM)
    Worker().settle()
    second = repair_of(loan)
    assert second != first
    mended(library, second)
    with database.transaction() as connection:
        assert instances.state_of(connection, loan).variables["repair_cost"] == 1500


def test_a_job_of_the_outbox_done_twice_changes_nothing_more(library: Library) -> None:
    loan = damaged(library)
    with database.transaction() as connection:
        [call] = jobs.claim(connection, 9)
        assert outbox.deliver(connection, call)
    with database.transaction() as connection:
        before = rows.all_of(connection)
        assert outbox.deliver(connection, call)
        assert rows.all_of(connection) == before
    assert len([repair_of(loan)]) == 1


def test_a_call_of_a_process_not_in_force_stops_and_goes_on_when_it_is(library: Library) -> None:
    loan = damaged(library)
    with database.transaction() as connection:  # as if its release came into effect tomorrow only
        tomorrow = {"effective_at": clock.now() + timedelta(days=1)}
        connection.execute(
            tables.release.update().where(tables.release.c.process == "repair").values(tomorrow)
        )
    Worker().settle()
    with database.transaction() as connection:
        [incident] = incidents.of(connection, loan)
        assert incident.code == "called_process_unknown"
        assert "repair" in incident.sentence("vi")
    clock.move(timedelta(days=1))
    with database.transaction() as connection:
        assert incidents.retry(connection, loan, incident.token, incident.element, SYSTEM)
    Worker().settle()
    assert repair_of(loan)


def test_a_supervisor_may_finish_what_was_called_while_the_caller_waits(library: Library) -> None:
    loan = damaged(library)
    Worker().settle()
    with database.transaction() as connection:
        tasks = user_tasks.queue(connection, library.people["binder"])
        assert [task.element for task in tasks] == ["assess"]
        user_tasks.complete(connection, tasks[0].id, library.people["binder"], ANSWERS["assess"])
        assert library.elements(connection, loan) == []


def test_a_process_that_only_a_message_begins_cannot_be_called_and_the_caller_says_so(
    library: Library,
) -> None:
    """The worker once tried this for ever, without a pause."""
    bpmn = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" id="letters_file" targetNamespace="urn:t">
  <process id="letters" isExecutable="true">
    <startEvent id="came"><messageEventDefinition messageRef="letter" /></startEvent>
    <endEvent id="read" />
    <sequenceFlow id="came__read" sourceRef="came" targetRef="read" />
  </process>
  <message id="letter" name="letter" />
</definitions>"""
    texts = b"process: {name: Letters}\nelements: {came: {name: Came}, read: {name: Read}}\n"
    process = b"process: letters\nowner: process_owner\nmessages: {letter: {keep: PT1H}}\n"
    letters = {
        "process.yaml": process,
        "letters.bpmn": bpmn.encode(),
        "texts/vi.yaml": texts,
        "texts/en.yaml": texts,
    }
    calling = bundles.edited("loan.bpmn", 'calledElement="repair"', 'calledElement="letters"')
    with database.transaction() as connection:
        library.publish(connection, bundle.of(letters), calling.changed({"scenarios/loans.yaml": None}))
    loan = damaged(library)
    Worker().settle()
    with database.transaction() as connection:
        [incident] = incidents.of(connection, loan)
        assert incident.code == "called_process_without_start"
        rows.agree(connection)
