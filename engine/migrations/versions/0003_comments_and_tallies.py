"""One open case, a subject known later, comments on cases, tallies of records; store_step in its second version."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.add_column("instance", sa.Column("once_key", sa.Text(collation="C"), nullable=True))
    op.create_index(
        "uq_instance_once",
        "instance",
        ["process", "once_key"],
        unique=True,
        postgresql_where=sa.text("state = 'active' and once_key is not null"),
    )
    op.create_table(
        "comment",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_comment")),
    )
    op.create_table(
        "tally",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "on", "unit_path", "facet", name=op.f("pk_tally")),
        postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_table(
        "tally_delta",
        sa.Column("delta_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("facet", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("delta_id", name=op.f("pk_tally_delta")),
        postgresql_with={"autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.execute("drop function store_step")
    op.execute((SQL / "store_step_2.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("drop function store_step")
    op.execute((SQL / "store_step_1.sql").read_text("utf-8"))
    op.drop_table("tally_delta")
    op.drop_table("tally")
    op.drop_table("comment")
    op.drop_index(
        "uq_instance_once",
        table_name="instance",
        postgresql_where=sa.text("state = 'active' and once_key is not null"),
    )
    op.drop_column("instance", "once_key")
