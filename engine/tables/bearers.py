"""The tables of people without an account: codes of cases, sessions of those who hold one, and what was tried."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

from engine.tables.columns import Moment, metadata

case_code = Table(  # the code by which people without an account come back to a case
    "case_code",
    metadata,
    Column("code", Text(collation="C"), primary_key=True),
    Column("instance_id", BigInteger, nullable=False, unique=True),
    Column("start_key", LargeBinary, unique=True),  # of the page that began it: sent twice, begun once
)

bearer_session = Table(  # somebody without an account who has shown a code and a second fact
    "bearer_session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("csrf", Text, nullable=False),
    Column("chosen", SmallInteger, nullable=False),  # the position of the hold that is shown
    Column("kept", JSONB, nullable=False),  # answers that the next start form begins with
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Index("ix_bearer_session_expires_at", "expires_at"),
)

bearer_hold = Table(  # whose cases a bearer session sees: one's own, and those of one's family
    "bearer_hold",
    metadata,
    Column(
        "token_hash",
        LargeBinary,
        ForeignKey("bearer_session.token_hash", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("position", SmallInteger, primary_key=True),
    Column("instance_id", BigInteger),  # by the code of a case: it, and what followed from it
    Column("subject", Text),  # by the subject's own code: all public cases of theirs
    CheckConstraint("num_nonnulls(instance_id, subject) = 1", name="one"),
)

bearer_attempt = Table(  # how often something was tried lately, so that guessing and flooding end
    "bearer_attempt",
    metadata,
    Column("key", LargeBinary, primary_key=True),  # a keyed hash of what is counted: no address is kept
    Column("tried", Integer, nullable=False),
    Column("since", Moment, nullable=False),
    Index("ix_bearer_attempt_since", "since"),
)
