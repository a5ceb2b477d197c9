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
    select :round_id, given.person_id, given.priority_group, :now, 'waiting', :standby, :wanted_unit, :wanted_path,
           :declared, case when cast(:declared as jsonb) is null then null else cast(:now as timestamptz) end, :source
    from unnest(cast(:people as text[]), cast(:groups as integer[])) with ordinality
         as given (person_id, priority_group, number)
    order by given.number
    on conflict (round_id, person_id) do update set
        priority_group = excluded.priority_group, listed_at = excluded.listed_at, number = default,
        state = 'waiting', standby = excluded.standby, wanted_unit = excluded.wanted_unit,
        wanted_path = excluded.wanted_path, declared = coalesce(excluded.declared, listing.declared),
        declared_at = coalesce(excluded.declared_at, listing.declared_at), source = excluded.source
    where listing.state in ('left', 'passed')
    returning person_id
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

_LISTING = text(
    "select state, priority_group from listing where round_id = :round_id and person_id = :person_id"
)


def list_people(inputs: Json, context: Context) -> Json:
    """Put people on a round's list, each once; those who are on it already stay where they are (`already`)."""
    connection = context.transaction()
    round_id = _open_round(connection, inputs["round_id"])
    entries = {
        one["person_id"]: {"person_id": one["person_id"], "priority_group": int(one["priority_group"])}
        for one in inputs["people"]
    }
    added = _added(connection, round_id, list(entries.values()), {"source": inputs["source"]}, context)
    return {
        "listed": [entry for person_id, entry in entries.items() if person_id in added],
        "already": [entry for person_id, entry in entries.items() if person_id not in added],
    }


def join_list(inputs: Json, context: Context) -> Json:
    """Put one person on a round's list, or note what they now say and wish; `place` counts from 1, 0: not waiting."""
    connection = context.transaction()
    round_id = _open_round(connection, inputs["round_id"])
    wishes = {
        "standby": bool(inputs.get("standby")), "declared": inputs.get("declared") or None, "source": "joined",
        "wanted_unit": None, "wanted_path": None,
    }  # fmt: skip
    if inputs.get("wanted_unit"):
        unit = units.by_code(connection, inputs["wanted_unit"])
        wishes |= {"wanted_unit": unit.code, "wanted_path": unit.path}
    about = {"round_id": round_id, "person_id": inputs["person_id"], "now": context.now}
    if not _added(connection, round_id, [inputs], wishes, context):
        connection.execute(_TELL, {**wishes, **about})
    return {"place": int(connection.scalar(_PLACE, about) or 0)}


def leave_list(inputs: Json, context: Context) -> Json:
    """Take a person off the list; `left` is false when they do not wait there."""
    values = {"round_id": parsed(inputs["round_id"]), "person_id": inputs["person_id"]}
    return {"left": context.transaction().execute(_LEAVE, values).first() is not None}


def listing(inputs: Json, context: Context) -> Json:
    """Where a person stands in a round: `state` null when they were never on its list."""
    values = {"round_id": parsed(inputs["round_id"]), "person_id": inputs["person_id"]}
    row = context.transaction().execute(_LISTING, values).one_or_none()
    if row is None:
        return {"state": None, "priority_group": None}
    return {"state": row.state, "priority_group": row.priority_group}


def _open_round(connection: Connection, round_id: str) -> int:
    row = rounds.by_id(connection, parsed(round_id))
    if row.state != rounds.OPEN:
        raise refused("ROUND_CLOSED", "round_closed", name=row.name)
    return int(row.round_id)


def _added(
    connection: Connection, round_id: int, entries: list[Json], wishes: dict[str, Any], context: Context
) -> set[str]:
    """Those of the people who wait on the list from now on, in the order given."""
    usual = {"standby": False, "declared": None, "wanted_unit": None, "wanted_path": None}
    people = [entry["person_id"] for entry in entries]
    groups = [int(entry["priority_group"]) for entry in entries]
    values = {**usual, **wishes, "round_id": round_id, "people": people, "groups": groups, "now": context.now}
    return set(connection.scalars(_ADD, values))
