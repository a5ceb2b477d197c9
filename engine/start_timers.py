"""Processes that begin at a moment: the timer start events of released versions, armed and fired by workers."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError

from engine import access, clock, feel, instances, log, settings, tables, units
from engine.bpmn.model import Node, TimerKind, Trigger
from engine.definitions import registry
from engine.errors import Conflict, EngineError, NotFound
from engine.ids import VersionId
from engine.runtime import Fault, events
from engine.units import Unit

PUT_OFF = timedelta(minutes=10)  # of a start that failed

_CLAIM = text(
    """
    select version_id, element, unit_id, due_at from start_timer where due_at <= :now
    order by due_at limit :most for update skip locked
    """
)


def arm(connection: Connection, most: int = 20) -> int:
    """Note when the timer start events of newly released versions come due; how many releases were looked at."""
    release = tables.release
    rows = connection.execute(
        select(release)
        .where(~release.c.is_armed)
        .order_by(release.c.release_id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()
    for row in rows:
        definition = registry.definition(connection, row.version_id)
        for node in definition.model.starts():
            if node.trigger is Trigger.TIMER:
                for unit in _units(connection, row.unit_path):
                    _arm(connection, row.version_id, node, unit, row.effective_at)
        connection.execute(
            update(release).where(release.c.release_id == row.release_id).values(is_armed=True)
        )
    return len(rows)


def fire_due(connection: Connection, most: int) -> int:
    """Start the processes whose moment has come; how many began. Each is its own row lock, nobody else fires it.

    One that cannot begin is put off and does not keep the others from beginning.
    """
    arm(connection)
    started = 0
    for row in connection.execute(_CLAIM, {"now": clock.now(), "most": most}).all():
        try:
            with connection.begin_nested():
                started += _fire(connection, VersionId(row.version_id), row.element, row.unit_id, row.due_at)
        except (EngineError, DBAPIError) as failure:
            log.error("start_timer_failed", version_id=row.version_id, element=row.element, _failure=failure)
            _put_off(connection, row.version_id, row.element, row.unit_id)
    return started


def _fire(connection: Connection, version_id: VersionId, element: str, unit_id: int, due_at: datetime) -> int:
    """Begin one case; 0 when another version holds there now, with its own timers."""
    unit = units.by_id(connection, unit_id)
    _drop(connection, version_id, element, unit_id)
    definition = registry.definition(connection, version_id)
    try:
        in_force = registry.in_force(connection, definition.key, unit.path, clock.now())
    except NotFound:
        return 0
    if in_force != version_id:
        return 0
    node = definition.model.nodes[element]
    started = 1
    try:
        instances.begin(connection, definition, unit, {}, access.SYSTEM, element)
    except Conflict as refused:  # there is an open case already
        if refused.code != instances.CASE_OPEN:
            raise
        started = 0
    if node.timer is not None and node.timer.kind is TimerKind.CYCLE:
        _arm(connection, version_id, node, unit, due_at)
    return started


def _put_off(connection: Connection, version_id: int, element: str, unit_id: int) -> None:
    table = tables.start_timer
    connection.execute(
        update(table)
        .where(table.c.version_id == version_id, table.c.element == element, table.c.unit_id == unit_id)
        .values(due_at=clock.now() + PUT_OFF)
    )


def _arm(connection: Connection, version_id: int, node: Node, unit: Unit, after: datetime) -> None:
    due_at = _due(node, after)
    if due_at is None:
        return
    row = {"version_id": version_id, "element": node.id, "unit_id": unit.id, "due_at": due_at}
    table = tables.start_timer
    connection.execute(
        insert(table)
        .values(row)
        .on_conflict_do_update(index_elements=list(table.primary_key), set_={"due_at": due_at})
    )


def _due(node: Node, after: datetime) -> datetime | None:
    """When a timer start event next comes due after a moment; None for one that cannot be read."""
    if node.timer is None:
        return None
    moment = feel.Moment(max(after, clock.now() - timedelta(days=366)), settings.current().zone_info)
    try:
        return events.due(node.timer, node.timer.expression.json({}, moment), moment, node.id)[0]
    except (Fault, feel.FeelError):
        return None


def _units(connection: Connection, path: str) -> list[Unit]:
    """The unit a release is for; a release for everybody starts at the roots of the tree."""
    if path != "/":
        return [units.by_path(connection, path)]
    return units.roots(connection)


def _drop(connection: Connection, version_id: int, element: str, unit_id: int) -> None:
    table = tables.start_timer
    connection.execute(
        delete(table).where(
            table.c.version_id == version_id, table.c.element == element, table.c.unit_id == unit_id
        )
    )
