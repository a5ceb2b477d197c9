"""Publication on a real database: two people, immutable versions, an effective moment, pilots, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
import sqlalchemy
from sqlalchemy import func, select

from engine import accounts, campaign, catalogue, clock, instances, tables, texts, units
from engine import database as databases
from engine.access import SYSTEM, Actor
from engine.definitions import deployment, registry
from engine.errors import Conflict, EngineError, Invalid, NotAllowed, NotFound
from engine.ids import SubmissionId, VersionId
from engine.units import Unit
from tests import blocked, foundings
from tests.book_loan.bundles import PROCESSES, bundle, edited, library, services

WHY = "The rule of 1 July"
NEVER = 2**62  # no id has come so far
EDITION = """\
edition: {name}
effective_from: {at}
authority: {{number: 17/QĐ-TV, on: 2021-06-10, title: {{vi: Nội quy, en: House rules}}}}
"""


@dataclass
class Library:
    """The units and people of a library, on a database of the test's own."""

    database: sqlalchemy.Engine
    network: Unit
    main: Unit
    branch: Unit
    people: dict[str, Actor]

    def owner(self) -> Actor:
        return self.people["owner"]

    def approver(self) -> Actor:
        return self.people["approver"]


@pytest.fixture
def place(database, move) -> Iterator[Library]:
    """A library with a process owner and approvers; committed, so that several connections see it."""
    with campaign.using(library()), catalogue.using(services()):
        yield Library(database, *foundings.once(founded))


def founded() -> tuple[Unit, Unit, Unit, dict[str, Actor]]:
    """The network, the library, its branch, and the people by name."""
    with databases.transaction() as connection:
        network = units.create(connection, "lib", "network", "Library network")
        main = units.create(connection, "main", "library", "Main library", network)
        branch = units.create(connection, "east", "branch", "East branch", main)
        wanted = {
            "owner": ("process_owner", network), "local_owner": ("process_owner", branch),
            "approver": ("approver", network), "second": ("approver", network), "local": ("approver", branch),
            "librarian": ("librarian", branch),
        }  # fmt: skip
        people = {}
        for name, (role, unit) in wanted.items():
            account_id = accounts.create(connection, name, name.title(), "a long password of the test")
            accounts.grant(connection, account_id, role, unit)
            people[name] = accounts.actor(connection, account_id)
    with databases.transaction() as connection:
        repair = deployment.submit(connection, bundle("repair").files, people["owner"], WHY)
        deployment.approve(connection, repair, people["approver"], WHY)
    return network, main, branch, people


def submitted(place: Library, whole=None, actor: Actor | None = None) -> SubmissionId:
    with databases.transaction() as connection:
        return deployment.submit(connection, (whole or bundle()).files, actor or place.owner(), WHY)


def approved(place: Library, submission: SubmissionId, actor: Actor | None = None, **options) -> None:
    with databases.transaction() as connection:
        deployment.approve(connection, submission, actor or place.approver(), WHY, **options)


def published(place: Library, whole=None, **options) -> VersionId:
    approved(place, submitted(place, whole), **options)
    with databases.transaction() as connection:
        return registry.versions(connection, "loan")[0].id


def version_at(unit: Unit, **later) -> int:
    """The number of the version in force at a unit, a time from now."""
    with databases.transaction() as connection:
        version_id = registry.in_force(connection, "loan", unit.path, clock.now() + timedelta(**later))
        return registry.definition(connection, version_id).version


def edition(minutes: int):
    return edited("process.yaml", "lend: PT15M", f"lend: PT{minutes}M")


def of_day(at: datetime):
    """The loan as a decision changed it from a moment on."""
    said = EDITION.format(name=f"day-{at:%j}", at=at.isoformat())
    return bundle().changed({"edition.yaml": said.encode()})


def refused(kind: type[EngineError], call) -> EngineError:
    with pytest.raises(kind) as caught:
        call()
    for language in texts.LANGUAGES:
        assert not caught.value.sentence(language).startswith("errors."), caught.value.code
    return caught.value


def rows(table: sqlalchemy.Table) -> int:
    with databases.transaction() as connection:
        return connection.scalar(select(func.count()).select_from(table)) or 0


