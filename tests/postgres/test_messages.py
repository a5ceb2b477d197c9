"""Messages find those that wait, once each; unmatched they are kept; they may begin a case."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from engine import database, instances, messages, tables
from engine.access import SYSTEM
from engine.definitions import bundle
from engine.errors import NotFound
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import Library

KEPT = timedelta(hours=1)


def published(library: Library, key: str = "R1", keep: timedelta = KEPT, **payload: object) -> None:
    with database.transaction() as connection:
        messages.publish(connection, "book_returned", key, payload, library.branch, keep)


def open_jobs() -> int:
    with database.transaction() as connection:
        return len(connection.execute(select(tables.job)).all())


def at(library: Library, instance_id: int) -> list[str]:
    with database.transaction() as connection:
        rows.agree(connection)
        return library.elements(connection, instance_id)


def test_correlating_reaches_the_one_that_has_waited_longest(
    library: Library, move: Callable[..., datetime]
) -> None:
    first = library.lent()
    move(minutes=1)
    second = library.lent()
    with database.transaction() as connection:
        assert messages.correlate(connection, "book_returned", "R1", {"shelf": 7}, SYSTEM) == first
    assert (at(library, first), at(library, second)) == (["inspect"], [])
    with database.transaction() as connection:
        assert instances.state_of(connection, first).variables["shelf"] == 7


def test_correlating_with_nobody_is_refused_and_keeps_nothing(library: Library) -> None:
    library.lent()
    with database.transaction() as connection, pytest.raises(NotFound):
        messages.correlate(connection, "book_returned", "R2", {}, SYSTEM)
    assert open_jobs() == 0


def test_a_published_message_reaches_everybody_who_waits_and_is_done(library: Library) -> None:
    cases = [library.lent() for _ in range(3)] + [library.lent(reader_id="R2")]
    published(library)
    Worker().settle()
    assert [at(library, case) for case in cases] == [["inspect"]] * 3 + [[]]
    assert open_jobs() == 0


def test_an_unmatched_message_is_kept_for_its_time(library: Library, move: Callable[..., datetime]) -> None:
    published(library)
    Worker().settle()
    instance_id = library.lent()
    move(seconds=30)
    Worker().settle()
    assert at(library, instance_id) == ["inspect"]
    assert open_jobs() == 0


def test_an_unmatched_message_is_dropped_after_its_time(
    library: Library, move: Callable[..., datetime]
) -> None:
    published(library)
    Worker().settle()
    assert open_jobs() == 1
    move(hours=2)
    Worker().settle()
    assert open_jobs() == 0
    instance_id = library.lent()
    Worker().settle()
    assert at(library, instance_id) == []


def test_one_that_goes_round_and_waits_again_waits_for_the_next(library: Library) -> None:
    """A message once went to the same instance as often as it came back to wait."""
    flow = (
        "flow:\n"
        "  - repeat: go_round\n"
        '    while: "= n < 20"\n'
        "    do:\n"
        "      - {receive: wait_paper, message: paper_arrived}\n"
        '      - {script: count, set: {n: "= if n = null then 1 else n + 1"}}\n'
    )
    process = (
        "process: rounds\nowner: process_owner\nstart: {roles: [librarian]}\nlanes: {desk: {role: librarian}}\n"
        'messages: {paper_arrived: {keep: PT1H, key: "= reader_id"}}\nservice_levels: {wait_paper: P1D}\n'
    )
    texts = b"process: {name: Rounds}\nelements: {}\n"
    files = {"process.yaml": (process + flow).encode(), "texts/vi.yaml": texts, "texts/en.yaml": texts}
    with database.transaction() as connection:
        library.publish(connection, bundle.of(files))
        case = instances.start(
            connection, "rounds", library.branch, {"reader_id": "R1"}, library.people["librarian"]
        )
        messages.publish(connection, "paper_arrived", "R1", {}, library.branch, KEPT)
    Worker().settle()
    with database.transaction() as connection:
        assert instances.state_of(connection, case).variables["n"] == 1
    assert open_jobs() == 0


def test_a_message_may_begin_a_case_and_does_not_go_to_the_one_it_began(library: Library) -> None:
    begun = bundles.edited(
        "loan.bpmn",
        '<bpmn:startEvent id="asked" name="Bạn đọc hỏi mượn" tc:form="ask">',
        '<bpmn:startEvent id="told" name="Thư báo"><bpmn:outgoing>told__wait_return</bpmn:outgoing>'
        '<bpmn:messageEventDefinition messageRef="book_returned_message" /></bpmn:startEvent>'
        '<bpmn:sequenceFlow id="told__wait_return" sourceRef="told" targetRef="wait_return" />'
        '<bpmn:startEvent id="asked" name="Bạn đọc hỏi mượn" tc:form="ask">',
    )
    with database.transaction() as connection:
        library.publish(connection, begun)
    published(library, reader_id="R1", due_on="2021-08-30", books=[])
    Worker().settle()
    with database.transaction() as connection:
        [case] = instances.find(connection, SYSTEM, process="loan")
        state = instances.state_of(connection, case.instance_id)
        assert [wait.element for wait in state.waits if wait.kind == "message"] == ["wait_return"]
        assert state.variables["reader_id"] == "R1"
    assert open_jobs() == 0
