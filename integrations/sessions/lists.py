"""A round's list: who waits, in which order, and what they said beforehand."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from engine import units
from engine.catalogue import Context, Json
from integrations.sessions import rounds
from integrations.sessions.refusals import parsed, refused

WAITING, OFFERED, BOOKED, DONE, LEFT, PASSED = "waiting", "offered", "booked", "done", "left", "passed"
STATES = (
    WAITING,
    OFFERED,
    BOOKED,
    DONE,
    LEFT,
    PASSED,
)  # passed: was invited or booked, and did not come of it

# Whoever is on the list in a state that goes on, or is done, stays as they are; the others join anew, at its end.
_ADD = text(
    """
    insert into listing (round_id, person_id, priority_group, listed_at, state, standby, wanted_unit, wanted_path,
                         declared, declared_at, source)
    values (:round_id, :person_id, :priority_group, :now, 'waiting', :standby, :wanted_unit, :wanted_path,
            :declared, case when cast(:declared as jsonb) is null then null else cast(:now as timestamptz) end, :source)
    on conflict (round_id, person_id) do update set
        priority_group = excluded.priority_group, listed_at = excluded.listed_at, number = default,
        state = 'waiting', standby = excluded.standby, wanted_unit = excluded.wanted_unit,
        wanted_path = excluded.wanted_path, declared = coalesce(excluded.declared, listing.declared),
        declared_at = coalesce(excluded.declared_at, listing.declared_at), source = excluded.source
    where listing.state in ('left', 'passed')
    returning number
    """
).bindparams(bindparam("declared", type_=JSONB(none_as_null=True)))
_TELL = text(
    """
    update listing set standby = :standby, wanted_unit = :wanted_unit, wanted_path = :wanted_path,
        declared = coalesce(:declared, declared),
        declared_at = case when cast(:declared as jsonb) is null then declared_at else :now end
    where round_id = :round_id and person_id = :person_id
    """
).bindparams(bindparam("declared", type_=JSONB(none_as_null=True)))
_PLACE = text(
    """
    select count(*) from listing, (
        select priority_group, listed_at, number from listing where round_id = :round_id and person_id = :person_id
    ) as own
    where listing.round_id = :round_id and listing.state = 'waiting'
      and (listing.priority_group, listing.listed_at, listing.number)
          <= (own.priority_group, own.listed_at, own.number)
    """
)
_LEAVE = text(
    """
    update listing set state = 'left' where round_id = :round_id and person_id = :person_id and state = 'waiting'
    returning 1
    """
)


def list_people(inputs: Json, context: Context) -> Json:
    """Put people on a round's list; those who are on it already stay where they are (`already`)."""
    connection = context.transaction()
    round_id = _open_round(connection, inputs["round_id"])
    listed: list[Json] = []
    already: list[Json] = []
    for person in inputs["people"]:
        entry = {"person_id": person["person_id"], "priority_group": int(person["priority_group"])}
        added = connection.execute(_ADD, _values(round_id, entry, inputs["source"], context)).first()
        (already if added is None else listed).append(entry)
    return {"listed": listed, "already": already}


def join_list(inputs: Json, context: Context) -> Json:
    """Put one person on a round's list, or note what they now say and wish; `place` counts from 1, 0: not waiting."""
    connection = context.transaction()
    round_id = _open_round(connection, inputs["round_id"])
    values = _values(round_id, inputs, "join", context)
    if inputs.get("wanted_unit"):
        unit = units.by_code(connection, inputs["wanted_unit"])
        values |= {"wanted_unit": unit.code, "wanted_path": unit.path}
    if connection.execute(_ADD, values).first() is None:
        connection.execute(_TELL, values)
    return {"place": int(connection.scalar(_PLACE, values) or 0)}


def leave_list(inputs: Json, context: Context) -> Json:
    """Take a person off the list; `left` is false when they do not wait there."""
    values = {"round_id": parsed(inputs["round_id"]), "person_id": inputs["person_id"]}
    return {"left": context.transaction().execute(_LEAVE, values).first() is not None}


def _open_round(connection: Connection, round_id: str) -> int:
    row = rounds.by_id(connection, parsed(round_id))
    if row.state != rounds.OPEN:
        raise refused("ROUND_CLOSED", "round_closed", name=row.name)
    return int(row.round_id)


def _values(round_id: int, entry: Json, source: str, context: Context) -> dict[str, Any]:
    return {
        "round_id": round_id, "person_id": entry["person_id"], "priority_group": int(entry["priority_group"]),
        "standby": bool(entry.get("standby")), "declared": entry.get("declared") or None, "source": source,
        "wanted_unit": None, "wanted_path": None, "now": context.now,
    }  # fmt: skip
