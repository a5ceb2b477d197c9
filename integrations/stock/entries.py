"""What the ledger is made of: kinds of event, accounts, shelves, lines; values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from engine import clock
from engine.catalogue import Context
from engine.units import Unit


class Kind(StrEnum):
    """What happened."""

    RECEIVED = "received"
    ISSUED = "issued"
    ARRIVED = "arrived"  # a transfer was received
    RESOLVED = "resolved"  # a difference on arrival was explained
    RETURNED = "returned"
    INJECTED = "injected"
    VIAL_OPENED = "vial_opened"
    WASTED = "wasted"
    GAINED = "gained"
    CLEARED = "cleared"  # stock came in that covers doses given before
    REVERSED = "reversed"


class Account(StrEnum):
    """Where doses are, or what became of them; the last three are outside and run below zero."""

    STORE = "store"
    TRANSIT = "transit"
    INJECTED = "injected"
    WASTED_CLOSED = "wasted_closed"
    WASTED_OPEN = "wasted_open"
    UNRECONCILED = "unreconciled"
    MANUFACTURER = "manufacturer"
    DONOR = "donor"
    GAIN = "gain"


class Key(NamedTuple):
    """A shelf: one lot at one unit. Shelves are locked in this order."""

    unit_id: int
    product: str
    lot: str


@dataclass(frozen=True, slots=True)
class Line:
    """Doses into (+) or out of (-) one account at a moment."""

    key: Key
    path: str
    account: Account
    doses: int
    at: datetime
    transfer_id: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened, where, when, and which case and job said so. `key` makes it happen once."""

    key: str
    kind: Kind
    unit: Unit
    at: datetime
    recorded_at: datetime
    instance_id: int | None = None
    reason: str | None = None
    other: Unit | None = None
    transfer_id: int | None = None
    reverses: int | None = None
    of: Kind | None = None  # what was taken back, when this reverses it
    cause_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Shelf:
    """A locked shelf; the balances move with what is written."""

    key: Key
    path: str
    store: int
    unreconciled: int
    last_at: datetime | None


def event(
    context: Context, kind: Kind, unit: Unit, at: datetime, reason: str | None = None, **more: Any
) -> Event:
    """What a job says has happened at a unit. The past may be told, also by a step that runs as of then."""
    part, entered = more.pop("part", ""), clock.now()
    return Event(
        context.job_id + part, kind, unit, min(at, entered), entered, context.instance_id, reason, **more
    )


def key_of(unit: Unit, product: str, lot: str) -> Key:
    return Key(unit.id, product, lot)