def test_a_bundle_holds_once_another_person_has_approved_it(place):
    submission = submitted(place)
    with databases.transaction() as connection:
        assert deployment.submission(connection, submission).state == "submitted"
        assert deployment.submission(connection, submission).bundle == bundle()
        refused(NotFound, lambda: registry.in_force(connection, "loan", place.branch.path))
    approved(place, submission)
    assert version_at(place.branch) == 1
    with databases.transaction() as connection:
        done = deployment.submission(connection, submission)
        assert (done.state, done.submitted_by_name, done.decided_by_name) == ("approved", "Owner", "Approver")
        assert (done.reason, done.decided_reason) == (WHY, WHY)


def test_a_version_never_changes_and_is_compiled_once(place):
    version = published(place)
    with databases.transaction() as connection:
        one = registry.definition(connection, version)
        assert registry.definition(connection, version) is one
        registry.forget()
        again = registry.definition(connection, version)
    assert again is not one
    assert (again.content_hash, again.version_id, again.bundle) == (bundle().content_hash, version, bundle())


def test_no_one_approves_what_they_submitted(place):
    """Not even somebody who holds both permissions."""
    with databases.transaction() as connection:
        accounts.grant(connection, place.owner().account_id, "approver", place.network)
        both = accounts.actor(connection, place.owner().account_id)
    submission = submitted(place, actor=both)
    assert refused(NotAllowed, lambda: approved(place, submission, both)).code == "approve_own"
    assert refused(NotAllowed, lambda: rejected(submission, both)).code == "reject_own"


def rejected(submission: SubmissionId, actor: Actor, reason: str = WHY) -> None:
    with databases.transaction() as connection:
        deployment.reject(connection, submission, actor, reason)


def withdrawn(submission: SubmissionId, actor: Actor) -> None:
    with databases.transaction() as connection:
        deployment.withdraw(connection, submission, actor)


def test_the_engine_itself_publishes_nothing(place):
    assert refused(NotAllowed, lambda: submitted(place, actor=SYSTEM)).code == "publication_needs_a_person"
    submission = submitted(place)
    assert (
        refused(NotAllowed, lambda: approved(place, submission, SYSTEM)).code == "publication_needs_a_person"
    )


@pytest.mark.parametrize("name", ["librarian", "local_owner", "approver"])
def test_submitting_takes_the_permission_and_the_owners_role_at_the_top(place, name):
    refused(NotAllowed, lambda: submitted(place, actor=place.people[name]))


@pytest.mark.parametrize("name", ["librarian", "owner", "local"])
def test_approving_for_everyone_takes_the_permission_at_the_top(place, name):
    submission = submitted(place)
    refused(NotAllowed, lambda: approved(place, submission, place.people[name]))
    with databases.transaction() as connection:
        assert deployment.submission(connection, submission).state == "submitted"


def test_a_pilot_may_be_approved_where_it_is(place):
    published(place)
    approved(place, submitted(place, edition(20)), place.people["local"], unit=place.branch)
    assert (version_at(place.branch), version_at(place.main)) == (2, 1)
    submission = submitted(place, edition(21))
    refused(NotAllowed, lambda: approved(place, submission, place.people["local"], unit=place.main))


@pytest.mark.parametrize("reason", ["", "  ", "ok", "x" * 2001])
def test_a_reason_is_asked_for(place, reason):
    def submit():
        with databases.transaction() as connection:
            deployment.submit(connection, bundle().files, place.owner(), reason)

    error = refused(Invalid, submit)
    assert [finding.code for finding in error.findings] == ["reason_length"]


def test_a_bundle_with_errors_is_refused_with_every_finding_and_nothing_is_stored(place):
    before = rows(tables.submission)
    whole = edited("loan.bpmn", 'tc:form="lend"', 'tc:form="lent"')
    whole = whole.changed({"process.yaml": whole.files["process.yaml"].replace(b"  fetch: PT30M\n", b"")})
    error = refused(Invalid, lambda: submitted(place, whole))
    assert {finding.code for finding in error.findings} >= {"form_unknown_close", "service_level_missing"}
    assert rows(tables.submission) == before


def test_warnings_go_with_the_submission_to_the_person_who_approves(place):
    whole = bundle().changed({"scenarios/loans.yaml": None})
    with databases.transaction() as connection:
        submission = deployment.submit(connection, whole.files, place.owner(), WHY)
        (warning,) = deployment.submission(connection, submission).findings
    assert (warning.code, warning.severity, warning.file) == ("scenarios_missing", "warning", "process.yaml")


