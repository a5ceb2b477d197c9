"""Profiles of sites: tables of the integration."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "site_profile",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("is_current", sa.SmallInteger(), nullable=False),
        sa.Column("search_key", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("table_count", sa.SmallInteger(), nullable=False),
        sa.Column("person_in_charge", sa.Text(), nullable=False),
        sa.Column("telephone", sa.Text(), nullable=True),
        sa.Column("open_days", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opens_at", sa.Text(), nullable=True),
        sa.Column("closes_at", sa.Text(), nullable=True),
        sa.Column("audience", sa.Text(), nullable=False),
        sa.Column("notice", sa.Text(), nullable=True),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "audience in ('public', 'invited', 'staff')", name=op.f("ck_site_profile_audience")
        ),
        sa.PrimaryKeyConstraint("unit_id", "version", name=op.f("pk_site_profile")),
    )
    op.create_index(
        "ix_site_profile_current",
        "site_profile",
        ["unit_path", "audience"],
        unique=False,
        postgresql_where=sa.text("is_current = 1"),
    )


def downgrade() -> None:
    op.drop_table("site_profile")
