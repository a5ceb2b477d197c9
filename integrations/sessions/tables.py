"""The integration's own tables: rounds, sessions with their hourly slots, the list, bookings, who came."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from engine.tables import metadata

_Moment = TIMESTAMP(timezone=True)
_Key = Text(collation="C")  # compared byte by byte, so that a prefix search can use the index
ACTIVE = "state in ('held', 'booked', 'arrived')"  # bookings of which a person holds one in a round, one in an hour
WAITING = "state = 'waiting'"

round_ = Table(
    "round",
    metadata,
    Column("round_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("mode", Text, nullable=False),  # scarce, ample
    Column("invitation_hours", Integer, nullable=False),
    Column("state", Text, nullable=False),  # open, closed
    Column("unit_code", Text, nullable=False),
    Column("unit_path", _Key, nullable=False),
    Column("opened_at", _Moment, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column(
        "session_id", BigInteger, primary_key=True, autoincrement=False
    ),  # the instance that runs the session
    Column("unit_code", Text, nullable=False),
    Column("unit_path", _Key, nullable=False),
    Column("day", Date, nullable=False),
    Column("opens_at", _Moment, nullable=False),
    Column("closes_at", _Moment, nullable=False),
    Column("breaks", JSONB, nullable=False),  # [{from, to}], local HH:MM
    Column("tables", Integer, nullable=False),
    Column("per_table_hour", Integer, nullable=False),
    Column("round_id", BigInteger, ForeignKey("round.round_id")),
    Column("walk_ins", Boolean, nullable=False),
    Column("standby", Boolean, nullable=False),
    Column("audience", Text, nullable=False),  # staff, invited, public
    Column("products", JSONB, nullable=False),  # [{product, lot?, expires_on?}]
    Column("place", Text, nullable=False),
    Column("state", Text, nullable=False),  # plans.STATES; the newest row of session_state
    Column("changed_at", _Moment, nullable=False),
    CheckConstraint("closes_at > opens_at", name="hours"),
    Index("ix_session_unit_path", "unit_path", "day"),
    Index("ix_session_day", "day"),
)

session_state = Table(  # what state a session had at a moment
    "session_state",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.session_id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("state", Text, nullable=False),
    Column("at", _Moment, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
)

slot = Table(  # one row guards the places of one hour
    "slot",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.session_id"), primary_key=True),
    Column("starts_at", _Moment, primary_key=True),
    Column("ends_at", _Moment, nullable=False),
    Column("hour", _Moment, nullable=False),  # the hour of the clock it lies in
    Column("capacity", Integer, nullable=False),
    Column("taken", Integer, nullable=False, server_default="0"),
    Column("is_open", Boolean, nullable=False, server_default="true"),  # false: takes no more bookings
    CheckConstraint("taken between 0 and capacity", name="taken"),
)

listing = Table(  # a person on a round's list
    "listing",
    metadata,
    Column("round_id", BigInteger, ForeignKey("round.round_id"), primary_key=True),
    Column("person_id", _Key, primary_key=True),
    Column("number", BigInteger, Identity(), nullable=False),  # breaks ties: the order of listing
    Column("priority_group", Integer, nullable=False),
    Column("listed_at", _Moment, nullable=False),
    Column("state", Text, nullable=False),  # lists.STATES
    Column("standby", Boolean, nullable=False),
    Column("wanted_unit", Text),
    Column("wanted_path", _Key),
    Column("declared", JSONB),  # what the person said beforehand
    Column("declared_at", _Moment),
    Column("source", Text, nullable=False),
    Index("ix_listing_next", "round_id", "priority_group", "listed_at", "number", postgresql_where=text(WAITING)),
    Index("ix_listing_person_id", "person_id"),
)  # fmt: skip

booking = Table(
    "booking",
    metadata,
    Column("booking_id", BigInteger, Identity(), primary_key=True),
    Column("session_id", BigInteger, nullable=False),
    Column("starts_at", _Moment, nullable=False),
    Column("hour", _Moment, nullable=False),
    Column("round_id", BigInteger, ForeignKey("round.round_id")),
    Column("person_id", _Key, nullable=False),
    Column("state", Text, nullable=False),  # bookings.STATES
    Column("held_until", _Moment),
    Column("declared", JSONB),
    Column("declared_at", _Moment),
    Column("made_at", _Moment, nullable=False),
    Column("changed_at", _Moment, nullable=False),
    ForeignKeyConstraint(
        ["session_id", "starts_at"], ["slot.session_id", "slot.starts_at"], name="fk_booking_session_id"
    ),
    Index("uq_booking_round_id", "round_id", "person_id", unique=True, postgresql_where=text(ACTIVE)),
    Index("uq_booking_hour", "person_id", "hour", unique=True, postgresql_where=text(ACTIVE)),
    Index("ix_booking_session_id", "session_id", "starts_at"),
    Index("ix_booking_person_id", "person_id", "made_at"),
)

attendance = Table(  # a person who came, with or without a booking, and how it ended
    "attendance",
    metadata,
    Column("attendance_id", BigInteger, Identity(), primary_key=True),
    Column("person_id", _Key, nullable=False),
    Column("unit_path", _Key, nullable=False),
    Column("session_id", BigInteger, ForeignKey("session.session_id")),
    Column("booking_id", BigInteger, ForeignKey("booking.booking_id")),
    Column("round_id", BigInteger),  # that of the booking, wherever it is, else of the session
    Column("kind", Text, nullable=False),
    Column("flags", JSONB, nullable=False),
    Column("arrived_at", _Moment, nullable=False),
    Column("outcome", Text),
    Column("ended_at", _Moment),
    Index("ix_attendance_person_id", "person_id", "arrived_at"),
    Index("ix_attendance_session_id", "session_id"),
)

standby_call = Table(  # nobody is called twice to the same session
    "standby_call",
    metadata,
    Column("session_id", BigInteger, ForeignKey("session.session_id"), primary_key=True),
    Column("person_id", _Key, primary_key=True),
    Column("round_id", BigInteger, nullable=False),
    Column("called_at", _Moment, nullable=False),
)
