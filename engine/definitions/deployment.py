"""Publication: one person submits a bundle with a reason, another approves it; only then does it hold somewhere.

Every verb is one transaction of the caller's: a bundle is stored whole or not at all, and of two who decide on one
submission at the same time the second meets Conflict. Taking a publication back is publishing an earlier bundle.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, desc, func, select, text

from engine import access, campaign, catalogue, clock, ids, tables
from engine.access import Actor, Permission
from engine.definitions import bundle as bundles
from engine.definitions import checks, registry
from engine.definitions.bundle import Bundle
from engine.definitions.definition import Definition
from engine.errors import Conflict, Finding, Invalid, NotAllowed, NotFound
from engine.ids import AccountId, ReleaseId, SubmissionId, VersionId
from engine.units import Unit

EVERYWHERE = "/"
SHORTEST_REASON, LONGEST_REASON = 3, 2000  # characters

SUBMITTED, APPROVED, REJECTED, WITHDRAWN = "submitted", "approved", "rejected", "withdrawn"


@dataclass(frozen=True, slots=True)
class Submission:
    """A proposed version: who proposes it and why, what the checks remarked, and what became of it."""

    id: SubmissionId
    process: str
    content_hash: str
    bundle: Bundle
    reason: str
    submitted_by: AccountId
    submitted_by_name: str
    submitted_at: datetime
    findings: tuple[Finding, ...]  # warnings
    state: str
    decided_by: AccountId | None
    decided_by_name: str | None
    decided_at: datetime | None
    decided_reason: str | None


def submit(
    connection: Connection,
    files: Mapping[str, bytes],
    actor: Actor,
    reason: str,
    together: Collection[str] = (),
) -> SubmissionId:
    """Propose a bundle; it is checked whole first, and stored only without errors.

    `together` names processes submitted along with this one, so that they may call one another. Refused:
    NotAllowed unless the actor holds `submit` and the process's owner role at the top; Invalid with every
    finding of every file; Conflict when the same content is in force already or waits for approval.
    """
    reason = _reason(reason)
    person = _person(actor)
    top = _top(connection, actor, Permission.SUBMIT)
    bundle = bundles.of(files)
    compiled, findings = _checked(connection, bundle, together)
    access.require_role(actor, compiled.manifest.owner, top)
    _refuse_same(connection, compiled)
    return _store(connection, compiled, person, reason, findings)


def approve(
    connection: Connection,
    submission_id: SubmissionId,
    actor: Actor,
    reason: str,
    effective_at: datetime | None = None,
    unit: Unit | None = None,
    at_setup: bool = False,
) -> ReleaseId:
    """Let a submission hold from a moment on, everywhere or (a pilot) at and below one unit.

    None means the moment its edition.yaml names if that lies ahead, else now. `at_setup` lets the moment lie in
    the past, and takes edition.yaml's even then: for a campaign that is set up with the versions of before. It is
    refused (Conflict) from the first case of the process on, for that case has been judged.
    Refused: NotAllowed for the submitter, and without `approve` at the top or at the pilot's unit; Conflict
    when it is decided already; Invalid when the moment has passed, or when the bundle no longer passes the checks.
    """
    reason = _reason(reason)
    person = _person(actor)
    now = clock.now()
    row = _locked(connection, submission_id)
    if unit is None:
        _top(connection, actor, Permission.APPROVE)
    else:
        access.require(actor, Permission.APPROVE, unit.path)
    if person == row.submitted_by:
        raise NotAllowed("approve_own")
    if at_setup and _has_cases(connection, row.process):
        raise Conflict("setup_is_over", process=row.process)
    if effective_at is not None and effective_at < now and not at_setup:
        moment = {
            "found": effective_at.isoformat(timespec="minutes"),
            "now": now.isoformat(timespec="minutes"),
        }
        raise Invalid([Finding("effective_in_the_past", moment)])
    compiled, _ = _checked(connection, bundles.restore(row.files), (row.process,))
    begins_at = effective_at or _begins(compiled, now, at_setup)
    version_id = _version(connection, row, now)
    release_id = ReleaseId(ids.issue(connection))
    connection.execute(
        tables.release.insert().values(
            release_id=release_id, process=row.process, version_id=version_id, submission_id=submission_id,
            unit_path=EVERYWHERE if unit is None else unit.path, effective_at=begins_at, released_at=now,
        )
    )  # fmt: skip
    _decide(connection, submission_id, APPROVED, person, reason, now)
    return release_id


def reject(connection: Connection, submission_id: SubmissionId, actor: Actor, reason: str) -> None:
    """Refuse a submission, saying why. NotAllowed for the submitter (who may withdraw), Conflict when decided."""
    reason = _reason(reason)
    person = _person(actor)
    row = _locked(connection, submission_id)
    _top(connection, actor, Permission.APPROVE)
    if person == row.submitted_by:
        raise NotAllowed("reject_own")
    _decide(connection, submission_id, REJECTED, person, reason, clock.now())


def withdraw(connection: Connection, submission_id: SubmissionId, actor: Actor, reason: str = "") -> None:
    """Take one's own submission back. NotAllowed for anybody else, Conflict when decided."""
    row = _locked(connection, submission_id)
    if row.submitted_by != _person(actor):
        raise NotAllowed("withdraw_other")
    _decide(connection, submission_id, WITHDRAWN, _person(actor), reason.strip(), clock.now())


