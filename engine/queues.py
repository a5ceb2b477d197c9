"""How queues stand: how many wait, the longest and the median time, how many past their service level.

Counted over open tasks, never over cases or history; only at units the actor oversees.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from engine import access, clock, tables
from engine.access import Actor, Permission

Lane = tuple[str, str]  # process, lane


@dataclass(frozen=True, slots=True)
class Standing:
    """One queue as it stands; nobody waiting has no longest and no median time."""

    waiting: int = 0
    late: int = 0
    longest: timedelta | None = None
    median: timedelta | None = None


def standing(
    connection: Connection, actor: Actor, unit_path: str, queues: Mapping[str, Sequence[Lane]]
) -> dict[str, Standing]:
    """How each queue stands at a unit and below; a queue is some lanes. "" holds everything that waits."""
    task = tables.user_task
    known = [
        (or_(*(and_(task.c.process == process, task.c.lane == lane) for process, lane in lanes)), name)
        for name, lanes in queues.items()
        if lanes
    ]
    found = {name: Standing() for name in ("", *queues)}
    found[""] = next(iter(_counted(connection, _scoped(actor, unit_path)).values()), Standing())
    if known:
        label = case(*known, else_=None)
        found |= {
            name: one
            for name, one in _counted(connection, _scoped(actor, unit_path), label).items()
            if name is not None
        }
    return found


def standing_below(
    connection: Connection, actor: Actor, unit_path: str, queues: Sequence[Lane] = ()
) -> dict[str, Standing]:
    """How everything that waits (or the lanes named) stands at each child of a unit with all below it, by its code."""
    task = tables.user_task
    chosen = _scoped(actor, unit_path).where(task.c.unit_path != unit_path)
    if queues:
        chosen = chosen.where(
            or_(*(and_(task.c.process == process, task.c.lane == lane) for process, lane in queues))
        )
    child = func.split_part(task.c.unit_path, "/", unit_path.count("/") + 1)
    return {name: one for name, one in _counted(connection, chosen, child).items() if name}


def _scoped(actor: Actor, unit_path: str) -> Select[Any]:
    task = tables.user_task
    return select().where(
        access.within(task.c.unit_path, access.paths_with(actor, Permission.SEE)),
        task.c.unit_path.startswith(unit_path, autoescape=True),
    )


def _counted(connection: Connection, chosen: Select[Any], label: Any = None) -> dict[Any, Standing]:
    """Count what was chosen, by the label."""
    task, now = tables.user_task, clock.now()
    waited = func.extract("epoch", now - task.c.created_at)
    query = chosen.add_columns(
        func.count(),
        func.count().filter(task.c.due_at < now),
        func.max(waited),
        func.percentile_cont(0.5).within_group(waited),
    ).select_from(task)
    if label is not None:
        query = query.add_columns(label.label("label")).group_by("label")
    return {
        (row[4] if label is not None else None): Standing(row[0], row[1], _time(row[2]), _time(row[3]))
        for row in connection.execute(query)
    }


def _time(seconds: Any) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=max(0.0, float(seconds)))
