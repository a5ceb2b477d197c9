"""Cases that need somebody's eye: stopped, past a service level, not followed up, or without progress.

One list, each row saying why and for how long the case has been in this step.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    Connection,
    Select,
    String,
    cast,
    delete,
    exists,
    func,
    literal,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import JSONB

from engine import access, clock, history, tables
from engine.access import Actor, Permission
from engine.errors import Finding, Invalid, NotFound
from engine.ids import InstanceId, VersionId

STALLED_AFTER = timedelta(days=1)  # active, nothing due in the future, and no step for this long


class Reason(StrEnum):
    """Why a case is on the list."""

    INCIDENT = "incident"
    LATE = "late"  # a wait is past its service level
    NOT_FOLLOWED = "not_followed"  # something that must follow has not
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Stuck:
    """One reason for which one case is stuck; `since` is when it came to this step, `due_at` its limit."""

    instance_id: InstanceId
    reason: Reason
    process: str
    version_id: VersionId
    element: str
    token: int
    unit_path: str
    since: datetime
    due_at: datetime | None
    code: str | None
    params: dict[str, Any] | None
    subject: str | None
    state: str
    claimed_by: int | None

    def age(self, now: datetime) -> timedelta:
        """How long the case has been in this step."""
        return now - self.since


def find(
    connection: Connection,
    actor: Actor,
    *,
    process: str | None = None,
    element: str | None = None,
    unit_path: str | None = None,
    reason: Reason | None = None,
    limit: int = 200,
) -> list[Stuck]:
    """The stuck cases the actor oversees, the longest in their step first."""
    paths = access.paths_with(actor, Permission.SEE)
    if unit_path is not None:
        paths = tuple(path for path in (_narrower(unit_path, path) for path in paths) if path)
    sources = {
        Reason.INCIDENT: _incidents(),
        Reason.LATE: union_all(_late_tasks(), _late_waits()).subquery().select(),
        Reason.NOT_FOLLOWED: _not_followed(),
        Reason.STALLED: _stalled(),
    }
    chosen = [source for kind, source in sources.items() if reason in (None, kind)]
    found = union_all(*chosen).subquery("found")
    instance = tables.instance
    query = (
        select(found, instance.c.version_id, instance.c.subject, instance.c.state)
        .join(instance, instance.c.instance_id == found.c.instance_id)
        .where(access.within(found.c.unit_path, paths))
    )
    if process is not None:
        query = query.where(found.c.process == process)
    if element is not None:
        query = query.where(found.c.element == element)
    rows = connection.execute(query.order_by(found.c.since, found.c.instance_id).limit(min(limit, 1000)))
    return [
        Stuck(
            row.instance_id, Reason(row.reason), row.process, row.version_id, row.element, row.token, row.unit_path,
            row.since, row.due_at, row.code, row.params, row.subject, row.state, row.claimed_by,
        )
        for row in rows
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Expected:
    """Something that must follow in a case and has not yet; `after` is the element that calls for it."""

    token: int
    after: str
    reaches: str
    due_at: datetime


def expected(connection: Connection, instance_id: int) -> list[Expected]:
    """What must still follow in one case, the most urgent first."""
    table = tables.expectation
    rows = connection.execute(
        select(table.c.token, table.c.element, table.c.reaches, table.c.due_at)
        .where(table.c.instance_id == instance_id)
        .order_by(table.c.due_at, table.c.token)
    )
    return [Expected(*row) for row in rows]


def dismiss(
    connection: Connection, instance_id: int, token: int, after: str, actor: Actor, reason: str
) -> None:
    """Expect something no longer, with a reason that stays in history; also of a case that has ended.

    Asks for the permission to free cases; NotFound when it has followed meanwhile.
    """
    instance, table = tables.instance, tables.expectation
    unit_path = connection.scalar(
        select(instance.c.unit_path).where(instance.c.instance_id == instance_id).with_for_update()
    )
    if unit_path is None:
        raise NotFound("instance_not_found")
    access.require(actor, Permission.FREE, unit_path)
    if not reason.strip():
        raise Invalid([Finding("reason_missing", pointer="/reason")])
    reaches = connection.scalar(
        delete(table)
        .where(table.c.instance_id == instance_id, table.c.token == token, table.c.element == after)
        .returning(table.c.reaches)
    )
    if reaches is None:
        raise NotFound("expectation_not_found")
    details = {"reason": reason.strip()[:500]}
    history.append(
        connection, instance_id, actor, "expectation_dismissed", reaches, token, details, even_ended=True
    )


def count(connection: Connection, actor: Actor) -> dict[Reason, int]:
    """How many are stuck for each reason, within what the actor oversees."""
    totals = dict.fromkeys(Reason, 0)
    for row in find(connection, actor, limit=1000):
        totals[row.reason] += 1
    return totals


def _row(
    table: Any, reason: Reason, since: Any, due_at: Any, code: Any, params: Any, claimed_by: Any
) -> Select[Any]:
    return select(
        table.c.instance_id,
        literal(reason.value).label("reason"),
        table.c.process,
        table.c.element,
        table.c.token,
        table.c.unit_path,
        since.label("since"),
        cast(due_at, tables.Moment).label("due_at"),
        cast(code, String).label("code"),
        cast(params, JSONB).label("params"),
        cast(claimed_by, tables.instance.c.instance_id.type).label("claimed_by"),
    )


def _incidents() -> Select[Any]:
    incident = tables.incident
    return _row(
        incident, Reason.INCIDENT, incident.c.opened_at, null(), incident.c.code, incident.c.params, null()
    )


def _late_tasks() -> Select[Any]:
    task = tables.user_task
    late = _row(task, Reason.LATE, task.c.created_at, task.c.due_at, null(), null(), task.c.claimed_by)
    return late.where(task.c.due_at < clock.now())


def _late_waits() -> Select[Any]:
    level = tables.service_level
    late = _row(level, Reason.LATE, level.c.created_at, level.c.due_at, null(), null(), null())
    return late.where(level.c.due_at < clock.now())


def _not_followed() -> Select[Any]:
    expected = tables.expectation
    due = select(
        expected.c.instance_id,
        literal(Reason.NOT_FOLLOWED.value).label("reason"),
        expected.c.process,
        expected.c.reaches.label("element"),
        expected.c.token,
        expected.c.unit_path,
        expected.c.due_at.label("since"),
        expected.c.due_at,
        cast(null(), String).label("code"),
        cast(null(), JSONB).label("params"),
        cast(null(), tables.instance.c.instance_id.type).label("claimed_by"),
    )
    return due.where(expected.c.due_at < clock.now())


def _stalled() -> Select[Any]:
    """Active, without an incident, nothing ahead in time, and no step for a day. What has a service level is not
    here: it becomes late."""
    instance, now = tables.instance, clock.now()
    ahead = [
        exists().where(tables.timer.c.instance_id == instance.c.instance_id, tables.timer.c.due_at >= now),
        *(
            exists().where(table.c.instance_id == instance.c.instance_id, table.c.due_at.is_not(None))
            for table in (tables.user_task, tables.service_level)
        ),
    ]
    stopped = exists().where(tables.incident.c.instance_id == instance.c.instance_id)
    return select(
        instance.c.instance_id,
        literal(Reason.STALLED.value).label("reason"),
        instance.c.process,
        func.coalesce(
            select(func.min(tables.subscription.c.element))
            .where(tables.subscription.c.instance_id == instance.c.instance_id)
            .scalar_subquery(),
            select(func.min(tables.user_task.c.element))
            .where(tables.user_task.c.instance_id == instance.c.instance_id)
            .scalar_subquery(),
            literal(""),
        ).label("element"),
        literal(0).label("token"),
        instance.c.unit_path,
        instance.c.progressed_at.label("since"),
        cast(null(), tables.Moment).label("due_at"),
        cast(null(), String).label("code"),
        cast(null(), JSONB).label("params"),
        cast(null(), instance.c.instance_id.type).label("claimed_by"),
    ).where(
        instance.c.state == "active",
        instance.c.progressed_at < now - STALLED_AFTER,
        ~ahead[0],
        ~ahead[1],
        ~ahead[2],
        ~stopped,
    )


def _narrower(one: str, other: str) -> str | None:
    """The deeper of two paths when one covers the other."""
    if one.startswith(other):
        return one
    return other if other.startswith(one) else None
