"""Every profile a site ever had confirmed; the newest version of a unit is the one that is shown."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

from engine.tables import Path, metadata

site_profile = Table(
    "site_profile",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("unit_path", Path, nullable=False),
    Column("is_current", SmallInteger, nullable=False),  # 1 for the newest version of a unit, else 0
    Column("search_key", Text, nullable=False),  # name, place and address without diacritics
    Column("place", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("latitude", Double),
    Column("longitude", Double),
    Column("table_count", SmallInteger, nullable=False),
    Column("person_in_charge", Text, nullable=False),
    Column("telephone", Text),
    Column("open_days", ARRAY(Text), nullable=False),
    Column("opens_at", Text),  # local time of day, HH:MM
    Column("closes_at", Text),
    Column("audience", Text, nullable=False),
    Column("notice", Text),
    Column("published_at", TIMESTAMP(timezone=True), nullable=False),
    Column("instance_id", BigInteger),  # the case that confirmed it
    CheckConstraint("audience in ('public', 'invited', 'staff')", name="audience"),
    Index(
        "ix_site_profile_current",
        "unit_path",
        "audience",
        postgresql_where=text("is_current = 1"),
    ),
)
