"""Roles for a time, suspended accounts, several people on one device."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.add_column("account", sa.Column("unit_id", sa.BigInteger(), nullable=True))
    op.add_column("account", sa.Column("until_at", MOMENT, nullable=True))
    op.add_column(
        "account", sa.Column("must_change", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("account", sa.Column("password_until", MOMENT, nullable=True))
    op.add_column("account", sa.Column("suspended_at", MOMENT, nullable=True))
    op.add_column("account", sa.Column("suspended_reason", sa.Text(), nullable=True))
    op.create_foreign_key(op.f("fk_account_unit_id"), "account", "unit", ["unit_id"], ["unit_id"])
    op.create_index("ix_account_unit_id", "account", ["unit_id"], unique=False)

    op.add_column(
        "role_grant", sa.Column("granted_for", sa.BigInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.add_column("role_grant", sa.Column("from_at", MOMENT, nullable=True))
    op.add_column("role_grant", sa.Column("until_at", MOMENT, nullable=True))
    op.drop_constraint("pk_role_grant", "role_grant", type_="primary")
    op.create_primary_key("pk_role_grant", "role_grant", ["account_id", "role", "unit_id", "granted_for"])
    op.create_index("ix_role_grant_unit_id", "role_grant", ["unit_id", "role"], unique=False)
    op.create_index(
        "ix_role_grant_granted_for", "role_grant", ["granted_for"],
        unique=False, postgresql_where=sa.text("granted_for <> 0"),
    )  # fmt: skip

    op.create_table(
        "account_event",
        sa.Column("event_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_account_event_account_id")
        ),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_account_event")),
    )
    op.create_index("ix_account_event_account_id", "account_event", ["account_id", "at"], unique=False)

    op.create_table(
        "device",
        sa.Column("device_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_device")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_device_token_hash")),
    )
    op.create_table(
        "device_person",
        sa.Column("device_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("pin_until", MOMENT, nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("set_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_device_person_account_id")
        ),
        sa.ForeignKeyConstraint(["device_id"], ["device.device_id"], name=op.f("fk_device_person_device_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_device_person_unit_id")),
        sa.PrimaryKeyConstraint("device_id", "account_id", name=op.f("pk_device_person")),
    )
    op.create_index("ix_device_person_account_id", "device_person", ["account_id"], unique=False)

    op.add_column("web_session", sa.Column("device_id", sa.BigInteger(), nullable=True))
    op.add_column("web_session", sa.Column("seen_at", MOMENT, nullable=True))
    op.create_index("ix_web_session_account_id", "web_session", ["account_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_web_session_account_id", table_name="web_session")
    op.drop_column("web_session", "seen_at")
    op.drop_column("web_session", "device_id")
    op.drop_table("device_person")
    op.drop_table("device")
    op.drop_table("account_event")
    op.drop_index("ix_role_grant_granted_for", table_name="role_grant")
    op.drop_index("ix_role_grant_unit_id", table_name="role_grant")
    op.execute("delete from role_grant where granted_for <> 0")  # a role for a time is not one for ever
    op.execute("delete from role_grant where from_at is not null or until_at is not null")
    op.drop_constraint("pk_role_grant", "role_grant", type_="primary")
    op.create_primary_key("pk_role_grant", "role_grant", ["account_id", "role", "unit_id"])
    for column in ("until_at", "from_at", "granted_for"):
        op.drop_column("role_grant", column)
    op.drop_index("ix_account_unit_id", table_name="account")
    op.drop_constraint("fk_account_unit_id", "account", type_="foreignkey")
    for column in (
        "suspended_reason",
        "suspended_at",
        "password_until",
        "must_change",
        "until_at",
        "unit_id",
    ):
        op.drop_column("account", column)
