"""How often something may be tried: counted for a while under a keyed hash, so that no address or code is kept."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from engine import clock, settings
from engine.errors import NotAllowed
from engine.tables.bearers import bearer_attempt

FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `most` tries within a time; `refusal` is the code of what is said beyond that."""

    kind: str
    most: int
    within: timedelta
    refusal: str


def refuse(connection: Connection, limit: Limit, what: str) -> None:
    """NotAllowed when it was tried too often already. Counts nothing."""
    row = connection.execute(
        select(bearer_attempt).where(bearer_attempt.c.key == _key(limit, what))
    ).one_or_none()
    if row is not None and row.tried >= limit.most and row.since > clock.now() - limit.within:
        left = row.since + limit.within - clock.now()
        raise NotAllowed(limit.refusal, minutes=max(1, -(-int(left.total_seconds()) // 60)))


def count(connection: Connection, limit: Limit, what: str) -> int:
    """Count one more try; how many there were within the time, this one included.

    The row stays locked until the transaction ends, so that of many at once each counts.
    """
    now = clock.now()
    connection.execute(delete(bearer_attempt).where(bearer_attempt.c.since < now - FORGOTTEN_AFTER))
    table = bearer_attempt
    is_over = table.c.since <= now - limit.within
    tried = connection.scalar(
        insert(table)
        .values(key=_key(limit, what), tried=1, since=now)
        .on_conflict_do_update(
            index_elements=[table.c.key],
            set_={
                "tried": case((is_over, 1), else_=table.c.tried + 1),
                "since": case((is_over, now), else_=table.c.since),
            },
        )
        .returning(table.c.tried)
    )
    return int(tried or 0)


def give_back(connection: Connection, limit: Limit, what: str) -> None:
    """A try that succeeded does not count."""
    table = bearer_attempt
    connection.execute(
        update(table)
        .where(table.c.key == _key(limit, what), table.c.tried > 0)
        .values(tried=table.c.tried - 1)
    )


def _key(limit: Limit, what: str) -> bytes:
    secret = settings.current().secret_key.encode()
    return hmac.new(secret, f"limit:{limit.kind}:{what}".encode(), hashlib.sha256).digest()
