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
    # Every word of a name in one index of the name: a name of several common words is found eight times as fast as
    # by a row for each word, and registering writes no rows for words.
    op.create_index(
        "ix_person_words",
        "person",
        [sa.text("to_tsvector('simple'::regconfig, name_key)")],
        unique=False,
        postgresql_using="gin",
    )
    op.drop_table("person_word")


def downgrade() -> None:
    op.create_table(
        "person_word",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_word_person_id")),
        sa.PrimaryKeyConstraint("word", "person_id", name=op.f("pk_person_word")),
    )
    op.create_index("ix_person_word_person_id", "person_word", ["person_id"], unique=False)
    op.execute(
        "insert into person_word (word, person_id) "
        "select distinct word, person_id from person, unnest(string_to_array(name_key, ' ')) word"
    )
    op.drop_index("ix_person_words", table_name="person")
    op.drop_table("person_change")
