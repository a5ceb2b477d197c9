"""The console gateway's outbox: what would have gone to telephones, readable in the application."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Identity, Index, Table, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from engine.tables import metadata

sms_outbox = Table(
    "sms_outbox",
    metadata,
    Column("message_id", BigInteger, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the job's id: the same message is accepted once
    Column("to", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("sent_at", TIMESTAMP(timezone=True), nullable=False),
    Index("ix_sms_outbox_to", "to", "sent_at"),
)
