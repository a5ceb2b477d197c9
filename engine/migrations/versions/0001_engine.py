"""The engine's first schema: units, accounts, definitions, instances, waits and what happened."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQL = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    op.execute("create sequence issued_id")
    op.create_table(
        "account",
        sa.Column("account_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sign_in", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=2), server_default="vi", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_account")),
        sa.UniqueConstraint("sign_in", name=op.f("uq_account_sign_in")),
    )
    op.create_table(
        "call",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("child_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_call")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_table(
        "decision_log",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("outcome", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rules", postgresql.ARRAY(sa.Integer()), nullable=False),
        sa.Column("trace", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_decision_log")),
    )
    op.create_index(
        "ix_decision_log_decision_at", "decision_log", ["process", "decision", "at"], unique=False
    )
    op.create_table(
        "definition_version",
        sa.Column("version_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("published_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version_id", name=op.f("pk_definition_version")),
        sa.UniqueConstraint(
            "process", "content_hash", name=op.f("uq_definition_version_process_content_hash")
        ),
        sa.UniqueConstraint("process", "version", name=op.f("uq_definition_version_process_version")),
    )
    op.create_table(
        "draft",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("answers", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("saved_by", sa.BigInteger(), nullable=False),
        sa.Column("saved_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", name=op.f("pk_draft")),
    )
    op.create_table(
        "expectation",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("reaches", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_expectation")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_expectation_due_at", "expectation", ["due_at"], unique=False)
    op.create_table(
        "history",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_history")),
    )
    op.create_table(
        "incident",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("opened_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_incident")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_incident_unit_path", "incident", ["unit_path", "opened_at"], unique=False)
    op.create_table(
        "job",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("inputs", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("available_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", "kind", name=op.f("pk_job")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_job_available_at", "job", ["available_at"], unique=False)
    op.create_table(
        "lookup",
        sa.Column("lookup_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("instance_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lookup_id", name=op.f("pk_lookup")),
    )
    op.create_index("ix_lookup_actor_id", "lookup", ["actor_id", "at"], unique=False)
    op.create_index("ix_lookup_subject", "lookup", ["subject", "at"], unique=False)
    op.create_table(
        "record",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("entries", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_record")),
    )
    op.create_index("ix_record_kind_unit_path", "record", ["kind", "unit_path", "at"], unique=False)
    op.create_index(
        "ix_record_subject",
        "record",
        ["subject", "kind"],
        unique=False,
        postgresql_where=sa.text("subject is not null"),
    )
    op.create_table(
        "service_level",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_service_level")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_service_level_due_at", "service_level", ["due_at"], unique=False)
    op.create_table(
        "sign_in_attempt",
        sa.Column("sign_in", sa.Text(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("last_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sign_in", name=op.f("pk_sign_in_attempt")),
    )
    op.create_table(
        "subscription",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_subscription")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_subscription_message", "subscription", ["message", "key"], unique=False)
    op.create_table(
        "timer",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("lease_until", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_timer")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index("ix_timer_due_at", "timer", ["due_at"], unique=False)
    op.create_table(
        "unit",
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("path", sa.Text(collation="C"), nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.unit_id"], name=op.f("fk_unit_parent_id")),
        sa.PrimaryKeyConstraint("unit_id", name=op.f("pk_unit")),
        sa.UniqueConstraint("code", name=op.f("uq_unit_code")),
        sa.UniqueConstraint("path", name=op.f("uq_unit_path")),
    )
    op.create_table(
        "user_task",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("token", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("claimed_by", sa.BigInteger(), nullable=True),
        sa.Column("claimed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "token", "element", name=op.f("pk_user_task")),
        postgresql_with={"fillfactor": "80", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index(
        "ix_user_task_claimed_by",
        "user_task",
        ["claimed_by"],
        unique=False,
        postgresql_where=sa.text("claimed_by is not null"),
    )
    op.create_index("ix_user_task_due_at", "user_task", ["due_at"], unique=False)
    op.create_index("ix_user_task_path", "user_task", ["unit_path", "role", "created_at"], unique=False)
    op.create_index("ix_user_task_queue", "user_task", ["unit_id", "role", "created_at"], unique=False)
    op.create_index(
        "ix_user_task_subject",
        "user_task",
        ["subject"],
        unique=False,
        postgresql_where=sa.text("subject is not null"),
    )
    op.create_table(
        "instance",
        sa.Column("instance_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("parent_token", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("progressed_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("state in ('active', 'completed', 'cancelled')", name=op.f("ck_instance_state")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["definition_version.version_id"], name=op.f("fk_instance_version_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_instance")),
        postgresql_with={"fillfactor": "70", "autovacuum_vacuum_scale_factor": "0.02"},
    )
    op.create_index(
        "ix_instance_process_state", "instance", ["process", "state", "progressed_at"], unique=False
    )
    op.create_index(
        "ix_instance_subject",
        "instance",
        ["subject"],
        unique=False,
        postgresql_where=sa.text("subject is not null"),
    )
    op.create_index("ix_instance_unit_path", "instance", ["unit_path", "started_at"], unique=False)
    op.create_index(
        "uq_instance_parent",
        "instance",
        ["parent_id", "parent_token"],
        unique=True,
        postgresql_where=sa.text("parent_id is not null"),
    )
    op.create_table(
        "role_grant",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_role_grant_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_role_grant_unit_id")),
        sa.PrimaryKeyConstraint("account_id", "role", "unit_id", name=op.f("pk_role_grant")),
    )
    op.create_table(
        "start_timer",
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_start_timer_unit_id")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["definition_version.version_id"], name=op.f("fk_start_timer_version_id")
        ),
        sa.PrimaryKeyConstraint("version_id", "element", "unit_id", name=op.f("pk_start_timer")),
    )
    op.create_index("ix_start_timer_due_at", "start_timer", ["due_at"], unique=False)
    op.create_table(
        "submission",
        sa.Column("submission_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.Text(), nullable=False),
        sa.Column("files", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("submitted_by", sa.BigInteger(), nullable=False),
        sa.Column("submitted_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("findings", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "decided_by is distinct from submitted_by or state in ('submitted', 'withdrawn')",
            name=op.f("ck_submission_two_people"),
        ),
        sa.CheckConstraint(
            "state in ('submitted', 'approved', 'rejected', 'withdrawn')", name=op.f("ck_submission_state")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["account.account_id"], name=op.f("fk_submission_decided_by")
        ),
        sa.ForeignKeyConstraint(
            ["submitted_by"], ["account.account_id"], name=op.f("fk_submission_submitted_by")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_submission")),
    )
    op.create_index(
        "ix_submission_open",
        "submission",
        ["submitted_at"],
        unique=False,
        postgresql_where=sa.text("state = 'submitted'"),
    )
    op.create_table(
        "web_session",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.account_id"], name=op.f("fk_web_session_account_id")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.unit_id"], name=op.f("fk_web_session_unit_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_web_session")),
    )
    op.create_table(
        "release",
        sa.Column("release_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("process", sa.Text(), nullable=False),
        sa.Column("version_id", sa.BigInteger(), nullable=False),
        sa.Column("submission_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_path", sa.Text(collation="C"), nullable=False),
        sa.Column("effective_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("released_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("is_armed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submission.submission_id"], name=op.f("fk_release_submission_id")
        ),
        sa.ForeignKeyConstraint(
            ["version_id"], ["definition_version.version_id"], name=op.f("fk_release_version_id")
        ),
        sa.PrimaryKeyConstraint("release_id", name=op.f("pk_release")),
    )
    op.create_index("ix_release_process_effective_at", "release", ["process", "effective_at"], unique=False)
    op.create_index(
        "ix_release_unarmed",
        "release",
        ["release_id"],
        unique=False,
        postgresql_where=sa.text("not is_armed"),
    )
    op.execute((SQL / "store_step_1.sql").read_text("utf-8"))


def downgrade() -> None:
    op.execute("drop function store_step")
    op.drop_index("ix_release_unarmed", table_name="release", postgresql_where=sa.text("not is_armed"))
    op.drop_index("ix_release_process_effective_at", table_name="release")
    op.drop_table("release")
    op.drop_table("web_session")
    op.drop_index(
        "ix_submission_open", table_name="submission", postgresql_where=sa.text("state = 'submitted'")
    )
    op.drop_table("submission")
    op.drop_index("ix_start_timer_due_at", table_name="start_timer")
    op.drop_table("start_timer")
    op.drop_table("role_grant")
    op.drop_index(
        "uq_instance_parent", table_name="instance", postgresql_where=sa.text("parent_id is not null")
    )
    op.drop_index("ix_instance_unit_path", table_name="instance")
    op.drop_index(
        "ix_instance_subject", table_name="instance", postgresql_where=sa.text("subject is not null")
    )
    op.drop_index("ix_instance_process_state", table_name="instance")
    op.drop_table("instance")
    op.drop_index(
        "ix_user_task_subject", table_name="user_task", postgresql_where=sa.text("subject is not null")
    )
    op.drop_index("ix_user_task_queue", table_name="user_task")
    op.drop_index("ix_user_task_path", table_name="user_task")
    op.drop_index("ix_user_task_due_at", table_name="user_task")
    op.drop_index(
        "ix_user_task_claimed_by", table_name="user_task", postgresql_where=sa.text("claimed_by is not null")
    )
    op.drop_table("user_task")
    op.drop_table("unit")
    op.drop_index("ix_timer_due_at", table_name="timer")
    op.drop_table("timer")
    op.drop_index("ix_subscription_message", table_name="subscription")
    op.drop_table("subscription")
    op.drop_table("sign_in_attempt")
    op.drop_index("ix_service_level_due_at", table_name="service_level")
    op.drop_table("service_level")
    op.drop_index("ix_record_subject", table_name="record", postgresql_where=sa.text("subject is not null"))
    op.drop_index("ix_record_kind_unit_path", table_name="record")
    op.drop_table("record")
    op.drop_index("ix_lookup_subject", table_name="lookup")
    op.drop_index("ix_lookup_actor_id", table_name="lookup")
    op.drop_table("lookup")
    op.drop_index("ix_job_available_at", table_name="job")
    op.drop_table("job")
    op.drop_index("ix_incident_unit_path", table_name="incident")
    op.drop_table("incident")
    op.drop_table("history")
    op.drop_index("ix_expectation_due_at", table_name="expectation")
    op.drop_table("expectation")
    op.drop_table("draft")
    op.drop_table("definition_version")
    op.drop_index("ix_decision_log_decision_at", table_name="decision_log")
    op.drop_table("decision_log")
    op.drop_table("call")
    op.drop_table("account")
    op.execute("drop sequence issued_id")
