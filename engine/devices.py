"""Devices that several people share: each shows a PIN of six digits instead of the password, for the day.

A PIN is good on the one device where it was set. Its hash is made together with the device's own token, which
only the browser holds: who steals the table can try no PIN, and who steals the device has three tries.
"""

from __future__ import annotations

import functools
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import argon2
from sqlalchemy import Connection, Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import account_events, account_tables, accounts, campaign, clock, ids, tables
from engine.access import Actor
from engine.errors import Finding, Invalid, NotAllowed, NotFound
from engine.ids import UnitId

MOST_WRONG = 3
MOST_PEOPLE = 40  # on one device
_PIN = re.compile(r"[0-9]{6}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody a device knows."""

    account_id: int
    name: str
    sign_in: str
    unit_name: str | None


@dataclass(frozen=True, slots=True)
class Return:
    """Somebody who came back: who, the unit they worked at here, the device, and until when the PIN stands."""

    actor: Actor
    unit_id: UnitId | None
    device_id: int
    until: datetime


@functools.cache
def _hasher() -> argon2.PasswordHasher:
    """Cheap: a switch must take no time, and what is hashed holds the device's token, which nobody can guess."""
    return argon2.PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1)


def known(connection: Connection, token: str) -> int | None:
    """The device of a cookie's token."""
    table = account_tables.device
    return (
        connection.scalar(select(table.c.device_id).where(table.c.token_hash == accounts.hashed(token)))
        if token
        else None
    )


def remember(connection: Connection) -> tuple[int, str]:
    """A new device: its id, and the token for its cookie."""
    token = secrets.token_urlsafe(32)
    device_id = ids.issue(connection)
    connection.execute(
        account_tables.device.insert().values(
            device_id=device_id, token_hash=accounts.hashed(token), created_at=clock.now()
        )
    )
    return device_id, token


def set_pin(
    connection: Connection, token: str, device_id: int, who: Actor, unit_id: UnitId, pin: str, again: str
) -> None:
    """Let a person come back to this device by PIN until the day is over. Invalid for a PIN that will not do."""
    if not _PIN.fullmatch(pin):
        raise Invalid([Finding("pin_shape", pointer="/pin")])
    if pin != again:
        raise Invalid([Finding("pin_differs", pointer="/again")])
    if len(set(pin)) < 3 or pin in "01234567890123456789" or pin in "98765432109876543210":
        raise Invalid([Finding("pin_plain", pointer="/pin")])
    table, now = account_tables.device_person, clock.now()
    values = {
        "pin_hash": _hasher().hash(_bound(token, pin)), "failed": 0, "unit_id": unit_id, "set_at": now,
        "pin_until": now + timedelta(hours=campaign.current().accounts.pin_hours),
    }  # fmt: skip
    connection.execute(delete(table).where(table.c.device_id == device_id, table.c.pin_until <= now))
    connection.execute(
        insert(table)
        .values(device_id=device_id, account_id=who.account_id, **values)
        .on_conflict_do_update(index_elements=[table.c.device_id, table.c.account_id], set_=values)
    )
    account_events.append(connection, who.account_id or 0, None, "pin_set")


def people(connection: Connection, token: str) -> list[Person]:
    """Those who may come back to a device by PIN, by name."""
    table, account, unit = account_tables.device_person, tables.account, tables.unit
    rows = connection.execute(
        select(account.c.account_id, account.c.name, account.c.sign_in, unit.c.name.label("unit_name"))
        .select_from(table)
        .join(account_tables.device, account_tables.device.c.device_id == table.c.device_id)
        .join(account, account.c.account_id == table.c.account_id)
        .outerjoin(unit, unit.c.unit_id == table.c.unit_id)
        .where(
            account_tables.device.c.token_hash == accounts.hashed(token),
            table.c.pin_until > clock.now(),
            accounts.open_now(),
        )
        .order_by(account.c.name, account.c.sign_in)
        .limit(MOST_PEOPLE)
    )
    return [Person(row.account_id, row.name, row.sign_in, row.unit_name) for row in rows]


def has_pin(connection: Connection, device_id: int, account_id: int) -> bool:
    """Whether a person may come back to a device by PIN now."""
    table = account_tables.device_person
    return (
        connection.scalar(
            select(table.c.failed).where(
                table.c.device_id == device_id, table.c.account_id == account_id, table.c.pin_until > clock.now()
            )
        )
        is not None
    )  # fmt: skip


def come_back(connection: Connection, token: str, account_id: int, pin: str) -> Return:
    """Who shows the right PIN. NotAllowed otherwise; see `missed`."""
    row = _row(connection, token, account_id)
    if row is None:
        raise NotAllowed("device_unknown")
    try:
        _hasher().verify(row.pin_hash, _bound(token, pin))
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError) as wrong:
        raise NotAllowed("pin_wrong", left=MOST_WRONG - row.failed - 1) from wrong
    try:
        who = accounts.actor(connection, account_id)
    except NotFound as closed:
        raise NotAllowed("device_unknown") from closed
    table = account_tables.device_person
    connection.execute(
        update(table)
        .where(table.c.device_id == row.device_id, table.c.account_id == account_id)
        .values(failed=0)
    )
    return Return(who, row.unit_id, row.device_id, row.pin_until)


def missed(connection: Connection, token: str, account_id: int) -> int:
    """Count a wrong PIN, in a transaction of its own; how many tries are left. At none the PIN is gone."""
    row = _row(connection, token, account_id)
    if row is None:
        return 0
    table = account_tables.device_person
    this = (table.c.device_id == row.device_id, table.c.account_id == account_id)
    left = MOST_WRONG - row.failed - 1
    if left > 0:
        connection.execute(update(table).where(*this).values(failed=table.c.failed + 1))
        return int(left)
    connection.execute(delete(table).where(*this))
    account_events.append(connection, account_id, None, "pin_lost")
    return 0


def worked_at(connection: Connection, device_id: int, account_id: int, unit_id: UnitId) -> None:
    """Note where a person works on a device, to begin there when coming back."""
    table = account_tables.device_person
    connection.execute(
        update(table)
        .where(table.c.device_id == device_id, table.c.account_id == account_id)
        .values(unit_id=unit_id)
    )


def forget(connection: Connection, token: str, account_id: int) -> None:
    """Let a device forget a person."""
    device_id = known(connection, token)
    table = account_tables.device_person
    connection.execute(delete(table).where(table.c.device_id == device_id, table.c.account_id == account_id))


def _row(connection: Connection, token: str, account_id: int) -> Row[Any] | None:
    table, device = account_tables.device_person, account_tables.device
    return connection.execute(
        select(table)
        .join(device, device.c.device_id == table.c.device_id)
        .where(
            device.c.token_hash == accounts.hashed(token),
            table.c.account_id == account_id,
            table.c.pin_until > clock.now(),
        )
        .with_for_update(of=table)
    ).one_or_none()


def _bound(token: str, pin: str) -> str:
    """What is hashed: the PIN under the device's own token."""
    return hmac.new(token.encode(), b"pin:" + pin.encode(), "sha256").hexdigest()
