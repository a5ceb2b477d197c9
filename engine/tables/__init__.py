"""Every table of the engine, as one declaration; the migrations under engine/migrations make it so.

Tables of an instance begin their key with `instance_id` (it carries the shard), so that the same schema
can be distributed. Waits are five tables and the incident, each keyed (instance, token, element): what an
instance waits for is in its state, and these rows always say the same (tests/properties).
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from engine.tables.bearers import bearer_attempt, bearer_hold, bearer_session, case_code
from engine.tables.columns import Moment, Path, issued_id, metadata
from engine.tables.happened import comment, decision_log, history, lookup, record, tally, tally_delta

__all__ = [
    "Moment", "Path", "account", "bearer_attempt", "bearer_hold", "bearer_session", "call", "case_code", "comment",
    "decision_log", "definition_version", "draft", "expectation", "history", "incident", "instance", "issued_id",
    "job", "lookup", "metadata", "paper_line", "record", "release", "role_grant", "service_level", "sign_in_attempt",
    "start_timer", "submission", "subscription", "tally", "tally_delta", "timer", "unit", "user_task",
    "web_session",
]  # fmt: skip

# --- units and accounts -----------------------------------------------------------------------------------

unit = Table(
    "unit",
    metadata,
    Column("unit_id", BigInteger, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("parent_id", BigInteger, ForeignKey("unit.unit_id")),
    Column(
        "path", Path, nullable=False, unique=True
    ),  # "/vn/79/760/": codes from the root, closed by a slash
    Column("shard", SmallInteger, nullable=False),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),
)

account = Table(
    "account",
    metadata,
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("sign_in", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("language", String(2), nullable=False, server_default="vi"),
    Column("is_active", Boolean, nullable=False, server_default=text("true")),  # false: suspended
    Column("created_at", Moment, nullable=False),
    Column("unit_id", BigInteger, ForeignKey("unit.unit_id")),  # who looks after the account
    Column("until_at", Moment),  # a temporary account ends by itself
    Column("must_change", Boolean, nullable=False, server_default=text("false")),  # the password was given
    Column("password_until", Moment),  # until when a password that was given may be used
    Column("suspended_at", Moment),
    Column("suspended_reason", Text),
    Index("ix_account_unit_id", "unit_id"),
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("account_id", BigInteger, ForeignKey("account.account_id"), primary_key=True),
    Column("role", Text, primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("unit.unit_id"), primary_key=True),
    Column(  # the case that gave it; 0: a person did
        "granted_for", BigInteger, primary_key=True, autoincrement=False, server_default=text("0")
    ),
    Column("from_at", Moment),
    Column("until_at", Moment),
    Index("ix_role_grant_unit_id", "unit_id", "role"),
    Index("ix_role_grant_granted_for", "granted_for", postgresql_where=text("granted_for <> 0")),
)

web_session = Table(
    "web_session",
    metadata,
    Column(
        "token_hash", LargeBinary, primary_key=True
    ),  # sha256 of the cookie's token: a stolen table signs nobody in
    Column("account_id", BigInteger, ForeignKey("account.account_id"), nullable=False),
    Column("csrf", Text, nullable=False),
    Column("unit_id", BigInteger, ForeignKey("unit.unit_id")),  # the unit the person works at now
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("device_id", BigInteger),  # a shared device locks when nobody works (account_tables.device)
    Column("seen_at", Moment),
    Index("ix_web_session_account_id", "account_id"),
)

sign_in_attempt = Table(
    "sign_in_attempt",
    metadata,
    Column("sign_in", Text, primary_key=True),
    Column("failed", Integer, nullable=False),
    Column("last_at", Moment, nullable=False),
)

# --- definitions ------------------------------------------------------------------------------------------

definition_version = Table(
    "definition_version",
    metadata,
    Column("version_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process", Text, nullable=False),
    Column("version", Integer, nullable=False),  # 1, 2, 3 … per process, in order of publication
    Column("content_hash", Text, nullable=False),
    Column("files", LargeBinary, nullable=False),  # the whole bundle, compressed
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("process", "version"),
    UniqueConstraint("process", "content_hash"),
)

submission = Table(
    "submission",
    metadata,
    Column("submission_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process", Text, nullable=False),
    Column("content_hash", Text, nullable=False),
    Column("files", LargeBinary, nullable=False),
    Column("reason", Text, nullable=False),
    Column("submitted_by", BigInteger, ForeignKey("account.account_id"), nullable=False),
    Column("submitted_at", Moment, nullable=False),
    Column("findings", JSONB, nullable=False),  # warnings only: a bundle with errors is never stored
    Column("state", Text, nullable=False),  # submitted, approved, rejected, withdrawn
    Column("decided_by", BigInteger, ForeignKey("account.account_id")),
    Column("decided_at", Moment),
    Column("decided_reason", Text),
    CheckConstraint("state in ('submitted', 'approved', 'rejected', 'withdrawn')", name="state"),
    CheckConstraint(
        "decided_by is distinct from submitted_by or state in ('submitted', 'withdrawn')", name="two_people"
    ),
    Index("ix_submission_open", "submitted_at", postgresql_where=text("state = 'submitted'")),
)

release = Table(
    "release",
    metadata,
    Column("release_id", BigInteger, primary_key=True, autoincrement=False),
    Column("process", Text, nullable=False),
    Column("version_id", BigInteger, ForeignKey("definition_version.version_id"), nullable=False),
    Column("submission_id", BigInteger, ForeignKey("submission.submission_id"), nullable=False),
    Column("unit_path", Path, nullable=False),  # "/" for everyone; deeper for a pilot
    Column("effective_at", Moment, nullable=False),
    Column("released_at", Moment, nullable=False),
    Column(
        "is_armed", Boolean, nullable=False, server_default=text("false")
    ),  # its timer start events are noted
    Index("ix_release_unarmed", "release_id", postgresql_where=text("not is_armed")),
    Index("ix_release_process_effective_at", "process", "effective_at"),
)

start_timer = Table(  # a timer start event of a released version
    "start_timer",
    metadata,
    Column("version_id", BigInteger, ForeignKey("definition_version.version_id"), primary_key=True),
    Column("element", Text, primary_key=True),
    Column("unit_id", BigInteger, ForeignKey("unit.unit_id"), primary_key=True),
    Column("due_at", Moment, nullable=False),
    Index("ix_start_timer_due_at", "due_at"),
)

# --- instances --------------------------------------------------------------------------------------------

instance = Table(
    "instance",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("version_id", BigInteger, ForeignKey("definition_version.version_id"), nullable=False),
    Column("process", Text, nullable=False),
    Column("unit_id", BigInteger, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("subject", Text),  # whom or what the case is about, e.g. an id in a registry
    Column("once_key", Path),  # while it is active, no other case of the process with this key begins
    Column("parent_id", BigInteger),
    Column("parent_token", Integer),
    Column("state", Text, nullable=False),  # active, completed, cancelled
    Column("outcome", Text),  # the end event reached last
    Column("revision", Integer, nullable=False),  # of the body; the last step's history rows carry it
    Column("body", LargeBinary, nullable=False),  # engine.runtime.state, encoded; never jsonb
    Column("started_at", Moment, nullable=False),
    Column("progressed_at", Moment, nullable=False),
    Column("ended_at", Moment),
    CheckConstraint("state in ('active', 'completed', 'cancelled')", name="state"),
    Index("ix_instance_process_state", "process", "state", "progressed_at"),
    Index("ix_instance_unit_path", "unit_path", "started_at"),
    Index("ix_instance_subject", "subject", postgresql_where=text("subject is not null")),
    Index(
        "uq_instance_parent",
        "parent_id",
        "parent_token",
        unique=True,
        postgresql_where=text("parent_id is not null"),
    ),
    Index(
        "uq_instance_once",
        "process",
        "once_key",
        unique=True,
        postgresql_where=text("state = 'active' and once_key is not null"),
    ),
    postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
)


def _wait(name: str, *columns: SchemaItem) -> Table:
    """A table of waits: keyed by instance, token and the waiting element."""
    return Table(
        name,
        metadata,
        Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
        Column("token", Integer, primary_key=True, autoincrement=False),
        Column("element", Text, primary_key=True),
        *columns,
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )


user_task = _wait(
    "user_task",
    Column("process", Text, nullable=False),
    Column("version_id", BigInteger, nullable=False),
    Column("lane", Text),
    Column("role", Text, nullable=False),
    Column("unit_id", BigInteger, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("subject", Text),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment),  # end of the service level
    Column("claimed_by", BigInteger),
    Column("claimed_at", Moment),
    Index("ix_user_task_queue", "unit_id", "role", "created_at"),
    Index("ix_user_task_path", "unit_path", "role", "created_at"),
    Index("ix_user_task_due_at", "due_at"),
    Index("ix_user_task_subject", "subject", postgresql_where=text("subject is not null")),
    Index("ix_user_task_claimed_by", "claimed_by", postgresql_where=text("claimed_by is not null")),
)

job = _wait(
    "job",
    Column("kind", Text, primary_key=True),  # service: a wait; call, return, message, cancel: the outbox
    Column("name", Text, nullable=False),
    Column("inputs", JSONB, nullable=False),
    Column("available_at", Moment, nullable=False),  # a lease pushes it into the future
    Column("created_at", Moment, nullable=False),
    Column("attempt", Integer, nullable=False, server_default=text("0")),
    Column("last_error", Text),
    Index("ix_job_available_at", "available_at"),
)

timer = _wait(
    "timer",
    Column("due_at", Moment, nullable=False),
    Column("lease_until", Moment),
    Index("ix_timer_due_at", "due_at"),
)

subscription = _wait(
    "subscription",
    Column("message", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Index("ix_subscription_message", "message", "key"),
)

call = _wait(
    "call",
    Column("process", Text, nullable=False),
    Column("child_id", BigInteger),
    Column("created_at", Moment, nullable=False),
)

incident = _wait(
    "incident",
    Column("code", Text, nullable=False),
    Column("params", JSONB, nullable=False),
    Column("process", Text, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Index("ix_incident_unit_path", "unit_path", "opened_at"),
)

expectation = _wait(  # after one element another must follow: open until it does (process.yaml `expects`)
    "expectation",
    Column("reaches", Text, nullable=False),
    Column("process", Text, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("due_at", Moment, nullable=False),
    Index("ix_expectation_due_at", "due_at"),
)

service_level = _wait(  # of waits other than a person's task, which carries its own `due_at`
    "service_level",
    Column("process", Text, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("due_at", Moment, nullable=False),
    Index("ix_service_level_due_at", "due_at"),
)

paper_line = Table(  # a line typed off paper, and the one case it began
    "paper_line",
    metadata,
    Column(
        "line_key", Text, primary_key=True
    ),  # made with the empty line: the same line sent twice begins once
    Column("sheet", Text, nullable=False),
    Column("instance_id", BigInteger, nullable=False),
    Column("process", Text, nullable=False),
    Column("unit_path", Path, nullable=False),
    Column("actor_id", BigInteger),
    Column("entered_at", Moment, nullable=False),
    Index("ix_paper_line_sheet", "sheet", "entered_at"),
    Index("ix_paper_line_actor_id", "actor_id", "process", "entered_at"),
)

draft = Table(
    "draft",
    metadata,
    Column("instance_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token", Integer, primary_key=True, autoincrement=False),
    Column("answers", JSONB, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("saved_by", BigInteger, nullable=False),
    Column("saved_at", Moment, nullable=False),
)
