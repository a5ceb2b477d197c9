"""The registry of people: what part two adds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_change",
        sa.Column("change_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("by", sa.BigInteger(), nullable=True),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_change_person_id")),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_person_change")),
    )
    op.create_index("ix_person_change_person_id", "person_change", ["person_id", "at"], unique=False)
    op.add_column(
        "person_word", sa.Column("birth_year", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    op.execute(
        "update person_word set birth_year = extract(year from person.born_on) "
        "from person where person.person_id = person_word.person_id"
    )


def downgrade() -> None:
    op.drop_column("person_word", "birth_year")
    op.drop_table("person_change")
