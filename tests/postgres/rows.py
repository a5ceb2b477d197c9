"""What the rows of an instance say, and that they say the same as its state."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from engine import runtime, tables
from engine.runtime import State, Wait, WaitKind

OF_INSTANCE = (
    tables.instance, tables.user_task, tables.job, tables.timer, tables.subscription, tables.call, tables.incident,
    tables.expectation, tables.service_level, tables.draft, tables.history, tables.decision_log, tables.record,
    tables.comment,
)  # fmt: skip
Row = tuple[Any, ...]


def agree(connection: Connection, since: int = 0) -> None:
    """Assert for every instance, from an id on, that its wait rows are the waits of its state, and none else."""
    for row in connection.execute(
        select(tables.instance).where(tables.instance.c.instance_id >= since)
    ).all():
        state = runtime.restore(row.body)
        assert row.state == (state.ended or "active")
        assert row.outcome == state.outcome
        assert (row.ended_at is None) == (state.ended is None)
        assert waits_in_rows(connection, row.instance_id) == waits_in_state(state)
        tokens = set(state.tokens)
        assert _tokens(connection, tables.service_level, row.instance_id) <= tokens
        assert _tokens(connection, tables.draft, row.instance_id) <= tokens
        newest = connection.scalar(
            select(tables.history.c.seq)
            .where(tables.history.c.instance_id == row.instance_id)
            .order_by(tables.history.c.seq.desc())
            .limit(1)
        )
        assert newest == row.revision, "every revision has its row of history"


def waits_in_state(state: State) -> set[Row]:
    return {_shown(wait) for wait in state.waits}


def _shown(wait: Wait) -> Row:
    key: Row = (wait.kind.value, wait.token, wait.element)
    match wait.kind:
        case WaitKind.JOB | WaitKind.CALL:
            return (*key, wait.name)
        case WaitKind.MESSAGE:
            return (*key, wait.name, wait.key)
        case WaitKind.TIMER:
            return (*key, wait.due_at)
        case WaitKind.INCIDENT:
            return (*key, wait.name, sorted((wait.params or {}).items(), key=str).__repr__())
    return key


def waits_in_rows(connection: Connection, instance_id: int) -> set[Row]:
    """The same, read from the tables."""
    found: list[Row] = []
    for kind, table, columns in (
        ("user_task", tables.user_task, ()),
        ("job", tables.job, ("name",)),
        ("timer", tables.timer, ("due_at",)),
        ("message", tables.subscription, ("message", "key")),
        ("call", tables.call, ("process",)),
        ("incident", tables.incident, ("code", "params")),
    ):
        query = select(table).where(table.c.instance_id == instance_id)
        if table is tables.job:
            query = query.where(table.c.kind == "service")
        for row in connection.execute(query):
            values = [getattr(row, column) for column in columns]
            if kind == "incident":
                values[1] = sorted(values[1].items(), key=str).__repr__()
            found.append((kind, row.token, row.element, *values))
    assert len(found) == len(set(found))
    return set(found)


def all_of(connection: Connection, since: int = 0) -> dict[str, list[Row]]:
    """Every row of every instance, from an id on, to compare before and after."""
    found = {}
    for table in OF_INSTANCE:
        read = connection.execute(select(table).where(table.c.instance_id >= since))
        found[table.name] = sorted((tuple(row) for row in read), key=repr)
    return found


def _tokens(connection: Connection, table: Any, instance_id: int) -> set[int]:
    return set(connection.scalars(select(table.c.token).where(table.c.instance_id == instance_id)))
