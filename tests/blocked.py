"""Waiting for a rival to come to a lock: what is about two at once must not depend on who happens to be faster."""

from __future__ import annotations

import threading
import time

import sqlalchemy

# Of this database alone: other tests wait for locks on the same server.
WAITING = sqlalchemy.text(
    "select exists (select from pg_stat_activity"
    " where datname = current_database() and wait_event_type = 'Lock')"
)
PATIENCE = 120  # seconds; a bound, not a promise


def until_somebody_waits(database: sqlalchemy.Engine, rival: threading.Thread) -> None:
    """Until a connection of this database waits for a lock; fails when the rival ends without having to."""
    until = time.monotonic() + PATIENCE
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as watching:
        while not watching.scalar(WAITING):
            assert rival.is_alive(), "it ended without having to wait"
            assert time.monotonic() < until, "nobody came to wait for a lock"
            rival.join(0.005)
