"""What was written on paper, typed line after line: each line begins one case, once, however often it is sent."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from engine import clock, instances, tables
from engine.access import Actor
from engine.errors import Conflict, NotFound
from engine.ids import InstanceId
from engine.runtime import Variables
from engine.units import Unit

_KEY = re.compile(r"[A-Za-z0-9_-]{16,64}")
MOST_LINES = 500  # of one sheet, as its page shows them
SHEETS_KEPT_FOR = timedelta(days=7)  # a sheet begun earlier is not offered again


@dataclass(frozen=True, slots=True)
class Line:
    """A line that has been entered, with where its case stands now."""

    key: str
    instance_id: InstanceId
    entered_at: datetime
    subject: str | None
    version_id: int
    state: str
    outcome: str | None
    waits_at: tuple[str, ...]  # elements where somebody must still do something


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines typed together; its key says nothing of what is on it."""

    key: str
    began_at: datetime
    count: int


def new_key() -> str:
    """A key for a sheet or a line that nobody can guess."""
    return secrets.token_urlsafe(18)


def enter(
    connection: Connection,
    sheet: str,
    key: str,
    process: str,
    unit: Unit,
    answers: Variables,
    actor: Actor,
    element: str | None = None,
) -> InstanceId:
    """Begin the case of a line; a line that has begun one already gives that case, and nothing else happens.

    Raises as `instances.start` does; NotFound for keys that this program did not make, Conflict for somebody
    else's line.
    """
    if not (_KEY.fullmatch(sheet) and _KEY.fullmatch(key)):
        raise NotFound("not_found")
    known = _known(connection, key, actor)
    if known is not None:
        return known
    instance_id = instances.start(connection, process, unit, answers, actor, element)
    table = tables.paper_line
    added = connection.scalar(
        insert(table)
        .values(
            line_key=key, sheet=sheet, instance_id=instance_id, process=process, unit_path=unit.path,
            actor_id=actor.account_id, entered_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(table.c.line_key)
    )  # fmt: skip
    if added is None:  # the same line came twice in the same moment: this one leaves no trace
        raise Conflict("line_entered_meanwhile")
    return instance_id


def of_sheet(connection: Connection, sheet: str, actor: Actor) -> list[Line]:
    """The lines one has entered on a sheet, the newest first."""
    line, instance, task = tables.paper_line, tables.instance, tables.user_task
    waits = (
        select(func.array_agg(task.c.element))
        .where(task.c.instance_id == line.c.instance_id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(
            line.c.line_key, line.c.instance_id, line.c.entered_at, instance.c.subject, instance.c.version_id,
            instance.c.state, instance.c.outcome, waits,
        )
        .join(instance, instance.c.instance_id == line.c.instance_id)
        .where(line.c.sheet == sheet, line.c.actor_id == actor.account_id)
        .order_by(line.c.entered_at.desc(), line.c.instance_id.desc())
        .limit(MOST_LINES)
    )  # fmt: skip
    return [
        Line(
            key,
            InstanceId(instance_id),
            entered_at,
            subject,
            version_id,
            state,
            outcome,
            tuple(elements or ()),
        )
        for key, instance_id, entered_at, subject, version_id, state, outcome, elements in rows
    ]


def sheets(connection: Connection, process: str, actor: Actor) -> list[Sheet]:
    """The sheets one has lately begun for a process, the newest first."""
    line = tables.paper_line
    rows = connection.execute(
        select(line.c.sheet, func.min(line.c.entered_at), func.count())
        .where(
            line.c.actor_id == actor.account_id,
            line.c.process == process,
            line.c.entered_at > clock.now() - SHEETS_KEPT_FOR,
        )
        .group_by(line.c.sheet)
        .order_by(func.min(line.c.entered_at).desc())
        .limit(20)
    )
    return [Sheet(*row) for row in rows]


def _known(connection: Connection, key: str, actor: Actor) -> InstanceId | None:
    table = tables.paper_line
    row = connection.execute(
        select(table.c.instance_id, table.c.actor_id).where(table.c.line_key == key)
    ).one_or_none()
    if row is None:
        return None
    if row.actor_id != actor.account_id:
        raise Conflict("line_entered_meanwhile")
    return InstanceId(row.instance_id)
