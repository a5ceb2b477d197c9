"""Alembic's door: it works on the connection that `engine.database.migrate` gives it, in its transaction."""

from __future__ import annotations

from alembic import context

from engine import tables

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=tables.metadata,
    compare_type=True,
    compare_server_default=True,
)
context.run_migrations()
