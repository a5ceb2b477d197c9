"""Typed identifiers; 64-bit, time-ordered, carrying the logical shard of the unit they were issued for.

Layout of an id, from the high bits: seconds since 2020-01-01 UTC (31) · database sequence (22) · shard (10).
The seconds come from the engine's clock, so that history made under a moved clock sorts where it belongs;
the sequence comes from the database, so that no two processes can issue the same id.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple, NewType, Self

from sqlalchemy import Connection, text

from engine import clock
from engine.errors import NotFound

InstanceId = NewType("InstanceId", int)
UnitId = NewType("UnitId", int)
AccountId = NewType("AccountId", int)
VersionId = NewType("VersionId", int)
SubmissionId = NewType("SubmissionId", int)
ReleaseId = NewType("ReleaseId", int)

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
SHARDS = 1024
_SEQUENCE_BITS, _SHARD_BITS = 22, 10


class TaskId(NamedTuple):
    """A person's task: the instance, and the token that waits."""

    instance: InstanceId
    token: int

    def __str__(self) -> str:
        return f"{self.instance}-{self.token}"

    @classmethod
    def parse(cls, text_: str) -> Self:
        """The task named in an address; NotFound for anything else."""
        instance, _, token = text_.partition("-")
        number = parsed(token, "task_not_found")
        if number >= 1 << 31:
            raise NotFound("task_not_found")
        return cls(InstanceId(parsed(instance, "task_not_found")), number)


def composed(at: datetime, sequence: int, shard: int) -> int:
    """The id for a moment, a sequence number and a shard."""
    seconds = int((at - EPOCH).total_seconds())
    return (
        (seconds << (_SEQUENCE_BITS + _SHARD_BITS))
        | ((sequence % (1 << _SEQUENCE_BITS)) << _SHARD_BITS)
        | shard
    )


def issue(connection: Connection, shard: int = 0) -> int:
    """A new id, never issued before on this database."""
    sequence = connection.execute(text("select nextval('issued_id')")).scalar_one()
    return composed(clock.now(), sequence, shard % SHARDS)


def issued_at(identifier: int) -> datetime:
    """The second in which an id was issued."""
    return datetime.fromtimestamp((identifier >> (_SEQUENCE_BITS + _SHARD_BITS)) + EPOCH.timestamp(), UTC)


def parsed(text_: str, code: str = "not_found") -> int:
    """An id written in an address; NotFound for anything else."""
    if not (text_.isascii() and text_.isdecimal() and len(text_) <= 19) or int(text_) >= 1 << 63:
        raise NotFound(code)
    return int(text_)