def republish(connection: Connection, version_id: VersionId, actor: Actor, reason: str) -> SubmissionId:
    """Propose an earlier version again, to take a publication back; it needs approval like any other."""
    return submit(connection, registry.bundle(connection, version_id).files, actor, reason)


def submission(connection: Connection, submission_id: SubmissionId) -> Submission:
    """One submission with its bundle, or NotFound."""
    found = _submissions(connection, tables.submission.c.submission_id == submission_id, limit=1)
    if not found:
        raise NotFound("submission_not_found")
    return found[0]


def submissions(
    connection: Connection, process: str | None = None, state: str | None = None, limit: int = 50
) -> list[Submission]:
    """Submissions, newest first; of one process, in one state."""
    conditions = [
        *([tables.submission.c.process == process] if process is not None else []),
        *([tables.submission.c.state == state] if state is not None else []),
    ]
    return _submissions(connection, *conditions, limit=limit)


def known(connection: Connection) -> set[str]:
    """The processes that others may call: released, or waiting for approval."""
    waiting = select(tables.submission.c.process).where(tables.submission.c.state == SUBMITTED)
    return {*registry.processes(connection), *connection.scalars(waiting)}


def _submissions(connection: Connection, *conditions: Any, limit: int) -> list[Submission]:
    submission = tables.submission
    by, decided = tables.account.alias("by"), tables.account.alias("decided")
    rows = connection.execute(
        select(submission, by.c.name.label("by_name"), decided.c.name.label("decided_name"))
        .join(by, by.c.account_id == submission.c.submitted_by)
        .outerjoin(decided, decided.c.account_id == submission.c.decided_by)
        .where(*conditions)
        .order_by(desc(submission.c.submitted_at), desc(submission.c.submission_id))
        .limit(limit)
    )
    return [
        Submission(
            row.submission_id, row.process, row.content_hash, bundles.restore(row.files), row.reason, row.submitted_by,
            row.by_name, row.submitted_at, tuple(Finding(**one) for one in row.findings), row.state, row.decided_by,
            row.decided_name, row.decided_at, row.decided_reason,
        )
        for row in rows
    ]  # fmt: skip


# --- who ---------------------------------------------------------------------------------------------------


def _person(actor: Actor) -> AccountId:
    """Publication is the act of a person; nobody else may, the engine included."""
    if actor.account_id is None:
        raise NotAllowed("publication_needs_a_person")
    return actor.account_id


def _top(connection: Connection, actor: Actor, permission: Permission) -> str:
    """The path of a top unit at which the actor holds the permission, or NotAllowed."""
    tops: list[str] = list(
        connection.scalars(select(tables.unit.c.path).where(tables.unit.c.parent_id.is_(None)))
    )
    for path in tops:
        if access.allowed(actor, permission, path):
            return path
    raise NotAllowed("permission_missing_at_top", permission=permission.value)


def _reason(reason: str) -> str:
    reason = " ".join(reason.split())
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        raise Invalid([Finding("reason_length", {"shortest": SHORTEST_REASON, "longest": LONGEST_REASON})])
    return reason


