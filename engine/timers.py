"""What waits for a moment: due timers are claimed in batches, each fired in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, text

from engine import access, advance, clock, runtime, settings, tables
from engine.advance import Act
from engine.errors import Conflict, NotFound
from engine.ids import InstanceId

_CLAIM = text(
    """
    update timer set lease_until = :lease_until
    where ctid = any(array(
        select ctid from timer where due_at <= :now and (lease_until is null or lease_until < :now)
        order by due_at limit :most for update skip locked
    ))
    returning instance_id, token, element, due_at
    """
)
_DROP = text("delete from timer where instance_id = :instance_id and token = :token and element = :element")


@dataclass(frozen=True, slots=True)
class Timer:
    """A moment an instance waits for."""

    instance_id: InstanceId
    token: int
    element: str
    due_at: datetime


def claim(connection: Connection, most: int) -> list[Timer]:
    """Take due timers under a lease."""
    now = clock.now()
    lease_until = now + timedelta(seconds=settings.current().lease_seconds)
    return [
        Timer(*row)
        for row in connection.execute(_CLAIM, {"now": now, "lease_until": lease_until, "most": most})
    ]


def due(connection: Connection, element: str, instances: Iterable[int]) -> dict[tuple[int, int], datetime]:
    """When a timer event of these instances is due, by instance and token; what has fired is not there."""
    table = tables.timer
    rows = connection.execute(
        select(table.c.instance_id, table.c.token, table.c.due_at).where(
            table.c.element == element, table.c.instance_id.in_(list(instances))
        )
    )
    return {(instance_id, token): due_at for instance_id, token, due_at in rows}


def fire(connection: Connection, timer: Timer) -> bool:
    """Let a timer fire; False when it fired already or is no longer awaited (nothing changes then)."""
    try:
        locked = advance.lock(connection, timer.instance_id)
    except NotFound:
        connection.execute(_DROP, _key(timer))
        return False
    wait = next(
        (w for w in locked.state.waits if w.token == timer.token and w.element == timer.element and w.due_at),
        None,
    )
    if wait is None or wait.due_at is None or wait.due_at > clock.now():
        return False
    try:
        command = runtime.Fire(timer.token, timer.element)
        advance.step(
            connection, locked, command, access.SYSTEM, Act("timer_fired", timer.element, timer.token)
        )
    except Conflict:
        return False
    return True


def _key(timer: Timer) -> dict[str, object]:
    return {"instance_id": timer.instance_id, "token": timer.token, "element": timer.element}
