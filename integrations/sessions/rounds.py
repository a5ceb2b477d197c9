"""Rounds: a part of the campaign with a list of its own, and how long its invitations stand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from engine import ids, settings, units
from engine.catalogue import Context, Json
from engine.errors import NotFound
from integrations.sessions import hours, tables
from integrations.sessions.refusals import parsed

OPEN, CLOSED = "open", "closed"


def open_round(inputs: Json, context: Context) -> Json:
    """A new round of a unit, the case's own when none is named."""
    connection = context.transaction()
    unit = units.by_code(connection, inputs["unit_code"]) if inputs.get("unit_code") else context.unit
    if unit is None:
        raise NotFound("unit_not_found", unit="–")
    round_id = ids.issue(connection, unit.shard)
    connection.execute(
        insert(tables.round_).values(
            round_id=round_id, name=" ".join(inputs["name"].split()), mode=inputs["mode"],
            invitation_hours=int(inputs["invitation_hours"]), state=OPEN, unit_code=unit.code,
            unit_path=unit.path, opened_at=context.now,
        )
    )  # fmt: skip
    return {"round_id": str(round_id)}


def set_round(inputs: Json, context: Context) -> Json:
    """The round with what is given changed, and the rest as it was."""
    connection = context.transaction()
    changes: dict[str, Any] = {
        name: inputs[name] for name in ("mode", "state") if inputs.get(name) is not None
    }
    if inputs.get("invitation_hours") is not None:
        changes["invitation_hours"] = int(inputs["invitation_hours"])
    if changes:
        connection.execute(
            update(tables.round_)
            .where(tables.round_.c.round_id == parsed(inputs["round_id"]))
            .values(**changes)
        )
    return read(inputs, context)


def read(inputs: Json, context: Context) -> Json:
    """One round, or NotFound."""
    return described(by_id(context.transaction(), parsed(inputs["round_id"])))


def round_for(inputs: Json, context: Context) -> Json:
    """The open round that covers a unit (the case's own when none is named): of the nearest unit, the newest.

    All null where no round is open.
    """
    connection, round_table = context.transaction(), tables.round_
    unit = units.by_code(connection, inputs["unit_code"]) if inputs.get("unit_code") else context.unit
    if unit is None:
        raise NotFound("unit_not_found", unit="–")
    row = connection.execute(
        select(round_table)
        .where(round_table.c.state == OPEN, func.starts_with(unit.path, round_table.c.unit_path))
        .order_by(
            func.length(round_table.c.unit_path).desc(), round_table.c.opened_at.desc(), round_table.c.round_id.desc()
        )
        .limit(1)
    ).one_or_none()  # fmt: skip
    if row is None:
        return {"round_id": None, "name": None, "mode": None, "invitation_hours": None}
    found = described(row)
    return {name: found[name] for name in ("round_id", "name", "mode", "invitation_hours")}


def by_id(connection: Connection, round_id: int) -> Row[Any]:
    """The row of a round, or NotFound."""
    row = connection.execute(select(tables.round_).where(tables.round_.c.round_id == round_id)).one_or_none()
    if row is None:
        raise NotFound("not_found")
    return row


def described(row: Row[Any]) -> Json:
    """A round as processes, forms and pages see it."""
    return {
        "id": str(row.round_id), "round_id": str(row.round_id), "label": row.name, "code": row.name, "name": row.name,
        "mode": row.mode, "invitation_hours": row.invitation_hours, "state": row.state,
        "unit_code": row.unit_code, "opened_at": hours.written(row.opened_at, settings.current().zone_info),
    }  # fmt: skip
