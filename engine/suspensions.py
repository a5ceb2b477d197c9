"""Accounts closed for a time or for good, at once and with a reason, and opened again.

A suspended account's browser sessions and PINs end with the transaction. Its roles stay as they are.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from engine import account_events, clock, passwords, tables
from engine.access import Actor
from engine.errors import Conflict, Finding, Invalid
from engine.units import Unit

LONGEST_REASON = 500


def suspend(connection: Connection, account_id: int, reason: str, by: Actor) -> None:
    """Close an account now. Invalid without a reason, Conflict when it is closed already."""
    told = " ".join(reason.split())[:LONGEST_REASON]
    if not told:
        raise Invalid([Finding("reason_missing", pointer="/reason")])
    table = tables.account
    closed = connection.scalar(
        update(table)
        .where(table.c.account_id == account_id, table.c.is_active)
        .values(is_active=False, suspended_at=clock.now(), suspended_reason=told)
        .returning(table.c.account_id)
    )
    if closed is None:
        raise Conflict("account_changed")
    passwords.leave_devices(connection, account_id)
    account_events.append(connection, account_id, by, "suspended", reason=told)


def restore(connection: Connection, account_id: int, by: Actor) -> None:
    """Open a suspended account again; its sessions do not come back. Conflict when it is open already."""
    table = tables.account
    opened = connection.scalar(
        update(table)
        .where(table.c.account_id == account_id, ~table.c.is_active)
        .values(is_active=True, suspended_at=None, suspended_reason=None)
        .returning(table.c.account_id)
    )
    if opened is None:
        raise Conflict("account_changed")
    account_events.append(connection, account_id, by, "restored")


def temporary(connection: Connection, unit: Unit, suspended: bool = False) -> list[int]:
    """The accounts for a time that belong to a unit or below and whose time is not over: open, or suspended.

    In the evening the open ones are suspended together, and in the morning those opened again.
    """
    table, at = tables.account, tables.unit
    return list(
        connection.scalars(
            select(table.c.account_id)
            .join(at, at.c.unit_id == table.c.unit_id)
            .where(
                table.c.is_active.is_not(suspended),
                table.c.until_at > clock.now(),
                at.c.path.startswith(unit.path, autoescape=True),
            )
            .order_by(table.c.account_id)
        )
    )
