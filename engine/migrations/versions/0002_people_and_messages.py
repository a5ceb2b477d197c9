"""The registry of people and the outbox of messages: tables of the integrations."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(collation="C"), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_code", sa.Text(), nullable=True),
        sa.Column("registered_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("registered_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_person")),
        sa.UniqueConstraint("code", name=op.f("uq_person_code")),
    )
    op.create_index("ix_person_born_on", "person", ["born_on"], unique=False)
    op.create_index("ix_person_name_key", "person", ["name_key"], unique=False)
    op.create_table(
        "sms_outbox",
        sa.Column("message_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("to", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_sms_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_sms_outbox_key")),
    )
    op.create_index("ix_sms_outbox_to", "sms_outbox", ["to", "sent_at"], unique=False)
    op.create_table(
        "person_identifier",
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.person_id"], name=op.f("fk_person_identifier_person_id")
        ),
        sa.PrimaryKeyConstraint("type", "value", name=op.f("pk_person_identifier")),
    )
    op.create_index("ix_person_identifier_person_id", "person_identifier", ["person_id"], unique=False)
    op.create_index("ix_person_identifier_value", "person_identifier", ["value"], unique=False)
    op.create_table(
        "person_phone",
        sa.Column("phone", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_phone_person_id")),
        sa.PrimaryKeyConstraint("phone", "person_id", name=op.f("pk_person_phone")),
    )
    op.create_index("ix_person_phone_person_id", "person_phone", ["person_id"], unique=False)
    op.create_table(
        "person_word",
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], name=op.f("fk_person_word_person_id")),
        sa.PrimaryKeyConstraint("word", "person_id", name=op.f("pk_person_word")),
    )
    op.create_index("ix_person_word_person_id", "person_word", ["person_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_person_word_person_id", table_name="person_word")
    op.drop_table("person_word")
    op.drop_index("ix_person_phone_person_id", table_name="person_phone")
    op.drop_table("person_phone")
    op.drop_index("ix_person_identifier_value", table_name="person_identifier")
    op.drop_index("ix_person_identifier_person_id", table_name="person_identifier")
    op.drop_table("person_identifier")
    op.drop_index("ix_sms_outbox_to", table_name="sms_outbox")
    op.drop_table("sms_outbox")
    op.drop_index("ix_person_name_key", table_name="person")
    op.drop_index("ix_person_born_on", table_name="person")
    op.drop_table("person")
