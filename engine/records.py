"""The read model: rows that processes declare and steps write, found by kind, subject and unit.

Reports, certificates and look-ups read these, never an instance's state.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine import access, tables
from engine.access import Actor, Permission
from engine.ids import InstanceId


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a kind, with the entries its process declares."""

    instance_id: InstanceId
    seq: int
    kind: str
    at: datetime
    unit_path: str
    subject: str | None
    version_id: int
    entries: dict[str, Any]


def of(connection: Connection, instance_id: int) -> list[Record]:
    """The records one instance has written, oldest first."""
    table = tables.record
    rows = connection.execute(select(table).where(table.c.instance_id == instance_id).order_by(table.c.seq))
    return [_record(row) for row in rows]


def about(connection: Connection, subject: str, kind: str) -> list[Record]:
    """Every record of a kind about one subject, oldest first. For the subject's own history, in any unit."""
    table = tables.record
    rows = connection.execute(
        select(table)
        .where(table.c.subject == subject, table.c.kind == kind)
        .order_by(table.c.at, table.c.seq)
    )
    return [_record(row) for row in rows]


def find(
    connection: Connection,
    actor: Actor,
    kind: str,
    *,
    unit_path: str | None = None,
    since: datetime | None = None,
    limit: int = 200,
) -> list[Record]:
    """Records of a kind within what the actor oversees, the newest first."""
    table = tables.record
    query = select(table).where(
        table.c.kind == kind, access.within(table.c.unit_path, access.paths_with(actor, Permission.SEE))
    )
    if unit_path is not None:
        query = query.where(table.c.unit_path.startswith(unit_path, autoescape=True))
    if since is not None:
        query = query.where(table.c.at >= since)
    return [
        _record(row) for row in connection.execute(query.order_by(table.c.at.desc()).limit(min(limit, 5000)))
    ]


def _record(row: Any) -> Record:
    return Record(
        row.instance_id, row.seq, row.kind, row.at, row.unit_path, row.subject, row.version_id, row.entries
    )
