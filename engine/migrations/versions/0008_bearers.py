"""People without an account who hold a code: codes of cases, their sessions, and how often something was tried."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

MOMENT = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    op.create_table(
        "case_code",
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=False),
        sa.Column("start_key", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_case_code")),
        sa.UniqueConstraint("instance_id", name=op.f("uq_case_code_instance_id")),
        sa.UniqueConstraint("start_key", name=op.f("uq_case_code_start_key")),
    )
    op.create_table(
        "bearer_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("chosen", sa.SmallInteger(), nullable=False),
        sa.Column("kept", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_bearer_session")),
    )
    op.create_index("ix_bearer_session_expires_at", "bearer_session", ["expires_at"], unique=False)
    op.create_table(
        "bearer_hold",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.CheckConstraint("num_nonnulls(instance_id, subject) = 1", name=op.f("ck_bearer_hold_one")),
        sa.ForeignKeyConstraint(
            ["token_hash"],
            ["bearer_session.token_hash"],
            name=op.f("fk_bearer_hold_token_hash"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("token_hash", "position", name=op.f("pk_bearer_hold")),
    )
    op.create_table(
        "bearer_attempt",
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_bearer_attempt")),
    )
    op.create_index("ix_bearer_attempt_since", "bearer_attempt", ["since"], unique=False)


def downgrade() -> None:
    for table in ("bearer_attempt", "bearer_hold", "bearer_session", "case_code"):
        op.drop_table(table)