def _begins(compiled: Definition, now: datetime, at_setup: bool) -> datetime:
    """When what is approved without a moment takes effect."""
    if compiled.edition is None:
        return now
    meant = compiled.edition.effective_from
    return meant if at_setup else max(meant, now)


def _has_cases(connection: Connection, process: str) -> bool:
    case = tables.instance.c
    return connection.scalar(select(case.instance_id).where(case.process == process).limit(1)) is not None


# --- rows --------------------------------------------------------------------------------------------------


def _checked(
    connection: Connection, bundle: Bundle, together: Collection[str]
) -> tuple[Definition, list[Finding]]:
    """The bundle compiled, with the warnings; Invalid with everything when there is an error."""
    declared = campaign.current()
    callable_ = known(connection) | set(together)
    compiled, findings = checks.run(
        bundle, catalogue.current(), callable_, declared.roles, declared.unit_kinds
    )
    if compiled is None or any(finding.severity == "error" for finding in findings):
        raise Invalid(findings)
    return compiled, findings


def _refuse_same(connection: Connection, compiled: Definition) -> None:
    """Refuse kindly what would change nothing: it is in force everywhere, or somebody proposed it already."""
    try:
        version_id = registry.in_force(connection, compiled.key, EVERYWHERE)
    except NotFound:
        version_id = None
    version = tables.definition_version
    if version_id is not None:
        row = connection.execute(
            select(version.c.version, version.c.content_hash).where(version.c.version_id == version_id)
        ).one()
        if row.content_hash == compiled.content_hash:
            raise Conflict("submission_changes_nothing", process=compiled.key, version=row.version)
    same = tables.submission.c
    if connection.scalar(
        select(func.count()).where(
            same.state == SUBMITTED, same.process == compiled.key, same.content_hash == compiled.content_hash
        )
    ):
        raise Conflict("submission_waits_already", process=compiled.key)


def _store(
    connection: Connection, compiled: Definition, person: AccountId, reason: str, findings: Sequence[Finding]
) -> SubmissionId:
    submission_id = SubmissionId(ids.issue(connection))
    connection.execute(
        tables.submission.insert().values(
            submission_id=submission_id, process=compiled.key, content_hash=compiled.content_hash,
            files=compiled.bundle.store(), reason=reason, submitted_by=person, submitted_at=clock.now(),
            findings=[asdict(finding) for finding in findings], state=SUBMITTED,
        )
    )  # fmt: skip
    return submission_id


def _locked(connection: Connection, submission_id: SubmissionId) -> Row[Any]:
    """The submission, held until the transaction ends; NotFound, or Conflict when it is decided."""
    row = connection.execute(
        select(tables.submission).where(tables.submission.c.submission_id == submission_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise NotFound("submission_not_found")
    if row.state != SUBMITTED:
        raise Conflict("submission_decided", state=row.state)
    return row


def _decide(
    connection: Connection,
    submission_id: SubmissionId,
    state: str,
    person: AccountId,
    reason: str,
    at: datetime,
) -> None:
    connection.execute(
        tables.submission.update()
        .where(tables.submission.c.submission_id == submission_id)
        .values(state=state, decided_by=person, decided_at=at, decided_reason=reason)
    )


def _version(connection: Connection, row: Row[Any], now: datetime) -> VersionId:
    """The version with this content: the one published before, else a new one with the next number.

    The table is locked against other publications, so that two get different numbers; readers go on.
    """
    version = tables.definition_version
    connection.execute(text("lock table definition_version in share row exclusive mode"))
    published = connection.scalar(
        select(version.c.version_id).where(
            version.c.process == row.process, version.c.content_hash == row.content_hash
        )
    )
    if published is not None:
        return VersionId(published)
    latest = connection.scalar(select(func.max(version.c.version)).where(version.c.process == row.process))
    version_id = VersionId(ids.issue(connection))
    connection.execute(
        version.insert().values(
            version_id=version_id,
            process=row.process,
            version=(latest or 0) + 1,
            content_hash=row.content_hash,
            files=row.files,
            published_at=now,
        )
    )
    return version_id
