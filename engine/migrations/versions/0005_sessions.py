"""Rounds, sessions, slots, bookings and lists: tables of the integration."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round",
        sa.Column("round_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("invitation_hours", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_round")),
    )
    op.create_table(
        "listing",
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("priority_group", sa.Integer(), nullable=False),
        sa.Column("listed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("standby", sa.Boolean(), nullable=False),
        sa.Column("wanted_unit", sa.Text(), nullable=True),
        sa.Column("wanted_path", sa.Text(collation="C"), nullable=True),
        sa.Column("declared", postgresql.JSONB(), nullable=True),
        sa.Column("declared_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_listing_round_id")),
        sa.PrimaryKeyConstraint("round_id", "person_id", name=op.f("pk_listing")),
    )
    op.create_index(
        "ix_listing_next",
        "listing",
        ["round_id", "priority_group", "listed_at", "number"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_listing_person_id", "listing", ["person_id"], unique=False)
    op.create_table(
        "session",
        sa.Column("session_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opens_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("closes_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("breaks", postgresql.JSONB(), nullable=False),
        sa.Column("tables", sa.Integer(), nullable=False),
        sa.Column("per_table_hour", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=True),
        sa.Column("walk_ins", sa.Boolean(), nullable=False),
        sa.Column("standby", sa.Boolean(), nullable=False),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("products", postgresql.JSONB(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_session_hours")),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_session_round_id")),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_session")),
    )
    op.create_index("ix_session_day", "session", ["day"], unique=False)
    op.create_index("ix_session_unit_path", "session", ["unit_path", "day"], unique=False)
    op.create_table(
        "session_state",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.session_id"], name=op.f("fk_session_state_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "number", name=op.f("pk_session_state")),
    )
    op.create_table(
        "slot",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ends_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("hour", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), server_default="0", nullable=False),
        sa.Column("is_open", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("taken between 0 and capacity", name=op.f("ck_slot_taken")),
        sa.ForeignKeyConstraint(["session_id"], ["session.session_id"], name=op.f("fk_slot_session_id")),
        sa.PrimaryKeyConstraint("session_id", "starts_at", name=op.f("pk_slot")),
    )
    op.create_table(
        "standby_call",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("called_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.session_id"], name=op.f("fk_standby_call_session_id")
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_standby_call")),
    )
    op.create_table(
        "booking",
        sa.Column("booking_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("starts_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("hour", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("held_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("declared", postgresql.JSONB(), nullable=True),
        sa.Column("declared_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("made_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("changed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["round.round_id"], name=op.f("fk_booking_round_id")),
        sa.ForeignKeyConstraint(
            ["session_id", "starts_at"], ["slot.session_id", "slot.starts_at"], name="fk_booking_session_id"
        ),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_booking")),
    )
    op.create_index("ix_booking_person_id", "booking", ["person_id", "made_at"], unique=False)
    op.create_index("ix_booking_session_id", "booking", ["session_id", "starts_at"], unique=False)
    op.create_index(
        "uq_booking_hour",
        "booking",
        ["person_id", "hour"],
        unique=True,
        postgresql_where=sa.text("state in ('held', 'booked', 'arrived')"),
    )
    op.create_index(
        "uq_booking_round_id",
        "booking",
        ["round_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("state in ('held', 'booked', 'arrived')"),
    )
    op.create_table(
        "attendance",
        sa.Column("attendance_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("person_id", sa.Text(collation="C"), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("booking_id", sa.BigInteger(), nullable=True),
        sa.Column("round_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("flags", postgresql.JSONB(), nullable=False),
        sa.Column("arrived_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["booking_id"], ["booking.booking_id"], name=op.f("fk_attendance_booking_id")
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["session.session_id"], name=op.f("fk_attendance_session_id")
        ),
        sa.PrimaryKeyConstraint("attendance_id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_person_id", "attendance", ["person_id", "arrived_at"], unique=False)
    op.create_index("ix_attendance_session_id", "attendance", ["session_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_attendance_session_id", table_name="attendance")
    op.drop_index("ix_attendance_person_id", table_name="attendance")
    op.drop_table("attendance")
    op.drop_index(
        "uq_booking_round_id",
        table_name="booking",
        postgresql_where=sa.text("state in ('held', 'booked', 'arrived')"),
    )
    op.drop_index(
        "uq_booking_hour",
        table_name="booking",
        postgresql_where=sa.text("state in ('held', 'booked', 'arrived')"),
    )
    op.drop_index("ix_booking_session_id", table_name="booking")
    op.drop_index("ix_booking_person_id", table_name="booking")
    op.drop_table("booking")
    op.drop_table("standby_call")
    op.drop_table("slot")
    op.drop_table("session_state")
    op.drop_index("ix_session_unit_path", table_name="session")
    op.drop_index("ix_session_day", table_name="session")
    op.drop_table("session")
    op.drop_index("ix_listing_person_id", table_name="listing")
    op.drop_index("ix_listing_next", table_name="listing", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table("listing")
    op.drop_table("round")
