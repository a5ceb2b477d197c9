"""Comments on a case, handing a task over, and no longer expecting what will not follow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from engine import accounts, comments, database, history, instances, messages, stuck, units, user_tasks
from engine.access import SYSTEM
from engine.errors import Invalid, NotAllowed, NotFound
from engine.ids import TaskId
from engine.worker import Worker
from tests.book_loan import bundles
from tests.postgres import rows
from tests.postgres.library import Library

Move = Callable[..., datetime]


def account(connection: database.Connection, name: str, role: str, unit: units.Unit) -> accounts.Actor:
    account_id = accounts.create(connection, name, name.title(), "a long enough password")
    accounts.grant(connection, account_id, role, unit)
    return accounts.actor(connection, account_id)


# --- comments -----------------------------------------------------------------------------------------------


def test_a_comment_is_kept_with_who_and_when_and_changes_nothing_else(library: Library, move: Move) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        before = instances.state_of(connection, instance_id)
    now = move(minutes=5)
    with database.transaction() as connection:
        comments.add(connection, instance_id, library.people["librarian"], "  Bạn đọc hẹn chiều quay lại\n")
        [said] = comments.of(connection, instance_id)
        assert (said.text, said.name, said.at) == ("Bạn đọc hẹn chiều quay lại", "Lan", now)
        assert instances.state_of(connection, instance_id) == before
        newest = history.of(connection, instance_id)[-1]
        assert (newest.event, newest.actor_name, newest.details) == ("commented", "Lan", {})
        rows.agree(connection)
        library.answer(connection, instance_id, "fetch", "stamp_card")
        rows.agree(connection)


def test_a_case_that_has_ended_may_still_be_commented(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        instances.cancel(connection, instance_id, SYSTEM, "a mistake")
        comments.add(connection, instance_id, library.people["head_librarian"], "Nhập nhầm người")
        assert len(comments.of(connection, instance_id)) == 1
        rows.agree(connection)


@pytest.mark.parametrize(
    ("text", "code"), [("", "comment_missing"), (" \n\x00 ", "comment_missing"), ("a" * 1001, "comment_long")]
)
def test_nothing_and_too_much_are_refused(library: Library, text: str, code: str) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        with pytest.raises(Invalid) as refused:
            comments.add(connection, instance_id, library.people["librarian"], text)
        assert [one.code for one in refused.value.findings] == [code]
        assert comments.of(connection, instance_id) == []


def test_whoever_may_not_open_the_case_may_not_comment_it(library: Library) -> None:
    with database.transaction() as connection:
        instance_id = library.start(connection)
        elsewhere = units.create(connection, "far", "network", "Nơi khác")
        stranger = account(connection, "xa", "librarian", elsewhere)
        for case in (instance_id, 12345):
            with pytest.raises(NotFound):
                comments.add(connection, case, stranger, "Xin chào")


# --- handing over -------------------------------------------------------------------------------------------


def taken(library: Library, connection: database.Connection) -> TaskId:
    """A task that the librarian has in hand."""
    instance_id = library.start(connection)
    task = next(one for one in library.tasks(connection, instance_id) if one.element == "stamp_card")
    user_tasks.claim(connection, task.id, library.people["librarian"])
    return task.id


def test_whoever_has_a_task_gives_it_to_somebody_who_may_do_it(library: Library) -> None:
    with database.transaction() as connection:
        task_id, second = taken(library, connection), account(connection, "thu", "librarian", library.branch)
        offered = user_tasks.receivers(connection, user_tasks.task(connection, task_id))
        assert offered == [(second.account_id, "Thu")]
        user_tasks.hand_over(connection, task_id, library.people["librarian"], second.account_id)
        assert user_tasks.task(connection, task_id).claimed_name == "Thu"
        newest = history.of(connection, task_id.instance)[-1]
        assert (newest.event, newest.element) == ("user_task_handed_over", "stamp_card")
        assert newest.details == {"to": str(second.account_id)}
        with pytest.raises(NotAllowed):
            user_tasks.hand_over(connection, task_id, library.people["stacker"], second.account_id)
        user_tasks.complete(connection, task_id, second, {"stamped": True})
        rows.agree(connection)


def test_whoever_may_free_cases_gives_anybodys_task(library: Library) -> None:
    with database.transaction() as connection:
        head = account(connection, "truong", "head_librarian", library.branch)
        task_id, second = taken(library, connection), account(connection, "thu", "librarian", library.branch)
        user_tasks.hand_over(connection, task_id, head, second.account_id)
        assert user_tasks.task(connection, task_id).claimed_by == second.account_id
        rows.agree(connection)


def test_a_task_is_not_given_to_somebody_without_the_role_there(library: Library) -> None:
    with database.transaction() as connection:
        task_id = taken(library, connection)
        elsewhere = units.create(connection, "far", "network", "Nơi khác")
        others = [library.people["stacker"], account(connection, "xa", "librarian", elsewhere)]
        for other in others:
            with pytest.raises(Invalid) as refused:
                user_tasks.hand_over(connection, task_id, library.people["librarian"], other.account_id)
            assert other.name in refused.value.findings[0].sentence("vi")
        with pytest.raises(NotFound):
            user_tasks.hand_over(connection, task_id, library.people["librarian"], 99)
        assert user_tasks.task(connection, task_id).claimed_name == "Lan"


# --- what will not follow any more --------------------------------------------------------------------------


def unfollowed(library: Library, move: Move) -> int:
    """A loan whose receipt is overdue."""
    instance_id = library.lent()
    with database.transaction() as connection:
        messages.correlate(connection, "book_returned", "R1", {}, SYSTEM)
        library.answer(connection, instance_id, "inspect")
    move(days=46)
    Worker().settle()
    return instance_id


def is_listed(library: Library) -> bool:
    with database.transaction() as connection:
        found = stuck.find(connection, library.people["head_librarian"])
        return "not_followed" in [one.reason for one in found]


def test_what_will_not_follow_is_dismissed_with_a_reason(library: Library, move: Move) -> None:
    instance_id = unfollowed(library, move)
    assert is_listed(library)
    head = library.people["head_librarian"]
    with database.transaction() as connection:
        [one] = stuck.expected(connection, instance_id)
        assert (one.after, one.reaches) == ("inspect", "receipt")
        with pytest.raises(NotAllowed):
            stuck.dismiss(
                connection, instance_id, one.token, one.after, library.people["binder"], "nobody comes"
            )
        with pytest.raises(Invalid):
            stuck.dismiss(connection, instance_id, one.token, one.after, head, " ")
        stuck.dismiss(connection, instance_id, one.token, one.after, head, "The reader has moved away")
        newest = history.of(connection, instance_id)[-1]
        assert (newest.event, newest.element) == ("expectation_dismissed", "receipt")
        assert newest.details == {"reason": "The reader has moved away"}
        with pytest.raises(NotFound):
            stuck.dismiss(connection, instance_id, one.token, one.after, head, "again")
        rows.agree(connection)
    assert not is_listed(library)


FORGETFUL = """
process: forgetful
owner: process_owner
start: {roles: [librarian]}
inputs: [is_asked]
lanes: {desk: {role: librarian}}
service_levels: {lend: P1D, receipt: P1D}
expects: [{after: lend, reaches: receipt, within: PT1H}]
flow:
  - {user: lend, lane: desk}
  - switch: asked
    cases:
      - {when: "= is_asked", name: has_asked, do: [{user: receipt, lane: desk}]}
      - {otherwise: true, name: has_not, do: []}
"""


def test_what_a_case_that_has_ended_never_came_to_is_dismissed_too(library: Library, move: Move) -> None:
    who, head = library.people["librarian"], library.people["head_librarian"]
    with database.transaction() as connection:
        library.publish(connection, bundles.small(FORGETFUL))
        instance_id = instances.start(connection, "forgetful", library.branch, {"is_asked": False}, who)
        [task] = library.tasks(connection, instance_id)
        user_tasks.complete(connection, task.id, who, {})
        assert instances.state_of(connection, instance_id).ended == "completed"
    move(hours=2)
    assert is_listed(library)
    with database.transaction() as connection:
        [one] = stuck.expected(connection, instance_id)
        stuck.dismiss(connection, instance_id, one.token, one.after, head, "No receipt was wanted")
        rows.agree(connection)
    assert not is_listed(library)
