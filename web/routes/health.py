"""How the system does, from the database itself: for those who run it, and one word for everybody else."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from engine import access, clock, database, log, tables
from engine.access import Permission
from web import sessions

router = APIRouter()


@router.get("/health")
def health(request: Request) -> Response:
    """`{"status": "ok"}`; to those who see or administer somewhere also the counts. 503 without a database."""
    try:
        with database.transaction() as connection:
            connection.execute(select(1))
        presence = sessions.presence_or_none(request)
    except DBAPIError as failure:
        log.error("health_failed", _failure=failure)
        return JSONResponse({"status": "database unavailable"}, 503)
    may_know = presence is not None and any(
        access.paths_with(presence.actor, permission)
        for permission in (Permission.SEE, Permission.ADMINISTER)
    )
    if not may_know:
        return JSONResponse({"status": "ok"})
    with database.transaction() as connection:
        return JSONResponse({"status": "ok", **counts(connection)})


def counts(connection: Connection) -> dict[str, Any]:
    """Jobs that could run, timers overdue, incidents, active cases by process; names nobody."""
    now = clock.now()
    job, timer, instance = tables.job, tables.timer, tables.instance
    available, oldest = connection.execute(
        select(func.count(), func.min(job.c.available_at)).where(job.c.available_at <= now)
    ).one()
    overdue, earliest = connection.execute(
        select(func.count(), func.min(timer.c.due_at)).where(timer.c.due_at <= now)
    ).one()
    active = connection.execute(
        select(instance.c.process, func.count().label("active"))
        .where(instance.c.state == "active")
        .group_by(instance.c.process)
        .order_by(instance.c.process)
    )
    return {
        "jobs": {"available": available, "oldest_seconds": _age(now, oldest)},
        "timers": {"overdue": overdue, "overdue_by_seconds": _age(now, earliest)},
        "incidents": {"open": connection.scalar(select(func.count()).select_from(tables.incident))},
        "instances": {"active": {row.process: row.active for row in active}},
    }


def _age(now: datetime, at: datetime | None) -> int:
    return 0 if at is None else max(0, int((now - at).total_seconds()))
