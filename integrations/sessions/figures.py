"""Sessions of a day counted for each unit right below one: how many, in which state, how many booked and came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from engine import units
from engine.access import SYSTEM
from engine.catalogue import Context, Json
from engine.errors import NotFound
from integrations.sessions import bookings, hours, queries

_BELOW = text(
    """
    with chosen as (
        select session_id, state, split_part(unit_path, '/', :part) as child from session
        where starts_with(unit_path, :path) and unit_path <> :path and day = cast(:on as date)
            and state <> 'cancelled'
    ), places as (
        select session_id, sum(capacity) as capacity from slot
        where session_id in (select session_id from chosen) group by session_id
    ), booked as (
        select session_id,
            count(*) filter (where state in ('held', 'booked', 'arrived', 'served', 'turned_back', 'missed')) as booked,
            count(*) filter (where state in ('arrived', 'served', 'turned_back')) as arrived,
            count(*) filter (where state = 'missed') as missed
        from booking where session_id in (select session_id from chosen) group by session_id
    )
    select child, count(*) as sessions,
        count(*) filter (where chosen.state = 'open') as open,
        count(*) filter (where chosen.state = 'paused') as paused,
        count(*) filter (where chosen.state = 'stopped') as stopped,
        coalesce(sum(capacity), 0)::int as capacity, coalesce(sum(booked), 0)::int as booked,
        coalesce(sum(arrived), 0)::int as arrived, coalesce(sum(missed), 0)::int as missed
    from chosen left join places using (session_id) left join booked using (session_id)
    group by child order by child
    """
)


def below(inputs: Json, context: Context) -> Json:
    """`units`: of each unit right below that has sessions on the day, with everything under it."""
    connection = context.transaction()
    unit = units.by_code(connection, inputs["unit_code"])
    if not queries.sees(context.actor or SYSTEM, unit.path):
        raise NotFound("unit_not_found", unit=inputs["unit_code"])
    given = {"path": unit.path, "part": unit.depth + 3, "on": inputs["on"]}
    rows = connection.execute(_BELOW, given)
    return {
        "unit_code": unit.code,
        "as_of": hours.written(context.now, bookings.zone()),
        "units": [_described(row) for row in rows],
    }


def _described(row: Any) -> Json:
    names = ("sessions", "open", "paused", "stopped", "capacity", "booked", "arrived", "missed")
    return {"unit_code": row.child, **{name: int(getattr(row, name)) for name in names}}