def test_what_would_change_nothing_is_refused_kindly(place):
    published(place)
    error = refused(Conflict, lambda: submitted(place))
    assert error.code == "submission_changes_nothing"
    assert "1" in error.sentence("en")
    commented = bundle().changed({"process.yaml": b"# again\n" + bundle().files["process.yaml"]})
    refused(Conflict, lambda: submitted(place, commented))


def test_the_same_content_waits_only_once(place):
    submitted(place)
    assert refused(Conflict, lambda: submitted(place)).code == "submission_waits_already"


def test_a_new_version_holds_from_its_effective_moment(place, move):
    published(place)
    approved(place, submitted(place, edition(20)), effective_at=clock.now() + timedelta(hours=8))
    assert version_at(place.branch) == 1
    assert version_at(place.branch, hours=8) == 2
    move(hours=9)
    assert version_at(place.branch) == 2


def test_an_effective_moment_that_has_passed_is_refused(place):
    submission = submitted(place)
    error = refused(
        Invalid, lambda: approved(place, submission, effective_at=clock.now() - timedelta(minutes=1))
    )
    assert [finding.code for finding in error.findings] == ["effective_in_the_past"]


def test_an_edition_holds_from_its_own_day(place):
    published(place)
    approved(place, submitted(place, of_day(clock.now() + timedelta(hours=8))))
    assert version_at(place.branch) == 1
    assert version_at(place.branch, hours=8) == 2


def test_an_edition_whose_day_has_passed_holds_from_now(place):
    approved(place, submitted(place, of_day(clock.now() - timedelta(days=8))))
    assert version_at(place.branch) == 1
    refused(NotFound, lambda: version_at(place.branch, days=-4))


def test_while_a_campaign_is_set_up_editions_hold_from_days_that_have_passed(place):
    days = {days: submitted(place, of_day(clock.now() - timedelta(days=days))) for days in (20, 10)}
    for submission in days.values():
        approved(place, submission, at_setup=True)
    refused(NotFound, lambda: version_at(place.branch, days=-21))
    assert version_at(place.branch, days=-15) == 1
    assert version_at(place.branch) == 2


def test_once_there_is_a_case_no_version_takes_effect_in_the_past(place):
    published(place)
    with databases.transaction() as connection:
        version = registry.definition(connection, registry.in_force(connection, "loan", place.branch.path))
        instances.begin(connection, version, place.branch, {}, SYSTEM)
    submission = submitted(place, of_day(clock.now() - timedelta(days=8)))
    assert refused(Conflict, lambda: approved(place, submission, at_setup=True)).code == "setup_is_over"


def test_a_later_release_for_everyone_ends_a_pilot(place, move):
    published(place)
    approved(place, submitted(place, edition(20)), unit=place.branch)
    move(minutes=1)
    approved(place, submitted(place, edition(30)))
    assert version_at(place.branch) == version_at(place.main) == 3


def test_of_two_releases_with_one_moment_the_one_approved_last_wins(place):
    published(place)
    for minutes in (20, 30, 25):
        approved(place, submitted(place, edition(minutes)))
    assert version_at(place.branch) == 4


def test_a_publication_is_taken_back_by_publishing_the_one_before(place, move):
    first = published(place)
    move(minutes=1)
    published(place, edition(20))
    move(minutes=1)
    with databases.transaction() as connection:
        back = deployment.republish(connection, first, place.owner(), "The new rule was wrong")
    assert version_at(place.branch) == 2, "taking back needs approval like any other publication"
    refused(NotAllowed, lambda: approved(place, back, place.owner()))
    approved(place, back)
    assert version_at(place.branch) == 1
    with databases.transaction() as connection:
        assert [version.version for version in registry.versions(connection, "loan")] == [2, 1]
        assert [release.version for release in registry.releases(connection, "loan")] == [1, 2, 1]


def test_a_rejected_or_withdrawn_submission_is_closed(place):
    submission = submitted(place)
    refused(NotAllowed, lambda: withdrawn(submission, place.approver()))
    rejected(submission, place.approver(), "The lane is wrong")
    for late in (
        lambda: approved(place, submission),
        lambda: rejected(submission, place.approver()),
        lambda: withdrawn(submission, place.owner()),
    ):
        assert refused(Conflict, late).code == "submission_decided"
    again = submitted(place)
    withdrawn(again, place.owner())
    with databases.transaction() as connection:
        assert deployment.submission(connection, submission).decided_reason == "The lane is wrong"
        assert deployment.submission(connection, again).state == "withdrawn"
        assert [one.id for one in deployment.submissions(connection, "loan")] == [again, submission]
        assert deployment.submissions(connection, "loan", "submitted") == []


