"""Lines typed off paper: which case each began, so that none begins two."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "paper_line",
        sa.Column("line_key", sa.Text(), nullable=False),
        sa.Column("sheet", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("line_key", name=op.f("pk_paper_line")),
    )
    op.create_index("ix_paper_line_actor_id", "paper_line", ["actor_id", "process", "entered_at"])
    op.create_index("ix_paper_line_sheet", "paper_line", ["sheet", "entered_at"])


def downgrade() -> None:
    op.drop_table("paper_line")
