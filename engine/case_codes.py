"""The codes by which people without an account come back to cases: one for each case of a public process."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from engine import codes
from engine.errors import Conflict
from engine.ids import InstanceId
from engine.tables.bearers import case_code

_TRIES = 8


def issue(connection: Connection, instance_id: InstanceId, start_key: bytes | None = None) -> str:
    """A new code for a case. `start_key` names the page that begins it.

    Conflict("started_already") when that page has begun a case before; one that is beginning it just now is
    waited for, so that of two at once exactly one begins.
    """
    for _ in range(_TRIES):
        code = codes.issue()
        added = connection.scalar(
            insert(case_code)
            .values(code=code, instance_id=instance_id, start_key=start_key)
            .on_conflict_do_nothing()
            .returning(case_code.c.code)
        )
        if added is not None:
            return str(added)
        if start_key is not None and started_by(connection, start_key) is not None:
            raise Conflict("started_already")
    raise Conflict("code_not_found")


def started_by(connection: Connection, start_key: bytes) -> InstanceId | None:
    """The case that a page has begun, if it has."""
    found = connection.scalar(select(case_code.c.instance_id).where(case_code.c.start_key == start_key))
    return None if found is None else InstanceId(found)


def of(connection: Connection, instance_id: int) -> str | None:
    """The code of a case; None for one that has none."""
    return connection.scalar(select(case_code.c.code).where(case_code.c.instance_id == instance_id))


def case(connection: Connection, code: str) -> InstanceId | None:
    """The case a code is of."""
    found = connection.scalar(select(case_code.c.instance_id).where(case_code.c.code == code))
    return None if found is None else InstanceId(found)
