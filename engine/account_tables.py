"""What happened to accounts, and the devices that several people share: tables beside `tables.account`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from engine.tables import Moment, metadata

account_event = Table(  # who did what to whose account; rows are only added
    "account_event",
    metadata,
    Column("event_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("account_id", BigInteger, ForeignKey("account.account_id"), nullable=False),
    Column("actor_id", BigInteger),
    Column("event", Text, nullable=False),
    Column("details", JSONB, nullable=False),
    Index("ix_account_event_account_id", "account_id", "at"),
)

device = Table(  # a browser that several people share
    "device",
    metadata,
    Column("device_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("created_at", Moment, nullable=False),
)

device_person = Table(
    "device_person",
    metadata,
    Column("device_id", BigInteger, ForeignKey("device.device_id"), primary_key=True),
    Column("account_id", BigInteger, ForeignKey("account.account_id"), primary_key=True),
    Column("pin_hash", Text, nullable=False),  # of the PIN with the device's own token: useless without it
    Column("pin_until", Moment, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("unit_id", BigInteger, ForeignKey("unit.unit_id")),  # where the person worked last on it
    Column("set_at", Moment, nullable=False),
    Index("ix_device_person_account_id", "account_id"),
)
