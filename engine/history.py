"""What happened: who did what, when, under which version. Rows are added, never changed or removed.

A step writes its row together with the state (engine.advance); acts beside the flow (a claim, a look) are
appended here. Personal data stays out: rows hold ids, elements and outcomes, not answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, text

from engine import clock, ids, tables
from engine.access import Actor
from engine.errors import Conflict
from engine.runtime.state import encoded


@dataclass(frozen=True, slots=True)
class Row:
    """One act in the life of an instance, with the steps the engine took because of it."""

    seq: int
    at: datetime
    event: str
    element: str | None
    token: int | None
    actor_id: int | None
    actor_name: str | None
    version_id: int
    details: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Decision:
    """One evaluation of a decision: its inputs, its outcome, and the rules that gave it."""

    seq: int
    at: datetime
    process: str
    version_id: int
    version: int
    decision: str
    element: str
    inputs: dict[str, Any]
    outcome: Any
    rules: tuple[int, ...]
    trace: Any


_APPEND = text(
    """
    with bumped as (
        update instance set revision = revision + 1
        where instance_id = :instance and (state = 'active' or :even_ended) returning revision, version_id
    )
    insert into history (instance_id, seq, at, event, element, token, actor_id, version_id, details)
    select :instance, revision, :at, :event, :element, :token, :actor, version_id, cast(:details as jsonb)
    from bumped returning seq
    """
)


def append(
    connection: Connection,
    instance_id: int,
    actor: Actor,
    event: str,
    element: str | None,
    token: int | None,
    details: dict[str, Any] | None = None,
    even_ended: bool = False,
) -> int:
    """Add an act that leaves the state as it is; its number. Takes the instance's lock first, as every step does.

    Conflict when the case has ended, unless the act may come after its end.
    """
    added: int | None = connection.scalar(
        _APPEND,
        {
            "instance": instance_id, "at": clock.now(), "event": event, "element": element, "token": token,
            "actor": actor.account_id, "even_ended": even_ended,
            "details": None if details is None else encoded(details).decode(),
        },
    )  # fmt: skip
    if added is None:
        raise Conflict("instance_ended")
    return added


def by(actor: Actor) -> dict[str, Any]:
    """What an act's details say of somebody without an account, of whom the row can name nobody."""
    return {"by": "bearer"} if actor.bearer is not None else {}


def looked_up(
    connection: Connection,
    actor: Actor,
    what: str,
    subject: str | None,
    at: datetime | None = None,
    instance_id: int | None = None,
) -> None:
    """Leave the audit row of a look at a person's record: by somebody without an account it says `bearer`.

    The engine's own looks leave none.
    """
    if actor.is_system:
        return
    if actor.bearer is not None:
        what = "bearer"
    connection.execute(
        tables.lookup.insert().values(
            lookup_id=ids.issue(connection), at=at or clock.now(), actor_id=actor.account_id, what=what,
            subject=subject, instance_id=instance_id,
        )
    )  # fmt: skip


def of(connection: Connection, instance_id: int) -> list[Row]:
    """The whole history of an instance, oldest first."""
    history, account = tables.history, tables.account
    rows = connection.execute(
        select(history, account.c.name)
        .outerjoin(account, account.c.account_id == history.c.actor_id)
        .where(history.c.instance_id == instance_id)
        .order_by(history.c.seq)
    )
    return [
        Row(
            row.seq,
            row.at,
            row.event,
            row.element,
            row.token,
            row.actor_id,
            row.name,
            row.version_id,
            row.details or {},
        )
        for row in rows
    ]


def decisions(connection: Connection, instance_id: int) -> list[Decision]:
    """Every decision taken in an instance, oldest first."""
    log, version = tables.decision_log, tables.definition_version
    rows = connection.execute(
        select(log, version.c.version)
        .join(version, version.c.version_id == log.c.version_id)
        .where(log.c.instance_id == instance_id)
        .order_by(log.c.seq)
    )
    return [
        Decision(
            row.seq, row.at, row.process, row.version_id, row.version, row.decision, row.element, row.inputs,
            row.outcome, tuple(row.rules), row.trace,
        )
        for row in rows
    ]  # fmt: skip
