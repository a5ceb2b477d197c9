"""What happened in cases: history, decisions, records and their tallies, comments, looks. Rows are only added,
but for the tallies, which are sums."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from engine.tables.columns import Moment, Path, metadata

history = Table(
    "history",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("event", Text, nullable=False),
    Column("element", Text),
    Column("token", Integer),
    Column("actor_id", BigInteger),
    Column("version_id", BigInteger, nullable=False),
    Column("details", JSONB),
)

decision_log = Table(
    "decision_log",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("process", Text, nullable=False),
    Column("version_id", BigInteger, nullable=False),  # the version whose table decided
    Column("decision", Text, nullable=False),
    Column("element", Text, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("outcome", JSONB, nullable=False),
    Column("rules", ARRAY(Integer), nullable=False),
    Column("trace", JSONB),
    Index("ix_decision_log_decision_at", "process", "decision", "at"),
)

record = Table(
    "record",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("subject", Text),
    Column("actor_id", BigInteger),
    Column("version_id", BigInteger, nullable=False),
    Column("entries", JSONB, nullable=False),
    Index("ix_record_kind_unit_path", "kind", "unit_path", "at"),
    Index("ix_record_subject", "subject", "kind", postgresql_where=text("subject is not null")),
)

comment = Table(  # what people say about a case to each other; counts for nothing in its flow
    "comment",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of its row of history
    Column("at", Moment, nullable=False),
    Column("account_id", BigInteger),
    Column("text", Text, nullable=False),
)

tally = Table(  # how many records of a kind, per unit, local day and facet: folded from tally_delta
    "tally",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("on", Date, primary_key=True),
    Column("unit_path", Path, primary_key=True),
    Column("facet", Text, primary_key=True),  # "" for records without one
    Column("unit_id", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
)

tally_delta = (
    Table(  # one row per record until a worker folds it: a counter would be a lock that all wait for
        "tally_delta",
        metadata,
        Column("delta_id", BigInteger, Identity(), primary_key=True),
        Column("kind", Text, nullable=False),
        Column("facet", Text, nullable=False),
        Column("unit_id", BigInteger, nullable=False),
        Column("unit_path", Path, nullable=False),
        Column("on", Date, nullable=False),
        postgresql_with={"autovacuum_vacuum_scale_factor": "0.02"},
    )
)

lookup = Table(  # every look at a person's record
    "lookup",
    metadata,
    Column("lookup_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("actor_id", BigInteger),
    Column("what", Text, nullable=False),
    Column("subject", Text),
    Column("instance_id", BigInteger),
    Index("ix_lookup_subject", "subject", "at"),
    Index("ix_lookup_actor_id", "actor_id", "at"),
)