def test_of_two_who_approve_at_once_one_wins_and_the_other_is_told(place):
    submission = submitted(place)
    with databases.transaction() as first:
        deployment.approve(first, submission, place.approver(), WHY)
        told: list[object] = []

        def second() -> None:
            try:
                approved(place, submission, place.people["second"])
            except Conflict as conflict:
                told.append(conflict.code)

        other = threading.Thread(target=second)
        other.start()
        blocked.until_somebody_waits(place.database, other)
        assert told == []
    other.join()
    assert told == ["submission_decided"]
    assert rows(tables.release) == 2, "the release of repair and one of loan"


def test_two_submissions_approved_at_once_get_different_numbers(place):
    published(place)
    one, other = submitted(place, edition(20)), submitted(place, edition(30))
    with databases.transaction() as first:
        deployment.approve(first, one, place.approver(), WHY)
        late = threading.Thread(target=lambda: approved(place, other, place.people["second"]))
        late.start()
        blocked.until_somebody_waits(place.database, late)
    late.join()
    with databases.transaction() as connection:
        assert [version.version for version in registry.versions(connection, "loan")] == [3, 2, 1]


def test_an_approval_broken_off_leaves_nothing(place):
    submission = submitted(place)
    before = [rows(table) for table in (tables.definition_version, tables.release)]
    with pytest.raises(RuntimeError, match="broken off"), databases.transaction() as connection:
        deployment.approve(connection, submission, place.approver(), WHY)
        raise RuntimeError("broken off")
    assert [rows(table) for table in (tables.definition_version, tables.release)] == before
    approved(place, submission)
    assert version_at(place.branch) == 1


def test_a_case_is_started_by_the_roles_and_in_the_units_that_process_yaml_names(place):
    published(place)
    with databases.transaction() as connection:
        startable = registry.startable(connection, place.people["librarian"], place.branch)
        assert [(one.process, one.element.id) for one in startable] == [("loan", "asked")]
        assert registry.startable(connection, place.people["librarian"], place.main) == []
        assert registry.startable(connection, place.owner(), place.branch) == []


def test_a_decision_bound_to_the_latest_is_that_of_the_version_in_force(place, move):
    published(place)
    move(minutes=1)
    changed = edited("limits.dmn", '<text>"debt"</text>', '<text>"owes money"</text>')
    approved(place, submitted(place, changed), unit=place.branch)
    with databases.transaction() as connection:
        now = clock.now()
        here, decision = registry.latest_decision(connection, "loan", place.branch.path, now, "limits")
        there, _ = registry.latest_decision(connection, "loan", place.main.path, now, "limits")
        assert registry.definition(connection, here).decisions["limits"] == decision
        assert here != there
        refused(NotFound, lambda: registry.latest_decision(connection, "loan", place.main.path, now, "limit"))


def test_processes_that_call_one_another_are_submitted_together(place):
    calling = edited("loan.bpmn", 'calledElement="repair"', 'calledElement="binding"')
    calling = calling.changed({"scenarios/loans.yaml": None})
    assert [finding.code for finding in refused(Invalid, lambda: submitted(place, calling)).findings] == [
        "process_unknown"
    ]
    with databases.transaction() as connection:
        deployment.submit(connection, calling.files, place.owner(), WHY, together=("binding",))


def test_every_process_is_known_that_is_released_or_waits_for_approval(place):
    submitted(place)
    with databases.transaction() as connection:
        assert deployment.known(connection) == set(PROCESSES)
        assert registry.processes(connection) == ["repair"]


def test_what_does_not_exist_is_not_found(place):
    with databases.transaction() as connection:
        for call in (
            lambda: registry.definition(connection, VersionId(NEVER)),
            lambda: registry.bundle(connection, VersionId(NEVER)),
            lambda: deployment.submission(connection, SubmissionId(NEVER)),
            lambda: deployment.approve(connection, SubmissionId(NEVER), place.approver(), WHY),
            lambda: deployment.republish(connection, VersionId(NEVER), place.owner(), WHY),
            lambda: registry.in_force(connection, "nothing", "/"),
        ):
            refused(NotFound, call)
