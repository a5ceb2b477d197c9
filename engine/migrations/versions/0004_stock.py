"""The ledger of stock: tables of the integration."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stock_day",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("local_on", sa.Date(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("received", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved_in", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("moved_out", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("returned_in", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("returned_out", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("vials_opened", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("injected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("wasted_closed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("wasted_open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gained", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unreconciled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "local_on", "product", "lot", name=op.f("pk_stock_day")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_stock_day_local_on", "stock_day", ["local_on", "unit_path"], unique=False)
    op.create_table(
        "stock_event",
        sa.Column("event_id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("other_unit_id", sa.BigInteger(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("transfer_id", sa.BigInteger(), nullable=True),
        sa.Column("reverses", sa.BigInteger(), nullable=True),
        sa.Column("cause_id", sa.BigInteger(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.ForeignKeyConstraint(["cause_id"], ["stock_event.event_id"], name=op.f("fk_stock_event_cause_id")),
        sa.ForeignKeyConstraint(["reverses"], ["stock_event.event_id"], name=op.f("fk_stock_event_reverses")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_stock_event")),
        sa.UniqueConstraint("key", name=op.f("uq_stock_event_key")),
        sa.UniqueConstraint("reverses", name=op.f("uq_stock_event_reverses")),
    )
    op.create_index("ix_stock_event_instance_id", "stock_event", ["instance_id"], unique=False)
    op.create_index("ix_stock_event_unit_id", "stock_event", ["unit_id", "occurred_at"], unique=False)
    op.create_table(
        "stock_hold",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("held_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.Column("freed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("freed_reason", sa.Text(), nullable=True),
        sa.Column("freed_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stock_hold")),
    )
    op.create_index("ix_stock_hold_lot", "stock_hold", ["product", "lot"], unique=False)
    op.create_table(
        "stock_lot",
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("known_since", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("product", "lot", name=op.f("pk_stock_lot")),
    )
    op.create_index("ix_stock_lot_lot", "stock_lot", ["lot"], unique=False)
    op.create_table(
        "stock_lot_expiry",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stock_lot_expiry")),
    )
    op.create_index(
        "ix_stock_lot_expiry_lot", "stock_lot_expiry", ["product", "lot", "recorded_at"], unique=False
    )
    op.create_table(
        "stock_shelf",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("store", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("transit", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("injected", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("wasted_closed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("wasted_open", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("unreconciled", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("manufacturer", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("donor", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("gain", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("store >= 0", name=op.f("ck_stock_shelf_store")),
        sa.CheckConstraint("transit >= 0", name=op.f("ck_stock_shelf_transit")),
        sa.CheckConstraint("unreconciled <= 0", name=op.f("ck_stock_shelf_unreconciled")),
        sa.PrimaryKeyConstraint("unit_id", "product", "lot", name=op.f("pk_stock_shelf")),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index("ix_stock_shelf_lot", "stock_shelf", ["product", "lot"], unique=False)
    op.create_index("ix_stock_shelf_unit_path", "stock_shelf", ["unit_path"], unique=False)
    op.create_table(
        "stock_threshold",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("low_since", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("doses >= 0", name=op.f("ck_stock_threshold_doses")),
        sa.PrimaryKeyConstraint("unit_id", "product", name=op.f("pk_stock_threshold")),
    )
    op.create_table(
        "stock_transfer",
        sa.Column("transfer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("to_unit_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("received_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("temperature", sa.Numeric(precision=5, scale=2), nullable=True),
        sa.CheckConstraint(
            "state in ('under_way', 'differing', 'closed')", name=op.f("ck_stock_transfer_state")
        ),
        sa.PrimaryKeyConstraint("transfer_id", name=op.f("pk_stock_transfer")),
    )
    op.create_index(
        "ix_stock_transfer_from_unit_id", "stock_transfer", ["from_unit_id", "state"], unique=False
    )
    op.create_index("ix_stock_transfer_to_unit_id", "stock_transfer", ["to_unit_id", "state"], unique=False)
    op.create_table(
        "stock_vial",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("doses", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("recorded_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_stock_vial")),
    )
    op.create_index(
        "ix_stock_vial_opened_at", "stock_vial", ["unit_id", "product", "lot", "opened_at"], unique=False
    )
    op.create_table(
        "stock_dose",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("given_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("covered_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("covered_by", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_by", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["cancelled_by"], ["stock_event.event_id"], name=op.f("fk_stock_dose_cancelled_by")
        ),
        sa.ForeignKeyConstraint(
            ["covered_by"], ["stock_event.event_id"], name=op.f("fk_stock_dose_covered_by")
        ),
        sa.ForeignKeyConstraint(["event_id"], ["stock_event.event_id"], name=op.f("fk_stock_dose_event_id")),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_stock_dose")),
    )
    op.create_index(
        "ix_stock_dose_owed",
        "stock_dose",
        ["unit_id", "product", "lot", "given_at"],
        unique=False,
        postgresql_where=sa.text("covered_at is null and cancelled_by is null"),
    )
    op.create_index("ix_stock_dose_reference", "stock_dose", ["reference"], unique=False)
    op.create_index(
        "uq_stock_dose_reference",
        "stock_dose",
        ["reference"],
        unique=True,
        postgresql_where=sa.text("cancelled_by is null"),
    )
    op.create_table(
        "stock_line",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("line_no", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("transfer_id", sa.BigInteger(), nullable=True),
        sa.Column("doses", sa.Integer(), nullable=False),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.CheckConstraint("doses <> 0", name=op.f("ck_stock_line_doses")),
        sa.ForeignKeyConstraint(["event_id"], ["stock_event.event_id"], name=op.f("fk_stock_line_event_id")),
        sa.PrimaryKeyConstraint("event_id", "line_no", name=op.f("pk_stock_line")),
    )
    op.create_index(
        "ix_stock_line_account",
        "stock_line",
        ["unit_id", "product", "lot", "account", "occurred_at"],
        unique=False,
    )
    op.create_index("ix_stock_line_lot", "stock_line", ["product", "lot", "occurred_at"], unique=False)
    op.create_table(
        "stock_transfer_line",
        sa.Column("transfer_id", sa.BigInteger(), nullable=False),
        sa.Column("product", sa.Text(), nullable=False),
        sa.Column("lot", sa.Text(), nullable=False),
        sa.Column("issued", sa.Integer(), nullable=False),
        sa.Column("counted", sa.Integer(), nullable=True),
        sa.Column("transit", sa.Integer(), nullable=False),
        sa.Column("surplus", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.CheckConstraint("surplus >= 0", name=op.f("ck_stock_transfer_line_surplus")),
        sa.CheckConstraint("transit >= 0", name=op.f("ck_stock_transfer_line_transit")),
        sa.ForeignKeyConstraint(
            ["transfer_id"], ["stock_transfer.transfer_id"], name=op.f("fk_stock_transfer_line_transfer_id")
        ),
        sa.PrimaryKeyConstraint("transfer_id", "product", "lot", name=op.f("pk_stock_transfer_line")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    op.drop_table("stock_transfer_line")
    op.drop_index("ix_stock_line_lot", table_name="stock_line")
    op.drop_index("ix_stock_line_account", table_name="stock_line")
    op.drop_table("stock_line")
    op.drop_index(
        "uq_stock_dose_reference", table_name="stock_dose", postgresql_where=sa.text("cancelled_by is null")
    )
    op.drop_index("ix_stock_dose_reference", table_name="stock_dose")
    op.drop_index(
        "ix_stock_dose_owed",
        table_name="stock_dose",
        postgresql_where=sa.text("covered_at is null and cancelled_by is null"),
    )
    op.drop_table("stock_dose")
    op.drop_index("ix_stock_vial_opened_at", table_name="stock_vial")
    op.drop_table("stock_vial")
    op.drop_index("ix_stock_transfer_to_unit_id", table_name="stock_transfer")
    op.drop_index("ix_stock_transfer_from_unit_id", table_name="stock_transfer")
    op.drop_table("stock_transfer")
    op.drop_table("stock_threshold")
    op.drop_index("ix_stock_shelf_unit_path", table_name="stock_shelf")
    op.drop_index("ix_stock_shelf_lot", table_name="stock_shelf")
    op.drop_table("stock_shelf")
    op.drop_index("ix_stock_lot_expiry_lot", table_name="stock_lot_expiry")
    op.drop_table("stock_lot_expiry")
    op.drop_index("ix_stock_lot_lot", table_name="stock_lot")
    op.drop_table("stock_lot")
    op.drop_index("ix_stock_hold_lot", table_name="stock_hold")
    op.drop_table("stock_hold")
    op.drop_index("ix_stock_event_unit_id", table_name="stock_event")
    op.drop_index("ix_stock_event_instance_id", table_name="stock_event")
    op.drop_table("stock_event")
    op.drop_index("ix_stock_day_local_on", table_name="stock_day")
    op.drop_table("stock_day")
    # ### end Alembic commands ###
