"""What happened to an account: who did what to whom, when, and why. Rows are added, never changed or removed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from engine import account_tables, clock, ids, tables
from engine.access import Actor

MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One row; `event` is a past participle, `details` holds roles, units, moments and reasons, never a secret."""

    at: datetime
    event: str
    actor_name: str | None
    details: dict[str, Any]


def append(connection: Connection, account_id: int, by: Actor | None, event: str, **details: Any) -> None:
    """Add a row; `by` None stands for the person of the account."""
    actor_id = account_id if by is None else by.account_id
    shown = {name: value for name, value in details.items() if value is not None}
    connection.execute(
        account_tables.account_event.insert().values(
            event_id=ids.issue(connection), at=clock.now(), account_id=account_id, actor_id=actor_id, event=event,
            details={
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in shown.items()
            },
        )
    )  # fmt: skip


def of(connection: Connection, account_id: int) -> list[Event]:
    """What happened to an account, newest first."""
    happened, account = account_tables.account_event, tables.account
    rows = connection.execute(
        select(happened, account.c.name)
        .outerjoin(account, account.c.account_id == happened.c.actor_id)
        .where(happened.c.account_id == account_id)
        .order_by(happened.c.event_id.desc())
        .limit(MOST_SHOWN)
    )
    return [Event(row.at, row.event, row.name, dict(row.details)) for row in rows]
