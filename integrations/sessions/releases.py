"""Giving places back: one booking's, a whole session's, those of holds that ran out; each exactly once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from engine.catalogue import Context, Json
from integrations.sessions import bookings, hours
from integrations.sessions.bookings import BOOKED, CANCELLED, COUNTED, DECLINED, EXPIRED, HELD, MISSED
from integrations.sessions.refusals import parsed

ENDS_FROM = {DECLINED: (HELD,), EXPIRED: (HELD,), CANCELLED: (HELD, BOOKED), MISSED: (BOOKED,)}
LISTED_AFTER = {DECLINED: "left", EXPIRED: "passed", CANCELLED: "left", MISSED: "passed"}

_RELEASE = text(
    """
    with freed as (
        update slot set taken = taken - :places where session_id = :session_id and starts_at = :starts_at
    ), listed as (
        update listing set state = :listed_after
        where round_id = :round_id and person_id = :person_id and state in ('offered', 'booked')
    )
    update booking set state = :state, changed_at = :now where booking_id = :booking_id
    """
)
_LOCK_ALL = text(
    "select from booking where session_id = :session_id and state = any(:states) order by booking_id for update"
)
_HOLD_SLOTS = text("select from slot where session_id = :session_id order by starts_at for update")
_RELEASE_ALL = text(
    """
    with ended as (
        update booking set state = 'cancelled', changed_at = :now
        where session_id = :session_id and state in ('held', 'booked')
        returning booking_id, starts_at, round_id, person_id
    ), freed as (
        update slot set taken = slot.taken - counted.places
        from (select starts_at, count(*) as places from ended group by starts_at) as counted
        where slot.session_id = :session_id and slot.starts_at = counted.starts_at
    ), listed as (
        update listing set state = 'waiting' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id
          and listing.state in ('offered', 'booked')
    )
    select booking_id, round_id, person_id, starts_at from ended order by starts_at, booking_id
    """
)
_IS_DUE = text(
    """
    select 1 from booking where session_id = :session_id and state = 'held' and held_until <= :now limit 1
    """
)
_LAPSE = text(
    """
    with due as (
        select booking_id from booking
        where session_id = :session_id and state = 'held' and held_until <= :now
        order by booking_id for update skip locked
    ), ended as (
        update booking set state = 'expired', changed_at = :now from due where booking.booking_id = due.booking_id
        returning booking.starts_at, booking.round_id, booking.person_id
    ), freed as (
        update slot set taken = slot.taken - counted.places
        from (select starts_at, count(*) as places from ended group by starts_at) as counted
        where slot.session_id = :session_id and slot.starts_at = counted.starts_at
    ), listed as (
        update listing set state = 'passed' from ended
        where listing.round_id = ended.round_id and listing.person_id = ended.person_id and listing.state = 'offered'
    )
    select count(*) from ended
    """
)


def release(inputs: Json, context: Context) -> Json:
    """End a booking; `released` says whether this ended it. Its place is given back, unless it was missed."""
    connection, state = context.transaction(), inputs["state"]
    booking = bookings.locked(connection, parsed(inputs["booking_id"]))
    ends = booking.state in ENDS_FROM[state]
    if ends:
        connection.execute(
            _RELEASE,
            {
                "booking_id": booking.booking_id, "session_id": booking.session_id, "starts_at": booking.starts_at,
                "round_id": booking.round_id, "person_id": booking.person_id, "state": state, "now": context.now,
                "places": 0 if state in COUNTED else 1, "listed_after": LISTED_AFTER[state],
            },
        )  # fmt: skip
    return {
        "released": ends, "session_id": str(booking.session_id), "state": state if ends else booking.state,
    }  # fmt: skip


def hold_all(connection: Connection, session_id: int) -> None:
    """Lock the bookings of a session that can still end, before its slots are touched."""
    connection.execute(_LOCK_ALL, {"session_id": session_id, "states": [HELD, BOOKED]})


def hold_slots(connection: Connection, session_id: int) -> None:
    """Lock the slots of a session in their order, before several are changed."""
    connection.execute(_HOLD_SLOTS, {"session_id": session_id})


def lapse(connection: Connection, session_id: int, at: datetime) -> int:
    """Give back the holds of a session whose time is over and that nobody has ended; how many there were.

    The case of the one invited ends its hold itself; this is for those whose case is late, or gone.
    """
    values = {"session_id": session_id, "now": at}
    if connection.scalar(_IS_DUE, values) is None:
        return 0
    hold_slots(connection, session_id)
    return int(connection.scalar(_LAPSE, values) or 0)


def release_all(connection: Connection, session_id: int, at: datetime) -> list[Json]:
    """Give back every place of a session; those who had one wait again where they stood on their list."""
    rows = connection.execute(_RELEASE_ALL, {"session_id": session_id, "now": at})
    return [
        {
            "booking_id": str(row.booking_id), "person_id": row.person_id, "round_id": bookings.id_text(row.round_id),
            "starts_at": hours.written(row.starts_at, bookings.zone()),
        }
        for row in rows
    ]  # fmt: skip
