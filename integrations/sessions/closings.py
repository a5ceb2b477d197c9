"""The end of a session: who was booked and did not come, what is still held, and the day's figures."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, text

from engine.catalogue import Context, Json
from integrations.sessions import bookings, hours, plans, releases
from integrations.sessions.refusals import parsed

_MISSED = text(
    """
    with ended as (
        update booking set state = 'missed', changed_at = :now where session_id = :session_id and state = 'booked'
        returning booking_id, person_id, round_id, starts_at
    ), listed as (
        update listing set state = 'passed' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id
          and listing.state in ('offered', 'booked')
    )
    select * from ended order by starts_at, booking_id
    """
)
_HELD = text(
    "select booking_id from booking where session_id = :session_id and state = 'held' order by booking_id"
)
_STATES = text(
    """
    select session_id, state, count(*) as bookings from booking
    where session_id = any(:sessions) and state <> 'arrived' group by session_id, state
    """
)
_CAME = text(
    """
    select session_id, count(*) as arrived, count(*) filter (where booking_id is null) as walk_ins,
           count(*) filter (where outcome = 'vaccinated') as vaccinated,
           count(*) filter (where outcome is null) as unfinished
    from attendance where session_id = any(:sessions) group by session_id
    """
)
_OF_WHO_CAME = ("arrived", "walk_ins", "vaccinated", "unfinished")


def close(inputs: Json, context: Context) -> Json:
    """Close the session: who was booked and did not come has missed it, and what is still held is given back.

    Done again, it finds nobody.
    """
    connection, session_id = context.transaction(), parsed(inputs["session_id"])
    releases.hold_all(connection, session_id)
    plans.close(connection, session_id, context.now)
    missed = [
        {
            "person_id": row.person_id, "round_id": bookings.id_text(row.round_id), "booking_id": str(row.booking_id),
            "starts_at": hours.written(row.starts_at, bookings.zone()),
        }
        for row in connection.execute(_MISSED, {"session_id": session_id, "now": context.now})
    ]  # fmt: skip
    for booking_id in connection.scalars(_HELD, {"session_id": session_id}).all():
        releases.release({"booking_id": str(booking_id), "state": bookings.EXPIRED}, context)
    return {"missed": missed, "counts": counts(connection, [session_id])[session_id]}


def counts(connection: Connection, session_ids: Iterable[int]) -> dict[int, Json]:
    """For each session its bookings by state, and who came: how many, without booking, vaccinated, unfinished."""
    sessions = list(session_ids)
    found: dict[int, Json] = {
        session_id: dict.fromkeys((*bookings.STATES, *_OF_WHO_CAME), 0) for session_id in sessions
    }
    for row in connection.execute(_STATES, {"sessions": sessions}):
        found[row.session_id][row.state] = row.bookings
    for row in connection.execute(_CAME, {"sessions": sessions}):
        found[row.session_id].update({name: getattr(row, name) for name in _OF_WHO_CAME})
    return found
