"""The ledger's own tables: events and lines that are only added, and what follows from them.

`stock_event` and `stock_line` are the ledger; no code changes or deletes a row of theirs. Shelves, days,
transfers and doses are what the rows add up to, kept in the transaction that adds them.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Numeric,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from engine.tables import metadata

_Moment = TIMESTAMP(timezone=True)
_Path = Text(collation="C")  # unit paths are compared by prefix, byte by byte
_ZERO = text("0")

stock_event = Table(  # something that happened to stock; a row is never changed
    "stock_event",
    metadata,
    Column("event_id", BigInteger, Identity(), primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # the job that posted it: the same job posts once
    Column("kind", Text, nullable=False),  # ledger.Kind
    Column("unit_id", BigInteger, nullable=False),  # where it happened
    Column("unit_path", _Path, nullable=False),
    Column("other_unit_id", BigInteger),  # the other side of a transfer or return
    Column("occurred_at", _Moment, nullable=False),
    Column("recorded_at", _Moment, nullable=False),
    Column("instance_id", BigInteger),  # the case that said so; its history says who
    Column("reason", Text),
    Column("transfer_id", BigInteger),
    Column("reverses", BigInteger, ForeignKey("stock_event.event_id"), unique=True),
    Column("cause_id", BigInteger, ForeignKey("stock_event.event_id")),  # what let this one be posted
    Column("details", JSONB),
    Index("ix_stock_event_unit_id", "unit_id", "occurred_at"),
    Index("ix_stock_event_instance_id", "instance_id"),
)

stock_line = Table(  # doses in (+) or out (-) of one account; the lines of an event add up to nothing
    "stock_line",
    metadata,
    Column("event_id", BigInteger, ForeignKey("stock_event.event_id"), primary_key=True),
    Column("line_no", SmallInteger, primary_key=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("unit_path", _Path, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("account", Text, nullable=False),  # ledger.Account
    Column("transfer_id", BigInteger),  # of account transit
    Column("doses", Integer, nullable=False),
    Column("occurred_at", _Moment, nullable=False),
    CheckConstraint("doses <> 0", name="doses"),
    Index("ix_stock_line_account", "unit_id", "product", "lot", "account", "occurred_at"),
    Index("ix_stock_line_lot", "product", "lot", "occurred_at"),
)

stock_shelf = Table(  # the balance of every account of a lot at a unit: the sum of its lines
    "stock_shelf",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("product", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("unit_path", _Path, nullable=False),
    Column("store", Integer, nullable=False, server_default=_ZERO),  # doses on hand
    Column("transit", Integer, nullable=False, server_default=_ZERO),  # sent from here, not yet received
    Column("injected", Integer, nullable=False, server_default=_ZERO),
    Column("wasted_closed", Integer, nullable=False, server_default=_ZERO),
    Column("wasted_open", Integer, nullable=False, server_default=_ZERO),
    Column("unreconciled", Integer, nullable=False, server_default=_ZERO),  # owed: given before received
    Column("manufacturer", Integer, nullable=False, server_default=_ZERO),  # outside: what came from there
    Column("donor", Integer, nullable=False, server_default=_ZERO),
    Column("gain", Integer, nullable=False, server_default=_ZERO),
    Column("last_at", _Moment),  # of the latest line of account store
    CheckConstraint("store >= 0", name="store"),
    CheckConstraint("transit >= 0", name="transit"),
    CheckConstraint("unreconciled <= 0", name="unreconciled"),
    Index("ix_stock_shelf_unit_path", "unit_path"),
    Index("ix_stock_shelf_lot", "product", "lot"),
    postgresql_with={"fillfactor": "70"},
)

stock_day = Table(  # what the lines of a local day add up to; reports read these, never the lines
    "stock_day",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("local_on", Date, primary_key=True),
    Column("product", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("unit_path", _Path, nullable=False),
    Column("store", Integer, nullable=False, server_default=_ZERO),  # change of doses on hand
    Column("received", Integer, nullable=False, server_default=_ZERO),  # from manufacturer or donor
    Column("moved_in", Integer, nullable=False, server_default=_ZERO),
    Column("moved_out", Integer, nullable=False, server_default=_ZERO),
    Column("returned_in", Integer, nullable=False, server_default=_ZERO),
    Column("returned_out", Integer, nullable=False, server_default=_ZERO),
    Column("vials_opened", Integer, nullable=False, server_default=_ZERO),
    Column("injected", Integer, nullable=False, server_default=_ZERO),
    Column("wasted_closed", Integer, nullable=False, server_default=_ZERO),
    Column("wasted_open", Integer, nullable=False, server_default=_ZERO),
    Column("gained", Integer, nullable=False, server_default=_ZERO),
    Column("unreconciled", Integer, nullable=False, server_default=_ZERO),  # change; below zero: more is owed
    Index("ix_stock_day_local_on", "local_on", "unit_path"),
    postgresql_with={"fillfactor": "70"},
)

stock_dose = Table(  # a dose given, by its reference; how it was covered
    "stock_dose",
    metadata,
    Column("event_id", BigInteger, ForeignKey("stock_event.event_id"), primary_key=True),
    Column("reference", Text, nullable=False),
    Column("unit_id", BigInteger, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("given_at", _Moment, nullable=False),
    Column("covered_at", _Moment),  # null: given without stock, and none received since
    Column("covered_by", BigInteger, ForeignKey("stock_event.event_id")),  # the clearing; null: its own event
    Column("cancelled_by", BigInteger, ForeignKey("stock_event.event_id")),
    Index("uq_stock_dose_reference", "reference", unique=True, postgresql_where=text("cancelled_by is null")),
    Index("ix_stock_dose_reference", "reference"),
    Index(
        "ix_stock_dose_owed",
        "unit_id",
        "product",
        "lot",
        "given_at",
        postgresql_where=text("covered_at is null and cancelled_by is null"),
    ),
)

stock_transfer = Table(
    "stock_transfer",
    metadata,
    Column("transfer_id", BigInteger, primary_key=True, autoincrement=False),  # its issue's event
    Column("from_unit_id", BigInteger, nullable=False),
    Column("to_unit_id", BigInteger, nullable=False),
    Column("state", Text, nullable=False),  # under_way, differing, closed
    Column("issued_at", _Moment, nullable=False),
    Column("received_at", _Moment),
    Column("temperature", Numeric(5, 2)),
    CheckConstraint("state in ('under_way', 'differing', 'closed')", name="state"),
    Index("ix_stock_transfer_to_unit_id", "to_unit_id", "state"),
    Index("ix_stock_transfer_from_unit_id", "from_unit_id", "state"),
)

stock_transfer_line = Table(
    "stock_transfer_line",
    metadata,
    Column("transfer_id", BigInteger, ForeignKey("stock_transfer.transfer_id"), primary_key=True),
    Column("product", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("issued", Integer, nullable=False),
    Column("counted", Integer),  # on arrival; null until then
    Column("transit", Integer, nullable=False),  # of what was issued, still on the way or unexplained
    Column("surplus", Integer, nullable=False, server_default=_ZERO),  # counted beyond what was issued
    CheckConstraint("transit >= 0", name="transit"),
    CheckConstraint("surplus >= 0", name="surplus"),
)

stock_lot = Table(  # a manufacturer's lot, known from the first receipt on
    "stock_lot",
    metadata,
    Column("product", Text, primary_key=True),
    Column("lot", Text, primary_key=True),
    Column("expires_on", Date),
    Column("known_since", _Moment, nullable=False),
    Index("ix_stock_lot_lot", "lot"),
)

stock_lot_expiry = Table(  # every expiry a lot has had, and why it was amended; rows are only added
    "stock_lot_expiry",
    metadata,
    Column("key", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("recorded_at", _Moment, nullable=False),
    Column("unit_path", _Path, nullable=False),
    Column("instance_id", BigInteger),
    Index("ix_stock_lot_expiry_lot", "product", "lot", "recorded_at"),
)

stock_hold = Table(  # a lot that may not be used at a unit and below, from a moment until it is freed
    "stock_hold",
    metadata,
    Column("key", Text, primary_key=True),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("unit_path", _Path, nullable=False),
    Column("reason", Text, nullable=False),
    Column("held_at", _Moment, nullable=False),
    Column("instance_id", BigInteger),
    Column("freed_at", _Moment),
    Column("freed_reason", Text),
    Column("freed_by", BigInteger),  # the case that freed it
    Index("ix_stock_hold_lot", "product", "lot"),
)

stock_vial = Table(  # an opened vial
    "stock_vial",
    metadata,
    Column("key", Text, primary_key=True),
    Column("unit_id", BigInteger, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("doses", SmallInteger, nullable=False),
    Column("opened_at", _Moment, nullable=False),
    Column("recorded_at", _Moment, nullable=False),
    Column("instance_id", BigInteger),
    Index("ix_stock_vial_opened_at", "unit_id", "product", "lot", "opened_at"),
)

stock_threshold = Table(  # below how many doses of a product a unit must be told
    "stock_threshold",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("product", Text, primary_key=True),
    Column("doses", Integer, nullable=False),
    Column("low_since", _Moment),  # said once, until there is more again
    CheckConstraint("doses >= 0", name="doses"),
)
