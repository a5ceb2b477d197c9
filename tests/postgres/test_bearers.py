"""People without an account: what a code and a second fact open, and everything they do not."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy import select

from engine import (
    access,
    bearers,
    case_codes,
    database,
    history,
    instances,
    openings,
    tables,
    units,
    user_tasks,
)
from engine.access import Actor
from engine.bearers import Hold
from engine.definitions import checks
from engine.errors import Conflict, Invalid, NotAllowed, NotFound
from engine.ids import InstanceId, TaskId
from tests.book_loan import bundles
from tests.book_loan.integrations.counter import queries as counter
from tests.postgres.library import Library

ASKED = {"reader_name": "Đặng Thùy Dương", "born_on": "1961-03-14", "phone": "0912345678", "title": "Số đỏ"}
BORN = ["14/3/1961", "1961-03-14"]  # as typed, and as read
HERE = "10.0.0.1"
MOST = 60


@pytest.fixture(autouse=True)
def published(library: Library) -> None:
    counter.taken.clear()
    with database.transaction() as connection:
        library.publish(connection, bundles.bundle("wish"))


def begun(library: Library, key: bytes = b"page", **more: str) -> InstanceId:
    with database.transaction() as connection:
        return bearers.start(connection, "wish", library.branch, ASKED | more, key, HERE, MOST)


def code_of(instance_id: InstanceId) -> str:
    with database.transaction() as connection:
        code = case_codes.of(connection, instance_id)
    assert code is not None
    return code


def shown(code: str, born: list[str] = BORN, address: str = HERE) -> Hold:
    """What `/my` does: the try is counted first, and stays counted when it was wrong."""
    with database.transaction() as connection:
        bearers.allow_try(connection, code, address)
    with database.transaction() as connection:
        return bearers.shown(connection, code, born, address)


def bearer(hold: Hold) -> Actor:
    with database.transaction() as connection:
        return bearers.actor(connection, hold)


def seen(hold: Hold) -> list[InstanceId]:
    with database.transaction() as connection:
        return [one.instance_id for one in bearers.cases(connection, bearers.actor(connection, hold))]


def task_of(instance_id: InstanceId, element: str) -> TaskId:
    with database.transaction() as connection:
        found = user_tasks.queue(connection, access.SYSTEM, instance_id=instance_id)
    return next(task.id for task in found if task.element == element)


def found_by_the_library(library: Library, instance_id: InstanceId) -> None:
    with database.transaction() as connection:
        user_tasks.complete(
            connection, task_of(instance_id, "look_for"), library.people["librarian"], {"found": True}
        )


def complete(hold: Hold, task_id: TaskId, **answers: object) -> None:
    with database.transaction() as connection:
        user_tasks.complete(connection, task_id, bearers.actor(connection, hold), answers)


def refusal(act: Callable[[], object]) -> NotAllowed | NotFound | Conflict | Invalid:
    with pytest.raises((NotAllowed, NotFound, Conflict, Invalid)) as caught:
        act()
    return caught.value


def test_the_public_process_passes_every_check_without_a_remark(library: Library) -> None:
    campaign = bundles.library()
    _, findings = checks.run(
        bundles.bundle("wish"), bundles.services(), ("wish",), campaign.roles, campaign.unit_kinds
    )
    assert findings == []


# --- beginning --------------------------------------------------------------------------------------------


def test_a_page_sent_twice_begins_one_case(library: Library) -> None:
    first = begun(library)
    assert refusal(lambda: begun(library)).code == "started_already"
    with database.transaction() as connection:
        assert case_codes.started_by(connection, b"page") == first
        assert len(instances.find(connection, access.SYSTEM, process="wish")) == 1
    assert begun(library, b"another page") != first


def test_a_page_sent_eight_times_at_once_begins_one_case(library: Library) -> None:
    def once(_: int) -> bool:
        try:
            begun(library)
        except Conflict as refused:
            assert refused.code == "started_already"
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(once, range(8))) == 1
    with database.transaction() as connection:
        assert len(instances.find(connection, access.SYSTEM, process="wish")) == 1


def test_only_what_is_public_can_be_begun_and_only_where_it_is_open(library: Library) -> None:
    def begin(process: str, path: str = "/net/main/north/") -> None:
        with database.transaction() as connection:
            unit = units.by_path(connection, path)
            bearers.start(connection, process, unit, ASKED, b"x", HERE, MOST)

    assert refusal(lambda: begin("loan")).code == "start_not_public"
    assert isinstance(refusal(lambda: begin("wish", "/net/main/")), Invalid)
    assert isinstance(refusal(lambda: begin("nothing")), NotFound)


def test_units_are_offered_on_the_way_to_where_it_is_open(library: Library) -> None:
    def offered(parent: units.Unit | None) -> list[str]:
        return [one.code for one in openings.below(connection, "wish", parent)]

    with database.transaction() as connection:
        net, main = (units.by_code(connection, code) for code in ("net", "main"))
        units.create(connection, "bindery", "workshop", "Xưởng đóng sách", main)
        units.create(connection, "far", "library", "Thư viện xa", net)
        assert (offered(None), offered(net), offered(main)) == (["net"], ["main"], ["north"])
        assert openings.at(connection, "wish", main) is None
        assert openings.at(connection, "wish", library.branch) is not None
        assert openings.at(connection, "loan", library.branch) is None
        with pytest.raises(NotFound):
            openings.newest(connection, "loan")
        connection.execute(tables.unit.update().where(tables.unit.c.code == "north").values(is_active=False))
        assert offered(None) == []


def test_a_refused_start_leaves_nothing_behind_and_may_be_sent_again(library: Library) -> None:
    assert isinstance(refusal(lambda: begun(library, title="")), Invalid)
    begun(library)


def test_too_many_starts_from_one_address_pause_it_and_no_other(
    library: Library, move: Callable[..., datetime]
) -> None:
    def begin(number: int, address: str = HERE) -> None:
        with database.transaction() as connection:
            bearers.start(connection, "wish", library.branch, ASKED, b"%d" % number, address, 3)

    for number in range(3):
        begin(number)
    refused = refusal(lambda: begin(3))
    assert (refused.code, refused.params) == ("public_starts_paused", {"minutes": 60})
    begin(4, "10.0.0.2")
    move(minutes=61)
    begin(5)


# --- a code and a second fact -----------------------------------------------------------------------------


def test_code_and_second_fact_open_the_case_however_they_are_typed(library: Library) -> None:
    instance_id = begun(library)
    code = code_of(instance_id)
    for typed in (code, code.lower(), f" {code[:4]}-{code[4:]} "):
        assert shown(typed).instance_id == instance_id


def test_wrong_pairs_are_answered_alike(library: Library) -> None:
    code = code_of(begun(library))
    other = code_of(begun(library, b"2", born_on="1990-01-01"))
    wrong = [
        refusal(lambda: shown(code, ["1961-03-15"])), refusal(lambda: shown("00000000")),
        refusal(lambda: shown("nothing like a code")), refusal(lambda: shown(other)),
        refusal(lambda: shown(code, [""])), refusal(lambda: shown(code, [])),
    ]  # fmt: skip
    assert {(one.code, one.sentence("vi")) for one in wrong} == {("bearer_wrong", wrong[0].sentence("vi"))}


def test_guessing_the_second_fact_ends_after_a_few_tries(
    library: Library, move: Callable[..., datetime]
) -> None:
    code = code_of(begun(library))
    for day in range(1, 6):
        assert (
            refusal(lambda day=day: shown(code, [f"1961-01-0{day}"], f"10.0.1.{day}")).code == "bearer_wrong"
        )
    assert refusal(lambda: shown(code)).code == "bearer_paused", "even the right one has to wait"
    shown(code_of(begun(library, b"2")))
    move(minutes=16)
    shown(code)


def test_guessing_codes_ends_for_the_address_and_right_ones_do_not_count(library: Library) -> None:
    code = code_of(begun(library))
    for _ in range(bearers.BY_ADDRESS.most + 5):
        shown(code, address="10.0.9.9")
    for _ in range(bearers.BY_ADDRESS.most):
        refusal(lambda: shown("wrong", address="10.0.9.9"))
    assert refusal(lambda: shown(code, address="10.0.9.9")).code == "bearer_paused"
    shown(code)


def test_what_was_tried_is_kept_without_address_or_code(library: Library) -> None:
    code = code_of(begun(library))
    refusal(lambda: shown(code, ["1961-01-01"]))
    with database.transaction() as connection:
        kept = str(connection.execute(select(tables.bearer_attempt)).all())
    assert code not in kept
    assert HERE not in kept


# --- sessions ---------------------------------------------------------------------------------------------


def test_a_session_gets_a_new_token_with_each_person_and_the_old_one_is_worthless(library: Library) -> None:
    mother, child = begun(library), begun(library, b"2", born_on="1990-01-01")
    with database.transaction() as connection:
        first = bearers.add(connection, "a token somebody else put there", Hold(0, mother, None))
        second = bearers.add(connection, first, Hold(0, child, None))
        again = bearers.add(connection, second, Hold(0, mother, None))
        assert bearers.session(connection, first) is None
        assert bearers.session(connection, second) is None
        found = bearers.session(connection, again)
        assert found is not None
        assert [one.instance_id for one in found.holds] == [mother, child]
        assert found.hold().instance_id == mother
        bearers.close(connection, again)
        assert bearers.session(connection, again) is None
        assert connection.execute(select(tables.bearer_hold)).all() == []


def test_a_session_ends_when_nobody_uses_it_and_after_a_day_at_the_latest(
    library: Library, move: Callable[..., datetime]
) -> None:
    instance_id = begun(library)

    def is_there(token: str) -> bool:
        with database.transaction() as connection:
            return bearers.session(connection, token) is not None

    with database.transaction() as connection:
        left, used = (bearers.add(connection, "", Hold(0, instance_id, None)) for _ in range(2))
    for _ in range(2):
        move(minutes=20)
        assert is_there(used)
    assert not is_there(left)
    for _ in range(30):
        move(minutes=20)
        is_there(used)
    assert not is_there(used)


# --- what is seen and done --------------------------------------------------------------------------------


def _subject(connection: object, instance_id: InstanceId, subject: str) -> None:
    connection.execute(  # type: ignore[attr-defined]
        tables.instance.update().where(tables.instance.c.instance_id == instance_id).values(subject=subject)
    )


def test_the_code_of_a_case_opens_it_and_what_came_later_and_nothing_earlier(library: Library) -> None:
    earlier, mine, later = (begun(library, b"%d" % number) for number in range(3))
    strange = begun(library, b"strange")
    with database.transaction() as connection:
        for one in (earlier, mine, later):
            _subject(connection, one, "77")
        loan = library.start(connection, reader_id="77")
    hold = shown(code_of(mine))
    assert seen(hold) == [later, mine]
    with database.transaction() as connection:
        for hidden in (earlier, strange, loan):
            with pytest.raises(NotFound):
                instances.view(connection, hidden, bearers.actor(connection, hold))
    assert seen(Hold(0, None, "77")) == [later, mine, earlier]
    assert seen(Hold(0, None, "78")) == []


def test_the_registrys_own_code_opens_all_cases_of_its_subject(library: Library) -> None:
    first, second = begun(library), begun(library, b"2")
    with database.transaction() as connection:
        known = [instances.state_of(connection, one).variables for one in (first, second)]
        subject = str(known[0]["reader_id"])
        _subject(connection, first, subject)
        _subject(connection, second, subject)
    hold = shown(str(known[0]["reader_code"]))
    assert (hold.instance_id, hold.subject) == (None, subject)
    assert seen(hold) == [second, first]
    assert refusal(lambda: shown(str(known[0]["reader_code"]), ["1961-03-15"])).code == "bearer_wrong"


def test_somebody_without_an_account_does_the_tasks_of_the_lanes_named_once(library: Library) -> None:
    instance_id = begun(library)
    hold = shown(code_of(instance_id))
    desk = task_of(instance_id, "look_for")
    assert refusal(lambda: complete(hold, desk, found=True)).code == "task_not_found", "a task of the staff"
    found_by_the_library(library, instance_id)
    task_id = task_of(instance_id, "choose_hour")
    complete(hold, task_id, hour=counter.HOURS[0])
    assert refusal(lambda: complete(hold, task_id, hour=counter.HOURS[1])).code == "task_done"
    with database.transaction() as connection:
        acts = {(row.event, row.element): row for row in history.of(connection, instance_id)}
        assert instances.state_of(connection, instance_id).variables["hour"] == counter.HOURS[0]
    for key in (("instance_started", "asked"), ("user_task_completed", "choose_hour")):
        assert (acts[key].actor_id, acts[key].details["by"]) == (None, "bearer")
    assert "by" not in acts["user_task_completed", "look_for"].details


def test_the_task_of_another_is_not_there(library: Library) -> None:
    mine, other = begun(library), begun(library, b"2")
    found_by_the_library(library, other)
    task_id = task_of(other, "choose_hour")
    hold = shown(code_of(mine))
    assert refusal(lambda: complete(hold, task_id, hour=counter.HOURS[0])).code == "task_not_found"
    with database.transaction() as connection:
        nobody = bearers.visitor()
        for who in (bearer(hold), nobody):
            with pytest.raises(NotFound):
                user_tasks.view(connection, task_id, who)
        assert user_tasks.borne(connection, other, bearer(hold)) == []
        assert user_tasks.queue(connection, bearer(hold)) == []
        assert instances.find(connection, bearer(hold)) == []


def test_every_look_leaves_a_row_that_says_it_was_nobody_with_an_account(library: Library) -> None:
    instance_id = begun(library)
    hold = shown(code_of(instance_id))
    with database.transaction() as connection:
        _subject(connection, instance_id, "77")
    seen(hold)
    with database.transaction() as connection:
        instances.view(connection, instance_id, bearers.actor(connection, hold))
        rows = connection.execute(select(tables.lookup).order_by(tables.lookup.c.lookup_id)).all()
    assert [(row.actor_id, row.what, row.subject, row.instance_id) for row in rows] == [
        (None, "bearer", "77", instance_id)
    ] * 2
